"""Components of pages are pure: the same words give the same HTML, so each is written once.

A Jinja macro costs some fifteen microseconds a call, most of it passing pieces around; a page
of the console makes fifty such calls, and nearly all of them were made before.
"""

from collections.abc import Hashable
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Macro
from markupsafe import Markup

MOST = 4096  # kept per macro; then it begins anew


class KeptMacro:
    """Called like the macro it stands for. What a {% call %} block fills in is never kept."""

    def __init__(self, macro: Macro) -> None:
        self.macro = macro
        self.kept: dict[Hashable, Markup] = {}

    def __call__(self, *given: Any, **named: Any) -> Any:
        if "caller" in named:
            return self.macro(*given, **named)
        key = (frozen(given), frozen(named))
        written = self.kept.get(key)
        if written is None:
            if len(self.kept) >= MOST:
                self.kept.clear()
            written = self.kept[key] = Markup(self.macro(*given, **named))
        return written


def frozen(value: Any) -> Hashable:
    """Equal for equal arguments of the same kind: 1 is not True, text is not Markup."""
    if isinstance(value, dict):
        return tuple((name, frozen(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    return (value.__class__, value)


def keep_macros(env: Environment, *components: str) -> None:
    """The macros of these templates, which must use nothing but their arguments.

    They are there by name in every template: importing them costs a look through the globals
    for each import of each template of a page.
    """
    for component in components:
        module = env.get_template(component).module
        for name, macro in list(vars(module).items()):
            if isinstance(macro, Macro):
                kept = KeptMacro(macro)
                setattr(module, name, kept)
                env.globals[name] = kept
