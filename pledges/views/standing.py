"""A partner's standing on any day, for buyers: a page to read and print, and the same for programs."""

from django import forms
from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from oiep.forms import CharterForm
from partners.models import Kind, Partner
from pledges import standing
from pledges.history import explanation_of, history_from, with_due_dates
from pledges.standing import Status

# What each standing follows from. They hold on any day, past or to come, so that none tells of “now”.
_WHY = {
    Status.NOT_SIGNED: gettext_lazy("It became a partner of the Charter on %(signed)s, which is after this day."),
    Status.SIGNED: gettext_lazy(
        "It became a partner of the Charter on %(since)s. Its first progress review opens after this day."
    ),
    Status.UP_TO_DATE: gettext_lazy("It sent in its latest progress review on %(since)s."),
    Status.REVIEW_DUE: gettext_lazy(
        "A progress review opened on %(since)s. Without an answer, this becomes “%(overdue)s” on %(until)s."
    ),
    Status.REVIEW_OVERDUE: gettext_lazy(
        "A progress review was due, and no answer had come by %(since)s. Without one, the partner lapses on %(until)s."
    ),
    Status.LAPSED: gettext_lazy(
        "No progress review came within %(days)s days of the day on which it was due. From %(since)s the partner is "
        "not counted among those of the Charter, until it has sent in a review and we have approved it."
    ),
    Status.PAUSED: gettext_lazy("The partnership agreed to ask for no progress review from %(since)s until %(until)s."),
    Status.WITHDRAWN: gettext_lazy("It left the Charter on %(since)s."),
}


class DayForm(CharterForm):
    on = forms.DateField(
        label=gettext_lazy("Another day"),
        help_text=gettext_lazy("Past or to come: year, month and day, for example 2026-03-03."),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("Enter a real day as year, month and day, for example 2026-03-03.")},
    )


@require_safe
@vary_on_headers("Accept")
def partner_standing(request, slug):
    """What the public may say of an organisation on a day, today unless `?on=` names another.

    As JSON for `?format=json`, or who prefers that by `Accept`; any site's script may read it.
    """
    organisations = Partner.objects.published().exclude(kind=Kind.RESIDENT)
    partner = get_object_or_404(organisations, slug=slug)
    as_json = _wants_json(request)
    today = timezone.localdate()
    form = DayForm({"on": request.GET["on"]} if request.GET.get("on") else None, initial={"on": today})
    if form.errors:
        if as_json:
            return _json({"error": form.errors["on"][0], "on": request.GET["on"]}, status=400)
        form.fields["on"].widget.input_type = "text"  # a browser shows nothing of what it takes for no day
        return render(request, "pledges/standing.html", {"partner": partner, "form": form}, status=400)
    statement = statement_of(partner, form.cleaned_data["on"] if form.is_bound else today, today)
    if as_json:
        return _json(for_programs(partner, statement))
    return render(request, "pledges/standing.html", {"partner": partner, "form": form, "statement": statement})


def _wants_json(request):
    if "format" in request.GET:
        return request.GET["format"] == "json"
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def statement_of(partner, day, today):
    """All that is said of a partner's standing on a day."""
    reviews = list(with_due_dates(partner.reviews))
    history = history_from(partner, reviews, partner.pauses.all())
    found = standing.standing(standing.expected(history, today) if day > today else history, day)
    has_reply = found.status == Status.REVIEW_OVERDUE and day == today
    return {
        "day": day,
        "address": f"{settings.SITE_URL}{reverse('partner-standing', args=[partner.slug])}?on={day}",
        "standing": found,
        "why": _WHY[found.status]
        % {
            "signed": date_format(history.signed_on),
            "since": found.since and date_format(found.since),
            "until": found.until and date_format(found.until),
            "days": settings.REVIEW_LAPSES_DAYS,
            "overdue": Status.REVIEW_OVERDUE.label,
        },
        "explanation": explanation_of(reviews) if has_reply else "",
        "recognitions": _recognitions_on(partner, day),
        "is_to_come": day > today,
        "generated_at": timezone.localtime(),
    }


def _recognitions_on(partner, day):
    """What its page says that it holds on the day; nothing from the day on which it left the Charter."""
    if partner.withdrawn_at and timezone.localdate(partner.withdrawn_at) <= day:
        return []
    return list(partner.recognitions.held_on(day).select_related("kind"))


def for_programs(partner, statement):
    """A statement as what JSON holds of it."""
    found = statement["standing"]
    return {
        "partner": partner.public_name,
        "slug": partner.slug,
        "url": settings.SITE_URL + partner.get_absolute_url(),
        "day": statement["day"],
        "status": found.status,
        "words": str(found.label),
        "why": statement["why"],
        "since": found.since,
        "until": found.until,
        "explanation": statement["explanation"],
        "recognitions": [
            {
                "name": recognition.kind.name,
                "given_by": recognition.kind.given_by,
                "verified_on": timezone.localdate(recognition.decided_at),
                "valid_until": recognition.expires_on,
            }
            for recognition in statement["recognitions"]
        ],
        "if_nothing_changes": statement["is_to_come"],
        "generated_at": statement["generated_at"].isoformat(timespec="seconds"),
    }


def _json(data, status=200):
    return JsonResponse(data, status=status, headers={"Access-Control-Allow-Origin": "*"})
