from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """Managers may look at reviews and use the levers on them."""

    dependencies = [("pledges", "0007_answers_and_evidence"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop, elidable=False)]
