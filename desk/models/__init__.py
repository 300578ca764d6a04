"""The manager's own tools: lists that come in, and messages that go out."""

from desk.models.imports import Heading, Import

__all__ = ["Heading", "Import"]
