"""What a report says of itself, and the statements that the manager keeps for reports."""

from django.utils.translation import gettext as _

from oiep.reports.drafting.draft import Draft, said, source
from oiep.reports.models import Statement
from oiep.reports.sections import Section


def drafts(report):
    yield Draft(
        Section.SUMMARY,
        "period",
        _(
            "This report is an update on the progress of the Oxfordshire Inclusive Economy Partnership (OIEP), for "
            "%(name)s. It tells what was done from %(first)s."
        )
        % {"name": said(report.name), "first": report.period},
        [source(_("This report’s own period"), report)],
    )
    for statement in Statement.objects.for_period(report.starts_on, report.ends_on):
        yield Draft(
            Section(statement.section),
            f"statement/{statement.pk}",
            statement.text.strip(),
            [source(_("Statement for reports: %(title)s") % {"title": statement}, statement)],
        )
