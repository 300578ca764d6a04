"""Update reports as the manager writes them: drafted, edited, reviewed, published."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oiep.admin import CharterAdmin
from oiep.forms import CharterForm
from oiep.reports import actions
from oiep.reports.content import content_of
from oiep.reports.models import TEXT_LENGTH, Paragraph, Statement, UpdateReport
from oiep.reports.sections import ALWAYS, PARTS, Section
from oiep.reports.views import KINDS, as_file, parts_of_page
from oiep.text import clean_line, clean_text
from oiep.texts.earlier import EarlierTexts
from oiep.texts.models import Revision
from oiep.texts.previews import MARKDOWN

LATEST = 20
LINKS_AT_MOST = 20


class TextForm(CharterForm):
    """The words of a paragraph, and the version of it that they were written on."""

    text = forms.CharField(
        label=_("Text"),
        help_text=_("Markdown: a blank line begins a paragraph, “- ” a line of a list; **bold**, *italic*."),
        max_length=TEXT_LENGTH,
        validators=[clean_text],
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewParagraphForm(TextForm):
    seen = None
    section = forms.ChoiceField(label=_("Under which heading"), choices=Section.choices)
    field_order = ["section", "text"]


class PublishForm(CharterForm):
    why = forms.CharField(
        label=_("What was corrected"),
        help_text=_("The page says so, with the date. Readers see the newest text only."),
        max_length=300,
        required=False,
        validators=[clean_line],
    )


@admin.register(Statement)
class StatementAdmin(EarlierTexts, CharterAdmin):
    texts = ("title", "text")
    looks = {"text": MARKDOWN}
    list_display = ["title", "section", "kind", "when", "ends_on"]
    list_filter = ["section", "kind"]
    search_fields = ["title", "text"]
    fields = ["title", "section", "text", "kind", "starts_on", "is_day_known", "ends_on", "order", "source"]

    @admin.display(description=_("day"), ordering="starts_on")
    def when(self, statement):
        return statement.when


@admin.register(UpdateReport)
class UpdateReportAdmin(CharterAdmin):
    change_form_template = "admin/reports/updatereport/change_form.html"
    list_display = ["name", "title", "period", "state", "write"]
    search_fields = ["name", "title"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "title", "addressee"]}),
        (_("When"), {"fields": ["starts_on", "ends_on", "reported_on"]}),
        (_("Who"), {"fields": ["author", "status"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []  # addresses are a promise

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def view_on_site(self, report):
        return report.get_absolute_url() if report.edition else None

    @admin.display(description=_("period"), ordering="ends_on")
    def period(self, report):
        return report.period

    @admin.display(description=_("words"))
    def write(self, report):
        return format_html('<a href="{}">{}</a>', self._address(report), _("Write it"))

    def save_model(self, request, obj, form, change):
        if change:
            actions.save_facts(report=obj, fields=form.changed_data, actor=request.user)
        else:
            super().save_model(request, obj, form, change)

    def log_change(self, request, obj, message):
        """`save_facts` has recorded what changed."""

    def response_add(self, request, obj, post_url_continue=None):
        """A new report is drafted at once: after it is saved, so that all is read from one state of the data."""
        transaction.on_commit(lambda: actions.draft(report=obj, actor=request.user))
        self.message_user(request, _now("The report is drafted from the data. Read it, and change what you like."))
        return HttpResponseRedirect(self._address(obj))

    def response_change(self, request, obj):
        return HttpResponseRedirect(self._address(obj))

    # Its pages --------------------------------------------------------------------------------

    def get_urls(self):
        def page(address, view, name):
            return path(address, self.admin_site.admin_view(view), name=f"reports_updatereport_{name}")

        return [
            page("<int:pk>/write/", self.write_view, "write"),
            page("<int:pk>/draft/", self.draft_view, "draft"),
            page("<int:pk>/new/", self.new_view, "new"),
            page("<int:pk>/preview/", self.preview_view, "preview"),
            page("<int:pk>/preview.<slug:kind>", self.file_view, "file"),
            page("<int:pk>/review/", self.review_view, "review"),
            page("<int:pk>/publish/", self.publish_view, "publish"),
            page("<int:pk>/paragraphs/<int:number>/", self.paragraph_view, "paragraph"),
            page("<int:pk>/paragraphs/<int:number>/<slug:move>/", self.press_view, "press"),
            *super().get_urls(),
        ]

    def write_view(self, request, pk):
        report = self._report(request, pk)
        rows = {}
        for paragraph in report.paragraphs.in_order().select_related("edited_by"):
            rows.setdefault(paragraph.section, []).append(paragraph)
            paragraph.shown_sources = [shown_source(found) for found in paragraph.sources]
        sections = []
        for part in PARTS:
            for section in filter(None, (part.section, *part.below)):
                found = rows.get(section, [])
                empty = not any(not paragraph.left_out for paragraph in found)
                sections.append(
                    {
                        "value": section,
                        "heading": section.label,
                        "paragraphs": found,
                        "is_empty": empty,
                        "says_nothing": empty and section in ALWAYS,
                    }
                )
        context = {
            "sections": sections,
            "to_choose": report.paragraphs.shown().to_choose().count(),
            "edition": report.edition,
        }
        return self._page(request, report, "write", title=str(report), **context)

    def draft_view(self, request, pk):
        report = self._report(request, pk)
        if request.method == "POST":
            self.message_user(request, words_of_draft(actions.draft(report=report, actor=request.user)))
        return self._back(report)

    def paragraph_view(self, request, pk, number):
        report, paragraph = self._paragraph(request, pk, number)
        form = TextForm(
            request.POST if request.method == "POST" else None,
            initial={"text": paragraph.text, "seen": paragraph.version},
        )
        conflict = preview = None
        if form.is_valid():
            text = form.cleaned_data["text"].replace("\r\n", "\n").strip()
            if "preview" in request.POST:
                preview = text
            else:
                try:
                    actions.edit(
                        paragraph=paragraph, text=text, seen=form.cleaned_data["seen"] or 0, actor=request.user
                    )
                except actions.Conflict as refusal:
                    conflict = paragraph.text
                    form = TextForm({"text": text, "seen": paragraph.version})
                    form.add_error(None, refusal)
                else:
                    self.message_user(request, _now("The paragraph is saved."), messages.SUCCESS)
                    return self._back(report, paragraph)
        paragraph.shown_sources = [shown_source(found) for found in paragraph.sources]
        context = {
            "paragraph": paragraph,
            "form": form,
            "preview": preview,
            "conflict": conflict,
            "earlier": Revision.objects.of(paragraph).select_related("by")[1 : LATEST + 1],
        }
        return self._page(request, report, "paragraph", title=str(Section(paragraph.section).label), **context)

    def new_view(self, request, pk):
        report = self._report(request, pk)
        initial = {"section": request.GET.get("section", "")}
        form = NewParagraphForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            paragraph = actions.add_paragraph(
                report=report,
                section=form.cleaned_data["section"],
                text=form.cleaned_data["text"].replace("\r\n", "\n").strip(),
                actor=request.user,
            )
            self.message_user(request, _now("The paragraph is added."), messages.SUCCESS)
            return self._back(report, paragraph)
        return self._page(request, report, "new", title=_now("Add a paragraph"), form=form)

    def press_view(self, request, pk, number, move):
        """The small buttons of a paragraph."""
        report, paragraph = self._paragraph(request, pk, number)
        if move not in _MOVES:
            raise Http404
        if request.method == "POST":
            try:
                _MOVES[move](paragraph, request.POST.get("seen", ""), request.user)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        return self._back(report, paragraph)

    def preview_view(self, request, pk):
        report = self._report(request, pk)
        context = parts_of_page(content_of(report))
        return self._page(request, report, "preview", title=_now("As it will be read"), **context)

    def file_view(self, request, pk, kind):
        report = self._report(request, pk)
        if kind not in KINDS:
            raise Http404
        response = as_file(content_of(report), kind, name=f"{report.slug}-{_now('draft')}")
        response["Cache-Control"] = "private, no-store"
        return response

    def review_view(self, request, pk):
        report = self._report(request, pk)
        if request.method == "POST":
            try:
                actions.review(report=report, actor=request.user)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                self.message_user(request, _now("The report is marked as reviewed."), messages.SUCCESS)
            return self._back(report)
        stale, more = actions.stale(report)
        shown = set(report.paragraphs.shown().values_list("section", flat=True))
        context = {
            "to_choose": list(report.paragraphs.shown().to_choose()),
            "stale": stale,
            "more": more,
            "left_out": report.paragraphs.filter(left_out=True).count(),
            "empty": [section.label for section in Section if section not in shown],
            **parts_of_page(content_of(report)),
        }
        return self._page(request, report, "review", title=_now("Review"), **context)

    def publish_view(self, request, pk):
        report = self._report(request, pk)
        form = PublishForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                actions.publish(report=report, actor=request.user, why=form.cleaned_data["why"])
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.message_user(request, _now("The report is public now."), messages.SUCCESS)
                return self._back(report)
        return self._page(request, report, "publish", title=_now("Publish"), form=form, edition=report.edition)

    def _page(self, request, report, name, **context):
        context = {
            **self.admin_site.each_context(request),
            "subtitle": None,
            "opts": self.opts,
            "original": report,
            "report": report,
            **context,
        }
        return TemplateResponse(request, f"admin/reports/updatereport/{name}.html", context)

    def _report(self, request, pk):
        report = get_object_or_404(UpdateReport, pk=pk)
        if not self.has_change_permission(request, report):
            raise PermissionDenied
        return report

    def _paragraph(self, request, pk, number):
        report = self._report(request, pk)
        return report, get_object_or_404(
            Paragraph.objects.select_related("report", "edited_by"), report=report, pk=number
        )

    def _address(self, report):
        return reverse("admin:reports_updatereport_write", args=[report.pk])

    def _back(self, report, paragraph=None):
        there = f"#paragraph-{paragraph.pk}" if paragraph else ""
        return HttpResponseRedirect(self._address(report) + there)


def _choose(newer):
    def press(paragraph, seen, actor):
        version = int(seen) if seen.isdecimal() else -1
        actions.choose(paragraph=paragraph, newer=newer, seen=version, actor=actor)

    return press


_MOVES = {
    "take-newer": _choose(True),
    "keep-mine": _choose(False),
    "leave-out": lambda paragraph, seen, actor: actions.leave_out(paragraph=paragraph, left_out=True, actor=actor),
    "put-back": lambda paragraph, seen, actor: actions.leave_out(paragraph=paragraph, left_out=False, actor=actor),
    "up": lambda paragraph, seen, actor: actions.move(paragraph=paragraph, up=True, actor=actor),
    "down": lambda paragraph, seen, actor: actions.move(paragraph=paragraph, up=False, actor=actor),
}


def shown_source(found):
    """Rows that a paragraph comes from, each with the page of it in admin, where there is one."""
    app, _dot, model = found["model"].partition(".")
    links = []
    for pk in found["rows"][:LINKS_AT_MOST]:
        try:
            links.append((pk, reverse(f"admin:{app}_{model}_change", args=[pk])))
        except NoReverseMatch:
            break
    return {**found, "links": links, "more": max(0, found["number"] - len(links)) if links else 0}


def words_of_draft(done):
    """What drafting did, for the manager."""
    parts = [
        ngettext("%(n)d new paragraph", "%(n)d new paragraphs", done["new"]),
        ngettext("%(n)d says something else now", "%(n)d say something else now", done["changed"]),
        ngettext(
            "%(n)d that you edited has a newer draft for you to look at",
            "%(n)d that you edited have newer drafts for you to look at",
            done["waiting"],
        ),
        ngettext("%(n)d is gone, as its data are", "%(n)d are gone, as their data are", done["gone"]),
    ]
    counts = [done[name] for name in actions.COUNTED]
    said = [words % {"n": n} for words, n in zip(parts, counts, strict=True) if n]
    return _now("Drafted: %(what)s.") % {"what": "; ".join(said)} if said else _now("Nothing has changed since.")
