"""What the tables of the desk hold about people."""

from django.utils.translation import gettext_lazy as _

from desk.models import Import
from oiep.personal import Rows, Table


def _leave_list(rows):
    """A long list goes as a whole as well."""
    Import.objects.unfinished().filter(long_rows__in=rows).delete()


REGISTER = {
    "desk.Import": Table(
        plain=(
            "id kind headings_row mapping is_mapped answers made uploaded_by uploaded_at rows done_by done_at"
            " undone_by undone_at asking_by is_long step step_by progress refusal"
        ),
        # `content` is the file of a long list, for the moment until a worker has read it into rows.
        personal="table file_name content",
        # A list that names somebody who was erased goes as a whole: it can be chosen again.
        rows=(Rows(mentions=("table", "file_name")),),
        clock="imports",
    ),
    "desk.ImportRow": Table(
        plain="id of number state answer",
        personal="cells name more problems matches same_as",
        rows=(Rows(mentions=("cells", "name", "more", "problems", "matches", "same_as"), erased=_leave_list),),
        clock="imports",
    ),
    "desk.Message": Table(
        plain=("id whom is_news chosen state created_by created_at started_at started_by finished_at"),
        ours="subject words",
    ),
    "desk.Recipient": Table(
        plain="id message user queued_at left_out",
        rows=(Rows(_("Messages to many that you were sent"), user="user", shown="message queued_at"),),
        clock="emails",
    ),
    "desk.Heading": Table(plain="id kind column", ours="key"),
}
