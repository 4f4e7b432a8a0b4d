"""A frame is given only where a template's text around contents can't depend on them."""

from __future__ import annotations

import pytest

from laras.models.opaque import Frames
from laras.models.template import DEFAULT_DATE

ROLES = ("user", "assistant")


def pieces(body: str, roles: tuple[str, ...] = ROLES) -> tuple[str, ...] | None:
    frame = Frames("{% for m in messages %}" + body + "{% endfor %}", DEFAULT_DATE).frame(roles, {})
    return None if frame is None else frame.pieces


@pytest.mark.parametrize(
    "body",
    [
        "<{{ m.role }}>{{ m.content }}</>",
        "{{ '<' + m['role'] + '>' + m['content'] + '</>' }}",
        "{{ '<' ~ m.role ~ '>' ~ m.content ~ '</>' }}",
        "{% set c = m.content %}<{{ m.role }}>{% if c %}{{ c }}{% endif %}</>",
        "{% if m.content is string %}<{{ m.role }}>{{ m.get('content') }}</>{% endif %}",
        "{% set ns = namespace(c=m.content) %}{{ '<%s>' % m.role if 0 else '<' + m.role + '>' }}"
        "{{ ns.c }}</>",
        "{% if m.role in ['user', 'assistant'] %}<{{ m.role }}>{{ m.content }}</>{% endif %}",
        # What is not run asks nothing.
        "{% if tools %}{{ m | tojson }}{% endif %}<{{ m.role }}>{{ m.content }}</>",
        "{% generation %}<{{ m.role }}>{{ m.content }}</>{% endgeneration %}",
    ],
)
def test_contents_that_are_only_passed_on_have_a_frame(body: str) -> None:
    assert pieces(body) == ("<user>", "</><assistant>", "</>")


@pytest.mark.parametrize(
    "body",
    [
        "{{ m.content | upper }}",
        "{{ m.content | length }}{{ m.content }}",
        "{{ m.content | replace('a', 'b') }}",
        "{{ m.content | tojson }}",
        "{{ m | tojson }}",
        "{{ [m.content] | join(',') }}",
        "{{ m.content.upper() }}",
        "{{ m.content.split('</think>')[-1] }}",
        "{{ m.content[:9999] }}",
        "{{ m.content[0] }}{{ m.content }}",
        "{{ m }}",
        "{{ [m.content] }}",
        "{{ '%s' % m.content }}",
        "{{ '%s' % [m.content] }}",
        "{{ m.content * 1 }}",
        "{{ ''.join([m.content]) }}",
        "{{ ['a', 'b'][m.content] }}{{ m.content }}",
        "{{ messages[m.content] }}{{ m.content }}",
        "{{ {m.content: 1} }}{{ m.content }}",
        "{{ (m.content + '!') | trim }}",
        "{{ m.content | trim('x') }}",
        "{% if m.content == 'x' %}!{% endif %}{{ m.content }}",
        "{% if 'x' == m.content %}!{% endif %}{{ m.content }}",
        "{% if m.content < 'x' %}!{% endif %}{{ m.content }}",
        "{% if 'x' in m.content %}!{% endif %}{{ m.content }}",
        "{% if m.content in 'xyz' %}!{% endif %}{{ m.content }}",
        "{% if m.content not in 'xyz' %}!{% endif %}{{ m.content }}",
        "{% if m.content in ['x'] %}!{% endif %}{{ m.content }}",
        "{% if m.content is in 'xyz' %}!{% endif %}{{ m.content }}",
        "{% if m.content is eq 'x' %}!{% endif %}{{ m.content }}",
        "{% if m.content is upper %}!{% endif %}{{ m.content }}",
        "{% if 'xyz'.startswith(m.content) %}!{% endif %}{{ m.content }}",
        "{% if (m.content ~ 'x') | length > 3 %}!{% endif %}{{ m.content }}",
        "{% set c %}{{ m.content }}{% endset %}{{ c | length }}{{ m.content }}",
        "{% macro p(c) %}{{ c }}{% endmacro %}{{ p(m.content) | length }}{{ m.content }}",
        "{% for letter in m.content %}{{ letter }}{% endfor %}",
        "{% if loop.changed(m.content) %}!{% endif %}{{ m.content }}",
        "{{ strftime_now(m.content) }}{{ m.content }}",
        "{{ raise_exception(m.content) }}",
        "{% if messages[0].content == messages[1].content %}!{% endif %}{{ m.content }}",
        "{{ m.role }}",  # left out
        "{{ m.content }}{{ m.content }}",  # doubled
    ],
)
def test_whoever_asks_what_is_in_a_content_gets_no_frame(body: str) -> None:
    assert pieces(body) is None


def test_contents_in_another_order_have_no_frame() -> None:
    text = "{{ messages[1].content }}{{ messages[0].content }}"
    assert Frames(text, DEFAULT_DATE).frame(ROLES, {}) is None


def test_a_template_that_trims_has_a_frame_for_trimmed_contents() -> None:
    text = "{% for m in messages %}<{{ m.content | trim }}>{% endfor %}"
    frame = Frames(text, DEFAULT_DATE).frame(ROLES, {})
    assert frame is not None
    assert frame.trims
    assert frame.pieces == ("<", "><", ">")


def test_messages_that_a_template_refuses_have_no_frame() -> None:
    assert pieces("{{ raise_exception('no') }}") is None
    assert pieces("{{ m.content") is None
