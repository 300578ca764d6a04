"""`{% translate %}` and `{% blocktranslate %}` that say the manager's words where there are any.

Django's own tags do all the work. The manager's words are handed to them as the plain text and the names of variables
that a block between such tags consists of, so they can hold no tag, no filter and no other variable.
"""

import contextlib
import contextvars
import copy
import re

from django.conf import settings
from django.template.base import Node, Token, TokenType
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

_overlay = contextvars.ContextVar("wordings", default=None)


class _Lazy:
    """The manager's words, asked for when the first passage is drawn, in one query."""

    def __init__(self, words=None):
        self.words = words

    def of(self, template):
        if self.words is None:
            from oiep.texts.models import Wording

            self.words = dict(Wording.objects.values_list("template", "words"))
        return self.words.get(template, {})


@contextlib.contextmanager
def in_use(words=None):
    """Within it, passages are drawn in the manager's words. words: {template: {msgid: [text, plural]}} to try some.

    Within another, what that has asked for is used again: who draws many asks once.
    """
    outer = _overlay.get() if words is None else None
    token = _overlay.set(outer or _Lazy(words))
    try:
        yield
    finally:
        _overlay.reset(token)


def _tokens(text):
    """Text with `{name}` for variables, as the tokens of a block."""
    parts = re.split(r"\{(\w+)\}", text)  # words, name, words, …
    kinds = (TokenType.TEXT, TokenType.VAR)
    return [Token(kinds[n % 2], part) for n, part in enumerate(parts) if part]


class _Worded(Node):
    child_nodelists = ()

    def __init__(self, inner):
        self.inner = inner

    def own_words(self):
        """The manager's [text, plural] for this passage, or None."""
        overlay = _overlay.get()
        if overlay is None or not self.origin or get_language() != settings.LANGUAGE_CODE:
            return None
        own = overlay.of(self.origin.template_name)
        return own.get(self.words()[0]) if own else None


class Block(_Worded):
    def words(self):
        singular, _names = self.inner.render_token_list(self.inner.singular)
        plural = self.inner.render_token_list(self.inner.plural)[0] if self.inner.plural else ""
        return singular, plural

    def render(self, context):
        own = self.own_words()
        if own is None:
            return self.inner.render(context)
        text, plural = own
        inner = copy.copy(self.inner)
        inner.singular, inner.plural, inner.trimmed = _tokens(text), _tokens(plural), False
        return inner.render(context)


class Plain(_Worded):
    def __init__(self, inner):
        super().__init__(inner)
        expression, self._said = inner.filter_expression, {}  # by language, where it is always the same
        self._is_fixed = (
            expression.is_var
            and not expression.filters
            and isinstance(expression.var.literal, str)
            and not (inner.asvar or inner.noop or inner.message_context)
        )

    def words(self):
        var = self.inner.filter_expression.var
        return (var.literal or "") if not self.inner.filter_expression.filters else "", ""

    def render(self, context):
        own = self.own_words()
        if own is None and self._is_fixed:
            language = get_language()
            said = self._said.get(language)
            if said is None:
                said = self._said[language] = self.inner.render(context)
            return said
        if own is None or self.inner.asvar:
            return self.inner.render(context)
        return mark_safe(own[0])  # noqa: S308 - escaped where it was taken from the manager, for a page
