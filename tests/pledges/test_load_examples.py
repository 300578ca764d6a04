import datetime

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from oiep.models import AuditEvent
from partners.models import JoinRequest, Kind, Membership, Partner, PartnerInvitation, ProfileChange
from pledges.actions.daily import run_day
from pledges.history import show_standings
from pledges.management.commands.load_examples import ACCOUNTS, PASSWORD
from pledges.models import Pledge, Signature
from pledges.standing import Status

MODELS = [
    Partner,
    Membership,
    PartnerInvitation,
    Signature,
    Pledge,
    ProfileChange,
    JoinRequest,
    get_user_model(),
    AuditEvent,
]


@pytest.fixture
def reference(db):
    call_command("load_reference", verbosity=0)


def everything():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_loading_twice_adds_nothing(reference, capsys):
    call_command("load_examples")
    assert f"added {Partner.objects.count()} partners with {Pledge.objects.count()} pledges" in capsys.readouterr().out
    before = everything()
    call_command("load_examples")
    assert everything() == before
    said = capsys.readouterr().out
    assert "here already" in said
    assert PASSWORD in said
    for email in ACCOUNTS:
        assert email in said


def test_production_takes_no_examples(reference, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="SITE=production"):
        call_command("load_examples")
    assert not Partner.objects.exists()
    assert not get_user_model().objects.exists()


def test_examples_need_a_charter_to_sign(db):
    with pytest.raises(CommandError, match="load_reference"):
        call_command("load_examples")


def test_an_account_that_exists_is_left_alone(reference):
    own = get_user_model().objects.create_user("lead@example.org", "a password of my own")
    with pytest.raises(CommandError, match=r"^lead@example\.org is an account already"):
        call_command("load_examples")
    assert list(get_user_model().objects.all()) == [own]
    assert not Partner.objects.exists()


@pytest.mark.parametrize("days", [45, 200, 365])
def test_examples_are_as_sound_on_another_day(db, days):
    with time_machine.travel(timezone.now() + datetime.timedelta(days=days), tick=False):
        call_command("load_reference", verbosity=0)
        call_command("load_examples")
        statuses = {p.standing.status for p in show_standings(Partner.objects.published().exclude(kind=Kind.RESIDENT))}
        assert statuses == set(Status) - {Status.NOT_SIGNED}
        assert run_day()["opened"] == 0
