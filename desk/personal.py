"""What the tables of the desk hold about people."""

from oiep.personal import Rows, Table

REGISTER = {
    "desk.Import": Table(
        plain=(
            "id kind headings_row mapping is_mapped answers made uploaded_by uploaded_at rows done_by done_at"
            " undone_by undone_at"
        ),
        personal="table file_name",
        # A list that names somebody who was erased goes as a whole: it can be chosen again.
        rows=(Rows(mentions=("table", "file_name")),),
        clock="imports",
    ),
    "desk.Heading": Table(plain="id kind column", ours="key"),
}
