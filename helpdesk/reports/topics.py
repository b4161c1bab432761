"""What the types of a month are about, in the groups people think in. Pure."""

from collections.abc import Mapping

TOPICS: Mapping[str, tuple[str, ...]] = {
    "Account": (
        "registration_problem", "account_closure", "suspension_appeal", "security_qa_reset",
        "account_compromised", "private_matter",
    ),
    "Payment": (
        "withdrawal_not_received", "payment_not_received", "refund_to_card", "payment_dispute",
        "deposit_problem", "milestone_not_released", "unpaid_no_escrow", "hourly_time_dispute",
    ),
    "Hiring": ("hiring_problem", "hiring_scam", "cancellation", "communication_breakdown"),
    "Contract": (
        "work_quality_dispute", "scope_dispute", "breach_of_contract", "agreed_action_not_done",
    ),
    "Technical": ("team_app_bug", "level1_tech", "tech_unsolved", "site_outage"),
    "Conduct": ("policy_violation_report", "abuse_or_harassment"),
}  # fmt: skip
OTHER = "Other"
SCAMS = "hiring_scam"
_OF_TYPE = {type: topic for topic, types in TOPICS.items() for type in types}


def topic_of(type_key: str) -> str:
    return _OF_TYPE.get(type_key, OTHER)
