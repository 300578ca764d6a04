"""Atom feeds, for feed readers and other sites. They hold what the pages show, and nothing longer."""

import datetime
import hashlib

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

ENTRIES = 30
# When a feed without entries was last changed: at no time that anything was told of.
NOTHING_YET = datetime.datetime(2022, 1, 1, tzinfo=datetime.UTC)


def site_address(path):
    return settings.SITE_URL + path


class CharterAtom(Atom1Feed):
    def latest_post_date(self):
        """Django's is the time of day where there is no entry, so that an empty feed would change with each look."""
        return super().latest_post_date() if self.items else NOTHING_YET


class CharterFeed(Feed):
    """A feed of things with a page of their own. What it is about is `subject`: None, or what `get_object` finds.

    Subclasses say `title`, `subtitle`, `link` and `address` (that of the feed itself) of it, and of each thing its
    title, its `paragraphs` and the two times. Readers take a summary for HTML, so people's words are escaped here.
    """

    feed_type = CharterAtom

    @method_decorator(require_safe)
    def __call__(self, request, *args, **kwargs):
        response = super().__call__(request, *args, **kwargs)
        mark = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response["ETag"] = mark
        # Kept, and asked for anew each time: what it tells of can be taken off at once.
        response["Cache-Control"] = "public, no-cache"
        response["Access-Control-Allow-Origin"] = "*"
        return get_conditional_response(request, etag=mark, response=response) or response

    def feed_url(self, subject):
        return site_address(self.address(subject))

    def feed_guid(self, subject):
        return self.feed_url(subject)

    def author_name(self, subject):
        return _("Oxfordshire Inclusive Economy Charter")

    def author_link(self, subject):
        return site_address("/")

    def item_description(self, thing):
        return format_html_join("", "<p>{}</p>", ([words] for words in self.paragraphs(thing) if words))

    def item_link(self, thing):
        return site_address(thing.get_absolute_url())

    def item_guid(self, thing):
        return self.item_link(thing)
