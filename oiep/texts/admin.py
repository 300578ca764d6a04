"""The words of e-mails and pages as the manager edits them."""

import re

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _now

from oiep.admin import ReadOnlyAdmin
from oiep.email import html_of
from oiep.texts import actions
from oiep.texts.models import Revision, Wording
from oiep.texts.passages import passages_of, templates

LATEST = 20


def key_of(template):
    """How a template is named in an address: email.sign_confirm."""
    return template.rpartition(".")[0].replace("/", ".")


def _title_of(template):
    """What an e-mail or a page is known by: its first passage, but “Error:” before a page's title."""
    marks = [passage.marks for passage in passages_of(template)]
    return next((words for words in marks if words != "Error:"), marks[0])


def _to_look_at(html):
    """An e-mail's or a page's HTML for a preview: our page's own styles, and links that lead nowhere yet."""
    return mark_safe(re.sub(r' (?:style|href)="[^"]*"', "", html))  # noqa: S308 - both sources escape


class WordingForm(forms.Form):
    """A field for each passage, and one for what it says of several."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, template, words, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = []
        for n, (passage, text, plural, changed) in enumerate(actions.marks_in_use(template, words)):
            names = [f"text-{n}", *([f"plural-{n}"] if passage.plural else [])]
            for name, initial, label in zip(
                names, (text, plural), (_now("Passage %(n)d"), _now("Passage %(n)d, of several")), strict=False
            ):
                self.fields[name] = forms.CharField(
                    label=label % {"n": n + 1},
                    initial=initial,
                    required=False,
                    widget=forms.Textarea(attrs={"rows": 2 + len(initial) // 110, "cols": 90}),
                )
            allowed = sorted(set(passage.variables) - passage.links)
            self.rows.append(
                {
                    "passage": passage,
                    "fields": [self[name] for name in names],
                    "names": names,
                    "changed": changed,
                    "variables": ", ".join(f"{{{name}}}" for name in allowed),
                    "links": ", ".join(sorted(passage.links)),
                    "original": passage.marks if changed else "",
                }
            )

    def marks(self):
        return {
            row["passage"].msgid: tuple([*(self.cleaned_data[name] for name in row["names"]), ""][:2])
            for row in self.rows
        }

    def take_errors(self, errors):
        by_passage = {row["passage"].msgid: row["names"][0] for row in self.rows}
        for msgid, messages_ in errors.message_dict.items():
            self.add_error(by_passage.get(msgid), messages_)


@admin.register(Wording)
class WordingAdmin(ReadOnlyAdmin):
    list_display = ["template", "changed_at", "changed_by"]
    fields = ["template", "words", "changed_at", "changed_by"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.edit_view)
        return [path("edit/<str:key>/", view, name="texts_wording_edit"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        """All that can be edited, not only what was."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        changed = {wording.template: wording for wording in Wording.objects.select_related("changed_by")}
        rows = []
        for template in templates():
            is_part = template.rpartition("/")[2].startswith("_")
            group = _now("Pages") if template.endswith(".html") else _now("E-mails")
            group = _now("Parts that several e-mails share") if is_part else group
            wording = changed.get(template)
            rows.append(
                {
                    "group": group,
                    "key": key_of(template),
                    "title": _title_of(template),
                    "wording": wording if wording and wording.words else None,
                }
            )
        rows.sort(key=lambda row: row["group"])
        return self._page(request, "list", title=_now("Words of e-mails and pages"), rows=rows)

    def edit_view(self, request, key):
        if not request.user.has_perm("texts.change_wording"):
            raise PermissionDenied
        template = next((template for template in templates() if key_of(template) == key), None)
        if template is None:
            raise Http404
        wording = Wording.objects.filter(template=template).first() or Wording(template=template)
        words = wording.words
        if earlier := self._earlier(request, wording):
            words = earlier.words["words"]
        form = WordingForm(
            request.POST if request.method == "POST" else None,
            template=template,
            words=words,
            initial={"seen": wording.version},
        )
        if form.is_valid():
            try:
                words = actions.checked(template, form.marks())
                if "preview" not in request.POST:
                    actions.save_wording(
                        template=template, words=words, seen=form.cleaned_data["seen"], actor=request.user
                    )
                    self.message_user(request, _now("The words are saved and in use."), messages.SUCCESS)
                    return HttpResponseRedirect(request.path)
            except actions.Conflict as refusal:
                form.add_error(None, refusal)
            except ValidationError as errors:
                form.take_errors(errors)
        context = {
            "form": form,
            "key": key,
            "wording": wording,
            "is_page": template.endswith(".html"),
            "earlier": Revision.objects.of(wording).select_related("by")[:LATEST] if wording.pk else [],
            "restored": earlier,
        }
        if template.startswith("email/") and not form.errors:
            subject, text = actions.preview(template, words)
            context |= {"subject": subject, "text": text, "html": _to_look_at(html_of(text))}
        elif not form.errors:
            context["shown"] = [_to_look_at(passage) for passage in actions.shown(template, words)]
        return self._page(request, "edit", title=_title_of(template), **context)

    def _earlier(self, request, wording):
        number = request.GET.get("earlier", "")
        if not (wording.pk and number.isdecimal()):
            return None
        return Revision.objects.of(wording).filter(pk=number).first()

    def _page(self, request, name, **context):
        context = {**self.admin_site.each_context(request), "subtitle": None, "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/texts/wording/{name}.html", context)
