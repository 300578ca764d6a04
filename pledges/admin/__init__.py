from pledges.admin import cases, recognitions, reference, reviews, rows

__all__ = ["cases", "recognitions", "reference", "reviews", "rows"]
