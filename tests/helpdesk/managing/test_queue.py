"""The managers' queue over HTTP: its groups, its panel, many at once, and its rules."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from helpdesk.core.clock import FrozenClock
from helpdesk.escalations.states import Level
from helpdesk.mail.deliver import deliver_due
from tests.helpdesk.contact.reports import errors_in, visiting
from tests.helpdesk.escalations.build import an_escalation, escalations, kinds, work
from tests.people import Cast

BOARD = "/desk/escalations"


async def followed(browser: Any, path: str, data: dict[str, Any]) -> Any:
    answer = await browser.post(path, data=data)
    assert answer.status_code == 303, answer.text
    return await browser.get(answer.headers["location"])


def order(page: str) -> list[str]:
    return re.findall(r'class="queue-link"[^>]*>([^<]+)<', page)


async def move(cast: Cast, id: int, due_in: timedelta, clock: FrozenClock) -> None:
    await cast.desk.pool.execute(
        "UPDATE escalations SET due_at = $2 WHERE id = $1", id, clock.at + due_in
    )


async def test_what_is_due_first_comes_first_in_its_group(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    made = {}
    for name, minutes in (("later", 3000), ("late", -25), ("today", 300), ("soon", 18)):
        _, one = await an_escalation(
            cast, "finn", subject=name, contract_id=cast.contracts["C-1001"].id
        )
        made[name] = one.id
        await move(cast, one.id, timedelta(minutes=minutes), clock)
    async with await visiting(cast, site, "max") as max:
        page = (await max.get(BOARD)).text
        assert order(page) == ["late", "soon", "today", "later"]
        heads = ("Breached", "Within an hour", "Later today", "Later")
        assert all(f'scope="rowgroup">{head}' in page for head in heads)
        assert "25\u00a0min late" in page
        assert "18\u00a0min left" in page
        assert "$500.00" in page
        assert order((await max.get(f"{BOARD}?view=hour")).text) == ["soon"]
        assert order((await max.get(f"{BOARD}?q=later")).text) == ["later"]
        taken = await followed(max, f"{BOARD}/next", {})
        assert "Of what nobody owned it is due first" in taken.text
        assert order((await max.get(f"{BOARD}?view=mine")).text) == ["late"]
        now = (await max.get(f"{BOARD}/counts?view=all")).json()["rows"]
        assert [row[2] for row in now] == ["breached", "hour", "today", "later"]


async def test_the_panel_has_all_that_was_gathered(cast: Cast, site: str) -> None:
    contract = cast.contracts["C-1001"].id
    filed, one = await an_escalation(
        cast, "finn", contract_id=contract, description="My <own> words"
    )
    async with await visiting(cast, site, "max") as max:
        page = (await max.get(f"{BOARD}/{one.id}")).text
        assert "Why it is here" in page
        assert "My &lt;own&gt; words" in page
        assert "Cora" in page, "the other side, which has written nothing"
        act = f"{BOARD}/{one.id}"
        refused = await max.post(f"{act}/decide", data={"outcome": "granted", "reasons": " "})
        assert refused.status_code == 422
        assert "Give the reasons" in refused.text
        early = await max.post(f"{act}/decide", data={"outcome": "granted", "reasons": "Yes"})
        assert (early.status_code, "Take it first" in early.text) == (409, True)
        for path, data in (
            ("take", {}),
            ("extend", {"until": "2026-07-01T10:00", "extend_reason": "The bank is closed"}),
            ("decide", {"outcome": "granted", "reasons": "You were right", "then": "solved"}),
        ):
            assert (await max.post(f"{act}/{path}", data=data)).status_code == 303, path
        for until, status in (("soon", 422), ("2300-01-01T10:00", 409), ("1990-01-01T10:00", 409)):
            bad = await max.post(f"{act}/extend", data={"until": until, "extend_reason": "x"})
            assert bad.status_code == status
        await work(cast)
        _, other = await an_escalation(cast, "finn", contract_id=contract)
        similar = (await max.get(f"{BOARD}/{other.id}/similar")).text
        assert "You were right" in similar
        assert (await max.get(f"{BOARD}/999999")).status_code == 404
    async with await visiting(cast, site, "finn") as finn:
        own = (await finn.get(f"/requests/{filed.reference}")).text
    assert "You were right" in own
    assert "The bank is closed" in own


async def test_many_are_looked_at_moved_and_taken_back(cast: Cast, site: str) -> None:
    ids = [(await an_escalation(cast, "finn"))[1].id for _ in range(4)]
    async with await visiting(cast, site, "max") as max:
        assert (await max.post(f"{BOARD}/preview", data={"to": "evenly"})).status_code == 422
        look = await max.post(f"{BOARD}/preview", data={"id": ids, "to": "evenly"})
        assert "Assign 4\u00a0escalations?" in look.text
        pairs = re.findall(r'name="(id|person)" value="(\d+)"', look.text)
        people = [value for name, value in pairs if name == "person"]
        assert sorted(people) == sorted([str(cast.max.id), str(cast.admin.id)] * 2)
        assert {one.owner_id for one in await escalations(cast)} == {None}
        done = await followed(
            max, f"{BOARD}/assign", {"id": [v for n, v in pairs if n == "id"], "person": people}
        )
        assert "4 escalations assigned." in done.text
        [bulk] = re.findall(r'name="bulk" value="(\d+)"', done.text)
        mine = next(one for one in await escalations(cast) if one.owner_id == cast.max.id)
        await max.post(f"{BOARD}/{mine.id}/put-back")  # touched since: it stays
        assert (await max.post(f"{BOARD}/undo", data={"bulk": bulk})).status_code == 303
        assert (await max.post(f"{BOARD}/undo", data={"bulk": bulk})).status_code == 409
    assert {one.owner_id for one in await escalations(cast)} == {None}


def hidden(page: str, *wanted: str) -> dict[str, list[str]]:
    """The form of a preview, as a browser would send it."""
    form: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        if name in wanted:
            form.setdefault(name, []).append(value)
    return form


async def test_many_get_a_later_date_whose_reason_their_parties_read(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed, first = await an_escalation(cast, "finn")
    _, second = await an_escalation(cast, "nina")
    _, decided = await an_escalation(cast, "omar")
    await cast.desk.pool.execute(
        "UPDATE escalations SET state = 'returned', ended_at = now() WHERE id = $1", decided.id
    )
    ids = [first.id, second.id, decided.id]
    ask = {"id": ids, "later": "24", "extend_reason": "The bank is closed"}
    async with await visiting(cast, site, "max") as max:
        for wrong in (
            {"extend_reason": "x" * 100_000}, {"later": "7"}, {"id": []}, {"extend_reason": " "},
            {"later": "", "until": "soon"}, {"later": "", "until": ""},
        ):  # fmt: skip
            refused = await max.post(f"{BOARD}/preview-dates", data=ask | wrong)
            assert refused.status_code == 422, wrong
        for end in ("0001-01-01T00:00", "9999-12-31T23:59", "2020-01-01T10:00"):
            looked = await max.post(
                f"{BOARD}/preview-dates", data=ask | {"later": "", "until": end}
            )
            assert looked.status_code == 200, end
        look = await max.post(f"{BOARD}/preview-dates", data=ask)
        assert "Move the date of 2\u00a0escalations?" in look.text
        assert "It was decided meanwhile." in look.text
        form = hidden(look.text, "id", "date", "once", "extend_reason")
        before = {one.id: one.due_at for one in await escalations(cast)}
        done = await followed(max, f"{BOARD}/dates", form)
        assert "2 escalations got the later date" in done.text
        again = await followed(max, f"{BOARD}/dates", form)  # sent twice
        await work(cast)
        assert "2 escalations got the later date" in again.text
        after = {one.id: one.due_at for one in await escalations(cast)}
        assert [after[id] - before[id] for id in ids] == [timedelta(days=1)] * 2 + [timedelta(0)]
        [bulk] = re.findall(r'name="bulk" value="(\d+)"', done.text)
        async with await visiting(cast, site, "finn") as finn:
            assert "The bank is closed" in (await finn.get(f"/requests/{filed.reference}")).text
        assert (await max.post(f"{BOARD}/undo", data={"bulk": bulk})).status_code == 303
        assert {one.id: one.due_at for one in await escalations(cast)} == before
        assert await kinds(cast, filed) == ["raised", "extended", "extended"]
        await work(cast)
        clock.advance(minutes=20)
        await deliver_due(cast.desk)
        assert await mails_of(cast, "The bank is closed", "after all") == (0, 0)
        done = await followed(max, f"{BOARD}/dates", form | {"once": [str(uuid4())]})
        await work(cast)
        await deliver_due(cast.desk)
        assert await mails_of(cast, "The bank is closed", "after all") == (0, 0)
        clock.advance(minutes=15)  # the last moment: the mails go first
        await deliver_due(cast.desk)
        [bulk] = re.findall(r'name="bulk" value="(\d+)"', done.text)
        assert (await max.post(f"{BOARD}/undo", data={"bulk": bulk})).status_code == 303
        await work(cast)
        await deliver_due(cast.desk)
        assert await mails_of(cast, "The bank is closed", "after all") == (2, 2)


async def mails_of(cast: Cast, *words: str) -> tuple[int, ...]:
    """That went, with each of these words."""
    sent = await cast.desk.pool.fetch("SELECT body FROM mails WHERE sent_at IS NOT NULL")
    return tuple(sum(word in mail["body"] for mail in sent) for word in words)


async def test_many_get_a_note_once_and_it_is_taken_back(cast: Cast, site: str) -> None:
    made = [await an_escalation(cast, who) for who in ("finn", "nina")]
    ask = {"id": [one.id for _, one in made], "note": "CANARY the bank answers on Friday"}
    page = f"/desk/tickets/{made[0][0].reference}"
    async with await visiting(cast, site, "max") as max, await visiting(cast, site, "finn") as finn:
        assert (await max.post(f"{BOARD}/preview-note", data=ask | {"note": ""})).status_code == 422
        look = await max.post(f"{BOARD}/preview-note", data=ask)
        form = hidden(look.text, "id", "once", "note")
        done = [await followed(max, f"{BOARD}/note", form) for _ in range(2)][-1]
        assert "2 escalations got the note." in done.text
        assert (await max.get(page)).text.count("CANARY") == 1
        assert "CANARY" not in (await finn.get(f"/requests/{made[0][0].reference}")).text
        [bulk] = re.findall(r'name="bulk" value="(\d+)"', done.text)
        assert (await max.post(f"{BOARD}/undo", data={"bulk": bulk})).status_code == 303
        shown = (await max.get(page)).text
        assert "CANARY" not in shown
        assert "This note was taken back." in shown


async def test_rules_are_sentences_with_numbers_and_versions(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed, one = await an_escalation(cast, "finn", level=Level.L1)
    async with await visiting(cast, site, "max") as max:
        page = (await max.get(f"{BOARD}/rules")).text
        assert "When it waits at level 1 for 4\u00a0working hours, escalate it to level 2." in page
        form = typed(page)
        for change, field in (
            ({"percent.warned": "120"}, "percent.warned"),
            ({"hours.level_1": "-3"}, "hours.level_1"),
            ({"decide.3": "soon"}, "decide.3"),
            ({"to.level_2": "1"}, "to.level_2"),
            ({"limit.money.USD": "1e9"}, "limit.money.USD"),
            ({"do.level_1": []}, "do.level_1"),
        ):
            bad = await max.post(f"{BOARD}/rules", data=form | change)
            assert (bad.status_code, list(errors_in(bad.text))) == (422, [field])
        form |= {"hours.level_1": "1", "note": "Faster"}
        form.pop("on.money")
        saved = await followed(max, f"{BOARD}/rules", form)
        assert "From now on these rules hold" in saved.text
        assert "Version 2" in saved.text
        assert "“Much money at stake” was switched off." in saved.text
        assert (await max.post(f"{BOARD}/rules", data=form)).status_code == 409
    clock.advance(hours=1, minutes=1)
    await work(cast)
    assert "moved" in await kinds(cast, filed), "the new hours hold for what waits already"
    async with await visiting(cast, site, "amy") as amy:
        assert (await amy.get(f"{BOARD}/rules")).status_code == 403
        assert (await amy.post(f"{BOARD}/{one.id}/take")).status_code == 403


def typed(page: str) -> dict[str, str | list[str]]:
    """The form as a browser would send it back."""
    form: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        [name] = re.findall(r'name="([^"]+)"', tag) or [""]
        [value] = re.findall(r'value="([^"]*)"', tag) or [""]
        if not name or ("checkbox" in tag and " checked" not in tag):
            continue
        if name.startswith("do."):
            form[name] = [*form.get(name, []), value]
        else:
            form[name] = value
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        form[name] = chosen[0] if chosen else ""
    return form
