"""After a rollback or a restore: what of others is still on the live objects, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmkit.errors import HelmkitError
from relman.core.drift import foreign_fields, short_name
from relman.core.record import ObjectMark
from relman.observe.live import compare_all, get_live
from relman.observe.marks import reference
from relman.ports import ObjectStore


async def find_foreign(
    kube: ObjectStore, namespace: str, objects: Sequence[Mapping[str, Any]], marks: Mapping[str, ObjectMark]
) -> tuple[str, ...]:
    """Return what others left on the objects of a release: the fields, with the names of who set them.

    Only objects that others have written to are read. Failing to read them is no failure of the run: then the names
    alone are told.
    """
    touched = {ref: mark for ref, mark in marks.items() if mark.foreign}
    if not touched:
        return ()
    try:
        live = await get_live(kube, namespace, sorted(touched))
    except HelmkitError:
        return foreign_fields(touched)
    found = compare_all([item for item in objects if reference(item) in touched], live)
    told = {one.object for one in found}
    rest = {ref: mark for ref, mark in touched.items() if short_name(ref) not in told}
    return (*(sentence for one in found for sentence in one.sentences), *foreign_fields(rest))
