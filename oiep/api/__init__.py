"""What is public, for programs to read: /api/v1/, described in /api/v1/openapi.json."""
