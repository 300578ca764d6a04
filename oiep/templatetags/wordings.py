"""In place of Django's tags of these names, in every template (settings.TEMPLATES, builtins)."""

from django import template
from django.templatetags.i18n import do_block_translate, do_translate

from oiep.texts.nodes import Block, Plain

register = template.Library()


@register.tag("translate")
@register.tag("trans")
def translate(parser, token):
    return Plain(do_translate(parser, token))


@register.tag("blocktranslate")
@register.tag("blocktrans")
def blocktranslate(parser, token):
    return Block(do_block_translate(parser, token))
