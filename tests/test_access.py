"""Who gets what: every address, for every role, of things that are theirs, somebody else's, or not public yet.

An address that is not in the table fails the build.
"""

import re
from urllib.parse import unquote

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from oiep import audit
from oiep.models import AddressChange, User
from oiep.reports.actions import draft, publish
from oiep.reports.actions import review as mark_as_reviewed
from oiep.texts.models import Wording
from tests.addresses import addresses
from tests.factories import (
    ActionFactory,
    AttendanceFactory,
    AwardRoundFactory,
    BlockedSenderFactory,
    CalendarAddressFactory,
    CategoryFactory,
    CharterVersionFactory,
    ConsentFactory,
    ContactMessageFactory,
    CriterionFactory,
    DeclineReasonFactory,
    DistrictFactory,
    EventFactory,
    EvidenceFactory,
    FollowFactory,
    GroupFactory,
    GroupInvitationFactory,
    GroupJoinRequestFactory,
    GroupMemberFactory,
    HelpReplyFactory,
    HelpRequestFactory,
    ImportFactory,
    InterestFactory,
    JoinRequestFactory,
    JudgeFactory,
    JudgeInvitationFactory,
    LearningPointFactory,
    LogoFactory,
    ManagerFactory,
    MaterialFactory,
    MeetingFactory,
    MembershipFactory,
    MessageToManyFactory,
    NewsWishFactory,
    NominationFactory,
    OutgoingEmailFactory,
    PaperFactory,
    PartnerFactory,
    PartnerInvitationFactory,
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
    SeriesFactory,
    SignatureFactory,
    SigningFactory,
    StatementFactory,
    StoryFactory,
    StoryPictureSizeFactory,
    UpdateReportFactory,
    UserFactory,
    VoteRequestFactory,
)
from tests.signing_in import Passkey, confirm_it_is

pytestmark = pytest.mark.django_db

# resident: has signed as a resident. lead, member: of the bakery; the lead also leads the shed, which waits for a
# decision, and led the stall, which has withdrawn. other: leads the mill, and the hut, which waits. staff: may open
# admin and has no rights there.
# Of the working groups, lead chairs “jobs”, of which member is a member; other chairs “secret”, which is closed to the
# public, as “inner” below it is by that.
# judge: judges this year's awards, and nothing else.
ROLES = ("anonymous", "resident", "lead", "member", "other", "staff", "manager", "superuser", "judge")

# login: to be sent to sign in, and back. door: the same, by way of admin's own page. →: to be sent there.
# One answer is everybody's; otherwise they are in the order of ROLES. A row without a judge's answer gives judges what
# staff get who may do nothing and, of admin's pages, what strangers get.
PUBLIC = [
    # address                             of what                   answers
    ("", {}, "200"),
    ("charter/", {}, "200"),
    ("charter/benefits/", {}, "200"),
    ("charter/how-it-works/", {}, "200"),
    ("charter/<int:number>/", {"number": "1"}, "200"),
    ("charter/<int:number>/", {"number": "2"}, "404"),  # not published yet
    ("partners/", {}, "200"),
    ("partners/<slug:slug>/", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/", {"slug": "stall"}, "200"),  # an organisation that has withdrawn keeps its page
    ("partners/<slug:slug>/", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/", {"slug": "hut"}, "404"),
    ("partners/<slug:slug>/", {"slug": "left"}, "404"),  # a resident who has withdrawn does not
    ("partners/<slug:slug>/contact/", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/contact/", {"slug": "mill"}, "200"),  # says that nobody can write to it
    ("partners/<slug:slug>/contact/", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/contact/sent/", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/contact/sent/", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/standing/", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/standing/", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/standing/", {"slug": "rose"}, "404"),  # a resident has none
    ("partners/<slug:slug>/badge.svg", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/badge.svg", {"slug": "stall"}, "200"),  # it says that it has withdrawn
    ("partners/<slug:slug>/badge.svg", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/badge.svg", {"slug": "rose"}, "404"),
    ("embed/", {}, "200"),
    ("embed/partners/", {}, "200"),
    ("embed/counter/", {}, "200"),
    ("embed/badge/<slug:slug>/", {"slug": "bakery"}, "200"),
    ("embed/badge/<slug:slug>/", {"slug": "shed"}, "404"),
    ("embed/badge/<slug:slug>/", {"slug": "rose"}, "404"),
    ("partners/<slug:slug>/certificate.pdf", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/certificate.pdf", {"slug": "stall"}, "404"),  # it has withdrawn
    ("partners/<slug:slug>/certificate.pdf", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/share.png", {"slug": "bakery"}, "200"),
    ("partners/<slug:slug>/share.png", {"slug": "shed"}, "404"),
    ("partners/<slug:slug>/share.png", {"slug": "rose"}, "404"),
    ("share.png", {}, "200"),
    ("posters/", {}, "200"),
    ("posters/<slug:slug>/<slug:language>.pdf", {"slug": "oxford", "language": "en-gb"}, "200"),
    ("posters/<slug:slug>/<slug:language>.pdf", {"slug": "oxford", "language": "fr"}, "404"),
    ("feeds/partners/<slug:slug>/", {"slug": "bakery"}, "200"),
    ("feeds/partners/<slug:slug>/", {"slug": "shed"}, "404"),
    ("feeds/partners/<slug:slug>/", {"slug": "rose"}, "404"),
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "partners", "slug": "bakery"}, "200"),
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "areas", "slug": "spend"}, "200"),
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "places", "slug": "oxford"}, "200"),
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "partners", "slug": "shed"}, "404"),
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "partners", "slug": "rose"}, "404"),  # nobody follows a resident
    ("follow/<slug:kind>/<slug:slug>/", {"kind": "groups", "slug": "jobs"}, "404"),
    ("follow/<slug:kind>/<slug:slug>/sent/", {"kind": "partners", "slug": "bakery"}, "200"),
    ("follow/<slug:kind>/<slug:slug>/sent/", {"kind": "partners", "slug": "shed"}, "404"),
    ("following/confirm/<str:token>/", {"token": "guessed"}, "404"),
    ("following/confirm/<str:token>/", {"token": "to follow"}, "200"),
    ("following/confirm/<str:token>/", {"token": "follower"}, "404"),  # one kind of link is not the other
    ("following/<str:token>/", {"token": "guessed"}, "404"),
    ("following/<str:token>/", {"token": "to follow"}, "404"),
    ("following/<str:token>/", {"token": "follower"}, "200"),
    ("following/<str:token>/stop/", {"token": "guessed"}, "404"),
    ("following/<str:token>/stop/", {"token": "follower"}, "200"),
    ("areas/", {}, "200"),
    ("areas/<slug:slug>/", {"slug": "spend"}, "200"),
    ("places/", {}, "200"),
    ("places/<slug:slug>/", {"slug": "oxford"}, "200"),
    ("pledges/", {}, "200"),
    ("pledges/<int:pk>/", {"pk": "bread"}, "200"),
    ("pledges/<int:pk>/", {"pk": "flour"}, "200"),
    ("pledges/<int:pk>/", {"pk": "cake"}, "404"),  # it waits
    ("pledges/<int:pk>/", {"pk": "tools"}, "404"),  # its partner waits
    ("impact/", {}, "200"),
    ("impact/<slug:key>.csv", {"key": "areas"}, "200"),
    ("impact/<slug:key>.csv", {"key": "secrets"}, "404"),
    ("data/", {}, "200"),
    ("data/datapackage.json", {}, "200"),
    ("data/<slug:name>.csv", {"name": "partners"}, "200"),
    ("data/<slug:name>.csv", {"name": "users"}, "404"),
    ("data/<slug:name>.json", {"name": "reviews"}, "200"),
    ("data/<slug:name>.json", {"name": "users"}, "404"),
    ("feeds/partners/", {}, "200"),
    ("feeds/partners/areas/<slug:slug>/", {"slug": "spend"}, "200"),
    ("feeds/partners/areas/<slug:slug>/", {"slug": "no-such-area"}, "404"),
    ("feeds/partners/places/<slug:slug>/", {"slug": "oxford"}, "200"),
    ("feeds/events/", {}, "200"),
    ("reports/", {}, "200"),
    *(
        (f"reports/<slug:slug>/{file}", {"slug": slug}, answer)
        for file in ("", "report.pdf", "report.docx")
        for slug, answer in (("told", "200"), ("untold", "404"))  # not published yet
    ),
    ("accessibility/", {}, "200"),
    ("privacy/", {}, "200"),
    ("terms/", {}, "200"),
    ("contact/", {}, "200"),
    ("contact/sent/", {}, "200"),
    ("sitemap.xml", {}, "200"),
    ("sitemap-<slug:section>.xml", {"section": "partners"}, "200"),
    ("sitemap-<slug:section>.xml", {"section": "users"}, "404"),
    ("robots.txt", {}, "200"),
    ("language/", {}, "405"),  # a button, not a page
    ("metrics", {}, "404"),  # it asks for the operators' token
    (".well-known/security.txt", {}, "200"),
    ("health/live", {}, "200"),
    ("health/ready", {}, "200"),
]
API = [
    ("api/v1/", {}, "200"),
    ("api/v1/openapi.json", {}, "200"),
    ("api/v1/totals", {}, "200"),
    ("api/v1/totals/all", {}, "200"),
    ("api/v1/areas", {}, "200"),
    ("api/v1/places", {}, "200"),
    ("api/v1/partners", {}, "200"),
    ("api/v1/partners/<slug:slug>", {"slug": "bakery"}, "200"),
    ("api/v1/partners/<slug:slug>", {"slug": "shed"}, "404"),  # it waits
    ("api/v1/partners/<slug:slug>", {"slug": "left"}, "404"),  # a resident who has withdrawn
    ("api/v1/partners/<slug:slug>/standing", {"slug": "bakery"}, "200"),
    ("api/v1/partners/<slug:slug>/standing", {"slug": "shed"}, "404"),
    ("api/v1/partners/<slug:slug>/standing", {"slug": "rose"}, "404"),  # a resident has none
    ("api/v1/pledges", {}, "200"),
    ("api/v1/pledges/<int:number>", {"number": "bread"}, "200"),
    ("api/v1/pledges/<int:number>", {"number": "cake"}, "404"),  # it waits
    ("api/v1/reviews", {}, "200"),
    ("api/v1/events", {}, "200"),
    ("api/v1/events/<slug:slug>", {"slug": "fair"}, "200"),
    ("api/v1/events/<slug:slug>", {"slug": "plan"}, "404"),  # a draft
    ("api/v1/events/<slug:slug>", {"slug": "among-us"}, "404"),  # of a closed group
    ("api/v1/<path:rest>", {"rest": "no/such/thing"}, "404"),
]
# A signature under way opens only in the browser that began it, or by the link in its e-mail.
SIGNING = [
    ("sign/", {}, "200"),
    ("sign/questions/", {}, "200"),
    ("sign/confirm/<str:token>/", {"token": "guessed"}, "404"),
    ("sign/confirm/<str:token>/", {"token": "confirming"}, "200"),
    ("sign/resume/<str:token>/", {"token": "guessed"}, "404"),
    ("sign/resume/<str:token>/", {"token": "confirming"}, "404"),  # one kind of link is not the other
    ("sign/resume/<str:token>/", {"token": "resuming"}, "200"),
    ("sign/<uuid:pk>/done/", {"pk": "signing"}, "404"),
    ("sign/<uuid:pk>/save/", {"pk": "signing"}, "404"),
    ("sign/<uuid:pk>/pledges/add/", {"pk": "signing"}, "404"),
    ("sign/<uuid:pk>/pledges/<int:number>/", {"pk": "signing", "number": "1"}, "404"),
    ("sign/<uuid:pk>/check/", {"pk": "signing"}, "404"),
    ("sign/<uuid:pk>/<slug:step>/", {"pk": "signing", "step": "who"}, "404"),
]
# A review opens by the link in its e-mail, whoever has it, and shows nothing else of the partner.
REVIEW = "reviews/<str:token>/"
REVIEWS = [
    *(
        (REVIEW + page, {"token": "guessed"}, "404")
        for page in ("", "ideas/", "ideas/add/", "people/", "help/", "check/")
    ),
    *((REVIEW + page, {"token": "guessed", "pk": "bread"}, "404") for page in ("pledges/<int:pk>/", "ideas/<int:pk>/")),
    *((REVIEW + page, {"token": "open"}, "200") for page in ("", "ideas/", "ideas/add/", "people/", "help/", "check/")),
    (REVIEW + "pledges/<int:pk>/", {"token": "open", "pk": "bread"}, "200"),
    (REVIEW + "pledges/<int:pk>/", {"token": "open", "pk": "flour"}, "→/reviews/{open}/"),
    (REVIEW + "pledges/<int:pk>/change/", {"token": "open", "pk": "flour"}, "→/reviews/{open}/"),
    (REVIEW + "pledges/<int:pk>/stop/", {"token": "open", "pk": "flour"}, "→/reviews/{open}/"),
    (REVIEW + "explanation/", {"token": "open"}, "200"),
    (REVIEW + "evidence/<int:pk>/", {"token": "open", "pk": "own file"}, "200"),
    (REVIEW + "evidence/<int:pk>/", {"token": "open", "pk": "other file"}, "404"),
    (REVIEW + "evidence/<int:pk>/", {"token": "guessed", "pk": "own file"}, "404"),
    ("account/reviews/<int:pk>/", {"pk": "review"}, "login 404 →/reviews/{open}/ →/reviews/{open}/ 404 404 404 404"),
    ("evidence/<int:pk>/", {"pk": "own file"}, "404 404 200 200 404 404 200 200"),  # not public yet
    ("evidence/<int:pk>/", {"pk": "public file"}, "200"),
]
ANYBODY_S = "login 200 200 200 200 200 200 200"
THE_BAKERS = "login 404 200 200 404 404 404 404"
THE_LEADS = "login 404 200 404 404 404 404 404"
THE_OTHERS = "login 404 404 404 200 404 404 404"
THE_RESIDENTS = "login 200 404 404 404 404 404 404"
NOBODY_S = "login 404 404 404 404 404 404 404"
# What has withdrawn has nothing left to change; its own page says so.
OVER = "login 404 →/account/partners/stall/ 404 404 404 404 404"
PARTNER = "account/partners/<slug:slug>/"
ACCOUNT = [
    ("account/", {}, ANYBODY_S),
    (PARTNER, {"slug": "bakery"}, THE_BAKERS),
    (PARTNER, {"slug": "shed"}, THE_LEADS),
    (PARTNER, {"slug": "stall"}, THE_LEADS),
    (PARTNER, {"slug": "mill"}, THE_OTHERS),
    (PARTNER, {"slug": "hut"}, THE_OTHERS),
    (PARTNER, {"slug": "rose"}, THE_RESIDENTS),
    (PARTNER + "profile/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "profile/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "profile/", {"slug": "rose"}, THE_RESIDENTS),
    (PARTNER + "profile/", {"slug": "stall"}, OVER),
    (PARTNER + "contact/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "contact/", {"slug": "hut"}, THE_OTHERS),
    (PARTNER + "contact/", {"slug": "rose"}, NOBODY_S),  # nobody can write to a resident
    (PARTNER + "details/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "details/", {"slug": "stall"}, OVER),
    (PARTNER + "badge/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "badge/", {"slug": "hut"}, NOBODY_S),  # not approved yet
    (PARTNER + "badge/", {"slug": "rose"}, NOBODY_S),  # a resident has no public standing
    (PARTNER + "badge/", {"slug": "stall"}, OVER),
    (PARTNER + "reviews/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "reviews/", {"slug": "rose"}, THE_RESIDENTS),
    (PARTNER + "reviews/", {"slug": "stall"}, THE_LEADS),
    (PARTNER + "pledges/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "pledges/", {"slug": "hut"}, THE_OTHERS),
    (PARTNER + "pledges/", {"slug": "stall"}, THE_LEADS),
    (PARTNER + "pledges/ideas/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "pledges/ideas/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "pledges/add/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "pledges/add/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "pledges/<int:pk>/", {"slug": "bakery", "pk": "bread"}, THE_BAKERS),
    (PARTNER + "pledges/<int:pk>/", {"slug": "shed", "pk": "tools"}, THE_LEADS),
    (PARTNER + "pledges/<int:pk>/", {"slug": "mill", "pk": "flour"}, THE_OTHERS),
    (PARTNER + "pledges/<int:pk>/", {"slug": "bakery", "pk": "flour"}, NOBODY_S),  # of another partner
    (PARTNER + "pledges/<int:pk>/stop/", {"slug": "bakery", "pk": "bread"}, THE_BAKERS),
    (PARTNER + "pledges/<int:pk>/stop/", {"slug": "mill", "pk": "flour"}, THE_OTHERS),
    (PARTNER + "pledges/<int:pk>/stop/", {"slug": "bakery", "pk": "flour"}, NOBODY_S),
    (PARTNER + "joining/<int:pk>/", {"slug": "bakery", "pk": "asked"}, THE_LEADS),
    (PARTNER + "joining/<int:pk>/", {"slug": "mill", "pk": "asked"}, NOBODY_S),
    (PARTNER + "decision/<int:pk>/", {"slug": "bakery", "pk": "board"}, THE_BAKERS),
    (PARTNER + "decision/<int:pk>/", {"slug": "mill", "pk": "board"}, NOBODY_S),
    (PARTNER + "charter/", {"slug": "bakery"}, "login 404 →/account/partners/bakery/ 404 404 404 404 404"),  # not asked
    (PARTNER + "charter/", {"slug": "mill"}, "login 404 404 404 →/account/partners/mill/ 404 404 404"),
    (PARTNER + "withdraw/", {"slug": "bakery"}, THE_LEADS),
    (PARTNER + "withdraw/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "withdraw/", {"slug": "stall"}, OVER),
]
SIGNED_IN = " ".join(["→/account/"] * 7)
SIGN_IN = [
    ("accounts/login/", {}, f"200 {SIGNED_IN}"),
    ("accounts/login/code/", {}, "→/accounts/login/"),
    ("accounts/login/code/confirm/", {}, f"→/accounts/login/code/ {SIGNED_IN}"),
    ("accounts/login/password/", {}, f"200 {SIGNED_IN}"),
    ("accounts/login/passkey/", {}, f"→/accounts/login/ {SIGNED_IN}"),
    ("accounts/login/second-step/", {}, f"→/accounts/login/ {SIGNED_IN}"),
    ("accounts/confirm/", {}, ANYBODY_S),
    ("accounts/logout/", {}, "→/ 200 200 200 200 200 200 200"),
    ("accounts/inactive/", {}, "200"),
    ("accounts/signup/", {}, "→/sign/"),
]
# Inviting, leaving, handing over. An invitation opens by its link, and can be answered only with the invited address.
PEOPLE = [
    (PARTNER + "people/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "people/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "people/", {"slug": "stall"}, OVER),
    (PARTNER + "people/", {"slug": "rose"}, NOBODY_S),  # a resident acts alone
    (PARTNER + "people/invite/", {"slug": "bakery"}, THE_LEADS),
    (PARTNER + "people/invite/", {"slug": "hut"}, THE_OTHERS),  # says that it has to be approved first
    (PARTNER + "people/leave/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "people/leave/", {"slug": "mill"}, THE_OTHERS),
    (PARTNER + "people/<int:pk>/", {"slug": "bakery", "pk": "the member"}, THE_LEADS),
    (PARTNER + "people/<int:pk>/", {"slug": "bakery", "pk": "the lead"}, NOBODY_S),  # not about oneself
    (PARTNER + "people/<int:pk>/", {"slug": "mill", "pk": "the member"}, NOBODY_S),
    ("invitations/partners/<str:token>/", {"token": "guessed"}, "404"),
    ("invitations/partners/<str:token>/", {"token": "invited"}, "200"),
    ("invitations/partners/<str:token>/", {"token": "taken back"}, "410"),
]
OWN = PARTNER + "recognitions/"
RECOGNITIONS = [
    ("partners/<slug:slug>/logo/<int:pk>/", {"slug": "bakery", "pk": "logo"}, "200"),
    ("partners/<slug:slug>/logo/<int:pk>/", {"slug": "bakery", "pk": "new logo"}, "404 404 200 200 404 404 200 200"),
    ("partners/<slug:slug>/logo/<int:pk>/", {"slug": "mill", "pk": "logo"}, "404"),  # of another partner
    (OWN, {"slug": "bakery"}, THE_BAKERS),
    (OWN, {"slug": "mill"}, THE_OTHERS),
    (OWN, {"slug": "shed"}, NOBODY_S),  # it waits for our decision
    (OWN, {"slug": "rose"}, NOBODY_S),  # a resident holds none
    (OWN, {"slug": "stall"}, OVER),
    (OWN + "add/<slug:kind>/", {"slug": "bakery", "kind": "new-kind"}, THE_BAKERS),
    (OWN + "add/<slug:kind>/", {"slug": "bakery", "kind": "old-kind"}, NOBODY_S),  # offered no more
    (OWN + "add/<slug:kind>/", {"slug": "rose", "kind": "new-kind"}, NOBODY_S),
    (OWN + "<int:pk>/", {"slug": "bakery", "pk": "claim"}, THE_BAKERS),
    (OWN + "<int:pk>/", {"slug": "bakery", "pk": "wage"}, THE_BAKERS),
    (OWN + "<int:pk>/", {"slug": "mill", "pk": "claim"}, NOBODY_S),
    (OWN + "<int:pk>/take-off/", {"slug": "bakery", "pk": "claim"}, THE_BAKERS),
    (OWN + "<int:pk>/take-off/", {"slug": "mill", "pk": "claim"}, NOBODY_S),
    (OWN + "<int:pk>/evidence/", {"slug": "bakery", "pk": "claim"}, "login 404 200 200 404 404 200 200"),
    (OWN + "<int:pk>/evidence/", {"slug": "bakery", "pk": "wage"}, NOBODY_S),  # it came with a link
    (OWN + "<int:pk>/evidence/", {"slug": "mill", "pk": "claim"}, NOBODY_S),
]
# Stories: for everybody; by link to who offered one, and to who is in one; a partner's own.
OWN_STORIES = PARTNER + "stories/"
STORIES = [
    ("stories/", {}, "200"),
    ("stories/offer/", {}, "200"),
    ("stories/sent/", {}, "200"),
    ("stories/<slug:slug>/", {"slug": "told"}, "200"),
    ("stories/<slug:slug>/share.png", {"slug": "told"}, "200"),
    ("stories/<slug:slug>/share.png", {"slug": "withdrawn"}, "404"),
    ("stories/<slug:slug>/", {"slug": "waits"}, "404"),
    ("stories/<slug:slug>/", {"slug": "withdrawn"}, "404"),  # somebody in it does not want to be any more
    ("stories/pictures/<int:pk>/", {"pk": "story picture"}, "200"),
    ("stories/pictures/<int:pk>/", {"pk": "hidden story picture"}, "404 404 404 404 404 404 200 200"),
    ("stories/confirm/<str:token>/", {"token": "guessed"}, "404"),
    ("stories/confirm/<str:token>/", {"token": "visitor's story"}, "200"),
    ("stories/confirm/<str:token>/", {"token": "consent"}, "404"),  # one kind of link is not the other
    ("stories/confirm/<str:token>/change/", {"token": "guessed"}, "404"),
    ("stories/confirm/<str:token>/change/", {"token": "visitor's story"}, "200"),
    ("stories/consent/<str:token>/", {"token": "guessed"}, "404"),
    ("stories/consent/<str:token>/", {"token": "consent"}, "200"),
    ("feeds/stories/", {}, "200"),
    ("feeds/stories/areas/<slug:slug>/", {"slug": "spend"}, "200"),
    ("feeds/stories/areas/<slug:slug>/", {"slug": "no-such-area"}, "404"),
    ("feeds/stories/places/<slug:slug>/", {"slug": "oxford"}, "200"),
    (OWN_STORIES, {"slug": "bakery"}, THE_BAKERS),
    (OWN_STORIES, {"slug": "rose"}, THE_RESIDENTS),
    (OWN_STORIES, {"slug": "shed"}, NOBODY_S),  # it waits for our decision
    (OWN_STORIES, {"slug": "stall"}, OVER),
    (OWN_STORIES + "offer/", {"slug": "bakery"}, THE_BAKERS),
    (OWN_STORIES + "offer/", {"slug": "mill"}, THE_OTHERS),
    (OWN_STORIES + "<int:pk>/", {"slug": "bakery", "pk": "waiting story"}, THE_BAKERS),
    (OWN_STORIES + "<int:pk>/", {"slug": "bakery", "pk": "story"}, THE_BAKERS),
    (OWN_STORIES + "<int:pk>/", {"slug": "mill", "pk": "waiting story"}, NOBODY_S),
    (OWN_STORIES + "<int:pk>/take-down/", {"slug": "bakery", "pk": "story"}, THE_BAKERS),
    (OWN_STORIES + "<int:pk>/take-down/", {"slug": "mill", "pk": "story"}, NOBODY_S),
]
OWN_HELP = PARTNER + "help/"
TO_HELP = "→/account/partners/bakery/help/"
TOOLKIT = [
    ("resources/", {}, "200"),
    ("resources/<slug:slug>/", {"slug": "guide"}, "200"),
    ("resources/<slug:slug>/", {"slug": "has-not-agreed"}, "404"),
    ("resources/<slug:slug>/file/", {"slug": "guide"}, "200"),
    ("resources/<slug:slug>/file/", {"slug": "has-not-agreed"}, "404"),
    ("help/", {}, "200"),
    ("help/<int:pk>/", {"pk": "help"}, "200"),
    ("help/<int:pk>/", {"pk": "waiting help"}, "404"),
    ("help/<int:pk>/sent/", {"pk": "help"}, "200"),
    ("help/<int:pk>/sent/", {"pk": "waiting help"}, "404"),
    (OWN_HELP, {"slug": "bakery"}, THE_BAKERS),
    (OWN_HELP, {"slug": "rose"}, THE_RESIDENTS),
    (OWN_HELP, {"slug": "shed"}, NOBODY_S),
    (OWN_HELP + "ask/", {"slug": "bakery"}, THE_BAKERS),
    (OWN_HELP + "ask/", {"slug": "mill"}, THE_OTHERS),
    (OWN_HELP + "<int:pk>/", {"slug": "bakery", "pk": "waiting help"}, THE_BAKERS),
    (OWN_HELP + "<int:pk>/", {"slug": "bakery", "pk": "help"}, f"login 404 {TO_HELP} {TO_HELP} 404 404 404 404"),
    (OWN_HELP + "<int:pk>/", {"slug": "mill", "pk": "help"}, NOBODY_S),
    (OWN_HELP + "<int:pk>/close/", {"slug": "bakery", "pk": "help"}, THE_BAKERS),
    (OWN_HELP + "<int:pk>/close/", {"slug": "mill", "pk": "help"}, NOBODY_S),
]
# Ways of signing in, sessions, the person's own details, for who has confirmed that it is they. The lead has a passkey,
# the member an app; both have recovery codes.
SECURITY = [
    ("account/security/", {}, ANYBODY_S),
    ("account/security/passkeys/add/", {}, ANYBODY_S),
    ("account/security/passkeys/<int:pk>/remove/", {"pk": "passkey"}, THE_LEADS),
    ("account/security/passkeys/<int:pk>/remove/", {"pk": "app"}, NOBODY_S),
    ("account/security/app/add/", {}, "login 200 200 →/account/security/ 200 200 200 200"),
    ("account/security/app/remove/", {}, "login 404 404 200 404 404 404 404"),
    ("account/security/recovery-codes/", {}, THE_BAKERS),
    ("account/security/password/", {}, ANYBODY_S),
    ("account/security/password/remove/", {}, NOBODY_S),
    ("account/security/devices/", {}, ANYBODY_S),
    ("account/name/", {}, ANYBODY_S),
    ("account/address/", {}, ANYBODY_S),
    ("account/address/<str:token>/", {"token": "new address"}, THE_LEADS),
    ("account/address/<str:token>/", {"token": "guessed"}, NOBODY_S),
]
MESSAGE = PARTNER + "messages/<int:pk>/report/"
MESSAGES = [
    (PARTNER + "messages/", {"slug": "bakery"}, THE_BAKERS),
    (PARTNER + "messages/", {"slug": "hut"}, THE_OTHERS),
    (PARTNER + "messages/", {"slug": "stall"}, THE_LEADS),
    (PARTNER + "messages/", {"slug": "rose"}, NOBODY_S),  # nobody can write to a resident
    (MESSAGE, {"slug": "bakery", "pk": "message"}, THE_BAKERS),
    (MESSAGE, {"slug": "mill", "pk": "message"}, NOBODY_S),  # of another partner
    ("account/mail/", {}, ANYBODY_S),
    ("account/mail/<uuid:pk>/", {"pk": "own letter"}, THE_LEADS),
    ("account/mail/<uuid:pk>/", {"pk": "signing"}, NOBODY_S),
]
TO_MESSAGE = "→/admin/partners/contactmessage/{message}/change/"
# Everybody has signed in a moment ago; otherwise downloading and erasing would ask for it first.
PRIVACY = [
    ("account/news/", {}, ANYBODY_S),
    ("news/stop/<str:token>/", {"token": "guessed"}, "404"),
    ("news/stop/<str:token>/", {"token": "the news"}, "200"),
    ("account/privacy/", {}, ANYBODY_S),
    ("account/privacy/download/", {}, "login" + " →/account/privacy/" * 7),  # a button does it
    ("account/privacy/erase/", {}, ANYBODY_S),
    ("account/privacy/erased/", {}, "200"),
    ("admin/oiep/user/<int:pk>/erase/", {"pk": "person"}, "door door door door door 403 200 200"),
    ("admin/oiep/user/<int:pk>/erase/", {"pk": "boss"}, "door door door door door 403 403 403"),
]
# Working groups: for everybody, for their members, for those who run them.
GROUPS = [
    ("working-groups/", {}, "200"),
    ("working-groups/<slug:slug>/", {"slug": "jobs"}, "200"),
    ("working-groups/<slug:slug>/", {"slug": "secret"}, "404"),
    ("working-groups/<slug:slug>/", {"slug": "inner"}, "404"),
]
# Members see a group's meetings and papers, those who run it change them; the manager may do both in all groups.
JOBS_MEMBERS = "login 404 200 200 404 404 200 200"
JOBS_RUN_BY = "login 404 200 404 404 404 200 200"
SECRETS_RUN_BY = "login 404 404 404 200 404 200 200"
# What the public sees, its members see as well.
PUBLISHED = "200"
MEETING = "working-groups/<slug:slug>/meetings/<int:pk>/"


def _back_to(name):
    """For a page that is not for this meeting: those who run the group are sent to the meeting itself."""
    there = f"→/working-groups/jobs/meetings/{{{name}}}/"
    return f"login 404 {there} 404 404 404 {there} {there}"


GROUP_MEETINGS = [
    ("working-groups/<slug:slug>/meetings/", {"slug": "jobs"}, JOBS_MEMBERS),
    ("working-groups/<slug:slug>/meetings/", {"slug": "secret"}, SECRETS_RUN_BY),
    ("working-groups/<slug:slug>/meetings/new/", {"slug": "jobs"}, JOBS_RUN_BY),
    ("working-groups/<slug:slug>/meetings/new/", {"slug": "secret"}, SECRETS_RUN_BY),
    (MEETING, {"slug": "jobs", "pk": "coming"}, JOBS_MEMBERS),
    (MEETING, {"slug": "jobs", "pk": "draft"}, JOBS_RUN_BY),
    (MEETING, {"slug": "jobs", "pk": "minuted"}, PUBLISHED),
    (MEETING, {"slug": "jobs", "pk": "unpublished"}, JOBS_MEMBERS),
    (MEETING, {"slug": "jobs", "pk": "secret's"}, NOBODY_S),  # of another group
    (MEETING, {"slug": "secret", "pk": "secret's"}, SECRETS_RUN_BY),  # its minutes are published, it is closed
    (MEETING + "change/", {"slug": "jobs", "pk": "coming"}, JOBS_RUN_BY),
    (MEETING + "change/", {"slug": "jobs", "pk": "secret's"}, NOBODY_S),
    (MEETING + "call/", {"slug": "jobs", "pk": "draft"}, JOBS_RUN_BY),
    (MEETING + "call/", {"slug": "jobs", "pk": "coming"}, _back_to("coming")),
    (MEETING + "cancel/", {"slug": "jobs", "pk": "coming"}, JOBS_RUN_BY),
    (MEETING + "cancel/", {"slug": "jobs", "pk": "draft"}, JOBS_RUN_BY),
    (MEETING + "cancel/", {"slug": "secret", "pk": "coming"}, NOBODY_S),
    (MEETING + "minutes/", {"slug": "jobs", "pk": "unpublished"}, JOBS_RUN_BY),
    (MEETING + "minutes/", {"slug": "secret", "pk": "secret's"}, SECRETS_RUN_BY),
    (MEETING + "publish/", {"slug": "jobs", "pk": "unpublished"}, JOBS_RUN_BY),
    (MEETING + "publish/", {"slug": "jobs", "pk": "coming"}, _back_to("coming")),
    ("working-groups/<slug:slug>/papers/", {"slug": "jobs"}, JOBS_MEMBERS),
    ("working-groups/<slug:slug>/papers/", {"slug": "inner"}, "login 404 404 404 404 404 200 200"),
    ("working-groups/<slug:slug>/papers/new/", {"slug": "jobs"}, JOBS_RUN_BY),
    ("working-groups/<slug:slug>/papers/<int:pk>/", {"slug": "jobs", "pk": "paper"}, JOBS_RUN_BY),
    ("working-groups/<slug:slug>/papers/<int:pk>/", {"slug": "jobs", "pk": "secret paper"}, NOBODY_S),
    ("working-groups/papers/<int:pk>/", {"pk": "paper"}, JOBS_MEMBERS),
    ("working-groups/papers/<int:pk>/", {"pk": "public paper"}, "200"),
    ("working-groups/papers/<int:pk>/", {"pk": "secret paper"}, SECRETS_RUN_BY),  # published, in a closed group
    ("working-groups/calendar/<str:key>.ics", {"key": "guessed"}, "404"),
    ("working-groups/calendar/<str:key>.ics", {"key": "calendar"}, "200"),
    ("account/calendar/", {}, ANYBODY_S),
]
GROUP = "working-groups/<slug:slug>/"
TO_ROOM, TO_MEMBERS = "→/working-groups/jobs/room/", "→/working-groups/jobs/members/"
GROUP_WORK = [
    *((f"{GROUP}{page}/", {"slug": "jobs"}, JOBS_MEMBERS) for page in ("room", "actions", "updates", "members")),
    *((f"{GROUP}{page}/", {"slug": "secret"}, SECRETS_RUN_BY) for page in ("room", "actions", "updates", "members")),
    *(
        (f"{GROUP}{page}/", {"slug": slug}, answers)
        for page in ("about", "actions/new", "updates/new", "members/invite")
        for slug, answers in (("jobs", JOBS_RUN_BY), ("secret", SECRETS_RUN_BY))
    ),
    (GROUP + "actions/<int:pk>/", {"slug": "jobs", "pk": "letter"}, JOBS_MEMBERS),
    (GROUP + "actions/<int:pk>/", {"slug": "secret", "pk": "plot"}, SECRETS_RUN_BY),
    (GROUP + "actions/<int:pk>/", {"slug": "jobs", "pk": "plot"}, NOBODY_S),
    (GROUP + "actions/<int:pk>/change/", {"slug": "jobs", "pk": "letter"}, JOBS_RUN_BY),
    (GROUP + "actions/<int:pk>/change/", {"slug": "jobs", "pk": "plot"}, NOBODY_S),
    (GROUP + "updates/<int:pk>/", {"slug": "jobs", "pk": "note"}, JOBS_RUN_BY),
    (GROUP + "updates/<int:pk>/", {"slug": "secret", "pk": "note"}, NOBODY_S),
    (GROUP + "members/<int:pk>/", {"slug": "jobs", "pk": "jobs member"}, JOBS_RUN_BY),
    (GROUP + "members/<int:pk>/", {"slug": "secret", "pk": "jobs member"}, NOBODY_S),
    (
        GROUP + "members/invitations/<int:pk>/",
        {"slug": "jobs", "pk": "jobs invitation"},
        f"login 404 {TO_MEMBERS} 404 404 404 {TO_MEMBERS} {TO_MEMBERS}",
    ),
    (GROUP + "members/invitations/<int:pk>/", {"slug": "secret", "pk": "jobs invitation"}, NOBODY_S),
    (GROUP + "requests/<int:pk>/", {"slug": "jobs", "pk": "asks jobs"}, JOBS_RUN_BY),
    (GROUP + "requests/<int:pk>/", {"slug": "secret", "pk": "asks jobs"}, NOBODY_S),
    (GROUP + "join/", {"slug": "jobs"}, f"login 200 {TO_ROOM} {TO_ROOM} 200 200 200 200"),
    (GROUP + "join/", {"slug": "secret"}, NOBODY_S),
    ("invitations/groups/<str:token>/", {"token": "guessed"}, "404"),
    ("invitations/groups/<str:token>/", {"token": "invited"}, "404"),  # one kind of link is not the other
    ("invitations/groups/<str:token>/", {"token": "asked into jobs"}, "200"),
    ("account/groups/<int:pk>/", {"pk": "jobs member"}, "login 404 404 200 404 404 404 404"),
    ("account/groups/<int:pk>/leave/", {"pk": "jobs member"}, "login 404 404 200 404 404 404 404"),
    ("account/groups/<int:pk>/", {"pk": "past member"}, THE_RESIDENTS),  # to say whether they are still shown
    ("account/groups/<int:pk>/leave/", {"pk": "past member"}, NOBODY_S),
]
EVENTS = [
    ("events/", {}, "200"),
    ("events/calendar.ics", {}, "200"),
    ("events/<slug:slug>/", {"slug": "fair"}, "200"),
    ("events/<slug:slug>/", {"slug": "talk"}, "200"),
    ("events/<slug:slug>/", {"slug": "plan"}, "404"),  # a draft
    ("events/<slug:slug>/", {"slug": "among-us"}, "404"),  # of a closed group
    ("events/<slug:slug>/calendar.ics", {"slug": "fair"}, "200"),
    ("events/<slug:slug>/calendar.ics", {"slug": "plan"}, "404"),
    ("events/<slug:slug>/calendar.ics", {"slug": "among-us"}, "404"),
    ("events/photographs/<int:pk>/", {"pk": "picture"}, "200"),
    ("events/photographs/<int:pk>/", {"pk": "hidden picture"}, "404 404 200 404 404 404 200 200"),
    ("events/materials/<int:pk>/", {"pk": "slides"}, "200"),
    ("events/materials/<int:pk>/", {"pk": "hidden slides"}, "404 404 200 404 404 404 200 200"),
]
# Booking, by link; the organiser's desk; awards; judging.
EVENT_BOOKING = [
    ("events/<slug:slug>/book/", {"slug": "fair"}, "200"),
    ("events/<slug:slug>/book/", {"slug": "plan"}, "404"),
    ("events/<slug:slug>/book/", {"slug": "among-us"}, "404"),
    ("events/<slug:slug>/booked/", {"slug": "fair"}, "200"),
    ("events/<slug:slug>/booked/", {"slug": "plan"}, "404"),
    # By link, whoever has it: like a ticket.
    ("events/confirm/<str:token>/", {"token": "guessed"}, "404"),
    ("events/confirm/<str:token>/", {"token": "to confirm"}, "200"),
    ("events/booking/<str:token>/", {"token": "guessed"}, "404"),
    ("events/booking/<str:token>/", {"token": "to confirm"}, "404"),  # one kind of link is not the other
    ("events/booking/<str:token>/", {"token": "ticket"}, "200"),
    ("events/booking/<str:token>/change/", {"token": "guessed"}, "404"),
    ("events/booking/<str:token>/change/", {"token": "ticket"}, "200"),
]
RUN_BY_LEAD = "login 404 200 404 404 404 200 200"
EVENT_DESK_PAGE = "events/<slug:slug>/desk/"
EVENT_DESK = [
    *(
        (EVENT_DESK_PAGE + page, {"slug": slug}, answers)
        for page in (
            *("", "people/", "people/add/", "people.csv", "badges/", "sign-in-sheet/", "message/", "check-in/"),
            *("learning/", "files/", "photographs/add/", "materials/add/"),
        )
        for slug, answers in (("fair", RUN_BY_LEAD), ("plan", RUN_BY_LEAD), ("among-us", SECRETS_RUN_BY))
    ),
    *(
        (EVENT_DESK_PAGE + page, {"slug": slug, "pk": "booking"}, answers)
        for page in ("people/<uuid:pk>/", "check-in/<uuid:pk>/")
        for slug, answers in (("fair", RUN_BY_LEAD), ("plan", NOBODY_S), ("among-us", NOBODY_S))  # of another event
    ),
    *(
        (f"events/<slug:slug>/desk/{page}", {"slug": slug, "pk": thing}, answers)
        for page, thing in (
            ("learning/<int:pk>/", "point"),
            ("learning/<int:pk>/action/", "point"),
            ("photographs/<int:pk>/", "picture"),
        )
        for slug, answers in (("talk", RUN_BY_LEAD), ("fair", NOBODY_S))  # of another event
    ),
    (EVENT_DESK_PAGE + "materials/<int:pk>/", {"slug": "fair", "pk": "slides"}, NOBODY_S),
    (
        EVENT_DESK_PAGE + "materials/<int:pk>/",
        {"slug": "talk", "pk": "slides"},
        "login 404 {there} 404 404 404 {there} {there}".format(there="→/events/talk/desk/files/"),
    ),
    ("events/feedback/<str:token>/", {"token": "guessed"}, "404"),
    ("events/feedback/<str:token>/", {"token": "ticket"}, "404"),
    ("events/feedback/<str:token>/", {"token": "feedback"}, "200"),
    ("events/check-in/<str:code>/", {"code": "guessed"}, NOBODY_S),
    ("events/check-in/<str:code>/", {"code": "ticket"}, NOBODY_S),  # one kind of link is not the other
    (
        "events/check-in/<str:code>/",
        {"code": "code"},
        "login 404 {there} 404 404 404 {there} {there}".format(there="→/events/fair/desk/check-in/{booking}/"),
    ),
]
# The lead has nominated the mill, which we have not decided on yet; other has nominated the bakery, and we approved it.
AWARDED = "awards/nominations/<int:pk>/"
AWARDS = [
    ("awards/", {}, "200"),
    ("awards/<int:year>/", {"year": "2040"}, "200"),
    ("awards/<int:year>/", {"year": "2041"}, "404"),  # not published yet
    ("awards/<int:year>/nominate/", {"year": "2040"}, ANYBODY_S),
    ("awards/<int:year>/nominate/", {"year": "2041"}, NOBODY_S),
    ("awards/<int:year>/nominate/<slug:slug>/", {"year": "2040", "slug": "bakery"}, ANYBODY_S),
    ("awards/<int:year>/nominate/<slug:slug>/", {"year": "2040", "slug": "shed"}, NOBODY_S),
    ("awards/<int:year>/nominate/<slug:slug>/", {"year": "2040", "slug": "rose"}, NOBODY_S),
    ("awards/<int:year>/nominate/<slug:slug>/", {"year": "2041", "slug": "bakery"}, NOBODY_S),
    ("awards/nominations/", {}, ANYBODY_S),
    (AWARDED, {"pk": "of_mill"}, THE_LEADS),
    (AWARDED, {"pk": "of_bakery"}, "login 404 200 200 200 404 404 404"),
    (AWARDED + "change/", {"pk": "of_mill"}, THE_LEADS),
    (AWARDED + "change/", {"pk": "of_bakery"}, "login 404 404 404 →/awards/nominations/{of_bakery}/ 404 404 404"),
    (AWARDED + "withdraw/", {"pk": "of_mill"}, THE_LEADS),
    (AWARDED + "withdraw/", {"pk": "of_bakery"}, "login 404 200 200 200 404 404 404"),
]
# Judging is going on, and voting. judge judges “effort”, whose entries they may see but for one.
JUDGING = [
    ("judging/", {}, "login 404 404 404 404 404 404 404 200"),
    ("judging/invitation/<str:token>/", {"token": "guessed"}, "404"),
    ("judging/invitation/<str:token>/", {"token": "asked to judge"}, "200"),
    ("judging/<int:year>/", {"year": "2031"}, "login 404 404 404 404 404 404 404 200"),
    ("judging/<int:year>/", {"year": "2032"}, "login 404 404 404 404 404 404 404 404"),  # other judges'
    ("judging/<int:year>/interests/", {"year": "2031"}, "login 404 404 404 404 404 404 404 200"),
    *(
        ("judging/<int:year>/entries/<int:pk>/", {"year": "2031", "pk": entry}, f"login{7 * ' 404'} {answer}")
        for entry, answer in (("the entry", "200"), ("the friend's entry", "404"), ("the people's entry", "404"))
    ),
    ("awards/<int:year>/<slug:slug>/vote/", {"year": "2031", "slug": "effort"}, "404"),  # judges decide it
    ("awards/<int:year>/<slug:slug>/vote/", {"year": "2031", "slug": "favourite"}, "200"),
    ("awards/<int:year>/<slug:slug>/voted/", {"year": "2031", "slug": "effort"}, "404"),
    ("awards/<int:year>/<slug:slug>/voted/", {"year": "2031", "slug": "favourite"}, "200"),
    ("awards/vote/<str:token>/", {"token": "guessed"}, "404"),
    ("awards/vote/<str:token>/", {"token": "the vote"}, "200"),
]
TO_CASE, TO_REVIEW = "→/admin/pledges/case/{bakers}/change/", "→/admin/pledges/review/{review}/change/"
TO_IMPORT = "→/admin/pledges/review/import/"  # somebody else's, or one that is done
PARAGRAPH = "admin/reports/updatereport/<int:pk>/paragraphs/<int:number>/"
TO_RESULTS = "→/admin/events/judge/results/{judged round}/"
TO_JUDGE = "→/admin/events/judge/{the judge}/change/"
TO_STORY = "→/admin/pledges/story/{story}/change/"
TO_REQUEST = "→/admin/pledges/helprequest/{help}/change/"
STRANGERS = "door door door door door"
STAFFS = f"{STRANGERS} 200 200 200"
APPS = next(address for address in addresses() if address.startswith("admin/^(?P<app_label>"))
TO_ROUND, TO_NOMINATION = (
    "→/admin/events/awardround/{award_round}/change/",
    "→/admin/events/nomination/{of_mill}/change/",
)
AWARDS += [
    *(
        (f"admin/events/awardround/<int:pk>/{button}/", {"pk": "award_round"}, f"{STRANGERS} 403 {TO_ROUND} {TO_ROUND}")
        for button in ("publish", "copy", "announce-shortlist")
    ),
    ("admin/events/awardround/<int:pk>/shortlist/", {"pk": "award_round"}, f"{STRANGERS} 403 200 200"),
    ("admin/events/awardround/<int:pk>/places/", {"pk": "award_round"}, f"{STRANGERS} 403 200 200"),
    ("admin/events/nomination/<int:pk>/decide/", {"pk": "of_mill"}, f"{STRANGERS} 403 200 200"),
    ("admin/events/nomination/<int:pk>/undo/", {"pk": "of_mill"}, f"{STRANGERS} 403 {TO_NOMINATION} {TO_NOMINATION}"),
]
DESK = [
    ("admin/", {}, STAFFS),
    ("admin/login/", {}, "login 403 403 403 403 →/admin/ →/admin/ →/admin/"),
    ("admin/logout/", {}, "→/admin/ →/admin/ →/admin/ →/admin/ →/admin/ 405 405 405"),
    ("admin/password_change/", {}, STAFFS),
    ("admin/password_change/done/", {}, STAFFS),
    ("admin/autocomplete/", {}, f"{STRANGERS} 403 403 403"),
    ("admin/jsi18n/", {}, STAFFS),
    (
        "admin/r/<path:content_type_id>/<path:object_id>/",
        {"content_type_id": "0", "object_id": "0"},
        f"{STRANGERS} 404 404 404",
    ),
    ("admin/partners/contactmessage/<int:pk>/settle/", {"pk": "message"}, f"{STRANGERS} 403 {TO_MESSAGE} {TO_MESSAGE}"),
    *(
        (f"admin/events/event/<int:pk>/{page}/", {"pk": "the fair"}, f"{STRANGERS} 403 {answer} {answer}")
        for page, answer in (("publish", "→/admin/events/event/{the fair}/change/"), ("cancel", "200"))
    ),
    ("admin/events/judge/results/<int:pk>/", {"pk": "judged round"}, f"{STRANGERS} 403 200 200"),
    (
        "admin/events/judge/results/<int:pk>/tie/<int:number>/",
        {"pk": "judged round", "number": "effort"},
        f"{STRANGERS} 403 {TO_RESULTS} {TO_RESULTS}",  # there is no tie
    ),
    ("admin/events/judge/<int:pk>/stand-down/", {"pk": "the judge"}, f"{STRANGERS} 403 {TO_JUDGE} {TO_JUDGE}"),
    ("admin/pledges/story/decide/", {}, f"{STRANGERS} 403 →/admin/pledges/story/ →/admin/pledges/story/"),
    ("admin/pledges/story/<int:pk>/decide/", {"pk": "waiting story"}, f"{STRANGERS} 403 200 200"),
    *(
        (f"admin/pledges/story/<int:pk>/{button}/", {"pk": "story"}, f"{STRANGERS} 403 {TO_STORY} {TO_STORY}")
        for button in ("undo", "take-down", "put-back")
    ),
    (
        "admin/pledges/story/<int:pk>/withdraw/<int:consent>/",
        {"pk": "story", "consent": "consent row"},
        f"{STRANGERS} 403 {TO_STORY} {TO_STORY}",
    ),
    (
        "admin/pledges/helprequest/decide/",
        {},
        f"{STRANGERS} 403 →/admin/pledges/helprequest/ →/admin/pledges/helprequest/",
    ),
    ("admin/pledges/helprequest/<int:pk>/decide/", {"pk": "waiting help"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/helprequest/<int:pk>/undo/", {"pk": "help"}, f"{STRANGERS} 403 {TO_REQUEST} {TO_REQUEST}"),
    *(
        (
            f"admin/pledges/helprequest/<int:pk>/answers/<int:reply>/{button}/",
            {"pk": "help", "reply": reply},
            f"{STRANGERS} 403 {answer} {answer}",
        )
        for button, reply, answer in (
            ("introduce", "reply", TO_REQUEST),
            ("put-aside", "reply", TO_REQUEST),
            ("outcome", "introduced", "200"),
        )
    ),
    ("admin/pledges/case/decide/", {}, f"{STRANGERS} 403 →/admin/pledges/case/ →/admin/pledges/case/"),
    ("admin/pledges/case/decided/", {}, f"{STRANGERS} 403 →/admin/pledges/case/ →/admin/pledges/case/"),
    ("admin/pledges/case/<int:pk>/lead/", {"pk": "bakers"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/case/<int:pk>/at-work/", {"pk": "bakers"}, f"{STRANGERS} 403 {TO_CASE} {TO_CASE}"),
    ("admin/pledges/case/<int:pk>/withdraw/", {"pk": "bakers"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/case/<int:pk>/pause/", {"pk": "bakers"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/case/<int:pk>/end-pause/", {"pk": "bakers"}, f"{STRANGERS} 403 {TO_CASE} {TO_CASE}"),
    *(
        (f"admin/pledges/review/{page}/", {}, f"{STRANGERS} 403 200 200")
        for page in ("extend", "write", "move", "export", "import")
    ),
    *(
        (f"admin/reports/updatereport/<int:pk>/{page}/", {"pk": "untold"}, f"{STRANGERS} 403 {answer} {answer}")
        for page, answer in (
            *((page, "200") for page in ("write", "new", "preview", "review", "publish")),
            ("draft", "→/admin/reports/updatereport/{untold}/write/"),
        )
    ),
    *(
        (
            "admin/reports/updatereport/<int:pk>/preview.<slug:kind>",
            {"pk": "untold", "kind": kind},
            f"{STRANGERS} 403 {answer} {answer}",
        )
        for kind, answer in (("pdf", "200"), ("docx", "200"), ("exe", "404"))
    ),
    *(
        (PARAGRAPH, {"pk": "untold", "number": number}, f"{STRANGERS} 403 {answer} {answer}")
        for number, answer in (("paragraph", "200"), ("told paragraph", "404"))  # of another report
    ),
    *(
        (
            PARAGRAPH + "<slug:move>/",
            {"pk": "untold", "number": "paragraph", "move": move},
            f"{STRANGERS} 403 {answer} {answer}",
        )
        for move, answer in (
            ("leave-out", "→/admin/reports/updatereport/{untold}/write/#paragraph-{paragraph}"),
            ("delete", "404"),
        )
    ),
    *(
        ("admin/texts/wording/edit/<str:key>/", {"key": key}, f"{STRANGERS} 403 {answer} {answer}")
        for key, answer in (("email.event_offered", "200"), ("pages.terms", "200"), ("email.base", "404"))
    ),
    ("admin/pledges/charterversion/<int:pk>/preview/", {"pk": "pledges/charterversion"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/charterversion/<int:pk>/put-off/", {"pk": "pledges/charterversion"}, f"{STRANGERS} 403 200 200"),
    ("admin/partners/recognition/<int:pk>/remove/", {"pk": "wage"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/review/<int:pk>/explanation/", {"pk": "review"}, f"{STRANGERS} 403 200 200"),
    ("admin/pledges/review/<int:pk>/telephone/", {"pk": "review"}, f"{STRANGERS} 403 {TO_REVIEW} {TO_REVIEW}"),
    ("admin/pledges/review/import/<uuid:token>/", {"token": "signing"}, f"{STRANGERS} 403 {TO_IMPORT} {TO_IMPORT}"),
    *(
        (f"admin/desk/import/template/{kind}.{extension}", {}, f"{STRANGERS} 403 200 200")
        for kind in ("partners", "pledges", "groups", "events")
        for extension in ("xlsx", "csv")
    ),
    (
        APPS,
        "admin/partners/",
        f"{STRANGERS} 404 200 200",
    ),
    (APPS, "admin/auth/", f"{STRANGERS} 404 404 200"),
    ("admin/(?P<url>.*)$", "admin/no-such-page", f"{STRANGERS} 404 404 404"),
]
# Each list in admin: what a manager and a superuser may do there. Nobody else may do anything.
LISTS = {
    # list                   manager            superuser
    "auth/group": ("", "view add change delete"),
    "oiep/user": ("view", "view add change"),
    "oiep/auditevent": ("view", "view"),
    "oiep/outgoingemail": ("view", "view"),
    "oiep/translation": ("view", "view"),  # and to say that a speaker has checked one
    "partners/partner": ("view change", "view change"),
    "partners/district": ("view add change", "view add change"),
    "partners/priorityarea": ("view add change", "view add change"),
    "partners/sector": ("view add change", "view add change"),
    "partners/declinereason": ("view add change", "view add change"),
    "partners/contactmessage": ("view", "view"),
    "partners/blockedsender": ("view delete", "view delete"),
    "partners/recognitionkind": ("view add change", "view add change"),
    "partners/recognition": ("view", "view"),
    "pledges/case": ("view change", "view change"),
    "pledges/pledgeidea": ("view add change", "view add change"),
    "pledges/charterversion": ("view add change", "view add change"),
    "pledges/pledge": ("view", "view"),
    "pledges/review": ("view", "view"),
    "pledges/resource": ("view add change", "view add change"),
    "pledges/helprequest": ("view", "view"),
    "pledges/story": ("view add change", "view add change"),
    "pledges/signature": ("view change", "view change"),
    "pledges/signing": ("view", "view"),
    "working_groups/meeting": ("view", "view"),
    "working_groups/paper": ("view", "view"),
    "working_groups/action": ("view", "view"),
    "working_groups/progressupdate": ("view", "view"),
    "working_groups/groupinvitation": ("view", "view"),
    "working_groups/groupjoinrequest": ("view", "view"),
    "working_groups/group": ("view add change", "view add change"),
    "working_groups/groupmember": ("view add change", "view add change"),
    "events/event": ("view add change", "view add change"),
    "events/series": ("view add change", "view add change"),
    "events/judge": ("view add change", "view add change"),
    "events/judgeinvitation": ("view add", "view add"),
    "events/awardround": ("view add change", "view add change"),
    "events/nomination": ("view", "view"),
    "desk/import": ("view add change", "view add change"),
    "desk/message": ("view add change", "view add change"),
    "texts/wording": ("view", "view"),
    "reports/updatereport": ("view add change", "view add change"),
    "reports/statement": ("view add change", "view add change"),
}


# Lists that keep what their texts said before. (There is no earlier text number 0.)
WITH_EARLIER_TEXTS = (
    "partners/district",
    "partners/priorityarea",
    "partners/recognitionkind",
    "partners/declinereason",
    "pledges/pledgeidea",
    "pledges/resource",
    "reports/statement",
)


def _rows_of_lists():
    for name in WITH_EARLIER_TEXTS:
        of_one = {"pk": name, "number": "0"}
        yield f"admin/{name}/<int:pk>/go-back/<int:number>/", of_one, f"{STRANGERS} 403 404 404"
    for name, rights in LISTS.items():
        of_one = {"object_id": name}
        for ending, right in (("", "view"), ("add/", "add")):
            yield f"admin/{name}/{ending}", {}, _answers(rights, right)
        for ending, right in (("history/", "view"), ("delete/", "delete"), ("change/", "view")):
            yield f"admin/{name}/<path:object_id>/{ending}", of_one, _answers(rights, right)
        yield f"admin/{name}/<path:object_id>/", of_one, f"{STRANGERS} →change/ →change/ →change/"


def _answers(rights, right):
    return " ".join([STRANGERS, "403", *("200" if right in words else "403" for words in rights)])


TABLE = [
    *PUBLIC,
    *API,
    *SIGNING,
    *REVIEWS,
    *ACCOUNT,
    *SIGN_IN,
    *SECURITY,
    *PEOPLE,
    *RECOGNITIONS,
    *STORIES,
    *TOOLKIT,
    *MESSAGES,
    *PRIVACY,
    *GROUPS,
    *GROUP_MEETINGS,
    *GROUP_WORK,
    *EVENTS,
    *EVENT_BOOKING,
    *EVENT_DESK,
    *AWARDS,
    *JUDGING,
    *DESK,
    *_rows_of_lists(),
]


@pytest.fixture
def world(db, whole_world):
    """The users by role, and the keys that stand for the names in the table."""
    users, keys = whole_world
    return {role: User.objects.get(pk=user.pk) for role, user in users.items()}, keys


@pytest.fixture(scope="module")
def whole_world(module_db):
    with module_db.unblock():
        return make_world()


def make_world():
    users = {role: UserFactory(email=f"{role}@canary.example") for role in ROLES[1:5]}
    users["judge"] = UserFactory(email="judge@canary.example")
    users["staff"] = UserFactory(is_staff=True)
    users["manager"] = ManagerFactory(email="manager@canary.example")
    users["superuser"] = UserFactory(is_staff=True, is_superuser=True)
    lead, other = users["lead"], users["other"]
    charter = CharterVersionFactory(number=1)
    CharterVersionFactory(number=2, published_on=None)
    area, place = PriorityAreaFactory(slug="spend"), DistrictFactory(slug="oxford")
    where = {"districts": [place]}
    bakery = PartnerFactory(name="bakery", approved=True, lead=lead, contact_purposes=["buy"], **where)
    member = MembershipFactory(partner=bakery, user=users["member"], role="member")
    invitation = PartnerInvitationFactory(partner=bakery, email="colleague@canary.example", invited_by=lead)
    over = PartnerInvitationFactory(partner=bakery, state="taken_back", answered_at=timezone.now(), invited_by=lead)
    mill = PartnerFactory(name="mill", approved=True, lead=other, **where)
    shed = PartnerFactory(name="shed", submitted=True, lead=lead, **where)
    PartnerFactory(name="hut", submitted=True, lead=other, **where)
    stall = PartnerFactory(name="stall", withdrawn=True, lead=lead, **where)
    ResidentFactory(slug="rose", approved=True, lead=users["resident"], **where)
    ResidentFactory(slug="left", withdrawn=True, lead=True, **where)
    signing = SigningFactory(declared=True, charter=charter, email="signer@canary.example")
    under_way = SigningFactory()
    things = {
        "bread": PledgeFactory(approved=True, partner=bakery, area=area),
        "cake": PledgeFactory(submitted=True, partner=bakery, area=area),
        "flour": PledgeFactory(approved=True, partner=mill, area=area),
        "tools": PledgeFactory(submitted=True, partner=shed, area=area),
        "asked": JoinRequestFactory(partner=bakery, user__email="asker@canary.example"),
        "board": SignatureFactory(partner=bakery, charter=charter, signer=lead, awaits_approval_of="The board"),
        "signing": signing,
        "bakers": bakery,
        "the member": member,
        "the lead": bakery.lead,
        "message": ContactMessageFactory(partner=bakery, email="visitor@canary.example"),
        "blocked": BlockedSenderFactory(blocked_by=users["manager"]),
        "own letter": OutgoingEmailFactory(to=lead.email, template="decision_approved"),
    }
    PledgeFactory(stopped=True, partner=mill, area=area)
    bakery.logo, new_logo = LogoFactory(partner=bakery, added_by=lead), LogoFactory(partner=bakery, added_by=lead)
    bakery.save()
    things |= {"logo": bakery.logo, "new logo": new_logo}
    things["claim"] = RecognitionFactory(submitted=True, file=True, partner=bakery, claimed_by=lead)
    things["wage"] = RecognitionFactory(approved=True, partner=bakery, claimed_by=lead)
    RecognitionKindFactory(slug="new-kind")
    RecognitionKindFactory(slug="old-kind", retired=True)
    told = StoryFactory(approved=True, slug="told", partner=bakery, offered_by=lead, areas=[area])
    waits = StoryFactory(submitted=True, slug="waits", partner=bakery, offered_by=lead)
    gone = ConsentFactory(story__slug="withdrawn", story__partner=bakery, withdrawn_at=timezone.now())
    in_it = ConsentFactory(story=told, email="told@canary.example")
    things |= {
        "story": told,
        "waiting story": waits,
        "consent row": in_it,
        "story picture": StoryPictureSizeFactory(picture__story=told),
        "hidden story picture": StoryPictureSizeFactory(picture__story=gone.story),
    }
    file = {"file": ContentFile(b"%PDF-1.7 %%EOF", name="new.pdf"), "file_name": "Guide.pdf", "file_size": 14}
    ResourceFactory(slug="guide", areas=[area], **file)
    ResourceFactory(slug="has-not-agreed", kind="helper", **file)
    things["help"] = HelpRequestFactory(approved=True, partner=bakery, asked_by=lead, areas=[area])
    things["waiting help"] = HelpRequestFactory(submitted=True, partner=bakery, asked_by=lead)
    things["reply"] = HelpReplyFactory(request=things["help"], email="helper@canary.example")
    things["introduced"] = HelpReplyFactory(
        request=things["help"],
        email="introduced@canary.example",
        introduced_at=timezone.now(),
        introduced_by=users["manager"],
    )
    visitors = StoryFactory(submitted=True, visitors=True, teller_email="teller@canary.example")
    waiting = {"description": "We bake and teach baking.", "logo": new_logo.pk}
    before = {"description": "", "logo": bakery.logo.pk}
    ProfileChangeFactory(submitted=True, partner=bakery, proposed_by=lead, values=waiting, before=before)
    PledgeIdeaFactory(area=area)
    SectorFactory()
    DeclineReasonFactory()
    OutgoingEmailFactory(failed=True, to="reader@canary.example")
    things["passkey"], things["app"] = Passkey().kept_for(lead), TOTP.activate(users["member"], "A" * 32).instance
    RecoveryCodes.activate(lead)
    RecoveryCodes.activate(users["member"])
    audit.record(verb="partner.approve", subject=bakery, actor=users["manager"], note="Well done.")
    review = ReviewFactory(partner=bakery)
    files = {
        "own file": EvidenceFactory(answer__review=review, answer__pledge=things["bread"]),
        "other file": EvidenceFactory(answer__review__partner=mill, answer__pledge=things["flour"]),
        "public file": EvidenceFactory(answer__review=ReviewFactory(partner=stall, approved=True)),
    }
    jobs = GroupFactory(name="jobs", slug="jobs", areas=[area])
    GroupMemberFactory(group=jobs, user=lead, role="chair", shown=True)
    jobs_member = GroupMemberFactory(group=jobs, user=users["member"])
    secret = GroupFactory(name="secret", slug="secret", areas=[area], is_closed=True, chair=other)
    GroupFactory(name="inner", slug="inner", parent=secret)
    work = {
        "jobs member": jobs_member,
        "past member": GroupMemberFactory(group=jobs, user=users["resident"], ended=True, shown=True),
        "letter": ActionFactory(group=jobs, owner=jobs_member),
        "plot": ActionFactory(group=secret),
        "note": ProgressUpdateFactory(group=jobs),
        "asks jobs": GroupJoinRequestFactory(group=jobs, user__email="joiner@canary.example"),
        "jobs invitation": GroupInvitationFactory(group=jobs, email="guest@canary.example", invited_by=lead),
    }
    ActionFactory(group=jobs, owner=jobs_member, achieved=True, note="They have answered.")
    meetings = {
        "draft": MeetingFactory(group=jobs),
        "coming": MeetingFactory(group=jobs, called=True),
        "minuted": MeetingFactory(group=jobs, minuted=True),
        "unpublished": MeetingFactory(group=jobs, past=True, minutes="We met."),
        "secret's": MeetingFactory(group=secret, minuted=True),
        "paper": PaperFactory(group=jobs, title="Ours"),
        "public paper": PaperFactory(group=jobs, published=True),
        "secret paper": PaperFactory(group=secret, published=True),
    }
    AttendanceFactory(meeting=meetings["minuted"], member=jobs.members.first())
    keys = {name: str(thing.pk) for name, thing in {**things, **files, **meetings, **work}.items()}
    keys["calendar"] = CalendarAddressFactory(user=users["member"]).key
    keys["visitor's story"] = visitors.confirmation_url.rstrip("/").rpartition("/")[2]
    keys["consent"] = in_it.url.rstrip("/").rpartition("/")[2]
    keys["asked into jobs"] = work["jobs invitation"].token
    fair = EventFactory(slug="fair", published=True, capacity=10, organiser=lead)
    EventFactory(slug="plan", organiser=lead)
    EventFactory(slug="among-us", published=True, group=secret)
    talk = EventFactory(slug="talk", past=True, organiser=lead)
    of_events = {
        "point": LearningPointFactory(event=talk),
        "the fair": fair,
        "picture": PhotographFactory(event=talk, public=True),
        "hidden picture": PhotographFactory(event=talk),
        "slides": MaterialFactory(event=talk, is_public=True),
        "hidden slides": MaterialFactory(event=talk),
    }
    SeriesFactory()
    ImportFactory()
    MessageToManyFactory()
    judged = AwardRoundFactory(year=2031, judging=True, shortlisted_at=timezone.now())
    AwardRoundFactory(year=2032)
    effort = CategoryFactory(round=judged, slug="effort")
    favourite = CategoryFactory(round=judged, slug="favourite", is_peoples_choice=True)
    judge = JudgeFactory(round=judged, user=users["judge"], declared_at=timezone.now())
    judge.categories.add(effort)
    friends = NominationFactory(category=effort, approved=True)
    InterestFactory(judge=judge, partner=friends.partner)
    of_events |= {
        "judged round": judged,
        "effort": effort,
        "the judge": judge,
        "the entry": NominationFactory(category=effort, approved=True),
        "the friend's entry": friends,
        "the people's entry": (loved := NominationFactory(category=favourite, shortlisted=True)),
    }
    asked_to_follow = FollowFactory(follower__email="follower@canary.example", area=area)
    keys["to follow"] = asked_to_follow.confirm_url.rstrip("/").rpartition("/")[2]
    keys["follower"] = asked_to_follow.follower.token
    keys["asked to judge"] = JudgeInvitationFactory(round=judged, email="wise@canary.example").token
    keys["the vote"] = VoteRequestFactory(nomination=loved).url.rstrip("/").rpartition("/")[2]
    awards = AwardRoundFactory(year=2040)
    AwardRoundFactory(year=2041, published_at=None)
    CriterionFactory(round=awards)
    best = CategoryFactory(round=awards)
    keys["award_round"] = str(awards.pk)
    keys["of_mill"] = str(NominationFactory(category=best, partner=mill, nominated_by=lead, submitted=True).pk)
    keys["of_bakery"] = str(NominationFactory(category=best, partner=bakery, nominated_by=other, approved=True).pk)
    ticket = RegistrationFactory(event=fair, booked=True, email="guest@canary.example")
    asked = RegistrationFactory(event=fair, email="unsure@canary.example")
    keys |= {name: str(thing.pk) for name, thing in of_events.items()}
    keys["ticket"], keys["booking"] = ticket.manage_token, str(ticket.pk)
    past = RegistrationFactory(event=EventFactory(slug="just-over", past=True, ends_at=timezone.now()), booked=True)
    keys["feedback"] = past.feedback_url.rstrip("/").rpartition("/")[2]
    keys["code"] = ticket.code_url.rstrip("/").rpartition("/")[2]
    keys["to confirm"] = asked.confirmation_url.rstrip("/").rpartition("/")[2]
    keys["invited"], keys["taken back"] = invitation.token, over.token
    keys["new address"] = AddressChange.objects.create(user=lead, email="new@canary.example").token
    keys["the news"] = NewsWishFactory(user=lead).stop_url.rstrip("/").rpartition("/")[2]
    keys["open"], keys["review"] = review.token, str(review.pk)
    keys["person"], keys["boss"] = str(users["member"].pk), str(users["superuser"].pk)
    keys["confirming"] = signing.confirmation_url.rstrip("/").rpartition("/")[2]
    keys["resuming"] = under_way.resume_url.rstrip("/").rpartition("/")[2]
    Wording.objects.create(template="email/event_offered.txt")
    StatementFactory()
    told, untold = UpdateReportFactory(slug="told"), UpdateReportFactory(slug="untold")
    for report in (told, untold):
        draft(report=report, actor=users["manager"])
    mark_as_reviewed(report=told, actor=users["manager"])
    publish(report=told, actor=users["manager"])
    keys["untold"], keys["paragraph"] = str(untold.pk), str(untold.paragraphs.first().pk)
    keys["told paragraph"] = str(told.paragraphs.first().pk)
    for name in LISTS:
        keys[name] = str(apps.get_model(*name.split("/"))._default_manager.order_by("pk").first().pk)
    return users, keys


def path_of(address, filling, keys):
    if isinstance(filling, str):
        return f"/{filling}"
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: keys.get(filling[part[1]], filling[part[1]]), address)


def rows_for(role, keys):
    """(path, answer) for each row of the table."""
    for address, filling, answers in TABLE:
        path = path_of(address, filling, keys)
        answers = answers.format(**keys).split()
        if len(answers) == len(ROLES) - 1:
            answers.append(answers[ROLES.index("other" if path.startswith("/admin/") else "staff")])
        answer = answers[0] if len(answers) == 1 else dict(zip(ROLES, answers, strict=True))[role]
        yield path, f"→{path}change/" if answer == "→change/" else answer


def answer_of(response, path):
    """In the table's words."""
    if response.status_code not in (301, 302):
        return str(response.status_code)
    there = response["Location"]
    doors = {f"/accounts/login/?next={path}": "login", f"/admin/login/?next={path}": "door"}
    return doors.get(unquote(there), f"→{there}")


def browser_of(users, role):
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        client.force_login(users[role], "django.contrib.auth.backends.ModelBackend")
        confirm_it_is(client, users[role])
    return client


def checksums():
    """The number of rows of each table, and a checksum of all that they hold."""
    sums = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            rows = f"SELECT * FROM {connection.ops.quote_name(table)}"  # noqa: S608 - a name from the catalogue
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM ({rows}) t")  # noqa: S608
            sums[table] = cursor.fetchone()
    # The cache holds what was drawn for who looked, such as pictures to share: nothing that anybody did.
    for kept_aside in ("cache", "django_session", "oiep_requestcount"):
        del sums[kept_aside]
    return sums


def test_every_address_is_in_the_table():
    written = {address for address, _filling, _answers in TABLE}
    assert set(addresses()) == written


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_each_role_as_written(world, role):
    users, keys = world
    client = browser_of(users, role)
    wrong = {}
    for path, wanted in rows_for(role, keys):
        answer = answer_of(client.get(path), path)
        if answer != wanted:
            wrong[path] = (answer, f"not {wanted}")
    assert wrong == {}


# What would be pressed, if one could see the page.
BUTTONS = {
    **dict.fromkeys(("decide", "approve_all", "undo", "confirm", "remove", "join", "accept", "again", "post"), "yes"),
    **dict.fromkeys(("reason", "statement", "name", "message"), "Mine"),
    **{"move": "approve", "email": "me@example.org", "url": "example.org"},
}


@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_look_may_not_write(world, role):
    users, keys = world
    client = browser_of(users, role)
    before = checksums()
    wrong = {}
    for path, wanted in rows_for(role, keys):
        if wanted in ("login", "door", "403", "404"):
            answer = answer_of(client.post(path, {**BUTTONS, "case": keys["bakers"]}), path)
            if answer not in (wanted, "405"):
                wrong[path] = (answer, f"not {wanted}")
    assert wrong == {}
    assert checksums() == before


@pytest.mark.parametrize(("role", "number"), [("manager", 0), ("superuser", 1)])
def test_who_may_only_look_may_not_write(world, role, number):
    users, keys = world
    client = browser_of(users, role)
    before = checksums()
    only_seen = [name for name, rights in LISTS.items() if rights[number] == "view"]
    assert len(only_seen) > 4
    for name in only_seen:
        assert client.post(f"/admin/{name}/{keys[name]}/change/", BUTTONS).status_code == 403, name
    assert checksums() == before


def test_a_stranger_cannot_raise_their_rights(world):
    """The manager's form for users is for looking; a superuser's is the only one that gives rights."""
    users, _keys = world
    rights = {"email": "manager@canary.example", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    for role in set(ROLES) - {"superuser"}:
        path = f"/admin/oiep/user/{users['manager'].pk}/change/"
        assert browser_of(users, role).post(path, rights).status_code in (302, 403)
    assert User.objects.filter(is_superuser=True).count() == 1
