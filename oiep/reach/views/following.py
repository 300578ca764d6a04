"""Following something by e-mail, without an account."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from oiep.forms import CharterForm, TrapMixin
from oiep.limits import source_of
from oiep.links import private
from oiep.moderation import NotPossible
from oiep.reach import following as actions
from oiep.reach.models import Follow, Follower
from oiep.rules import rules
from oiep.text import normalise_email
from partners.models import District, Kind, Partner, PriorityArea

_KINDS = {
    "areas": ("area", lambda: PriorityArea.objects.current()),
    "places": ("place", lambda: District.objects.current()),
    # What nobody has signed as an organisation for, nobody follows.
    "partners": ("partner", lambda: Partner.objects.published().exclude(kind=Kind.RESIDENT).filter(withdrawn_at=None)),
}


class FollowForm(TrapMixin, CharterForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("We use it for this alone. One press in any of the e-mails stops them, and we forget it."),
        max_length=254,
    )
    rhythm = forms.ChoiceField(
        label=_("How often?"),
        choices=Follow.Rhythm.choices,
        initial=Follow.Rhythm.WEEKLY,
        widget=forms.RadioSelect,
    )

    def clean_email(self):
        return normalise_email(self.cleaned_data["email"])


class RhythmForm(CharterForm):
    rhythm = forms.ChoiceField(label=_("How often?"), choices=Follow.Rhythm.choices)


def _subject(kind, slug):
    if kind not in _KINDS:
        raise Http404
    name, rows = _KINDS[kind]
    return name, get_object_or_404(rows(), slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request, kind, slug):
    name, subject = _subject(kind, slug)
    form = FollowForm(request.POST or None)
    status = 200
    if form.is_valid():
        asked = {field: form.cleaned_data[field] for field in ("email", "rhythm")}
        try:
            actions.ask(kind=name, subject=subject, source=source_of(request), **asked)
        except actions.TooMany as refusal:
            form.add_error(None, refusal)
            status = 429
        else:
            return redirect("follow-sent", kind, slug)
    context = {"form": form, "subject": subject, "kind": name, "rules": rules()}
    return render(request, "follow/follow.html", context, status=status)


@require_safe
def sent(request, kind, slug):
    """Check your e-mail; the same page for everybody."""
    _name, subject = _subject(kind, slug)
    return render(request, "follow/sent.html", {"subject": subject, "rules": rules()})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """The link in the first e-mail: a page with a button, which makes it count."""
    rows = Follow.objects.select_related("follower", "area", "place", "partner")
    try:
        asked = rows.with_token(token)
        if request.method == "POST":
            actions.confirm(follow=asked)
            messages.success(request, gettext("You follow it now."))
            return redirect("following", asked.follower.token)
        if not asked.confirmed_at:
            actions.require_confirmable(asked)
    except (Follow.DoesNotExist, Follower.DoesNotExist):
        return _unknown(request)
    except NotPossible as obstacle:
        return render(request, "follow/over.html", {"words": obstacle.message}, status=410)
    if asked.confirmed_at:
        return redirect("following", asked.follower.token)
    return render(request, "follow/confirm.html", {"follow": asked})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request, token):
    """All that an address follows: how often, and no more."""
    try:
        follower = Follower.objects.with_token(token)
        if request.method == "POST":
            follow = get_object_or_404(follower.follows.confirmed(), pk=_number(request.POST.get("follow")))
            return _changed(request, follower, follow)
    except (Follow.DoesNotExist, Follower.DoesNotExist):
        return _unknown(request)
    follows = follower.follows.confirmed().select_related("area", "place", "partner")
    rows = [(row, RhythmForm(initial={"rhythm": row.rhythm}, prefix=f"row{row.pk}")) for row in follows]
    return render(request, "follow/manage.html", {"follower": follower, "rows": rows})


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _changed(request, follower, follow):
    if "leave" in request.POST:
        actions.leave(follow=follow)
        if not Follower.objects.filter(pk=follower.pk).exists():
            return render(request, "follow/stopped.html")
        messages.success(request, gettext("You do not follow it any more."))
    else:
        form = RhythmForm(request.POST, prefix=f"row{follow.pk}")
        if form.is_valid():
            actions.change(follow=follow, rhythm=form.cleaned_data["rhythm"])
            messages.success(request, gettext("That is saved."))
    return redirect(reverse("following", args=[follower.token]))


@csrf_exempt  # a mail program posts here for its reader (RFC 8058): the address itself says whose it is
@private
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request, token):
    """One press stops all. GET and HEAD change nothing, as mail scanners follow links."""
    try:
        follower = Follower.objects.with_token(token)
    except Follower.DoesNotExist:
        return _unknown(request)
    if request.method == "POST":
        actions.stop(follower=follower)
        return render(request, "follow/stopped.html")  # and no redirect, which mail programs do not follow
    return render(request, "follow/stop.html")


def _unknown(request):
    return render(request, "follow/unknown.html", status=404)
