"""The frozen surface: verbs, options and public names change only together with this test."""

from __future__ import annotations

import click
import pytest

import laras
from laras.cli.main import VERBS, Verbs, program

WORK = {"recipe", "--set", "--run", "--quiet", "-q", "--json", "--lang"}
SEVERAL = {"--nproc", "--max-restarts", "--rank-timeout", "--shard"}
SURFACE = {
    "demo": WORK - {"recipe"},
    "init": {"folder", "data", "--preset", "--base", "--json", "--lang"},
    "run": WORK | SEVERAL | {"--allow-change"},
    "prepare": WORK,
    "plan": WORK | {"--rate-test"},
    "inspect": {
        *("run_folder", "wanted", "--split", "--rows", "--ledger", "--recount"),
        *("--json", "--lang"),
    },
    "models": {"--lang"},
    "search": WORK,
    "tune": WORK | SEVERAL | {"--allow-change"},
    "evaluate": WORK | {"--allow-change"},
    "benchmark": {
        *("run_folder", "--tasks", "--contender", "--limit", "--include", "--download"),
        *("--json", "--lang"),
    },
    "report": {"run_folder", "--json", "--lang"},
    "chat": {"run_folder", "--contender", "--temperature", "--max-new-tokens", "--lang"},
    "merge": {"run_folder", "folder", "--contender", "--json", "--lang"},
    "runs": {"--lang"},
    "reproduce": {"run", "--run", "--quiet", "-q", "--json", "--lang"},
    "doctor": {"--json", "--lang"},
    "schema": {"--lang"},
}


def options_of(command: click.Command) -> set[str]:
    return {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def test_the_verbs_are_these() -> None:
    assert list(VERBS) == list(SURFACE)


@pytest.mark.parametrize("verb", VERBS)
def test_the_options_of_each_verb_are_these(verb: str) -> None:
    group = program()
    assert isinstance(group, Verbs)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    assert options_of(command) == SURFACE[verb]


def test_the_verbs_about_models_are_these() -> None:
    group = program()
    assert isinstance(group, Verbs)
    models = group.get_command(click.Context(group), "models")
    assert isinstance(models, click.Group)
    assert {name: options_of(verb) for name, verb in models.commands.items()} == {
        "rank": WORK | {"more", "--models"}
    }


def test_the_verbs_about_runs_are_these() -> None:
    group = program()
    assert isinstance(group, Verbs)
    runs = group.get_command(click.Context(group), "runs")
    assert isinstance(runs, click.Group)
    talk = {"--json", "--lang"}
    assert {name: options_of(verb) for name, verb in runs.commands.items()} == {
        "list": {"folder", *talk},
        "show": {"run_folder", *talk},
        "verify": {"run_folder", *talk},
        "clean": {"run_folder", "--begun", "--yes", *talk},
    }


def test_the_group_itself_has_two_options() -> None:
    assert options_of(program()) == {"--lang", "--version"}


def test_the_public_names_are_these() -> None:
    assert laras.__all__ == [
        "LarasError",
        "Recipe",
        "Run",
        "__version__",
        "load_recipe",
        "plan",
        "prepare",
        "rank_models",
        "run",
        "search",
    ]


@pytest.mark.parametrize("name", laras.__all__)
def test_each_public_name_can_be_had(name: str) -> None:
    assert getattr(laras, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _value = laras.nothing_such
