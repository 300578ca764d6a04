"""The list and the counter for other sites, and the page that writes the line of HTML for them."""

from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from oiep import languages
from oiep.forms import CharterForm
from oiep.reach import embeds
from oiep.reach.answers import address_of, framed_elsewhere
from oiep.reach.lines import frame_line
from partners.models import District, PriorityArea

_HEIGHTS = {"list": 480, "counter": 260}


@framed_elsewhere
def partner_list(request):
    choice = embeds.choice_in(request.GET)
    area, place = choice["area"], choice["place"]
    context = {**choice, **embeds.list_of(**choice), "directory": embeds.directory_address(area, place)}
    return render(request, "embed/list.html", context)


@framed_elsewhere
def counter(request):
    choice = embeds.choice_in(request.GET)
    area, place = choice["area"], choice["place"]
    context = {**choice, "counts": embeds.counts_of(area, place), "directory": embeds.directory_address(area, place)}
    return render(request, "embed/counter.html", context)


class EmbedForm(CharterForm):
    what = forms.ChoiceField(
        label=_("What do you want to show?"),
        choices=[("list", _("A list of partners")), ("counter", _("How many have signed"))],
        widget=forms.RadioSelect,
    )
    area = forms.ModelChoiceField(
        PriorityArea.objects.current(), label=_("Priority area"), to_field_name="slug", required=False,
        empty_label=_("All areas"),
    )  # fmt: skip
    place = forms.ModelChoiceField(
        District.objects.current(), label=_("District"), to_field_name="slug", required=False,
        empty_label=_("All of Oxfordshire"),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language"), choices=[(code, languages.NAMES[code]) for code in languages.CODES]
    )


@require_safe
def for_your_site(request):
    """Chooses what to show, and gives the line to copy. It all stands in the address."""
    asked = "what" in request.GET
    form = EmbedForm(request.GET if asked else None, initial={"what": "list", "language": languages.ENGLISH})
    path = line = None
    if asked and form.is_valid():
        what, area, place, language = (form.cleaned_data[name] for name in ("what", "area", "place", "language"))
        chosen = {"area": area and area.slug, "place": place and place.slug}
        if language != settings.LANGUAGE_CODE:
            chosen["language"] = language
        query = urlencode({name: value for name, value in chosen.items() if value})
        path = reverse(f"embed-{what}") + (f"?{query}" if query else "")
        title = gettext("Partners of the Oxfordshire Inclusive Economy Charter")
        line = frame_line(address_of(path), title, _HEIGHTS[what])
    context = {"form": form, "path": path, "line": line}
    return render(request, "reach/for_your_site.html", context, status=400 if form.errors else 200)
