from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The manager keeps the toolkit, and introduces people to each other."""

    dependencies = [("pledges", "0008_toolkit_help_and_effects")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
