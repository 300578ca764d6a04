"""Lists that come in: the columns of each kind, and what a list would do.

A list is planned first, without a change: what each row would bring, and what is wrong with it, in plain words.
`desk.actions.imports` plans again under locks, and writes all of it or nothing.
"""

from desk.imports.events import EVENTS
from desk.imports.groups import GROUPS
from desk.imports.partners import PARTNERS
from desk.imports.pledges import PLEDGES
from desk.models import Import

KINDS = {
    Import.Kind.PARTNERS: PARTNERS,
    Import.Kind.PLEDGES: PLEDGES,
    Import.Kind.GROUPS: GROUPS,
    Import.Kind.EVENTS: EVENTS,
}
