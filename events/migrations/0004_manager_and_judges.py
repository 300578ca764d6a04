from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """What the manager may do with invitations to judge."""

    dependencies = [("events", "0003_judging"), ("working_groups", "0002_oiep_manager_group")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
