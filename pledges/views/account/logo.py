"""A partner's logo: to everybody once it is live; before, to the partner's people and to the manager."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from oiep.uploads import shown
from partners.models import Logo, Partner

A_YEAR = 365 * 24 * 3600


@require_safe
def logo(request, slug, pk):
    """The picture. Another logo has another address, so this one never changes, and browsers may keep it."""
    row = get_object_or_404(Logo.objects.select_related("partner"), partner__slug=slug, pk=pk)
    is_live = row.partner.is_published and row.partner.logo_id == row.pk
    if not (is_live or _may_see(request.user, row.partner)):
        raise Http404
    try:
        response = shown(row.file)
    except FileNotFoundError:
        raise Http404 from None
    if is_live:
        patch_cache_control(response, public=True, max_age=A_YEAR, immutable=True)
    else:
        patch_cache_control(response, private=True, no_store=True)
    return response


def _may_see(user, partner):
    if not user.is_authenticated:
        return False
    return user.has_perm("pledges.view_case") or Partner.objects.visible_to(user).filter(pk=partner.pk).exists()
