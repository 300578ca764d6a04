"""One database set-up, shared: the tables are made once for each state of the migrations, and then copied.

A test that commits leaves the copy as it found it; `Emptying` sees to that far quicker than Django, which empties each
of the hundred and more tables and then writes anew what migrations had written.
"""

import contextlib
import hashlib
import inspect
import io
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
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


def hurry():
    """No commit to the tests' database waits for the disk: it need not outlive the machine."""
    with connection.cursor() as cursor:
        for setting in ("synchronous_commit", "jit"):
            cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET {setting} = off')
    connection.close()


def end_others():
    """Ends what other processes and threads left connected to the tests' database, which could not be dropped else."""
    with contextlib.suppress(OperationalError), connection.cursor() as cursor:  # the server may have ended before us
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )


class Emptying:
    """Takes away what a test has committed, and nothing else: what migrations wrote stays, or comes back as it was."""

    def __init__(self):
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            written = self._tables_with_rows(cursor, tables)
            self.kept = {table: self._read(cursor, table) for table in written}
            self.digests = self._digests(cursor)

    def __call__(self):
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            tables = [table for table in connection.introspection.table_names(cursor) if table not in self.kept]
            changed = self._changed(cursor)
            # References are looked at when the transaction ends. Emptying a table may note that in another (decision
            # 0037), which is why there is a second look.
            for _look in range(2):
                for table in self._tables_with_rows(cursor, tables):
                    cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name that the database gave
            for table in changed:
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
            for table in changed:
                cursor.copy_expert(f'COPY "{table}" FROM STDIN', io.StringIO(self.kept[table]))
        ContentType.objects.clear_cache()

    def _tables_with_rows(self, cursor, tables):
        look = "SELECT '{0}' WHERE EXISTS (SELECT FROM \"{0}\")"
        cursor.execute(" UNION ALL ".join(map(look.format, tables)))
        return [row[0] for row in cursor.fetchall()]

    def _read(self, cursor, table):
        rows = io.StringIO()
        cursor.copy_expert(f'COPY "{table}" TO STDOUT', rows)
        return rows.getvalue()

    def _digests(self, cursor):
        digest = "SELECT '{0}', md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM \"{0}\" t"
        cursor.execute(" UNION ALL ".join(map(digest.format, self.kept)))
        return dict(cursor.fetchall())

    def _changed(self, cursor):
        now = self._digests(cursor)
        return [table for table in self.kept if now[table] != self.digests[table]]
