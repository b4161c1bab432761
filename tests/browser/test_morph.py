"""Changing parts of a page in place: equal to the answer, without losing the reader's place."""

import random
from typing import Any

from helpdesk.core.assets import asset

from .conftest import OpenPage

BUILD = """
const build = (tree) => {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [name, attributes, children] = tree;
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.map(build));
  return node;
};
"""


def tree(chance: random.Random, ids: list[str], depth: int = 0) -> Any:
    if depth and chance.random() < 0.25:
        return chance.choice(["one", "two", " ", "three"])
    attributes: dict[str, str] = {}
    if ids and chance.random() < 0.6:
        attributes["id"] = ids.pop()
    for name in ("class", "title", "data-state"):
        if chance.random() < 0.3:
            attributes[name] = chance.choice(["a", "b", "c"])
    many = chance.randrange(5) if depth < 4 else 0
    children = [tree(chance, ids, depth + 1) for _ in range(many)]
    return [chance.choice(["div", "p", "ul", "span"]) if depth else "section", attributes, children]


async def test_any_tree_becomes_any_other(open_page: OpenPage) -> None:
    page = await open_page("", "/sign-in")
    chance = random.Random(7)
    pairs = []
    for _ in range(300):
        names = [f"n{number}" for number in range(12)]
        chance.shuffle(names)
        before = tree(chance, list(names))
        chance.shuffle(names)
        pairs.append([before, tree(chance, list(names))])
    unequal = await page.evaluate(
        "async ([url, pairs]) => { const { morphNode } = await import(url);"
        + BUILD
        + """
          return pairs.filter(([before, after]) => {
            const from = build(before), to = build(after);
            document.body.append(from);
            morphNode(from, to.cloneNode(true));
            from.remove();
            from.normalize(); to.normalize();
            return !from.isEqualNode(to);
          }).length; }""",
        [asset("js/morph.js"), pairs],
    )
    assert unequal == 0


async def test_focus_typed_words_and_opened_details_survive_a_reordering(
    open_page: OpenPage,
) -> None:
    page = await open_page("", "/sign-in")

    def row(number: int, shown: str) -> Any:
        inside = [
            ["input", {"id": f"in{number}", "value": "from the server"}, []],
            ["details", {"id": f"more{number}"}, [["summary", {}, ["More"]], shown]],
        ]
        return ["li", {"id": f"row{number}"}, inside]

    before = ["ul", {"id": "rows"}, [row(n, "old") for n in range(4)]]
    after = ["ul", {"id": "rows"}, [row(n, "new") for n in (9, 3, 2, 0)]]
    kept = await page.evaluate(
        "async ([url, before, after]) => { const { morphNode } = await import(url);"
        + BUILD
        + """
          const list = build(before);
          document.body.append(list);
          const typed = document.getElementById("in2");
          typed.focus();
          typed.value = "half a sent";
          document.getElementById("more3").open = true;
          const row = document.getElementById("row2");
          morphNode(list, build(after));
          return {
            order: [...list.children].map((item) => item.id),
            same: row === document.getElementById("row2"),
            focused: document.activeElement.id,
            typed: document.getElementById("in2").value,
            untouched: document.getElementById("in0").value,
            open: document.getElementById("more3").open,
            text: document.getElementById("more3").lastChild.textContent,
          }; }""",
        [asset("js/morph.js"), before, after],
    )
    assert kept == {
        "order": ["row9", "row3", "row2", "row0"],
        "same": True,
        "focused": "in2",
        "typed": "half a sent",
        "untouched": "from the server",
        "open": True,
        "text": "new",
    }


async def test_what_was_sent_is_replaced_by_the_answer(open_page: OpenPage) -> None:
    page = await open_page("", "/sign-in")
    form = ["form", {}, [["textarea", {"id": "said"}, []], ["input", {"id": "next"}, []]]]
    values = await page.evaluate(
        "async ([url, form]) => { const { morphNode, sent } = await import(url);"
        + BUILD
        + """
          const shown = build(form);
          document.body.append(shown);
          const said = document.getElementById("said"), next = document.getElementById("next");
          said.value = "on its way";
          sent.set(said, said.value);
          next.value = "typed meanwhile";
          morphNode(shown, build(form));
          return [said.value, next.value]; }""",
        [asset("js/morph.js"), form],
    )
    assert values == ["", "typed meanwhile"]
