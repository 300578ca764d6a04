from working_groups.admin import groups, people

__all__ = ["groups", "people"]
