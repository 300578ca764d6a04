from pledges.admin import cases, help_wanted, recognitions, reference, resources, reviews, rows, stories

__all__ = ["cases", "help_wanted", "recognitions", "reference", "resources", "reviews", "rows", "stories"]
