"""Residents who do not answer for two years: nothing of who they were is left, and their pledge still counts."""

import pytest
from django.core.files.storage import storages
from django.db import connection

from oiep import audit
from oiep.day import run_day
from oiep.models import AuditEvent, OutgoingEmail, User
from pledges.actions import reviews
from pledges.actions.forgetting import residents_to_forget
from pledges.figures import totals
from pledges.models import Evidence
from tests.factories import (
    AnswerFactory,
    ContactMessageFactory,
    EvidenceFactory,
    JoinRequestFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    ReviewFactory,
    SignatureFactory,
    SigningFactory,
    UserFactory,
)
from tests.pledges.days import date, letters, morning_of, newest, on, pass_days, send_in

pytestmark = pytest.mark.django_db

SIGNED = date("2026-05-04")
TOKEN = "zyxwvut"


def resident(**fields):
    with on(SIGNED):
        return ResidentFactory(approved=True, lead=UserFactory(), **fields)


def mornings(*days):
    pass_days([date(day) for day in days], run=run_day)


# When -----------------------------------------------------------------------------------------


def test_two_mails_and_a_year_of_silence_after_each():
    partner = resident()
    mornings("2027-05-04", "2028-05-04", "2029-05-03")
    partner.refresh_from_db()
    assert partner.next_round_on == date("2030-05-04")
    mornings("2029-05-04")
    partner.refresh_from_db()
    assert (partner.name, partner.next_round_on) == ("A resident", None)
    assert letters(partner) == [("2027-05-04", "yearly"), ("2028-05-04", "yearly")]
    assert set(OutgoingEmail.objects.values_list("to", "subject_line", "text")) == {("", "", "")}
    mornings("2030-05-04", "2031-05-04")
    assert OutgoingEmail.objects.filter(template="review_yearly").count() == 2


def test_second_mail_says_when_and_the_first_does_not(mailbox):
    partner = resident()
    mornings("2027-05-04", "2028-05-04")
    with on(date("2028-05-04")):
        first, second = (message.body for message in mailbox() if message.to == [partner.lead.user.email])
    assert "erase" not in first
    assert (
        "If we hear nothing before 4 May 2029, we will erase your name, your e-mail address and your own words."
        in second
    )


def test_late_second_mail_gives_the_whole_year_and_the_third_keeps_its_word(mailbox):
    partner = resident()
    mornings("2027-05-04", "2028-05-20", "2029-05-04", "2029-05-19")
    with on(date("2029-05-19")):
        third = [message.body for message in mailbox() if message.to == [partner.lead.user.email]][2]
    assert "If we hear nothing before 20 May 2029" in third
    partner.refresh_from_db()
    assert partner.next_round_on
    mornings("2029-05-20")
    partner.refresh_from_db()
    assert partner.next_round_on is None


def test_answer_begins_the_count_anew():
    partner = resident()
    pass_days(
        [date(day) for day in ("2027-05-04", "2028-05-04", "2029-05-04", "2030-05-04", "2031-05-03")],
        [(date("2028-06-01"), lambda: send_in(partner))],
        run=run_day,
    )
    partner.refresh_from_db()
    assert partner.next_round_on
    mornings("2031-05-04")
    partner.refresh_from_db()
    assert partner.next_round_on is None


def test_nobody_is_forgotten_who_was_not_asked():
    partner = resident()
    # Reviews open, and the scheduler stops before the day on which we would have written.
    mornings("2027-04-10", "2028-04-10", "2029-04-10", "2030-04-10", "2031-04-10")
    partner.refresh_from_db()
    assert partner.next_round_on
    assert not residents_to_forget(date("2031-04-10")).exists()


def test_refused_mail_counts_as_asked_and_a_withheld_one_does_not():
    partner = resident()
    mornings("2027-05-04", "2028-05-04")
    mails = OutgoingEmail.objects.filter(template="review_yearly")
    for state, expected in [("failed", True), ("not_sent", False)]:
        mails.update(state=state, sent_at=None, reason="550 No such mailbox")
        assert residents_to_forget(date("2029-05-04")).filter(pk=partner.pk).exists() is expected


def test_paused_withdrawn_and_organisations_are_not_forgotten(manager):
    paused, withdrawn = resident(), resident()
    with on(SIGNED):
        organisation = PartnerFactory(approved=True, lead=True)
    mornings("2027-05-04", "2028-05-04")
    with on(date("2029-05-01")):
        reviews.pause(partner=paused, until=date("2029-06-01"), actor=manager)
        withdrawn.withdrawn_at, withdrawn.withdrawn_by = withdrawn.approved_at, manager
        withdrawn.save()
        assert not residents_to_forget(date("2029-05-04")).exists()
        assert run_day(date("2029-05-04"))["forgotten"] == 0
        assert organisation.lead


# What -----------------------------------------------------------------------------------------


def every_text_in_the_database():
    """Each row of each table, as the database writes it: table → texts."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


def tables_with(token):
    return sorted(
        table for table, rows in every_text_in_the_database().items() if any(token in row.lower() for row in rows)
    )


def words(number):
    return f"{TOKEN} {number}"


@pytest.fixture
def known(manager):
    """A resident of whom we know all that we can know, each with a token, and who has been silent for two years."""
    user = UserFactory(email=f"{TOKEN}@example.org", name=words(1))
    with on(SIGNED):
        partner = ResidentFactory(
            approved=True, lead=user, name=words(2), show_name=True, description=words(3),
            website=f"https://{TOKEN}.example", decision_message=words(4),
        )  # fmt: skip
        idea = PledgeIdeaFactory(kinds=["resident"], measure="Hours", unit="hours")
        PledgeFactory(
            approved=True, partner=partner, idea=idea, area=idea.area, statement=words(5), measure="Hours",
            unit="hours", target=40, commitment="hours", commitment_amount=40, commitment_note=words(6),
        )  # fmt: skip
        PledgeFactory(approved=True, partner=partner, statement=words(7), measure=words(8), unit=TOKEN, target=3)
        PledgeFactory(stopped=True, partner=partner, statement=words(9), ending_reason=words(10))
        PledgeFactory(declined=True, partner=partner, statement=words(11), decision_message=words(12))
        signature = SignatureFactory(
            partner=partner, signer=user, signer_name=words(13), signer_job_title=words(14),
            awaits_approval_of=words(15), approval_url=f"https://{TOKEN}.example/minutes",
        )  # fmt: skip
        SigningFactory(
            confirmed=True,
            resident=True,
            signature=signature,
            email=user.email,
            answers={"person": {"name": words(16)}},
        )
        SigningFactory(declared=True, resident=True, email=user.email, answers={"person": {"name": words(17)}})
        ProfileChangeFactory(submitted=True, partner=partner, proposed_by=user, values={"description": words(18)})
        JoinRequestFactory(partner=partner, job_title=words(19))
        OutgoingEmail.objects.create(
            to="other@example.org", reply_to=user.email, template="contact_message", text=words(24), subject_line="A"
        )
        OutgoingEmail.objects.create(to=user.email, template="login_code", subject_line=words(25), text=words(26))
        audit.record(verb="partner.changed", subject=partner, actor=user, note=words(27))
        audit.record(verb="pledge.changed", subject=partner.pledges.first(), actor=manager, note=words(28))
    with on(date("2026-08-01")):
        answered = ReviewFactory(
            approved=True, partner=partner, round_on=date("2026-08-01"), decision_message=words(29),
            explanation=words(30), recruitment=words(31), retention=words(32), diversity=words(33),
            help_wanted=words(34),
        )  # fmt: skip
        answered.due_dates.update(reason=words(35))
        pledge = partner.pledges.first()
        answer = AnswerFactory(
            review=answered, pledge=pledge, words=words(36), reason=words(37), evidence_url=f"https://{TOKEN}.example",
            new_values={"statement": words(38)}, figure=12,
        )  # fmt: skip
        AnswerFactory(review=answered, pledge=None, words=words(39), new_values={"statement": words(40)})
        EvidenceFactory(answer=answer, name=words(41))
        partner.pauses.create(starts_on=date("2026-08-02"), until=date("2026-08-03"), set_by=manager, reason=words(42))
    mornings("2027-05-04", "2028-05-04")
    with on(date("2029-04-20")):
        JoinRequestFactory(user=user, partner=PartnerFactory(), refused=True, job_title=words(20))
        ContactMessageFactory(partner=partner, message=words(21))
        ContactMessageFactory(partner=partner, email=user.email, name=words(22), message=words(23))
        run_day()
        review = newest(partner)
        AnswerFactory(review=review, pledge=pledge, words=words(43))
    return partner


def test_nothing_of_who_they_were_is_left_in_any_table(known, django_capture_on_commit_callbacks):
    before = tables_with(TOKEN)
    file = Evidence.objects.get().file.name
    assert storages["private"].exists(file)
    assert before == sorted({
        "oiep_auditevent", "oiep_outgoingemail", "oiep_user", "partners_contactmessage", "partners_joinrequest",
        "partners_partner", "partners_pause", "partners_profilechange", "pledges_answer", "pledges_duedate",
        "pledges_evidence", "pledges_pledge", "pledges_review", "pledges_signature", "pledges_signing",
    })  # fmt: skip
    with on(date("2029-05-04")), django_capture_on_commit_callbacks(execute=True):
        assert run_day()["forgotten"] == 1
    assert tables_with(TOKEN) == []
    assert not storages["private"].exists(file)


def test_pledge_stays_as_a_number(known):
    before = totals()
    with on(date("2029-05-04")):
        run_day()
    assert totals() == before == {"organisations": 0, "residents": 1, "pledges": 2}
    known.refresh_from_db()
    assert str(known) == "A resident of Oxfordshire"
    from_idea, own = known.pledges.counted().order_by("pk")
    assert (from_idea.statement, from_idea.target, from_idea.commitment_amount) == (from_idea.idea.statement, 40, 40)
    assert (own.statement, own.measure, own.target) == ("A pledge of a resident who is no longer in touch.", "", None)
    assert known.reviews.get(answered_at__isnull=False).answers.get().figure == 12


def test_trail_says_what_was_done_and_not_to_whom(known):
    user = known.lead.user.pk
    with on(date("2029-05-04")):
        run_day()
    assert str(User.objects.get(pk=user)) == "Somebody who has left"
    event = AuditEvent.objects.get(verb="partner.forgotten")
    assert (event.subject_id, event.actor, event.note, event.data) == (str(known.pk), None, "", {})
    assert AuditEvent.objects.filter(verb="partner.changed", actor=user, note="").exists()
    closed = newest(known)
    assert (closed.closing, closed.is_open) == ("forgotten", False)


def test_waiting_mail_to_the_forgotten_is_not_sent(known, mailbox):
    with on(date("2029-05-03")):
        OutgoingEmailFactory(to=f"{TOKEN}@example.org", due_at=morning_of(date("2030-01-01")))
    with on(date("2029-05-04")):
        run_day()
        before = len(mailbox())
    with on(date("2030-02-01")):
        assert len(mailbox()) == before


def test_account_that_is_used_for_something_else_stays():
    partner = resident()
    user = partner.lead.user
    MembershipFactory(user=user)
    mornings("2027-05-04", "2028-05-04", "2029-05-04")
    user.refresh_from_db()
    assert user.is_active
    assert [membership.partner.kind for membership in user.memberships.all()] == ["business"]
    assert OutgoingEmail.objects.about(newest(partner)).exclude(to="").count() == 0


def test_account_that_decided_something_stays_without_a_name():
    partner = resident()
    user = partner.lead.user
    JoinRequestFactory(accepted=True, answered_by=user)
    mornings("2027-05-04", "2028-05-04", "2029-05-04")
    user.refresh_from_db()
    assert (user.name, user.is_active, user.has_usable_password()) == ("Somebody who has left", False, False)
    assert user.email == f"erased-{user.pk}@invalid.invalid"


def test_forgetting_twice_is_forgetting_once(known):
    with on(date("2029-05-04")):
        assert [run_day()["forgotten"] for _n in range(2)] == [1, 0]
    assert AuditEvent.objects.filter(verb="partner.forgotten").count() == 1
