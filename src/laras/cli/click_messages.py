"""The sentences that click itself says, listed here so that our catalogue translates them.

Click asks gettext's default text domain, which the command line sets to ours. Never called.
"""

from __future__ import annotations

from laras.translation import _, ngettext


def click_messages(count: int) -> list[str]:
    """Every message of click that our options and arguments can make it say."""
    return [
        _("Usage:"),
        _("Options"),
        _("Commands"),
        _("Positional arguments"),
        _("Show this message and exit."),
        _("Show the version and exit."),
        _("default: {default}"),
        _("Error: {message}"),
        _("Try '{command} {option}' for help."),
        _("No such option {name!r}."),
        _("No such command {name!r}."),
        _("Missing command."),
        _("Missing argument"),
        _("Missing option"),
        _("Invalid value: {message}"),
        _("Invalid value for {param_hint}: {message}"),
        _("Option {name!r} does not take a value."),
        _("Choose from:\n\t{choices}"),
        _("{value!r} is not a valid {number_type}."),
        _("{value} is not in the range {range}."),
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", count),
        ngettext(
            "Got unexpected extra argument ({args})",
            "Got unexpected extra arguments ({args})",
            count,
        ),
        ngettext(
            "Option {name!r} requires an argument.",
            "Option {name!r} requires {nargs} arguments.",
            count,
        ),
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", count),
    ]
