"""Who hears what. Every consequence of every event, and of every timer, is on this page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from chat import jobs as chat
from chat.agents import jobs as lines
from chat.widget import jobs as widgets
from helpdesk.alerts import jobs as alerts
from helpdesk.calendars import jobs as calendars
from helpdesk.cases.models import Timer
from helpdesk.console import jobs as console
from helpdesk.contact import jobs as contact
from helpdesk.core.jobs import Job
from helpdesk.desk import Desk, Transaction
from helpdesk.escalations import jobs as escalations
from helpdesk.escalations.absences import sweep_absent
from helpdesk.escalations.letters import mail_news
from helpdesk.evidence import jobs as evidence
from helpdesk.help.writing import jobs as articles
from helpdesk.mail.deliver import deliver_due
from helpdesk.people import jobs as people
from helpdesk.reports.counting import jobs as counting
from helpdesk.reports.counting.queries import MARKING
from helpdesk.reports.dashboard.weekly import mail_weekly
from helpdesk.sla import jobs as sla
from helpdesk.sla.promises import honesty
from helpdesk.sla.promises import jobs as promises
from helpdesk.tickets import jobs as tickets
from helpdesk.tickets import next_step, silence
from triage.incidents import jobs as incidents
from triage.routing import jobs as routing
from triage.severity import jobs as severity
from triage.text import jobs as texts
from triage.twins import jobs as twins

# Event type → jobs, run by the worker after the commit, each once.
CONSEQUENCES: Mapping[str, Sequence[Job]] = {
    "ticket.opened": [
        tickets.confirm_ticket,
        severity.weigh_new,
        texts.read_language,
        routing.route_ticket,
        twins.index_ticket,
        texts.suggest_type,
        silence.watch_silence,
        promises.give_promise,
        escalations.heed_filing,
    ],
    "note.added": [console.tell_named],
    "message.posted": [tickets.mail_answer],
    "ticket.followed_up": [
        severity.weigh_follow_up,
        routing.route_ticket,
        routing.alert_assignee,
        escalations.heed_follow_up,
    ],
    "sla.warned": [escalations.heed_warning],
    "sla.extended": [tickets.mail_change],
    "sla.breached": [escalations.heed_warning],
    "escalation.raised": [mail_news, routing.alert_of_escalation],
    "escalation.moved": [routing.alert_of_escalation],
    "escalation.owned": [routing.alert_of_escalation],
    "escalation.released": [routing.alert_of_escalation],
    "escalation.extended": [mail_news],
    "escalation.decided": [mail_news],
    "escalation.returned": [mail_news, routing.alert_of_escalation],
    "ticket.attention_raised": [routing.alert_assignee],
    "ticket.next_step_due": [routing.alert_assignee],
    "ticket.kept_waiting": [tickets.mail_change],
    "ticket.status_changed": [
        escalations.settle_solved,
        tickets.mail_change,
        severity.weigh_reopened,
    ],
    "ticket.severity_changed": [
        promises.give_promise,
        tickets.mail_change,
        routing.route_ticket,
    ],
    "ticket.handed_over": [
        promises.give_promise,
        tickets.mail_change,
        routing.route_ticket,
        escalations.follow_hand_over,
    ],
    "ticket.type_changed": [routing.route_ticket],
    "ticket.routed": [
        routing.move_events,
        promises.give_promise,
        escalations.follow_hand_over,
    ],
    "ticket.merged": [escalations.follow_merge, tickets.mail_change],
    "ticket.unmerged": [tickets.mail_change],
    "ticket.restored": [escalations.follow_undone_merge],
    "evidence.requested": [tickets.mail_change],
    "evidence.request_overdue": [tickets.mail_change],
    "conversation.ended": [chat.mail_link],
    "conversation.abandoned": [chat.mail_link],
    "conversation.ticketed": [chat.mail_ticket_link],
}

# What the desk owes is computed again after anything that says so.
OWED: Mapping[str, Sequence[Job]] = {
    **CONSEQUENCES,
    **{type: [*CONSEQUENCES.get(type, ()), sla.follow] for type in sla.FOLLOWED},
}

# Whatever the figures of the reports are made of is counted again, last of all.
SUBSCRIBERS: Mapping[str, Sequence[Job]] = {
    **OWED,
    **{type: [*OWED.get(type, ()), counting.mark_case] for type in MARKING},
}

# Timer kind → command, run in a transaction that holds the timer's case.
TIMERS: Mapping[str, Callable[[Transaction, Timer], Awaitable[None]]] = {
    "close_ticket": tickets.close_ticket,
    "sla_notice": sla.tell_notice,
    "escalation_level": escalations.level_waits,
    "ticket_silent": silence.break_silence,
    "next_step": next_step.next_step_near,
    "evidence_reminder": evidence.evidence_reminder,
    "evidence_overdue": evidence.evidence_overdue,
    "chat_offer": lines.lapse_offer,
}

# Asked every two seconds, whatever wakes the worker.
SWEEPS: Sequence[Callable[[Desk], Awaitable[int]]] = (
    deliver_due,
    sweep_absent,
    chat.mail_unread_answers,
    lines.give_chats,
    lines.sweep_gone,
    lines.watch_lines,
    evidence.sweep_abandoned,
    people.sweep_ended,
    contact.sweep_forgotten,
    articles.sweep_old_articles,
    alerts.sweep_alerts,
    tickets.sweep_rating_links,
    widgets.sweep_used_tokens,
    routing.sweep_replays,
    twins.sweep_unindexed,
    incidents.sweep_incidents,
    counting.count_stale,
    mail_weekly,
    calendars.sweep_sources,
    promises.sweep_answer_times,
    honesty.sweep_promises,
    sla.sweep_reworks,
)
