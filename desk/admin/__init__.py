from desk.admin import imports  # noqa: F401 - registers
