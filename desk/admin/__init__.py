from desk.admin import imports, messages  # noqa: F401 - register
