"""What the manager curates: pledge ideas and the Charter's versions."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from oiep.admin import CharterAdmin, ReferenceAdmin
from oiep.forms import CharterForm
from oiep.texts.earlier import EarlierTexts
from oiep.texts.previews import HEADING, LEAD, LIST, MARKDOWN, TEXT, Previewed
from partners.models import Kind
from pledges.actions.charter import put_off_signing_again
from pledges.models import CharterVersion, PledgeIdea


class PledgeIdeaForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        label=_("Kinds of partner"),
    )


@admin.register(PledgeIdea)
class PledgeIdeaAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("title", "statement", "why", "first_steps", "measure", "unit")
    looks = {"title": HEADING, "statement": LEAD, "why": TEXT, "first_steps": LIST, "measure": TEXT}
    form = PledgeIdeaForm
    list_display = ["title", "area", "capacity", "on_short_route", "order", "status"]
    list_filter = ["area", "capacity", "on_short_route", *ReferenceAdmin.list_filter]
    list_select_related = ["area"]
    search_fields = ["title", "statement"]
    fields = [
        "title",
        "area",
        "capacity",
        "kinds",
        "statement",
        "why",
        "first_steps",
        "measure",
        "unit",
        "on_short_route",
        "order",
    ]


class PutOffForm(CharterForm):
    until = forms.DateField(
        label=_("Last day to sign again"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose the last day.")},
    )


@admin.register(CharterVersion)
class CharterVersionAdmin(Previewed, CharterAdmin):
    """People signed the words that were published, so those stay: other words are a new version."""

    looks = {"title": HEADING, "summary": LEAD, "purpose": MARKDOWN, "vision": MARKDOWN, "commitment": MARKDOWN}
    change_form_template = "admin/pledges/charterversion/change_form.html"
    list_display = ["__str__", "published_on", "status", "to_sign_again"]
    fields = ["number", "title", "summary", "purpose", "vision", "commitment", "published_on", "again", "again_until"]

    @admin.display(description=_("state"))
    def status(self, version):
        return _("published") if self._is_published(version) else _("being written")

    @admin.display(description=_("have not signed it again"))
    def to_sign_again(self, version):
        if version.again == version.Again.NOBODY:
            return "–"
        return version.partners_to_ask().count()

    def get_urls(self):
        views = {"preview": self.preview_view, "put-off": self.put_off_view}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"pledges_charterversion_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def put_off_view(self, request, pk):
        """Another last day for those who are asked to sign a published version."""
        version = get_object_or_404(CharterVersion.objects.published(), pk=pk)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        form = PutOffForm(request.POST or None, initial={"until": version.again_until})
        if form.is_valid():
            try:
                put_off_signing_again(version=version, until=form.cleaned_data["until"], actor=request.user)
            except ValidationError as refusal:
                form.add_error("until", refusal)
            else:
                self.message_user(request, _now("They have until then, and are reminded before."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:pledges_charterversion_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Give more time to sign it"),
            "subtitle": None,
            "opts": self.opts,
            "version": version,
            "form": form,
            "to_ask": version.partners_to_ask().count(),
        }
        return TemplateResponse(request, "admin/pledges/charterversion/put_off.html", context)

    def preview_view(self, request, pk):
        """A version as its page will show it, and what publishing it does."""
        version = get_object_or_404(CharterVersion, pk=pk)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": str(version),
            "subtitle": None,
            "opts": self.opts,
            "original": version,
            "version": version,
            "to_ask": version.partners_to_ask().count(),
        }
        return TemplateResponse(request, "admin/pledges/charterversion/preview.html", context)

    def view_on_site(self, version):
        return version.get_absolute_url() if self._is_published(version) else None

    def _is_published(self, version):
        return bool(version.published_on and version.published_on <= timezone.localdate())

    def get_readonly_fields(self, request, obj=None):
        return self.fields if obj and self._is_published(obj) else []

    def get_changeform_initial_data(self, request):
        """A new version begins with the words of the newest."""
        newest = CharterVersion.objects.order_by("-number").first()
        if newest is None:
            return {"number": 1}
        words = {name: getattr(newest, name) for name in ("title", "summary", "purpose", "vision", "commitment")}
        return {"number": newest.number + 1, **words}

    def change_view(self, request, object_id, form_url="", extra_context=None):
        version = self.get_object(request, admin.utils.unquote(object_id))
        context = {}
        if version and self._is_published(version):
            context = {
                "note": _("This version is published, and people have signed its words, so they stay as they are. "
                          "To change the Charter, add a new version: it begins with these words."),
                "show_save": False,
                "show_save_and_continue": False,
            }  # fmt: skip
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
