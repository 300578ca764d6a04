"""The repository agrees with itself. Each check is tried on a planted fault as well."""

import re
import subprocess
from pathlib import Path

import allauth
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.template.utils import get_app_template_dirs

from oiep.celery import app as celery
from tests import repository

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def plant(tmp_path):
    """`plant("templates/a.html", "…")` writes a file into an otherwise empty repository, and returns its root."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tmp_path

    return write


# Templates ------------------------------------------------------------------------------------

# What a package of ours asks for by a name that it puts together itself.
NAMED_ELSEWHERE = {"400.html", "403.html", "404.html", "500.html", "429.html"}


def overrides(name):
    """Whether an installed package has a template of this name, which ours then replaces."""
    return any((folder / name).exists() for folder in map(Path, get_app_template_dirs("templates")))


def unused_templates(root):
    literals, patterns = repository.strings_in_code(root)
    asked_for = literals | repository.names_in_templates(root) | NAMED_ELSEWHERE
    mail_of_packages = "".join(path.read_text() for path in Path(allauth.__file__).parent.rglob("*.py"))

    def is_written(words, through=2):
        """Whether code has these words, or an f-string that makes them of words that it has (`f"email/{name}.txt"`)."""
        if words in literals or f'"{words}"' in mail_of_packages:
            return True
        matches = (re.fullmatch(pattern, words) for pattern in patterns if through and pattern != "(.+)")
        return any(all(is_written(part, through - 1) for part in match.groups()) for match in matches if match)

    def is_used(name):
        return name in asked_for or overrides(name) or is_written(name)

    return [name for name in repository.templates(root) if not is_used(name)]


def missing_templates(root):
    there = repository.templates(root)
    literals, _patterns = repository.strings_in_code(root)
    named = {text for text in literals if re.fullmatch(r"[\w-]+(/[\w.-]+)+\.(html|txt)", text)}
    return sorted(
        name for name in named | repository.names_in_templates(root) if name not in there and not overrides(name)
    )


def test_each_template_is_used():
    assert unused_templates(ROOT) == []


def test_unused_template_is_found(plant):
    plant("templates/used.html", "{% extends 'base.html' %}{% include \"components/box.html\" with a=1 only %}")
    for name in (
        "base.html",
        "components/box.html",
        "email/sent.txt",
        "email/forgotten.txt",
        "lonely.html",
        "404.html",
    ):
        plant(f"templates/{name}", "")
    root = plant("oiep/views.py", 'page = "used.html"\nmail("sent")\nname = f"email/{template}.txt"')
    assert unused_templates(root) == ["email/forgotten.txt", "lonely.html"]


def test_each_template_that_is_named_exists():
    assert missing_templates(ROOT) == []


def test_missing_template_is_found(plant):
    plant("oiep/views.py", 'render(request, "pages/lost.html"), "admin/base.html", "robots.txt"')
    root = plant("templates/here.html", "{% include 'components/gone.html' %}{# {% include 'a/b.html' %} #}")
    assert missing_templates(root) == ["components/gone.html", "pages/lost.html"]


# Words ----------------------------------------------------------------------------------------

# Names and marks that are the same in every language.
SAME_EVERYWHERE = {"OIEP", "My Computer My Way"}
READ_ALOUD = {"@alt", "@aria-label", "@aria-description", "@placeholder", "@title"}


def untranslated(root):
    """Words of pages and e-mails that stand outside {% translate %} and {% blocktranslate %}."""
    faults = []
    for name, path in repository.templates(root).items():
        if path.suffix == ".txt":
            found = [(line, "text", text) for line, text in repository.text_of(path)]
        else:
            found = repository.Markup(path).found
        for line, kind, what in found:
            if kind == "text" or kind in READ_ALOUD:
                words = " ".join(what.split())
                if re.search(r"[^\W\d_]{2}", words) and words not in SAME_EVERYWHERE:
                    faults.append(f"{name}:{line} {words[:60]}")
    return faults


def test_each_string_of_a_template_is_marked_for_translation():
    assert untranslated(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.html", "<p>\n\nHello</p>", "a.html:1 Hello"),
        ("a.html", "{% translate 'Hello' %}\n<p>Goodbye {{ name }}</p>", "a.html:1 Goodbye"),
        ("a.html", '<img alt="A map of {{ place }}">', "a.html:1 A map of"),
        ("a.html", '<button aria-label="Close">×</button>', "a.html:1 Close"),
        ("email/a.txt", "{% autoescape off %}Hello {{ name }}{% endautoescape %}", "email/a.txt:1 Hello"),
        ("a.html", "{% if a %}<p>{% blocktranslate %}Yes{% endblocktranslate %} no</p>{% endif %}", "a.html:1 no"),
    ],
)
def test_untranslated_words_are_found(plant, name, text, fault):
    assert untranslated(plant(f"templates/{name}", text)) == [fault]


@pytest.mark.parametrize(
    "text",
    [
        "{% translate 'Hello' %}",
        "{% blocktranslate trimmed %}Hello {{ name }}{% endblocktranslate %}",
        '<p class="lead" id="summary">{{ text }} · 12 &amp; 3</p>',
        "{# Hello #}{% comment %}Hello{% endcomment %}<!-- Hello -->",
        '<input aria-label="{% translate \'Name\' %}" placeholder="">',
        "<p>OIEP</p>",
        "{% block bodyclass %}{{ block.super }} dashboard{% endblock %}",
        '<h{{ level }} class="title"><details{% if open %} open{% endif %}>',
    ],
)
def test_translated_words_are_no_fault(plant, text):
    assert untranslated(plant("templates/a.html", text)) == []


def escaped_mail(root):
    """E-mail templates that would write `&amp;` to a reader of plain text."""
    return [
        name
        for name, path in repository.templates(root, (".txt",)).items()
        if name.startswith("email/")
        and not path.name.startswith("_")  # a part, written inside another's autoescape
        and not re.fullmatch(r"\{% autoescape off %\}.*\{% endautoescape %\}", path.read_text().strip(), re.DOTALL)
    ]


def test_each_mail_is_written_unescaped():
    assert escaped_mail(ROOT) == []


def test_escaped_mail_is_found(plant):
    plant("templates/email/good.txt", "{% autoescape off %}Hi\n{% endautoescape %}\n")
    plant("templates/email/_part.txt", "Hi")
    plant("templates/email/half.txt", "Hi {% autoescape off %}{{ a }}{% endautoescape %} {{ b }}")
    root = plant("templates/email/account/email/bad.txt", "Hi {{ name }}")
    assert escaped_mail(root) == ["email/account/email/bad.txt", "email/half.txt"]


# What the Content-Security-Policy forbids -----------------------------------------------------


def inline_code(root):
    faults = []
    for name, path in repository.templates(root, (".html", ".svg")).items():
        if name.startswith("email/"):  # e-mail programs read styles from nowhere else
            continue
        for line, kind, what in repository.Markup(path).found:
            if kind == "element":
                tag, attributes = what
                is_data = attributes.get("type") == "application/ld+json"  # no browser runs it
                if tag == "style" or (tag == "script" and "src" not in attributes and not is_data):
                    faults.append(f"{name}:{line} <{tag}>")
            elif kind == "@style" or kind.startswith(("@on", "@hx-on")):
                faults.append(f"{name}:{line} {kind[1:]}")
            elif kind in ("@href", "@src", "@action") and what.strip().lower().startswith("javascript:"):
                faults.append(f"{name}:{line} {what}")
    return faults


def test_no_template_has_inline_scripts_or_styles():
    assert inline_code(ROOT) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<style>p {}</style>", "<style>"),
        ('<p style="width: {{ width }}%">', "style"),
        ('<a onclick="go()">', "onclick"),
        ('<a hx-on:click="go()">', "hx-on:click"),
        ('<a href="javascript:go()">', "javascript:go()"),
    ],
)
def test_inline_code_is_found(plant, text, fault):
    assert inline_code(plant("templates/a.html", f"<p>Fine.</p>{text}")) == [f"a.html:1 {fault}"]


def test_script_of_ours_is_no_inline_code(plant):
    assert inline_code(plant("templates/a.html", "<script src=\"{% static 'a.js' %}\" defer></script>")) == []


# Tasks, migrations ----------------------------------------------------------------------------


def entries_without_task(schedule):
    celery.loader.import_default_modules()
    return [name for name, entry in schedule.items() if entry["task"] not in celery.tasks]


def test_each_entry_of_the_schedule_names_a_task():
    assert entries_without_task(settings.CELERY_BEAT_SCHEDULE) == []


def test_entry_without_task_is_found():
    schedule = {"good": {"task": "oiep.tasks.send_mail"}, "bad": {"task": "oiep.tasks.send_male"}}
    assert entries_without_task(schedule) == ["bad"]


def test_each_tick_expires_before_the_next():
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["options"]["expires"] < entry["schedule"], name


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_missing_migration_is_found(monkeypatch):
    field = apps.get_model("partners", "Sector")._meta.get_field("name")
    monkeypatch.setattr(field, "max_length", 81)
    with pytest.raises(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Files ----------------------------------------------------------------------------------------


def careless_requirements(root):
    """Lines that pin no exact version or give no reason."""
    return [
        f"{path.name}: {line}"
        for path in sorted(root.glob("requirements*.txt"))
        for line in path.read_text().splitlines()
        if line and not line.startswith(("#", "-r ")) and not re.fullmatch(r"[\w\[\].-]+==[\w.]+ +# \S.+", line)
    ]


def test_each_requirement_is_pinned_and_has_a_reason():
    assert careless_requirements(ROOT) == []


@pytest.mark.parametrize("line", ["Django", "Django>=5.2  # web", "Django==5.2.19", "git+https://x.example/y  # z"])
def test_careless_requirement_is_found(plant, line):
    root = plant("requirements.txt", f"# Why.\n-r other.txt\nDjango[argon2]==5.2.19  # web\n{line}\n")
    assert careless_requirements(root) == [f"requirements.txt: {line}"]


SOMEBODYS_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w|\b[A-Z]:\\\w")


def paths_of_machines(root, files):
    faults = []
    for name in files:
        try:
            text = (root / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError):  # a picture; a file that is being deleted
            continue
        faults += [f"{name}: {match[0]}" for match in SOMEBODYS_MACHINE.finditer(text)]
    return faults


def test_no_file_names_a_path_of_somebodys_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = listed.split("\0")[:-1]
    assert "manage.py" in files
    assert paths_of_machines(ROOT, files) == []


def test_path_of_a_machine_is_found(plant):
    places = ["/".join(["", *place]) for place in (["home", "jo"], ["root", "x"], ["work", "y"])]
    root = plant("README.md", f"Run it in {', '.join(places)}; see https://example.org/work/2 and partners/home/a.")
    assert paths_of_machines(root, ["README.md"]) == [
        f"README.md: {place[: place.rindex('/') + 2]}" for place in places
    ]
