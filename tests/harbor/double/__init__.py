"""A Harbor in this process: answers as Harbor 2.15.2 was recorded to answer, for what this project uses.

It listens on loopback and speaks HTTP like the real thing, so that clients are tested through their whole stack.
`tests/harbor/contract` states the facts it must keep; the same tests run against a real Harbor.
"""

from tests.harbor.double.harbor import HarborDouble
from tests.harbor.double.server import Fault

__all__ = ["Fault", "HarborDouble"]
