"""The lock of a release set: a Lease that its holder renews and whose expiry others observe."""

from relman.lock.lease import LockSettings, SetLock

__all__ = ["LockSettings", "SetLock"]
