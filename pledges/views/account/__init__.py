"""A partner's own place. Each view works on a partner that the person acts for; to a stranger it does not exist."""
