"""Those who come: how many, who, what they need; adding, letting in, cancelling and writing to them."""

import copy
import uuid

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.db.models.functions import Lower
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.actions import desk as actions
from events.actions import save_event
from events.actions.bookings import cancel_booking
from events.desk_forms import ByHandForm, CancelForm, CapacityForm, LetInForm, MessageForm
from events.models import Registration
from events.qr import drawn
from events.views.desk.page import back, done, of_event, show
from oiep.moderation import NotPossible
from oiep.sheets import csv_lines

State = Registration.State
A_PAGE = 50
SORTS = {
    "name": (gettext_lazy("Name"), [Lower("name"), "pk"]),
    "organisation": (gettext_lazy("Organisation"), [Lower("organisation"), Lower("name"), "pk"]),
    "newest": (gettext_lazy("The latest first"), ["-created_at", "pk"]),
}


def figures_of(event):
    """For how many people places are booked, offered and waited for, and how many came."""
    rows = event.registrations.order_by().values("state").annotate(people=Sum("places"), came=Sum("arrived"))
    counted = {row["state"]: row for row in rows}
    people = {state: counted[state]["people"] if state in counted else 0 for state in State.values}
    return {**people, "came": sum(row["came"] for row in counted.values())}


@of_event
def desk(request, event):
    """Where bookings stand, and how many places there are."""
    form = CapacityForm(request.POST or None, instance=copy.copy(event))
    if form.is_valid():
        try:
            save_event(event=form.instance, fields={"capacity"}, actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return done(request, "event-desk", event.slug)
    return show(
        request,
        event,
        "desk",
        tab="event-desk",
        form=form,
        figures=figures_of(event),
        waiting=event.registrations.waiting().select_related("partner"),
        offered=event.registrations.filter(state=State.OFFERED).select_related("partner").order_by("queued_at"),
        is_over=event.is_over(),
    )


@of_event
def people(request, event):
    words, state, sort = (request.GET.get(name, "").strip() for name in ("q", "state", "sort"))
    state = state if state in State.values else State.BOOKED
    sort = sort if sort in SORTS else "name"
    rows = event.registrations.filter(state=state, forgotten_at=None).matching(words)
    counts = event.registrations.filter(forgotten_at=None).order_by().values_list("state").annotate(n=Count("pk"))
    return show(
        request,
        event,
        "people",
        tab="event-people",
        words=words,
        state=state,
        sort=sort,
        sorts=[(value, label) for value, (label, _order) in SORTS.items()],
        states=[(value, capfirst(label), dict(counts).get(value, 0)) for value, label in State.choices],
        page_obj=Paginator(rows.select_related("partner").order_by(*SORTS[sort][1]), A_PAGE).get_page(
            request.GET.get("page")
        ),
    )


@of_event
def add(request, event):
    form = ByHandForm(request.POST or None, event=event)
    if form.is_valid():
        try:
            booking = actions.add_by_hand(event=event, values=form.values(), actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            waits = booking.state == State.WAITING
            words = _("All places are taken: they are on the waiting list.") if waits else _("They have a place.")
            return done(request, "event-person", event.slug, booking.pk, words=words)
    return show(request, event, "person_add", tab="event-people", form=form)


@of_event
def person(request, event, pk):
    """One booking, with what they need; to be cancelled, or let in from the waiting list."""
    booking = get_object_or_404(event.registrations.select_related("partner").filter(forgotten_at=None), pk=pk)
    booking.event = event
    posted = request.POST if request.method == "POST" else None
    let_in = LetInForm(posted if posted and "let_in" in posted else None, prefix="in")
    cancel = CancelForm(posted if posted and "cancel" in posted else None, prefix="out")
    try:
        if let_in.is_valid():
            actions.let_in(booking=booking, actor=request.user, **let_in.cleaned_data)
            return done(request, "event-person", event.slug, pk, words=_("They have a place, and we have told them."))
        if cancel.is_valid():
            cancel_booking(booking=booking, actor=request.user, **cancel.cleaned_data)
            return done(request, "event-person", event.slug, pk, words=_("The booking is cancelled."))
    except NotPossible as obstacle:
        return back(request, obstacle, "event-person", event.slug, pk)
    return show(
        request,
        event,
        "person",
        tab="event-people",
        booking=booking,
        form=let_in if let_in.is_bound else cancel,
        let_in=let_in,
        cancel=cancel,
        is_over=event.is_over(),
        is_live=booking.state not in (*booking.OVER, State.UNCONFIRMED),
    )


@of_event
def sheet(request, event):
    """Everybody who has or waits for a place, for a spreadsheet, with what they need."""
    columns = [
        ("name", _("Name")),
        ("shown_organisation", _("Organisation")),
        ("email", _("E-mail address")),
        ("get_state_display", _("State")),
        ("places", _("Places")),
        ("guests", _("Who else comes")),
        ("access_needs", _("What they need to take part")),
        ("dietary_needs", _("What they do not eat")),
        ("photographs", _("May be in photographs")),
        ("arrived", _("People who came")),
    ]
    live = event.registrations.exclude(state__in=(State.UNCONFIRMED, *Registration.OVER)).filter(forgotten_at=None)
    rows = ([_cell(row, name) for name, _label in columns] for row in live.select_related("partner").by_name())
    lines = csv_lines([label for _name, label in columns], rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{event.slug}-{timezone.localdate()}.csv"'
    return response


def _cell(row, name):
    value = getattr(row, name)
    value = value() if callable(value) else value
    return (_("yes") if value else _("no")) if isinstance(value, bool) else value


def _everybody(booking):
    """A name for each place; empty, to be written in by hand, where we were told none."""
    return [*booking.people, *[""] * booking.unnamed]


@of_event
def badges(request, event):
    """A badge for each person, to print: their name, organisation and the code that checks them in."""
    booked = event.registrations.booked().filter(forgotten_at=None).select_related("partner").by_name()
    found = [
        {"name": name, "booking": booking, "code": code}
        for booking in booked
        for code in [drawn(booking.code_url)]
        for name in _everybody(booking)
    ]
    return show(request, event, "badges", tab="event-people", badges=found)


@of_event
def sign_in_sheet(request, event):
    booked = event.registrations.booked().filter(forgotten_at=None).select_related("partner").by_name()
    people = [{"name": name, "booking": booking} for booking in booked for name in _everybody(booking)]
    return show(request, event, "sign_in_sheet", tab="event-people", people=people)


@of_event
def message(request, event):
    form = MessageForm(request.POST or None, initial={"key": uuid.uuid4()})
    if form.is_valid():
        count = actions.write_to_all(event=event, actor=request.user, **form.cleaned_data)
        words = ngettext("Your message goes to %(n)d person.", "Your message goes to %(n)d people.", count)
        words = words % {"n": count} if count else _("There was nobody to write to, or this message was sent already.")
        return done(request, "event-desk", event.slug, words=words)
    readers = event.registrations.exclude(email="")
    return show(
        request,
        event,
        "message",
        tab="event-message",
        form=form,
        booked=readers.booked().count(),
        waiting=readers.filter(state__in=(State.WAITING, State.OFFERED)).count(),
    )
