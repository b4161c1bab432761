"""Who hears what. Every consequence of every event, and of every timer, is on this page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from chat import jobs as chat
from helpdesk.alerts import jobs as alerts
from helpdesk.cases.models import Timer
from helpdesk.contact import jobs as contact
from helpdesk.core.jobs import Job
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence import jobs as evidence
from helpdesk.help.writing import jobs as articles
from helpdesk.mail.deliver import deliver_due
from helpdesk.people import jobs as people
from helpdesk.tickets import jobs as tickets
from helpdesk.tickets import silence
from triage.incidents import jobs as incidents
from triage.routing import jobs as routing
from triage.severity import jobs as severity
from triage.text import jobs as texts
from triage.twins import jobs as twins

# Event type → jobs, run by the worker after the commit, each once.
SUBSCRIBERS: Mapping[str, Sequence[Job]] = {
    "ticket.opened": [
        tickets.confirm_ticket,
        severity.weigh_new,
        texts.read_language,
        routing.route_ticket,
        twins.index_ticket,
        texts.suggest_type,
        silence.watch_silence,
    ],
    "message.posted": [tickets.mail_answer],
    "ticket.followed_up": [
        severity.weigh_follow_up,
        routing.route_ticket,
        routing.alert_assignee,
    ],
    "ticket.attention_raised": [routing.alert_assignee],
    "ticket.kept_waiting": [tickets.mail_change],
    "ticket.status_changed": [tickets.mail_change, severity.weigh_reopened],
    "ticket.severity_changed": [tickets.mail_change, routing.route_ticket],
    "ticket.handed_over": [tickets.mail_change, routing.route_ticket],
    "ticket.type_changed": [routing.route_ticket],
    "ticket.routed": [routing.move_events],
    "ticket.merged": [tickets.mail_change],
    "ticket.unmerged": [tickets.mail_change],
    "evidence.requested": [tickets.mail_change],
    "evidence.request_overdue": [tickets.mail_change],
    "conversation.ended": [chat.mail_link],
    "conversation.ticketed": [chat.mail_ticket_link],
}

# Timer kind → command, run in a transaction that holds the timer's case.
TIMERS: Mapping[str, Callable[[Transaction, Timer], Awaitable[None]]] = {
    "close_ticket": tickets.close_ticket,
    "ticket_silent": silence.break_silence,
    "evidence_reminder": evidence.evidence_reminder,
    "evidence_overdue": evidence.evidence_overdue,
}

# Asked every two seconds, whatever wakes the worker.
SWEEPS: Sequence[Callable[[Desk], Awaitable[int]]] = (
    deliver_due,
    chat.mail_unread_answers,
    evidence.sweep_abandoned,
    people.sweep_ended,
    contact.sweep_forgotten,
    articles.sweep_old_articles,
    alerts.sweep_alerts,
    tickets.sweep_rating_links,
    routing.sweep_replays,
    twins.sweep_unindexed,
    incidents.sweep_incidents,
)
