"""Who hears what. Every consequence of every event, and of every timer, is on this page."""

from helpdesk.core.jobs import Job

SUBSCRIBERS: dict[str, list[Job]] = {}
