"""Finding a Go that is new enough. The only place that knows how Go is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from helmkit.errors import UsageError
from sandbox.parts import MINIMUM_GO

# Where Go's own installer puts it; CI shells often lack it on PATH.
_USUAL_PLACE = "/usr/local/go/bin"
_NEEDED = ".".join(str(number) for number in MINIMUM_GO)
_REMEDY = (
    f"install Go {_NEEDED} or newer (https://go.dev/doc/install) and run `python -m sandbox build` again; "
    "it is needed once, to build the sandbox's programs"
)


def find_go(environ: Mapping[str, str]) -> Path:
    """Return the path of a `go` that can build every part.

    An older Go that may fetch a newer toolchain by itself (GOTOOLCHAIN is not `local`) counts as one.

    Raises:
        UsageError: There is no Go, or it is too old.
    """
    path = shutil.which("go", path=f"{environ.get('PATH', '')}:{_USUAL_PLACE}")
    if path is None:
        raise UsageError("the sandbox's programs cannot be built: there is no `go` on PATH", hint=_REMEDY)
    version, switching = _ask(path, environ)
    if not new_enough(version, switching):
        message = f"the sandbox's programs cannot be built: {path} is {version}, and {_NEEDED} is needed"
        raise UsageError(message, hint=_REMEDY)
    return Path(path)


def new_enough(version: str, switching: str) -> bool:
    """Tell whether a Go of this GOVERSION and GOTOOLCHAIN can build the parts.

    >>> new_enough("go1.26.8", "local"), new_enough("go1.25.1", "local"), new_enough("go1.25.1", "auto")
    (True, False, True)
    """
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    if numbers is None:
        # A development version: let it try.
        return version.startswith("devel")
    if (int(numbers[1]), int(numbers[2])) >= MINIMUM_GO:
        return True
    return bool(switching) and not switching.startswith("local")


def _ask(path: str, environ: Mapping[str, str]) -> tuple[str, str]:
    # Outside any module, or a go.mod nearby would decide which toolchain answers.
    try:
        answer = subprocess.run(
            [path, "env", "GOVERSION", "GOTOOLCHAIN"],
            cwd="/",
            env=dict(environ),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"the sandbox's programs cannot be built: {path} does not run: {error}"
        raise UsageError(message, hint=_REMEDY) from error
    version, switching = (*answer.stdout.split("\n"), "", "")[:2]
    return version, switching
