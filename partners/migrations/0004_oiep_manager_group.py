from django.db import migrations

from oiep.roles import make_manager_group


class Migration(migrations.Migration):
    """The manager settles reports of messages."""

    dependencies = [
        ("partners", "0003_messages_settled"),
        ("pledges", "0002_oiep_manager_group"),
    ]

    operations = [migrations.RunPython(make_manager_group, migrations.RunPython.noop)]
