"""Notes each change of what the public may see: docs/decisions/0037."""

from django.db import migrations, models

WATCHED = (
    "partners_partner",
    "partners_partner_districts",
    "partners_partner_areas",
    "partners_district",
    "partners_priorityarea",
    "partners_sector",
    "partners_pause",
    "partners_recognition",
    "partners_recognitionkind",
    "pledges_charterversion",
    "pledges_signature",
    "pledges_pledge",
    "pledges_review",
    "pledges_duedate",
    "pledges_answer",
    "working_groups_group",
    "events_event",
    "events_event_areas",
    "events_series",
)

# The transactions that write do not wait for each other: each only adds a row. Old rows go by themselves, and what
# another transaction is just deleting is left to it.
NOTE = """
CREATE FUNCTION oiep_note_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
    dependencies = [
        ("oiep", "0007_translations"),
        ("partners", "0001_initial"),
        ("pledges", "0001_initial"),
        ("working_groups", "0001_initial"),
        ("events", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "change of data",
                "verbose_name_plural": "changes of data",
            },
        ),
        migrations.CreateModel(
            name="RequestCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("begins_at", models.DateTimeField()),
                ("number", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "count of requests",
                "verbose_name_plural": "counts of requests",
                "constraints": [
                    models.UniqueConstraint(models.F("begins_at"), models.F("source"), name="request_count_once")
                ],
            },
        ),
        migrations.RunSQL(NOTE, "DROP FUNCTION oiep_note_change()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER oiep_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION oiep_note_change()",
                f"DROP TRIGGER oiep_note_change ON {table}",
            )
            for table in WATCHED
        ),
    ]
