from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The manager decides on stories and looks after them."""

    dependencies = [("pledges", "0006_stories")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
