"""The day's work on partners: reviews and reminders. `oiep.day` runs it."""

import datetime

from django.conf import settings
from django.utils import timezone

from oiep import email as mail
from oiep.daily import each, quick_commits
from partners.models import Partner
from pledges.actions.charter import ask_to_sign_again, to_ask_today
from pledges.actions.helpers import helpers_to_ask, warn_of_helper
from pledges.actions.reminders import remind, reviews_to_remind
from pledges.actions.reviews import open_round, partners_to_lapse, refresh_lapse
from pledges.actions.stories import consents_to_renew, warn_of_ending


def run_day(today=None):
    """Opens rounds, records and queues the messages that are due, and marks who has lapsed.

    today: a date, in Europe/London. Each partner is done in a transaction of its own, and the failure of one does not
    stop the rest. Running it twice, or a week late, does the right thing.

    Returns what was done: name → how many, with those that failed under `failed`.
    """
    today = today or timezone.localdate()
    opening = Partner.objects.with_round_until(today + datetime.timedelta(days=settings.REVIEW_OPENS_DAYS))
    done = {"failed": 0}
    with quick_commits():
        done["opened"] = each(opening, lambda p: open_round(partner=p, today=today), done)
        done["recorded"] = each(reviews_to_remind(today), lambda r: remind(review=r, today=today), done)
        done["recorded"] += each(consents_to_renew(today), lambda c: warn_of_ending(consent=c, today=today), done)
        done["recorded"] += each(helpers_to_ask(today), lambda h: warn_of_helper(helper=h, today=today), done)
        done["asked_to_sign"] = each(to_ask_today(today), lambda p: ask_to_sign_again(partner=p, today=today), done)
        done["lapsed"] = each(partners_to_lapse(today), lambda p: refresh_lapse(partner=p, today=today), done)
    if done["recorded"] or done["asked_to_sign"]:
        mail.nudge()
    return done
