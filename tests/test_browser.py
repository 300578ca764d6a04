"""What a page may never do is noticed by every test that opens one (`open_page` in conftest.py)."""

import pytest

from tests.conftest import watch


@pytest.fixture
def trouble(browser, live_server):
    """What was noticed of a page, after the script ran in it."""
    context = browser.new_context(base_url=live_server.url)
    noticed = []
    watch(context, live_server.url, noticed)

    def run(script):
        page = context.new_page()
        page.goto("/accessibility/")
        page.evaluate(script)
        page.wait_for_timeout(300)
        return noticed

    yield run
    context.close()


def test_page_at_rest_is_no_trouble(trouble):
    assert trouble("1") == []


def test_script_error_is_noticed(trouble):
    assert trouble("setTimeout(() => missing())") == ["missing is not defined"]


def test_inline_script_is_noticed(trouble):
    (said,) = trouble("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    assert "Content Security Policy" in said


def test_request_to_another_host_is_noticed(trouble):
    noticed = trouble("void (location.href = 'http://elsewhere.example/')")
    assert "http://elsewhere.example/" in noticed
