"""What the tables of the desk hold about people."""

from django.utils.translation import gettext_lazy as _

from oiep.personal import Rows, Table

REGISTER = {
    "desk.Import": Table(
        plain=(
            "id kind headings_row mapping is_mapped answers made uploaded_by uploaded_at rows done_by done_at"
            " undone_by undone_at asking_by"
        ),
        personal="table file_name",
        # A list that names somebody who was erased goes as a whole: it can be chosen again.
        rows=(Rows(mentions=("table", "file_name")),),
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
