"""The day's work on what belongs to partners. `oiep.day` runs it."""

from oiep import email as mail
from oiep.daily import each
from partners.actions.logo import forget_logo, spare_logos
from partners.actions.recognitions import ask_to_renew, recognitions_to_renew


def run_day(today):
    """Asks for renewals of recognitions, and deletes logos that are in use no more. Returns name → how many."""
    done = {"failed": 0}
    done["recorded"] = each(recognitions_to_renew(today), lambda r: ask_to_renew(recognition=r, today=today), done)
    done["logos"] = each(spare_logos(), lambda logo: forget_logo(logo=logo, today=today), done)
    if done["recorded"]:
        mail.nudge()
    return done
