"""Making a back-up."""

import datetime
import io
import json
import os
import subprocess
import tarfile
import tempfile

from django.apps import apps
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from oiep.backup.parts import (
    DUMP,
    FILES,
    MANIFEST,
    NotABackUp,
    checksums,
    database_environment,
    digest,
    names_in,
    program,
)
from oiep.backup.sealing import Sealed
from oiep.privacy import kept
from oiep.uploads import private_storage

_PART = 16 * 1024 * 1024


def back_up(path, *, key=""):
    """Writes the whole site into a new file at `path`, readable by its owner alone. Returns its manifest.

    The dump and the checksums are of one and the same moment, while everybody works on. key: seals the file.
    Raises NotABackUp in words; then there is no file.
    """
    if path.exists():
        raise NotABackUp(f"{path} is there already. A back-up overwrites nothing: choose another name.")
    kept.note_all()
    part = path.with_name(f"{path.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            sealed = Sealed(file, key) if key else None
            with tarfile.open(fileobj=sealed or file, mode="w|gz") as archive:
                manifest = _write(archive)
            if sealed:
                sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, path)
    except OSError as error:
        raise NotABackUp(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


@transaction.atomic(durable=True)
def _write(archive):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot(), now()")
        snapshot, made_at = cursor.fetchone()
    _write_dump(archive, snapshot)
    named = _files_named()
    files = _write_files(archive)
    manifest = {
        "made_at": made_at.astimezone(datetime.UTC).isoformat(),
        "migrations": sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations()),
        "tables": checksums(),
        "files": files,
        # What a row names and is not there, and what is there and no row names: both should be empty.
        "missing": sorted(named - files.keys()),
        "unused": sorted(files.keys() - named),
    }
    _add(archive, MANIFEST, json.dumps(manifest).encode())
    return manifest


def _add(archive, name, content):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _write_dump(archive, snapshot):
    command = [program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(
            command, env={**os.environ, **database_environment()}, stdout=subprocess.PIPE, stderr=words
        ) as dump:
            number = 0
            while content := dump.stdout.read(_PART):
                _add(archive, f"{DUMP}{number:06}", content)
                number += 1
        words.seek(0)
        if dump.returncode:
            raise NotABackUp(f"pg_dump failed: {words.read().decode(errors='replace').strip()}")


def _files_named():
    """The names of all files that a row of some table has."""
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.FileField)
    ]
    return {
        name
        for model, field in fields
        for name in model._base_manager.exclude(**{field: ""}).values_list(field, flat=True).iterator()
    }


def _write_files(archive):
    """Each file that people sent: its name → [bytes, checksum]. No file is larger than an upload may be."""
    files, storage = {}, private_storage()
    for name in names_in(storage):
        try:
            with storage.open(name) as file:
                content = file.read()
        except FileNotFoundError:  # deleted at this moment
            continue
        _add(archive, f"{FILES}{name}", content)
        files[name] = [len(content), digest(content)]
    return files
