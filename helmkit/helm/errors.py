"""What can go wrong when helm does something.

    HelmFailedError                 1  helm refused or failed, in its own words
    ├── ReleaseNotFoundError        1  there is no such release, or not that revision of it
    ├── ReleaseBusyError            1  another operation on the release is, or seems to be, in progress
    ├── RenderError                 1  the chart's templates or values are wrong
    ├── ImmutableFieldError         1  the change needs the object to be made anew
    ├── FieldConflictError          1  somebody else owns a field that helm wants to set
    └── OwnershipError              1  an object exists already and belongs to somebody else

Beside them, from `helmkit.errors`: UnreachableError, TimedOutError, ForbiddenError and UsageError.
"""

from __future__ import annotations

from helmkit.errors import HelmkitError


class HelmFailedError(HelmkitError):
    """Helm refused or failed; the message carries its own words, without secrets."""


class ReleaseNotFoundError(HelmFailedError):
    """There is no such release, or it has no such revision."""


class ReleaseBusyError(HelmFailedError):
    """The release is pending: another helm works on it, or one was killed while it did."""


class RenderError(HelmFailedError):
    """The chart cannot be rendered with these values."""


class ImmutableFieldError(HelmFailedError):
    """A field that cannot change differs; the object has to be deleted and made anew."""


class FieldConflictError(HelmFailedError):
    """Another field manager owns a field that helm wants to set (server-side apply without force)."""


class OwnershipError(HelmFailedError):
    """An object of that name exists and belongs to another release, or to none."""
