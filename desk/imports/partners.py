"""Lists of partners, each with its lead and a second contact."""

from django.utils.translation import gettext_lazy as _

from desk.imports import cells
from desk.imports.alike import Known, Names
from desk.imports.known import Here
from desk.imports.plan import Column, Kind, Match
from partners.models import Kind as PartnerKind
from partners.models import Size
from pledges.actions.signing import enter_from_list, take_out_listed, take_out_unasked_listed
from pledges.models import Signing

_COUNTY = "county"
_KINDS = [choice for choice in PartnerKind.choices if choice[0] != PartnerKind.RESIDENT]
_FORMS = [("social_enterprise", _("Social enterprise")), ("cooperative", _("Co-operative"))]
_REPORTS = [(12, _("Once a year")), (6, _("Twice a year"))]

_by_band = cells.one_of(
    Size.choices,
    micro=("micro", "1-9", "0-9", "under 10"),
    small=("10-49", "10 to 49"),
    medium=("50-249", "50 to 249"),
    large=("250+", "over 250", "250 or more"),
)


def _size(text, known):
    """A band, or the number of people."""
    if text.strip().isdecimal():
        people = int(text.strip()[:9])
        return next(size for size, below in ((Size.MICRO, 10), (Size.SMALL, 50), (Size.MEDIUM, 250), (Size.LARGE,
            10**9))
                    if people < below)  # fmt: skip
    return _by_band(text, known)


_size.choices = Size.choices


def _places(known):
    return [(_COUNTY, _("The whole county")), *((place.pk, place.name) for place in known.districts)]


COLUMNS = (
    Column(
        "organisation", _("Organisation"), cells.line(150), needed=True,
        also=("organisation name", "organization", "name of organisation", "company", "company name",
              "business name", "partner",
              "partner name", "signatory", "name"),
        help=_("Its name, as the public will read it."), example="Bicester Bakery Co-operative",
    ),
    Column(
        "kind", _("Kind"),
        cells.one_of(
            _KINDS,
            business=("company", "sme", "firm", "private", "private sector", "social enterprise"),
            voluntary=("charity", "voluntary", "community", "vcs", "vcse", "voluntary sector", "community group",
                       "voluntary organisation", "community organisation", "third sector"),
            education=("education", "school", "college", "university", "education and training"),
            public_body=("public", "public sector", "council", "local authority", "nhs", "public body"),
        ),
        needed=True, also=("type", "kind of organisation", "organisation type", "type of organisation", "sector type"),
        help=_("One of the kinds."), example="Business",
    ),
    Column(
        "places", _("Where it works"),
        cells.several_of(_places, county=("county", "county wide", "countywide", "oxfordshire", "all", "all districts",
                                          "whole county")),
        needed=True, also=("district", "districts", "area of operation", "location", "place", "places", "where"),
        help=_("Districts with commas between them, or: The whole county."), example="Oxford, Cherwell", blank=(),
    ),
    Column(
        "contact_name", _("Contact name"), cells.line(150), needed=True,
        also=("contact", "lead", "lead contact", "lead name", "main contact", "signed by", "contact person",
              "first contact"),
        help=_("The person who answers for it, and who is asked to confirm."), example="Sam Baker",
    ),
    Column(
        "contact_email", _("Contact e-mail"), cells.email, needed=True,
        also=("email", "e mail", "email address", "e mail address", "contact email", "contact email address",
              "lead email"),
        help=_("Never shown to anybody."), example="sam@bakery.example",
    ),
    Column(
        "job_title", _("Job title"), cells.line(100), also=("role", "position", "title", "contact role",
            "contact job title"),
        example="Manager",
    ),
    Column(
        "second_email", _("Second contact e-mail"), cells.email,
        also=("second email", "second contact", "other email", "deputy email", "alternative email"),
        help=_("Is invited once you have approved the partner."), example="",
    ),
    Column(
        "signed_on", _("Signed on"), cells.past_date,
        also=("date signed", "signed", "date", "signature date", "date of signature", "signing date"),
        help=_("The day on which it signed. Left blank: the day on which you send our e-mail."), example="4 May 2022",
        blank=None,
    ),
    Column(
        "size", _("People who work there"), _size,
        also=("size", "employees", "number of employees", "staff", "number of staff", "headcount"),
        help=_("A number, or one of the sizes."), example="12",
    ),
    Column(
        "sector", _("Sector"), cells.one_of(lambda known: [(sector.pk, sector.name) for sector in known.sectors]),
        also=("industry", "business sector"), example="", blank=None,
    ),
    Column(
        "forms", _("Legal form"),
        cells.several_of(_FORMS, social_enterprise=("social enterprise", "cic", "community interest company"),
                         cooperative=("coop", "co op", "cooperative", "co operative")),
        also=("legal status", "form"), help=_("Only for a social enterprise or a co-operative."),
              example="Co-operative",
        blank=(),
    ),
    Column(
        "website", _("Website"), cells.website, also=("web", "url", "web site", "web address", "homepage"),
        example="www.bakery.example",
    ),
    Column(
        "description", _("What it does"), cells.text(600), also=("description", "about", "summary"),
        help=_("A sentence or two for its public page."), example="Bread for the north of the county.",
    ),
    Column(
        "review_months", _("Reports progress"), cells.one_of(_REPORTS), also=("reports", "reporting"),
        help=_("Once a year, unless you say twice."), example="Once a year", blank=12,
    ),
)  # fmt: skip


def _judge(rows, known, before=()):
    """Which rows are here already, which may be, and which stand in the list twice. before: rows judged already."""
    in_list = Names()
    for row in before:
        name = row.values.get("organisation")
        if name and not row.same_as and not in_list.same(name):
            in_list.add(Known(name, row.values["website"], row.values["contact_email"], key=row.number))
    for row in rows:
        values = row.values
        name = values.get("organisation")
        if not name:
            continue
        one = Known(name, values["website"], values["contact_email"], key=row.number)
        if there := known.organisations.same(name):
            row.same_as = there.where
            continue
        if twin := in_list.same(name):
            row.wrong(
                _("Organisation"),
                _("The same organisation stands in row %(row)s. Keep one of them.") % {"row": twin.key},
            )
            continue
        if values["second_email"] and values["second_email"] == values["contact_email"]:
            row.wrong(_("Second contact e-mail"), _("This is the contact again. Give another person, or nobody."))
        row.matches = [
            *(Match(other.name, f"{other.where}: {why}", other.url) for other, why in known.organisations.like(one)),
            *(
                Match(other.name, _("row %(row)s of this list: %(why)s") % {"row": other.key, "why": why})
                for other, why in in_list.like(one)
            ),
        ]
        in_list.add(one)


def _shown(row):
    values = row.values
    return values["organisation"], f"{values['contact_name']}, {values['contact_email']}"


def write(row, actor):
    """Keeps an organisation, to be asked. Returns what was made: (kind of thing, key)."""
    return write_many([row], actor)[0]


def write_many(rows, actor):
    made = enter_from_list(entries=[_answers(row.values) for row in rows], actor=actor)
    return [("signing", str(signing.pk)) for signing in made]


def _answers(values):
    """What a row says, as the steps of signing keep it."""
    places = [_COUNTY] if _COUNTY in values["places"] else [str(pk) for pk in values["places"]]
    answers = {
        "who": {"name": values["contact_name"], "job_title": values["job_title"], "email": values["contact_email"]},
        "organisation": {
            "name": values["organisation"],
            "kind": str(values["kind"]),
            "legal_forms": list(values["forms"]),
            "size": str(values["size"]),
            "sector": values["sector"] and str(values["sector"]),
            "places": places,
            "website": values["website"],
            "description": values["description"],
        },
        "areas": {"areas": []},
        "pledges": [],
        "contact": {
            "contact_purposes": [],
            "review_months": str(values["review_months"]),
            "awaits_approval_of": "",
        },
    }
    if values["signed_on"]:
        answers["signed_on"] = values["signed_on"].isoformat()
    if values["second_email"]:
        answers["people"] = [{"email": values["second_email"], "role": "second"}]
    return answers


def take_out(key, actor):
    """Raises NotPossible where somebody has confirmed since."""
    if signing := Signing.objects.filter(pk=key).first():
        take_out_listed(signing=signing, actor=actor)


def take_out_unasked(keys, actor):
    """Takes out those whom nobody has written to yet, all at once. Returns the keys of the others."""
    gone = {str(key) for key in take_out_unasked_listed(keys=keys, actor=actor)}
    return [key for key in keys if key not in gone]


PARTNERS = Kind("partners", COLUMNS, Here, _judge, _shown, can_be_long=True)
