"""A plan on the terminal: what each contender costs, why it is tuned so, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from laras.cli.outcome import console
from laras.cli.printable import printable
from laras.report.wording import duration, money, significant, size, whole
from laras.translation import _, ngettext

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Json = Mapping[str, Any]
_MOST_WAYS = 4


def show_plan(plan: Json, run: str) -> None:
    """The table, then the settings with their reasons, then what was forecast before and came of
    it. ``run``: the command that does what was planned."""
    out = console()
    entries: Sequence[Json] = plan["contenders"]
    out.print()
    out.print(_costs(entries))
    for entry in entries:
        _print_settings(entry, out)
    for entry in entries:
        _print_retraining(entry, out)
        _print_asking(entry, out)
    machine = plan["machine"]
    out.print()
    out.print(
        _(
            "This machine: {cores} cores, {memory} of memory ({free} free), {disk} free on the "
            "disk."
        ).format(
            cores=machine["cores"],
            memory=size(machine["memory_bytes"]),
            free=size(machine["available_bytes"]),
            disk=size(machine["disk_free_bytes"]),
        ),
        soft_wrap=True,
    )
    for entry in entries:
        _print_what_does_not_fit(entry, machine, out)
    if plan.get("measured"):
        out.print()
        out.print(measured_table(plan["measured"]))
    if any(entry["state"] in ("forecast", "unknown") or _retraining(entry) for entry in entries):
        out.print()
        out.print(
            _("In all about {time}.").format(time=_time(plan["seconds"])),
            style="bold",
            soft_wrap=True,
        )
        do_it = _("Do it")
        click.echo(printable(f"{do_it}: {run}"))


def _table(*titles: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place else "left")
    return table


def _costs(entries: Sequence[Json]) -> Table:
    from rich.text import Text

    table = _table(
        _("Contender"),
        _("trained parameters"),
        _("tokens an epoch"),
        _("steps"),
        _("memory"),
        _("tuning"),
        _("judging"),
        _("disk"),
    )
    for entry in entries:
        table.add_row(
            Text(printable(entry["name"])),
            whole(entry.get("trained_parameters")),
            whole(entry.get("tokens_per_epoch")),
            whole(entry.get("steps")),
            _memory(entry.get("peak_memory_bytes")),
            _("done") if entry["state"] == "done" else _time(entry.get("tuning_seconds")),
            _time(entry.get("judging_seconds")),
            size(entry.get("disk_bytes")),
        )
    return table


def _time(band: Json | None) -> str:
    """``3 min 10 s (2 min 50 s–3 min 40 s)``."""
    if band is None:
        return duration(None)
    return f"{duration(band['value'])} ({duration(band['low'])}–{duration(band['high'])})"


def _memory(band: Json | None) -> str:
    if band is None:
        return size(None)
    return f"{size(band['value'])} ({size(band['low'])}–{size(band['high'])})"


def _print_settings(entry: Json, out: Console) -> None:
    """Learning rate, batch and epochs: what is taken and why, and what would be without a word of
    the recipe's, where that is something else."""
    settings, reasons = entry.get("settings"), entry.get("reasons", {})
    if not settings:
        return
    titles = {
        "learning_rate": _("learning rate"),
        "batch_tokens": _("tokens a step"),
        "epochs": _("epochs"),
    }
    out.print()
    out.print(printable(str(entry["name"])), markup=False, style="bold")
    for name, title in titles.items():
        line = f"  {title}: {_value(settings[name])} ({reasons.get(name, '')})"
        other = entry.get("suggested", {}).get(name)
        if other is not None and other["value"] != settings[name]:
            line += "; " + _("otherwise {value}: {reason}").format(
                value=_value(other["value"]), reason=other["reason"]
            )
        out.print(printable(line), markup=False, soft_wrap=True)
    tried = entry.get("rate_test")
    if tried is not None:
        out.print("  " + printable(_rate_in_words(tried)), markup=False, soft_wrap=True)


def _value(value: float) -> str:
    return f"{value:g}" if value < 1 else whole(value) if value == int(value) else f"{value:g}"


def _rate_in_words(tried: Json) -> str:
    """What the range test says, in one line."""
    if tried.get("problem") is not None:
        return str(tried["problem"]["what"])
    if tried["suggested"] is None:
        return _("Range test: the loss fell at none of the rates that were tried.")
    line = _("Range test: the loss fell fastest at {steepest}").format(
        steepest=f"{tried['steepest']:.1e}"
    )
    if tried["diverged"] is not None:
        line += _(", and left for good at {diverged}").format(diverged=f"{tried['diverged']:.1e}")
    return line + _("; suggested: learning_rate: {rate}").format(rate=f"{tried['suggested']:.1e}")


def _retraining(entry: Json) -> Json:
    """What is planned of training it once more."""
    return entry.get("retraining") or {}


def _print_retraining(entry: Json, out: Console) -> None:
    """Other seeds and less data: how often, and how long that takes."""
    planned = _retraining(entry)
    if not planned:
        return
    text = ngettext(
        "{name}: {count} more training for seeds and learning curve, in all {time} with its "
        "judging; its model is dropped after that.",
        "{name}: {count} more trainings for seeds and learning curve, in all {time} with their "
        "judging; each model is dropped after that.",
        planned["trainings"],
    ).format(name=entry["name"], count=planned["trainings"], time=_time(planned["seconds"]))
    out.print()
    out.print(printable(text), markup=False, soft_wrap=True)


def _print_asking(entry: Json, out: Console) -> None:
    """How often an endpoint will be asked, and the most that it can cost."""
    asking = entry.get("asking")
    if not asking:
        return
    text = _(
        "{name} asks {model} {calls} times ({kept} answers are kept from before): about {sent} "
        "tokens sent, at most {received} received."
    ).format(
        name=entry["name"],
        model=asking["model"],
        calls=whole(asking["calls"]),
        kept=whole(asking["kept"]),
        sent=whole(asking["input_tokens"]),
        received=whole(asking["output_tokens"]),
    )
    if asking["budget"] is not None:
        currency = asking["currency"]
        text += " " + _("That costs at most {money}; {spent} of {budget} are spent.").format(
            money=money(asking["money"], currency),
            spent=money(asking["spent"], currency),
            budget=money(asking["budget"], currency),
        )
    out.print()
    out.print(printable(text), markup=False, soft_wrap=True)


def _print_what_does_not_fit(entry: Json, machine: Json, out: Console) -> None:
    name = entry["name"]
    if entry["state"] == "does-not-fit":
        problem = entry.get("problem")
        if problem is not None:
            text = _("{name} does not fit: {reason} {hint}").format(
                name=name, reason=problem["what"], hint=problem["hint"] or ""
            )
        else:
            text = _(
                "{name} does not fit: it is forecast to hold {peak} of the {room} that there are."
            ).format(
                name=name,
                peak=size((entry.get("peak_memory_bytes") or {}).get("value")),
                room=size(entry.get("room_bytes")),
            )
        out.print(printable(text.strip()), markup=False, style="bold", soft_wrap=True)
        fitting = [way for way in entry.get("ways", ()) if way["fits"]]
        for way in fitting[:_MOST_WAYS]:
            setting = ", ".join(f"{key}: {value}" for key, value in way["settings"].items())
            line = _("would fit: {setting} ({peak})").format(
                setting=setting, peak=size(way["peak_bytes"])
            )
            out.print(printable(f"  {line}"), markup=False, soft_wrap=True)
    if not entry.get("fits_disk", True):
        text = _("{name}: its files may take {size}, and {free} are free on the disk.").format(
            name=name, size=size(entry["disk_bytes"]), free=size(machine["disk_free_bytes"])
        )
        out.print(printable(text), markup=False, style="bold", soft_wrap=True)


def measured_table(rows: Sequence[Json]) -> Table:
    """Forecasts beside what was measured."""
    from rich.text import Text

    from laras.report.sections.resources import quantity, source_in_words, what_in_words

    table = _table(
        _("Contender"), _("what"), _("forecast"), _("measured"), _("measured / forecast"), _("from")
    )
    for row in rows:
        table.add_row(
            Text(printable(row["contender"])),
            what_in_words(row["what"]),
            quantity(row["what"], row["forecast"]),
            quantity(row["what"], row["measured"]),
            significant(row["ratio"], 3),
            source_in_words(row["source"]),
        )
    return table
