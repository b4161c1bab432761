"""What the worker does for lines: gives chats, notices who is gone, raises alarms."""

from .alarms import watch_lines
from .offering import give_chats, lapse_offer
from .returning import sweep_gone

__all__ = ["give_chats", "lapse_offer", "sweep_gone", "watch_lines"]
