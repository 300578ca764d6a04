from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from oiep.admin import CharterAdmin, ReadOnlyAdmin, ReferenceAdmin, filled_or_not
from oiep.moderation import State
from partners.models import (
    ContactMessage,
    DeclineReason,
    District,
    Kind,
    Membership,
    Partner,
    PriorityArea,
    Purpose,
    RecognitionKind,
    Sector,
)


class PartnerForm(forms.ModelForm):
    contact_purposes = forms.MultipleChoiceField(
        choices=Purpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("May be written to, to"),
    )

    class Meta:
        widgets = {"districts": forms.CheckboxSelectMultiple}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [pair for pair in Kind.choices if pair[0] != Kind.RESIDENT]

    def clean_name(self):
        name = self.cleaned_data["name"]
        partner = self.instance
        stands = not partner.is_resident and not partner.withdrawn_at and partner.state != State.DECLINED
        if stands and Partner.objects.same_name(name).exclude(pk=partner.pk).exists():
            raise ValidationError(_("An organisation of this name has signed already."))
        return name


class MembershipInline(admin.TabularInline):
    model = Membership
    fields = readonly_fields = ["user", "email", "role", "job_title", "started_at", "ended_at"]
    extra = max_num = 0
    template = "admin/_people.html"
    verbose_name_plural = _("people")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("e-mail address"))
    def email(self, membership):
        return membership.user.email

    def has_add_permission(self, request, obj):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class LeadFilter(admin.SimpleListFilter):
    """Finds partners that nobody answers for, so that the manager can appoint somebody."""

    title = _("lead")
    parameter_name = "lead"

    def lookups(self, request, model_admin):
        return [("none", _("Takes part, and nobody leads it"))]

    def queryset(self, request, queryset):
        if self.value() != "none":
            return queryset
        leads = Membership.objects.current().filter(partner=OuterRef("pk"), role=Membership.Role.LEAD)
        forgotten = Q(kind=Kind.RESIDENT, state=State.APPROVED, next_round_on=None)
        return queryset.filter(~Exists(leads), ~forgotten, withdrawn_at=None).exclude(state=State.DECLINED)


@admin.register(Partner)
class PartnerAdmin(CharterAdmin):
    """Words can be corrected here, and each correction is in the audit trail. States change through decisions only."""

    form = PartnerForm
    list_display = ["name", "kind", "state", "approved_at", "withdrawn_at"]
    list_filter = [
        "state",
        "kind",
        ("withdrawn_at", filled_or_not(_("withdrawn"), empty=_("Takes part"), filled=_("Withdrawn"))),
        LeadFilter,
        "districts",
        "sector",
        "is_example",
    ]
    search_fields = ["name", "memberships__user__email", "signatures__reference"]
    search_help_text = _("A name, the e-mail address of one of its people, or the reference of its signature.")
    readonly_fields = ["slug", "state", "submitted_at", "approved_at", "decided_at", "decided_by", "withdrawn_at"]
    inlines = [MembershipInline]

    def has_add_permission(self, request):
        return False  # a partner comes from a signature

    def view_on_site(self, partner):
        return partner.get_absolute_url() if partner.is_published else None

    def get_fieldsets(self, request, obj=None):
        resident = obj and obj.is_resident
        profile = ["name", "show_name", "description"]
        if not resident:
            profile = ["name", "kind", "is_social_enterprise", "is_cooperative", "description", "website", "size"]
            profile += ["sector", "county_wide"]
        stamps = [*(["kind"] if resident else []), *self.readonly_fields]
        return [
            (_("Profile"), {"fields": [*profile, "districts"]}),
            (_("Contact and reports"), {"fields": ["contact_purposes", "review_months"]}),
            (_("Where it stands"), {"fields": stamps}),
        ]

    def get_readonly_fields(self, request, obj=None):
        resident = obj and obj.is_resident
        return [*self.readonly_fields, *(["kind"] if resident else [])]


@admin.register(District)
class DistrictAdmin(ReferenceAdmin):
    list_display = ["name", "order", "status"]
    fields = ["name", "slug", "about", "order", "map_shape", "map_label_x", "map_label_y"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(PriorityArea)
class PriorityAreaAdmin(ReferenceAdmin):
    list_display = ["short_name", "order", "status"]
    fields = ["name", "short_name", "slug", "summary", "meaning", "colour", "icon", "order"]
    prepopulated_fields = {"slug": ["short_name"]}


@admin.register(Sector)
class SectorAdmin(ReferenceAdmin):
    list_display = ["name", "order", "status"]
    fields = ["name", "slug", "order"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(DeclineReason)
class DeclineReasonAdmin(ReferenceAdmin):
    list_display = ["title", "order", "status"]
    fields = ["title", "message", "order"]


@admin.register(RecognitionKind)
class RecognitionKindAdmin(ReferenceAdmin):
    list_display = ["name", "given_by", "expires", "order", "status"]
    list_filter = ["expires", *ReferenceAdmin.list_filter]
    search_fields = ["name", "given_by"]
    fields = ["name", "slug", "about", "given_by", "website", "evidence_hint", "expires", "order"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(ContactMessage)
class ContactMessageAdmin(ReadOnlyAdmin):
    list_display = ["sent_at", "partner", "purpose", "name"]
    list_filter = ["purpose", "sent_at"]
    list_select_related = ["partner"]
    search_fields = ["name", "email", "partner__name"]
    fields = ["sent_at", "partner", "purpose", "name", "email", "message"]
