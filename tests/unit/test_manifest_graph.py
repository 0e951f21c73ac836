"""Order and cycles of a graph."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartgen.manifest.graph import find_cycles, in_order


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({}, []),
        ({"a": {"a"}}, [["a"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, [["a", "b", "c"]]),
        ({"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}, "e": {"a"}}, [["a", "b"], ["c", "d"]]),
        ({"a": {"b"}, "b": set()}, []),
        ({"a": {"missing"}}, []),
        # A chain that leads to a cycle is no part of it.
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]]),
    ],
)
def test_find_cycles(graph: dict[str, set[str]], expected: list[list[str]]) -> None:
    assert find_cycles(graph) == expected


NODES = st.sampled_from("abcdefg")


@settings(deadline=None)
@given(st.dictionaries(NODES, st.sets(NODES)))
def test_either_there_is_an_order_or_a_cycle_that_is_real(graph: dict[str, set[str]]) -> None:
    order, cycles = in_order(graph), find_cycles(graph)
    assert (len(order) == len(graph)) == (not cycles)
    for number, node in enumerate(order):
        assert graph[node] & graph.keys() <= set(order[:number])
    for cycle in cycles:
        assert all(after in graph[before] for before, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_long_chains_are_no_problem() -> None:
    chain = {f"n{number:05}": {f"n{number + 1:05}"} for number in range(5000)}
    assert len(in_order(chain)) == 5000
    assert len(find_cycles(chain | {"n05000": {"n00000"}})[0]) == 5001
