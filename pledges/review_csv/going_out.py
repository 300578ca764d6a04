"""The file that the manager takes away, to be filled in."""

from oiep.sheets import csv_lines
from partners.models import Partner
from pledges.actions.answers import last_answers_of
from pledges.models import Answer, Pledge
from pledges.review_csv.cells import WORDS, plain
from pledges.review_csv.columns import COLUMNS

_CHUNK = 500


def export_lines(reviews):
    """The lines of the file for those of the reviews that can be written in. Memory stays flat."""
    return csv_lines(COLUMNS, _rows_out(reviews))


def to_fill_in(reviews):
    """Those of the reviews that figures can be brought in for: their partner can still write in them."""
    editable = reviews.open().exclude(state="submitted")
    return editable.filter(partner__in=Partner.objects.published().filter(withdrawn_at=None))


def _rows_out(reviews):
    last_key, reviews = 0, to_fill_in(reviews).select_related("partner").order_by("pk")
    while chunk := list(reviews.filter(pk__gt=last_key)[:_CHUNK]):
        last_key = chunk[-1].pk
        yield from _rows_of(chunk)


def _rows_of(reviews):
    answers = {(a.review_id, a.pledge_id): a for a in Answer.objects.filter(review__in=reviews, pledge__isnull=False)}
    last = last_answers_of(reviews)
    live = {}
    partners = {review.partner_id for review in reviews}
    for pledge in Pledge.objects.approved().filter(partner__in=partners, ended_at=None).select_related("area"):
        live.setdefault(pledge.partner_id, []).append(pledge)
    for review in reviews:
        for pledge in live.get(review.partner_id, []):
            answer = answers.get((review.pk, pledge.pk)) or Answer()
            before = last[review.pk].get(pledge.pk)
            yield [
                review.pk,
                review.partner.name,
                review.round_on,
                review.due_on,
                pledge.pk,
                pledge.area.short_name,
                pledge.statement,
                pledge.unit,
                plain(pledge.baseline),
                plain(pledge.target),
                plain(before.figure) if before else "",
                WORDS.get(answer.progress, ""),
                plain(answer.figure),
                answer.words,
            ]
