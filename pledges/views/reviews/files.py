"""Files of evidence: to those who may see them, as something to save."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from oiep.uploads import attachment
from pledges.models import Answer, Evidence, Review
from pledges.views.reviews.links import of_review


@never_cache
@require_safe
def evidence(request, pk):
    """To everybody once its review is approved; before, to the partner's people and to the manager."""
    row = get_object_or_404(Evidence, pk=pk)
    if not (Answer.objects.published().filter(pk=row.answer_id).exists() or _may_see(request.user, row)):
        raise Http404
    return _answer(row)


def _may_see(user, row):
    if not user.is_authenticated:
        return False
    return (
        user.has_perm("pledges.view_review") or Review.objects.visible_to(user).filter(answers=row.answer_id).exists()
    )


@of_review(editable=False)
def own_evidence(request, review, pk):
    """To whoever has the review's link."""
    return _answer(get_object_or_404(Evidence, answer__review=review, pk=pk))


def _answer(row):
    try:
        return attachment(row.file, name=row.name)
    except FileNotFoundError:
        raise Http404 from None
