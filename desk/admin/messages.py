"""Messages to many: write, say to whom, read it as they will, try it, send it, watch it go, stop it, go on."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from desk.actions import messages as actions
from desk.admin.message_forms import MessageForm
from desk.audience import audience_of
from desk.models import Message
from oiep import audit
from oiep.admin import ReadOnlyAdmin
from oiep.email import compose

SHOWN_AT_MOST = 100


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["subject", "whom", "is_news", "state", "created_by", "created_at"]
    list_filter = ["state", "whom", "is_news"]
    list_select_related = ["created_by"]
    search_fields = ["subject", "words"]
    change_list_template = "admin/desk/message/change_list.html"

    def has_add_permission(self, request):
        return request.user.has_perm("desk.add_message")

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("desk.change_message")

    def _page(self, request, template, *, title, **context):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "subtitle": None,
            **context,
        }
        return TemplateResponse(request, f"admin/desk/message/{template}.html", context)

    def _back(self, message):
        return HttpResponseRedirect(reverse("admin:desk_message_change", args=[message.pk]))

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = MessageForm(
            request.POST if request.method == "POST" else None, instance=Message(created_by=request.user)
        )
        if request.method == "POST" and form.is_valid():
            message = form.save()
            audit.record(verb="message.added", subject=message, actor=request.user)
            return self._back(message)
        return self._page(request, "write", title=_("Write to many"), form=form)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        message = Message.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        if message is None:
            raise Http404
        if message.state == Message.State.DRAFT:
            return self._draft(request, message)
        if request.method == "POST":
            for name, deed, words in (
                ("stop", actions.stop, _("Stopped. Nobody else gets it until you go on.")),
                ("resume", actions.resume, _("It goes on where it stopped.")),
            ):
                if name in request.POST:
                    self._do(request, lambda deed=deed: deed(message=message, actor=request.user), words)
            return self._back(message)
        progress = actions.progress_of(message)
        is_moving = message.state == Message.State.SENDING or (message.state == "sent" and progress["waiting"])
        return self._page(
            request, "progress", title=message.subject, message=message, progress=progress, is_moving=is_moving
        )

    def _do(self, request, deed, words):
        try:
            deed()
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        else:
            self.message_user(request, words, messages.SUCCESS)

    def _draft(self, request, message):
        form = MessageForm(request.POST if "save" in request.POST else None, instance=message)
        if request.method == "POST":
            if "save" in request.POST:
                if not form.is_valid():
                    return self._page(request, "write", title=message.subject, form=form, message=message)
                form.save()
                audit.record(verb="message.changed", subject=message, actor=request.user)
            elif "try" in request.POST:
                words = _("It is on its way to %(email)s.") % {"email": request.user.email}
                self._do(request, lambda: actions.try_on_oneself(message=message, actor=request.user), words)
            elif "send" in request.POST:
                seen = request.POST.get("seen", "")
                deed = lambda: actions.start(message=message, actor=request.user, seen=seen)  # noqa: E731
                self._do(request, deed, _("It is being sent."))
            return self._back(message)
        audience = audience_of(message)
        template, context, _stop_url = actions.letter(message, request.user)
        if context["stop_url"]:
            context["stop_url"] = _("[each reader's own link to stop]")
        return self._page(
            request,
            "write",
            title=message.subject,
            form=form,
            message=message,
            count=audience.count(),
            people=list(audience[:SHOWN_AT_MOST]),
            shown_at_most=SHOWN_AT_MOST,
            letter=compose(template, context),
            fingerprint=actions.fingerprint(message),
        )
