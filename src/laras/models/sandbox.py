"""Chat templates are programs of strangers: they run in Jinja's sandbox, on a budget.

Jinja's immutable sandbox keeps a template from Python's internals, not from filling memory or
looping for ever. Here each turn of a loop, each call of a macro and each character that is made
or printed is paid from a budget that grows with the messages; strings are paid before they are
made. Templates see what transformers shows them: ``raise_exception``, ``strftime_now``,
``tojson``, ``namespace``, ``{% break %}`` and ``{% generation %}``. What gets round the budget
meets the kernel's limits: all of it is in a child process (:mod:`laras.models.template_worker`).
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import jinja2
import jinja2.defaults
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

from laras.models.template_errors import TemplateObjection

TEMPLATE_CHARACTERS = 200_000
_STEPS, _STEPS_EACH_MESSAGE = 20_000, 200
_CHARACTERS, _CHARACTERS_EACH = 2_000_000, 100
_WIDTH = 10_000
_GROWING_METHODS = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
_REMOVED_FILTERS = ("center", "format", "wordwrap", "pprint", "xmlattr", "urlize", "indent")


class _Generation(jinja2.ext.Extension):  # type: ignore[misc]
    """``{% generation %}`` marks what is trained for other tools; here it only shows its body."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


class Environment(ImmutableSandboxedEnvironment):  # type: ignore[misc]
    """The sandbox with a budget. ``spend`` and ``joined`` are called by the rewritten template."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[jinja2.ext.loopcontrols, _Generation],
            finalize=self.printed,
        )
        self.steps_left = _STEPS
        self.characters_left = _CHARACTERS
        self.filters: dict[str, Callable[..., Any]] = {
            name: self._paid(function)
            for name, function in dict(jinja2.defaults.DEFAULT_FILTERS).items()
            if name not in _REMOVED_FILTERS
        }
        self.filters |= {"replace": self.replaced, "join": self.joined_list, "tojson": _to_json}
        self.globals.pop("lipsum", None)

    def _paid(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def paid(*arguments: Any, **named: Any) -> Any:
            self.pay(sum(len(part) for part in arguments if isinstance(part, str | list)))
            return function(*arguments, **named)

        return paid

    def pay(self, characters: int) -> None:
        """Take from the budget of characters (and of list items)."""
        self.characters_left -= characters
        if self.characters_left < 0:
            raise SecurityError("the template makes too much text")

    def spend(self) -> None:
        """One turn of a loop or one call of a macro."""
        self.steps_left -= 1
        if self.steps_left < 0:
            raise SecurityError("the template takes too many steps")

    def printed(self, value: Any) -> Any:
        """What ``{{ }}`` is about to print."""
        if isinstance(value, str | list | dict):
            self.pay(len(value))
        return value

    def joined(self, *parts: Any) -> str:
        """What ``~`` makes."""
        return self.joined_list(parts)

    def joined_list(self, items: Any, separator: str = "", attribute: str | None = None) -> str:
        """What ``join`` makes, as a filter and as a method."""
        if attribute is not None:
            items = [self.getitem(item, attribute) for item in items]
        texts = [str(item) for item in items]
        self.pay(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    def replaced(self, text: Any, old: Any, new: Any, count: int = -1) -> str:
        """What ``replace`` makes, as a filter and as a method."""
        whole, part, substitute = str(text), str(old), str(new)
        times = whole.count(part) if part else len(whole) + 1
        self.pay(len(whole) + times * len(substitute))
        return whole.replace(part, substitute, -1 if count is None else count)

    def wrap_str_format(self, value: Any) -> Any:
        """``str.format`` can ask for any width: not in a template."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError("format is not allowed in a template")
        return None

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("powers are not allowed in a template")
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, int) and hasattr(other, "__len__"):
                    self.pay(one * max(1, len(other)))
        elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            self.pay(len(left) + len(right))
        elif operator == "%" and isinstance(left, str):
            if any(character in left for character in "*0123456789"):
                raise SecurityError("widths are not allowed in a format")
            self.pay(len(left) + len(str(right)))
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, called: Any, *arguments: Any, **named: Any) -> Any:
        owner = getattr(called, "__self__", None)
        name = getattr(called, "__name__", "")
        if isinstance(owner, str):
            self.pay(len(owner))
            if name in _GROWING_METHODS and any(
                isinstance(argument, int) and argument > _WIDTH
                for argument in (*arguments, *named.values())
            ):
                raise SecurityError(f"{name} makes too long a string")
            if name == "replace" and len(arguments) >= 2:
                return self.replaced(owner, *arguments[:3])
            if name == "join" and arguments:
                return self.joined_list(arguments[0], owner)
        return super().call(context, called, *arguments, **named)


def _raise_exception(message: str) -> None:
    raise TemplateObjection(str(message)[:500])


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    if isinstance(indent, int) and indent > 16:
        raise SecurityError("tojson indents too far")
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _budgeted(tree: Any) -> Any:
    """The template with a payment in each loop and macro, and with measured ``~``."""

    def payment(line: int) -> Any:
        call = nodes.Call(nodes.EnvironmentAttribute("spend"), [], [], None, None)
        return nodes.ExprStmt(call).set_lineno(line)

    for kind in (nodes.For, nodes.Macro, nodes.CallBlock):
        for node in tree.find_all(kind):
            node.body.insert(0, payment(node.lineno))
    _measure_joins(tree)
    return tree


def _measure_joins(node: Any) -> None:
    for field, value in node.iter_fields():
        children = value if isinstance(value, list) else [value]
        for place, child in enumerate(children):
            if not isinstance(child, nodes.Node):
                continue
            _measure_joins(child)
            if isinstance(child, nodes.Concat):
                joined = nodes.Call(
                    nodes.EnvironmentAttribute("joined"), child.nodes, [], None, None
                ).set_lineno(child.lineno)
                if isinstance(value, list):
                    value[place] = joined
                else:
                    setattr(node, field, joined)


def compile_template(
    text: str, today: date, environment: Environment | None = None
) -> Callable[[dict[str, Any]], str]:
    """A function from a template's variables to its output.

    ``strftime_now`` tells ``today`` whatever the day, so that a prompt is the same tomorrow.
    Raises jinja2.TemplateError for a template that is wrong or overspends, and
    :class:`TemplateObjection` where the template itself objects to the messages.
    """
    if len(text) > TEMPLATE_CHARACTERS:
        raise SecurityError("the template is too long")
    environment = environment or Environment()
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda form: today.strftime(str(form)[:100])
    try:
        code = environment.compile(_budgeted(environment.parse(text)))
    except RecursionError as error:
        raise SecurityError("the template is nested too deeply") from error
    template = jinja2.Template.from_code(environment, code, environment.globals)
    lock = threading.Lock()

    def render(variables: dict[str, Any]) -> str:
        messages = variables.get("messages") or []
        characters = sum(len(str(value)) for message in messages for value in message.values())
        with lock:  # the budget belongs to one rendering at a time
            environment.steps_left = _STEPS + _STEPS_EACH_MESSAGE * len(messages)
            environment.characters_left = _CHARACTERS + _CHARACTERS_EACH * characters
            try:
                return str(template.render(variables))
            except RecursionError as error:
                raise SecurityError("the template calls itself too often") from error
            except MemoryError as error:
                raise SecurityError("the template takes too much memory") from error

    return render
