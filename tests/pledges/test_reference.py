import datetime
import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.template import engines
from django.utils import timezone

from oiep.models import AuditEvent
from partners.models import DeclineReason, District, Kind, PriorityArea, RecognitionKind, Sector
from pledges.management.commands.load_reference import REFERENCE
from pledges.models import Capacity, CharterVersion, PledgeIdea, Resource

MODELS = [CharterVersion, PriorityArea, District, Sector, DeclineReason, RecognitionKind, PledgeIdea, Resource]
ORGANISATIONS = [kind for kind in Kind.values if kind != Kind.RESIDENT]


@pytest.fixture
def reference(db):
    call_command("load_reference", verbosity=0)


def rows():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


# What is loaded -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_each_entry_is_valid(reference, model):
    entries = list(model.objects.all())
    assert entries
    for entry in entries:
        entry.full_clean()


def test_the_charter_is_in_force_and_says_what_signers_promise(reference):
    charter = CharterVersion.objects.current()
    assert (charter.number, charter.title) == (1, "Oxfordshire Inclusive Economy Charter")
    assert charter.published_on == timezone.localdate()
    assert len(re.findall(r"^- ", charter.purpose, re.MULTILINE)) == 4
    promises = re.findall(r"^\d\. \*\*(.+)\.\*\*", charter.commitment, re.MULTILINE)
    assert promises == [
        "To pledge",
        "To act",
        "To tell everyone how it went",
        "To be open when plans change",
        "To help others",
    ]


def test_the_priority_areas_have_the_wording_and_order_of_the_charter(reference):
    assert list(PriorityArea.objects.values_list("slug", "short_name", "name")) == [
        (
            "local-spend",
            "Local spend and procurement",
            "Increasing local spend and enhancing local businesses through procurement",
        ),
        (
            "community-ownership",
            "Community ownership",
            "Growing community control and ownership of the economy including businesses, land, and other assets of "
            "community value",
        ),
        (
            "place-based-investment",
            "Place-based investment",
            "Place-based programmes and investment to targeted areas",
        ),
        (
            "education-skills-jobs",
            "Education, skills and jobs",
            "More targeted investment in better educational attainment, skills-based training, and access to jobs in "
            "the new economy",
        ),
        (
            "benefits-from-infrastructure",
            "Benefits from infrastructure",
            "Linking social and community outcomes and benefits as part of infrastructure investments",
        ),
        (
            "affordable-workspace",
            "Affordable workspace",
            "Enhancing access to affordable commercial property and workspace",
        ),
        (
            "housing-affordability",
            "Housing affordability",
            "Addressing housing affordability in communities",
        ),
        (
            "responsible-business",
            "Responsible business",
            "Encourage more socially and environmentally responsible businesses",
        ),
    ]


def test_each_area_has_a_colour_and_an_icon_of_its_own(reference):
    areas = PriorityArea.objects.all()
    assert Counter(area.colour for area in areas).most_common(1)[0][1] == 1
    assert Counter(area.icon for area in areas).most_common(1)[0][1] == 1
    template = engines["django"].from_string("{% load heroicons %}{% heroicon_outline icon %}")
    for area in areas:
        assert template.render({"icon": area.icon}).startswith("<svg")


def test_each_area_is_explained_in_two_to_four_paragraphs(reference):
    for area in PriorityArea.objects.all():
        assert 2 <= len(area.meaning.split("\n\n")) <= 4, area


def test_each_district_is_on_the_map(reference):
    assert set(District.objects.values_list("name", flat=True)) == {
        "Oxford",
        "Cherwell",
        "South Oxfordshire",
        "Vale of White Horse",
        "West Oxfordshire",
    }
    for district in District.objects.all():
        numbers = [float(number) for number in re.findall(r"[\d.]+", district.map_shape)]
        across, down = numbers[::2], numbers[1::2]
        assert min(across) < district.map_label_x < max(across) <= 300, district
        assert min(down) < district.map_label_y < max(down) <= 360, district


def test_the_last_sector_is_other(reference):
    names = list(Sector.objects.values_list("name", flat=True))
    assert names[-1] == "Other"
    assert names[:-1] == sorted(names[:-1])


# Pledge ideas ---------------------------------------------------------------------------------


def test_each_area_has_ideas_for_everyone(reference):
    for area in PriorityArea.objects.all():
        ideas = area.ideas.current()
        assert ideas.count() >= 6, area
        assert len(set(ideas.values_list("capacity", flat=True))) >= 4, area
        assert ideas.for_kind(Kind.RESIDENT).exists(), area
        for kind in ORGANISATIONS:
            assert ideas.for_kind(kind).for_short_route().count() >= 2, (area, kind)


def test_each_capacity_has_ideas_in_several_areas(reference):
    areas = defaultdict(set)
    for idea in PledgeIdea.objects.all():
        areas[idea.capacity].add(idea.area_id)
    assert set(areas) == set(Capacity.values)
    assert min(map(len, areas.values())) >= 5


def test_each_idea_speaks_in_the_voice_of_those_it_is_for(reference):
    for idea in PledgeIdea.objects.all():
        is_for_residents = idea.kinds == [Kind.RESIDENT]
        assert is_for_residents or Kind.RESIDENT not in idea.kinds, idea
        assert is_for_residents == (idea.capacity == Capacity.RESIDENT), idea
        assert idea.statement.startswith("I will " if is_for_residents else "We will "), idea
        others_voice = r"\b(we|our|us)\b" if is_for_residents else r"\b(I|my|me)\b"
        assert not re.search(others_voice, idea.statement), idea
        assert idea.statement.endswith("."), idea


def test_ideas_on_the_short_route_ask_for_no_figure(reference):
    for idea in PledgeIdea.objects.for_short_route():
        assert not re.search(r"\d", idea.statement), idea
        assert Kind.RESIDENT not in idea.kinds, idea


def test_each_idea_says_why_how_to_start_and_what_to_measure(reference):
    for idea in PledgeIdea.objects.all():
        assert 2 <= len(re.findall(r"[.?!](?=\s|$)", idea.why)) <= 3, idea
        assert 3 <= len(idea.steps) <= 4, idea
        assert idea.measure, idea
        assert idea.unit, idea


def test_the_words_are_plain(reference):
    for model in MODELS:
        for entry in model.objects.all():
            text = " ".join(str(value) for value in vars(entry).values())
            assert not re.search(r"\b(please|successful\w*|utilis\w+|leverag\w+|stakeholders?)\b", text, re.IGNORECASE)


# Loading again --------------------------------------------------------------------------------


def test_loading_says_what_it_added(db, capsys):
    call_command("load_reference")
    said = capsys.readouterr().out
    assert f"{PriorityArea.objects.count()} priority areas" in said
    assert f"{PledgeIdea.objects.count()} pledge ideas" in said
    assert "1 version of the Charter" in said


def test_loading_twice_changes_nothing(reference, capsys):
    before, events = rows(), AuditEvent.objects.count()
    call_command("load_reference")
    assert capsys.readouterr().out == "Reference data: nothing to add.\n"
    assert rows() == before
    assert AuditEvent.objects.count() == events == sum(map(len, before.values()))


def test_what_the_manager_did_survives_loading_again(reference):
    now = timezone.now()
    PriorityArea.objects.filter(slug="local-spend").update(summary="Buy here.", order=500)
    Sector.objects.filter(slug="other").update(retired_at=now)
    Sector.objects.filter(slug="retail").update(slug="shops")
    CharterVersion.objects.update(published_on=datetime.date(2030, 1, 1))
    DeclineReason.objects.filter(title="No link with Oxfordshire").update(title="Not in Oxfordshire")
    PledgeIdea.objects.filter(title="Visit a school or college").update(statement="We will visit.", retired_at=now)
    PledgeIdea.objects.filter(title="Let people try the work").delete()
    before = rows()
    call_command("load_reference", verbosity=0)
    assert rows() == before


def test_ideas_of_an_area_that_the_manager_took_away_stay_away(reference):
    PledgeIdea.objects.filter(area__slug="local-spend").delete()
    PriorityArea.objects.get(slug="local-spend").delete()
    before = rows()
    call_command("load_reference", verbosity=0)
    assert rows() == before


def test_an_entry_that_is_new_in_a_file_is_added(reference, files):
    call_command(
        "load_reference", directory=files(("sectors.toml", "", '[[sector]]\nslug = "space"\nname = "Space"\n'))
    )
    assert Sector.objects.get(slug="space").name == "Space"


@pytest.mark.django_db(transaction=True)
def test_two_servers_that_start_together_load_it_once():
    def load(_n):
        try:
            call_command("load_reference", verbosity=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as servers:
        list(servers.map(load, range(2)))
    assert District.objects.count() == 5
    assert AuditEvent.objects.count() == sum(map(len, rows().values()))


# Files that are not right ---------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """`files((name, old, new), …)` is a copy of the reference data with `new` for `old`, or at the end of the file."""

    def copy(*changes):
        for path in REFERENCE.rglob("*.toml"):
            target = tmp_path / path.relative_to(REFERENCE)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text())
        for name, old, new in changes:
            text = (tmp_path / name).read_text() if (tmp_path / name).exists() else ""
            assert old in text
            (tmp_path / name).write_text(text.replace(old, new, 1) if old else text + new)
        return tmp_path

    return copy


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ("areas.toml", 'colour = "brick"', 'colour = "beige"'),
            r"^areas\.toml, area 1 \(local-spend\): colour: .*beige",
        ),
        (("areas.toml", 'slug = "local-spend"\n', ""), r"^areas\.toml, area 1 \(None\): .*slug of its own"),
        (
            ("sectors.toml", 'slug = "digital"', 'slug = "creative-and-media"'),
            r"^sectors\.toml, sector 6 \(creative-and-media\): .*of its own",
        ),
        (("districts.toml", "about = ", "about "), r"^districts\.toml: .*line 7"),
        (("decline_reasons.toml", "message = ", "mesage = "), r"^decline_reasons\.toml, reason 1 .*mesage"),
        (("sectors.toml", "[[sector]]", "[sector]"), r"^sectors\.toml: "),
        (("charter.toml", "[[version]]", "[[charter]]"), r"^charter\.toml: .*\[\[version\]\]"),
        (
            ("ideas/local-spend.toml", '"buyer"', '"purchaser"'),
            r"^local-spend\.toml, idea 1 \(Ask a local supplier first\): capacity: .*purchaser",
        ),
        (
            ("ideas/local-spend.toml", "We will ask", "We will ask \\u202e and" + " ask" * 80),
            r"^local-spend\.toml, idea 1 .*statement: ",
        ),
        (("ideas/space-travel.toml", "", ""), r"^space-travel\.toml: .*no priority area"),
    ],
)
def test_a_mistake_in_a_file_is_named_and_nothing_is_loaded(db, files, change, complaint):
    with pytest.raises(CommandError, match=complaint):
        call_command("load_reference", directory=files(change))
    assert rows() == {model: [] for model in MODELS}
    assert not AuditEvent.objects.exists()


def test_a_missing_file_is_named(db, files):
    directory = files()
    (directory / "sectors.toml").unlink()
    with pytest.raises(CommandError, match=r"^sectors\.toml: "):
        call_command("load_reference", directory=directory)
