"""Forty ways to smuggle a script into text run nowhere, with the Content-Security-Policy switched off.

Payloads stand in every field that people write into, in rows as the database would take them, and are sent through the
forms as well. Then every page that shows any of it is opened.
"""

import pytest
from django.urls import reverse

from oiep import audit
from partners.models import JoinRequest
from tests.factories import (
    ActionFactory,
    AttendanceFactory,
    CharterVersionFactory,
    ContactMessageFactory,
    DecisionFactory,
    DistrictFactory,
    GroupFactory,
    GroupMemberFactory,
    JoinRequestFactory,
    ManagerFactory,
    MeetingFactory,
    MembershipFactory,
    OutgoingEmailFactory,
    PaperFactory,
    PartnerFactory,
    PledgeFactory,
    PledgeIdeaFactory,
    PriorityAreaFactory,
    ProfileChangeFactory,
    ResidentFactory,
    SectorFactory,
    SignatureFactory,
    UserFactory,
)
from working_groups.models import Meeting

pytestmark = pytest.mark.django_db(transaction=True)

RUN = "hit=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT >",
    f"<script\n>{RUN}</script\n>",
    f"<img src=x onerror={RUN}>",
    f"<img src=x onerror='{RUN}'>",
    f'<img src=x onerror="{RUN}">',
    f"<IMG SRC=x ONERROR={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<img src=x:x onerror\t=\t{RUN}>",
    f'<<img src=x onerror="{RUN}"//<',
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><g onload={RUN}></g></svg>",
    f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<details open ontoggle={RUN}><summary>x</summary></details>",
    f"<video><source onerror={RUN}></video>",
    f"<video src=x onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}></audio>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}></select>",
    f"<textarea autofocus onfocus={RUN}></textarea>",
    f"<a href=x id=x tabindex=1 autofocus onfocus={RUN}>x</a>",
    f"<b style='animation-name:x' onanimationstart={RUN}>x</b>",
    f"<object data=x onerror={RUN}></object>",
    f"<link rel=stylesheet href=x onerror={RUN}>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f'"><img src=x onerror={RUN}>',
    f"' autofocus onfocus='{RUN}' x='",
    f'" autofocus onfocus="{RUN}" x="',
    f"x autofocus onfocus={RUN}",
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"--></bdi></p><script>{RUN}</script><!--",
    f"</script><script>{RUN}</script>",
]
# Where a page might put somebody's words and forget to escape them.
CARELESS = (
    "<p>{}</p>",
    '<input value="{}">',
    "<input value='{}'>",
    "<input value={}>",
    "<textarea>{}</textarea>",
    "<title>{}</title>",
    "<!-- {} -->",
)
# What ran, and what could still run when somebody points at it or clicks.
LOOK = """() => [
    window.hit ? "it ran" : "",
    ...[...document.querySelectorAll("*")].flatMap(element => [...element.attributes]
        .filter(it => /^on/i.test(it.name) || /^\\s*(javascript|data|vbscript):/i.test(it.value) && it.name !== "d")
        .map(() => element.outerHTML.slice(0, 200))),
    ...[...document.querySelectorAll("script:not([src]), iframe, object, embed, math, base, body style")]
        .map(it => it.outerHTML.slice(0, 200)),
].filter(Boolean)"""


@pytest.fixture
def page(browser, live_server):
    """A page of a browser in which scripts may run wherever they come from."""
    context = browser.new_context(base_url=live_server.url, bypass_csp=True, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_each_payload_is_seen_where_a_page_forgets_to_escape(page):
    """Otherwise the tests below would prove nothing."""
    seen = set()
    for payload in PAYLOADS:
        for careless in CARELESS:
            page.set_content(careless.format(payload))
            if page.evaluate(LOOK):
                seen.add(payload)
                break
    assert seen == set(PAYLOADS)
    assert len(seen) == 40


# As the database would take it ----------------------------------------------------------------


class Words:
    """`words(60)` is the next payload that has room in a field of that length; there are some even for 30."""

    def __init__(self, start):
        self.next = start

    def __call__(self, length=300):
        while True:
            payload = PAYLOADS[self.next % len(PAYLOADS)]
            self.next += 1
            if len(payload) <= length:
                return payload


def hostile_partner(number, lead, manager, place, area, charter):
    """A partner whose people write payload after payload, beginning at that number."""
    words = Words(number)
    partner = PartnerFactory(
        approved=True, slug=f"hostile-{number}", name=f"{number} {words(140)}", description=words(), lead=lead,
        districts=[place], contact_purposes=["buy"], sector=SectorFactory(name=f"{number} {words(70)}"),
        decided_by=manager, decision_message=words(),
    )  # fmt: skip
    SignatureFactory(
        partner=partner, charter=charter, signer=lead, signer_name=words(), signer_job_title=words(100),
        awaits_approval_of=words(100),
    )  # fmt: skip
    figures = {"measure": words(150), "unit": words(30), "target": 4, "baseline": 1}
    pledge = {"partner": partner, "area": area, "commitment": "hours", "commitment_note": words(), **figures}
    live = PledgeFactory(approved=True, statement=words(), **pledge)
    PledgeFactory(submitted=True, statement=words(), replaces=live, **pledge)
    PledgeFactory(changes_asked=True, statement=words(), decision_message=words(), **pledge)
    PledgeFactory(stopped=True, statement=words(), ending_reason=words(), **pledge)
    values = {"name": words(150), "description": words(), "website": "https://example.org"}
    ProfileChangeFactory(submitted=True, partner=partner, proposed_by=lead, values=values)
    MembershipFactory(partner=partner, user__name=words(150), role="member", job_title=words(100))
    JoinRequestFactory(partner=partner, user__name=words(150), job_title=words(100))
    ContactMessageFactory(partner=partner, name=words(100), message=words())
    OutgoingEmailFactory(failed=True, subject_line=words(), text=words(), reason=words(), template="decision_approved")
    audit.record(verb="partner.ask", subject=partner, actor=lead, note=words())
    return partner


def hostile_meetings(group, number):
    """Meetings of a group, one of each state, with a payload in each of their words."""
    words = Words(number)
    for state in ({}, {"called": True}, {"cancelled": True, "cancelled_why": words()}, {"minuted": True}):
        said = {"title": words(120), "place": words(250), "agenda": words(), **state}
        said |= {"minutes": "\n\n".join(PAYLOADS)} if state.get("minuted") else {}
        meeting = MeetingFactory(group=group, **said)
    DecisionFactory(meeting=meeting, text=words())
    for answer in ("present", "apologies", "absent"):
        member = GroupMemberFactory(group=group, shown=True, named=True, name=words(150))
        AttendanceFactory(meeting=meeting, member=member, answer=answer)
    ActionFactory(group=group, meeting=meeting, what=words(), owner=member)
    PaperFactory(group=group, meeting=meeting, title=words(120), name=words(100), published=True)


PARTNERS = 5  # with some thirty fields each, every payload stands in several
EVERYBODYS = ["/", "/partners/", "/partners/?sort=name", "/partners/named/", "/pledges/", "/areas/", "/areas/spend/",
              "/places/", "/places/oxford/", "/charter/", "/sign/questions/"]  # fmt: skip
ADMINS_LISTS = [
    *(f"partners/{name}" for name in ("partner", "contactmessage", "sector", "district", "priorityarea")),
    *(f"pledges/{name}" for name in ("case", "pledge", "pledgeidea", "signature", "review", "charterversion")),
    *(f"oiep/{name}" for name in ("auditevent", "outgoingemail", "user")),
]


@pytest.fixture
def hostile(db):
    place, area, charter = DistrictFactory(slug="oxford"), PriorityAreaFactory(slug="spend"), CharterVersionFactory()
    users = {"lead": UserFactory(name=PAYLOADS[0]), "manager": ManagerFactory(name=PAYLOADS[3])}
    people = (*users.values(), place, area, charter)
    partners = [hostile_partner(number * 8, *people) for number in range(PARTNERS)]
    ResidentFactory(slug="named", approved=True, show_name=True, name=PAYLOADS[10], districts=[place])
    return users, partners


def pages_of(partner):
    account = ["account-partner", "account-profile", "account-contact", "account-pledge-add", "account-withdraw"]
    waiting = partner.pledges.get(state="submitted")
    asked = partner.pledges.get(state="changes_asked")
    yield "anonymous", partner.get_absolute_url()
    yield "anonymous", f"{partner.get_absolute_url()}standing/"
    yield "anonymous", reverse("partner-contact", args=[partner.slug])
    for pledge in partner.pledges.published():
        yield "anonymous", pledge.get_absolute_url()
    for name in account:
        yield "lead", reverse(name, args=[partner.slug])
    for pledge in (waiting, asked):
        yield "lead", reverse("account-pledge", args=[partner.slug, pledge.pk])
    yield "lead", reverse("account-pledge-stop", args=[partner.slug, waiting.pk])
    yield "lead", reverse("account-join-request", args=[partner.slug, JoinRequest.objects.get(partner=partner).pk])
    yield "lead", reverse("account-own-approval", args=[partner.slug, partner.signatures.get().pk])
    yield "manager", reverse("admin:pledges_case_change", args=[partner.pk])
    yield "manager", reverse("admin:partners_partner_change", args=[partner.pk])
    yield "manager", reverse("admin:partners_partner_history", args=[partner.pk])


def test_what_was_written_runs_on_no_page(page, sign_in, hostile):
    users, partners = hostile
    pages = [page_ for partner in partners for page_ in pages_of(partner)]
    pages += [("anonymous", address) for address in EVERYBODYS]
    pages += [("lead", "/account/"), ("manager", "/admin/")]
    pages += [("manager", f"/admin/{name}/") for name in ADMINS_LISTS]
    found, now = {}, "anonymous"
    for role, address in sorted(pages):
        if role != now:
            sign_in(page, users[role])
            now = role
        assert page.goto(address).status == 200, address
        if what := page.evaluate(LOOK):
            found[address] = what
    assert found == {}
    assert len(pages) > 90


def pages_of_meetings(group):
    paper = group.papers.get()
    yield "lead", reverse("group-meetings", args=[group.slug])
    yield "lead", reverse("group-papers", args=[group.slug])
    yield "lead", reverse("paper-add", args=[group.slug])
    yield "lead", reverse("paper-manage", args=[group.slug, paper.pk])
    yield "anonymous", Meeting.objects.published().get(group=group).get_absolute_url()
    for meeting in group.meetings.all():
        yield "lead", meeting.get_absolute_url()
        for name in ("change", "call", "cancel", "minutes", "publish"):
            yield "lead", reverse(f"meeting-{name}", args=[group.slug, meeting.pk])
        yield "manager", reverse("admin:working_groups_meeting_change", args=[meeting.pk])
    yield "manager", reverse("admin:working_groups_paper_change", args=[paper.pk])


def test_what_was_written_of_meetings_runs_on_no_page(page, sign_in, db):
    users = {"lead": UserFactory(name=PAYLOADS[0]), "manager": ManagerFactory(name=PAYLOADS[3])}
    found, seen, now = {}, 0, "anonymous"
    groups = [GroupFactory(name=PAYLOADS[number][:120], chair=users["lead"]) for number in (0, 20)]
    for number, group in enumerate(groups):
        hostile_meetings(group, number * 20)
    for role, address in sorted(it for group in groups for it in pages_of_meetings(group)):
        if role != now:
            sign_in(page, users[role])
            now = role
        assert page.goto(address).status == 200, address
        seen += 1
        if what := page.evaluate(LOOK):
            found[address] = what
    assert found == {}
    assert seen == 2 * 34


# Through the forms ----------------------------------------------------------------------------

ALL = "".join(PAYLOADS)


def send_all(page):
    """Puts all payloads into each field of the page, as no keyboard would, and sends its form."""
    send = """(form, words) => {
        for (const field of form.querySelectorAll("input, textarea, select")) {
            if (field.type === "hidden" || field.name === "comments") continue;
            if (["radio", "checkbox"].includes(field.type)) { field.value = words; field.checked = true; }
            else if (field.tagName === "SELECT") field.add(new Option(words, words, true, true));
            else { field.type = "text"; field.removeAttribute("maxlength"); field.value = words; }
        }
        HTMLFormElement.prototype.submit.call(form);
    }"""
    with page.expect_navigation():
        fields = page.locator("input:not([type=hidden]), textarea, select")
        page.locator("main form").filter(has=fields).last.evaluate(send, ALL)


def test_what_is_sent_runs_nowhere_when_it_comes_back(page, sign_in, hostile):
    """Every form refuses it, and shows it again for correction."""
    users, partners = hostile
    PledgeIdeaFactory(on_short_route=True)
    partner = partners[1]
    live = partner.pledges.get(state="approved", ended_at=None)
    slug, found, accepted = partner.slug, {}, []
    forms = [
        ("anonymous", "/contact/"),
        ("anonymous", reverse("partner-contact", args=[slug])),
        ("anonymous", "/accounts/login/"),
        ("anonymous", "/accounts/login/password/"),
        ("anonymous", "/sign/"),
        ("lead", reverse("account-profile", args=[slug])),
        ("lead", reverse("account-pledge-add", args=[slug])),
        ("lead", reverse("account-pledge-stop", args=[slug, live.pk])),
        ("lead", reverse("account-contact", args=[slug])),
        ("lead", reverse("account-own-approval", args=[slug, partner.signatures.get().pk])),
        ("manager", reverse("admin:pledges_case_lead", args=[partner.pk])),
        ("manager", reverse("admin:partners_partner_change", args=[partner.pk])),
        ("manager", "/admin/partners/priorityarea/add/"),
        ("manager", "/admin/pledges/pledgeidea/add/"),
    ]
    group = GroupFactory(chair=users["lead"])
    forms += [
        ("lead", reverse("meeting-add", args=[group.slug])),
        ("lead", reverse("meeting-minutes", args=[group.slug, MeetingFactory(group=group, past=True).pk])),
        ("lead", reverse("meeting-cancel", args=[group.slug, MeetingFactory(group=group, called=True).pk])),
    ]
    now = "anonymous"
    for role, address in sorted(forms):
        if role != now:
            sign_in(page, users[role])
            now = role
        page.goto(address)
        send_all(page)
        if not page.title().startswith("Error:"):
            accepted.append(address)
        if what := page.evaluate(LOOK):
            found[address] = what
    assert found == {}
    assert accepted == []


def test_what_is_typed_while_signing_runs_nowhere(page, hostile):
    found = {}

    def look():
        if what := page.evaluate(LOOK):
            found[page.url] = what

    def fill_in(**words):
        for name, value in words.items():
            page.locator(f"main [name={name}]").fill(value)
        with page.expect_navigation():
            page.locator("main form button.btn-primary").click()
        look()

    page.goto("/sign/")
    page.get_by_label("An organisation").check()
    fill_in()
    draft = page.url.rpartition("/who/")[0]
    send_all(page)
    look()
    page.goto(f"{draft}/who/")
    fill_in(name=PAYLOADS[0], job_title=PAYLOADS[3], email="mallory@example.org")
    send_all(page)
    look()
    page.goto(f"{draft}/organisation/")
    page.locator("[name=sector]").select_option(index=1)
    for name, value in (("kind", "business"), ("size", "small"), ("places", "county")):
        page.locator(f"[name={name}][value={value}]").check()
    fill_in(name=PAYLOADS[10], website="example.org", description="".join(PAYLOADS[:12]))
    page.locator("[name=areas]").first.check()
    fill_in()
    page.get_by_role("link", name="Write your own").first.click()
    page.wait_for_url("**/pledges/add/**")
    send_all(page)
    look()
    page.goto(f"{draft}/pledges/add/")
    for name in ("area", "capacity"):
        page.locator(f"[name={name}]").first.check()
    fill_in(statement="".join(PAYLOADS[30:36]), measure=PAYLOADS[5], unit="x")
    fill_in()
    fill_in(awaits_approval_of=PAYLOADS[31])
    assert page.url.endswith("/check/")
    page.goto("/sign/")
    look()
    assert found == {}
