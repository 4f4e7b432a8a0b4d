"""What training minimises: one file for each objective, which registers itself."""

from laras.objectives import classification, continued, supervised  # noqa: F401
