"""From what was typed, or sent by a program, to rules; each mistake named with its field."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import ValidationError

from helpdesk.core.money import BadAmount, read_amount
from helpdesk.core.text import BadText, clean_line, is_blank

from .logic.actions import Action
from .logic.conditions import Group, Join, Test
from .logic.rules import MOST_RULES, Mode, Rule, When
from .logic.vocabulary import SHAPES, About, Moment, Unit
from .typed import TypedAction, TypedGroup, TypedRule, TypedTest

T = TypeVar("T")
Errors = dict[str, str]
NAME, NOTE = 120, 500


def read_rule(typed: TypedRule, key: UUID) -> tuple[Rule | None, Errors]:
    errors: Errors = {}
    name = line(typed.name, NAME, "name", errors)
    if not errors and is_blank(name):
        errors["name"] = "Give the rule a name, as colleagues will call it."
    moments = tuple(moment for moment in Moment if moment.value in typed.moments)
    if not moments:
        errors["moments"] = "Choose when the rule is read."
    condition = read_group(typed.when, "0", errors)
    then = [read_action(action, at, errors) for at, action in enumerate(typed.then)]
    if not then:
        errors["then"] = "Say what the rule does."
    if condition is not None and (fault := condition.check()):
        errors["g.0.join"] = fault
    mode = Mode.STOP if typed.mode == Mode.STOP else Mode.GO_ON
    actions = tuple(action for action in then if action is not None)
    if errors or condition is None:
        return None, errors
    try:
        when = When(moments=moments, condition=condition)
        return Rule(key=key, name=name, when=when, then=actions, mode=mode, on=typed.on), {}
    except ValidationError as fault:
        return None, {"then": words(fault)}


def read_group(typed: TypedGroup, path: str, errors: Errors) -> Group | None:
    parts = [
        read_group(part, f"{path}.{at}", errors)
        if isinstance(part, TypedGroup)
        else read_test(part, f"{path}.{at}", errors)
        for at, part in enumerate(typed.of)
    ]
    if typed.join not in set(Join):
        errors[f"g.{path}.join"] = "Choose all, any or none of these."
        return None
    if any(part is None for part in parts):
        return None
    found = tuple(part for part in parts if part is not None)
    return made(lambda: Group(join=Join(typed.join), of=found), f"g.{path}.join", errors)


def read_test(typed: TypedTest, path: str, errors: Errors) -> Test | None:
    field = f"t.{path}.values"
    if typed.about not in set(About):
        errors[f"t.{path}.about"] = "Choose from the list what is asked."
        return None
    shape = SHAPES[About(typed.about)]
    values = [line(value, 80, field, errors) for value in typed.values]
    if field in errors:
        return None
    if not values:
        errors[field] = f"{shape.label}: choose or write at least one value."
        return None
    if shape.unit == Unit.CURRENCY:
        try:
            values = [str(read_amount(values[0], typed.unit).minor)]
        except BadAmount as fault:
            errors[field] = str(fault)
            return None
    op = typed.op if typed.op in {one.value for one in shape.ops} else shape.ops[0].value
    unit = typed.unit if shape.unit != Unit.NONE else ""
    document = {"about": typed.about, "op": op, "values": values, "unit": unit}
    return made(lambda: Test.model_validate(document), field, errors)


def read_action(typed: TypedAction, at: int, errors: Errors) -> Action | None:
    value = line(typed.value, 80, f"a.{at}.value", errors)
    text = line(typed.text, 300, f"a.{at}.text", errors)
    if {f"a.{at}.value", f"a.{at}.text"} & errors.keys():
        return None
    field = f"a.{at}.text" if typed.do == "escalate" else f"a.{at}.value"
    document = {"do": typed.do, "value": value, "by": typed.by or "desk", "text": text}
    return made(lambda: Action.model_validate(document), field, errors)


def made(make: Callable[[], T], field: str, errors: Errors) -> T | None:
    try:
        return make()
    except ValidationError as fault:
        errors.setdefault(field, words(fault))
        return None


def line(text: str, most: int, field: str, errors: Errors) -> str:
    try:
        return clean_line(text, most)
    except BadText as fault:
        errors[field] = str(fault)
        return ""


def words(fault: ValidationError) -> str:
    """The first mistake, as it is written in the models."""
    return str(fault.errors()[0]["msg"]).removeprefix("Value error, ")


# From programs


class BadRules(Exception):
    """Field → message."""

    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


def read_document(body: bytes) -> tuple[str, list[Rule]]:
    """`{"seen": "3.0", "rules": [...]}`; raises BadRules with the place of every mistake."""
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise BadRules({"body": f"This is not JSON: {str(fault)[:120]}"}) from None
    if b"\\u0000" in body:
        raise BadRules({"body": "This holds a NUL character, which is not text."})
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
        raise BadRules({"rules": "Send an object with “seen” and a list of “rules”."})
    if not isinstance(seen := document.get("seen"), str):
        raise BadRules({"seen": "Send what GET answered as “seen”."})
    if len(document["rules"]) > MOST_RULES:
        raise BadRules({"rules": f"A desk can have {MOST_RULES:,} rules."})
    errors: Errors = {}
    rules = []
    for at, one in enumerate(document["rules"]):
        try:
            rules.append(Rule.model_validate_json(orjson.dumps(one)))
        except (ValidationError, RecursionError) as fault:
            errors |= faults(fault, f"rules.{at}")
    keys = [rule.key for rule in rules]
    for at, key in enumerate(keys):
        if keys.index(key) < at:
            errors[f"rules.{at}.key"] = "Another rule has this key."
    if errors:
        raise BadRules(dict(list(errors.items())[:50]))
    return seen, rules


def faults(fault: ValidationError | RecursionError, start: str) -> Errors:
    if isinstance(fault, RecursionError):
        return {start: "This is nested too deep."}
    return {
        ".".join([start, *map(str, one["loc"])]): one["msg"].removeprefix("Value error, ")
        for one in fault.errors()
    }
