"""What tests of reviews share."""

from django.db import transaction

from oiep.moderation import Move, move
from pledges.actions import answers as actions
from pledges.actions.pledges import values_of
from pledges.models import Pledge, Review
from tests.factories import PledgeIdeaFactory

ON_TRACK = {"progress": "on_track", "words": "We have begun.", "next": "renew"}
STOPPED = {"progress": "stopped", "words": "We had to.", "reason": "We moved out of the county."}
NEW = {"progress": "not_started", "words": "From now on.", "next": "renew"}


def pledge_values(**values):
    idea = values.pop("idea", None) or PledgeIdeaFactory()
    pledge = Pledge(area=idea.area, capacity="employer", statement="We will hire here.", measure="Hires", unit="people")
    return values_of(pledge) | {"idea": idea} | values


def approve(review, manager):
    with transaction.atomic():
        review = Review.objects.get(pk=review.pk)
        move(review, Move.APPROVE, actor=manager)
        actions.apply_review(review=review)
    return review


def undo(review, manager):
    with transaction.atomic():
        review = Review.objects.get(pk=review.pk)
        move(review, Move.UNDO, actor=manager)
        actions.revert_review(review=review, actor=manager)
    return review
