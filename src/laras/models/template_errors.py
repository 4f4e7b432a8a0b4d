"""What may go wrong with a chat template, for both sides of the process in which it runs."""

from __future__ import annotations


class TemplateObjection(Exception):
    """The template raised an exception of its own about the messages; the text is its message."""


class BrokenTemplate(Exception):
    """The template is wrong, takes more than it may, or killed the process in which it ran."""
