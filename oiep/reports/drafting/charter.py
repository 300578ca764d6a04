"""The Charter: its priorities, who signed, what they promised, what they reported and what came of it."""

from django.db.models import F
from django.utils import timezone
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
from oiep.reports.sections import Section
from oiep.templatetags.charter import figure, money
from partners.models import District, Kind, PriorityArea
from pledges.figures import Measured, Outcome, Slice, gather, of_slice
from pledges.figures.rows import (
    achieved_between,
    achieved_on,
    committing_on,
    partners_on,
    pledges_on,
    promised_on,
    reviews_between,
    signed_between,
)
from pledges.models import CharterVersion, Pledge

ACHIEVED_AT_MOST = 10


def drafts(report):
    """Figures are those of `pledges.figures`, as things stood when the last day was over."""
    found = gather(timezone.localdate(), on=report.ends_on)
    yield from _priorities()
    yield from _version(report)
    yield from _signatures(report, found)
    yield from _pledges(report, found)
    yield from _delivered(report, found)
    yield from _conclusion(report, found)


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


def _organisations_and_residents(organisations, residents):
    return in_a_row(
        [
            ngettext("%(n)s organisation", "%(n)s organisations", organisations) % {"n": f"{organisations:,}"},
            ngettext("%(n)s resident", "%(n)s residents", residents) % {"n": f"{residents:,}"},
        ]
    )


def _signatures(report, found):
    total = of_slice(found, Slice())
    if not total.partners:
        return
    new = signed_between(report.starts_on, report.ends_on)
    new_residents = new.filter(kind=Kind.RESIDENT).count()
    last = day_or_month(report.ends_on)
    text = _("By %(day)s, %(all)s had signed the Charter. Of these, %(new)s signed in this period.") % {
        "day": last,
        "all": _organisations_and_residents(total.organisations, total.residents),
        "new": _organisations_and_residents(new.count() - new_residents, new_residents),
    }
    yield Draft(
        Section.CHARTER,
        "signatures",
        text,
        [source_of(_("Partners on %(day)s") % {"day": last}, partners_on(report.ends_on))],
        bars(
            _("Who had signed by %(day)s") % {"day": last},
            _("Kind of partner"),
            _("Partners"),
            [(label, total.kinds[kind]) for kind, label in Kind.choices],
        ),
    )
    places = [(place, of_slice(found, Slice(place=place.pk, is_local=True))) for place in District.objects.all()]
    districts = [(place.name, here.organisations) for place, here in places if here.partners or not place.retired_at]
    county = total.organisations - of_slice(found, Slice(is_local=True)).organisations
    yield Draft(
        Section.CHARTER,
        "districts",
        _("The organisations work in every part of the county as the chart shows. One that works in two districts "
          "counts in both; those that work across Oxfordshire have a line of their own."),
        [
            source_of(
                _("Organisations on %(day)s") % {"day": last},
                partners_on(report.ends_on).exclude(kind=Kind.RESIDENT),
            )
        ],
        bars(
            _("Organisations by where they work, %(day)s") % {"day": last},
            _("District"),
            _("Organisations"),
            [*districts, (_("All of Oxfordshire"), county)],
        ),
    )  # fmt: skip


# Pledges --------------------------------------------------------------------------------------


def _pledges(report, found):
    total = of_slice(found, Slice())
    if not total.promised:
        return
    last = day_or_month(report.ends_on)
    counts = {area: of_slice(found, Slice(area=area.pk)) for area in PriorityArea.objects.all()}
    areas = [area for area in counts if not area.retired_at or counts[area].live]
    text = ngettext("On %(day)s, %(n)s pledge was live.", "On %(day)s, %(n)s pledges were live.", total.live)
    without = [said(area.short_name) for area in areas if not counts[area].promised]
    missing = _("No pledge had been made yet in %(areas)s.") % {"areas": in_a_row(without)} if without else ""
    yield Draft(
        Section.CHARTER,
        "pledges",
        " ".join(filter(None, [text % {"day": last, "n": f"{total.live:,}"}, missing])),
        [source_of(_("Pledges live on %(day)s") % {"day": last}, pledges_on(report.ends_on))],
        bars(
            _("Live pledges by priority area, %(day)s") % {"day": last},
            _("Priority area"),
            _("Pledges"),
            [(area.short_name, counts[area].live) for area in areas],
        ),
    )
    resources = [
        _resource(kind, label, row)
        for kind, label in Pledge.Commitment.choices
        if (row := total.commitments[kind]).pledges
    ]
    if resources:
        yield Draft(
            Section.CHARTER,
            "resources",
            paragraphs(_("The pledges that are live or achieved come with these resources:"), bullets(resources)),
            [source_of(_("Pledges that commit a resource"), committing_on(report.ends_on))],
        )


def _resource(kind, label, row):
    number = ngettext("in %(n)d pledge", "in %(n)d pledges", row.pledges) % {"n": row.pledges}
    if not row.stated:
        return f"{label}, {number}"
    if kind == Pledge.Commitment.MONEY:
        return f"{money(row.amount)}, {number}"
    return f"{label}: {figure(row.amount)}, {number}"


# What came of it ------------------------------------------------------------------------------


def _delivered(report, found):
    yield from _outcomes(report, of_slice(found, Slice()))
    reviews = list(reviews_between(report.starts_on, report.ends_on))
    if reviews:
        on_time = sum(bool(review.answered_then) and _is_on_time(review) for review in reviews)
        answered = sum(bool(review.answered_then) for review in reviews)
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
        rows = achieved.select_related("partner", "area").order_by(F("ended_at").asc(nulls_last=True), "pk")
        rows = list(rows[:ACHIEVED_AT_MOST])
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


def _is_on_time(review):
    return timezone.localdate(review.answered_then) <= review.due_then


def _outcomes(report, total):
    """What had come of all that was promised, and what of it could be counted."""
    if not (total.achieved or total.outcomes[Outcome.STOPPED] or any(row.reported for row in total.measures.values())):
        return
    last = day_or_month(report.ends_on)
    text = ngettext(
        "Of the %(n)s pledge that they had made by %(day)s, %(achieved)s had been achieved and %(stopped)s stopped.",
        "Of the %(n)s pledges that they had made by %(day)s, %(achieved)s had been achieved and %(stopped)s stopped.",
        total.promised,
    ) % {
        "n": f"{total.promised:,}",
        "day": last,
        "achieved": f"{total.achieved:,}",
        "stopped": f"{total.outcomes[Outcome.STOPPED]:,}",
    }
    units = {
        Measured.PEOPLE: lambda n: _("%(n)s people reached") % {"n": figure(n)},
        Measured.HOURS: lambda n: _("%(n)s hours") % {"n": figure(n)},
        Measured.MONEY: lambda n: money(n),
    }
    lines = [
        _("%(what)s, by the latest figures of %(n)s") % {
            "what": units[measured](row.reached),
            "n": ngettext("%(n)d pledge", "%(n)d pledges", row.reported) % {"n": row.reported},
        }
        for measured, row in total.measures.items()
        if row.reported
    ]  # fmt: skip
    promised = promised_on(report.ends_on).filter(partner__in=partners_on(report.ends_on))
    yield Draft(
        Section.CHARTER,
        "outcomes",
        paragraphs(
            text, lines and _("Where pledges measure what can be added up, their reviews tell of:"), bullets(lines)
        ),
        [
            source_of(_("Pledges ever made"), promised),
            source_of(_("Pledges achieved"), achieved_on(report.ends_on)),
        ],
    )


def _conclusion(report, found):
    """What it comes to, in figures; the manager says what comes next."""
    total = of_slice(found, Slice())
    if not total.partners:
        return
    achieved = achieved_between(report.starts_on, report.ends_on).count()
    live = ngettext("%(n)s pledge", "%(n)s pledges", total.live) % {"n": f"{total.live:,}"}
    done = ngettext("%(n)s pledge was achieved", "%(n)s pledges were achieved", achieved) % {"n": f"{achieved:,}"}
    text = _("At the end of this period the Charter had %(signed)s, with %(live)s under way. In the period %(done)s.")
    yield Draft(
        Section.CONCLUSION,
        "figures",
        text
        % {"signed": _organisations_and_residents(total.organisations, total.residents), "live": live, "done": done},
        [
            source_of(_("Partners on the last day"), partners_on(report.ends_on)),
            source_of(_("Pledges live on the last day"), pledges_on(report.ends_on)),
        ],
    )
