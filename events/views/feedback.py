"""What somebody thought of an event, by the link in our e-mail."""

from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from events.actions import learning as actions
from events.desk_forms import FeedbackForm
from events.models import Feedback, Registration
from oiep.links import private


@private
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request, token):
    """Gives feedback, or changes it until the questions are closed."""
    try:
        booking = Registration.objects.select_related("event").with_feedback_token(token)
    except Registration.DoesNotExist:
        return render(request, "events/booking/unknown.html", status=404)
    event = booking.event
    try:
        actions.require_feedback(booking)
        given = Feedback.objects.filter(registration=booking).first()
        form = FeedbackForm(request.POST or None, instance=given)
        is_sent = form.is_valid()
        if is_sent:
            given = actions.give_feedback(booking=booking, values=form.cleaned_data)
    except ValidationError as obstacle:
        context = {"event": event, "words": " ".join(obstacle.messages)}
        return render(request, "events/booking/over.html", context, status=410)
    context = {
        "event": event,
        "form": form,
        "is_sent": is_sent,
        "is_given": given is not None,
        "until": actions.feedback_until(event),
    }
    return render(request, "events/feedback.html", context)
