"""What a person can do with what we hold about them: see it, take it away, have it erased; and what goes by itself."""
