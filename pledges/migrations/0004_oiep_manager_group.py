from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The group that runs the scheme in admin."""

    dependencies = [
        ("pledges", "0003_a_declined_change_leaves_room_for_another"),
        ("partners", "0002_directory_by_name_and_messages_to_the_partnership"),
        ("oiep", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop, elidable=False)]
