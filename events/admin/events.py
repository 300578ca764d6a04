"""Events as the manager keeps them: written, published, cancelled, and what came of them."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, resolve, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from events.actions import cancel_event, publish_event, save_event
from events.actions.events import check_capacity
from events.actions.learning import PHOTOGRAPH_PIXELS
from events.models import Contributor, Event, LearningPoint, Material, Photograph, ProgrammeItem, Series
from oiep.admin import CharterAdmin, filled_or_not
from oiep.text import clean_line
from oiep.uploads import ACCEPT, ACCEPT_PICTURE, make_safe, make_safe_picture


class PartInline(admin.StackedInline):
    """A part of an event, which goes with it and can be taken away. Stacked: in a table, fields have no labels."""

    extra = 0


class ContributorInline(PartInline):
    model = Contributor
    fields = ["role", "partner", "name", "order"]
    autocomplete_fields = ["partner"]


class ProgrammeInline(PartInline):
    model = ProgrammeItem
    fields = ["starts_at", "title", "speakers", "order"]


class LearningInline(PartInline):
    model = LearningPoint
    fields = ["text", "order"]
    formfield_overrides = {LearningPoint._meta.get_field("text").__class__: {"widget": forms.Textarea({"rows": 2})}}


class PhotographForm(forms.ModelForm):
    class Meta:
        widgets = {"file": forms.FileInput(attrs={"accept": ACCEPT_PICTURE})}

    def clean_file(self):
        upload = self.cleaned_data["file"]
        if "file" in self.changed_data:
            safe, self.instance.width, self.instance.height = make_safe_picture(upload, within=PHOTOGRAPH_PIXELS)
            return safe.content
        return upload


class PhotographInline(PartInline):
    model = Photograph
    form = PhotographForm
    fields = ["file", "alt", "consent", "is_public", "order"]


class MaterialForm(forms.ModelForm):
    class Meta:
        widgets = {"file": forms.FileInput(attrs={"accept": ACCEPT})}

    def clean_file(self):
        upload = self.cleaned_data["file"]
        if "file" in self.changed_data:
            safe = make_safe(upload)
            self.instance.name, self.instance.size = safe.original_name, safe.content.size
            return safe.content
        return upload


class MaterialInline(PartInline):
    model = Material
    form = MaterialForm
    fields = ["title", "file", "is_public"]


class EventForm(forms.ModelForm):
    class Meta:
        widgets = {"areas": forms.CheckboxSelectMultiple}

    def clean_slug(self):
        slug = self.cleaned_data["slug"]
        pages = ("event", "event-book", "event-booked", "event-desk")
        if any(resolve(reverse(page, args=[slug])).url_name != page for page in pages):
            raise ValidationError(_("We use this address for something else. Choose another."))
        return slug

    def clean(self):
        values = super().clean()
        if self.instance.pk and "capacity" in self.changed_data and "capacity" in values:
            check_capacity(Event(pk=self.instance.pk, capacity=values["capacity"]))
        return values


class CancelForm(forms.Form):
    why = forms.CharField(label=_("Why, in a sentence that everybody reads"), max_length=300, validators=[clean_line])


@admin.register(Event)
class EventAdmin(CharterAdmin):
    form = EventForm
    change_form_template = "admin/events/event/change_form.html"
    list_display = ["title", "kind", "starts_at", "booked", "status"]
    list_filter = [
        "kind",
        ("published_at", filled_or_not(_("shown to the public"), empty=_("Drafts"), filled=_("Public"))),
        ("cancelled_at", filled_or_not(_("cancelled"), empty=_("Takes place"), filled=_("Cancelled"))),
        "series",
        "areas",
    ]
    search_fields = ["title", "summary", "place"]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["organiser"]
    inlines = [ContributorInline, ProgrammeInline, LearningInline, PhotographInline, MaterialInline]
    fieldsets = [
        (_("What"), {"fields": ["kind", "series", "title", "slug", "summary", "about", "areas", "group"]}),
        (_("When and where"), {"fields": ["starts_at", "ends_at", "place", "district", "access", "online_url"]}),
        (_("Who"), {"fields": ["who_may_come", "takes_bookings", "capacity", "places_at_most", "bookings_close_at"]}),
        (_("Who runs it"), {"fields": ["organiser"]}),
        (_("Of the past"), {"fields": ["known", "when_words", "source"], "classes": ["collapse"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_held()

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []  # addresses are a promise

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def view_on_site(self, event):
        return event.get_absolute_url() if event.is_public else None

    @admin.display(description=_("booked"))
    def booked(self, event):
        if not event.takes_bookings:
            return "–"
        return f"{event.held} / {event.capacity}" if event.capacity else event.held

    @admin.display(description=_("where it stands"))
    def status(self, event):
        if event.cancelled_at:
            return _("cancelled")
        if not event.published_at:
            return _("draft")
        return _("over") if event.is_over() else _("public")

    def save_model(self, request, obj, form, change):
        if not change:
            return super().save_model(request, obj, form, change)
        names = {field.name for field in obj._meta.concrete_fields} & set(form.changed_data)
        save_event(event=obj, fields=names, actor=request.user)

    def log_change(self, request, obj, message):
        """`save_event` has recorded what changed."""

    def get_urls(self):
        def view(function):
            return self.admin_site.admin_view(function)

        return [
            path("<int:pk>/publish/", view(self.publish_view), name="events_event_publish"),
            path("<int:pk>/cancel/", view(self.cancel_view), name="events_event_cancel"),
            *super().get_urls(),
        ]

    def publish_view(self, request, pk):
        event = self._event(request, pk)
        if request.method == "POST":
            try:
                publish_event(event=event, actor=request.user)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, _now("“%(event)s” is public now.") % {"event": event}, messages.SUCCESS)
        return self._back(event)

    def cancel_view(self, request, pk):
        event = self._event(request, pk)
        form = CancelForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                cancel_event(event=event, why=form.cleaned_data["why"], actor=request.user)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.message_user(request, _now("“%(event)s” is cancelled.") % {"event": event}, messages.SUCCESS)
                return self._back(event)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Cancel “%(event)s”") % {"event": event},
            "opts": self.opts,
            "original": event,
            "form": form,
        }
        return TemplateResponse(request, "admin/events/event/cancel.html", context)

    def _event(self, request, pk):
        event = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, event):
            raise PermissionDenied
        return event

    def _back(self, event):
        return HttpResponseRedirect(reverse("admin:events_event_change", args=[event.pk]))


@admin.register(Series)
class SeriesAdmin(CharterAdmin):
    list_display = ["name", "slug"]
    fields = ["name", "slug", "about"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields
