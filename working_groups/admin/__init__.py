from working_groups.admin import groups, meetings, people, work

__all__ = ["groups", "meetings", "people", "work"]
