"""Signing in: ways in, the second step, confirming that it is you, and what people change about all that themselves."""
