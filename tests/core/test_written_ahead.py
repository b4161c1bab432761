"""Components with fixed words are written when a template is compiled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, StrictUndefined
from markupsafe import Markup, escape

from helpdesk.cases.models import Audience
from helpdesk.core.macros import Templates, keep_macros

COMPONENT = (
    "{% macro mark(word, kind='plain') %}<b class=\"{{ kind }}\">{{ word }}</b>{% endmacro %}"
)


def environment(**pages: str) -> Templates:
    env = Templates(
        loader=DictLoader({"mark.html": COMPONENT, **pages}),
        autoescape=True,
        undefined=StrictUndefined,
    )
    keep_macros(env, "mark.html")
    return env


def compiled(env: Templates, page: str) -> str:
    return env.compile(page, raw=True)


def test_fixed_words_become_text_of_the_template() -> None:
    written = compiled(environment(), "{{ mark('a < b', kind='hot') }}")
    assert "a &lt; b" in written
    assert "context.call(" not in written


def test_what_depends_on_the_page_is_written_with_it() -> None:
    env = environment(page="{% for word in words %}{{ mark(word) }}{% endfor %}")
    assert env.get_template("page").render(words=["<i>", "b"]) == (
        '<b class="plain">&lt;i&gt;</b><b class="plain">b</b>'
    )


def test_inside_loops_and_blocks_the_same_comes_out() -> None:
    env = environment(
        layout="{% block main %}{% endblock %}",
        page="{% extends 'layout' %}{% block main %}"
        "{% for n in range(2) %}{{ mark('x') }}{% endfor %}{% endblock %}",
    )
    assert env.get_template("page").render() == '<b class="plain">x</b>' * 2


def test_a_name_of_the_template_itself_is_not_the_component() -> None:
    env = environment(
        page="{% macro mark(word) %}own {{ word }}{% endmacro %}{{ mark('x') }}",
        loop="{% for mark in marks %}{{ mark('x') }}{% endfor %}",
    )
    assert env.get_template("page").render() == "own x"
    assert env.get_template("loop").render(marks=[str.upper]) == "X"


class Shown:
    def __html__(self) -> str:
        return "<b>as it is</b>"


@given(
    st.text()
    | st.integers()
    | st.none()
    | st.booleans()
    | st.floats()
    | st.builds(Markup, st.text())
)
def test_whatever_stands_in_braces_is_escaped_as_ever(value: object) -> None:
    env = Templates(autoescape=True)
    assert env.from_string("{{ it }}").render(it=value) == escape(value)


@pytest.mark.parametrize("value", [Audience.SIDE, Shown(), "<i>", Markup("<i>"), ["<i>"]])
def test_objects_are_escaped_too(value: object) -> None:
    env = Templates(autoescape=True)
    assert env.from_string("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(it) }}").render(it=value) == (
        escape(value)
    )
