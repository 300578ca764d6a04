from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The manager may erase somebody who asks for it by letter."""

    dependencies = [("oiep", "0003_erasure"), ("pledges", "0002_oiep_manager_group")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
