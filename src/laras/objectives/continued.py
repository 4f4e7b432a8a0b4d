"""Continued pretraining: the next token of texts, every one of them.

The loss is that of supervised tuning; what differs is which examples count, and how they are laid
(``batches/encode.py``). A text begins with the model's beginning token (its end token where it has
none, which is what stands between texts in pretraining) and ends with the end token, which is
learnt: a model that never saw where texts end does not stop. One that is longer than the context
becomes windows that share one token, so that each token is learnt once, a window does not pretend
to be the beginning of a text, and none but the last claims that the text ends there. Texts that
share a row do not see each other.
"""

from __future__ import annotations

from laras.objectives.objective import objectives
from laras.objectives.supervised import NextToken

objectives.register("continued", NextToken(frozenset({"text"})))
