"""The graph of dependencies: an order to work in, and cycles as people can follow them. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

Graph = Mapping[str, AbstractSet[str]]
"""Each node with those it depends on. Names that are no nodes are ignored."""


def in_order(graph: Graph) -> list[str]:
    """Return all nodes, each after those it depends on, ties by name; nodes in or behind a cycle are left out."""
    users: dict[str, list[str]] = {}
    waiting: dict[str, int] = {}
    for node, needed in graph.items():
        known = [other for other in needed if other in graph]
        waiting[node] = len(known)
        for other in known:
            users.setdefault(other, []).append(node)
    ready = [node for node, count in waiting.items() if not count]
    heapq.heapify(ready)
    result = []
    while ready:
        node = heapq.heappop(ready)
        result.append(node)
        for user in users.get(node, ()):
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    return result


def find_cycles(graph: Graph) -> list[list[str]]:
    """Return a shortest cycle for each knot of mutual dependencies, starting with its smallest name.

    `["a", "b", "c"]` means a -> b -> c -> a. Cutting every returned cycle need not be enough when knots are thick;
    the next run shows what is left.
    """
    left = {node: graph[node] for node in graph.keys() - set(in_order(graph))}
    cycles = []
    while left:
        start = min(left)
        cycle = _shortest_cycle(start, left)
        if cycle:
            cycles.append(cycle)
            drop = _reachable(start, left) & _reaching(start, left)
        else:
            drop = {start}
        left = {node: needed for node, needed in left.items() if node not in drop}
    return cycles


def _shortest_cycle(start: str, graph: Graph) -> list[str]:
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in sorted(graph[node]):
            if other == start:
                path = [node]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if other in graph and other not in came_from:
                came_from[other] = node
                queue.append(other)
    return []


def _reachable(start: str, graph: Graph) -> set[str]:
    seen = {start}
    queue = deque([start])
    while queue:
        for other in graph[queue.popleft()]:
            if other in graph and other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def _reaching(start: str, graph: Graph) -> set[str]:
    backwards: dict[str, set[str]] = {node: set() for node in graph}
    for node, needed in graph.items():
        for other in needed:
            if other in backwards:
                backwards[other].add(node)
    return _reachable(start, backwards)
