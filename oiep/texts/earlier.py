"""Texts of lists that the manager keeps: what each said before, who changed it and when, and the way back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from oiep import audit
from oiep.texts import history
from oiep.texts.models import Revision
from oiep.texts.previews import Previewed

LATEST = 50


class EarlierTexts(Previewed):
    """For an admin (before `CharterAdmin` among its bases). texts: the names of the fields that are kept."""

    texts = ()

    def save_model(self, request, obj, form, change):
        before = None
        if change:
            before = history.words_of(self.model._default_manager.get(pk=obj.pk), self.texts)
        super().save_model(request, obj, form, change)
        now = self.model._default_manager.get(pk=obj.pk)  # of what others changed meanwhile as well
        history.keep(now, self.texts, actor=request.user, before=before)

    def get_urls(self):
        view = self.admin_site.admin_view(self.go_back_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_go_back"
        return [path("<int:pk>/go-back/<int:number>/", view, name=name), *super().get_urls()]

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, object_id)
        earlier = []
        if obj is not None:
            for revision in Revision.objects.of(obj).select_related("by")[:LATEST]:
                rows = [
                    (capfirst(self.opts.get_field(name).verbose_name), revision.words.get(name, ""))
                    for name in self.texts
                ]
                go_back = f"admin:{self.opts.app_label}_{self.opts.model_name}_go_back"
                is_now = revision.words == history.words_of(obj, self.texts)
                earlier.append(
                    {
                        "revision": revision,
                        "rows": rows,
                        "url": None if is_now else reverse(go_back, args=[obj.pk, revision.pk]),
                    }
                )
        context = {"earlier": earlier, **(extra_context or {})}
        return super().history_view(request, object_id, context)

    def go_back_view(self, request, pk, number):
        """Gives a text the words of an earlier state, where they still keep the rules."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        with transaction.atomic():
            obj = get_object_or_404(self.model._default_manager.select_for_update(of=("self",)), pk=pk)
            revision = get_object_or_404(Revision.objects.of(obj), pk=number)
            if request.method == "POST" and self.has_change_permission(request, obj):
                for name in self.texts:
                    setattr(obj, name, revision.words.get(name, getattr(obj, name)))
                try:
                    obj.full_clean()
                except ValidationError as refusal:
                    self.message_user(request, " ".join(refusal.messages), messages.ERROR)
                else:
                    obj.save(update_fields=list(self.texts))
                    history.keep(obj, self.texts, actor=request.user)
                    verb = f"{self.opts.model_name}.went_back"
                    audit.record(verb=verb, subject=obj, actor=request.user, revision=revision.pk)
                    self.message_user(request, _("It says again what it said then."), messages.SUCCESS)
        there = f"admin:{self.opts.app_label}_{self.opts.model_name}_history"
        return HttpResponseRedirect(reverse(there, args=[pk]))
