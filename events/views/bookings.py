from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.actions import bookings as actions
from events.forms import BookingForm
from events.models import Event, Registration
from events.qr import drawn
from oiep.limits import source_of
from oiep.links import private
from oiep.rules import rules
from partners.models import Partner

State = Registration.State


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def book(request, slug):
    """Booking places, without an account. The answer is the same whoever has booked before."""
    event = get_object_or_404(Event.objects.published().with_held(), slug=slug)
    if not event.is_open_for_bookings():
        return render(request, "events/booking/closed.html", {"event": event}, status=410 if event.is_over() else 200)
    user = request.user
    known = {"name": user.name, "email": user.email} if user.is_authenticated else {}
    partners = Partner.objects.visible_to(user).filter(withdrawn_at=None) if user.is_authenticated else ()
    form = BookingForm(request.POST or None, event=event, partners=partners, initial=known)
    status = 200
    if form.is_valid():
        try:
            booking = actions.book(event=event, values=form.values(), source=source_of(request), user=user)
        except actions.TooMany as refusal:
            form.add_error(None, refusal)
            status = 429
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            if known and booking.email == user.email:
                return redirect("registration", booking.manage_token)
            return redirect("event-booked", event.slug)
    context = {"event": event, "form": form, "rules": rules()}
    return render(request, "events/booking/book.html", context, status=status)


@require_safe
def booked(request, slug):
    """Check your e-mail; the same page for everybody."""
    event = get_object_or_404(Event.objects.published(), slug=slug)
    return render(request, "events/booking/check_email.html", {"event": event})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """The link in the first e-mail: it shows what is booked, and the button books it."""
    try:
        booking = _booking(Registration.objects.with_confirmation_token, token)
        if request.method == "POST" and booking.state == State.UNCONFIRMED:
            booking = actions.confirm_booking(booking=booking)
    except Registration.DoesNotExist:
        return render(request, "events/booking/unknown.html", status=404)
    except actions.NotPossible as obstacle:
        return _over(request, booking, obstacle.message)
    if booking.state != State.UNCONFIRMED:
        return redirect("registration", booking.manage_token)
    if booking.has_expired():
        return _over(request, booking, _("This link was not used in time. Book again."))
    if not booking.event.is_open_for_bookings():
        return _over(request, booking, _("Bookings for this event have closed."))
    return render(request, "events/booking/confirm.html", {"booking": booking, "event": booking.event})


def _booking(with_token, token):
    booking = with_token(token)
    booking.event = Event.objects.with_held().get(pk=booking.event_id)
    return booking


def _over(request, booking, words):
    return render(request, "events/booking/over.html", {"event": booking.event, "words": words}, status=410)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request, token):
    """One's booking, by its link: what it is, answering an offer, giving it back."""
    try:
        booking = _booking(Registration.objects.with_manage_token, token)
    except Registration.DoesNotExist:
        return render(request, "events/booking/unknown.html", status=404)
    context = {"booking": booking, "event": booking.event}
    if request.method == "POST":
        deeds = {"accept": actions.accept_offer, "again": actions.wait_again, "cancel": actions.cancel_booking}
        try:
            for name, deed in deeds.items():
                if name in request.POST:
                    deed(booking=booking)
        except actions.NotPossible as obstacle:
            booking.refresh_from_db()
            return render(request, "events/booking/manage.html", {**context, "obstacle": obstacle.message}, status=409)
        return redirect("registration", booking.manage_token)
    if booking.state == State.WAITING:
        context["number"] = actions.number_in_line(booking)
    context["is_over"] = booking.event.is_over()
    if booking.state == State.BOOKED and not context["is_over"]:
        context["code"] = drawn(booking.code_url)
    return render(request, "events/booking/manage.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def change(request, token):
    """What one said with one's booking, and for how many one comes."""
    try:
        booking = _booking(Registration.objects.with_manage_token, token)
    except Registration.DoesNotExist:
        return render(request, "events/booking/unknown.html", status=404)
    event = booking.event
    if booking.state in (*booking.OVER, State.UNCONFIRMED) or event.cancelled_at or event.is_over():
        return redirect("registration", token)
    form = BookingForm(request.POST or None, instance=booking, event=event)
    if form.is_valid():
        values = {"places": booking.places, **form.values()}
        try:
            actions.change_booking(booking=Registration(pk=booking.pk, event=event), values=values)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("registration", token)
    return render(request, "events/booking/change.html", {"booking": booking, "event": event, "form": form})
