"""The rules of the scheme as numbers, for the pages that tell people about them."""

from django.conf import settings

NAMES = (
    "CONFIRMATION_DAYS",
    "CONFIRMATION_RESEND_MINUTES",
    "CONFIRMATION_MAILS_AT_MOST",
    "DECISION_WORKING_DAYS",
    "DECISION_AMBER_WORKING_DAYS",
    "SHORT_ROUTE_BELOW_PEOPLE",
    "MINIMUM_AGE",
    "PLEDGES_AT_MOST",
    "INVITATION_DAYS",
    "JOIN_AGAIN_DAYS",
    "REVIEW_MONTHS",
    "REVIEW_OPENS_DAYS",
    "REVIEW_OVERDUE_DAYS",
    "REVIEW_LAPSES_DAYS",
    "REVIEW_EXPLANATION_LENGTH",
    "RECOGNITION_ASKED_DAYS",
    "PAUSE_MONTHS_AT_MOST",
    "RESIDENT_FORGOTTEN_AFTER_YEARS",
)


def rules():
    return {name: getattr(settings, name) for name in NAMES}
