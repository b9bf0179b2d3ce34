"""The order pip installs in: what is needed by others first.

The same weights as ``pip._internal.resolution.resolvelib.resolver.get_topological_weights``, so
that messages, and files of two packages that overwrite each other, come out as pip's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

MAX_VISITS = 5
"""Paths looked at for each node of a cycle; all of them would be exponentially many."""

Graph = Mapping[str | None, Collection[str]]
"""Identifier → identifiers it needs; None is the user."""


def installation_order(graph: Graph, wanted: Collection[str]) -> list[str]:
    """``wanted`` identifiers, dependencies first; of equals the last by name first, as pip does."""
    weights = _weights({node: set(children) for node, children in graph.items()}, wanted)
    return sorted(wanted, key=lambda name: (weights[name], name), reverse=True)


def _weights(graph: dict[str | None, set[str]], wanted: Collection[str]) -> dict[str, int]:
    """The larger, the deeper below the user. Takes ``graph`` apart."""
    weights: dict[str, list[int]] = {}
    while leaves := {node for node, children in graph.items() if node is not None and not children}:
        weight = len(graph) - 1
        weights.update((leaf, [weight]) for leaf in leaves if leaf in wanted)
        for leaf in leaves:
            del graph[leaf]
        for needed in graph.values():
            needed.difference_update(leaves)
    _visit(None, graph, wanted, weights, [])
    return {node: max(found) for node, found in weights.items()}


def _visit(
    node: str | None,
    graph: Mapping[str | None, set[str]],
    wanted: Collection[str],
    weights: dict[str, list[int]],
    path: list[str | None],
) -> None:
    """What is left has cycles: weigh each node by the longest path to it that meets no node twice."""
    if node in path or (node is not None and len(weights.get(node, ())) >= MAX_VISITS):
        return
    path.append(node)
    for child in sorted(graph[node]):
        _visit(child, graph, wanted, weights, path)
    path.pop()
    if node is not None and node in wanted:
        weights.setdefault(node, []).append(len(path))
