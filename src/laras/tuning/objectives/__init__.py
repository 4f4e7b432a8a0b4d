"""What training minimises: one file for each objective, which registers itself."""

from laras.tuning.objectives import classification, continued, supervised  # noqa: F401
