"""What a back-up is made of, and how its parts are told from each other."""

import contextlib
import gzip
import hashlib
import io
import tarfile
import zlib

from django.db import connection

from oiep import local
from oiep.backup.sealing import MAGIC, Opened, Unreadable

DUMP, FILES, MANIFEST = "database/", "files/", "manifest.json"


class NotABackUp(Exception):
    """In words for an operator: why a back-up cannot be made, read or restored."""


def program(name):
    """The path of one of PostgreSQL's own programs, which has to be as new as the server."""
    path = local.postgres_program(name)
    if not path:
        raise NotABackUp(f"{name} is not installed. It comes with PostgreSQL's client programs (postgresql-client).")
    return path


def database_environment():
    """Where the database is and who we are there, for PostgreSQL's programs: no command line shows a password."""
    options = {**connection.settings_dict, **connection.settings_dict["OPTIONS"]}
    names = {
        "PGHOST": options.get("host") or options["HOST"],
        "PGPORT": options["PORT"],
        "PGUSER": options["USER"],
        "PGPASSWORD": options["PASSWORD"],
        "PGDATABASE": options["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    return {name: str(value) for name, value in names.items() if value}


def tables():
    """The database's own tables, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def checksums():
    """Each table → [how many rows, a checksum of all that they hold], in whatever order they are stored."""
    sums = {}
    with connection.cursor() as cursor:
        for table in tables():
            name = connection.ops.quote_name(table)
            cursor.execute(
                f"""
                SELECT count(*), encode(sha256(convert_to(
                    coalesce(string_agg(digest, '' ORDER BY digest COLLATE "C"), ''), 'UTF8')), 'hex')
                FROM (SELECT encode(sha256(convert_to(t::text, 'UTF8')), 'hex') AS digest FROM {name} t) AS digests
                """  # noqa: S608 - the name comes from the database, quoted
            )
            sums[table] = list(cursor.fetchone())
    return sums


def names_in(storage, folder=""):
    """The names of all files of a storage, in order."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # nobody has sent one yet
        return
    yield from (f"{folder}{name}" for name in sorted(files))
    for name in sorted(folders):
        yield from names_in(storage, f"{folder}{name}/")


def digest(content):
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def entries(path, key):
    """The parts of a back-up one after the other: (name, file). Raises NotABackUp where it is not whole."""
    if not path.is_file():
        raise NotABackUp(f"There is no file {path}.")
    try:
        with path.open("rb") as file, _tar(file, path, key) as archive:
            yield ((entry.name, archive.extractfile(entry)) for entry in archive if entry.isfile())
    except Unreadable:
        raise NotABackUp(
            f"{path} was not sealed with this BACKUP_KEY, or it was changed or cut off since. Nothing was restored."
        ) from None
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NotABackUp(f"{path} cannot be read as a back-up: {error}.") from error


def _tar(file, path, key):
    if file.read(len(MAGIC)) != MAGIC:
        file.seek(0)
        return tarfile.open(fileobj=file, mode="r|gz")
    if not key:
        raise NotABackUp(f"{path} is sealed. Set BACKUP_KEY to the key that it was made with.")
    return tarfile.open(fileobj=io.BufferedReader(Opened(file, key)), mode="r|gz")
