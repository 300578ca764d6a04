"""Every list of admin goes out as a file in which nothing runs, with no secret in it, and somebody answers for it."""

import csv

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oiep.admin import CharterAdmin
from oiep.exports import columns_of
from oiep.models import AuditEvent
from oiep.sheets import plain_cell
from tests.factories import DistrictFactory, MembershipFactory, PartnerFactory, ResidentFactory, UserFactory

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
