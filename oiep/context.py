"""What every page's frame needs."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oiep import languages

SECTIONS = (
    ("charter", _("The Charter")),
    ("partners", _("Partners")),
    ("areas", _("Areas")),
    ("places", _("Places")),
    ("pledges", _("Pledges")),
    ("stories", _("Stories")),
    ("working-groups", _("Groups")),
    ("events", _("Events")),
)


def site(request):
    sections = [{"url": reverse(name), "label": label} for name, label in SECTIONS]
    within = reverse("events") if request.path.startswith(reverse("awards")) else request.path
    for section in sections:
        section["is_current"] = within.startswith(section["url"])
    return {
        "SITE_URL": settings.SITE_URL,
        "sections": sections,
        "languages": languages.choices(),
        "locale": languages.LOCALES[languages.current()],
        "unchecked": languages.unchecked,
    }
