"""Bad days that no other test has: docs/operations.md."""

import errno
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from oiep.models import AuditEvent, OutgoingEmail
from tests.factories import GroupFactory
from tests.oiep.test_uploads import PDF
from working_groups.models import Paper

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 503), (errno.EDQUOT, 503), (errno.EACCES, 500)])
def test_full_disk_is_told_and_leaves_no_row(monkeypatch, number, status):
    chair = GroupFactory(slug="jobs", chair=True).members.get(role="chair").user
    client = Client(raise_request_exception=False)
    client.force_login(chair, backend="django.contrib.auth.backends.ModelBackend")

    def fail(*args):
        raise OSError(number, "No")

    before = AuditEvent.objects.count(), OutgoingEmail.objects.count()
    monkeypatch.setattr(Paper._meta.get_field("file").storage, "_save", fail)
    file = {"title": "The plan", "file": SimpleUploadedFile("a.pdf", PDF)}
    answer = client.post(reverse("paper-add", args=["jobs"]), file)
    assert answer.status_code == status
    if status == 503:
        assert answer["Retry-After"] == "60"
        assert "We will be back in a moment" in answer.content.decode()
    assert not Paper.objects.exists()
    assert before == (AuditEvent.objects.count(), OutgoingEmail.objects.count())
    monkeypatch.undo()
    file["file"] = SimpleUploadedFile("a.pdf", PDF)
    assert client.post(reverse("paper-add", args=["jobs"]), file).status_code == 302
    assert Paper.objects.count() == 1


def test_each_test_that_the_table_of_bad_days_names_is_there():
    table = (ROOT / "docs" / "operations.md").read_text().split("## Bad days")[1].split("\n## ")[0]
    named = re.findall(r"`(tests/[\w/]+\.py)`", table)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
