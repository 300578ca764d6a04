"""Restoring a back-up."""

import datetime
import json
import os
import subprocess
import tempfile
import threading

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from oiep.backup.parts import (
    DUMP,
    FILES,
    MANIFEST,
    NotABackUp,
    checksums,
    database_environment,
    digest,
    entries,
    names_in,
    program,
    tables,
)
from oiep.privacy import kept
from oiep.privacy.erasing import replay
from oiep.uploads import private_storage

_LOCK_SECONDS = 30


def restore(path, *, key="", replace=False):
    """Puts back what a back-up holds, and erases again who was erased since it was made.

    The whole back-up is read and checked before anything is changed; the database is restored in one transaction, and
    then every table and every file is compared with the back-up. replace: whether what is there now may be lost.
    Returns (manifest, how many were erased again). Raises NotABackUp in words.
    """
    manifest = _check(path, key)
    storage = private_storage()
    if not replace:
        _require_empty(storage)
    elif tables():
        kept.note_all()  # of the database that goes
    try:
        _put_files(path, key, storage)
    except OSError as error:
        raise NotABackUp(f"The files cannot be written: {error}. The database was left as it was.") from error
    _put_database(path, key)
    for name in set(names_in(storage)) - manifest["files"].keys():
        storage.delete(name)
    _compare(manifest, storage)
    call_command("migrate", interactive=False, verbosity=0)
    erased = replay(kept.erased_since(datetime.datetime.fromisoformat(manifest["made_at"])))
    kept.note_all()
    return manifest, erased


def _check(path, key):
    """Reads all of a back-up. Returns its manifest."""
    files, manifest, dumps = {}, None, 0
    with entries(path, key) as parts:
        for name, file in parts:
            content = file.read()
            if name.startswith(DUMP):
                dumps += 1
            elif name.startswith(FILES):
                files[name.removeprefix(FILES)] = [len(content), digest(content)]
            elif name == MANIFEST:
                manifest = json.loads(content)
    if manifest is None or not dumps:
        raise NotABackUp(f"{path} is not a whole back-up: it ends too early.")
    if files != manifest["files"]:
        raise NotABackUp(f"{path} is damaged: its files are not those that its manifest tells of.")
    unknown = {tuple(row) for row in manifest["migrations"]} - MigrationLoader(None).disk_migrations.keys()
    ours = sorted(f"{app}.{name}" for app, name in unknown if (app, name) not in _replaced())
    if ours:
        raise NotABackUp(
            f"{path} was made by a newer version of the portal ({ours[0]} is not known here). Install that version, "
            "then restore."
        )
    return manifest


def _replaced():
    """Migrations that a squashed one stands for, and which are no file any more."""
    loader = MigrationLoader(None)
    return {key for migration in loader.disk_migrations.values() for key in migration.replaces}


def _require_empty(storage):
    if tables():
        raise NotABackUp(
            "The database is not empty. To lose all that is in it and in the folder of files, add --replace; stop web, "
            "worker and scheduler first."
        )
    if next(names_in(storage), None):
        raise NotABackUp("There are files from people already. To lose those, add --replace.")


def _put_files(path, key, storage):
    with entries(path, key) as parts:
        for name, file in parts:
            if name.startswith(FILES):
                name = name.removeprefix(FILES)
                if storage.exists(name):  # names are random: the same name is the same file, or half of it
                    storage.delete(name)
                storage.save(name, ContentFile(file.read()))


def _put_database(path, key):
    """pg_restore turns the dump into SQL for psql, which gets the word to commit from us alone, when all went well."""
    connection.close()
    environment = {**os.environ, **database_environment()}
    with tempfile.TemporaryFile() as words:
        reader = subprocess.Popen(
            [program("pg_restore"), "--no-owner", "--no-privileges", "--no-comments", "--file=-"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words,
        )  # fmt: skip
        writer = subprocess.Popen(
            [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words,
        )  # fmt: skip
        trouble = []
        feeder = threading.Thread(target=_feed, args=(path, key, reader.stdin, trouble))
        feeder.start()
        try:
            writer.stdin.write(
                f"SET lock_timeout = '{_LOCK_SECONDS}s'; BEGIN;"
                "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n".encode()
            )
            while content := reader.stdout.read(1024 * 1024):
                writer.stdin.write(content)
            feeder.join()
            if reader.wait() == 0 and not trouble:
                writer.stdin.write(b"\nCOMMIT;\n")
            else:
                trouble.append("the dump in it cannot be read")
            writer.stdin.close()
        except BrokenPipeError:
            trouble.append("the database refused it")
            reader.kill()
        feeder.join()
        reader.stdout.close()
        if writer.wait() or reader.wait() or trouble:
            words.seek(0)
            raise NotABackUp(
                f"The database was left as it was: {trouble[0] if trouble else 'the database refused it'}. "
                f"{words.read().decode(errors='replace').strip()}"
            )


def _feed(path, key, pipe, trouble):
    try:
        with entries(path, key) as parts, pipe:
            for name, file in parts:
                if name.startswith(DUMP):
                    pipe.write(file.read())
    except (NotABackUp, BrokenPipeError) as error:
        trouble.append(str(error))


def _compare(manifest, storage):
    there = checksums()
    wrong = [
        name for name in manifest["tables"].keys() | there.keys() if manifest["tables"].get(name) != there.get(name)
    ]
    for name, told in manifest["files"].items():
        with storage.open(name) as file:
            content = file.read()
        if told != [len(content), digest(content)]:
            wrong.append(name)
    if wrong:
        raise NotABackUp(f"Restored, but not the same as in the back-up: {', '.join(sorted(wrong))}.")
