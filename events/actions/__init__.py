"""What changes events."""

from events.actions.events import cancel_event, publish_event, save_event

__all__ = ["cancel_event", "publish_event", "save_event"]
