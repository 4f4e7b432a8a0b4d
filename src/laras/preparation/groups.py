"""Which rows belong together: a disjoint-set forest over names (Tarjan 1975)."""

from __future__ import annotations


class Groups:
    """Names joined into groups; a group is called by the smallest of its names.

    The smallest, so that a group keeps its name, and with it its split, when rows are added.
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def name_of(self, name: str) -> str:
        """The group that ``name`` is in; an unknown name is a group of its own."""
        root = self._parent.setdefault(name, name)
        while root != self._parent[root]:
            root = self._parent[root]
        while name != root:
            self._parent[name], name = root, self._parent[name]
        return root

    def join(self, left: str, right: str) -> None:
        """From now on, both are in the same group."""
        first, second = sorted((self.name_of(left), self.name_of(right)))
        self._parent[second] = first


GIVEN = "group:"
"""Before a group that the data names, lest a customer "7" meets a record "7"."""
