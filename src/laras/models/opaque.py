"""What a template writes around contents that it only passes on, found without any content.

The template is run on contents that can be added to other text and printed, and nothing else:
whoever asks what is in one gets an error. If it runs through, then nothing that it does depends
on what the contents say, and what it writes around them is the same for all messages of these
roles. Two facts are granted, and asked of the contents by whoever uses the answer: that a content
is not blank (so it is true), and, for templates that trim, that it has no outer white space.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.utils import Namespace

from laras.models.sandbox import Environment, compile_template
from laras.models.template_errors import TemplateObjection

# Nodes that compute on values as Python does. Macros, blocks and captured output are not among
# them: they make plain text of contents, which could be asked again.
_NODES = (
    "Template Output TemplateData Const Name Getattr Getitem For If Assign Compare Operand"
    " And Or Not Add Sub Mul Mod FloorDiv Neg Concat CondExpr Scope ExprStmt Filter Test Call"
    " Keyword NSRef Slice List Tuple Dict Pair Break Continue EnvironmentAttribute"
)
_TESTS = (
    "defined undefined none string mapping boolean number integer false true iterable"
    " sequence odd even eq equalto == ne"
)
# Those that take a content for an argument ask its length first, and so are found out.
_FILTERS = "length count default d first last list capitalize lower upper title"
_FROM_JINJA = ("_loop_vars", "_block_vars")
_PLAIN = (str, int, float, bool, type(None))


class OpaqueError(Exception):
    """The template asks what is in a content, or might."""


class Frame(NamedTuple):
    """``pieces``: what stands before each content, and after the last. ``trims``: only for
    contents without outer white space."""

    pieces: tuple[str, ...]
    trims: bool


def _asked(*_arguments: Any, **_named: Any) -> NoReturn:
    raise OpaqueError


class _Opaque(str):
    """A text that can be added to others and printed. ``str`` by type, since templates ask that."""

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, str):
            raise OpaqueError
        return _Joined(str.__str__(self) + str.__str__(other))

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, str):
            raise OpaqueError
        return _Joined(str.__str__(other) + str.__str__(self))

    def __bool__(self) -> bool:
        return True

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return type(self)
        raise OpaqueError

    def __str__(self) -> str:
        return str.__str__(self)


class _Joined(_Opaque):
    """A content with more beside it."""


_READING = ("eq", "ne", "lt", "le", "gt", "ge", "hash", "len", "iter", "contains", "getitem")
for _name in (*_READING, "repr", "format", "mod", "rmod", "mul", "rmul"):
    setattr(_Opaque, f"__{_name}__", _asked)


class _Watchful(Environment):
    """Sees to it that no content is read on a way round its own operators."""

    def __init__(self) -> None:
        super().__init__()
        self.trims = False
        self.filters = {
            name: function if name in _FILTERS.split() else _asked
            for name, function in self.filters.items()
        }
        self.filters["trim"] = self.trimmed

    def trimmed(self, value: Any, characters: Any = None) -> Any:
        """What ``trim`` makes."""
        if characters is not None or isinstance(value, _Joined) or not isinstance(value, str):
            raise OpaqueError
        if not isinstance(value, _Opaque):
            return value.strip()
        self.trims = True
        return value

    def printed(self, value: Any) -> Any:
        """Contents print as they are."""
        return value if isinstance(value, _Opaque) else super().printed(value)

    def joined(self, *parts: Any) -> Any:
        """What ``~`` makes."""
        if any(isinstance(part, _Opaque) for part in parts):
            return functools.reduce(operator.add, (_text(part) for part in parts))
        return super().joined(*parts)

    def replaced(self, *arguments: Any, **named: Any) -> NoReturn:
        """``replace`` reads."""
        raise OpaqueError

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A content is no key."""
        if isinstance(argument, _Opaque):
            raise OpaqueError
        return super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and (isinstance(left, _Opaque) or isinstance(right, _Opaque)):
            return left + right
        if operator == "%" and isinstance(left, str):
            raise OpaqueError
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, called: Any, *arguments: Any, **named: Any) -> Any:
        # In a loop, Jinja passes on the loop's variables, for functions that want the context.
        values = [value for name, value in named.items() if name not in _FROM_JINJA]
        ours = called is Namespace or getattr(called, "__self__", None) is self
        if not ours and not all(
            isinstance(value, _PLAIN) and not isinstance(value, _Opaque)
            for value in (*arguments, *values)
        ):
            raise OpaqueError
        return super().call(context, called, *arguments, **named)


def _text(part: Any) -> str:
    if isinstance(part, list | tuple | dict):
        raise OpaqueError
    return part if isinstance(part, _Opaque) else str(part)


class Frames:
    """Frames of one template; ``variables``: what it is told beside the messages."""

    def __init__(self, text: str, today: date) -> None:
        self._text = text
        self._environment = _Watchful()
        self._run: Callable[[dict[str, Any]], str] | None = None
        if self._is_plain():
            self._run = compile_template(text, today, self._environment)

    def frame(self, roles: Sequence[str], variables: dict[str, Any]) -> Frame | None:
        """What the template writes around contents of messages of these ``roles``; None where
        that may depend on what they say, or where one is moved, doubled or left out."""
        mark = next((m for m in map(chr, range(0xF0000, 0xF0100)) if m not in self._text), None)
        if self._run is None or mark is None:
            return None
        marks = [f"{mark}{place}{mark}" for place in range(len(roles))]
        messages = [
            {"role": role, "content": _Opaque(each)}
            for role, each in zip(roles, marks, strict=True)
        ]
        self._environment.trims = False
        try:
            rendered = self._run({**variables, "messages": messages})
        except (OpaqueError, TemplateObjection, jinja2.TemplateError):
            return None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return None
        pieces: list[str] = []
        for each in marks:
            before, found, rendered = rendered.partition(each)
            if not found:
                return None
            pieces.append(before)
        pieces.append(rendered)
        if any(mark in piece for piece in pieces):
            return None
        return Frame(tuple(pieces), self._environment.trims)

    def _is_plain(self) -> bool:
        """Whether the template is made of nothing but what is known to keep contents opaque."""
        try:
            tree = self._environment.parse(self._text)
        except jinja2.TemplateError:
            return False
        return all(_is_known(node) for node in tree.find_all(nodes.Node))


def _is_known(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Test) and node.name not in _TESTS.split():
        return False
    if isinstance(node, nodes.For) and node.recursive:  # gives its output to itself, as plain text
        return False
    if isinstance(node, nodes.Compare):
        # Asked whether it holds a content, a plain text answers without asking the content.
        left = [node.expr, *(each.expr for each in node.ops)]
        return all(
            each.op not in ("in", "notin")
            or isinstance(before, nodes.Const)
            or isinstance(each.expr, nodes.List | nodes.Tuple | nodes.Dict)
            for before, each in zip(left, node.ops, strict=False)
        )
    return type(node).__name__ in _NODES.split()
