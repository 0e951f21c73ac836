"""Chart values in the order in which their fields are described, so that every values.yaml reads alike."""

from __future__ import annotations

from collections.abc import Iterable

from chartgen.archetypes.archetype import ValueField, Values


def in_field_order(values: Values, fields: Iterable[ValueField]) -> Values:
    """Return `values` in the order of `fields`.

    Raises:
        KeyError: A value has no field, so it would have neither documentation nor schema.
    """
    ordered = {field.key: values[field.key] for field in fields if field.key in values}
    missing = values.keys() - ordered.keys()
    if missing:
        msg = f"chart values without a field: {', '.join(sorted(missing))}"
        raise KeyError(msg)
    return ordered
