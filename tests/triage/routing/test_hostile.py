"""Every field of every form of the rules survives everything, and shows it as text."""

import pytest

from tests.people import Cast
from tests.test_fuzz_forms import HOSTILE, encoded, harmless, post
from triage.routing.queries import standing

from .build import key, publish_rules
from .test_pages import CARD, FORM, SPANISH

EXTRA = {
    "k.0.2": "test",
    "t.0.2.about": "hour",
    "t.0.2.values": "8",
    "t.0.2.unit": "Asia/Tokyo",
    "a.1": "1",
    "a.1.do": "notify",
    "a.1.value": "managers",
    "a.1.by": "mail",
    "a.1.text": "Look",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_rule_of_hostile_words(cast: Cast, site: str, kind: str) -> None:
    await publish_rules(cast, CARD, SPANISH)
    value = HOSTILE[kind]
    async with await cast.browser(site, "max") as browser:

        async def send(path: str, **fields: str) -> None:
            seen = (await standing(cast.desk)).seen
            answer = await post(browser, path, encoded({"seen": seen, **fields}))
            harmless(answer, (path, kind))

        form = {**FORM, **EXTRA}
        for name in form:
            await send("/desk/rules/new", **{**form, name: value})
        await send("/desk/rules/new", **dict.fromkeys(form, value))
        await send("/desk/rules/new", **{**form, "do": f"add-test:{value}"})
        await send("/desk/rules/new", **{**form, "do": f"remove:{value}"})
        await send(f"/desk/rules/{key(1)}", **{**form, "name": value})
        await send(f"/desk/rules/{key(1)}/move", by=value)
        await send(f"/desk/rules/{key(1)}/switch", on=value)
        await send("/desk/rules/tests", days=value)
        await send("/desk/rules/publish", note=value)
        await send("/desk/rules/publish", seen=value)
        for path in ("/desk/rules", "/desk/rules.json", "/desk/rules/versions"):
            harmless(await browser.get(path), (path, kind))
        asked = value[:2000].replace("\ud83d", "")
        for name in ("from", "before", "after"):
            for path in ("/desk/rules", "/desk/rules/versions", "/desk/notices"):
                harmless(await browser.get(path, params={name: asked}), (path, kind))
