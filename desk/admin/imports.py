"""Lists that come in: choose a file, say what its columns are, see what it would do, confirm; and undo it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from desk.actions import imports as actions
from desk.actions import long_lists
from desk.admin.forms import HeadingsForm, ListForm
from desk.imports import KINDS, long, templates
from desk.imports.plan import NEW, SAME, propose
from desk.models import Import
from oiep.admin import ReadOnlyAdmin
from oiep.models import OutgoingEmail
from oiep.uploads import KINDS as FILES
from oiep.uploads import clean_name

SHOWN_AT_MOST = 200
LONG_TABS = {
    "wrong": gettext_lazy("Wrong"),
    "asked": gettext_lazy("May be here already"),
    "new": gettext_lazy("Would come in"),
    "same": gettext_lazy("Here already"),
}
ASKING_SECONDS = 4


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "kind", "stage", "rows", "uploaded_by", "uploaded_at"]
    list_filter = ["kind", "done_at"]
    list_select_related = ["uploaded_by"]
    search_fields = ["file_name"]
    change_list_template = "admin/desk/import/change_list.html"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content", "table", "made", "answers")

    @admin.display(description=gettext_lazy("where it stands"))
    def stage(self, found):
        return found.stage

    def has_add_permission(self, request):
        return request.user.has_perm("desk.add_import")

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("desk.change_import")

    def get_urls(self):
        own = [
            path(
                f"template/{kind}.{extension}",
                self.admin_site.admin_view(self.template_view),
                {"kind": kind, "extension": extension},
                name=f"desk_import_template_{kind}_{extension}",
            )
            for kind in KINDS
            for extension in ("xlsx", "csv")
        ]
        return [*own, *super().get_urls()]

    def _page(self, request, template, *, title, **context):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "subtitle": None,
            **context,
        }
        return TemplateResponse(request, f"admin/desk/import/{template}.html", context)

    # Choosing -------------------------------------------------------------------------------------

    def template_view(self, request, kind, extension):
        if not self.has_add_permission(request):
            raise PermissionDenied
        if extension == "csv":
            response = StreamingHttpResponse(templates.lines(KINDS[kind]), content_type="text/csv; charset=utf-8")
        else:
            content = templates.workbook(KINDS[kind], KINDS[kind].known())
            response = HttpResponse(content, content_type=FILES["xlsx"].content_type)
        response["Content-Disposition"] = f'attachment; filename="{kind}.{extension}"'
        response["Cache-Control"] = "no-store"
        return response

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ListForm(*posted)
        if request.method == "POST" and form.is_valid():
            upload, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
            name = clean_name(upload.name, FILES["xlsx"]).removesuffix(".xlsx")
            try:
                found = actions.keep_list(kind=kind, content=upload.read(), file_name=name, actor=request.user)
            except ValidationError as refusal:
                form.add_error("file", refusal)
            else:
                return HttpResponseRedirect(reverse("admin:desk_import_change", args=[found.pk]))
        return self._page(request, "choose", title=_("Bring in a list"), form=form, kinds=Import.Kind.choices)

    # Looking and bringing in ----------------------------------------------------------------------

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        lists = Import.objects.defer("content")
        found = lists.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        if found is None:
            if request.method == "POST" or not str(object_id).isdecimal():
                raise Http404
            self.message_user(request, _("This list is not kept any more. Choose the file again."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:desk_import_changelist"))
        if found.step:
            return self._at_work(request, found)
        if found.done_at:
            return self._done(request, found)
        if request.method == "POST" and "drop" in request.POST:
            return self._drop(request, found)
        if found.is_long and not found.table:
            return self._page(request, "refused", title=_("We cannot read this file"), found=found)
        if request.method == "POST" and "headings" in request.POST:
            return self._settle(request, found)
        if not found.is_mapped or "headings" in request.GET:
            return self._headings(request, found)
        return self._preview_long(request, found) if found.is_long else self._preview(request, found)

    def _back(self, request, found):
        return HttpResponseRedirect(reverse("admin:desk_import_change", args=[found.pk]))

    def _drop(self, request, found):
        try:
            actions.drop_list(found=found, actor=request.user)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            return self._back(request, found)
        return HttpResponseRedirect(reverse("admin:desk_import_add"))

    def _proposals(self, found):
        """What its columns are: what was said before, or else what we think."""
        proposals = propose(found.read_table(), found.headings_row, KINDS[found.kind])
        return proposals, {f"column-{place}": column for place, column in found.mapping.items()}

    def _headings(self, request, found, form=None):
        proposals, initial = self._proposals(found)
        form = form or HeadingsForm(proposals=proposals, kind=KINDS[found.kind], initial=initial)
        title = _("Which column is what?")
        return self._page(request, "headings", title=title, found=found, form=form, rows=form.rows(proposals))

    def _settle(self, request, found):
        proposals, _initial = self._proposals(found)
        form = HeadingsForm(request.POST, proposals=proposals, kind=KINDS[found.kind])
        if form.is_valid():
            try:
                actions.settle_headings(found=found, mapping=form.mapping)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                return self._back(request, found)
        return self._headings(request, found, form)

    def _answers(self, request):
        return {
            name.removeprefix("row-"): answer
            for name, answer in request.POST.items()
            if name.startswith("row-") and name[4:].isdecimal() and len(name) < 14 and answer in (NEW, SAME)
        }

    def _preview(self, request, found):
        planned, status = None, 200
        if request.method == "POST":
            answers = self._answers(request)
            changed = any(found.answers.get(row) != answer for row, answer in answers.items())
            try:
                found = actions.keep_answers(found=found, answers=answers)
                if "confirm" in request.POST and changed:
                    self.message_user(request, _("You changed an answer. Look again, then bring the list in."))
                elif "confirm" in request.POST:
                    seen = request.POST.get("seen", "")
                    found = actions.bring_in(found=found, actor=request.user, seen=seen)
                    words = ngettext("%(n)s row is brought in.", "%(n)s rows are brought in.", found.rows)
                    self.message_user(request, words % {"n": found.rows}, messages.SUCCESS)
                    return self._back(request, found)
            except actions.Impossible as refusal:
                planned, status = refusal.plan, 409
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
                return self._back(request, found)
        planned = planned or actions.plan_of(found)
        kind = planned.kind
        response = self._page(
            request,
            "preview",
            title=_("What the list would do"),
            found=found,
            plan=planned,
            fingerprint=planned.fingerprint,
            problems=planned.problems[:SHOWN_AT_MOST],
            asked=planned.asked[:SHOWN_AT_MOST],
            new=[(row, *kind.shown(row)) for row in planned.new[:SHOWN_AT_MOST]],
            same=[(row, *kind.shown(row)) for row in planned.same[:SHOWN_AT_MOST]],
            shown_at_most=SHOWN_AT_MOST,
        )
        response.status_code = status
        return response

    # Long lists, which a worker takes --------------------------------------------------------------

    def _at_work(self, request, found):
        if request.method == "POST" and "drop" in request.POST and not found.done_at:
            return self._drop(request, found)
        if request.method == "POST":
            return self._back(request, found)
        rows = found.long_rows.count() or found.rows
        share = f"{100 * found.progress // rows} %" if rows and found.progress else ""
        title = _("We are working on this list")
        return self._page(request, "at_work", title=title, found=found, rows=rows, share=share)

    def _preview_long(self, request, found):
        if request.method == "POST":
            try:
                if "answer" in request.POST:
                    answers = {int(row): answer for row, answer in self._answers(request).items()}
                    long_lists.keep_long_answers(found=found, answers=answers, rest=request.POST.get("rest", ""))
                elif "confirm" in request.POST:
                    seen = request.POST.get("seen", "")
                    long_lists.begin_bringing_in(found=found, actor=request.user, seen=seen)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        figures = long.figures(found)
        tabs = [(name, words, figures[name]) for name, words in LONG_TABS.items() if figures[name]]
        asked = request.GET.get("show", "")
        show = asked if asked in [name for name, *_rest in tabs] else (tabs[0][0] if tabs else "new")
        rows = long.to_bring_in(found) if show == "new" else found.long_rows.filter(state=show)
        shown = Paginator(rows.order_by("number"), SHOWN_AT_MOST, error_messages={}).get_page(request.GET.get("page"))
        context = {"figures": figures, "tabs": tabs, "show": show, "shown": shown, "notes": found.read_table().notes}
        context["seen"] = long_lists.mark_of(figures)
        is_possible = figures["new"] and not figures["wrong"] and not figures["unanswered"]
        title = _("What the list would do")
        return self._page(request, "preview_long", title=title, found=found, is_possible=is_possible, **context)

    # Afterwards -----------------------------------------------------------------------------------

    def _done(self, request, found):
        if request.method == "POST":
            try:
                if "undo" in request.POST:
                    self._undo(request, found)
                elif "ask" in request.POST:
                    self._ask(request, found)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            return self._back(request, found)
        context = {}
        if found.kind == Import.Kind.PARTNERS:
            context = self._confirming(found)
        return self._page(request, "done", title=_("List brought in"), found=found, **context)

    def _confirming(self, found):
        signings = actions.signings_of(found)
        figures = signings.aggregate(
            left=Count("pk"),
            unasked=Count("pk", filter=Q(declared_at=None)),
            asked=Count("pk", filter=Q(declared_at__isnull=False, confirmed_at=None)),
            confirmed=Count("pk", filter=Q(confirmed_at__isnull=False)),
        )
        keys = [f"signing/{key}/listed" for _thing, key in found.made]
        failed = OutgoingEmail.objects.failed().filter(key__in=keys).count()
        first = signings.filter(declared_at=None).order_by("pk").first()
        is_moving = bool(found.asking_by_id and figures["unasked"])
        return {
            "figures": figures,
            "failed": failed,
            "is_moving": is_moving,
            "example": actions.letter_to(first) if first else None,
        }

    def _undo(self, request, found):
        if found.is_long:
            long_lists.begin_undoing(found=found, actor=request.user)
            return
        out, stay = actions.undo(found=found, actor=request.user)
        words = ngettext("%(n)s entry is taken out again.", "%(n)s entries are taken out again.", out) % {"n": out}
        self.message_user(request, words, messages.SUCCESS)
        for why, n in stay.items():
            words = ngettext("%(n)s entry stays: %(why)s", "%(n)s entries stay: %(why)s", n) % {"n": n, "why": why}
            self.message_user(request, words, messages.WARNING)

    def _ask(self, request, found):
        """What a few seconds do is done at once; the scheduler's tick does the rest."""
        found = actions.begin_asking(found=found, actor=request.user)
        sent, left = actions.ask_all_to_confirm(found=found, actor=request.user, seconds=ASKING_SECONDS)
        words = ngettext("%(n)s e-mail is on its way.", "%(n)s e-mails are on their way.", sent) % {"n": sent}
        self.message_user(request, words, messages.SUCCESS if sent else messages.WARNING)
        for why, n in left.items():
            words = ngettext("%(n)s was not written to: %(why)s", "%(n)s were not written to: %(why)s", n)
            self.message_user(request, words % {"n": n, "why": why}, messages.WARNING)
