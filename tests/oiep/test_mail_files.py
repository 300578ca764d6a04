import email

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from oiep import email as mail
from tests.factories import OutgoingEmailFactory


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "oiep.mail_files.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return settings.EMAIL_FILE_PATH


@pytest.mark.django_db
def test_file_says_when_to_whom_and_what_about_and_opens_as_a_message(folder, time_machine):
    time_machine.move_to("2027-07-01 09:05:07Z", tick=False)  # summer time in Oxford
    row = OutgoingEmailFactory(
        to="jo@example.org", subject_line="Confirm your signature: one step left", text="Hallo Ŵyn."
    )
    assert mail.send_due() == 1
    (file,) = folder.iterdir()
    assert file.name == "2027-07-01 10.05.07 jo@example.org - Confirm your signature one step left.eml"
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["Message-ID"] == row.message_id
    assert message.get_body(["plain"]).get_content() == "Hallo Ŵyn."


def test_same_second_same_reader_same_subject_makes_two_files(folder, time_machine):
    time_machine.move_to("2027-01-01 09:00Z", tick=False)
    message = EmailMultiAlternatives("Hello", "text", to=["jo@example.org"])
    assert get_connection().send_messages([message, message]) == 2
    assert sorted(file.name for file in folder.iterdir()) == [
        "2027-01-01 09.00.00 jo@example.org - Hello (2).eml",
        "2027-01-01 09.00.00 jo@example.org - Hello.eml",
    ]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "x" * 400, "\u202e", "CON: <|>?*"])
def test_file_stays_in_its_folder_whatever_the_words(folder, tmp_path, name):
    message = EmailMultiAlternatives(name, "text", to=[f'"{name}"@example.org'])
    get_connection().send_messages([message])
    (file,) = folder.iterdir()
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]
    assert len(file.name.encode()) <= 255
    assert file.name.endswith(".eml")
