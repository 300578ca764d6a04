"""What reviews say of benefits: true totals, and no way from them to a single partner."""

import datetime
import itertools
import random

import pytest
from django.utils import timezone

from partners.models import Partner
from pledges.benefits import Cell, protected, quotes, reviews_counted, topics
from tests.factories import PartnerFactory, ResidentFactory, ReviewFactory, SectorFactory

pytestmark = pytest.mark.django_db

LEAST = 5


def reviewed(count, effect="helped", *, size="small", sector=None, **fields):
    """So many partners, each with a review that was approved in the month before."""
    before = timezone.now().replace(day=1) - datetime.timedelta(days=10)
    for _n in range(count):
        partner = PartnerFactory(approved=True, size=size, sector=sector)
        review = ReviewFactory(partner=partner, approved=True, recruitment_effect=effect, **fields)
        type(review).objects.filter(pk=review.pk).update(decided_at=before)


def test_nothing_is_told_of_fewer_than_five(client):
    reviewed(4)
    assert topics() == []
    assert "We do not know yet" in client.get("/charter/benefits/").content.decode()
    reviewed(1)
    [topic] = topics()
    assert (topic.name, topic.total.base) == ("recruitment", 5)


def test_numbers_are_true_and_have_their_base(client):
    reviewed(7, size="small")
    reviewed(6, "none", size="small")
    reviewed(5, size="large")
    reviewed(5, "harder", size="large")
    [topic] = topics()
    assert (topic.total.count, topic.total.base) == (12, 23)
    tables = {str(title): [(cell.label, cell.count, cell.base) for cell in cells] for title, cells in topic.tables}
    assert tables == {"By size": [("10 to 49 people", 7, 13), ("250 people or more", 5, 10)]}
    page = client.get("/charter/benefits/").content.decode()
    assert "<strong>12</strong> of the 23 partners that answered say yes." in page


@pytest.mark.parametrize(("helped", "rest"), [(4, 9), (0, 9), (9, 4), (9, 0), (4, 4)])
def test_number_of_few_partners_is_told_in_words(client, helped, rest):
    reviewed(helped)
    reviewed(rest, "none")
    [topic] = topics()
    assert topic.total.count is None
    assert f"of the {helped + rest} partners" in client.get("/charter/benefits/").content.decode()
    assert f"<strong>{helped}</strong>" not in client.get("/charter/benefits/").content.decode()


def test_nobody_and_few_are_told_alike():
    """Otherwise “none” or “all” would tell what each of them said."""
    cells = [Cell("", frozenset(range(9)), frozenset(range(n))) for n in range(5)]
    assert len({(cell.count, str(cell.words)) for cell in cells}) == 1
    cells = [Cell("", frozenset(range(9)), frozenset(range(n))) for n in range(5, 10)]
    assert len({(cell.count, str(cell.words)) for cell in cells}) == 1


def test_new_review_changes_no_figure_before_the_month_is_over():
    reviewed(5)
    before = [topic.total.base for topic in topics()]
    ReviewFactory(approved=True, recruitment_effect="none")
    assert [topic.total.base for topic in topics()] == before


def test_each_organisation_counts_once_with_what_it_said_last():
    reviewed(5)
    partner = Partner.objects.first()
    old = ReviewFactory(
        partner=partner,
        approved=True,
        recruitment_effect="none",
        round_on=timezone.localdate() - datetime.timedelta(days=365),
    )
    type(old).objects.update(decided_at=timezone.now().replace(day=1) - datetime.timedelta(days=10))
    rows = list(reviews_counted())
    assert len(rows) == 5
    assert old not in rows


def test_who_left_and_residents_are_in_no_figure():
    reviewed(6)
    partner = Partner.objects.first()
    Partner.objects.filter(pk=partner.pk).update(withdrawn_at=timezone.now(), withdrawn_by=partner.decided_by)
    ReviewFactory(partner=ResidentFactory(approved=True), approved=True, recruitment_effect="helped")
    [topic] = topics()
    assert topic.total.base == 5


def test_two_tables_do_not_differ_by_few():
    """All farms but two are small: who subtracts the rows would read the two."""
    farming, trade = SectorFactory(name="Farming"), SectorFactory(name="Trade")
    reviewed(6, size="small", sector=farming)
    reviewed(6, "none", size="small", sector=farming)
    reviewed(2, "none", size="large", sector=farming)
    reviewed(6, size="large", sector=trade)
    reviewed(6, "none", size="large", sector=trade)
    [topic] = topics()
    sets = [cell.partners for _title, cells in topic.tables for cell in cells] + [topic.total.partners]
    for one, other in itertools.permutations(sets, 2):
        if one < other:
            assert len(other - one) >= LEAST


def _readable(rows, total):
    """All that can be worked out: of the total, and of each union of rows, how many there are and how many it helped.

    A row whose count is not told is known only together with others, by what is left of the total.
    """
    known = [(row.partners, row.helped) for row in rows if row.count is not None]
    if total.count is not None:
        known.append((total.partners, total.helped))
        for size in range(len(known)):
            for some in itertools.combinations(known[:-1], size):
                partners = total.partners.difference(*(partners for partners, _helped in some))
                known.append((partners, total.helped & partners))
    return known


@pytest.mark.parametrize("seed", range(200))
def test_no_table_lets_anybody_work_out_few_partners(seed):
    """Tables at random, looked at as somebody would who subtracts all that is shown from all else that is shown."""
    chance = random.Random(seed)
    cells, number = [], itertools.count()
    for label in "abcdef"[: chance.randint(1, 6)]:
        partners = frozenset(itertools.islice(number, chance.randint(1, 14)))
        cells.append(Cell(label, partners, frozenset(p for p in partners if chance.random() < 0.6)))
    total = Cell(
        "all",
        frozenset().union(*(cell.partners for cell in cells)),
        frozenset().union(*(cell.helped for cell in cells)),
    )
    rows = protected(cells, total, [total])
    assert sum(row.base for row in rows) in (0, total.base)
    assert all(row.base >= LEAST for row in rows)
    for partners, helped in _readable(rows, total):
        if partners:
            assert len(partners) >= LEAST
            assert len(helped) >= LEAST
            assert len(partners) - len(helped) >= LEAST


def test_only_words_that_may_be_quoted_are(client):
    ReviewFactory(approved=True, retention="Nobody left us.", may_quote=True)
    ReviewFactory(approved=True, retention="Only for our own page.")
    ReviewFactory(submitted=True, retention="Not read yet.", may_quote=True)
    page = client.get("/charter/benefits/").content.decode()
    assert "Nobody left us." in page
    assert "Only for our own page." not in page
    assert "Not read yet." not in page
    assert len(quotes()) == 1


def test_review_asks_for_the_choice_and_for_permission(client):
    review = ReviewFactory()
    address = f"/reviews/{review.token}/people/"
    seen = client.get(address).context["form"]["seen"].value()
    client.post(address, {"seen": seen, "recruitment_effect": "helped", "retention": "Fine.", "may_quote": "on"})
    review.refresh_from_db()
    assert (review.recruitment_effect, review.retention_effect, review.may_quote) == ("helped", "", True)
    assert "it helped" in client.get(f"/reviews/{review.token}/check/").content.decode()
