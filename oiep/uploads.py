"""Files that people send us: what is taken, how it is kept, and how it is handed out again (quality.md, *Security*).

A file is taken for what its name and its content both say it is, never for what the browser says. Pictures are drawn
anew, so that nothing but the picture is kept: no place, no camera, no hidden second file. Every file gets a random name
in a store that no address leads to; a view hands it out, after asking who may see it, as something to save and not to
show.
"""

import io
import re
import secrets
import unicodedata
import warnings
import zipfile
import zlib
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadhandler import FileUploadHandler
from django.db import models, transaction
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from oiep.text import is_clean_line

_NAME_LENGTH = 100
_OFFICE_ENTRIES_AT_MOST = 2000
_OFFICE_BYTES_AT_MOST = 100 * 1024 * 1024  # unpacked
_OFFICE_TIMES_AT_MOST = 200  # how many times smaller than unpacked one part may be
_TYPES_BYTES_AT_MOST = 1024 * 1024
_PDF_TAIL = 4096

# Pillow warns of pictures above this number of pixels, and refuses those of twice as many. Here a warning is a refusal.
Image.MAX_IMAGE_PIXELS = settings.UPLOAD_PIXELS_AT_MOST
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Kind:
    """A kind of file. picture: Pillow's name of its format. main_part: the file within an Office file that it is."""

    extension: str
    content_type: str
    picture: str = ""
    main_part: str = ""
    other_extensions: tuple[str, ...] = ()


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    kind.extension: kind
    for kind in (
        Kind("pdf", "application/pdf"),
        Kind("png", "image/png", picture="PNG"),
        Kind("jpg", "image/jpeg", picture="JPEG", other_extensions=("jpeg",)),
        Kind("webp", "image/webp", picture="WEBP"),
        Kind("docx", f"{_OFFICE}.wordprocessingml.document", main_part="word/document.xml"),
        Kind("xlsx", f"{_OFFICE}.spreadsheetml.sheet", main_part="xl/workbook.xml"),
    )
}
_BY_EXTENSION = {name: kind for kind in KINDS.values() for name in (kind.extension, *kind.other_extensions)}


def _accept(names):
    """For the `accept` of an <input>: a telephone then offers its pictures in a format that we take."""
    return ",".join([*(f".{name}" for name in names), *dict.fromkeys(_BY_EXTENSION[n].content_type for n in names)])


ACCEPT = _accept(_BY_EXTENSION)
ACCEPT_PICTURE = _accept([name for name, kind in _BY_EXTENSION.items() if kind.picture])


@dataclass(frozen=True)
class SafeFile:
    content: ContentFile
    kind: Kind
    original_name: str


def size_at_most():
    """How large a file may be, in words: “10 MB”."""
    return filesizeformat(settings.UPLOAD_BYTES_AT_MOST).replace(".0\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


def is_kept_as(file, row):
    """Whether a row's `file` holds, byte for byte, this SafeFile: a corrected one can have the same name and size."""
    try:
        with row.file.open() as kept:
            return kept.read() == file.content.read()
    except FileNotFoundError:
        return False
    finally:
        file.content.seek(0)


def make_safe(upload):
    """The file that is kept of an upload. Raises ValidationError, with words for a user, for one that is not taken."""
    if upload.size > settings.UPLOAD_BYTES_AT_MOST:
        raise _too_many_bytes()
    kind = _kind_named_by(upload)
    if kind is None:
        raise ValidationError(_("Choose a PDF, a picture (PNG, JPEG or WebP), a Word file (DOCX) or a sheet (XLSX)."))
    content = upload.read()
    if not content:
        raise ValidationError(_("This file is empty. Choose another one."))
    if kind.picture:
        content = _draw_anew(content, kind)
    elif kind.main_part:
        check_office(content, kind)
    else:
        _check_pdf(content)
    return _kept(content, kind, upload)


def make_safe_picture(upload, *, within):
    """As `make_safe`, for a picture to show on pages: PNG, JPEG or WebP, drawn anew as a WebP.

    within: how many pixels its longer side has at most; a larger one is made smaller. Of a picture that moves the first
    frame is kept. Returns the file, its width and its height.
    """
    if upload.size > settings.UPLOAD_BYTES_AT_MOST:
        raise _too_many_bytes()
    extension = upload.name.rpartition(".")[2].lower()
    if extension in ("svg", "svgz"):
        raise ValidationError(
            _("We cannot take an SVG file, because it can hold programs. Save the picture as a PNG, then choose that.")
        )
    kind = _kind_named_by(upload)
    if kind is None or not kind.picture:
        raise ValidationError(_("Choose a picture: PNG, JPEG or WebP."))
    content = upload.read()
    if not content:
        raise ValidationError(_("This file is empty. Choose another one."))
    drawn = _draw_anew(content, kind, within=within)
    with Image.open(io.BytesIO(drawn), formats=["WEBP"]) as picture:
        width, height = picture.size
    return _kept(drawn, KINDS["webp"], upload), width, height


def make_safe_widths(upload, *, within, widths):
    """As `make_safe_picture`, in several widths for pages to choose from (`srcset`), the widest first.

    within: how many pixels the longer side of the widest has at most. widths: of the others, where they are narrower.
    Returns a list of files, each with its width and its height.
    """
    safe, width, height = make_safe_picture(upload, within=within)
    made = [(safe, width, height)]
    with Image.open(safe.content, formats=["WEBP"]) as picture:
        for narrower in sorted((w for w in widths if w < width), reverse=True):
            lower = max(1, round(height * narrower / width))
            drawn = io.BytesIO()
            picture.resize((narrower, lower), Image.Resampling.LANCZOS).save(drawn, format="WEBP", quality=85)
            made.append((_kept(drawn.getvalue(), KINDS["webp"], upload), narrower, lower))
    safe.content.seek(0)
    return made


def _kept(content, kind, upload):
    # `random_name` gives it another name, and keeps the extension.
    return SafeFile(ContentFile(content, name=f"new.{kind.extension}"), kind, clean_name(upload.name, kind))


def _kind_named_by(upload):
    return _BY_EXTENSION.get(upload.name.rpartition(".")[2].lower() if "." in upload.name else "")


def _too_many_bytes():
    return ValidationError(_("This file is larger than %(most)s. Choose a smaller one.") % {"most": size_at_most()})


def _not_what_it_says(kind):
    return ValidationError(
        _("We cannot read this as a %(kind)s file. Save it again as %(kind)s, then choose it.")
        % {"kind": kind.extension.upper()}
    )


def _draw_anew(content, kind, *, within=None):
    """The picture alone, the right way up, without anything else that its file said.

    within: if given, it is drawn as a WebP whose longer side has at most so many pixels.
    """
    too_large = ValidationError(
        _("This picture is too large. Make it smaller than %(number)s megapixels.")
        % {"number": settings.UPLOAD_PIXELS_AT_MOST // 1_000_000}
    )
    try:
        with Image.open(io.BytesIO(content), formats=[kind.picture]) as picture:
            if picture.width * picture.height > settings.UPLOAD_PIXELS_AT_MOST:
                raise too_large
            # From here on it is decoded.
            picture = ImageOps.exif_transpose(picture)
            has_holes = picture.has_transparency_data and kind.picture != "JPEG"
            picture = picture.convert("RGBA" if has_holes else "RGB")
            picture.info = {}
            drawn_as = kind.picture
            if within:
                picture.thumbnail((within, within), Image.Resampling.LANCZOS)
                drawn_as = "WEBP"
            drawn = io.BytesIO()
            picture.save(drawn, format=drawn_as, **({} if drawn_as == "PNG" else {"quality": 85}))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise too_large from None
    except ValidationError:
        raise
    except Exception:
        # Pillow's decoders raise almost anything at a damaged file: OSError, SyntaxError, struct.error, ...
        raise _not_what_it_says(kind) from None
    return drawn.getvalue()


def _check_pdf(content):
    # Some programs write blank space before the header; anything else before it is another kind of file.
    begins = re.match(rb"\s{0,16}%PDF-[12]\.\d", content)
    if not (begins and b"%%EOF" in content[-_PDF_TAIL:]):
        raise _not_what_it_says(KINDS["pdf"])


def check_office(content, kind):
    """Refuses what is no such file, what carries programs, and what would unpack to far more than it seems."""
    if not content.startswith(b"PK\x03\x04"):
        raise _not_what_it_says(kind)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            entries = parts.infolist()
            names = {entry.filename for entry in entries}
            if not {"[Content_Types].xml", kind.main_part} <= names:
                raise _not_what_it_says(kind)
            if _is_a_bomb(entries):
                raise ValidationError(_("This file unpacks to far more than it should. Save it again, or as a PDF."))
            # Read with a limit: without one, what unpacks to more than it declares is unpacked whole.
            with parts.open("[Content_Types].xml") as part:
                types = part.read(_TYPES_BYTES_AT_MOST).lower()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise _not_what_it_says(kind) from None
    runs = re.compile(r"vbaproject|vbadata|activex|macrosheets|oleobject|embeddings/.*\.bin", re.IGNORECASE)
    if b"macroenabled" in types or b"vbaproject" in types or any(runs.search(name) for name in names):
        raise ValidationError(_("This file holds macros or other programs. Save it without them, or as a PDF."))


def _is_a_bomb(entries):
    if len(entries) > _OFFICE_ENTRIES_AT_MOST or sum(e.file_size for e in entries) > _OFFICE_BYTES_AT_MOST:
        return True
    return any(e.file_size > _OFFICE_TIMES_AT_MOST * max(e.compress_size, 1024) for e in entries)


def clean_name(name, kind):
    """The name that a file had, as one line that can be shown and saved under: no path, no hidden mark."""
    name = unicodedata.normalize("NFC", re.split(r"[\\/]", name)[-1])
    # Control, format (also what turns the direction of text), surrogate and unassigned characters, and line breaks.
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in name)
    stem = " ".join(re.sub(r'[<>:"|?*]', " ", shown.rpartition(".")[0]).split()).strip(". ")
    stem = stem[: _NAME_LENGTH - len(kind.extension) - 1].rstrip(". ")
    return f"{stem if stem and is_clean_line(stem) else _('file')}.{kind.extension}"


# Keeping --------------------------------------------------------------------------------------


def private_storage():
    return storages["private"]


def random_name(instance, filename):
    """A name that tells nothing, in the folder of its model; only the extension, which is ours, is kept."""
    extension = filename.rpartition(".")[2]
    if extension not in KINDS:
        raise ValueError("Only what make_safe returned is kept.")
    return f"{instance._meta.model_name}/{secrets.token_hex(16)}.{extension}"


class PrivateFileField(models.FileField):
    """A file that no address leads to. It leaves the disk with its row, once that is committed.

    As Django's ImageField does for its sizes, it listens to its own model: rows that go along with another in a cascade
    are deleted without a call of their `delete`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"storage": private_storage, "upload_to": random_name, "max_length": 100, **kwargs})

    def contribute_to_class(self, cls, name, **kwargs):
        super().contribute_to_class(cls, name, **kwargs)
        if not cls._meta.abstract:
            models.signals.post_delete.connect(self._take_from_disk, sender=cls)

    def _take_from_disk(self, instance, using, **kwargs):
        file = getattr(instance, self.attname)
        if file:
            transaction.on_commit(lambda: file.storage.delete(file.name), using=using)


class CappedUploadHandler(FileUploadHandler):
    """Keeps no more of a file than shows that it is too large, so that nobody fills our disk.

    It stands before Django's handlers: what it does not pass on they never see.
    """

    def receive_data_chunk(self, raw_data, start):
        return raw_data if start <= settings.UPLOAD_BYTES_AT_MOST else None

    def file_complete(self, file_size):
        return None


# Handing out ----------------------------------------------------------------------------------


def attachment(file, *, name):
    """A kept file as an answer: to be saved under its name, with our own type, and nothing in it can run."""
    response = _handed_out(file, as_attachment=True, filename=name)
    response["X-Robots-Tag"] = "noindex"
    return response


def shown(file):
    """A picture from `make_safe_picture` as an answer, for a page to show."""
    return _handed_out(file)


def _handed_out(file, **how):
    kind = KINDS[file.name.rpartition(".")[2]]
    response = FileResponse(file.open("rb"), content_type=kind.content_type, **how)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
