"""The devices on which somebody is signed in: allauth's list of sessions, and how one of them outlives their end."""

import re

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.utils.translation import gettext as _

# In this order: browsers also name those that they are like.
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}


def keep(request, user):
    """Lets this session go on after all sessions of the user were ended. user: as it is now."""
    before = request.session.session_key
    update_session_auth_hash(request, user)
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


def devices_of(request):
    """The person's sessions, the one in use first, then the newest: {"session", "is_this", "words"}."""
    sessions = UserSession.objects.purge_and_list(request.user)
    rows = [{"session": row, "is_this": row.is_current(), "words": device(row.user_agent)} for row in sessions]
    return sorted(rows, key=lambda row: (not row["is_this"], -row["session"].created_at.timestamp()))


def is_this(request, pk):
    """Whether that is the session in use. One signs out of it, and does not end it under one's own feet."""
    return UserSession.objects.filter(pk=pk, session_key=request.session.session_key).exists()


def device(user_agent):
    """A browser's own words about itself, as people say it: “Firefox on Windows”."""
    browser = _first(_BROWSERS, r"\b{}/", user_agent) or _("A browser")
    system = _first(_SYSTEMS, "{}", user_agent)
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


def _first(names, pattern, text):
    return next((name for mark, name in names.items() if re.search(pattern.format(mark), text)), None)
