"""What there is to answer in a review, and what was said before."""

from decimal import Decimal

from oiep.moderation import State
from partners.actions import version_of as mark_of
from pledges.models import Answer, Pledge, Review

FIELDS = ("progress", "figure", "words", "evidence_url", "next", "reason", "new_values")
# What a review says as a whole.
REVIEW_FIELDS = (
    *("recruitment", "recruitment_effect", "retention", "retention_effect", "diversity", "diversity_effect"),
    *("may_quote", "help_wanted"),
)


def pledges_to_answer(review):
    """The partner's live pledges, each with what this review says of it so far, or None."""
    answers = {answer.pledge_id: answer for answer in review.answers.prefetch_related("evidence")}
    for answer in answers.values():
        answer.review = review
    live = review.partner.pledges.approved().filter(ended_at=None).select_related("area")
    return [(pledge, answers.get(pledge.pk)) for pledge in live]


def missing(review):
    """The live pledges of which something has still to be said before the review can be sent in."""
    return [pledge for pledge, answer in pledges_to_answer(review) if not (answer and answer.is_complete)]


def last_answers(review):
    """What the partner said in earlier reviews: the newest answer on each pledge, also on what it replaced.

    By the key of the pledge. Only what was sent in counts, and nothing that was declined.
    """
    return last_answers_of([review])[review.pk]


def last_answers_of(reviews):
    """`last_answers` of several reviews, by the key of the review, in two queries."""
    partners = {review.partner_id for review in reviews}
    said, came_after = {partner: [] for partner in partners}, {partner: {} for partner in partners}
    earlier = (
        Answer.objects.filter(review__partner__in=partners, review__answered_at__isnull=False)
        .exclude(review__state=State.DECLINED)
        .select_related("review")
        .order_by("review__round_on")
    )
    for answer in earlier:
        said[answer.review.partner_id].append(answer)
    replacing = Pledge.objects.filter(partner__in=partners).exclude(replaces=None)
    for partner, pk, replaces in replacing.values_list("partner", "pk", "replaces"):
        came_after[partner][pk] = replaces
    return {
        review.pk: _newest(
            [answer for answer in said[review.partner_id] if answer.review_id != review.pk],
            came_after[review.partner_id],
        )
        for review in reviews
    }


def _newest(answers, came_after):
    newest = {key: answer for answer in answers for key in (answer.pledge_id, answer.new_pledge_id) if key}
    for pk in came_after:
        before = pk
        while before not in newest and before in came_after:
            before = came_after[before]
        if before in newest:
            newest[pk] = newest[before]
    return newest


def version_of(obj):
    """A short mark of what a form was opened on: an answer (None: there was none yet), or a review's own words."""
    if obj is None:
        return "new"
    fields = REVIEW_FIELDS if isinstance(obj, Review) else FIELDS
    return mark_of({field: plain(getattr(obj, field)) for field in fields})


def plain(value):
    return None if value is None else str(value.normalize()) if isinstance(value, Decimal) else value
