"""What is public, to be taken away: one description of each set of data, for its files, its dictionary and the API."""
