"""``laras schema``: the JSON Schema of recipes, for editors."""

from __future__ import annotations

import click

from laras.cli.options import language_option
from laras.cli.session import print_json
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="schema",
        help=_(
            "Print the JSON Schema of recipes. Saved beside a recipe and named in its first line, "
            "it makes editors complete and check what you write."
        ),
        short_help=_("Print the JSON Schema of recipes."),
    )
    @language_option()
    def schema() -> None:
        from laras.recipe.load import json_schema

        print_json(json_schema())

    return schema
