"""One database set-up, shared: the tables are made once for each state of the migrations, and then copied."""

import hashlib
import inspect
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

PREFIX = "oiep_tables_"
LOCK = 7_300_117  # among the processes that run tests on this server


def template():
    """The name of a database in which all migrations are applied. It is made if it is not there yet."""
    name = PREFIX + _state_of_migrations()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        there = {row[0] for row in cursor.fetchall()}
        if name not in there:
            for old in there:
                cursor.execute(f'DROP DATABASE "{old}"')
            cursor.execute(f'CREATE DATABASE "{PREFIX}new"')
            _migrate(f"{PREFIX}new")
            cursor.execute(f'ALTER DATABASE "{PREFIX}new" RENAME TO "{name}"')
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return name


def _state_of_migrations():
    """A digest of what the migrations do, and of the models whose rights they write down."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    texts = [Path(inspect.getfile(import_module(m.__module__))).read_bytes() for m in loader.disk_migrations.values()]
    names = repr(sorted((model._meta.label, model._meta.permissions) for model in apps.get_models()))
    return hashlib.sha256(b"".join(sorted({*texts, names.encode()}))).hexdigest()[:16]


def _migrate(name):
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
