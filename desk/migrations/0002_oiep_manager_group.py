from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """What the manager may do with lists that come in."""

    dependencies = [("desk", "0001_initial"), ("events", "0002_oiep_manager_group")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
