"""Signing as a visitor does it, page by page, without JavaScript."""

import re
from itertools import count

import pytest
from django.test import Client
from django.urls import reverse

from oiep.models import User
from partners.models import Kind, Membership, Partner
from pledges.models import Capacity, Pledge, Signature, Signing
from tests.factories import (
    CharterVersionFactory,
    DistrictFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    SectorFactory,
)

_addresses = count(1)


@pytest.fixture
def scheme(db):
    """A small scheme that can be signed: two areas with ideas for organisations, small ones and residents."""

    class Scheme:
        charter = CharterVersionFactory()
        spend, homes = PriorityAreaFactory(short_name="Local spend"), PriorityAreaFactory(short_name="Homes")
        cherwell, oxford = DistrictFactory(name="Cherwell"), DistrictFactory(name="Oxford")
        sector = SectorFactory(name="Food")

    Scheme.idea = PledgeIdeaFactory(area=Scheme.spend, capacity=Capacity.BUYER, statement="We will buy nearby.")
    Scheme.short_idea = PledgeIdeaFactory(
        area=Scheme.homes, statement="We will lend a desk.", on_short_route=True, measure="Desks lent"
    )
    Scheme.resident_idea = PledgeIdeaFactory(
        area=Scheme.spend, capacity=Capacity.RESIDENT, kinds=[Kind.RESIDENT], statement="I will buy nearby."
    )
    return Scheme


class Visitor:
    """A browser at an address of its own."""

    def __init__(self, client=None, address=None):
        self.client = client or Client()
        self.client.defaults["REMOTE_ADDR"] = address or f"198.51.{next(_addresses) % 250}.7"
        self.signing = None

    def start(self, kind, query=""):
        response = self.client.post(reverse("sign") + query, {"kind": kind})
        assert response.status_code == 302, response.context["form"].errors
        self.signing = Signing.objects.latest("started_at")
        return response

    def url(self, name, *args):
        return reverse(name, args=[self.signing.pk, *args])

    def answer(self, step, data, query=""):
        response = self.client.post(self.url("sign-step", step) + query, data)
        self.signing.refresh_from_db()
        return response

    def add_pledge(self, query="", **data):
        response = self.client.post(self.url("sign-pledge-add") + query, data)
        self.signing.refresh_from_db()
        return response

    def declare(self, **data):
        response = self.client.post(self.url("sign-check"), data)
        self.signing.refresh_from_db()
        return response

    def fill_resident(self, scheme, *, email="ana@example.org", name="Ana Smith", **pledges):
        self.start("resident")
        self.answer("who", {"name": name, "email": email})
        self.answer("where", {"district": scheme.cherwell.pk})
        self.answer("pledges", pledges or {"ideas": [f"idea-{scheme.resident_idea.pk}"]})
        return self

    def fill_organisation(self, scheme, *, email="zoe@example.org", name="The Bakery Ltd", query="", **organisation):
        self.start("organisation", query)
        self.answer("who", {"name": "Zoë Müller", "job_title": "Baker", "email": email})
        self.answer("organisation", organisation_of(scheme, name=name, **organisation))
        self.answer("areas", {"areas": [scheme.spend.pk]})
        self.add_pledge(**pledge_of(scheme))
        self.answer("contact", CONTACT)
        return self


CONTACT = {"contact_purposes": ["buy"], "review_months": "6", "awaits_approval_of": "Our board"}


def organisation_of(scheme, **changes):
    return {
        "name": "The Bakery Ltd",
        "kind": "business",
        "legal_forms": ["cooperative"],
        "size": "small",
        "sector": scheme.sector.pk,
        "places": [scheme.cherwell.pk],
        "website": "bakery.example",
        "description": "Bread.",
    } | changes


def pledge_of(scheme, **changes):
    return {
        "area": scheme.spend.pk,
        "capacity": "buyer",
        "statement": "We will buy flour grown here.",
        "measure": "Flour bought",
        "unit": "%",
        "baseline": "10",
        "target": "1,200.50",
        "target_date": "2030-05-04",
        "commitment": "hours",
        "commitment_amount": "40",
        "commitment_note": "Visits to the mill",
    } | changes


def link_in(message):
    """The path of the link to confirm or to go on in an e-mail."""
    return re.search(r"http://\S+?(/sign/(?:confirm|resume)/\S+)", message.body)[1]


def declared(scheme, kind="organisation", **answers):
    """A signing that waits to be confirmed: the path of its link."""
    visitor = Visitor()
    if kind == "organisation":
        visitor.fill_organisation(scheme, **answers).declare()
    else:
        visitor.fill_resident(scheme, **answers).declare(show_name="no")
    return visitor.signing.confirmation_url.removeprefix("http://testserver")


def rows():
    """How much of signatures there is in the tables that pages read."""
    return [model.objects.count() for model in (Partner, Signature, Pledge, Membership, User)]
