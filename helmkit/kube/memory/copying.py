"""Copies of JSON data, several times faster than `copy.deepcopy`, which looks for cycles and shared parts first."""

from __future__ import annotations

from typing import TypeVar

Data = TypeVar("Data")


def copy_data(data: Data) -> Data:
    """Return a copy of maps and lists in which nothing is shared with the original but what cannot be changed."""
    if isinstance(data, dict):
        return {key: copy_data(value) for key, value in data.items()}  # type: ignore[return-value]  # still a dict
    if isinstance(data, list):
        return [copy_data(item) for item in data]  # type: ignore[return-value]  # still a list
    return data
