"""Who may open what in admin, what each page shows, and that looking changes nothing."""

import datetime
import re

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oiep import audit
from oiep.models import AuditEvent, User
from oiep.moderation import Move
from oiep.roles import MANAGER, make_manager_group
from oiep.texts.models import Wording
from pledges.actions.moderation import Decision, decide
from tests.factories import (
    BlockedSenderFactory,
    ContactMessageFactory,
    DeclineReasonFactory,
    DistrictFactory,
    EventFactory,
    GroupMemberFactory,
    ImportFactory,
    MembershipFactory,
    MessageToManyFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    PhotographFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    ReviewFactory,
    SectorFactory,
    SeriesFactory,
    SignatureFactory,
    SigningFactory,
    StatementFactory,
    UpdateReportFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LISTS = {
    "oiep": ["auditevent", "outgoingemail", "translation", "user"],
    "partners": ["blockedsender", "contactmessage", "declinereason", "district", "partner", "priorityarea", "sector"],
    "pledges": ["case", "charterversion", "pledge", "pledgeidea", "review", "signature", "signing"],
    "working_groups": ["group", "groupmember"],
    "events": ["event", "series"],
    "desk": ["import", "message"],
    "texts": ["wording"],
    "reports": ["statement", "updatereport"],
}
REFERENCE = ["partners_declinereason", "partners_district", "partners_priorityarea", "partners_sector"]
GROUPS = ["working_groups_group", "working_groups_groupmember"]
EVENTS = ["events_event", "events_series"]
ADDED_BY_HAND = [
    *REFERENCE,
    *GROUPS,
    *EVENTS,
    "desk_import",
    "desk_message",
    "pledges_charterversion",
    "pledges_pledgeidea",
    "reports_statement",
    "reports_updatereport",
]
DELETED = ["partners_blockedsender"]
ALL = [f"{app}_{model}" for app, models in LISTS.items() for model in models]


@pytest.fixture
def client(client_of, manager):
    return client_of(manager)


@pytest.fixture
def everything(db, manager):
    """At least one row of each model that admin shows."""
    partner = PartnerFactory(submitted=True, lead=True)
    SignatureFactory(partner=partner)
    decide(decisions=[Decision(partner, Move.APPROVE)], actor=manager)
    ProfileChangeFactory(submitted=True, partner=partner)
    old = PledgeFactory(approved=True, partner=partner)
    PledgeFactory(submitted=True, partner=partner, replaces=old)
    ReviewFactory()
    ResidentFactory(submitted=True, lead=True)
    BlockedSenderFactory()
    ContactMessageFactory()
    DeclineReasonFactory()
    DistrictFactory()
    SectorFactory()
    PledgeIdeaFactory()
    SigningFactory()
    SigningFactory(declared=True)
    OutgoingEmailFactory(failed=True)
    ImportFactory()
    MessageToManyFactory()
    StatementFactory()
    UpdateReportFactory()
    Wording.objects.create(template="email/erased.txt")
    GroupMemberFactory(shown=True)
    PhotographFactory(event=EventFactory(past=True, series=SeriesFactory()))


def rows_of(name):
    app, model = name.rsplit("_", 1)
    return apps.get_model(app, model)._default_manager.all()


def test_manager_adds_and_deletes_only_where_it_is_meant(client, everything):
    for name in ALL:
        row = rows_of(name).first()
        may_add = client.get(reverse(f"admin:{name}_add")).status_code
        assert may_add == (200 if name in ADDED_BY_HAND else 403), name
        delete = reverse(f"admin:{name}_delete", args=[row.pk])
        assert client.get(delete).status_code == (200 if name in DELETED else 403), name
        assert client.post(delete, {"post": "yes"}).status_code == (302 if name in DELETED else 403), name


@pytest.mark.parametrize("name", [name for name in ALL if name not in [*ADDED_BY_HAND, "partners_partner"]])
def test_manager_cannot_rewrite_what_comes_from_others(client, everything, name):
    row = rows_of(name).first()
    if name in ("pledges_case", "pledges_signature"):  # decided on, and its board's decision added: nothing else
        before = rows_of(name).values().get(pk=row.pk)
        client.post(
            reverse(f"admin:{name}_change", args=[row.pk]), {"name": "X", "reference": "X", "state": "approved"}
        )
        assert rows_of(name).values().get(pk=row.pk) == before
    else:
        assert client.post(reverse(f"admin:{name}_change", args=[row.pk]), {"name": "X"}).status_code == 403


def test_manager_cannot_touch_anybodys_rights(client, manager):
    victim = UserFactory()
    rights = {"email": manager.email, "is_staff": "on", "is_superuser": "on", "is_active": "on"}
    for user in (manager, victim):
        page = reverse("admin:oiep_user_change", args=[user.pk])
        assert client.get(page).status_code == 200
        assert client.post(page, rights).status_code == 403
        assert client.get(reverse("admin:oiep_user_delete", args=[user.pk])).status_code == 403
    assert client.post(reverse("admin:oiep_user_add"), {"email": "new@example.org", **rights}).status_code == 403
    for page in ("changelist", "add"):
        assert client.get(reverse(f"admin:auth_group_{page}")).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()
    assert not manager.user_permissions.exists()


def test_superuser_gives_and_takes_rights(client_of):
    root = User.objects.create_superuser("root@example.org", None)
    client = client_of(root)
    group = Group.objects.filter(name=MANAGER).first() or make_manager_group()
    data = {"email": " Mary@Example.org", "name": "Mary", "is_active": "on", "is_staff": "on", "groups": [group.pk]}
    assert client.post(reverse("admin:oiep_user_add"), data).status_code == 302
    mary = User.objects.get(email="mary@example.org")
    assert mary.has_perm("pledges.change_case")
    assert not mary.has_usable_password()
    assert [event.verb for event in audit.trail(mary)] == ["user.added"]
    client.post(reverse("admin:oiep_user_change", args=[mary.pk]), {**data, "email": mary.email, "groups": []})
    assert not User.objects.get(pk=mary.pk).has_perm("pledges.change_case")
    assert audit.trail(mary).first().data == {"fields": ["groups"]}


# The group ------------------------------------------------------------------------------------


def test_group_of_the_manager_has_no_right_over_rights():
    codenames = set(make_manager_group().permissions.values_list("content_type__app_label", "codename"))
    assert {app for app, _codename in codenames} == {*LISTS}
    parts = [
        "attendance",
        "consent",
        "storypicture",
        "decision",
        "contributor",
        "programmeitem",
        "learningpoint",
        "photograph",
        "material",
    ]
    parts += ["category", "criterion", "judge", "interest"]
    may_delete = {f"delete_{model}" for model in (*parts, "blockedsender")}
    assert {codename for _app, codename in codenames if codename.startswith("delete_")} == may_delete
    assert {codename for _app, codename in codenames if codename.endswith("_user")} == {"view_user", "erase_user"}


def test_group_is_made_once_and_gets_what_it_lacks():
    group = make_manager_group()
    group.permissions.remove(Permission.objects.get(codename="change_case"))
    assert make_manager_group() == group
    assert group.permissions.filter(codename="change_case").exists()
    assert Group.objects.filter(name=MANAGER).count() == 1


# Ways in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/admin/", "/admin/pledges/case/", "/admin/partners/partner/", "/admin/login/"])
def test_stranger_signs_in_first_where_everybody_does(page):
    answer = Client().get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    assert "next=" in answer.redirect_chain[-1][0]
    assert "Inclusive Economy Charter: manager" not in answer.text


def test_after_signing_in_the_page_that_was_asked_for_comes(client_of):
    answer = Client().get("/admin/pledges/case/?urgency=red")
    login = Client().get(answer.url)
    assert login.url.endswith("?next=%2Fadmin%2Fpledges%2Fcase%2F%3Furgency%3Dred")


def test_partner_is_told_kindly_that_admin_is_not_theirs(client_of):
    client = client_of(MembershipFactory().user)
    for page in ("/admin/", "/admin/pledges/case/"):
        answer = client.get(page, follow=True)
        assert answer.status_code == 403
        assert "This page is not open to you" in answer.text


def test_staff_without_rights_see_a_desk_that_says_so(client_of):
    client = client_of(UserFactory(is_staff=True))
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "There is nothing here that you may see." in page.text
    assert "Waiting for your decision" not in page.text
    for name in ALL:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403


# The desk -------------------------------------------------------------------------------------


def desk_figures(page):
    """Each figure of the desk with the address that it leads to."""
    return re.findall(r'<a [^>]*?href="([^"]+)"><b>(\d+)</b>', page.text) + re.findall(
        r'<a href="([^"]+)">(\d+) with', page.text
    )


def test_figures_of_the_desk_say_what_waits_and_for_how_long(client, everything):
    for days in (8, 12, 14, 30):
        partner = PartnerFactory(submitted=True, submitted_at=timezone.now() - datetime.timedelta(days=days))
        PledgeFactory(submitted=True, partner=partner)
    MembershipFactory(partner=PartnerFactory(approved=True), ended_at=timezone.now())
    ContactMessageFactory(reported_at=timezone.now(), reported_by=UserFactory())
    figures = desk_figures(client.get("/admin/"))
    assert len(figures) > 19
    assert dict(figures)["/admin/partners/contactmessage/?figure=message-reported"] == "1"
    assert "/admin/partners/partner/?figure=no-lead" in dict(figures)
    assert sum(int(figure) for _address, figure in figures[1:4]) == int(figures[0][1]) == 6


def test_desk_leads_to_the_oldest_and_to_what_failed(client, everything):
    page = client.get("/admin/").text
    assert re.search(r'<a class="button" href="/admin/pledges/case/\d+/change/">Start with the oldest</a>', page)
    assert "1</b> e-mail that could not be sent" in page
    assert 'href="/sign/?assisted=paper"' in page
    assert "Partner: approved" in page


def test_desk_is_glad_when_nothing_waits(client):
    page = client.get("/admin/").text
    assert "Nothing waits. Everything has been decided." in page
    assert "There is none yet." in page


@pytest.mark.parametrize("many", [1, 6])
def test_desk_asks_the_same_number_of_queries_however_many_wait(client, manager, many, django_assert_num_queries):
    for _n in range(many):
        PartnerFactory(submitted=True, lead=True)
        standing = PartnerFactory(submitted=True, lead=True)
        PledgeFactory(submitted=True, partner=standing)
        decide(decisions=[Decision(standing, Move.APPROVE)], actor=manager)
        pledge = PledgeFactory(submitted=True, partner=standing)
        decide(decisions=[Decision(pledge, Move.DECLINE, "No.")], actor=manager)
        review = ReviewFactory(submitted=True, partner=standing)
        decide(decisions=[Decision(review, Move.DECLINE, "No.")], actor=manager)
        change = ProfileChangeFactory(submitted=True, partner=standing)
        decide(decisions=[Decision(change, Move.DECLINE, "No.")], actor=manager)
        ProfileChangeFactory(submitted=True, partner=standing)
    client.get("/admin/")
    with django_assert_num_queries(14):
        client.get("/admin/")


# Lists ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("partners_partner", lambda: PartnerFactory(approved=True, lead=True)),
        ("partners_blockedsender", BlockedSenderFactory),
        ("partners_contactmessage", ContactMessageFactory),
        ("pledges_pledge", lambda: PledgeFactory(approved=True)),
        ("pledges_pledgeidea", PledgeIdeaFactory),
        ("pledges_signature", SignatureFactory),
        ("pledges_signing", lambda: SigningFactory(declared=True)),
        ("oiep_outgoingemail", OutgoingEmailFactory),
        (
            "oiep_auditevent",
            lambda: audit.record(verb="partner.approve", subject=PartnerFactory(), actor=UserFactory()),
        ),
        ("oiep_user", UserFactory),
    ],
)
def test_list_asks_the_same_number_of_queries_with_one_row_and_with_many(client, name, make):
    page = reverse(f"admin:{name}_changelist")
    counts = []
    for more in (1, 29):
        for _n in range(more):
            make()
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [
        ("partners_partner", "ash@", 1),
        ("partners_partner", "ASHWOOD", 1),
        ("partners_partner", "AAAA-2222", 1),
        ("pledges_pledge", "plant", 1),
        ("pledges_pledge", "ashwood", 1),
        ("pledges_signature", "aaaa-2222", 1),
        ("pledges_signature", "oak", 0),
        ("oiep_user", "ash@", 1),
        ("oiep_outgoingemail", "ash@", 1),
        ("oiep_auditevent", "approve", 2),
    ],
)
def test_list_can_be_searched(client, manager, name, words, found):
    partner = PartnerFactory(submitted=True, name="Ashwood", lead=UserFactory(email="ash@example.org"))
    SignatureFactory(partner=partner, reference="AAAA-2222")
    pledge = PledgeFactory(submitted=True, partner=partner, statement="We will plant trees.")
    decide(decisions=[Decision(partner, Move.APPROVE), Decision(pledge, Move.APPROVE)], actor=manager)
    page = client.get(reverse(f"admin:{name}_changelist"), {"q": words})
    assert page.context["cl"].result_count == found


# Mail and the trail ---------------------------------------------------------------------------


def test_failed_mail_is_sent_again(client, manager, mailbox):
    failed = OutgoingEmailFactory(failed=True)
    sent = OutgoingEmailFactory(sent=True)
    answer = client.post(
        reverse("admin:oiep_outgoingemail_changelist"),
        {"action": "send_again", "index": "0", "_selected_action": [failed.pk, sent.pk]},
        follow=True,
    )
    assert "1 e-mail goes out again now." in answer.text
    assert "1 was left: only an e-mail that failed can be sent again." in answer.text
    assert len(mailbox()) == 1
    assert audit.trail(failed).get().actor == manager


def test_mail_is_shown_but_not_what_lets_its_reader_in(client):
    letter = OutgoingEmailFactory(template="decision_approved", text="We approve of <b>bread</b>.")
    shown = client.get(reverse("admin:oiep_outgoingemail_change", args=[letter.pk])).text
    assert "We approve of &lt;b&gt;bread&lt;/b&gt;." in shown
    for template in ("account/email/login_code", "sign_confirm", "sign_resume", "of_a_kind_to_come"):
        secret = OutgoingEmailFactory(template=template, text="Your code is 384-112.")
        page = client.get(reverse("admin:oiep_outgoingemail_change", args=[secret.pk])).text
        assert "384-112" not in page
        assert "lets its reader in" in page


def test_history_of_a_thing_is_our_trail_in_words(client, manager):
    partner = PartnerFactory(submitted=True, lead=True)
    decide(decisions=[Decision(partner, Move.ASK, "Say <more>.")], actor=manager)
    page = client.get(reverse("admin:partners_partner_history", args=[partner.pk])).text
    assert "Partner: changes asked for" in page
    assert "Say &lt;more&gt;." in page
    assert str(manager) in page


def test_django_keeps_no_log_of_its_own(client, manager):
    DeclineReasonFactory()
    client.post(reverse("admin:partners_sector_add"), {"name": "Baking", "slug": "baking", "order": "1"})
    assert [(event.verb, event.actor) for event in AuditEvent.objects.all()] == [("sector.added", manager)]
    assert not LogEntry.objects.exists()
