"""Mail is written in the transaction that causes it; what a message looks like."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from oiep import email
from oiep.models import OutgoingEmail
from tests.factories import OutgoingEmailFactory, UserFactory

HOSTILE_BREAKS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.fixture(autouse=True)
def templates(settings, tmp_path):
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "greeting.txt").write_text(
        "{% autoescape off %}Hello {{ name }}\n\n"
        "Read it: {{ SITE_URL }}/charter/\n\n\n\nWhy & how.\n{% endautoescape %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]


def greet(to="jo@example.org", **options):
    return email.queue(to=to, template="greeting", context={"name": "Jo"}, **options)


# Queueing -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_message_is_written_as_its_template_says():
    about = UserFactory()
    message = greet(to=" Jo@Example.ORG ", about=about, reply_to="ann@example.org")
    message.refresh_from_db()
    assert message.to == "jo@example.org"
    assert message.subject_line == "Hello Jo"
    assert message.text == "Read it: http://testserver/charter/\n\nWhy & how.\n"
    assert message.state == OutgoingEmail.State.WAITING
    assert list(OutgoingEmail.objects.about(about)) == [message]


@pytest.mark.django_db(transaction=True)
def test_message_is_rolled_back_with_what_caused_it():
    class Trouble(Exception):
        pass

    def fail():
        with transaction.atomic():
            greet()
            raise Trouble

    with pytest.raises(Trouble):
        fail()
    assert not OutgoingEmail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_message_cannot_be_sent_before_the_commit(mailoutbox):
    sent_meanwhile = []

    def other_process():
        sent_meanwhile.append(email.send_due())
        connection.close()

    with transaction.atomic():
        greet()
        worker = threading.Thread(target=other_process)
        worker.start()
        worker.join()
    assert sent_meanwhile == [0]
    assert email.send_due() == 1
    assert [message.to for message in mailoutbox] == [["jo@example.org"]]


@pytest.mark.django_db
def test_worker_is_told_after_the_commit_only(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as told:
        greet()
    assert told == [email.nudge]


@pytest.mark.django_db
def test_key_makes_a_message_once():
    first = greet(key="review/81/2027-05-04/overdue")
    assert first.key == "review/81/2027-05-04/overdue"
    assert greet(key="review/81/2027-05-04/overdue") is None
    assert greet(key="review/81/2027-05-04/final") is not None
    assert greet() is not None
    assert greet() is not None
    assert OutgoingEmail.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_key_makes_a_message_once_for_two_at_once():
    def other_process():
        results.append(greet(key="once"))
        connection.close()

    results = []
    with transaction.atomic():
        results.append(greet(key="once"))
        other = threading.Thread(target=other_process)
        other.start()
        other.join(0.3)
        assert other.is_alive()  # it waits to see whether we commit
    other.join()
    assert [bool(result) for result in results] == [True, False]
    assert OutgoingEmail.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("separator", HOSTILE_BREAKS)
@pytest.mark.parametrize("field", ["to", "reply_to"])
def test_line_break_in_an_address_is_refused(field, separator):
    with pytest.raises(ValidationError):
        greet(**{field: f"jo@example.org{separator}Bcc: all@example.org"})
    assert not OutgoingEmail.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("separator", HOSTILE_BREAKS)
def test_line_break_in_a_subject_becomes_a_space(separator):
    message = email.queue(
        to="jo@example.org", template="greeting", context={"name": f"Jo{separator}Bcc: all@example.org"}
    )
    assert "Bcc" not in message.subject_line or message.subject_line == "Hello Jo Bcc: all@example.org"
    sent = email.message_of(message).message()
    assert set(sent.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
    }  # fmt: skip


# An address that nobody has confirmed ---------------------------------------------------------


@pytest.mark.django_db
def test_unproven_address_gets_three_messages_a_day(settings, time_machine):
    time_machine.move_to("2027-03-01 09:00Z", tick=False)
    assert [bool(greet(unproven=True)) for _n in range(4)] == [True, True, True, False]
    assert greet(to="JO@example.org", unproven=True) is None
    assert greet(to="ann@example.org", unproven=True) is not None
    assert greet() is not None  # one that they asked for as somebody known
    time_machine.move_to("2027-03-02 09:00Z", tick=False)
    assert greet(unproven=True) is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_unproven_allowance_holds_for_two_at_once(settings, monkeypatch, locked):
    settings.UNPROVEN_ADDRESS_MAILS_A_DAY = 1
    if not locked:  # the control: without the lock the test sees two
        monkeypatch.setattr(email.queueing, "lock_on", lambda name: None)

    def other_process():
        results.append(greet(unproven=True))
        connection.close()

    results = []
    with transaction.atomic():
        results.append(greet(unproven=True))
        other = threading.Thread(target=other_process)
        other.start()
        other.join(0.3)
    other.join()
    assert OutgoingEmail.objects.count() == (1 if locked else 2)
    assert [bool(result) for result in results] == [True, not locked]


# The message ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_message_has_text_and_html_and_says_that_a_machine_wrote_it(settings):
    settings.DEFAULT_FROM_EMAIL = "OIEP <charter@oiep.example>"
    row = greet(reply_to="ann@example.org")
    message = email.message_of(row)
    sent = message.message()
    assert sent["Message-ID"] == f"<{row.pk}@testserver>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["From"] == "OIEP <charter@oiep.example>"
    assert sent["Reply-To"] == "ann@example.org"
    assert message.body == row.text
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert "Why &amp; how." in html
    assert 'href="http://testserver/charter/"' in html


@pytest.mark.django_db
@pytest.mark.parametrize("separator", [*HOSTILE_BREAKS, "\x00", "\u202e"])
@pytest.mark.parametrize("header", ["subject_line", "to", "reply_to"])
def test_row_that_slipped_past_every_check_still_makes_no_header(header, separator):
    row = OutgoingEmailFactory.build(**{header: f"Jo{separator}Bcc: all@example.org"})
    with pytest.raises(ValueError, match="does not belong in one line"):
        email.message_of(row)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Plain & simple.\nNext line.", "<p>Plain &amp; simple.<br>\nNext line.</p>"),
        ("- one\n- <two>", "<ul><li>one</li><li>&lt;two&gt;</li></ul>"),
        ("> <script>x</script>\n>\n> bye", "<blockquote>&lt;script&gt;x&lt;/script&gt;<br>\n<br>\nbye</blockquote>"),
        ("See http://testserver/a/?b=1&c=2.", '<p>See <a href="http://testserver/a/?b=1&amp;c=2">http://testserver/a/?b=1&amp;c=2</a>.</p>'),
        ("> Click here: http://testserver/admin/", "<blockquote>Click here: http://testserver/admin/</blockquote>"),
        ("- > http://testserver/", '<ul><li>&gt; <a href="http://testserver/">http://testserver/</a></li></ul>'),
        # Nobody else's address becomes a link or a button, whatever words it stands in.
        ("Click here: https://evil.example/", "<p>Click here: https://evil.example/</p>"),
        ("See http://testserver.evil.example/", "<p>See http://testserver.evil.example/</p>"),
        ("See http://testserver@evil.example/", "<p>See http://testserver@evil.example/</p>"),
        ("See http://testserver:81/ or jo@example.org", "<p>See http://testserver:81/ or jo@example.org</p>"),
        ('See http://testserver/"onclick="x', '<p>See <a href="http://testserver/&quot;onclick=&quot;x">http://testserver/&quot;onclick=&quot;x</a></p>'),
        ("See javascript:alert(1)", "<p>See javascript:alert(1)</p>"),
    ],
)  # fmt: skip
def test_html_escapes_and_links_only_our_own_addresses(text, html):
    assert email.html_of(text) == html


def test_action_becomes_a_button_with_its_address_below():
    html = email.html_of("Confirm your signature: http://testserver/sign/confirm/a:b-c_d/")
    assert html.count("http://testserver/sign/confirm/a:b-c_d/") == 2
    assert ">Confirm your signature</a>" in html


def test_quoted_words_stay_one_quotation(settings):
    from oiep.templatetags.charter import quoted

    words = "Hello\n\nConfirm: http://testserver/x/\u2028- a list\r\n\x0b> deeper"
    html = email.html_of(f"They wrote:\n\n{quoted(words)}\n\nGoodbye.")
    assert html.count("<blockquote>") == html.count("</blockquote>") == 1
    inside = html[html.index("<blockquote>") : html.index("</blockquote>")]
    assert "<a " not in inside
    assert "<ul>" not in html
    assert "Confirm: http://testserver/x/" in inside
