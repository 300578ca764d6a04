"""Nothing that is not published leaves a trace: not in pages, counts, search, sitemaps or headers.

Each hidden thing carries a token in each of its words. A stranger then walks all addresses that there are.
"""

import datetime
import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from oiep.data.datasets import DATASETS
from oiep.reports.actions import add_paragraph
from oiep.reports.content import content_of
from oiep.reports.models import Edition
from oiep.reports.sections import Section
from oiep.sitemaps import SITEMAPS
from partners.models import Partner
from tests.crawl import words_of
from tests.factories import (
    ActionFactory,
    AnswerFactory,
    AttendanceFactory,
    AwardRoundFactory,
    CategoryFactory,
    CharterVersionFactory,
    ConsentFactory,
    ContactMessageFactory,
    DecisionFactory,
    DistrictFactory,
    EventFactory,
    EvidenceFactory,
    FeedbackFactory,
    FollowFactory,
    GroupFactory,
    GroupInvitationFactory,
    GroupJoinRequestFactory,
    GroupMemberFactory,
    HelpReplyFactory,
    HelpRequestFactory,
    JoinRequestFactory,
    MaterialFactory,
    MeetingFactory,
    NominationFactory,
    PaperFactory,
    PartnerFactory,
    PauseFactory,
    PhotographFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ProgressUpdateFactory,
    RecognitionFactory,
    RecognitionKindFactory,
    RegistrationFactory,
    ResidentFactory,
    ResourceFactory,
    ReviewFactory,
    SectorFactory,
    SignatureFactory,
    SigningFactory,
    StatementFactory,
    StoryFactory,
    UpdateReportFactory,
    UserFactory,
)
from working_groups.models import Group

pytestmark = pytest.mark.django_db

# What no hidden thing may leave anywhere: it stands in words, slugs and addresses alike.
TOKEN = "zqxhidden"
CANARY = "zqxcanary"
STATES = ["draft", "submitted", "changes_asked", "declined"]


def _state(name):
    return {} if name == "draft" else {name: True}


def _person(number):
    return UserFactory(email=f"{CANARY}{number}@example.org", name=f"{CANARY} {number}")


@pytest.fixture(scope="module")
def county(module_db):
    with module_db.unblock():
        make_county()


def make_county():
    """Two published partners, with everything about them that is not public, and hidden partners of every state."""
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford", name="Oxford")
    sector = SectorFactory(slug="food")
    charter = CharterVersionFactory(number=1)
    CharterVersionFactory(number=2, published_on=None, title=TOKEN, summary=TOKEN)
    where = {"districts": [place], "sector": sector, "contact_purposes": ["buy"]}

    bakery = PartnerFactory(name="Bakery", approved=True, lead=_person(1), decision_message=TOKEN, **where)
    resident = ResidentFactory(name=f"Rowan {TOKEN}", approved=True, lead=_person(2), districts=[place])
    for partner in (bakery, resident):
        user = _person(f"signer{partner.pk}")
        SignatureFactory(partner=partner, charter=charter, signer=user, signer_name=TOKEN, signer_job_title=TOKEN)
        live = PledgeFactory(approved=True, partner=partner, area=area, decision_message=TOKEN)
        for state in STATES:
            replaces = {"replaces": live} if state == "submitted" else {}
            PledgeFactory(partner=partner, area=area, statement=TOKEN, measure=TOKEN, **replaces, **_state(state))
        PledgeFactory(withdrawn=True, partner=partner, area=area, statement=TOKEN, ending_reason=TOKEN)
        for year, state in enumerate(STATES, start=2027):
            review = ReviewFactory(
                partner=partner,
                round_on=datetime.date(year, 5, 4),
                recruitment=TOKEN,
                help_wanted=TOKEN,
                explanation=TOKEN,
                **_state(state),
                **({"closed_at": timezone.now(), "closing": "missed"} if state == "draft" else {}),
            )
            answer = AnswerFactory(review=review, pledge=live, words=TOKEN, evidence_url=f"https://{TOKEN}.example")
            EvidenceFactory(answer=answer, name=TOKEN)
        review = ReviewFactory(
            approved=True, partner=partner, round_on=datetime.date(2026, 5, 4), help_wanted=TOKEN, explanation=TOKEN,
            decision_message=TOKEN,
        )  # fmt: skip
        AnswerFactory(review=review, pledge=live, words="We bought flour here.")
    kind = RecognitionKindFactory(name="Real Living Wage")
    for state in STATES:
        own_kind = (
            kind if state == "declined" else RecognitionKindFactory(name=f"{TOKEN} {state}", slug=f"kind-{state}")
        )
        RecognitionFactory(partner=bakery, kind=own_kind, note=TOKEN, evidence_name=TOKEN, file=True, **_state(state))
    for ending in ("removed", "taken_off"):
        RecognitionFactory(
            partner=bakery, submitted=True, note=TOKEN, ended_at=timezone.now(), ending=ending,
            kind__name=f"{TOKEN} {ending}", kind__slug=f"kind-{ending}",
        )  # fmt: skip
    RecognitionFactory(
        partner=bakery, approved=True, kind=kind, file=True, evidence_name=f"{TOKEN}.png", note=TOKEN,
        decision_message=TOKEN,
    )  # fmt: skip
    PauseFactory(partner=bakery, reason=TOKEN)
    ProfileChangeFactory(submitted=True, partner=bakery, values={"name": TOKEN, "description": TOKEN})
    ContactMessageFactory(partner=bakery, name=TOKEN, message=TOKEN, email=f"{CANARY}@example.com")
    JoinRequestFactory(partner=bakery, user=_person("asker"), job_title=TOKEN)
    SigningFactory(declared=True, email=f"{CANARY}@example.net", answers={"organisation": {"name": TOKEN}})

    for state in STATES:
        hidden = PartnerFactory(
            name=f"{TOKEN} {state}", description=TOKEN, lead=_person(state), **where, **_state(state)
        )
        hidden_resident = ResidentFactory(
            name=f"{TOKEN} {state}", show_name=True, lead=_person(f"r{state}"), districts=[place], **_state(state)
        )
        for partner in (hidden, hidden_resident):
            partner.areas.add(area)
            SignatureFactory(partner=partner, charter=charter, awaits_approval_of=TOKEN)
            PledgeFactory(approved=True, partner=partner, area=area, statement=f"{TOKEN} of {state}")
    gone = ResidentFactory(
        name=f"{TOKEN} gone", show_name=True, withdrawn=True, lead=_person("gone"), districts=[place], areas=[area]
    )
    SignatureFactory(partner=gone, charter=charter)
    PledgeFactory(approved=True, partner=gone, area=area, statement=f"{TOKEN} of who withdrew")
    PledgeIdeaFactory(area=area, title=TOKEN, retired=True)
    jobs = GroupFactory(name="Jobs", slug="jobs", areas=[area], source=TOKEN)
    secret = GroupFactory(name=TOKEN, slug=TOKEN, parent=jobs, areas=[area], is_closed=True)
    inner = GroupFactory(name=f"{TOKEN} inner", slug=f"{TOKEN}-inner", parent=secret, areas=[area], purpose=TOKEN)
    everything_of(jobs, is_published=False)
    for group in (secret, inner):
        everything_of(group, is_published=True)
    _hide_in_awards(bakery)
    _hide_in_events(area, place, secret)
    _hide_in_stories_and_help(bakery, areas=[area], districts=[place])
    _hide_in_reports()


def everything_of(group, *, is_published):
    """All that a group can have, each with the token in its words; published as far as the group is, or not."""
    shown, numbered = {"shown": is_published}, f"{group.slug}{is_published}"
    member = GroupMemberFactory(group=group, user=_person(numbered), organisation=TOKEN, **shown)
    named = GroupMemberFactory(group=group, named=True, name=TOKEN, **shown)
    GroupMemberFactory(group=group, user=_person(f"past{numbered}"), ended=True, **shown)
    GroupInvitationFactory(group=group, email=f"{CANARY}{group.pk}@example.com")
    GroupJoinRequestFactory(group=group, user=_person(f"asks{numbered}"), words=TOKEN)
    words = {"title": TOKEN, "place": TOKEN, "online_url": f"https://{TOKEN}.example", "agenda": TOKEN}
    for state in ({}, {"cancelled": True, "cancelled_why": TOKEN}):
        MeetingFactory(group=group, **words, **state)
    past = MeetingFactory(group=group, minuted=is_published, past=True, **{**words, "minutes": TOKEN})
    DecisionFactory(meeting=past, text=TOKEN)
    AttendanceFactory(meeting=past, member=member)
    published = {"published": is_published}
    PaperFactory(group=group, meeting=past, title=TOKEN, name=f"{TOKEN}.pdf", **published)
    ActionFactory(group=group, meeting=past, what=TOKEN, note=TOKEN, owner=named, is_public=is_published)
    ProgressUpdateFactory(group=group, text=TOKEN, is_public=is_published)
    if not is_published:
        # What is public here names neither who owns it nor how to take part online.
        ActionFactory(group=group, what="Write to all colleges.", owner=named)
        MeetingFactory(group=group, called=True, online_url=f"https://{TOKEN}.example", agenda=TOKEN)


def _hide_in_awards(bakery):
    """Awards that take nominations, in each state and with a winner already; and a draft."""
    AwardRoundFactory(year=2031, published_at=None, title=TOKEN, about=TOKEN)
    awards = AwardRoundFactory(year=2030)
    for state in (*STATES, "winner"):
        NominationFactory(
            category=CategoryFactory(round=awards), partner=bakery, why=TOKEN,
            nominated_by=_person(f"nominates-{state}"), **_state(state),
        )  # fmt: skip


def _hide_in_events(area, place, closed):
    """Events to come and of the past, each with all that is not public; and drafts and those of a closed group."""
    hidden = {"title": TOKEN, "summary": TOKEN, "district": place, "areas": [area]}
    EventFactory(slug=f"{TOKEN}-draft", **hidden)
    EventFactory(slug=f"{TOKEN}-closed", published=True, group=closed, **hidden)
    for trait in ("published", "past"):
        event = EventFactory(
            slug=trait, online_url=f"https://{TOKEN}.example", organiser=_person(trait), district=place, areas=[area],
            source=TOKEN, **{trait: True},
        )  # fmt: skip
        PhotographFactory(event=event, alt=TOKEN, consent=TOKEN)
        PhotographFactory(event=event, public=True, consent=TOKEN)
        MaterialFactory(event=event, title=TOKEN, name=f"{TOKEN}.pdf")
        guest = RegistrationFactory(
            event=event, booked=True, name=TOKEN, email=f"{CANARY}{trait}@example.com", organisation=TOKEN,
            access_needs=TOKEN, dietary_needs=TOKEN, guests=TOKEN,
        )  # fmt: skip
        FeedbackFactory(event=event, registration=guest, learnt=TOKEN, better=TOKEN)


def _hide_in_stories_and_help(bakery, *, areas, districts):
    """One of each that is public, with all of it that is not, and others in each state that is not public."""
    words = {"title": TOKEN, "summary": TOKEN, "body": TOKEN}
    where = {"partner": bakery, "areas": areas, "districts": districts}
    for state in STATES:
        StoryFactory(offered_by=_person(f"tells-{state}"), **words, **where, **_state(state))
        asks = _person(f"asks-{state}")
        HelpRequestFactory(partner=bakery, asked_by=asks, title=TOKEN, text=TOKEN, areas=areas, **_state(state))
    StoryFactory(approved=True, shows_people=True, **words, **where)  # nobody has agreed
    ended = StoryFactory(approved=True, shows_people=True, **words, **where)
    ConsentFactory(story=ended, name=TOKEN, agreed_on=datetime.date(2025, 6, 1), until=datetime.date(2026, 5, 31))
    StoryFactory(approved=True, taken_down_at=timezone.now(), taken_down="manager", **words, **where)
    told = StoryFactory(
        approved=True, slug="told", title="A new baker", shows_people=True, offered_by=_person("tells"),
        decision_message=TOKEN, **where,
    )  # fmt: skip
    ConsentFactory(story=told, name=TOKEN, email=f"{CANARY}consents@example.org", how=TOKEN)
    wanted = HelpRequestFactory(approved=True, partner=bakery, asked_by=_person("asks"), decision_message=TOKEN)
    HelpReplyFactory(request=wanted, name=TOKEN, email=f"{CANARY}replies@example.org", message=TOKEN)
    ResourceFactory(slug="guide", areas=areas)
    ResourceFactory(slug=f"{TOKEN}-retired", retired=True, areas=areas, **words)
    over = {"agreed_on": datetime.date(2025, 6, 1), "agreed_until": datetime.date(2026, 5, 31)}
    ResourceFactory(slug=f"{TOKEN}-helper", helper=True, areas=areas, **over, **{**words, "title": f"{TOKEN} helps"})
    ResourceFactory(slug="helper", helper=True, agreed_by=TOKEN, areas=areas)
    for subject in ({"partner": bakery}, {"area": areas[0]}):
        FollowFactory(confirmed=True, follower__email=f"{CANARY}follows@example.org", **subject)


def _hide_in_reports():
    """A report that is being written, and a published one of which the next edition is."""
    StatementFactory(title=TOKEN, text=TOKEN, source=TOKEN)
    draft = UpdateReportFactory(name=TOKEN, slug=TOKEN, title=TOKEN, author=TOKEN)
    public = UpdateReportFactory(name="March 2027", slug="march-2027")
    manager = _person("publishes")
    Edition.objects.create(report=public, number=1, content=content_of(public), published_by=manager)
    for report in (draft, public):
        add_paragraph(report=report, section=Section.COMMUNITY, text=TOKEN, actor=manager)


# For each address with a part to fill in: what to fill in. An address that is not here fails the test below.
PARTS = {
    "charter-version": [{"number": 1}],
    "partner": [{"slug": "bakery"}],
    "partner-contact": [{"slug": "bakery"}],
    "partner-contact-sent": [{"slug": "bakery"}],
    "partner-standing": [{"slug": "bakery"}],
    "impact-file": [{"key": "areas"}],
    "data-csv": [{"name": name} for name in DATASETS],
    "data-json": [{"name": name} for name in DATASETS],
    "api-partner": [{"slug": "bakery"}],
    "api-standing": [{"slug": "bakery"}],
    "api-pledge": None,
    "api-event": [{"slug": "published"}],
    "api-nothing": [],
    "feed-partners-area": [{"slug": "spend"}],
    "feed-partners-place": [{"slug": "oxford"}],
    "partner-badge": [{"slug": "bakery"}],
    "partner-certificate": [{"slug": "bakery"}],
    "partner-share": [{"slug": "bakery"}],
    "poster": [{"slug": "oxford", "language": "en-gb"}],
    "feed-partner": [{"slug": "bakery"}],
    "follow": [{"kind": "areas", "slug": "spend"}, {"kind": "partners", "slug": "bakery"}],
    "follow-sent": [{"kind": "partners", "slug": "bakery"}],
    "follow-confirm": [],
    "following": [],
    "following-stop": [],
    "embed-badge": [{"slug": "bakery"}],
    "story": None,
    "story-picture": None,
    "story-share": None,
    "story-confirm": [],
    "story-change": [],
    "story-consent": [],
    "feed-stories-area": [{"slug": "spend"}],
    "feed-stories-place": [{"slug": "oxford"}],
    "resource": None,
    "resource-file": None,
    "help-request": None,
    "help-sent": [],
    "report": [{"slug": "march-2027"}],
    "report-pdf": [{"slug": "march-2027"}],
    "report-word": [{"slug": "march-2027"}],
    "news-stop": [],
    "partner-logo": None,
    "evidence": None,
    "area": [{"slug": "spend"}],
    "place": [{"slug": "oxford"}],
    "pledge": None,
    "working-group": [{"slug": "jobs"}],
    "meeting": None,
    "paper": None,
    "calendar-feed": None,
    "event": None,
    "event-calendar": None,
    "event-book": None,
    "event-booked": [{"slug": "published"}],
    "registration-confirm": [],
    "registration": [],
    "registration-change": [],
    "photograph": None,
    "material": None,
    "awards-year": None,
    "award-vote-confirm": [],
    "award-vote": [],
    "award-voted": [],
    "sitemap-section": [{"section": name} for name in SITEMAPS],
}
# Of these others answer for what they show: to who is signed in, or to who holds a link, a key or a signing's number.
ELSEWHERE = re.compile(
    r"^(admin/|account/|accounts/|reviews/|invitations/|judging/|sign/|health/|metrics$|language/"
    r"|working-groups/[^/]+/(meetings/$|meetings/new/|meetings/[^/]+/[a-z]+/|papers/)"
    r"|working-groups/[^/]+/(room|about|actions|updates|members|requests|join)/"
    r"|awards/(nominations|[^/]+/nominate)/"
    r"|events/([^/]+/desk|check-in|feedback)/)"
)


def _patterns(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.name


def _public_patterns():
    return [(address, name) for address, name in _patterns(get_resolver()) if not ELSEWHERE.match(address)]


def test_every_public_address_is_walked():
    unknown = [address for address, name in _public_patterns() if "<" in address and name not in PARTS]
    assert unknown == []


def _filled(address, values):
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part[1]]), address)


def _walk(client):
    """All answers that a stranger gets: from each public address, and from each link on our pages."""
    fixed = [_filled(address, {}) for address, _name in _public_patterns() if "<" not in address]
    filled = [_filled(address, v) for address, name in _public_patterns() if "<" in address for v in PARTS[name] or []]
    todo, seen = {*fixed, *filled, "/sign/", "/sign/questions/"}, {}
    while todo:
        address = todo.pop()
        seen[address] = response = client.get(address)
        links = re.findall(r'(?:href|action)="(/[^"]*)"', words_of(response))
        links = {link.partition("#")[0].replace("&amp;", "&") for link in links}
        todo |= {link for link in links if not link.startswith("/static/") and not ELSEWHERE.match(link[1:])} - {*seen}
    return seen


def test_walk_finds_no_trace_of_what_is_not_public(client, county):
    answers = _walk(client)
    assert {"/", "/partners/", "/partners/bakery/", "/areas/spend/", "/places/oxford/"} < set(answers)
    assert {"/working-groups/", "/working-groups/jobs/"} < set(answers)
    assert sum(address.startswith("/pledges/") for address in answers) > 2
    assert {"/events/published/", "/events/past/", "/awards/", "/awards/2030/"} < set(answers)
    assert {"/stories/told/", "/resources/guide/", "/resources/helper/", "/reports/march-2027/"} < set(answers)
    assert sum(address.startswith("/help/") for address in answers) > 1
    for address, response in answers.items():
        assert response.status_code == 200, address
        told = words_of(response)
        assert TOKEN not in told, address
        assert CANARY not in told, address


def test_walk_would_find_a_leak(client, county):
    """The walk proves itself on a planted fault."""
    Partner.objects.filter(name="Bakery").update(description=f"{TOKEN} {CANARY}")
    leaks = {address for address, response in _walk(client).items() if TOKEN in words_of(response)}
    assert leaks == {
        "/partners/bakery/",
        "/data/partners.csv",
        "/data/partners.json",
        "/api/v1/partners",
        "/api/v1/partners/bakery",
        "/feeds/partners/",
        "/feeds/partners/areas/spend/",
        "/feeds/partners/places/oxford/",
    }


def test_counts_are_of_what_is_public(client, county):
    assert client.get("/").context["totals"] == {"organisations": 1, "residents": 1, "pledges": 2}
    [area] = client.get("/areas/").context["areas"]
    [place] = client.get("/places/").context["places"]
    assert (area.partner_count, area.pledge_count) == (2, 2)
    assert (place["partners"], place["pledges"]) == (2, 2)
    for address, totals in (("/partners/", {2}), ("/pledges/", {2})):
        listing = client.get(address).context["listing"]
        assert {listing.total, sum(choice.count for choice in listing.choices["area"])} == totals


@pytest.mark.parametrize("words", [TOKEN, CANARY, "hidden", "zqx", "rowan"])
@pytest.mark.parametrize("address", ["/partners/", "/pledges/", "/events/", "/events/?when=past"])
def test_search_finds_nothing_hidden(client, county, address, words):
    response = client.get(address, {"q": words})
    assert response.context["listing"].total == 0
    results = response.content.decode().partition('id="results"')[2]
    assert TOKEN not in results


def test_hidden_things_are_not_found_as_unknown_ones_are_not(client, county):
    known = client.get("/partners/not-there-at-all/")
    hidden = Partner.objects.exclude(pk__in=Partner.objects.published())
    assert hidden.count() == 9
    for partner in hidden:
        for response in (client.get(partner.get_absolute_url()), client.head(partner.get_absolute_url())):
            assert response.status_code == 404
        assert client.get(partner.get_absolute_url() + "contact/").status_code == 404
        told = client.get(partner.get_absolute_url()).content.decode().replace(partner.slug, "not-there-at-all")
        assert told == known.content.decode()
        for pledge in partner.pledges.all():
            assert client.get(pledge.get_absolute_url()).status_code == 404
    bakery = Partner.objects.get(slug="bakery")
    for pledge in bakery.pledges.exclude(state="approved"):
        assert client.get(pledge.get_absolute_url()).status_code == 404


def test_hidden_groups_are_not_found_as_unknown_ones_are_not(client, county):
    known = client.get("/working-groups/not-there-at-all/")
    hidden = Group.objects.filter(is_hidden=True)
    assert hidden.count() == 2
    for group in hidden:
        told = client.get(group.get_absolute_url())
        assert told.status_code == 404
        assert told.content.decode().replace(group.slug, "not-there-at-all") == known.content.decode()
