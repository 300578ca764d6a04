"""Every list of admin goes out as a file in which nothing runs, with no secret in it, and somebody answers for it."""

import csv
import datetime
import io

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from desk.actions import imports
from events.models import Event
from oiep.admin import CharterAdmin
from oiep.exports import columns_of
from oiep.models import AuditEvent
from oiep.sheets import plain_cell
from partners.models import Partner
from pledges.models import Pledge, Signature, Signing
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    EventFactory,
    GroupFactory,
    GroupMemberFactory,
    MembershipFactory,
    PartnerFactory,
    PledgeFactory,
    PriorityAreaFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
    UserFactory,
)
from working_groups.models import Group

pytestmark = pytest.mark.django_db


def exported(client, model, *, address="", **data):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    answer = client.post(reverse(name) + address, {"action": "export_rows", "select_across": "1", **data})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_a_list_goes_out_as_it_is_filtered_and_nothing_in_it_runs(manager, client_of):
    oxford = DistrictFactory(name="Oxford")
    bad = PartnerFactory(name='=HYPERLINK("x")', description="@SUM(1)\n+1", approved=True, districts=[oxford])
    MembershipFactory(partner=bad, user__name="-2+3", user__email="lead@bad.example", role="lead", job_title="=1")
    PartnerFactory(name="Other", submitted=True)
    rows = exported(client_of(manager), type(bad), address="?state__exact=approved", _selected_action=[bad.pk])
    assert len(rows) == 1
    assert rows[0]["Name"] == '\'=HYPERLINK("x")'
    assert plain_cell(rows[0]["Name"]) == bad.name
    assert (rows[0]["Lead"], rows[0]["E-mail address of the lead"]) == ("'-2+3", "lead@bad.example")
    assert (rows[0]["Districts"], rows[0]["State"]) == ("Oxford", "approved")
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in rows[0].values())
    event = AuditEvent.objects.get(verb="partner.exported")
    assert (event.actor, event.data) == (manager, {"rows": 1})


SECRET = {"password", "session_round", "text", "calendar", "stop_url", "answers", "browser", "table", "search"}


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_every_list_can_go_out_without_secrets(model, client_of):
    own = admin.site._registry[model]
    if not isinstance(own, CharterAdmin):
        pytest.skip("a list of Django's own, for superusers")
    assert SECRET.isdisjoint({field.name for field in columns_of(model)})
    ResidentFactory(approved=True, lead=True)
    boss = UserFactory(is_staff=True, is_superuser=True)
    first = model._default_manager.first()
    if first:
        exported(client_of(boss), model, _selected_action=[first.pk])


def workbook(client, model, action, *rows, **data):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    chosen = {"select_across": "1"} if not rows else {}
    some = [row.pk for row in rows] or [model._default_manager.first().pk]
    answer = client.post(reverse(name), {"action": action, "_selected_action": some, **chosen, **data})
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    return b"".join(answer.streaming_content)


def test_a_workbook_says_what_the_csv_file_says_and_nothing_in_it_runs(manager, client_of):
    bad = PartnerFactory(name='=HYPERLINK("x")', description="@SUM(1)\n+1\x0b", approved=True)
    client = client_of(manager)
    sheet = load_workbook(io.BytesIO(workbook(client, type(bad), "export_workbook", bad))).active
    head, row = sheet.iter_rows()
    assert not [cell for cell in row if cell.data_type == "f"]
    said = dict(zip([cell.value for cell in head], [cell.value or "" for cell in row], strict=True))
    as_csv = exported(client, type(bad), _selected_action=[bad.pk])[0]
    assert said["Name"] == as_csv["Name"] == '\'=HYPERLINK("x")'
    assert list(said) == list(as_csv)


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_every_list_offers_both_forms(model, manager, client_of):
    own = admin.site._registry[model]
    boss = UserFactory(is_staff=True, is_superuser=True)
    if not isinstance(own, CharterAdmin):
        pytest.skip("a list of Django's own, for superusers")
    request = RequestFactory().get("/")
    request.user = boss
    assert {"export_rows", "export_workbook"} <= set(own.get_actions(request))


# What goes out as a list comes in again -----------------------------------------------------------


@pytest.fixture
def scheme():
    """One of each, with all that a list can say of it."""
    CharterVersionFactory()
    oxford, cherwell = DistrictFactory(name="Oxford"), DistrictFactory(name="Cherwell")
    area = PriorityAreaFactory(short_name="Local spend")
    bakery = PartnerFactory(
        name="-Bakery, Bread & Sons", approved=True, districts=[oxford, cherwell], is_social_enterprise=True,
        is_cooperative=True, sector=SectorFactory(name="Food"), website="https://bakery.example", review_months=6,
        description="=We bake.\nWell.",
    )  # fmt: skip
    MembershipFactory(partner=bakery, user__name="Sam", user__email="sam@bakery.example", job_title="Owner")
    MembershipFactory(partner=bakery, user__email="kim@bakery.example", role="second")
    SignatureFactory(partner=bakery, declared_at=datetime.datetime(2024, 5, 4, 12, tzinfo=datetime.UTC))
    council = PartnerFactory(
        name="Council", kind="public_body", approved=True, county_wide=True, size="large", lead=True
    )
    PledgeFactory(
        approved=True, partner=bakery, area=area, capacity="buyer", measured=True, commitment="hours",
        commitment_amount="12.5", commitment_note="@ a week",
    )  # fmt: skip
    above = GroupFactory(name="Steering", kind="steering")
    group = GroupFactory(name="Buying", kind="task", parent=above, starts_on=datetime.date(2026, 1, 1),
                         ends_on=datetime.date(2030, 1, 1), is_closed=True)  # fmt: skip
    group.areas.add(area)
    GroupMemberFactory(group=group, user=None, name="Kim Carter", role="chair")
    fair = EventFactory(title="Fair", group=above, district=oxford, capacity=60, online_url="https://meet.example/x")
    fair.areas.add(area)
    return {"partners": [bakery, council], "pledges": list(bakery.pledges.all()), "groups": [above, group],
            "events": [fair]}  # fmt: skip


@pytest.mark.parametrize("kind", ["partners", "pledges", "groups", "events"])
def test_what_goes_out_as_a_list_is_known_when_it_comes_in_again(manager, client_of, scheme, kind):
    rows = scheme[kind]
    content = workbook(client_of(manager), type(rows[0]), "export_as_list")
    found = imports.keep_list(kind=kind, content=content, file_name="list", actor=manager)
    planned = imports.plan_of(found)
    assert found.is_mapped
    assert (planned.problems, len(planned.same), planned.new) == ([], len(rows), [])


def test_what_went_out_comes_in_with_all_that_it_said(manager, client_of, scheme):
    content = {}
    for kind, rows in scheme.items():
        content[kind] = workbook(client_of(manager), type(rows[0]), "export_as_list")
    before = {kind: content_of(content[kind]) for kind in content}
    Pledge.objects.all().delete()
    Signature.objects.all().delete()
    Event.objects.all().delete()
    Group.objects.filter(parent__isnull=False).delete()
    Group.objects.all().delete()
    Partner.objects.all().delete()
    for kind in scheme:
        found = imports.keep_list(kind=kind, content=content[kind], file_name="list", actor=manager)
        planned = imports.plan_of(found)
        assert planned.problems == []
        imports.bring_in(found=found, actor=manager, seen=planned.fingerprint)
    client = client_of(manager)
    for kind in ("groups", "events"):
        assert content_of(workbook(client, type(scheme[kind][0]), "export_as_list")) == before[kind]
    answers = [signing.answers for signing in Signing.objects.order_by("email")]
    bakery = next(said for said in answers if said["who"]["email"] == "sam@bakery.example")
    assert bakery["organisation"]["name"] == "-Bakery, Bread & Sons"
    assert bakery["organisation"]["description"] == "=We bake.\nWell."
    assert bakery["organisation"]["legal_forms"] == ["social_enterprise", "cooperative"]
    assert (bakery["signed_on"], bakery["contact"]["review_months"]) == ("2024-05-04", "6")
    assert bakery["people"] == [{"email": "kim@bakery.example", "role": "second"}]
    (pledge,) = bakery["pledges"]
    assert (pledge["commitment_amount"], pledge["commitment_note"], pledge["capacity"]) == ("12.5", "@ a week", "buyer")


def content_of(content):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active.iter_rows()]


def test_residents_do_not_go_out_as_a_list(manager, client_of):
    ResidentFactory(approved=True, lead=True)
    firm = PartnerFactory(approved=True, lead=True)
    rows = content_of(workbook(client_of(manager), Partner, "export_as_list"))
    assert [row[0] for row in rows[1:]] == [firm.name]


def test_many_rows_cost_as_many_queries_as_one(manager, client_of):
    client, model = client_of(manager), PartnerFactory(approved=True, lead=True).__class__
    costs = []
    for _time in range(3):  # the first fills what is kept of the kinds of rows
        with CaptureQueriesContext(connection) as queries:
            rows = exported(client, model, _selected_action=[str(model.objects.first().pk)])
        costs.append((len(rows), len(queries)))
        PartnerFactory.create_batch(10, approved=True, lead=True)
    assert [rows for rows, _queries in costs] == [1, 11, 21]
    assert costs[1][1] == costs[2][1]
