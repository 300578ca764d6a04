"""Texts as readers will see them, before they are saved."""

from django.utils.functional import cached_property
from django.utils.text import capfirst

HEADING, LEAD, TEXT, MARKDOWN, LETTER, LIST, QUOTE = "heading", "lead", "text", "markdown", "letter", "list", "quote"


class Previewed:
    """For an admin (before `CharterAdmin` among its bases): its form has a button that shows what is written as pages
    or letters will have it. looks: field → how it is shown, in that order."""

    looks = {}

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if not (self.looks and "_preview" in request.POST):
            return form

        class FormToLookAt(form):
            """One that is never done: admin shows it again, with what was typed, and saves nothing."""

            @cached_property
            def is_right(self):
                return super().is_valid()

            def is_valid(self):
                if self.is_right:
                    request.looked_at = self.instance
                return False

        return FormToLookAt

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        may_write = self.has_add_permission(request) if add else self.has_change_permission(request, obj)
        context["has_preview"] = bool(self.looks) and may_write and context.get("show_save", True)
        if entry := getattr(request, "looked_at", None):
            context["preview"] = [
                (look, capfirst(self.opts.get_field(name).verbose_name), getattr(entry, name))
                for name, look in self.looks.items()
                if getattr(entry, name)
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)
