"""The lock of a release set: a Lease that its holder renews and whose expiry others observe."""

from relman.lock.breaking import Held, break_lock, held_locks
from relman.lock.lease import LockSettings, SetLock

__all__ = ["Held", "LockSettings", "SetLock", "break_lock", "held_locks"]
