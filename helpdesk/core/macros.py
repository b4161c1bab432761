"""How templates are compiled: what can be written ahead is, and the rest with few calls.

Components of pages are pure: the same words give the same HTML, so each is written once.

A Jinja macro costs some fifteen microseconds a call, most of it passing pieces around; a page
of the console makes fifty such calls, and nearly all of them were made before. Those whose words
stand in the template itself are written when it is compiled, and cost nothing after that.
"""

import re
from collections.abc import Hashable, MutableMapping
from typing import Any

from asyncpg import Record
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Macro
from markupsafe import Markup, escape

PURE = {"asset"}  # other functions whose answer is the same as long as the process lives
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


class WrittenAhead(CodeGenerator):
    """`{{ icon("plus") }}` becomes text of the compiled template."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            return str(escape(self.called(node, node.node.name, frame)))
        return super()._output_child_to_const(node, frame, finalize)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.written(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def called(self, call: nodes.Call, name: str, frame: Frame) -> Any:
        component = self.environment.globals.get(name)
        if name not in PURE and not isinstance(component, KeptMacro):
            raise nodes.Impossible
        if not is_global(name, frame):
            raise nodes.Impossible  # something of the template's own has this name
        if call.dyn_args is not None or call.dyn_kwargs is not None:
            raise nodes.Impossible
        given = [each.as_const(frame.eval_ctx) for each in call.args]
        named = dict(each.as_const(frame.eval_ctx) for each in call.kwargs)
        return component(*given, **named)  # type: ignore[operator]


def is_global(name: str, frame: Frame) -> bool:
    """Whether the name means, at this place of a template, what it means everywhere."""
    reference = frame.symbols.find_ref(name)
    while reference is not None:
        source = frame.symbols.find_load(reference)
        if source is None or source[0] != "alias":
            return source == ("resolve", name)
        reference = source[1]
    return False


MUST_ESCAPE = re.compile("[&<>\"']").search


class Templates(Environment):
    code_generator_class = WrittenAhead

    @staticmethod
    def written(value: Any) -> str:
        """As `escape` writes it, without making a new object of what stays as it is."""
        kind = type(value)
        if kind is Markup or (kind is str and not MUST_ESCAPE(value)):
            return value  # type: ignore[no-any-return]
        return escape(value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Columns of a row are asked for most, and rows have no attributes of these names."""
        if type(obj) is Record:
            try:
                return obj[attribute]
            except KeyError:
                pass
        return super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names themselves, not a chain of mappings that every rendering walks along."""
        return {**self.globals, **d} if d else self.globals


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
