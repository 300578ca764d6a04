"""Figures of reviews out to a CSV file and in again: choose a file, see what it would do, confirm."""

import uuid
import zlib

from django.conf import settings
from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oiep.sheets import read_sheet
from oiep.uploads import size_at_most
from pledges.admin.review_forms import UploadForm
from pledges.models import Review
from pledges.review_csv import COLUMNS, NEEDS, SEND_AT_MOST, Impossible, bring_in, export_lines, plan

KEPT_SECONDS = 3600
SHOWN_AT_MOST = 200


def _place(request, token):
    """Where an upload is kept between the preview and the confirmation: nobody else's token leads to it."""
    return f"review-figures/{request.user.pk}/{token}"


class Figures:
    def figures_urls(self):
        return [
            path("export/", self._view(self.export_view), name="pledges_review_export"),
            path("import/", self._view(self.import_view), name="pledges_review_import"),
            path("import/<uuid:token>/", self._view(self.confirm_view), name="pledges_review_import_confirm"),
        ]

    @admin.action(description=gettext_lazy("Export figures"), permissions=["view"])
    def export_figures(self, request, queryset):
        return self._export(Review.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))))

    def export_view(self, request):
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self._export(Review.objects.all())

    def _export(self, reviews):
        response = StreamingHttpResponse(export_lines(reviews), content_type="text/csv; charset=utf-8")
        name = f"review-figures-{timezone.localdate().isoformat()}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    def import_view(self, request):
        if not self.has_lever_permission(request):
            raise PermissionDenied
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(*posted)
        if request.method == "POST" and form.is_valid():
            content = self._content(form)
            if content is not None:
                token = uuid.uuid4()
                cache.set(_place(request, token), zlib.compress(content), KEPT_SECONDS)
                return HttpResponseRedirect(reverse("admin:pledges_review_import_confirm", args=[token]))
        return self._page(request, "import", title=_("Import figures"), form=form)

    def _content(self, form):
        """The bytes of a file that is a table; None when it is none, and the form says why."""
        upload = form.cleaned_data["file"]
        if upload.size > settings.UPLOAD_BYTES_AT_MOST:
            words = _("This file is larger than %(most)s. Cut it into smaller files.")
            form.add_error("file", words % {"most": size_at_most()})
            return None
        content = upload.read()
        try:
            read_sheet(content, needs=NEEDS, knows=COLUMNS)
        except ValidationError as refusal:
            form.add_error("file", refusal)
            return None
        return content

    def confirm_view(self, request, token):
        if not self.has_lever_permission(request):
            raise PermissionDenied
        kept = cache.get(_place(request, token))
        if kept is None:
            words = _("This file is not kept any more: it was brought in, or left for more than an hour.")
            self.message_user(request, words, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:pledges_review_import"))
        sheet = read_sheet(zlib.decompress(kept), needs=NEEDS, knows=COLUMNS)
        if request.method == "POST" and "drop" in request.POST:
            cache.delete(_place(request, token))
            return HttpResponseRedirect(reverse("admin:pledges_review_import"))
        found, sending = None, "sending" in request.POST
        if request.method == "POST":
            try:
                done = bring_in(sheet=sheet, actor=request.user, seen=request.POST.get("seen", ""), sending=sending)
            except Impossible as refusal:
                found = refusal.plan
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            except ValidationError as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            else:
                cache.delete(_place(request, token))
                self._say_done(request, done)
                return HttpResponseRedirect(reverse("admin:pledges_review_changelist"))
        found = found or plan(sheet)
        return self._page(
            request,
            "import_preview",
            title=_("What the file would do"),
            plan=found,
            changes=found.changes[:SHOWN_AT_MOST],
            problems=found.problems[:SHOWN_AT_MOST],
            shown_at_most=SHOWN_AT_MOST,
            sending=sending,
            may_send=len(found.reviews) <= SEND_AT_MOST,
        )

    def _say_done(self, request, done):
        n = len(done.plan.changes)
        words = ngettext("%(n)s row is brought in.", "%(n)s rows are brought in.", n) % {"n": n}
        self.message_user(request, words, messages.SUCCESS)
        if done.sent:
            n = len(done.sent)
            words = ngettext("%(n)s review is sent in.", "%(n)s reviews are sent in.", n) % {"n": n}
            self.message_user(request, words, messages.SUCCESS)
        if done.left:
            names = ", ".join(review.partner.name for review in done.left[:20])
            words = _("Saved, but not complete and so not sent in: %(names)s.") % {"names": names}
            self.message_user(request, words, messages.WARNING)
