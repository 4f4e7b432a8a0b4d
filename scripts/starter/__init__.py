"""From raw text to the starter model: each step of ``pretrain_starter.py`` in a file of its own."""
