"""The manager's own tools: lists that come in, and messages that go out."""

from desk.models.imports import Heading, Import, ImportRow
from desk.models.messages import Message, Recipient

__all__ = ["Heading", "Import", "ImportRow", "Message", "Recipient"]
