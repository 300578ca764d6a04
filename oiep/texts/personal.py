"""What the tables of texts hold about people: who wrote them, as an id."""

from oiep.personal import Table

REGISTER = {
    "texts.Wording": Table(plain="id template version changed_at changed_by", ours="words"),
    "texts.Revision": Table(plain="id subject_type subject_id at by", ours="words"),
}
