from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from oiep.limits import source_of
from partners import actions
from partners.forms import ContactForm
from partners.models import Partner


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request, slug):
    partner = get_object_or_404(Partner.objects.published().prefetch_related("districts"), slug=slug)
    if not (partner.takes_messages and partner.lead):
        return render(request, "partners/no_contact.html", {"partner": partner})
    form = ContactForm(request.POST or None, partner=partner)
    status = 200
    if form.is_valid():
        try:
            actions.pass_on_message(partner=partner, source=source_of(request), **_letter(form))
        except actions.TooMany as error:
            form.add_error(None, error)
            status = 429
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("partner-contact-sent", slug=slug)
    return render(request, "partners/contact.html", {"partner": partner, "form": form}, status=status)


def _letter(form):
    return {name: form.cleaned_data[name] for name in ("purpose", "name", "email", "message")}


@require_safe
def contact_sent(request, slug):
    partner = get_object_or_404(Partner.objects.published().prefetch_related("districts"), slug=slug)
    return render(request, "partners/contact_sent.html", {"partner": partner})
