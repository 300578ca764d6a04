"""What was promised and what came of it, as charts, each with its table and its file."""
