from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """What the manager may do with update reports."""

    dependencies = [("reports", "0001_initial"), ("events", "0005_desk")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
