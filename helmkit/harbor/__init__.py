"""Harbor's management API (v2.0): projects, charts and who may do what.

    Harbor (client)  ->  Projects, Artifacts, Protection, Robots  ->  Transport

Pushing and pulling is `helmkit.oci`'s; both share one exchange, and so one connection pool.
"""

from helmkit.harbor.addresses import split_name, tag_of, version_of
from helmkit.harbor.client import Account, Harbor, is_harbor
from helmkit.harbor.errors import (
    ConflictError,
    CredentialsError,
    HarborError,
    ImmutableTagError,
    NotAllowedError,
    NotFoundError,
    NotHarborError,
    QuotaError,
    ReadOnlyError,
)
from helmkit.harbor.robots import NewSecret
from helmkit.harbor.transport import Credentials, Login

__all__ = [
    "Account",
    "ConflictError",
    "Credentials",
    "CredentialsError",
    "Harbor",
    "HarborError",
    "ImmutableTagError",
    "Login",
    "NewSecret",
    "NotAllowedError",
    "NotFoundError",
    "NotHarborError",
    "QuotaError",
    "ReadOnlyError",
    "is_harbor",
    "split_name",
    "tag_of",
    "version_of",
]
