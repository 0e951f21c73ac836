"""What the sandbox is made of: programs, their pinned versions and how Go builds each. Pure data.

Programs whose modules replace other modules cannot be had with `go install PACKAGE@VERSION`. They are built through
a wrapper module of ours (go/<part>/go.mod and go.sum); the others come straight from their own module.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

GO_MODULES = Path(__file__).with_name("go")

MINIMUM_GO = (1, 26)
"""The oldest Go that builds every part; the `go` line of their modules says so."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A set of programs built together, from one module at one version."""

    name: str
    """Also the wrapper module's folder under go/, for parts that have one."""
    version: str
    """As the module's own tags write it, with the leading v."""
    packages: tuple[str, ...]
    """The Go packages of the programs."""
    programs: tuple[str, ...]
    """The files that come out, in the order of `packages`."""
    minutes: float
    """About how long a first build takes on two cores, downloads included."""
    stamps: tuple[tuple[str, str], ...] = ()
    """Variables the linker sets: without them a program does not know its own version."""
    wrapped: bool = False
    """Built through a wrapper module in go/."""


_KUBERNETES = "k8s.io/component-base/version"

PARTS: tuple[Part, ...] = (
    Part(
        name="helm",
        version="v4.3.1",
        packages=("helm.sh/helm/v4/cmd/helm",),
        programs=("helm",),
        minutes=2,
        stamps=(("helm.sh/helm/v4/internal/version.version", "v4.3.1"),),
    ),
    Part(
        name="helm3",
        version="v3.22.0",
        packages=("helm.sh/helm/v3/cmd/helm",),
        programs=("helm",),
        minutes=1,
        stamps=(("helm.sh/helm/v3/internal/version.version", "v3.22.0"),),
    ),
    Part(
        name="kubernetes",
        version="v1.36.3",
        packages=(
            "k8s.io/kubernetes/cmd/kube-apiserver",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
            "k8s.io/kubernetes/cmd/kube-scheduler",
            "k8s.io/kubernetes/cmd/kubectl",
        ),
        programs=("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"),
        minutes=5,
        # Without a version of its own the API server says v0.0.0, and every chart's kubeVersion check fails.
        stamps=(
            (f"{_KUBERNETES}.gitVersion", "v1.36.3"),
            (f"{_KUBERNETES}.gitMajor", "1"),
            (f"{_KUBERNETES}.gitMinor", "36"),
        ),
        wrapped=True,
    ),
    Part(
        name="etcd",
        version="v3.6.5",
        packages=("go.etcd.io/etcd/server/v3",),
        programs=("etcd",),
        minutes=0.5,
        wrapped=True,
    ),
    Part(
        name="kwok",
        version="v0.8.0",
        packages=("sigs.k8s.io/kwok/cmd/kwok",),
        programs=("kwok",),
        minutes=1,
    ),
    Part(
        name="registry",
        version="v3.1.0",
        packages=("github.com/distribution/distribution/v3/cmd/registry",),
        programs=("registry",),
        minutes=1,
        stamps=(("github.com/distribution/distribution/v3/version.version", "v3.1.0"),),
    ),
)
"""In the order they are built: helm first, because its users need not wait for the rest."""

TEST_PARTS: tuple[Part, ...] = (
    Part(
        name="cosign",
        version="v2.6.5",
        packages=("github.com/sigstore/cosign/v2/cmd/cosign",),
        programs=("cosign",),
        minutes=6,
    ),
)
"""What only the tests run. A sandbox starts without them, so that nobody who tries the demo waits for them."""


def wrapper_module(part: Part) -> Path:
    """Return the folder of the part's wrapper module (only wrapped parts have one)."""
    return GO_MODULES / part.name


def recipe_digest(part: Part) -> str:
    """Return 12 hex digits over all that decides what a build of the part gives, the machine's kind included.

    The version of Go is left out: a newer Go need not rebuild what works.
    """
    digest = hashlib.sha256(json.dumps(asdict(part), sort_keys=True).encode())
    digest.update(f"{platform.system()}/{platform.machine()}".encode())
    if part.wrapped:
        for name in ("go.mod", "go.sum"):
            digest.update((wrapper_module(part) / name).read_bytes())
    return digest.hexdigest()[:12]


def part_folder(part: Part) -> str:
    """Return the name of the part's folder in the cache: part, version and recipe digest."""
    return f"{part.name}-{part.version}-{recipe_digest(part)}"


def link_flags(part: Part) -> str:
    """Return the linker's flags: no debugging tables (a third of the size), and the version stamps."""
    return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in part.stamps)])
