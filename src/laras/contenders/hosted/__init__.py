"""Contenders behind an endpoint: a model somewhere else, asked with prompts made here."""
