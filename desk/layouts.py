"""Rows as the templates of lists have them, so that what goes out can be filled in and come in again."""

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from desk.imports import KINDS
from desk.models import Import
from events.models import Event
from oiep.exports import Layout
from partners.models import Kind, Partner
from pledges.models import Pledge
from working_groups.models import Group, GroupMember


def _layout(kind, model, cells, *, rows=lambda rows: rows, one=(), many=()):
    """cells: row → column of that kind of list → what stands in it."""
    columns = KINDS[kind].columns

    def line(row):
        said = cells(row)
        return [_cell(said.get(column.name)) for column in columns]

    return model, Layout(
        header=[str(column.heading) for column in columns],
        rows=lambda found: rows(found).select_related(*one).prefetch_related(*many),
        line=line,
    )


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if hasattr(value, "normalize"):  # 24.00 as 24
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if hasattr(value, "minute") and not hasattr(value, "year"):
        return value.strftime("%H:%M")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _partner(partner):
    people = [member for member in partner.memberships.all() if not member.ended_at]
    lead = next((member for member in people if member.role == "lead"), None)
    second = next((member for member in people if member.role == "second"), None)
    signature = min(partner.signatures.all(), key=lambda row: row.declared_at, default=None)
    forms = [_("Social enterprise")] * partner.is_social_enterprise + [_("Co-operative")] * partner.is_cooperative
    return {
        "organisation": partner.name,
        "kind": partner.get_kind_display(),
        "places": _("The whole county") if partner.county_wide else [one.name for one in partner.districts.all()],
        "contact_name": lead and lead.user.name,
        "contact_email": lead and lead.user.email,
        "job_title": lead and lead.job_title,
        "second_email": second and second.user.email,
        "signed_on": signature and timezone.localdate(signature.declared_at),
        "size": partner.get_size_display(),
        "sector": partner.sector and partner.sector.name,
        "forms": forms,
        "website": partner.website,
        "description": partner.description,
        "review_months": capfirst(partner.get_review_months_display()),
    }


def _pledge(pledge):
    names = (
        "statement",
        "measure",
        "unit",
        "baseline",
        "target",
        "target_date",
        "commitment_amount",
        "commitment_note",
    )
    return {
        "organisation": pledge.partner.name,
        "area": pledge.area.short_name,
        "capacity": capfirst(pledge.get_capacity_display()),
        "commitment": capfirst(pledge.get_commitment_display()),
        **{name: getattr(pledge, name) for name in names},
    }


def _group(group):
    chairs = [member for member in group.members.all() if member.role == GroupMember.Role.CHAIR and not member.ends_on]
    return {
        "name": group.name,
        "kind": group.get_kind_display(),
        "parent": group.parent and group.parent.name,
        "chair": next((member.name or (member.user.name if member.user else "") for member in chairs), ""),
        "areas": [area.short_name for area in group.areas.all()],
        **{name: getattr(group, name) for name in ("purpose", "about", "starts_on", "ends_on", "is_closed")},
    }


def _event(event):
    starts, ends = timezone.localtime(event.starts_at), timezone.localtime(event.ends_at)
    has_time = event.known == Event.Known.TIME
    return {
        "kind": event.get_kind_display(),
        "date": starts.date(),
        "starts": starts.time() if has_time else None,
        "ends": ends.time() if has_time and ends.date() == starts.date() else None,
        "district": event.district and event.district.name,
        "group": event.group and event.group.name,
        "areas": [area.short_name for area in event.areas.all()],
        **{name: getattr(event, name) for name in ("title", "place", "online_url", "summary", "about", "capacity")},
    }


LAYOUTS = dict(
    (
        _layout(
            Import.Kind.PARTNERS, Partner, _partner,
            rows=lambda found: found.exclude(kind=Kind.RESIDENT),
            one=["sector"], many=["districts", "signatures", "memberships__user"],
        ),
        _layout(
            Import.Kind.PLEDGES, Pledge, _pledge,
            rows=lambda found: found.exclude(partner__kind=Kind.RESIDENT), one=["partner", "area"],
        ),
        _layout(Import.Kind.GROUPS, Group, _group, one=["parent"], many=["areas", "members__user"]),
        _layout(Import.Kind.EVENTS, Event, _event, one=["district", "group"], many=["areas"]),
    )
)  # fmt: skip
