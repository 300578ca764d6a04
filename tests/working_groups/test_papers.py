"""Papers: files for the members of a group and, once published, for everybody."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from oiep.models import AuditEvent
from oiep.moderation import NotPossible
from tests.factories import GroupFactory, GroupMemberFactory, MeetingFactory, PaperFactory
from tests.oiep.test_uploads import PDF
from working_groups.actions import papers as actions
from working_groups.models import Paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return GroupFactory(slug="jobs", chair=True)


@pytest.fixture
def chair(group):
    return group.members.get(role="chair").user


@pytest.fixture
def pages(client_of, chair):
    return client_of(chair)


def send(pages, name="a.pdf", content=PDF, **values):
    file = SimpleUploadedFile(name, content, "text/html")
    return pages.post(reverse("paper-add", args=["jobs"]), {"title": "The plan", "file": file, **values})


def act(pages, paper, what):
    return pages.post(reverse("paper-manage", args=["jobs", paper.pk]), {"do": what})


def test_a_paper_is_added_to_a_meeting_and_read_by_members(pages, group, client_of):
    meeting = MeetingFactory(group=group, called=True)
    form = pages.get(reverse("paper-add", args=["jobs"]), {"meeting": meeting.pk}).context["form"]
    assert form["meeting"].value() == meeting.pk
    assert send(pages, meeting=meeting.pk)["Location"] == meeting.get_absolute_url()
    paper = group.papers.get()
    assert (paper.meeting, paper.title, paper.name, paper.size) == (meeting, "The plan", "a.pdf", len(PDF))
    response = client_of(GroupMemberFactory(group=group).user).get(paper.get_absolute_url())
    assert response.getvalue() == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_double_click_adds_one(pages, group):
    send(pages)
    send(pages)
    assert group.papers.count() == 1
    assert AuditEvent.objects.filter(verb="paper.added").count() == 1


def test_a_corrected_file_of_the_same_name_and_size_is_another_paper(pages, group):
    send(pages)
    send(pages, content=PDF.replace(b"1.7", b"1.6"))
    assert group.papers.count() == 2


def test_a_draft_is_named_beside_its_papers_to_those_who_run_the_group_only(pages, group, client_of):
    draft = MeetingFactory(group=group, title="Zqx draft")
    PaperFactory(group=group, meeting=draft)
    PaperFactory(group=group, meeting=MeetingFactory(group=group, title="Zqx called", called=True))
    member = client_of(GroupMemberFactory(group=group).user)
    for name in ("group-papers", "group-room"):
        address = reverse(name, args=["jobs"])
        assert "Zqx draft" in pages.get(address).text
        assert "Zqx draft" not in member.get(address).text
        assert "Zqx called" in member.get(address).text


@pytest.mark.parametrize(
    ("name", "content", "values", "error"),
    [
        ("a.html", b"<script>hit=1</script>", {}, "file"),
        ("a.pdf", b"<script>hit=1</script>", {}, "file"),
        ("a.pdf", b"", {}, "file"),
        ("a.pdf", PDF, {"title": " "}, "title"),
        ("a.pdf", PDF, {"meeting": "another group's"}, "meeting"),
    ],
)
def test_what_is_no_paper_is_refused(pages, group, name, content, values, error):
    if "meeting" in values:
        values = {"meeting": MeetingFactory().pk}
    response = send(pages, name, content, **values)
    assert list(response.context["form"].errors) == [error]
    assert not group.papers.exists()


def test_public_reads_it_once_it_is_published_and_only_as_long(pages, group, client):
    paper = PaperFactory(group=group)
    assert client.get(paper.get_absolute_url()).status_code == 302
    act(pages, paper, "publish")
    assert client.get(paper.get_absolute_url()).status_code == 200
    assert list(Paper.objects.published()) == [paper]
    act(pages, paper, "unpublish")
    assert client.get(paper.get_absolute_url()).status_code == 302


def test_paper_of_a_closed_group_is_not_published_and_hidden_with_it(group, chair, client):
    paper = actions.publish_paper(paper=PaperFactory(group=group), actor=chair)
    group.is_closed = True
    group.save()
    assert client.get(paper.get_absolute_url()).status_code == 302
    other = PaperFactory(group=group)
    with pytest.raises(NotPossible, match="closed to the public"):
        actions.publish_paper(paper=other, actor=chair)


@pytest.mark.django_db(transaction=True)
def test_removed_paper_leaves_the_disk(pages, group):
    paper = PaperFactory(group=group)
    storage, name = paper.file.storage, paper.file.name
    act(pages, paper, "remove")
    assert not Paper.objects.exists()
    assert not storage.exists(name)
    assert act(pages, paper, "remove").status_code == 404


def test_paper_whose_file_is_gone_is_not_found(pages, group):
    paper = PaperFactory(group=group)
    paper.file.storage.delete(paper.file.name)
    assert pages.get(paper.get_absolute_url()).status_code == 404


def test_looking_at_the_page_of_a_paper_changes_nothing(pages, group):
    paper = PaperFactory(group=group)
    for method in (pages.get, pages.post):
        assert method(reverse("paper-manage", args=["jobs", paper.pk]), {"do": "nonsense"}).status_code == 200
    assert not AuditEvent.objects.exists()


def test_list_costs_the_same_with_many(pages, group, django_assert_num_queries):
    for number in (1, 60):
        PaperFactory.create_batch(number, group=group, meeting=MeetingFactory(group=group, called=True))
        with django_assert_num_queries(8):
            page = pages.get(reverse("group-papers", args=["jobs"]))
    assert len(page.context["page_obj"]) == 50
