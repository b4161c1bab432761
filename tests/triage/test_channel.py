"""The advice about ticket or chat follows the type, what is open, and what is private."""

import pytest

from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.document import Channel, TicketType
from triage.channel import Way, advise_channel

CATALOGUE = default_catalogue()


def type_named(key: str) -> TicketType:
    type = CATALOGUE.type(key)
    assert type is not None
    return type


def test_a_team_app_bug_is_best_as_a_ticket_and_chat_stays_usable() -> None:
    advice = advise_channel(type_named("team_app_bug"), chat_open=True)
    assert advice.recommended is Way.TICKET
    assert advice.reason == "Ticket is best: logs must be attached."
    assert advice.chat_offered
    assert advice.chat_less_suitable
    assert advice.chat_note == (
        "Less suitable for this issue. Ticket is best: logs must be attached."
    )


def test_a_missing_withdrawal_is_best_in_chat_and_the_form_stays_usable() -> None:
    advice = advise_channel(type_named("withdrawal_not_received"), chat_open=True)
    assert advice.recommended is Way.CHAT
    assert advice.reason.startswith("Live chat is best")
    assert advice.ticket_less_suitable
    assert advice.ticket_note == "Less suitable for this issue."


@pytest.mark.parametrize("chat_open", [True, False])
def test_what_is_ticket_only_never_offers_chat(chat_open: bool) -> None:
    only = [type for type in CATALOGUE.types if type.channel is Channel.TICKET_ONLY]
    assert len(only) == 5
    for type in only:
        advice = advise_channel(type, chat_open, holds_private_data=True, self_service_open=True)
        assert (advice.recommended, advice.chat_offered) == (Way.TICKET, False)
        assert advice.chat_note == "This is not handled in chat."


def test_with_chat_closed_every_type_leads_to_the_form() -> None:
    for type in CATALOGUE.types:
        advice = advise_channel(type, chat_open=False, chat_closed_because="Opens at 08:00 UTC.")
        assert advice.recommended is Way.TICKET
        assert not advice.chat_offered
        assert advice.reason
        if type.channel is not Channel.TICKET_ONLY:
            assert advice.chat_note == "Opens at 08:00 UTC."


def test_for_some_types_both_are_equally_good() -> None:
    advice = advise_channel(type_named("payment_not_received"), chat_open=True)
    assert advice.recommended is Way.EITHER
    assert not advice.chat_less_suitable
    assert not advice.ticket_less_suitable


def test_private_data_make_a_ticket_the_better_way() -> None:
    advice = advise_channel(type_named("guidance"), chat_open=True, holds_private_data=True)
    assert advice.recommended is Way.TICKET
    assert advice.chat_less_suitable
    assert "private data" in advice.reason


def test_what_people_can_settle_themselves_comes_first_where_it_is_to_be_had() -> None:
    quality, ending = type_named("work_quality_dispute"), type_named("cancellation")
    assert advise_channel(quality, True, self_service_open=True).recommended is Way.SELF_SERVICE
    assert advise_channel(quality, True).recommended is Way.TICKET
    assert advise_channel(ending, True).recommended is Way.EITHER
