"""The last release's code works on today's tables, and today's migrations go back to its tables and forth again."""

import os
import subprocess
import sys
import uuid

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests import database, releases
from tests.processes import database_url
from tests.test_access import make_world

# Of the release's own tests, those of what visitors, partners and the manager do while an upgrade is under way.
SMOKE = (
    "tests/pledges/test_signing_confirming.py", "tests/pledges/test_moderation_decide.py",
    "tests/pledges/test_review_form_actions.py",
)  # fmt: skip


# In its place the release makes the tables by its own migrations.
TABLES = """
import os

def template():
    return os.environ["TABLES"]
"""
# The others end by emptying all tables that the release knows, which those that came since refer to.
ROLLED_BACK_ALONE = """
def pytest_collection_modifyitems(items):
    marks = {item: item.get_closest_marker("django_db") for item in items}
    items[:] = [item for item in items if not (marks[item] and marks[item].kwargs.get("transaction"))]
"""


@pytest.fixture(scope="module")
def old_code(tmp_path_factory):
    """`old_code(template, *tests)` runs tests of the last release, and its code, on a copy of the tables in `template`.

    Returns the exit code, and what was printed.
    """
    folder = releases.check_out(tmp_path_factory.mktemp("old") / "code")
    (folder / "tests" / "database.py").write_text(TABLES)
    (folder / "conftest.py").write_text(ROLLED_BACK_ALONE)

    def run(template, *tests):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "TABLES": template,
            "TEST_DATABASE_NAME": f"old_code_{uuid.uuid4().hex[:12]}",
        }
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.django_db
def test_last_release_works_on_todays_tables(old_code):
    code, told = old_code(database.template(), *SMOKE)
    assert code == 0, told
    assert "passed" in told


@pytest.fixture
def spoilt(transactional_db):
    """A template with a column that the last release does not know of, and that has no default."""
    name = f"spoilt_{uuid.uuid4().hex[:12]}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database.template()}"')
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pledges_signing ADD COLUMN planted text NOT NULL")
    connection.close()
    connection.settings_dict["NAME"] = own
    yield name
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


def test_tables_with_which_it_could_not_work_are_found(old_code, spoilt):
    code, told = old_code(spoilt, SMOKE[0])
    assert code == 1
    assert 'null value in column "planted"' in told


# There and back -------------------------------------------------------------------------------


@pytest.fixture
def copy_of_everything(transactional_db):
    """Something of everything, in a database of its own, whose tables may be taken apart."""
    make_world()
    own, new = connection.settings_dict["NAME"], f"back_{uuid.uuid4().hex[:12]}"
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{new}" TEMPLATE "{own}"')
    connection.settings_dict["NAME"] = new
    yield
    connection.close()
    connection.settings_dict["NAME"] = own
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{new}"')


# What Django itself writes anew at each migration.
OF_DJANGO = {"django_migrations", "django_content_type", "auth_permission", "auth_group_permissions", "cache"}


def sums():
    """(table, column) → the number of its rows and a checksum of what they hold there."""
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - OF_DJANGO:
            key = connection.introspection.get_primary_key_column(cursor, table)
            for column in connection.introspection.get_table_description(cursor, table):
                name, key_name, table_name = map(connection.ops.quote_name, (column.name, key, table))
                rows = f"coalesce({name}::text, '-'), ';' ORDER BY {key_name}"
                cursor.execute(f"SELECT count(*), md5(string_agg({rows})) FROM {table_name}")  # noqa: S608
                found[table, column.name] = cursor.fetchone()
    return found


def migrate_back():
    released = releases.last_migrations()
    for config in apps.get_app_configs():
        if config.label in released:
            call_command("migrate", config.label, released[config.label], verbosity=0)
        elif "site-packages" not in config.path:
            call_command("migrate", config.label, "zero", verbosity=0)


def test_migrations_go_back_to_the_last_release_and_forth_again(copy_of_everything):
    before = sums()
    migrate_back()
    back = sums()
    assert set(back) < set(before), "there are columns that came since"
    assert len({table for table, column in back if back[table, column][0]}) > 60
    call_command("migrate", verbosity=0)
    after = sums()
    assert set(after) == set(before)
    # What the last release knows is as it was, there and back.
    assert {place: (before[place], after[place]) for place in back} == {place: (back[place],) * 2 for place in back}
