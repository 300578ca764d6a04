from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """What the manager may do with recognitions, blocked senders and working groups."""

    dependencies = [
        ("working_groups", "0001_initial"),
        ("partners", "0002_own_place"),
        ("pledges", "0002_oiep_manager_group"),
    ]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
