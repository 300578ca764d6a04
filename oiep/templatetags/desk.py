"""Words for the audit trail, in admin."""

from django import template
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

register = template.Library()

_DONE = {
    "approve": gettext_lazy("approved"),
    "ask": gettext_lazy("changes asked for"),
    "decline": gettext_lazy("declined"),
    "undo": gettext_lazy("decision undone"),
    "submit": gettext_lazy("sent in"),
}


@register.filter
def what_happened(event):
    """`pledge.change_proposed` as “Pledge: change proposed”."""
    model = event.subject_type.model_class()
    done = event.verb.rpartition(".")[2]
    return _("%(thing)s: %(done)s") % {
        "thing": capfirst(model._meta.verbose_name) if model else event.subject_type.model,
        "done": _DONE.get(done) or done.replace("_", " "),
    }
