"""Other partners that may be the same as one: for the manager to look at, never to decide by."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils.translation import gettext as _

from oiep.text import fold
from partners.models import Kind, Membership, Partner

# Where anybody can have an address, so that sharing the domain says nothing.
PUBLIC_MAIL = {
    "aol.com", "btinternet.com", "fastmail.com", "gmail.com", "gmx.com", "googlemail.com", "hotmail.co.uk",
    "hotmail.com", "icloud.com", "live.co.uk", "live.com", "mac.com", "mail.com", "me.com", "msn.com",
    "ntlworld.com", "outlook.com", "pm.me", "proton.me", "protonmail.com", "sky.com", "talktalk.net",
    "tiscali.co.uk", "virginmedia.com", "yahoo.co.uk", "yahoo.com", "zoho.com",
}  # fmt: skip
# Where anybody can have a page, likewise.
PUBLIC_PAGES = {
    "bsky.app", "etsy.com", "facebook.com", "instagram.com", "linkedin.com", "linktr.ee", "sites.google.com",
    "tiktok.com", "twitter.com", "x.com", "youtube.com",
}  # fmt: skip
ALIKE = 0.8  # the part of the letters that are the same
SHARED_BY_MANY = 4  # a domain that more than so many other organisations use is a provider's
AT_MOST = 10


@dataclass(frozen=True)
class Similar:
    partner: Partner
    why: list


def similar_to(partner):
    """Partners with the same website, the e-mail domain of the same organisation, or a name like it."""
    others = Partner.objects.exclude(pk=partner.pk)
    found = {}
    host = host_of(partner.website)
    if host:
        for other in others.filter(website__icontains=host)[: AT_MOST * 5]:
            if host_of(other.website) == host:
                found.setdefault(other, []).append(_("the same website"))
    if domain := _domain(partner):
        people = Membership.objects.current().filter(user__email__iendswith=f"@{domain}").values("partner")
        neighbours = others.exclude(kind=Kind.RESIDENT).filter(pk__in=people)[: SHARED_BY_MANY + 1]
        if len(neighbours) <= SHARED_BY_MANY:
            for other in neighbours:
                found.setdefault(other, []).append(_("an e-mail address at %(domain)s") % {"domain": domain})
    for other in others.filter(_begins_alike(partner))[: AT_MOST * 20]:
        if alike(partner.name, other.name):
            found.setdefault(other, []).append(_("a name like it"))
    return [Similar(other, why) for other, why in found.items()][:AT_MOST]


def host_of(url):
    host = (urlsplit(url).hostname or "").lower().removeprefix("www.").removeprefix("m.")
    return "" if host in PUBLIC_PAGES else host


def _domain(partner):
    lead = partner.lead
    domain = lead.user.email.rpartition("@")[2] if lead else ""
    return "" if domain in PUBLIC_MAIL or partner.is_resident else domain


def _begins_alike(partner):
    if partner.is_resident:
        return Q(kind=Kind.RESIDENT, name__iexact=partner.name)
    first = words_of(partner.name)[0]
    return ~Q(kind=Kind.RESIDENT) & (Q(sort_name__startswith=first) | Q(sort_name__startswith=f"the {first}"))


def alike(one, other):
    """Whether one name begins with all of the other, or nearly all of their letters are the same."""
    one, other = sorted((words_of(one), words_of(other)), key=len)
    return other[: len(one)] == one or SequenceMatcher(None, " ".join(one), " ".join(other)).ratio() >= ALIKE


def words_of(name):
    words = fold(name).split()
    return [word for word in words if word != "the"] or words
