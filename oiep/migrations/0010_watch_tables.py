"""What notes the changes of the tables that `oiep.changes.watch_tables` watches: docs/decisions/0061."""

from django.db import migrations

# As in 0008, whose triggers stay as they are: only a row is added, so that nobody waits, and old rows go by themselves.
NOTE = """
CREATE FUNCTION oiep_note_public_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    mark bigint;
BEGIN
    INSERT INTO oiep_datachange DEFAULT VALUES RETURNING id INTO mark;
    IF mark % 200 = 0 THEN
        DELETE FROM oiep_datachange WHERE id IN
            (SELECT id FROM oiep_datachange WHERE id <= mark - 200 FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN NULL;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("oiep", "0009_news_and_work")]

    operations = [migrations.RunSQL(NOTE, "DROP FUNCTION oiep_note_public_change() CASCADE")]
