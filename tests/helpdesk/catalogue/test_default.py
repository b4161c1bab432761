"""The catalogue the desk ships with is complete and says what people need to know."""

from datetime import date
from importlib.resources import files

import pytest
from pydantic import ValidationError

from helpdesk.catalogue.answers import check_answers
from helpdesk.catalogue.countries import COUNTRIES
from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.document import Catalogue, Need, Privacy, QuestionKind, Sensitivity

CATALOGUE = default_catalogue()
LOW, NORMAL, HIGH, URGENT = 1, 2, 3, 4

# Each type's department, default severity, channel and privacy.
ROUTING = {
    "registration_problem": ("GEN", NORMAL, "either", "none"),
    "account_closure": ("TAS", NORMAL, "ticket_only", "private"),
    "suspension_appeal": ("TAS", HIGH, "ticket_only", "private"),
    "security_qa_reset": ("TAS", HIGH, "ticket_only", "restricted"),
    "account_compromised": ("TAS", URGENT, "ticket_only", "restricted"),
    "private_matter": ("TAS", NORMAL, "ticket_only", "restricted"),
    "withdrawal_not_received": ("PAY", NORMAL, "chat", "proof_only"),
    "payment_not_received": ("PAY", NORMAL, "either", "none"),
    "refund_to_card": ("PAY", NORMAL, "either", "proof_only"),
    "payment_dispute": ("PAY", HIGH, "ticket", "proof_only"),
    "cancellation": ("DIS", NORMAL, "self_service", "none"),
    "deposit_problem": ("PAY", HIGH, "chat", "proof_only"),
    "milestone_not_released": ("DIS", HIGH, "self_service", "none"),
    "work_quality_dispute": ("DIS", NORMAL, "self_service", "none"),
    "scope_dispute": ("DIS", NORMAL, "self_service", "none"),
    "breach_of_contract": ("DIS", HIGH, "ticket", "none"),
    "communication_breakdown": ("DIS", NORMAL, "ticket", "none"),
    "unpaid_no_escrow": ("TAS", HIGH, "ticket", "none"),
    "agreed_action_not_done": ("DIS", HIGH, "self_service", "none"),
    "hourly_time_dispute": ("DIS", NORMAL, "ticket", "none"),
    "hiring_scam": ("TAS", HIGH, "ticket", "reporter_hidden"),
    "hiring_problem": ("GEN", NORMAL, "chat", "none"),
    "policy_violation_report": ("TAS", NORMAL, "ticket", "reporter_hidden"),
    "abuse_or_harassment": ("TAS", HIGH, "ticket", "restricted"),
    "team_app_bug": ("TECH", NORMAL, "ticket", "proof_only"),
    "level1_tech": ("GEN", LOW, "chat", "none"),
    "tech_unsolved": ("TECH", NORMAL, "ticket", "none"),
    "site_outage": ("TECH", HIGH, "ticket", "none"),
    "guidance": ("GEN", LOW, "chat", "none"),
    "unsatisfactory_support": ("GEN", HIGH, "ticket", "inherited"),
}

# By type: (contract, milestone, required answers, required pieces, optional pieces to upload).
# What a type asks for in its description (the statement, the question) is not repeated.
EVIDENCE = {
    "registration_problem": ("none", "none", "email_used country error_text", "", "screenshot"),
    "account_closure": ("none", "none", "account reason blockers", "", ""),
    "suspension_appeal": ("none", "none", "statement_reference", "", "documents"),
    "security_qa_reset": ("none", "none", "account", "identity_document", ""),
    "account_compromised": ("none", "none", "account since", "", "screenshot emails"),
    "private_matter": ("none", "none", "topic", "", "private_file"),
    "withdrawal_not_received": (
        "none", "none", "transaction_date amount method transaction_id", "", "bank_slip",
    ),
    "payment_not_received": (
        "required", "required", "transaction_date amount transaction_id", "",
        "emails messages screenshot bank_slip",
    ),
    "refund_to_card": (
        "required", "none", "transaction_date amount transaction_id card_last4", "", "bank_slip",
    ),
    "payment_dispute": (
        "required", "none", "transaction_date amount transaction_id reason", "",
        "bank_slip messages",
    ),
    "cancellation": ("required", "none", "agrees work_state", "", "messages screenshot"),
    "deposit_problem": ("required", "required", "amount method error_text", "", "screenshot"),
    "milestone_not_released": (
        "required", "required", "submission amount", "", "emails messages work_submission",
    ),
    "work_quality_dispute": (
        "required", "required", "agreed", "", "work_submission screenshot messages",
    ),
    "scope_dispute": (
        "required", "optional", "contract_text disputed_item", "", "messages emails change_notes",
    ),
    "breach_of_contract": ("required", "optional", "clause deadline", "proof", "messages emails"),
    "communication_breakdown": ("required", "optional", "attempts", "", "messages emails"),
    "unpaid_no_escrow": (
        "required", "none", "amount dates", "proof_of_completion", "messages emails",
    ),
    "agreed_action_not_done": ("optional", "none", "dispute_reference action", "", "proof"),
    "hourly_time_dispute": ("required", "none", "week hours reason", "", "time_log screenshot"),
    "hiring_scam": ("required", "none", "who", "messages screenshot", "emails im_archive"),
    "hiring_problem": ("optional", "none", "job_reference", "", "screenshot"),
    "policy_violation_report": ("none", "none", "who where when", "", "screenshot messages"),
    "abuse_or_harassment": ("optional", "none", "thread dates quote", "", "screenshot im_archive"),
    "team_app_bug": (
        "optional", "none", "operating_system browser app_version steps", "team_log", "screenshot",
    ),
    "level1_tech": ("none", "none", "browser operating_system", "", "screenshot"),
    "tech_unsolved": (
        "none", "none", "operating_system browser articles_tried steps", "", "log screenshot",
    ),
    "site_outage": ("none", "none", "page seen_at country", "", "trace"),
    "guidance": ("optional", "none", "", "", ""),
    "unsatisfactory_support": (
        "none", "none", "ticket_reference complaint_about", "", "anything_new",
    ),
}  # fmt: skip


def test_all_thirty_types_are_there_with_department_severity_channel_and_privacy() -> None:
    shipped = {t.key: (t.group, t.severity, t.channel, t.privacy) for t in CATALOGUE.types}
    assert shipped == ROUTING
    assert len(shipped) == 30


def test_each_type_asks_for_its_own_evidence() -> None:
    shipped = {}
    for type in CATALOGUE.types:
        pieces = [item for item in type.evidence if not item.made_by_us]
        shipped[type.key] = (
            type.contract.value,
            type.milestone.value,
            " ".join(q.key for q in type.questions if q.required),
            " ".join(item.key for item in pieces if item.required),
            " ".join(item.key for item in pieces if not item.required),
        )
    assert shipped == EVIDENCE


def test_the_five_services_come_in_the_order_people_read_them() -> None:
    assert [service.title for service in CATALOGUE.services] == [
        "Customer service",
        "Technical support",
        "Payments",
        "Trust & safety",
        "Contracts & disputes",
    ]


def test_the_services_list_what_people_look_for_in_them() -> None:
    listed = {service.key: set(service.types) for service in CATALOGUE.services}
    assert listed["customer_service"] >= {
        "registration_problem", "account_closure", "suspension_appeal",
    }  # fmt: skip
    assert listed["payments"] >= {"payment_dispute", "cancellation", "refund_to_card"}
    assert listed["contracts_disputes"] >= {
        "payment_not_received", "work_quality_dispute", "breach_of_contract", "scope_dispute",
    }  # fmt: skip
    assert set().union(*listed.values()) == set(ROUTING)


def test_five_departments_have_names_and_hours() -> None:
    assert [group.key for group in CATALOGUE.groups] == ["GEN", "TECH", "PAY", "TAS", "DIS"]
    assert "around the clock" in CATALOGUE.group("TAS").hours  # type: ignore[union-attr]


def test_four_severities_say_what_they_mean_and_when_we_answer() -> None:
    levels = {s.level: (s.key, s.first_response_hours) for s in CATALOGUE.severities}
    assert levels == {4: ("urgent", 1), 3: ("high", 4), 2: ("normal", 8), 1: ("low", 16)}
    urgent = CATALOGUE.severity(URGENT)
    assert urgent is not None
    assert urgent.definition == ("Money or my account is in danger now, or I cannot work at all.")


def test_the_limits_are_stated_in_one_sentence() -> None:
    assert CATALOGUE.limits.sentence == (
        "Up to 20 files: images up to 25 MB each, logs up to 100 MB, anything else up to 25 MB."
    )


def test_the_vocabulary_of_evidence_is_whole() -> None:
    words = """
        contract_id transaction team_log environment screenshot email message_ref im_archive
        contract_terms work_submission bank_slip identity_document chat_transcript call_note other
    """
    assert {kind.key for kind in CATALOGUE.evidence_kinds} == set(words.split())


def test_bank_slips_and_logs_are_never_shown_to_the_other_side_or_other_departments() -> None:
    hidden = {Sensitivity.PRIVATE, Sensitivity.RESTRICTED}
    for type in CATALOGUE.types:
        for item in type.evidence:
            if item.kind in ("bank_slip", "team_log", "identity_document"):
                assert item.sensitivity in hidden, (type.key, item.key)


def test_security_is_never_handled_in_chat_and_can_be_reported_signed_out() -> None:
    for key in ("security_qa_reset", "account_compromised"):
        type = CATALOGUE.type(key)
        assert type is not None
        assert type.privacy is Privacy.RESTRICTED
        assert type.is_restricted
        assert type.cs_only
        assert type.works_signed_out


def test_payment_types_take_a_reason_instead_of_a_transaction_id() -> None:
    for key in (
        "withdrawal_not_received", "payment_not_received", "refund_to_card", "payment_dispute",
    ):  # fmt: skip
        question = CATALOGUE.type(key).question("transaction_id")  # type: ignore[union-attr]
        assert question is not None
        assert question.required
        assert question.may_lack


def test_a_complaint_names_service_work_or_communication() -> None:
    question = CATALOGUE.type("unsatisfactory_support").question("complaint_about")  # type: ignore[union-attr]
    assert question is not None
    assert [choice.value for choice in question.choices] == ["service", "work", "communication"]


def test_work_complaints_ask_about_talking_first_and_safety_does_not() -> None:
    asking = {type.key for type in CATALOGUE.types if type.contact_first}
    assert {"work_quality_dispute", "scope_dispute", "payment_not_received"} <= asking
    assert not asking & {"hiring_scam", "abuse_or_harassment", "account_compromised"}
    for type in CATALOGUE.types:
        talked = type.question("talked")
        assert (talked is not None) == type.contact_first
        assert talked is None or not talked.required


def test_a_milestone_is_only_asked_for_with_its_contract() -> None:
    for type in CATALOGUE.types:
        if type.milestone is not Need.NONE:
            assert type.contract is Need.REQUIRED, type.key


def test_an_answer_can_name_the_department_that_owns_the_matter() -> None:
    matter = CATALOGUE.type("private_matter")
    assert matter is not None
    assert matter.group_for({}) == "TAS"
    assert matter.group_for({"topic": "money"}) == "PAY"
    assert matter.group_for({"topic": "other"}) == "TAS"
    charge = CATALOGUE.type("payment_dispute")
    assert charge is not None
    assert charge.group_for({"reason": "not_authorised"}) == "TAS"
    assert charge.group_for({"reason": "twice"}) == "PAY"


def test_clients_are_offered_hiring_and_freelancers_withdrawals() -> None:
    hiring, withdrawal = CATALOGUE.type("hiring_problem"), CATALOGUE.type("withdrawal_not_received")
    assert hiring is not None
    assert withdrawal is not None
    assert hiring.suits({"client"})
    assert not hiring.suits({"freelancer"})
    assert withdrawal.suits({"client", "freelancer"})
    assert withdrawal.suits(set())


def test_chosen_words_are_whole_sentences_without_loose_ends() -> None:
    for type in CATALOGUE.types:
        for text in (type.summary, type.channel_reason, type.what_we_do, type.have_ready):
            assert text.endswith("."), (type.key, text)
        assert 10 <= len(type.subject_example) <= 120
        for question in type.questions:
            assert question.hint == "" or question.hint.endswith((".", "?")), question.key
        for item in type.evidence:
            assert item.hint == "" or item.hint.endswith((".", "?")), item.key


def test_examples_pass_the_check_of_their_own_question() -> None:
    for type in CATALOGUE.types:
        shown = {q.key: q.example for q in type.questions if q.example}
        money = {
            f"{q.key}.currency": "USD" for q in type.questions if q.kind is QuestionKind.AMOUNT
        }
        _, errors = check_answers(type, shown | money, date(2026, 7, 3))
        assert not {f"answers.{key}" for key in shown} & errors.keys(), (type.key, errors)


def test_every_country_has_its_code() -> None:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    codes = {line.split("\t")[0] for line in table.splitlines() if not line.startswith("#")}
    assert set(COUNTRIES) == codes


def test_the_document_survives_storage() -> None:
    assert Catalogue.model_validate_json(CATALOGUE.model_dump_json()) == CATALOGUE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"group": "NOBODY"}, "NOBODY is not in the catalogue"),
        ({"service": "technical_support"}, "its service does not list it"),
        ({"key": "guidance"}, "is there twice"),
        ({"surprise": 1}, "Extra inputs"),
        ({"questions": [{"key": "x", "label": "X", "kind": "choice"}]}, "choices belong"),
        ({"evidence": [{"key": "x", "label": "X", "kind": "rumour"}]}, "rumour is not"),
    ],
)
def test_a_document_that_does_not_hold_together_is_refused(
    change: dict[str, object], says: str
) -> None:
    document = CATALOGUE.model_dump(mode="json")
    place = next(i for i, t in enumerate(document["types"]) if t["key"] == "hiring_problem")
    document["types"][place].update(change)
    with pytest.raises(ValidationError, match=says):
        Catalogue.model_validate(document)
