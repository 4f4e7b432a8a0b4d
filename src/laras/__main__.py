"""``python -m laras`` is ``laras``."""

from laras.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
