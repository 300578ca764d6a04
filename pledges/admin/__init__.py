from pledges.admin import cases, reference, reviews, rows

__all__ = ["cases", "reference", "reviews", "rows"]
