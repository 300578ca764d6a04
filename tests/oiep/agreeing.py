"""What each place says of how many signed, what they promised and what came of it; all are to say the same."""

import csv
import datetime
import io
import re
from decimal import Decimal

from django.utils import timezone

from oiep.reach.embeds import counts_of
from oiep.reports.drafting import drafts
from partners.models import Kind, Partner
from pledges.figures.rows import (
    achieved_on,
    committing_on,
    partners_on,
    pledges_on,
    promised_on,
    reviews_between,
)
from pledges.models import Pledge
from tests.factories import (
    UpdateReportFactory,
)

COUNTED = ("organisations", "residents", "live_pledges", "pledges_ever", "pledges_achieved", "pledges_stopped")


def _rows(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))


def _report(on):
    report = UpdateReportFactory(starts_on=datetime.date(2021, 3, 1), ends_on=on, reported_on=on)
    return {draft.key: draft for draft in drafts(report)}


def _number(text, pattern):
    return int(re.search(pattern, text)[1].replace(",", ""))


def said_everywhere(client, on=None):
    """What each place says of the same things: place → what → number. on: a day that is over, or None for now."""
    query, and_query = (f"?on={on}", f"&on={on}") if on else ("", "")
    said = {}
    # Impact, its page and its files.
    found = client.get(f"/impact/{query}").context["impact"].figures
    said["impact"] = {
        "organisations": found.organisations, "residents": found.residents, "live_pledges": found.live,
        "pledges_ever": found.promised, "pledges_achieved": found.achieved,
        "pledges_stopped": found.outcomes["stopped"],
    }  # fmt: skip
    kinds = {row["Kind of partner"]: row for row in _rows(client, f"/impact/kinds.csv{query}")}
    residents = int(kinds["Resident"]["Partners"])

    def over_kinds(column):
        return sum(int(row[column]) for row in kinds.values())

    said["impact's files"] = {
        "organisations": over_kinds("Partners") - residents, "residents": residents,
        "live_pledges": over_kinds("Live pledges"), "pledges_ever": over_kinds("Pledges ever made"),
        "pledges_achieved": over_kinds("Achieved"), "pledges_stopped": over_kinds("Stopped"),
    }  # fmt: skip
    areas = {row["Priority area"]: row for row in _rows(client, f"/impact/areas.csv{query}")}
    assert sum(int(row["Live pledges"]) for row in areas.values()) == found.live
    # The API.
    totals = client.get(f"/api/v1/totals{query}").json()
    said["API"] = {name: totals[name] for name in COUNTED}
    everything = client.get(f"/api/v1/totals/all{query}").json()["items"]
    assert {name: everything[0][name] for name in COUNTED} == said["API"]
    for row in everything:
        if row["by"] in ("area", "place", "kind", "year"):
            one = client.get(f"/api/v1/totals?{row['by']}={row['of']}{and_query}").json()
            assert one == {name: value for name, value in row.items() if name not in ("by", "of")}
    # A report whose last day it is.
    report = _report(on or timezone.localdate())
    live = _number(report["pledges"].text, r"([\d,]+) pledges? w")
    chart = dict(report["signatures"].chart["rows"])
    said["report"] = {"residents": chart.pop("Resident"), "organisations": sum(chart.values()), "live_pledges": live}
    assert _number(report["signatures"].text, r"([\d,]+) organisation") == said["report"]["organisations"]
    assert _number(report["figures"].text, r"([\d,]+) pledges? under way") == live
    by_area = dict(report["pledges"].chart["rows"])
    assert by_area == {name: int(row["Live pledges"]) for name, row in areas.items() if name in by_area}
    assert sum(by_area.values()) == live
    if "outcomes" in report:
        words = report["outcomes"].text
        said["report"] |= {
            "pledges_ever": _number(words, r"Of the ([\d,]+) pledge"),
            "pledges_achieved": _number(words, r"([\d,]+) had been achieved"),
            "pledges_stopped": _number(words, r"achieved and ([\d,]+) stopped"),
        }
    resources = {row["Resource"]: row for row in _rows(client, f"/impact/resources.csv{query}")}
    text = report["resources"].text if "resources" in report else ""
    for name, row in resources.items():
        pledges, amount = int(row["Pledges"]), Decimal(row["Amount promised"])
        if not pledges:
            assert name.lower() not in text.lower() or name == "Money"
        elif name == "Money":
            assert f"£{amount.normalize():,f}" in text.replace(".00", "") or f"£{amount:,.2f}" in text
        else:
            line = next(line for line in text.splitlines() if name.lower() in line.lower())
            assert f"in {pledges} pledge" in line
            assert not amount or f": {amount.normalize():,f}," in line
    # The rows that a report names, and those of the desk.
    day = on or timezone.localdate()
    said["rows"] = {
        "organisations": partners_on(day).exclude(kind=Kind.RESIDENT).count(),
        "residents": partners_on(day).filter(kind=Kind.RESIDENT).count(),
        "live_pledges": pledges_on(day).count(),
        "pledges_ever": promised_on(day).filter(partner__in=partners_on(day)).count(),
        "pledges_achieved": achieved_on(day).count(),
    }
    assert committing_on(day).count() == sum(int(row["Pledges"]) for row in resources.values())
    # Reviews that were due since the beginning.
    since = list(reviews_between(datetime.date(2000, 1, 1), datetime.date(2200, 1, 1), on))
    assert len(since) == totals["reviews_due"]
    in_time = [row for row in since if row.answered_then and timezone.localdate(row.answered_then) <= row.due_then]
    assert len(in_time) == totals["reviews_on_time"]
    if on is None:
        home = client.get("/").context["totals"]
        said["home"] = {"organisations": home["organisations"], "residents": home["residents"]}
        said["home"]["live_pledges"] = home["pledges"]
        (row,) = [row for row in _rows(client, "/data/totals.csv") if row["by"] == "all"]
        said["totals as a file"] = {name: int(row[name]) for name in COUNTED}
        assert [row["by"] for row in _rows(client, "/data/totals.csv")] == [row["by"] for row in everything]
        elsewhere = counts_of(None, None)
        said["other sites"] = {"live_pledges": elsewhere.pop("pledges"), **elsewhere}
        said["lists as files"] = _in_lists(client)
        for entry in client.get("/api/v1/areas").json()["items"]:
            (row,) = [row for row in everything if row["by"] == "area" and row["of"] == entry["slug"]]
            assert (entry["live_pledges"], entry["partners"]) == (
                row["live_pledges"],
                row["organisations"] + row["residents"],
            )
    return said


def _in_lists(client):
    """Residents who were forgotten, and their pledges, are in no list: they stay as a number."""
    forgotten = Partner.objects.counted().filter(kind=Kind.RESIDENT, next_round_on=None)
    theirs = Pledge.objects.counted().filter(partner__in=forgotten)
    partners = [row for row in _rows(client, "/data/partners.csv") if row["counted"] == "true"]
    pledges = [row for row in _rows(client, "/data/pledges.csv") if row["counted"] == "true"]
    residents = sum(row["kind"] == "resident" for row in partners)
    return {
        "organisations": len(partners) - residents,
        "residents": residents + forgotten.count(),
        "live_pledges": len(pledges) + theirs.count(),
    }


def assert_all_agree(said):
    for place, figures in said.items():
        for what, number in figures.items():
            assert number == said["API"][what], (place, what)
