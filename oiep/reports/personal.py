"""What the tables of update reports hold about people: nothing but what the partnership wrote for everybody."""

from oiep.personal import Table

REGISTER = {
    "reports.Statement": Table(plain="id section kind starts_on is_day_known ends_on order", ours="title text source"),
    "reports.UpdateReport": Table(
        plain="id slug reported_on starts_on ends_on state drafted_at reviewed_at reviewed_by is_example",
        ours="name title addressee author status",
    ),
    "reports.Paragraph": Table(
        plain="id report section key order drafted_at edited_at edited_by left_out version",
        ours="drafted sources chart edited waiting waiting_sources waiting_chart",
    ),
    "reports.Edition": Table(plain="id report number published_at published_by", ours="content why"),
}
