"""Files that people send: what is taken, what is kept of it, what is refused."""

import io
import re
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from oiep import uploads
from pledges.models import Evidence
from tests.factories import AnswerFactory, EvidenceFactory

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def picture(format_, size=(40, 20), mode="RGB", **options):
    content = io.BytesIO()
    Image.new(mode, size, options.pop("colour", "red")).save(content, format_, **options)
    return content.getvalue()


def office(main="word/document.xml", types=b"<Types/>", extra=(), compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as parts:
        parts.writestr("[Content_Types].xml", types)
        parts.writestr(main, "<document/>")
        for name, body in extra:
            parts.writestr(name, body)
    return content.getvalue()


def safe(name, content, content_type="application/octet-stream"):
    return uploads.make_safe(SimpleUploadedFile(name, content, content_type))


def refusal(name, content):
    with pytest.raises(ValidationError) as refused:
        safe(name, content)
    return refused.value.messages[0]


@pytest.mark.parametrize(
    ("name", "content", "extension", "content_type"),
    [
        ("a.pdf", PDF, "pdf", "application/pdf"),
        ("a.PDF", b"\n" + PDF, "pdf", "application/pdf"),
        ("a.png", picture("PNG"), "png", "image/png"),
        ("a.jpg", picture("JPEG"), "jpg", "image/jpeg"),
        ("a.jpeg", picture("JPEG"), "jpg", "image/jpeg"),
        ("a.webp", picture("WEBP"), "webp", "image/webp"),
        (
            "a.docx",
            office(),
            "docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "a.xlsx",
            office("xl/workbook.xml"),
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_file_of_each_kind_is_taken_for_what_it_is(name, content, extension, content_type):
    file = safe(name, content, "text/html")  # what the browser says does not count
    assert (file.kind.extension, file.kind.content_type) == (extension, content_type)


def test_documents_are_kept_as_they_are():
    assert safe("a.pdf", PDF).content.read() == PDF
    assert safe("a.docx", office()).content.read() == office()


HTML = b"<html><script>alert(1)</script></html>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
GIF = picture("GIF")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", EPS),
        ("a.jpg", SVG),
        ("a.png", HTML),
        ("a.png", GIF),
        ("a.png", picture("JPEG")),
        ("a.jpg", picture("PNG")),
        ("a.jpg", picture("TIFF")),
        ("a.webp", picture("PNG")),
        ("a.png", picture("PNG")[:60]),
        ("a.jpg", b"\xff\xd8\xff\xe0nonsense"),
        ("a.pdf", HTML + PDF),
        ("a.pdf", b"%PDF-1.7 and then nothing"),
        ("a.pdf", HTML),
        ("a.pdf", office()),
        ("a.docx", PDF),
        ("a.docx", HTML + office()),
        ("a.docx", b"PK\x03\x04 nonsense"),
        ("a.docx", office("xl/workbook.xml")),
        ("a.xlsx", office()),
        ("a.docx", office()[:-30]),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(name, content):
    assert refusal(name, content).startswith("We cannot read this as a ")


@pytest.mark.parametrize(
    "name", ["a.svg", "a.eps", "a.html", "a.docm", "a.gif", "a.exe", "pdf", "a.pdf.html", "a", "a.", ".htaccess"]
)
def test_other_kinds_of_file_are_refused_by_name(name):
    assert refusal(name, PDF).startswith("Choose a PDF, a picture")


def test_empty_file_is_refused():
    assert refusal("a.pdf", b"") == "This file is empty. Choose another one."


def test_file_above_the_limit_is_refused_and_one_at_the_limit_is_taken(settings):
    limit = settings.UPLOAD_BYTES_AT_MOST
    at_limit = PDF + b" " * (limit - 2 * len(PDF)) + PDF
    assert safe("a.pdf", at_limit).content.size == limit
    assert refusal("a.pdf", at_limit + b" ") == "This file is larger than 10\xa0MB. Choose a smaller one."


# Pictures -------------------------------------------------------------------------------------


def jpeg_with_place():
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 45.0, 7.0)
    content = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(content, "JPEG", exif=exif, comment=b"secret comment", dpi=(72, 72))
    return content.getvalue()


def test_place_and_camera_are_gone_and_the_picture_stands_upright():
    original = jpeg_with_place()
    with Image.open(io.BytesIO(original)) as before:
        assert before.getexif().get_ifd(0x8825)[2] == (51.0, 45.0, 7.0)  # the example holds what we take out
    kept = safe("a.jpg", original).content.read()
    with Image.open(io.BytesIO(kept)) as after:
        assert after.size == (20, 40)
        assert dict(after.getexif()) == {}
        assert {"exif", "comment", "icc_profile", "xmp"} & set(after.info) == set()
    assert b"CameraMaker" not in kept
    assert b"secret comment" not in kept


def test_second_file_hidden_in_a_picture_is_gone():
    polyglot = picture("PNG") + HTML + office() + PDF
    kept = safe("a.png", polyglot).content.read()
    assert not re.search(rb"<script|PK\x03\x04|%PDF", kept)
    with Image.open(io.BytesIO(kept)) as after:
        assert after.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_holes_in_a_picture_stay_holes(format_):
    content = picture(format_, mode="RGBA", colour=(0, 0, 0, 0), **({"lossless": True} if format_ == "WEBP" else {}))
    with Image.open(safe(f"a.{format_.lower()}", content).content) as after:
        assert after.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_drawn_anew(mode):
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    file = safe("a.jpg" if format_ == "JPEG" else "a.png", picture(format_, mode=mode, colour=None))
    with Image.open(file.content) as after:
        assert after.size == (40, 20)


def png_that_claims(width, height):
    """A PNG of a few bytes that says it is that large."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 10_000), (8001, 5000), (65_000, 1300)])
def test_picture_of_too_many_pixels_is_refused_without_being_decoded(size):
    tracemalloc.start()
    assert refusal("a.png", png_that_claims(*size)) == "This picture is too large. Make it smaller than 40 megapixels."
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_picture_at_the_limit_of_pixels_is_read(settings):
    settings.UPLOAD_PIXELS_AT_MOST = 800
    assert safe("a.png", picture("PNG", (40, 20))).kind.extension == "png"
    assert refusal("a.png", picture("PNG", (40, 21))).startswith("This picture is too large")


# Office files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        office(extra=[("word/vbaProject.bin", b"\xd0\xcf")]),
        office(types=b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'),
        office(extra=[("word/activeX/activeX1.xml", b"")]),
        office(extra=[("word/embeddings/oleObject1.bin", b"")]),
    ],
)
def test_office_file_with_programs_is_refused(content):
    assert refusal("a.docx", content).startswith("This file holds macros")


def test_excel_macro_sheet_is_refused():
    content = office("xl/workbook.xml", extra=[("xl/macrosheets/sheet1.xml", b"")])
    assert refusal("a.xlsx", content).startswith("This file holds macros")


@pytest.mark.parametrize(
    "extra",
    [
        [("word/media/zeros.xml", bytes(50_000_000))],
        [(f"word/{n}.xml", b"x") for n in range(2001)],
    ],
)
def test_zip_bomb_is_refused(extra):
    assert refusal("a.docx", office(extra=extra)).startswith("This file unpacks to far more than it should.")


def test_zip_that_lies_about_its_list_of_types_is_refused_without_unpacking():
    content = office(types=bytes(20_000_000))
    lie = content.replace(struct.pack("<I", 20_000_000), struct.pack("<I", 100))
    tracemalloc.start()
    assert refusal("a.docx", lie).startswith("We cannot read this")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Our year.pdf", "Our year.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\report.PDF", "report.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoice fdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ("a\x00b.pdf", "a b.pdf"),
        ('"><script>alert(1)<script>.pdf', "script alert(1) script.pdf"),
        ("Adroddiad blynyddol ŵ 报告 😀.pdf", "Adroddiad blynyddol ŵ 报告 😀.pdf"),
        ("...pdf", "file.pdf"),
        ("a" + "\u0301" * 40 + ".pdf", "file.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_original_name_is_one_safe_line(name, cleaned):
    assert uploads.clean_name(name, uploads.KINDS["pdf"]) == cleaned


# Keeping --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_file_is_kept_under_a_random_name():
    first, second = EvidenceFactory(), EvidenceFactory()
    assert re.fullmatch(r"evidence/[0-9a-f]{32}\.pdf", first.file.name)
    assert first.file.name != second.file.name


@pytest.mark.django_db
def test_file_of_a_kind_that_nobody_checked_is_not_kept():
    row = Evidence(answer=AnswerFactory(), name="a.html", size=1)
    with pytest.raises(ValueError, match="Only what make_safe returned"):
        row.file.save("a.html", io.BytesIO(b"<script>"), save=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("doomed", [lambda row: row, lambda row: row.answer, lambda row: row.answer.review])
def test_file_leaves_the_disk_with_its_row_also_in_a_cascade(doomed):
    row = EvidenceFactory()
    storage, name = row.file.storage, row.file.name
    assert storage.exists(name)
    doomed(row).delete()
    assert not storage.exists(name)


@pytest.mark.django_db(transaction=True)
def test_file_stays_when_the_deletion_is_taken_back():
    row = EvidenceFactory()
    with transaction.atomic():
        row.delete()
        transaction.set_rollback(True)
    assert row.file.storage.exists(row.file.name)


def test_no_more_of_a_huge_upload_is_kept_than_shows_that_it_is_too_large(rf, settings):
    huge = SimpleUploadedFile("a.pdf", PDF + bytes(60 * 1024 * 1024))
    request = rf.post("/", {"file": huge})
    kept = request.FILES["file"]
    assert settings.UPLOAD_BYTES_AT_MOST < kept.size <= settings.UPLOAD_BYTES_AT_MOST + 2 * 64 * 1024
    with pytest.raises(ValidationError, match="larger than"):
        uploads.make_safe(kept)
    kept.close()
