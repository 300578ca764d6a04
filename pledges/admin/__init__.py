from pledges.admin import cases, reference, rows

__all__ = ["cases", "reference", "rows"]
