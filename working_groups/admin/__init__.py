from working_groups.admin import groups, meetings, people

__all__ = ["groups", "meetings", "people"]
