"""Story A3.14: a chat about what is reported already is on the case of that report."""

from chat.models import Conversation
from tests.chat.live import begin_chat
from tests.people import Cast
from tests.stories.test_a3_twins import hd_20


async def case_of(cast: Cast, reference: str) -> int:
    number = int(reference.removeprefix("HD-")) - 10_000
    return int(await cast.desk.pool.fetchval("SELECT case_id FROM tickets WHERE id = $1", number))


async def waiting_chat(cast: Cast, who: str, body: str) -> Conversation:
    return await begin_chat(cast.desk, cast, who, agent="", body=body)


async def test_the_agent_sees_the_request_before_the_first_answer(cast: Cast, site: str) -> None:
    ref = await hd_20(cast, site)
    chat = await waiting_chat(cast, "nina", "Hello, what about transaction t-77?")
    assert chat.case_id == await case_of(cast, ref)
    async with await cast.browser(site, "pete") as pete:
        page = (await pete.get(f"/desk/chats/{chat.id}")).text
    assert f"/desk/tickets/{ref}" in page
    assert "this case" in page
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM cases") == 1


async def test_a_contract_is_enough_and_words_that_only_look_like_it_are_not(
    cast: Cast, site: str
) -> None:
    ref = await hd_20(cast, site)
    same = await waiting_chat(cast, "nina", "It is C-1002 again.")
    other = await waiting_chat(cast, "nina", "It is T-770, not the other one.")
    assert same.case_id == await case_of(cast, ref)
    assert other.case_id != same.case_id
    assert other.ticket_id is None


async def test_nobody_is_put_on_somebody_elses_case_by_naming_it(cast: Cast, site: str) -> None:
    ref = await hd_20(cast, site)
    chat = await waiting_chat(cast, "omar", "What about T-77 and C-1002?")
    assert chat.case_id != await case_of(cast, ref)
    assert chat.ticket_id is None
