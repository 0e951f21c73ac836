"""Which line of the release manifest changed what Kubernetes does not let an upgrade change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chartgen.build.versions import FrozenField
from chartgen.manifest.keypath import KeyPath
from chartgen.manifest.whereabouts import Spot, find_positions
from helmkit.errors import Position

_SAID: Mapping[str, KeyPath] = {
    "spec.volumeClaimTemplates": ("claims",),
    "spec.serviceName": ("headless", "name"),
    "spec.podManagementPolicy": ("pod_management",),
    "spec.selector": ("selector",),
    "spec.clusterIP": ("headless",),
}
"""What of a service decides a field."""


def find_frozen(
    frozen: Sequence[FrozenField], contents: Mapping[str, str | bytes], shown_in: str
) -> dict[FrozenField, Position]:
    """Return where the refused changes stand, the service's table where no single key decides."""
    spots = {one: _spot(one) for one in frozen}
    places = find_positions(contents, spots.values(), shown_in)
    return {one: places[spot] for one, spot in spots.items() if spot in places}


def _spot(one: FrozenField) -> Spot:
    change = one.refused.changes[0]
    path = _SAID.get(change.field, ())
    if path == ("claims",):
        from helmkit.immutable import parse_claims

        old, new = parse_claims(change.old), parse_claims(change.new)
        differing = [name for name in new if new[name] != old.get(name)]
        path = (*path, differing[0]) if differing else path
    return Spot(one.environments[0], one.service, path)
