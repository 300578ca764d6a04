"""A signing's answers as people read them, for the check page."""

import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from oiep.templatetags.charter import figure, money
from oiep.translated import spoken
from partners.models import District, Kind, Partner, PriorityArea, Purpose, Sector, Size
from pledges.models import Capacity, Pledge


def summary_of(signing):
    """Rows for `components/summary_list.html`."""
    who = signing.answers["who"]
    rows = [_row(signing, "who", _("Your name"), who["name"])]
    if not signing.is_resident:
        rows.append(_row(signing, "who", _("Your job title"), who["job_title"]))
    rows.append(_row(signing, "who", _("Your e-mail address"), who["email"]))
    if signing.is_resident:
        district = District.objects.get(pk=signing.answers["where"]["district"])
        rows.append(_row(signing, "where", _("District"), district.name))
    else:
        rows += _organisation_rows(signing)
    rows += _pledge_rows(signing)
    if not signing.is_resident:
        rows += _contact_rows(signing)
    return rows


def _row(signing, step, label, value, change_label=None):
    url = reverse("sign-step", args=[signing.pk, step]) + "?from=check"
    key = "values" if isinstance(value, list) and value else "value"
    return {"label": label, key: value or "", "change_url": url, "change_label": change_label or label}


def _organisation_rows(signing):
    organisation = signing.organisation
    forms = {"social_enterprise": _("Social enterprise"), "cooperative": _("Co-operative")}
    if "county" in organisation["places"]:
        places = [_("The whole county")]
    else:
        places = [district.name for district in District.objects.filter(pk__in=organisation["places"])]
    kind = [str(Kind(organisation["kind"]).label), *(forms[form] for form in organisation["legal_forms"])]
    return [
        _row(signing, "organisation", _("Organisation"), organisation["name"]),
        _row(signing, "organisation", _("Kind"), kind),
        _row(signing, "organisation", _("Size"), str(Size(organisation["size"]).label)),
        _row(signing, "organisation", _("Sector"), Sector.objects.get(pk=organisation["sector"]).name),
        _row(signing, "organisation", _("Where you work"), places),
        _row(signing, "organisation", _("Website"), organisation["website"]),
        _row(signing, "organisation", _("What you do"), organisation["description"]),
    ]


def _contact_rows(signing):
    contact = signing.answers["contact"]
    months = dict(Partner._meta.get_field("review_months").choices)
    purposes = [str(Purpose(purpose).label) for purpose in contact["contact_purposes"]]
    return [
        _row(signing, "contact", _("People may write to you to"), purposes or _("Nothing: no contact form")),
        _row(signing, "contact", _("You report progress"), capfirst(months[int(contact["review_months"])])),
        _row(signing, "contact", _("Waits for the approval of"), contact["awaits_approval_of"] or _("Nobody")),
    ]


def _pledge_rows(signing):
    areas = PriorityArea.objects.in_bulk([pledge["area_id"] for pledge in signing.pledges])
    rows = []
    for position, pledge in enumerate(signing.pledges, start=1):
        label = _("Pledge %(number)s: %(area)s") % {"number": position, "area": areas[pledge["area_id"]]}
        row = _row(signing, "pledges", label, describe(pledge))
        if not signing.is_resident and not signing.is_short:
            row["change_url"] = reverse("sign-pledge", args=[signing.pk, pledge["number"]]) + "?from=check"
        rows.append(row)
    return rows


def describe(pledge):
    """A pledge as lines of text."""
    lines = [spoken(pledge["statement"])]
    if pledge["capacity"] != Capacity.RESIDENT:
        lines.append(capfirst(Capacity(pledge["capacity"]).label))
    unit = f" {pledge['unit']}" if pledge["unit"] else ""
    if pledge["measure"]:
        lines.append(_("Measured by: %(measure)s") % {"measure": pledge["measure"]})
    if pledge["baseline"] is not None:
        lines.append(_("Today: %(figure)s") % {"figure": _figure(pledge["baseline"]) + unit})
    if pledge["target"] is not None:
        target = _figure(pledge["target"]) + unit
        if pledge["target_date"]:
            by = date_format(datetime.date.fromisoformat(pledge["target_date"]))
            lines.append(_("Target: %(figure)s by %(date)s") % {"figure": target, "date": by})
        else:
            lines.append(_("Target: %(figure)s") % {"figure": target})
    if pledge["commitment"]:
        lines.append(_("You commit: %(what)s") % {"what": _commitment(pledge)})
    return lines


def _figure(value):
    return figure(Decimal(value))


def _commitment(pledge):
    words = str(Pledge.Commitment(pledge["commitment"]).label)
    if pledge["commitment_amount"] is not None:
        amount = Decimal(pledge["commitment_amount"])
        words = money(amount) if pledge["commitment"] == Pledge.Commitment.MONEY else f"{figure(amount)} {words}"
    return f"{words}. {pledge['commitment_note']}" if pledge["commitment_note"] else words
