from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from partners.models import Kind, PriorityArea
from pledges.actions import signing as actions
from pledges.forms import signing as forms
from pledges.models import CharterVersion, PledgeIdea, Signature
from pledges.views.signing.drafts import TITLES, browser_of, own_drafts, remember


@require_http_methods(["GET", "HEAD", "POST"])
def start(request):
    """What signing is, and where it begins. `?assisted=paper` or `telephone` is for the manager."""
    assisted = _assisted(request)
    charter = CharterVersion.objects.published().first()
    form = forms.StartForm(request.POST if request.method == "POST" else None)
    if charter and form.is_valid():
        signing = actions.start(
            kind=form.cleaned_data["kind"],
            source=source_of(request),
            browser=browser_of(request),
            assisted=assisted,
            assisted_by=request.user,
        )
        remember(request, signing)
        return redirect("sign-step", signing.pk, signing.first_unfinished)
    drafts = own_drafts(request)
    context = {
        "form": form,
        "charter": charter,
        "drafts": drafts,
        "assisted": assisted,
        "minimum_age": settings.MINIMUM_AGE,
    }
    return render(request, "pledges/signing/start.html", context)


def _assisted(request):
    """How the manager took the signature that is to be entered; empty for everybody else."""
    assisted = request.GET.get("assisted")
    if assisted not in (Signature.Assisted.PAPER, Signature.Assisted.TELEPHONE):
        return ""
    return assisted if request.user.is_staff and request.user.has_perm("pledges.add_signature") else ""


@require_safe
def questions(request):
    """All questions of both routes, and all ideas, to read or print before starting."""
    routes = [
        {
            "kind": "organisation",
            "steps": [
                (TITLES["who"], forms.SignerForm()),
                (TITLES["organisation"], forms.OrganisationForm()),
                (TITLES["areas"], forms.AreasForm()),
                (TITLES["pledges"], forms.SigningPledgeForm()),
                (TITLES["contact"], forms.ContactForm()),
            ],
        },
        {
            "kind": "resident",
            "steps": [
                (TITLES["who"], forms.ResidentForm()),
                (TITLES["where"], forms.WhereForm()),
                (TITLES["pledges"], forms.ResidentIdeasForm()),
                (TITLES["check"], forms.ResidentDeclareForm()),
            ],
        },
    ]
    ideas = list(PledgeIdea.objects.current())
    areas = [
        {
            "area": area,
            "organisations": [idea for idea in ideas if idea.area_id == area.pk and set(idea.kinds) != {Kind.RESIDENT}],
            "residents": [idea for idea in ideas if idea.area_id == area.pk and Kind.RESIDENT in idea.kinds],
        }
        for area in PriorityArea.objects.current()
    ]
    charter = CharterVersion.objects.published().first()
    context = {"routes": routes, "areas": areas, "charter": charter, "minimum_age": settings.MINIMUM_AGE}
    return render(request, "pledges/signing/questions.html", context)
