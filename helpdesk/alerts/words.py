"""How levels, stages and audiences read."""

from .models import Level, Stage

EVERYTHING = "All services"
LEVELS = {
    Level.OUTAGE: "Not working",
    Level.DEGRADED: "Partly working",
    Level.MAINTENANCE: "Planned work",
    Level.NOTICE: "Good to know",
}
TONES = {
    Level.OUTAGE: ("danger", "alert-circle"),
    Level.DEGRADED: ("warn", "warning"),
    Level.MAINTENANCE: ("info", "calendar"),
    Level.NOTICE: ("info", "info"),
}
STAGES = {
    Stage.SCHEDULED: "Planned",
    Stage.UNDER_WAY: "Under way",
    Stage.INVESTIGATING: "Looking for the cause",
    Stage.IDENTIFIED: "Cause found",
    Stage.WATCHING: "Mended, being watched",
    Stage.RESOLVED: "Solved",
}
ROLES = {"client": "Clients", "freelancer": "Freelancers", "guest": "Guests with a private link"}
