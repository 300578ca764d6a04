import datetime
import io
import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from oiep import uploads
from oiep.models import AuditEvent
from oiep.moderation import Move, NotPossible, State
from partners import actions
from partners.actions.daily import run_day
from partners.models import Logo, Partner, ProfileChange
from pledges.actions.moderation import Decision, decide, undo
from tests.factories import DistrictFactory, LogoFactory, PartnerFactory

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def bakery():
    return PartnerFactory(name="Bakery", approved=True, lead=True, districts=[DistrictFactory(slug="oxford")])


def picture(size=(40, 20), colour="red", mode="RGB", format="PNG", **options):
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, format=format, **options)
    return SimpleUploadedFile(f"logo.{format.lower()}", file.getvalue())


def propose(partner, **values):
    """Changes the profile; a colour makes a logo."""
    colour = values.pop("colour", None)
    drawn = uploads.make_safe_picture(picture(colour=colour), within=600) if colour else None
    return actions.propose_profile_change(partner=partner, values=values, actor=partner.lead.user, picture=drawn)


def approve(change, manager):
    decide(decisions=[Decision(change, Move.APPROVE)], actor=manager)


def logo_of(partner):
    return Partner.objects.get(pk=partner.pk).logo_id


@pytest.fixture(autouse=True)
def files_before():
    """The store outlives a test, so what earlier ones left in it is not counted."""
    return _files()


def _files():
    storage = uploads.private_storage()
    return {f"logo/{name}" for name in storage.listdir("logo")[1]} if "logo" in storage.listdir("")[0] else set()


# The picture ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("upload", "size"),
    [
        (lambda: picture((3000, 1000)), (600, 200)),
        (lambda: picture((30, 900)), (20, 600)),
        (lambda: picture((5000, 1)), (600, 1)),
        (lambda: picture(mode="CMYK", colour=(0, 0, 0, 0), format="JPEG"), (40, 20)),
        (lambda: picture(mode="I;16", colour=40000), (40, 20)),
        (lambda: picture(mode="RGBA", colour=(255, 0, 0, 0)), (40, 20)),
        (lambda: picture(format="WEBP"), (40, 20)),
        (lambda: picture(format="PNG", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")]), (40, 20)),
    ],
)
def test_a_logo_is_drawn_anew_within_its_measure(upload, size):
    file, width, height = uploads.make_safe_picture(upload(), within=600)
    with Image.open(io.BytesIO(file.content.read())) as drawn:
        assert (drawn.format, drawn.size, getattr(drawn, "n_frames", 1)) == ("WEBP", size, 1)
        assert (width, height) == size
        assert not drawn.getexif()


def test_a_transparent_logo_stays_so_and_a_turned_one_is_put_upright():
    file, *_size = uploads.make_safe_picture(picture(mode="RGBA", colour=(255, 0, 0, 0)), within=600)
    with Image.open(io.BytesIO(file.content.read())) as drawn:
        assert drawn.convert("RGBA").getpixel((0, 0))[3] == 0
    exif = Image.Exif()
    exif[0x0112], exif[0x8825] = 6, {1: "N", 2: (51.0, 45.0, 7.0)}
    file, width, height = uploads.make_safe_picture(picture(format="JPEG", exif=exif), within=600)
    content = file.content.read()
    assert (width, height) == (20, 40)
    assert b"Exif" not in content


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("logo.svg", SVG, "cannot take an SVG"),
        ("logo.png", SVG, "cannot read this as a PNG"),
        ("logo.pdf", b"%PDF-1.4\n%%EOF", "PNG, JPEG or WebP"),
        ("logo.gif", b"GIF89a", "PNG, JPEG or WebP"),
        ("logo", b"x", "PNG, JPEG or WebP"),
        ("logo.png", b"", "empty"),
        ("logo.png", b"\x89PNG\r\n\x1a\n" + b"x" * 99, "cannot read this as a PNG"),
    ],
)
def test_what_is_no_picture_is_refused(name, content, words):
    with pytest.raises(Exception, match=words):
        uploads.make_safe_picture(SimpleUploadedFile(name, content), within=600)


def test_a_second_file_hidden_in_a_logo_is_gone():
    polyglot = picture().read() + b"<script>alert(1)</script>" + b"%PDF-1.7" + b"PK\x03\x04"
    file, *_size = uploads.make_safe_picture(SimpleUploadedFile("logo.png", polyglot), within=600)
    assert not re.search(rb"<script|%PDF|PK\x03\x04", file.content.read())


def test_a_huge_file_and_a_huge_picture_are_refused(settings):
    with pytest.raises(Exception, match="too large"):
        uploads.make_safe_picture(picture((20_000, 10_000), mode="1", colour=1), within=600)
    settings.UPLOAD_BYTES_AT_MOST = 100
    with pytest.raises(Exception, match="larger than"):
        uploads.make_safe_picture(picture((400, 400)), within=600)


# Waiting, being live, being undone ------------------------------------------------------------


def test_a_new_logo_waits_beside_the_live_one(bakery, manager, client, client_of):
    first = propose(bakery, colour="red")
    assert logo_of(bakery) is None
    logo = Logo.objects.get()
    assert first.values == {"logo": logo.pk}
    address = logo.get_absolute_url()
    seen = {who: client_of(user).get(address).status_code for who, user in
            {"lead": bakery.lead.user, "manager": manager}.items()}  # fmt: skip
    assert seen == {"lead": 200, "manager": 200}
    assert client.get(address).status_code == 404
    assert "private" in client_of(manager).get(address)["Cache-Control"]
    approve(first, manager)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Content-Disposition" not in answer or answer["Content-Disposition"].startswith("inline")
    second = propose(bakery, colour="blue")
    assert (logo_of(bakery), second.before) == (logo.pk, {"logo": logo.pk})
    approve(second, manager)
    assert logo_of(bakery) == second.values["logo"]
    assert client.get(address).status_code == 404
    undo(objects=[second], actor=manager)
    assert logo_of(bakery) == logo.pk
    assert f'src="{address}"' in client.get("/partners/bakery/").content.decode()


def test_the_same_picture_again_adds_nothing(bakery, files_before):
    first = propose(bakery, colour="red")
    assert propose(bakery, colour="red") == first
    assert (Logo.objects.count(), len(_files() - files_before)) == (1, 1)


def test_taking_the_logo_off_applies_at_once(bakery, manager):
    change = propose(bakery, colour="red")
    approve(change, manager)
    assert propose(bakery, logo=None) is None
    assert logo_of(bakery) is None
    assert AuditEvent.objects.get(verb="partner.logo_taken_off").actor == bakery.lead.user
    with pytest.raises(NotPossible, match="changed again since"):
        undo(objects=[change], actor=manager)


def test_a_logo_that_waits_is_taken_back(bakery):
    propose(bakery, colour="red")
    propose(bakery, logo=None)
    assert ProfileChange.objects.get().state == State.DRAFT
    run_day(timezone.localdate())
    assert not Logo.objects.exists()


def test_a_partner_that_waits_has_it_at_once_and_shows_it_to_nobody(client):
    shed = PartnerFactory(submitted=True, lead=True)
    propose(shed, colour="red")
    assert logo_of(shed) == Logo.objects.get().pk
    assert client.get(Logo.objects.get().get_absolute_url()).status_code == 404


def test_anothers_logo_cannot_be_named(bakery):
    foreign = LogoFactory()
    with pytest.raises(NotPossible, match="not kept"):
        propose(bakery, logo=foreign.pk)
    assert not ProfileChange.objects.exists()


def test_a_profile_that_is_not_taken_leaves_no_file(bakery, files_before):
    with pytest.raises(Exception, match="one line"):
        propose(bakery, name="two\u2028lines", colour="red")
    assert (Logo.objects.count(), _files() - files_before) == (0, set())


# Leaving the disk -----------------------------------------------------------------------------


def kept_after(days):
    with time_machine.travel(timezone.now() + days * DAY, tick=False):
        run_day(timezone.localdate())
        assert run_day(timezone.localdate())["logos"] == 0
    return set(Logo.objects.values_list("pk", flat=True))


def test_the_one_before_is_kept_as_long_as_undoing_brings_it_back(bakery, manager):
    changes = []
    for colour in ("red", "green", "blue"):
        changes.append(propose(bakery, colour=colour))
        approve(changes[-1], manager)
    red, green, blue = (change.values["logo"] for change in changes)
    assert kept_after(89) == {red, green, blue}
    assert kept_after(91) == {green, blue}
    undo(objects=[changes[2]], actor=manager)
    assert logo_of(bakery) == green
    decide(decisions=[Decision(changes[2], Move.DECLINE, "We like the green one.")], actor=manager)
    with pytest.raises(NotPossible, match="not kept any more"):
        undo(objects=[changes[1]], actor=manager)


def test_a_declined_logo_is_kept_for_a_while(bakery, manager, files_before, django_capture_on_commit_callbacks):
    change = propose(bakery, colour="red")
    decide(decisions=[Decision(change, Move.DECLINE, "This is not yours.")], actor=manager)
    logo = Logo.objects.get()
    assert kept_after(90) == {logo.pk}
    with django_capture_on_commit_callbacks(execute=True):
        assert kept_after(91) == set()
    assert _files() - files_before == set()
    with pytest.raises(NotPossible, match="not kept any more"):
        undo(objects=[change], actor=manager)


def test_one_that_waits_is_kept_for_years(bakery):
    propose(bakery, colour="red")
    assert len(kept_after(1000)) == 1


# The form -------------------------------------------------------------------------------------


def form_of(partner, **changed):
    values = actions.proposed_profile_of(Partner.objects.get(pk=partner.pk))
    data = {name: value for name, value in values.items() if value not in (None, False) and name != "logo"}
    return data | {"seen": actions.version_of(values)} | changed


def test_the_form_takes_a_logo_and_says_what_it_cannot_take(bakery, client_of):
    lead = client_of(bakery.lead.user)
    address = "/account/partners/bakery/profile/"
    huge = picture().read() + bytes(11 * 1024 * 1024)
    for upload, words in (
        (SimpleUploadedFile("logo.svg", SVG), "We cannot take an SVG file"),
        (SimpleUploadedFile("logo.png", huge), "This file is larger than 10\xa0MB."),
        (picture((20_000, 10_000), mode="1", colour=1), "This picture is too large."),
    ):
        assert words in lead.post(address, form_of(bakery, picture=upload)).content.decode()
    again = lead.post(address, form_of(bakery, name="", picture=picture())).content.decode()
    assert "Choose the file again" in again
    assert not Logo.objects.exists()
    assert lead.post(address, form_of(bakery, picture=picture())).status_code == 302
    waiting = ProfileChange.objects.submitted().get()
    assert waiting.values == {"logo": Logo.objects.get().pk}
    page = lead.get(address).content.decode()
    assert f'src="/partners/bakery/logo/{waiting.values["logo"]}/"' in page
    assert lead.post(address, form_of(bakery, take_off_logo="on")).status_code == 302
    assert not ProfileChange.objects.submitted().exists()


def test_the_manager_sees_the_picture(bakery, manager, client_of):
    change = propose(bakery, colour="red")
    page = client_of(manager).get(f"/admin/pledges/case/{bakery.pk}/change/").content.decode()
    assert (
        f'<img src="/partners/bakery/logo/{change.values["logo"]}/" width="40" height="20" alt="The new logo">' in page
    )
