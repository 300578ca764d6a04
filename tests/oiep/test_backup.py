"""The portal is backed up, lost, and restored into an empty database; then everything is compared."""

import datetime
import io
import tarfile
import uuid

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from oiep import local
from oiep.backup import NotABackUp, back_up, making, restore
from oiep.backup.parts import checksums, tables
from oiep.backup.sealing import MAGIC, Opened, Sealed, Unreadable
from oiep.models import Erasure, User
from oiep.privacy import kept
from oiep.privacy.erasing import erase
from tests.factories import (
    EvidenceFactory,
    LogoFactory,
    OutgoingEmailFactory,
    PartnerFactory,
    RegistrationFactory,
    UserFactory,
)

KEY = "correct horse battery staple, and then some more"


@pytest.fixture
def site(transactional_db):
    """Something of everything that must come back, and no file of another test."""
    lose_all_files()
    LogoFactory()
    EvidenceFactory()
    RegistrationFactory()
    OutgoingEmailFactory(text="Ærlig — “quoted”\r\n\tand 🌸")
    yield PartnerFactory(approved=True, name="Zebra & Söhne")
    lose_all_files()


def lose_all_files():
    for alias in ("private", "erasures"):
        lose_files(alias)


def lose_files(alias="private"):
    for name in list(making.names_in(storages[alias])):
        storages[alias].delete(name)


@pytest.fixture
def elsewhere(transactional_db):
    """`elsewhere()` leaves the database behind for a new one that has nothing, until the test ends."""
    own, new = connection.settings_dict["NAME"], f"restored_{uuid.uuid4().hex[:12]}"

    def go():
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{new}" TEMPLATE template0')
        connection.close()
        connection.settings_dict["NAME"] = new

    yield go
    connection.close()
    connection.settings_dict["NAME"] = own
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{new}"')


@pytest.fixture
def another_server(transactional_db, tmp_path, monkeypatch):
    """`another_server()` goes on with a PostgreSQL of its own, in another folder, in which there is nothing."""
    own, folder = dict(connection.settings_dict), tmp_path / "postgres"
    monkeypatch.setattr(local, "POSTGRES", folder)
    local._start_postgres()
    assert local._has_database()

    def go():
        connection.close()
        options = {**own["OPTIONS"], "host": str(local._socket_folder(folder))}
        connection.settings_dict.update(NAME="oiep", USER="postgres", PASSWORD="", HOST="", PORT="", OPTIONS=options)

    yield go
    connection.close()
    connection.settings_dict.update(own)
    local._stop_postgres()


def everything():
    """All rows of all models, and all files, read without what back-ups count with."""
    rows = {
        model._meta.label: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models(include_auto_created=True)
    }
    files = {name: storages["private"].open(name).read() for name in making.names_in(storages["private"])}
    assert rows["partners.Partner"]
    assert len(files) == 2
    return rows, files


@pytest.mark.parametrize("key", [KEY, ""])
def test_everything_comes_back_into_an_empty_database(site, elsewhere, tmp_path, settings, capsys, key):
    settings.BACKUP_KEY = key
    before, sums = everything(), checksums()
    call_command("back_up", tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(MAGIC) == bool(key)
    elsewhere()
    lose_files()
    assert tables() == []
    call_command("restore", path)
    assert everything() == before
    assert checksums() == sums
    assert "each the same as in the back-up. Erased again: 0." in capsys.readouterr().out
    # New rows get numbers of their own.
    assert PartnerFactory().pk > site.pk


def test_everything_comes_back_on_a_server_that_has_nothing(site, another_server, tmp_path):
    """As after a fire: another PostgreSQL, no file, the back-up, and the folder of who was erased since."""
    gone = UserFactory(email="rosa@example.org", name="Rosa Sharp")
    before, sums = everything(), checksums()
    back_up(tmp_path / "a", key=KEY)
    erase(user=gone, actor=None, tell=False)
    another_server()
    lose_files()
    assert tables() == []
    manifest, erased = restore(tmp_path / "a", key=KEY)
    assert manifest["tables"] == sums
    assert erased == 1
    after = everything()
    assert after[1] == before[1]
    changed = {name for name, rows in before[0].items() if after[0][name] != rows}
    assert changed == {"oiep.User", "oiep.Erasure", "oiep.AuditEvent", "oiep.DataChange"}
    assert not User.objects.filter(email="rosa@example.org").exists()


def test_who_was_erased_since_is_erased_again(site, elsewhere, tmp_path):
    gone, stays = UserFactory(email="rosa@example.org", name="Rosa Sharp"), UserFactory(email="ada@example.org")
    long_gone = UserFactory()
    erase(user=long_gone, actor=None, tell=False)
    back_up(tmp_path / "a")
    erase(user=gone, actor=None, tell=False)
    # Kept although the moment at which it should have been was missed.
    lose_files("erasures")
    elsewhere_before = set(Erasure.objects.values_list("user", flat=True))
    kept.note_all()
    elsewhere()
    lose_files()
    _manifest, erased = restore(tmp_path / "a")
    assert erased == 1
    assert set(Erasure.objects.values_list("user", flat=True)) == elsewhere_before == {gone.pk, long_gone.pk}
    assert not User.objects.filter(email="rosa@example.org").exists()
    assert User.objects.get(pk=stays.pk).email == "ada@example.org"


def test_number_that_is_somebody_elses_since_is_not_erased(db):
    """An erasure that an older back-up does not know of, before a later back-up that was made from it."""
    user = UserFactory()
    erasure = erase(user=user, actor=None, tell=False)
    kept.note(erasure)
    assert kept.erased_since(erasure.erased_at) == {user.pk}
    assert kept.erased_since(timezone.now() + datetime.timedelta(hours=1)) == set()
    lose_files("erasures")


def test_erasure_is_kept_when_it_is_committed(site):
    user = UserFactory()
    erasure = erase(user=user, actor=None, tell=False)
    assert kept.erased_since(erasure.erased_at) == {user.pk}


def test_what_is_there_is_lost_only_when_told(site, tmp_path, settings):
    settings.BACKUP_KEY = KEY
    before = everything()
    back_up(tmp_path / "a", key=KEY)
    later = PartnerFactory()
    extra = storages["private"].save("logo/new.webp", ContentFile(b"new"))
    with pytest.raises(CommandError, match=r"The database is not empty\. .* add --replace"):
        call_command("restore", tmp_path / "a")
    assert type(later).objects.filter(pk=later.pk).exists()
    restore(tmp_path / "a", key=KEY, replace=True)
    assert not storages["private"].exists(extra)
    assert everything() == before


def test_back_up_that_is_not_whole_changes_nothing(site, tmp_path):
    back_up(tmp_path / "a", key=KEY)
    whole, before, bad = (tmp_path / "a").read_bytes(), everything(), tmp_path / "bad"
    middle = len(whole) // 2
    for content, key, words in (
        (whole, KEY + "x", "not sealed with this BACKUP_KEY"),
        (whole, "", "is sealed. Set BACKUP_KEY"),
        (whole[:-1], KEY, "changed or cut off"),
        (whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], KEY, "changed or cut off"),
        (b"", "", "cannot be read"),
        (b"not at all", "", "cannot be read"),
    ):
        bad.write_bytes(content)
        with pytest.raises(NotABackUp, match=words):
            restore(bad, key=key, replace=True)
    with pytest.raises(NotABackUp, match="There is no file"):
        restore(tmp_path / "none")
    assert everything() == before


def altered(path, new, alter):
    """The back-up without a key at `path`, each part as `alter(name, content)` gives it back; None leaves it out."""
    with tarfile.open(path) as old, tarfile.open(new, "w:gz") as archive:
        for entry in old:
            content = alter(entry.name, old.extractfile(entry).read())
            if content is not None:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return new


def test_dump_that_ends_early_leaves_the_database_as_it_was(site, tmp_path):
    back_up(tmp_path / "a")
    before = everything()

    def cut(name, content):
        return content[:-5000] if name.startswith("database/") else content

    def without_files(name, content):
        return None if name.startswith("files/") else content

    def of_a_newer_version(name, content):
        return content.replace(b'"0001_initial"', b'"0999_new"') if name == "manifest.json" else content

    for alter, words in (
        (cut, "The database was left as it was"),
        (without_files, "is damaged"),
        (of_a_newer_version, "made by a newer version"),
        (lambda name, content: None if name == "manifest.json" else content, "not a whole back-up"),
    ):
        with pytest.raises(NotABackUp, match=words):
            restore(altered(tmp_path / "a", tmp_path / "bad", alter), replace=True)
        assert everything() == before


def test_back_up_overwrites_nothing_and_leaves_no_half(site, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(NotABackUp, match="overwrites nothing"):
        back_up(tmp_path / "a")
    with pytest.raises(NotABackUp, match="cannot be written"):
        back_up(tmp_path / "no" / "folder")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "mine")]


def test_files_that_rows_name_and_that_are_not_there_are_told(site, tmp_path):
    lose_files()
    storages["private"].save("logo/stray.webp", ContentFile(b"stray"))
    with pytest.raises(CommandError, match=r"gone: \S+\.\w+, \S+\.\w+$"):
        call_command("back_up", tmp_path / "a")
    assert (tmp_path / "a").exists()


# Sealing --------------------------------------------------------------------------------------


def sealed(content, key=KEY):
    file = io.BytesIO()
    writer = Sealed(file, key)
    writer.write(content)
    writer.finish()
    return file.getvalue()


def opened(content, key=KEY):
    return io.BufferedReader(Opened(io.BytesIO(content.removeprefix(MAGIC)), key)).read()


MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("length", [0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE])
def test_what_is_sealed_opens_to_the_same(length):
    content = b"Rosa Sharp"[:length].ljust(length, b"x")
    assert opened(sealed(content)) == content
    assert b"Rosa" not in sealed(content)


def test_pieces_that_are_missing_swapped_or_of_another_file_are_seen():
    whole = sealed(b"a" * MEBIBYTE + b"b" * MEBIBYTE + b"c")
    start = len(MAGIC) + 16
    pieces = [whole[at : at + MEBIBYTE + 16] for at in range(start, len(whole), MEBIBYTE + 16)]
    assert len(pieces) == 3
    other = sealed(b"a" * MEBIBYTE + b"b" * MEBIBYTE + b"c")
    first, second, last = pieces
    for wrong in (
        [first, second], [first, last], [second, first, last], [*pieces, last], [first], [],
        [other[start : start + MEBIBYTE + 16], second, last],
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            opened(whole[:start] + b"".join(wrong))
    assert len(opened(whole[:start] + b"".join(pieces))) == 2 * MEBIBYTE + 1
