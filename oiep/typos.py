"""Slips of the finger in e-mail addresses, noticed before the message goes nowhere."""

import difflib

# Where most people here have their mailboxes.
_COMMON = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "btinternet.com",
    "virginmedia.com",
    "ntlworld.com",
    "blueyonder.co.uk",
    "talktalk.net",
    "protonmail.com",
    "oxford.gov.uk",
    "oxfordshire.gov.uk",
    "brookes.ac.uk",
)
# Right as they are, though they look like one of those or are too short to guess at.
_ALSO_RIGHT = {"live.com", "ymail.com", "mail.com", "email.com", "gmx.com", "me.com", "mac.com", "outlook.co.uk"}
# Alike enough that one or two letters are wrong, missing, doubled or swapped, and no more.
_ALIKE = 0.84


def suggest_email(address):
    """The address that was probably meant, or an empty string when this one looks right. Expects one spelling of it."""
    mailbox, _at, domain = address.rpartition("@")
    if domain in _COMMON or domain in _ALSO_RIGHT:
        return ""
    close = difflib.get_close_matches(domain, _COMMON, n=1, cutoff=_ALIKE)
    return f"{mailbox}@{close[0]}" if close else ""
