"""Taking over what runs already: objects of kubectl apply, or of another Helm release, as they are (pure).

`claims` says what belongs to a service and to whom it belonged, `decide` makes the plan, `manifest` cuts the objects
as they are out of what is live.
"""

from __future__ import annotations

from relman.core.adoption.claims import Former, ServiceClaim
from relman.core.adoption.decide import AdoptRequest, decide_adopt
from relman.core.adoption.manifest import is_adopted, manifest_digest, manifest_objects, taken_over

__all__ = [
    "AdoptRequest",
    "Former",
    "ServiceClaim",
    "decide_adopt",
    "is_adopted",
    "manifest_digest",
    "manifest_objects",
    "taken_over",
]
