"""Whether what the public may see is still what it was, for whoever keeps something that was computed from it."""

from django.db.models import Count, Max

from oiep.models import DataChange


def version():
    """A mark that differs after each committed change of the data, in one query of a few hundred rows at most.

    The number of rows tells of a change that was committed after a later one: it has a smaller key.
    """
    latest = DataChange.objects.aggregate(key=Max("pk"), rows=Count("pk"))
    return f"{latest['key'] or 0}.{latest['rows']}"
