from events.admin import events, judging  # noqa: F401 - register
