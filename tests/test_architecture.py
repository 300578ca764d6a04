"""Imports and relations go one way: ground ← partners ← pledges ← working_groups ← events ← desk ← composition."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["oiep", "partners", "pledges", "working_groups", "events", "desk", "composition"]
# The modules of `oiep` that join the apps. Nothing imports them but each other.
COMPOSITION = {
    "oiep.urls",
    "oiep.views",
    "oiep.sitemaps",
    "oiep.day",
    "oiep.management.commands.run_daily",
    "oiep.privacy",
    "oiep.impact",
    "oiep.data",
    "oiep.reach",
    "oiep.backup",
    "oiep.management.commands.back_up",
    "oiep.management.commands.restore",
    "oiep.reports",
    "oiep.api",
}


def layer_of(module):
    """Where a module stands, or None for one that is not ours."""
    parts = module.split(".")
    if any(".".join(parts[:length]) in COMPOSITION for length in range(2, len(parts) + 1)):
        return LAYERS.index("composition")
    return LAYERS.index(parts[0]) if parts[0] in LAYERS[:-1] else None


def imported_by(path, root):
    """(line, module) for each import in a file, also those inside functions."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(), path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            module = f"{start}{node.module or ''}".strip(".")
            yield node.lineno, module
            # `from oiep import views` names a module as well.
            yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)


def imports_to_the_right(root):
    faults = set()
    for app in LAYERS[:-1]:
        for path in sorted((root / app).rglob("*.py")):
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            for line, imported in imported_by(path, root):
                layer = layer_of(imported)
                if layer is not None and layer > layer_of(module):
                    faults.add(f"{path.relative_to(root)}:{line} imports {imported}")
    return sorted(faults)


def relations_to_the_right(all_models):
    faults = []
    for model in all_models:
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if not field.remote_field:
                continue
            here, there = (layer_of(related.__module__) for related in (model, field.related_model))
            if here is not None and there is not None and there > here:
                faults.append(f"{field} points to {field.related_model._meta.label}")
    return faults


def test_imports_go_leftwards():
    assert imports_to_the_right(ROOT) == []


def test_relations_go_leftwards():
    assert relations_to_the_right(apps.get_models(include_auto_created=True)) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("partners/actions.py", "from pledges.models import Pledge"),
        ("partners/actions.py", "def act():\n    import pledges.models"),
        ("oiep/email.py", "if True:\n    from partners import models"),
        ("pledges/views.py", "from oiep import views"),
        ("pledges/views/public.py", "from oiep.views import home"),
        ("working_groups/models.py", "import events"),
        ("oiep/audit.py", "from .views import home"),
        ("oiep/management/commands/prepare.py", "from ...urls import urlpatterns"),
    ],
)
def test_planted_import_is_found(tmp_path, module, code):
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert len(imports_to_the_right(tmp_path)) >= 1
    assert all(fault.startswith(module) for fault in imports_to_the_right(tmp_path))


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("oiep/views.py", "from pledges.models import Pledge\nfrom oiep import sitemaps"),
        ("pledges/actions.py", "from partners.actions import withdraw\nfrom oiep import audit\nimport json"),
        ("events/models.py", "from . import views\nfrom working_groups.models import Group"),
    ],
)
def test_allowed_import_is_not_found(tmp_path, module, code):
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert imports_to_the_right(tmp_path) == []


@isolate_apps("partners")
def test_planted_relation_is_found():
    class Planted(models.Model):  # noqa: DJ008
        __module__ = "partners.models"
        pledge = models.ForeignKey(apps.get_model("pledges", "Pledge"), models.CASCADE, related_name="+")
        areas = models.ManyToManyField(apps.get_model("partners", "PriorityArea"), related_name="+")

        class Meta:
            app_label = "partners"

    assert relations_to_the_right([Planted]) == ["partners.Planted.pledge points to pledges.Pledge"]
