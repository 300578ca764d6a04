"""Migrations are such that the version before works on the tables that they leave, and that they can be taken back.

While an upgrade is under way, the old version serves on the new tables; and the way back from a bad release is the old
version on the new tables. So a migration adds, and takes nothing away that the version before still uses.
"""

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from tests import releases

RELEASED = releases.last_migrations()
APPS = {config.label for config in apps.get_app_configs() if "site-packages" not in config.path}

# (app, migration, what is wrong) → why it is right all the same.
EXCEPTIONS = {}


def faults_of(migration, state):
    """What the version before could not live with, or what cannot be taken back."""
    faults = []
    for operation in migration.operations:
        faults += _faults(operation, state, migration.app_label)
        if not operation.reversible:
            faults.append(f"{_name(operation)} cannot be taken back")
        operation.state_forwards(migration.app_label, state)
    return faults


def _name(operation):
    return (
        f"{type(operation).__name__} {getattr(operation, 'model_name', '') or getattr(operation, 'name', '')}".strip()
    )


def _faults(operation, state, app):
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        copy = state.clone()
        for inner in operation.database_operations:
            yield from _faults(inner, copy, app)
    elif isinstance(operation, migrations.DeleteModel | migrations.RenameModel | migrations.AlterModelTable):
        yield f"{_name(operation)}: the version before uses that table"
    elif isinstance(operation, migrations.RemoveField | migrations.RenameField):
        yield f"{_name(operation)}: the version before uses that column"
    elif isinstance(operation, migrations.AddField):
        field = operation.field
        if not (field.many_to_many or field.null or field.has_db_default()):
            where = f"{_name(operation)}.{operation.name}"
            yield f"{where}: the version before writes rows without it; give it a db_default"
    elif isinstance(operation, migrations.AlterField):
        old = state.models[app, operation.model_name_lower].fields[operation.name]
        yield from _narrower(operation, old, operation.field)


def _narrower(operation, old, new):
    where = f"{_name(operation)}.{operation.name}"
    if type(old).get_internal_type(old) != type(new).get_internal_type(new):
        yield f"{where}: the version before knows another type"
    if old.null and not new.null and not new.has_db_default():
        yield f"{where}: the version before may leave it empty"
    if old.max_length and new.max_length and new.max_length < old.max_length:
        yield f"{where}: the version before may write more"
    if not old.unique and new.unique:
        yield f"{where}: the version before may write it twice"
    if old.has_db_default() and not new.has_db_default():
        yield f"{where}: the version before counts on the default"


def migrations_since(before):
    """Our migrations after those of a release, in order, with the state that each begins from."""
    loader = MigrationLoader(None)
    ours = [(app, name) for app, name in before.items()]
    plan = []
    for key in loader.graph.leaf_nodes():
        plan += [node for node in loader.graph.forwards_plan(key) if node not in plan]
    old = {node for key in ours for node in loader.graph.forwards_plan(key)}
    state = loader.project_state(ours)
    for key in plan:
        if key not in old:
            migration = loader.get_migration(*key)
            if key[0] in APPS:
                yield key, migration, state.clone()
            state = migration.mutate_state(state, preserve=False)


def faults_since(before):
    return [
        (*key, fault)
        for key, migration, state in migrations_since(before)
        for fault in faults_of(migration, state)
        if (*key, fault) not in EXCEPTIONS
    ]


def test_version_before_can_live_with_the_new_tables():
    assert faults_since(RELEASED) == []


def test_each_exception_is_of_something():
    found = {
        (*key, fault) for key, migration, state in migrations_since(RELEASED) for fault in faults_of(migration, state)
    }
    assert EXCEPTIONS.keys() <= found


def test_migrations_since_a_release_are_found():
    first = dict.fromkeys(("oiep", "partners", "pledges", "working_groups", "events"), "0001_initial")
    found = [key for key, _migration, _state in migrations_since(first)]
    assert ("events", "0005_desk") in found
    assert not {(app, "0001_initial") for app in first} & set(found)
    found = [key for key, _migration, _state in migrations_since({**first, "events": "0005_desk"})]
    assert ("events", "0005_desk") not in found
    assert ("events", "0006_languages") in found


def test_each_migration_can_be_taken_back():
    faults = [
        f"{app}.{name}: {type(operation).__name__}"
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in APPS
        for operation in migration.operations
        if not operation.reversible
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.RemoveField("Sector", "name"), "the version before uses that column"),
        (migrations.RenameField("Sector", "name", "title"), "the version before uses that column"),
        (migrations.DeleteModel("Sector"), "the version before uses that table"),
        (migrations.RenameModel("Sector", "Trade"), "the version before uses that table"),
        (migrations.AddField("Sector", "rank", models.IntegerField(default=0)), "give it a db_default"),
        (migrations.AlterField("Sector", "name", models.CharField(max_length=3)), "may write more"),
        (migrations.AlterField("Sector", "name", models.IntegerField()), "knows another type"),
        (migrations.AlterField("Sector", "note", models.CharField(max_length=99, unique=True)), "may write it twice"),
        (migrations.AlterField("Sector", "note", models.CharField(max_length=99)), "may leave it empty"),
        (migrations.RunPython(lambda apps, editor: None), "cannot be taken back"),
        (migrations.RunSQL("SELECT 1"), "cannot be taken back"),
    ],
)
def test_planted_fault_is_found(operation, fault):
    found = faults_of(*_planted(operation))
    assert [words for words in found if fault in words], found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("Sector", "rank", models.IntegerField(null=True)),
        migrations.AddField("Sector", "rank", models.IntegerField(default=0, db_default=0)),
        migrations.AlterField("Sector", "name", models.CharField(max_length=300)),
        migrations.CreateModel("Trade", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop),
    ],
)
def test_what_adds_is_no_fault(operation):
    assert faults_of(*_planted(operation)) == []


def _planted(operation):
    state = migrations.state.ProjectState()
    create = migrations.CreateModel(
        "Sector",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=80)),
            ("note", models.CharField(max_length=99, null=True)),
        ],
    )
    create.state_forwards("partners", state)
    migration = migrations.Migration("planted", "partners")
    migration.operations = [operation]
    return migration, state
