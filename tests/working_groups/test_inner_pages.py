"""What all inner pages of a group share."""

import pytest

from tests.factories import MeetingFactory, PaperFactory
from tests.html import Page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("tab", ["room", "meetings", "papers", "actions", "updates", "members"])
def test_each_tab_opens_a_sound_page_and_says_so(client_of, jobs, chair, tab):
    MeetingFactory(group=jobs, called=True)
    PaperFactory(group=jobs)
    answer = client_of(chair).get(f"/working-groups/jobs/{tab}/")
    assert Page(answer).faults == []
    html = answer.content.decode()
    assert html.count('<nav class="tabs"') == 1
    assert f'<a href="/working-groups/jobs/{tab}/" aria-current="page">' in html
