"""Canned replies and macros: what they say, what they do, who may change them."""

import re
import tomllib
from importlib.resources import files
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.console.replies.applying import Sending, use_on_ticket
from helpdesk.console.replies.commands import Wording, find_reply, write_reply
from helpdesk.console.replies.doing import Comes, Doing
from helpdesk.console.replies.models import Reach
from helpdesk.console.replies.placeholders import WORDS, faults, filled, gaps
from helpdesk.console.replies.previewing import preview
from helpdesk.tickets.states import NotAllowed
from tests.build import a_ticket
from tests.chat.live import begin_chat
from tests.people import Cast

from .build import desk_of, do, say, ticket

PLACES = st.sampled_from([f"{{{{{name}}}}}" for name in WORDS] + ["{{ agent.name }}"])
TEXTS = st.text(st.characters(exclude_characters="{}[]", exclude_categories=["Cs"]), max_size=20)
JSON = {"accept": "application/json"}


@given(st.lists(TEXTS | PLACES), st.dictionaries(st.sampled_from(sorted(WORDS)), st.text()))
def test_every_placeholder_becomes_its_value_or_a_mark_and_values_are_never_read(
    pieces: list[str], values: dict[str, str]
) -> None:
    text = "".join(pieces)
    assert faults(text) == []
    left = [piece.strip("{} ") for piece in pieces if piece.startswith("{{")]
    expected = "".join(
        (values.get(name) or f"[[{name}]]") if (name := piece.strip("{} ")) in WORDS else piece
        for piece in pieces
    )
    assert filled(text, values) == expected
    plain = {name: "x" for name in values if values[name]}
    assert set(gaps(filled(text, plain))) == set(left) - set(plain)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {{requester.fist_name}}", "Did you mean {{requester.first_name}}?"),
        ("Hello {{}}", "There is no placeholder {{}}"),
        ("Hello {{requester.name}", "Two braces stand alone"),
        ("}} and {{", "Two braces stand alone"),
    ],
)
def test_what_is_no_placeholder_is_named(text: str, said: str) -> None:
    assert said in " ".join(faults(text))


def test_the_demonstration_s_replies_are_sound() -> None:
    told = tomllib.loads(files("helpdesk.demo").joinpath("replies.toml").read_text())["reply"]
    assert [faults(one["body"]) for one in told] == [[] for _ in told]


def form(**changes: Any) -> dict[str, Any]:
    return {"name": "payout", "reach": "mine", "body": "Hello {{requester.first_name}}", **changes}


async def saved(browser: httpx2.AsyncClient, **changes: Any) -> str:
    made = await browser.post("/desk/replies/new", data=form(**changes))
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


async def test_a_form_with_faults_names_each_field_and_keeps_the_rest(
    cast: Cast, site: str
) -> None:
    wrong = {
        "body": "Until {{promis}}",
        "severity": "high",
        "department": "NOWHERE",
        "ask_days": "soon",
        "reach": "group",
    }
    async with await cast.browser(site, "pete") as pete:
        page = await pete.post("/desk/replies/new", data=form(**wrong))
        empty = await pete.post("/desk/replies/new", data=form(body=" ", name="/"))
    assert page.status_code == empty.status_code == 422
    faulty = set(re.findall(r'href="#(\w+)"', page.text)) - {"main"}
    assert faulty == {"body", "severity_reason", "department", "department_reason", "ask_days",
                      "group"}  # fmt: skip
    assert "Did you mean {{promise}}?" in page.text
    assert 'value="payout"' in page.text
    assert "Give it a name" in empty.text


async def test_a_reply_keeps_every_version_with_who_changed_what(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "max") as max_, await cast.browser(site, "pete") as pete:
        address = await saved(max_, reach="everybody", body="Wait a day")
        number = {"number": "1"}
        assert (await pete.get(address)).status_code == 200
        taken = await pete.post(address, data=form(body="Mine now") | number)
        assert taken.status_code == 403
        changed = form(reach="everybody", body="Wait two days", status="on_hold") | number
        assert (await max_.post(address, data=changed)).status_code == 303
        late = await max_.post(address, data=changed)
        page = (await pete.get(address)).text
        await max_.post(f"{address}/away", data={"number": "2"})
        offered = (await pete.get("/desk/replies/offered")).json()["replies"]
    assert (late.status_code, "meanwhile" in late.text) == (409, True)
    assert "Max: text, actions" in page
    assert "Waiting for somebody outside" in page
    assert offered == []


async def test_who_sees_a_reply_is_who_may_use_it(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "amy") as amy:
        own = await saved(pete)
        shared = await saved(pete, reach="group", group="PAY", name="shared")
        everybodys = await pete.post("/desk/replies/new", data=form(reach="everybody"))
        seen = [(await amy.get(address)).status_code for address in (own, shared)]
        async with await cast.browser(site, "max") as max_:
            manager = [(await max_.get(address)).status_code for address in (own, shared)]
        offered = [
            one["name"] for one in (await pete.get("/desk/replies/offered")).json()["replies"]
        ]
    assert everybodys.status_code == 403
    assert (seen, manager) == ([404, 404], [404, 200])
    assert offered == ["payout", "shared"]


async def test_a_text_is_filled_for_whoever_asks_and_only_where_one_may_look(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    secret = await a_ticket(cast, group_key="TAS", restricted=True, type_key="abuse_or_harassment")
    body = "Dear {{requester.first_name}}, {{ticket.reference}} of {{contract.title}}"
    async with await cast.browser(site, "amy") as amy:
        address = await saved(amy, body=body)
        url = f"{address}/filled?face=ticket:"
        given = (await amy.get(f"{url}{filed.ticket_id}")).json()
        hidden = await amy.get(f"{url}{secret.ticket_id}")
        nowhere = await amy.get(f"{url}987654321")
    assert given["body"] == f"Dear Finn, {filed.reference} of [[contract.title]]"
    assert given["gaps"] == ["contract.title"]
    assert (hidden.status_code, nowhere.status_code) == (404, 404)


async def test_a_gap_is_asked_about_once(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        asked = await say(amy, filed.reference, "Until [[promise]]")
        sent = await say(amy, filed.reference, "Until [[promise]]", gaps="1")
    assert (asked.status_code, "[[promise]] has no value here" in asked.text) == (409, True)
    assert 'name="gaps" value="1"' in asked.text
    assert sent.status_code == 303


DOINGS = [
    Doing(tags=("bank",), severity="high", severity_reason="Money waits"),
    Doing(status="solved"),
    Doing(ask_label="Bank statement", status="on_hold"),
    Doing(ask_label="Bank statement", ask_days=5),
    Doing(severity="normal", severity_reason="As it was"),
    Doing(department="PAY", department_reason="It is theirs", tags=("bank", "payout")),
    Doing(status="open", department="GEN", department_reason="Back"),
]
ROW = """
    SELECT t.status, t.severity, g.key, array(
        SELECT tag FROM ticket_tags x WHERE x.ticket_id = t.id ORDER BY tag), (
        SELECT count(*) FROM evidence_requests q WHERE q.ticket_id = t.id)
    FROM tickets t JOIN groups g ON g.id = t.group_id WHERE t.id = $1"""
PARTS = ("Status", "Severity", "Department", "Tags", "Evidence")


async def macro(cast: Cast, doing: Doing, body: str = "") -> int:
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        wording = Wording("macro", Reach.EVERYBODY, None, body, doing)
        return (await write_reply(tx, wording)).id


@pytest.mark.parametrize("before", [None, Doing(status="on_hold"), DOINGS[2], DOINGS[5]])
@pytest.mark.parametrize("doing", DOINGS)
async def test_what_the_preview_says_is_what_is_done(
    cast: Cast, doing: Doing, before: Doing | None
) -> None:
    filed = await a_ticket(cast)
    amy, face = await cast.actor("max"), f"ticket:{filed.ticket_id}"
    if before:
        async with cast.desk.transaction(amy) as tx:
            first = Sending(await macro(cast, before), 1, "", uuid4())
            await use_on_ticket(tx, filed.ticket_id, first)
    id = await macro(cast, doing)
    was = await cast.desk.pool.fetchrow(ROW, filed.ticket_id)
    async with cast.desk.transaction(amy) as tx:
        comes = await preview(tx, await find_reply(tx, id), face)
    blocked = any(one.comes == Comes.BLOCKED for one in comes) or doing.status == "solved"
    try:
        async with cast.desk.transaction(amy) as tx:
            await use_on_ticket(tx, filed.ticket_id, Sending(id, 1, "", uuid4()))
        assert not blocked
    except NotAllowed:
        assert blocked
    now = await cast.desk.pool.fetchrow(ROW, filed.ticket_id)
    changed = {part for part, old, new in zip(PARTS, was, now, strict=True) if old != new}
    promised = set() if blocked else {one.what for one in comes if one.comes == Comes.CHANGE}
    asks = {"Status"} if "Evidence" in promised and was["status"] != "waiting_on_user" else set()
    assert promised <= changed <= promised | asks


async def test_a_macro_goes_with_its_text_or_not_at_all_and_never_twice(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    id = await macro(cast, Doing(ask_label="Bank statement", tags=("bank",)), "Please send it")
    fields = {"macro": str(id), "macro_number": "1", "once": str(uuid4())}
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "max") as max_:
        for _ in range(2):
            sent = await say(amy, filed.reference, "Please send it", **fields)
            assert sent.status_code == 303
        asked = "SELECT count(*) FROM evidence_requests WHERE ticket_id = $1"
        assert await cast.desk.pool.fetchval(asked, filed.ticket_id) == 1
        page = (await max_.get(desk_of(filed.reference))).text
        assert page.count("Please send it</p>") == 1
        listed = (await amy.get("/desk/replies")).text
        assert "1 time in 30" in listed.replace("\u00a0", " ")
        gone = await say(amy, filed.reference, "Old", macro=str(id), macro_number="7")
        assert (gone.status_code, "Choose it again" in gone.text) == (409, True)
        assert "Old</p>" not in (await max_.get(desk_of(filed.reference))).text
    assert (await ticket(cast, filed.ticket_id))["status"] == "waiting_on_user"


async def test_in_a_chat_a_macro_asks_at_once_and_needs_a_ticket_for_the_rest(
    cast: Cast, site: str
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    asks = await macro(cast, Doing(ask_label="Bank statement"), "One thing")
    grades = await macro(cast, Doing(severity="high", severity_reason="Money waits"))
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        url = f"/desk/chats/{chat.id}/messages"
        fields = {
            "macro": str(asks),
            "macro_number": "1",
            "once": str(uuid4()),
            "body": "One thing",
        }
        for _ in range(2):
            assert (await pete.post(url, data=fields, headers=JSON)).status_code == 200
        not_yet = fields | {"macro": str(grades), "once": str(uuid4()), "body": ""}
        blocked = await pete.post(url, data=not_yet, headers=JSON)
        shown = (await nina.get(f"/chat/{chat.id}")).text
        await pete.post(f"/desk/chats/{chat.id}/ticket")
        done = await pete.post(url, data=not_yet, headers=JSON)
    assert (blocked.status_code, "no ticket yet" in blocked.text) == (409, True)
    assert shown.count("asked for Bank statement") == 1
    assert "One thing" in shown
    assert done.status_code == 200


async def test_a_chat_keeps_its_draft_for_the_next_browser_until_it_is_sent(
    cast: Cast, site: str
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    here, draft = f"/desk/chats/{chat.id}", {"kind": "note", "body": "Half a note"}
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "max") as max_:
        kept = await pete.post(f"{here}/draft", data=draft)
        assert kept.status_code == 200
        assert "Half a note" in (await pete.get(here)).text
        elsewhere = (await max_.get(here)).text
        assert "Half a note" not in elsewhere
        assert "Pete</span> has begun a text" in elsewhere
        for wrong in ({"kind": "poem", "body": "x"}, {"kind": "note", "body": "x\0"}):
            assert (await pete.post(f"{here}/draft", data=wrong)).status_code == 422
        await pete.post(f"{here}/draft", data={"kind": "note", "body": ""})
        assert "Half a note" not in (await pete.get(here)).text


async def test_one_click_asks_for_a_piece_in_a_chat(cast: Cast, site: str) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        asked = await pete.post(f"/desk/chats/{chat.id}/ask", data={"label": "Bank slip"})
        nothing = await pete.post(f"/desk/chats/{chat.id}/ask", data={"label": " "})
        assert "Pete asked for Bank slip" in (await nina.get(f"/chat/{chat.id}")).text
        await do(pete, "HD-1", "ask")
        refused = await nina.post(f"/desk/chats/{chat.id}/ask", data={"label": "x"})
    assert (asked.status_code, nothing.status_code, refused.status_code) == (303, 422, 403)
