from events.admin import awards, events, judging, nominations  # noqa: F401 - registers
