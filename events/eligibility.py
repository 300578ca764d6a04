"""Who may be nominated for what, in words that the person who nominates reads. Asked at the form, again under the lock,
and again when the shortlist is made."""

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Category, Nomination
from oiep.moderation import State
from pledges.history import standing_of
from pledges.models import Pledge, Story
from pledges.standing import Status, words

# A review that is due is not late yet. Who is paused reports nothing meanwhile, so nobody can say how it goes.
UP_TO_DATE = frozenset({Status.SIGNED, Status.UP_TO_DATE, Status.REVIEW_DUE})


def obstacles_of_partner(partner):
    """Why a partner can be nominated for nothing now: a list of sentences, empty when it can."""
    if partner.is_resident:
        return [_("Awards are for organisations, and this is a resident.")]
    if partner.state != State.APPROVED:
        return [_("It has not signed the Charter yet, or we have not approved its signature.")]
    standing = standing_of(partner)
    if standing.status in UP_TO_DATE:
        return []
    sentence = _("Its progress reviews must be up to date. Its page says “%(standing)s”.")
    return [sentence % {"standing": words(standing)}]


def obstacles_in_category(category, partner, *, besides=None):
    """Why a partner does not fit a category. besides: a nomination that is asked about itself."""
    found = []
    if category.size and category.size != partner.size:
        found.append(_("It is for organisations of this size: %(size)s.") % {"size": category.get_size_display()})
    if category.area_id and not _pledged_on(category, partner):
        found.append(_("It is for organisations with a pledge on “%(area)s”.") % {"area": category.area.short_name})
    if nominations_that_stand(category, partner, besides=besides).exists():
        found.append(_("It is nominated in this category already."))
    return found


def obstacles(category, partner, *, besides=None):
    return [*obstacles_of_partner(partner), *obstacles_in_category(category, partner, besides=besides)]


def nominations_that_stand(category, partner, *, besides=None):
    rows = Nomination.objects.filter(category=category, partner=partner, withdrawn_at=None)
    return rows.exclude(state=State.DECLINED).exclude(pk=besides and besides.pk)


def pledges_of(partner):
    """What a nomination can be made for: promises that stand, and those that were kept."""
    kept = Q(ended_at=None) | Q(ending=Pledge.Ending.ACHIEVED)
    return partner.pledges.published().filter(kept).select_related("area").order_by("-started_on", "-pk")


def reviews_of(partner):
    return partner.reviews.published().order_by("-round_on")


def stories_of(partner):
    return Story.objects.published().filter(partner=partner).newest()


def _pledged_on(category, partner):
    return pledges_of(partner).filter(area=category.area_id).exists()


def choices_for(award_round, partner):
    """The categories of a round, each with why the partner does not fit it."""
    categories = Category.objects.filter(round=award_round).select_related("area")
    return [(category, obstacles_in_category(category, partner)) for category in categories]
