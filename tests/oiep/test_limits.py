"""Nobody searches without end."""

import pytest
from django.test import Client

from oiep.limits import Window


@pytest.mark.django_db
def test_searching_too_often_is_answered_with_when_to_come_back(settings):
    settings.SEARCHES_A_MINUTE, settings.TRUSTED_PROXIES, settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3, 1, 1
    client = Client()

    def search(words, source, path="/partners/"):
        return client.get(path, {"q": words}, headers={"X-Forwarded-For": f"198.51.100.9, {source}"})

    assert [search("bread", "192.0.2.1").status_code for _ in range(3)] == [200, 200, 200]
    refused = search("bread", "192.0.2.1", "/pledges/")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "That was a bit too quick" in refused.content.decode()
    assert search("", "192.0.2.1").status_code == 200  # looking without searching
    assert search("bread", "192.0.2.2").status_code == 200  # somebody else, who names the same first address


def test_window_forgets_when_it_ends(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("oiep.limits.time.monotonic", lambda: now[0])
    window = Window()
    assert [window.seconds_to_wait("a", at_most=2, seconds=60) for _ in range(3)] == [0, 0, 60]
    now[0] += 59.5
    assert window.seconds_to_wait("a", at_most=2, seconds=60) == 1
    assert window.seconds_to_wait("b", at_most=2, seconds=60) == 0
    now[0] += 1
    assert window.seconds_to_wait("a", at_most=2, seconds=60) == 0
