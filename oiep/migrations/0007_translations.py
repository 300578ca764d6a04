from django.db import migrations

from oiep.roles import make_manager_group


def add(apps, schema_editor):
    Translation = apps.get_model("oiep", "Translation")
    for language in ("pl", "pt", "ar"):
        Translation.objects.get_or_create(language=language)


class Migration(migrations.Migration):
    """The first translations, none of which a speaker has checked; the manager may say so of each."""

    dependencies = [("oiep", "0006_languages"), ("pledges", "0002_oiep_manager_group")]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
        migrations.RunPython(make_manager_group, migrations.RunPython.noop),
    ]
