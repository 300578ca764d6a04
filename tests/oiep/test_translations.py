"""What we promise in each language is there, and says no less and no more than the English.

Promised are the Charter, signing, the review, their e-mails, the frame of every page and the scheme's own data. Other
strings may wait for their translation, and are in English until then.
"""

import functools
import re
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation

from oiep.catalogues import compile_catalogue, strings_of
from oiep.translated import spoken
from partners.models import District
from pledges.forms.pledges import FigureField
from pledges.models import PledgeIdea
from tests.factories import DistrictFactory, PledgeFactory, PledgeIdeaFactory, PriorityAreaFactory

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PROMISED = (
    # The frame, errors and what every form says
    "templates/base.html", "templates/bare.html", "templates/[45]*.html", "templates/components/*", "oiep/context.py",
    "templates/bootstrap5/*", "templates/bootstrap5/layout/*",
    "oiep/forms.py", "oiep/text.py", "oiep/uploads.py", "oiep/accounts.py",
    # The Charter
    "templates/pledges/charter.html", "pledges/models/charter.py",
    # Signing, and the decision on what was signed
    "templates/pledges/signing/*", "pledges/forms/signing/*", "pledges/forms/pledges.py", "pledges/views/signing/*",
    "pledges/actions/signing/*", "pledges/models/signing.py", "pledges/models/pledges.py", "pledges/models/ideas.py",
    "pledges/next_steps/signing.py", "pledges/emails.py", "oiep/moderation.py", "partners/models/partners.py",
    # The review
    "templates/pledges/reviews/*", "pledges/forms/reviews.py", "pledges/views/reviews/*", "pledges/models/reviews.py",
    "pledges/progress.py", "pledges/standing.py", "pledges/timetable.py",
    # Signing in to get there
    "templates/account/confirm_login_code.html", "templates/account/request_login_code.html",
    "templates/account/login.html",
    # Their e-mails
    "templates/email/base.html", "templates/email/_action.html", "templates/email/sign_*", "templates/email/decision_*",
    "templates/email/_decision*", "templates/email/review_*", "templates/email/_review*", "templates/email/account/*",
    # The scheme's own data
    "pledges/reference/*.toml",
)  # fmt: skip
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|</?\w+|\bhref=\"[^\"]*\"")


@functools.cache
def found():
    """All words to translate: (file, English: one string or a pair, context)."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    more = parse_keywords(re.search(r'-k "([^"]+)"', (ROOT / "Makefile").read_text())[1].split())
    rows = extract_from_dir(str(ROOT), methods, options, keywords={**DEFAULT_KEYWORDS, **more})
    return [(name, message, context) for name, _line, message, _comments, context in rows]


def catalogue(language):
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def is_promised(name):
    return any(fnmatch(name, pattern) and name.count("/") == pattern.count("/") for pattern in PROMISED)


def untranslated(rows, words):
    faults = []
    for name, message, context in rows:
        english = message if isinstance(message, str) else message[0]
        translated = words.get(english, context)
        if english and (translated is None or not all(strings_of(translated)) or translated.fuzzy):
            faults.append(f"{name}: {english[:70]}")
    return sorted(set(faults))


def says_otherwise(words):
    """Translations whose placeholders or marks are not those of the English."""
    faults = []
    for message in words:
        if not message.id:
            continue
        english = message.id if isinstance(message.id, tuple | list) else (message.id,)
        allowed = [set(PLACEHOLDERS.findall(text)) for text in english]
        faults += [
            text
            for text in strings_of(message)
            # “One partner” need not name its number.
            if text and set(PLACEHOLDERS.findall(text)) not in allowed
        ]
    return faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_promise_is_translated(language):
    promised = [row for row in found() if is_promised(row[0])]
    assert len(promised) > 1000
    assert untranslated(promised, catalogue(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_placeholders_of_the_english(language):
    assert says_otherwise(catalogue(language)) == []


def test_faults_of_a_translation_are_found(tmp_path):
    path = tmp_path / "pl" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=3; plural=0;\\n"\n\n'
        'msgid "Good %(name)s"\nmsgstr "Dobry %(name)s"\n\n'
        'msgid "Bad %(name)s"\nmsgstr "Zły %(nazwa)s"\n\n'
        'msgid "<a href=\\"%(url)s\\">Link</a>"\nmsgstr "<a href=\\"%(url)s\\">Link"\n\n'
        'msgid "Half"\nmsgid_plural "Halves"\nmsgstr[0] "Pół"\nmsgstr[1] ""\nmsgstr[2] ""\n'
    )
    with path.open("rb") as file:
        words = read_po(file, locale="pl")
    assert says_otherwise(words) == ["Zły %(nazwa)s", '<a href="%(url)s">Link']
    rows = [("a.html", text, None) for text in ("Good %(name)s", ("Half", "Halves"), "Missing")]
    assert untranslated(rows, words) == ["a.html: Half", "a.html: Missing"]
    compile_catalogue(path)
    assert path.with_suffix(".mo").exists()


def test_strings_of_templates_code_and_data_are_found():
    strings = {message if isinstance(message, str) else message[0] for _name, message, _context in found()}
    assert {"Skip to the main part", "Who signs?", "Affordable workspace", "%(days)d day left."} <= strings


# Reference data -------------------------------------------------------------------------------


@pytest.fixture
def polish(settings):
    """Polish is spoken, from a catalogue that is compiled now."""
    compile_catalogue(ROOT / "locale" / "pl" / "LC_MESSAGES" / "django.po")
    with translation.override("pl"):
        yield


@pytest.mark.django_db
def test_reference_data_is_read_in_the_language_spoken_and_kept_as_it_is(polish):
    area = PriorityAreaFactory(short_name="Affordable workspace")
    assert (area.short_name, str(area)) == ("Niedrogie miejsca do pracy", "Niedrogie miejsca do pracy")
    area.full_clean()
    area.save()
    area.refresh_from_db()
    assert area.as_written("short_name") == "Affordable workspace"
    assert type(area).objects.filter(short_name="Affordable workspace").exists()
    with translation.override("en-gb"):
        assert area.short_name == "Affordable workspace"


@pytest.mark.django_db
def test_what_the_manager_worded_anew_is_in_english(polish):
    assert DistrictFactory(name="Oxford and around").name == "Oxford and around"
    assert DistrictFactory(name="").name == ""


@pytest.mark.django_db
def test_reading_in_another_language_costs_no_query(polish, django_assert_num_queries):
    DistrictFactory(name="Oxford")
    with django_assert_num_queries(1):
        assert [place.name for place in District.objects.all()] == ["Oksford"]


@pytest.mark.django_db
def test_a_ticked_idea_is_kept_in_its_own_words_and_read_in_each_language(polish, monkeypatch):
    monkeypatch.setattr(translation, "gettext", lambda words: {"We will.": "Zrobimy."}.get(words, words))
    idea = PledgeIdeaFactory(statement="We will.")
    assert PledgeIdea.objects.get().statement == "Zrobimy."
    pledge = PledgeFactory(idea=idea, statement=idea.as_written("statement"))
    assert (pledge.statement, spoken(pledge.statement)) == ("We will.", "Zrobimy.")


# Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("en-gb", "1,200", "1200"),
        ("en-gb", "£1,200.50", "1200.50"),
        ("en-gb", "1.200", None),  # three digits after the point are one too many
        ("en-gb", "12,5", "12.5"),
        ("en-gb", "1,234,567", "1234567"),
        ("pl", "12,5", "12.5"),
        ("pl", "12.5", "12.5"),
        ("pl", "1 200,50", "1200.50"),
        ("pl", "1,200", "1200"),
        ("pt", "1.200,50", "1200.50"),
        ("pt", "1.200", "1200"),
        ("ar", "١٢٫٥", "12.5"),
        ("ar", "1,200", "1200"),
        ("pl", "12,", None),
        ("pl", "1,2,3", None),
    ],
)
def test_numbers_are_read_as_each_language_writes_them(language, typed, number):
    field = FigureField(max_digits=14, decimal_places=2)
    with translation.override(language):
        try:
            read = field.clean(typed)
        except ValidationError:
            read = None
        assert read == (number and Decimal(number))
        if read is not None:
            assert field.clean(field.prepare_value(read)) == read
