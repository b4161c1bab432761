"""Two people talk over real sockets."""

from chat.models import Conversation
from helpdesk.desk import Desk
from tests.people import Cast

from .live import begin_chat, tab_of


async def test_both_hear_what_either_writes_in_one_order(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)

    first = await nina.ack(await nina.say(chat, "Where is my withdrawal?"))
    second = await pete.ack(await pete.say(chat, "Let me look."))

    assert (first["t"], second["t"]) == ("ack", "ack")
    assert second["n"] == first["n"] + 1
    for tab in (nina, pete):
        await tab.until(lambda frame: frame.get("n") == second["n"] and frame["t"] == "event")
        assert tab.bodies() == ["Hello", "Where is my withdrawal?", "Let me look."]
        assert tab.numbers() == [1, 2, 3, 4, 5]
        await tab.leave()


async def test_a_repeated_send_is_one_message_with_the_first_number(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    cid = await nina.say(chat, "Once")
    first = await nina.ack(cid)
    nina.frames.remove(first)
    await nina.say(chat, "Once", cid=cid)
    assert (await nina.ack(cid))["n"] == first["n"]
    assert nina.bodies() == ["Hello", "Once"]
    await nina.leave()


async def test_a_note_reaches_staff_and_no_visitor(site: str, desk: Desk, cast: Cast) -> None:
    chat: Conversation = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    note = await pete.ack(await pete.say(chat, "canary-note", note=True))
    after = await pete.ack(await pete.say(chat, "to nina"))
    await nina.until(lambda frame: frame.get("body") == "to nina")
    assert after["n"] == note["n"] + 1
    assert "canary-note" in pete.bodies()
    assert "canary-note" not in str(nina.frames)
    again = await tab_of(site, cast, "nina", chat)
    await again.until(lambda frame: frame.get("body") == "to nina")
    assert "canary-note" not in str(again.frames)
    for tab in (nina, pete, again):
        await tab.leave()
