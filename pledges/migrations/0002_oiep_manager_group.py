from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The group that runs the scheme in admin."""

    dependencies = [
        ("pledges", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
