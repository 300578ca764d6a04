"""The questions of the signing journey, a form for each step."""

from pledges.forms.signing.base import StepForm
from pledges.forms.signing.people import (
    AreasForm,
    ContactForm,
    DeclareForm,
    OrganisationForm,
    ResidentDeclareForm,
    ResidentForm,
    ResumeForm,
    SignerForm,
    StartForm,
    WhereForm,
)
from pledges.forms.signing.pledges import PledgesForm, ResidentIdeasForm, ShortIdeasForm, SigningPledgeForm

__all__ = [
    "AreasForm",
    "ContactForm",
    "OrganisationForm",
    "PledgesForm",
    "ResidentDeclareForm",
    "ResidentForm",
    "ResidentIdeasForm",
    "ResumeForm",
    "SignerForm",
    "SigningPledgeForm",
    "StartForm",
    "StepForm",
    "WhereForm",
    "form_of",
]


def form_of(signing, step):
    """The form class of a step."""
    if signing.is_resident:
        forms_of_route = {
            "who": ResidentForm,
            "where": WhereForm,
            "pledges": ResidentIdeasForm,
            "check": ResidentDeclareForm,
        }
    else:
        forms_of_route = {
            "who": SignerForm,
            "organisation": OrganisationForm,
            "areas": AreasForm,
            "pledges": ShortIdeasForm if signing.is_short else PledgesForm,
            "contact": ContactForm,
            "check": DeclareForm,
        }
    return forms_of_route[step]
