from django.contrib.auth import get_user_model
from django.core.management import call_command

from partners.models import Partner, PriorityArea


def test_preparing_loads_and_says_what_to_know(db, capsys, settings, tmp_path):
    settings.EMAIL_BACKEND = "oiep.mail_files.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    call_command("prepare", examples=True)
    said = capsys.readouterr().out
    assert PriorityArea.objects.exists()
    assert Partner.objects.listed().exists()
    assert "  manager@example.org   runs the scheme, in admin\n" in said
    assert f"E-mails are written as files to {tmp_path}/\n" in said


def test_preparing_without_examples_says_who_may_use_admin(db, capsys):
    call_command("prepare")
    assert "createsuperuser" in capsys.readouterr().out
    get_user_model().objects.create_superuser("boss@example.com", "a long password")
    call_command("prepare")
    assert "Accounts that may use admin: boss@example.com.\n" in capsys.readouterr().out
    assert not Partner.objects.exists()
