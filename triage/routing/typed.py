"""The editor's form, as it was typed: a tree of parts whose fields say where they belong.

A part's place is its way down: `0` is the whole condition, `0.2` its third part. What was typed
stays text until the rule is saved, so nothing is lost by a mistake or by adding a part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from starlette.datastructures import FormData

from helpdesk.core.money import EXPONENTS

from .logic.actions import Action, Do
from .logic.conditions import DEEPEST, Group, Join, Test
from .logic.rules import Mode, Rule
from .logic.vocabulary import SHAPES, About, Kind, Moment, Unit

MOST_PARTS = 80  # of one form


@dataclass
class TypedTest:
    about: str = About.TYPE.value
    op: str = ""
    values: list[str] = field(default_factory=list)
    unit: str = ""

    @property
    def text(self) -> str:
        """In one field: words with commas, or a number."""
        return ", ".join(self.values)


@dataclass
class TypedGroup:
    join: str = Join.ALL.value
    of: list["TypedGroup | TypedTest"] = field(default_factory=list)


@dataclass
class TypedAction:
    do: str = Do.DEPARTMENT.value
    value: str = ""
    by: str = "desk"
    text: str = ""


@dataclass
class TypedRule:
    name: str = ""
    moments: list[str] = field(default_factory=lambda: [Moment.FILED.value])
    when: TypedGroup = field(default_factory=TypedGroup)
    then: list[TypedAction] = field(default_factory=lambda: [TypedAction()])
    mode: str = Mode.GO_ON.value
    on: bool = True


def typed_of(form: FormData) -> TypedRule:
    """Whatever was sent; unknown fields are nobody's."""
    actions = [name for name in numbered(form, "a.") if text(form, f"a.{name}")]
    return TypedRule(
        text(form, "name"),
        texts(form, "moments"),
        group_of(form, "0"),
        [
            TypedAction(*(text(form, f"a.{at}.{name}") for name in ("do", "value", "by", "text")))
            for at in actions
        ],
        text(form, "mode"),
        text(form, "on") == "1",
    )


def group_of(form: FormData, path: str, depth: int = 1) -> TypedGroup:
    group = TypedGroup(text(form, f"g.{path}.join") or Join.ALL.value)
    for at in numbered(form, f"k.{path}."):
        kind = text(form, f"k.{path}.{at}")
        if kind == "group" and depth <= DEEPEST:
            group.of.append(group_of(form, f"{path}.{at}", depth + 1))
        elif kind == "test":
            group.of.append(test_of(form, f"{path}.{at}"))
    return group


def test_of(form: FormData, path: str) -> TypedTest:
    values = [value for value in texts(form, f"t.{path}.values") if value.strip()]
    about = text(form, f"t.{path}.about")
    known = SHAPES.get(About(about)) if about in set(About) else None
    if known is not None and known.kind == Kind.LIST:
        values = [word.strip() for value in values for word in value.split(",") if word.strip()]
    return TypedTest(about, text(form, f"t.{path}.op"), values, text(form, f"t.{path}.unit"))


def numbered(form: FormData, start: str) -> list[int]:
    """The numbers that follow a name, in their order."""
    rest = {name.removeprefix(start) for name in form if name.startswith(start)}
    found = {int(one) for one in rest if one.isascii() and one.isdigit() and len(one) < 4}
    return sorted(found)[:MOST_PARTS]


def text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


# Buttons that change the form's parts


def change(typed: TypedRule, do: str) -> None:
    """`add-test:0.1`, `add-group:0`, `remove:0.2`, `add-action`, `remove-action:1`."""
    what, _, where = do.partition(":")
    if what == "add-action":
        typed.then.append(TypedAction())
    elif what == "remove-action" and where.isdigit() and int(where) < len(typed.then):
        typed.then.pop(int(where))
    elif what in ("add-test", "add-group") and (group := at(typed.when, where)):
        new = TypedTest() if what == "add-test" else TypedGroup(Join.ANY.value, [TypedTest()])
        group.of.append(new)
    elif what == "remove":
        above, _, last = where.rpartition(".")
        group = at(typed.when, above)
        if group is not None and last.isdigit() and int(last) < len(group.of):
            group.of.pop(int(last))


def at(group: TypedGroup, path: str) -> TypedGroup | None:
    """The group at a place."""
    first, *rest = path.split(".")
    if first != "0":
        return None
    for step in rest:
        part = group.of[int(step)] if step.isdigit() and int(step) < len(group.of) else None
        if not isinstance(part, TypedGroup):
            return None
        group = part
    return group


def parts(group: TypedGroup, path: str = "0") -> Iterator[tuple[str, TypedGroup | TypedTest]]:
    """Every part with its place, the whole first."""
    yield path, group
    for number, part in enumerate(group.of):
        if isinstance(part, TypedGroup):
            yield from parts(part, f"{path}.{number}")
        else:
            yield f"{path}.{number}", part


# A stored rule, as it is typed


def as_typed(rule: Rule) -> TypedRule:
    return TypedRule(
        rule.name,
        [moment.value for moment in rule.when.moments],
        typed_group(rule.when.condition),
        [typed_action(action) for action in rule.then],
        rule.mode.value,
        rule.on,
    )


def typed_group(group: Group) -> TypedGroup:
    return TypedGroup(
        group.join.value,
        [typed_group(part) if isinstance(part, Group) else typed_test(part) for part in group.of],
    )


def typed_test(test: Test) -> TypedTest:
    values: Sequence[Any] = test.values
    if SHAPES[test.about].unit == Unit.CURRENCY:
        values = [str(Decimal(int(test.values[0])).scaleb(-EXPONENTS[test.unit]))]
    return TypedTest(test.about.value, test.op.value, list(values), test.unit)


def typed_action(action: Action) -> TypedAction:
    return TypedAction(action.do.value, action.value, action.by.value, action.text)
