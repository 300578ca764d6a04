"""An update report's paragraphs as the data have them at this moment."""

import contextlib

from django.db import connection, transaction

from oiep.reports.drafting import charter, events, groups, standing

# In the order in which their paragraphs stand within a section.
WRITERS = (standing.drafts, groups.drafts, charter.drafts, events.drafts)


def drafts(report):
    """All drafts for a report, in the order of its sections. All are written from one state of the data."""
    with _one_state_of_the_data():
        found = [draft for write in WRITERS for draft in write(report)]
    order = {section: number for number, section in enumerate(type(found[0].section))} if found else {}
    return sorted(found, key=lambda draft: order[draft.section])


@contextlib.contextmanager
def _one_state_of_the_data():
    """What others change meanwhile is not seen, so that a sum and its parts agree. Within a transaction that has begun
    already, that cannot be asked for any more."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
