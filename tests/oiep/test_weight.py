"""What a first visit weighs, compressed: the page, and all that it makes the browser fetch."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from partners.models import Partner
from tests.factories import DistrictFactory, PartnerFactory, PledgeFactory, PriorityAreaFactory

HTML_AT_MOST, ALL_AT_MOST = 20 * 1024, 120 * 1024

pytestmark = pytest.mark.django_db


def compressed(content):
    return len(gzip.compress(content, 9))


def fetched_by(html):
    """The static files that a page names, and those that its styles name."""
    paths = set(re.findall(rf'(?:src|href)="{settings.STATIC_URL}([^"?#]+)"', html))
    for path in [path for path in paths if path.endswith(".css")]:
        text = Path(finders.find(path)).read_text()
        for url in re.findall(r"url\(\s*[\"']?([^\"')]+)", text):
            if not url.startswith("data:") and not url.startswith("#"):
                paths.add(str((Path(path).parent / url).as_posix()))
    return {re.sub(r"[^/]+/\.\./", "", path) for path in paths}


@pytest.fixture
def scheme():
    areas = [PriorityAreaFactory() for _n in range(8)]
    places = [DistrictFactory() for _n in range(5)]
    for _n in range(30):
        partner = PartnerFactory(approved=True, areas=areas[:3], districts=places[:2])
        PledgeFactory(partner=partner, approved=True, area=areas[0])
    return areas


@pytest.mark.parametrize("address", ["/", "/partners/", "/partners/{partner}/", "/areas/{area}/", "/sign/"])
def test_first_visit_is_light(client, scheme, address):
    answer = client.get(address.format(partner=Partner.objects.first().slug, area=scheme[0].slug))
    assert answer.status_code == 200
    html = answer.content
    files = fetched_by(html.decode())
    weights = {path: compressed(Path(finders.find(path)).read_bytes()) for path in files}
    assert len(files) > 8
    assert compressed(html) <= HTML_AT_MOST
    assert compressed(html) + sum(weights.values()) <= ALL_AT_MOST, weights
