from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The manager writes to many."""

    dependencies = [("desk", "0003_messages")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
