"""The Charter: its priorities, who signed, what they promised, what they reported and what came of it."""

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oiep.reports.drafting.draft import (
    Draft,
    bars,
    bullets,
    day_or_month,
    in_a_row,
    paragraphs,
    said,
    source,
    source_of,
)
from oiep.reports.figures import (
    achieved_between,
    by_kind,
    committed,
    is_answered,
    is_on_time,
    partners_on,
    pledges_on,
    reviews_between,
    signed_between,
)
from oiep.reports.sections import Section
from oiep.templatetags.charter import figure, money
from partners.models import District, Kind, PriorityArea
from pledges.models import CharterVersion, Pledge

ACHIEVED_AT_MOST = 10


def drafts(report):
    yield from _priorities()
    yield from _version(report)
    yield from _signatures(report)
    yield from _pledges(report)
    yield from _delivered(report)
    yield from _conclusion(report)


def _priorities():
    areas = list(PriorityArea.objects.current())
    if areas:
        yield Draft(
            Section.CHARTER,
            "priorities",
            paragraphs(
                _("The priorities of the Charter are to promote action by pledges in these areas:"),
                bullets(said(area.name) for area in areas),
            ),
            [source(_("Priority areas"), *areas)],
        )


def _version(report):
    """The Charter is an appendix once there is a version in force."""
    version = CharterVersion.objects.published(report.ends_on).order_by("number").last()
    if version:
        yield Draft(
            Section.APPENDICES,
            "charter",
            said(version),
            [source(_("Version of the Charter in force on the last day"), version)],
        )
        if version.published_on >= report.starts_on:
            yield Draft(
                Section.CHARTER,
                "version",
                _("%(version)s has been in force since %(day)s.")
                % {"version": said(version), "day": day_or_month(version.published_on)},
                [source(_("Version of the Charter"), version)],
            )


# Signatures -----------------------------------------------------------------------------------


def _organisations_and_residents(partners):
    residents = partners.filter(kind=Kind.RESIDENT).count()
    organisations = partners.count() - residents
    return in_a_row(
        [
            ngettext("%(n)s organisation", "%(n)s organisations", organisations) % {"n": f"{organisations:,}"},
            ngettext("%(n)s resident", "%(n)s residents", residents) % {"n": f"{residents:,}"},
        ]
    )


def _signatures(report):
    partners, new = partners_on(report.ends_on), signed_between(report.starts_on, report.ends_on)
    if not partners.exists():
        return
    last = day_or_month(report.ends_on)
    text = _("By %(day)s, %(all)s had signed the Charter. Of these, %(new)s signed in this period.")
    rows = [(label, number) for _kind, label, number in by_kind(partners)]
    yield Draft(
        Section.CHARTER,
        "signatures",
        text % {"day": last, "all": _organisations_and_residents(partners), "new": _organisations_and_residents(new)},
        [source_of(_("Partners on %(day)s") % {"day": last}, partners)],
        bars(_("Who had signed by %(day)s") % {"day": last}, _("Kind of partner"), _("Partners"), rows),
    )
    organisations = partners.exclude(kind=Kind.RESIDENT)
    county = organisations.filter(county_wide=True).count()
    here = dict(
        organisations.filter(county_wide=False, districts__isnull=False)
        .order_by()
        .values_list("districts")
        .annotate(Count("pk", distinct=True))
    )
    districts = [(place.name, here.get(place.pk, 0)) for place in District.objects.current()]
    yield Draft(
        Section.CHARTER,
        "districts",
        _("The organisations work in every part of the county as the chart shows. One that works in two districts "
          "counts in both; those that work across Oxfordshire have a line of their own."),
        [source_of(_("Organisations on %(day)s") % {"day": last}, organisations)],
        bars(
            _("Organisations by where they work, %(day)s") % {"day": last},
            _("District"),
            _("Organisations"),
            [*districts, (_("All of Oxfordshire"), county)],
        ),
    )  # fmt: skip


# Pledges --------------------------------------------------------------------------------------


def _pledges(report):
    pledges = pledges_on(report.ends_on)
    number = pledges.count()
    if not number:
        return
    last = day_or_month(report.ends_on)
    counts = dict(pledges.order_by().values_list("area").annotate(Count("pk")))
    areas = [area for area in PriorityArea.objects.all() if not area.retired_at or counts.get(area.pk)]
    text = ngettext("On %(day)s, %(n)s pledge was live.", "On %(day)s, %(n)s pledges were live.", number)
    without = [said(area.short_name) for area in areas if not counts.get(area.pk)]
    missing = _("No pledge had been made yet in %(areas)s.") % {"areas": in_a_row(without)} if without else ""
    yield Draft(
        Section.CHARTER,
        "pledges",
        " ".join(filter(None, [text % {"day": last, "n": f"{number:,}"}, missing])),
        [source_of(_("Pledges live on %(day)s") % {"day": last}, pledges)],
        bars(
            _("Live pledges by priority area, %(day)s") % {"day": last},
            _("Priority area"),
            _("Pledges"),
            [(area.short_name, counts.get(area.pk, 0)) for area in areas],
        ),
    )
    resources = committed(pledges)
    if resources:
        yield Draft(
            Section.CHARTER,
            "resources",
            paragraphs(_("With them come these resources:"), bullets(_resource(*row) for row in resources)),
            [source_of(_("Pledges that commit a resource"), pledges.exclude(commitment=""))],
        )


def _resource(kind, label, amount, pledges):
    number = ngettext("in %(n)d pledge", "in %(n)d pledges", pledges) % {"n": pledges}
    if amount is None:
        return f"{label}, {number}"
    if kind == Pledge.Commitment.MONEY:
        return f"{money(amount)}, {number}"
    return f"{label}: {figure(amount)}, {number}"


# What came of it ------------------------------------------------------------------------------


def _delivered(report):
    reviews = list(reviews_between(report.starts_on, report.ends_on))
    if reviews:
        on_time = sum(map(is_on_time, reviews))
        answered = sum(map(is_answered, reviews))
        due = ngettext(
            "%(n)s progress review of an organisation was due in this period.",
            "%(n)s progress reviews of organisations were due in this period.",
            len(reviews),
        ) % {"n": f"{len(reviews):,}"}
        text = _("%(due)s %(answered)s were answered, %(on_time)s of them on time.")
        yield Draft(
            Section.CHARTER,
            "reviews",
            text % {"due": due, "answered": f"{answered:,}", "on_time": f"{on_time:,}"},
            [source(_("Progress reviews due in this period"), *reviews)],
        )
    achieved = achieved_between(report.starts_on, report.ends_on)
    number = achieved.count()
    if number:
        rows = list(achieved.select_related("partner", "area").order_by("ended_at", "pk")[:ACHIEVED_AT_MOST])
        lines = [f"**{said(row.partner.public_name)}** ({said(row.area)}): {said(row.statement)}" for row in rows]
        if number > len(rows):
            lines.append(_("and %(n)d more") % {"n": number - len(rows)})
        head = ngettext(
            "%(n)s pledge was achieved in this period:", "%(n)s pledges were achieved in this period:", number
        )
        yield Draft(
            Section.CHARTER,
            "achieved",
            paragraphs(head % {"n": f"{number:,}"}, bullets(lines)),
            [source_of(_("Pledges achieved in this period"), achieved)],
        )


def _conclusion(report):
    """What it comes to, in figures; the manager says what comes next."""
    partners, pledges = partners_on(report.ends_on), pledges_on(report.ends_on)
    if not partners.exists():
        return
    achieved = achieved_between(report.starts_on, report.ends_on).count()
    live = ngettext("%(n)s pledge", "%(n)s pledges", pledges.count()) % {"n": f"{pledges.count():,}"}
    done = ngettext("%(n)s pledge was achieved", "%(n)s pledges were achieved", achieved) % {"n": f"{achieved:,}"}
    text = _("At the end of this period the Charter had %(signed)s, with %(live)s under way. In the period %(done)s.")
    yield Draft(
        Section.CONCLUSION,
        "figures",
        text % {"signed": _organisations_and_residents(partners), "live": live, "done": done},
        [
            source_of(_("Partners on the last day"), partners),
            source_of(_("Pledges live on the last day"), pledges),
        ],
    )
