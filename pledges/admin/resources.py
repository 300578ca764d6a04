"""The toolkit, as the manager keeps it."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from oiep.admin import ReferenceAdmin
from oiep.texts.earlier import EarlierTexts
from oiep.texts.previews import HEADING, LEAD, MARKDOWN
from oiep.uploads import ACCEPT, make_safe
from partners.models import Kind, Partner, Size
from pledges.models import Capacity, Need, Resource

_ALL = _("None of them means all.")


def _several(choices, label, help_text=_ALL):
    return forms.MultipleChoiceField(
        label=label,
        choices=choices.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=help_text,
    )


class ResourceForm(forms.ModelForm):
    capacities = _several(Capacity, _("for those who act"))
    partner_kinds = _several(Kind, _("for kinds of partner"))
    sizes = _several(Size, _("for sizes of organisation"))
    needs = _several(Need, _("it is a service for"), _("Shown where partners ask for such help."))
    upload = forms.FileField(label=_("new file"), required=False, widget=forms.FileInput(attrs={"accept": ACCEPT}))

    def clean(self):
        cleaned = super().clean()
        self.safe = None
        if cleaned.get("upload"):
            try:
                self.safe = make_safe(cleaned["upload"])
            except forms.ValidationError as refusal:
                self.add_error("upload", refusal)
        return cleaned


class ShownFilter(admin.SimpleListFilter):
    title = _("shown")
    parameter_name = "shown"

    def lookups(self, request, model_admin):
        return [("yes", _("Shown")), ("asks", _("Local helpers who have to agree first, or again"))]

    def queryset(self, request, queryset):
        shown = Resource.objects.published().values("pk")
        if self.value() == "yes":
            return queryset.filter(pk__in=shown)
        if self.value() == "asks":
            return queryset.filter(kind=Resource.Kind.HELPER, retired_at=None).exclude(pk__in=shown)
        return queryset


@admin.register(Resource)
class ResourceAdmin(EarlierTexts, ReferenceAdmin):
    texts = ("title", "summary", "body")
    looks = {"title": HEADING, "summary": LEAD, "body": MARKDOWN}
    form = ResourceForm
    list_display = ["title", "kind", "is_shown", "agreed_until", "order", "status"]
    list_filter = ["kind", ShownFilter, "areas", *ReferenceAdmin.list_filter]
    search_fields = ["title", "summary", "body"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["file_name"]
    fieldsets = [
        (None, {"fields": ["kind", "title", "slug", "summary", "body", "url", ("upload", "file_name"), "source"]}),
        (_("Whom it is for"), {"fields": ["areas", "capacities", "partner_kinds", "sizes", "needs", "order"]}),
        (
            _("Of a local helper"),
            {"fields": ["partner", "agreed_by", ("agreed_on", "agreed_until")]},
        ),
    ]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "partner":
            kwargs["queryset"] = Partner.objects.published().by_name()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def view_on_site(self, resource):
        return resource.get_absolute_url() if Resource.objects.published().filter(pk=resource.pk).exists() else None

    @admin.display(description=_("shown"), boolean=True)
    def is_shown(self, resource):
        return Resource.objects.published().filter(pk=resource.pk).exists()

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.safe:
            obj.file_name, obj.file_size = form.safe.original_name, form.safe.content.size
            obj.file.save(form.safe.content.name, form.safe.content, save=False)
            obj.save(update_fields=["file", "file_name", "file_size"])
