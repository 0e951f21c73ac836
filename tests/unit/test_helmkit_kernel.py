"""Rules for the whole kernel: errors, imports, proxies."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import helmkit
import helmkit.errors
from helmkit.errors import HelmkitError, InputError, Position, Problem, UsageError
from helmkit.proxies import find_proxy


def subclasses(kind: type[HelmkitError]) -> list[type[HelmkitError]]:
    return [kind, *(found for sub in kind.__subclasses__() for found in subclasses(sub))]


def all_modules() -> list[str]:
    return [info.name for info in pkgutil.walk_packages(helmkit.__path__, "helmkit.")]


def test_every_error_is_documented_and_has_an_exit_code() -> None:
    for name in all_modules():
        importlib.import_module(name)
    for kind in subclasses(HelmkitError):
        assert kind.__doc__, kind
        assert 1 <= kind.exit_code <= 130
        module = sys.modules[kind.__module__]
        if kind.__module__.endswith(".errors"):
            assert kind.__name__ in (module.__doc__ or ""), f"{kind.__name__} is missing in its module's list"


def test_exit_codes_other_than_failed_and_usage_mean_one_thing() -> None:
    owners: dict[int, list[str]] = {}
    for kind in subclasses(HelmkitError):
        if "exit_code" in vars(kind):
            owners.setdefault(kind.exit_code, []).append(kind.__name__)
    assert {code: names for code, names in owners.items() if len(names) > 1} == {}


def test_input_errors_show_all_problems_by_place() -> None:
    problems = [
        Problem("third"),
        Problem("second", Position("b.toml", 2)),
        Problem("first", Position("a.toml", 10, 3), hint="say it"),
    ]
    error = InputError("releases.toml is wrong", problems)
    assert isinstance(error, UsageError)
    assert str(error).splitlines() == [
        "releases.toml is wrong: 3 problems",
        "a.toml:10:3: first",
        "    say it",
        "b.toml:2:1: second",
        "third",
    ]


HEAVY = ("pyhelm3", "pydantic", "lightkube", "httpx2", "rich", "jinja2", "harborapi")


@pytest.mark.parametrize(
    "module",
    ["helmkit.helm", "helmkit.kube", "helmkit.oci", "helmkit.console", "helmkit.helm.memory", "helmkit.kube.memory"],
)
def test_heavy_imports_wait_until_they_are_needed(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ONLY_IN = {
    "lightkube": {"kube/connection.py"},
    "h11": {"http/direct.py"},
    "httpx2": {"kube/connection.py", "kube/login.py", "http/pool.py"},
    "pyhelm3": {"helm/command.py"},
    "rich": {"console/progress.py"},
    "subprocess": {"process.py"},
}


def test_each_foreign_library_has_its_place() -> None:
    root = Path(helmkit.__path__[0])
    for path in root.rglob("*.py"):
        if "harbor" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                allowed = ONLY_IN.get(name.partition(".")[0])
                assert allowed is None or path.relative_to(root).as_posix() in allowed, f"{path} imports {name}"


def test_nothing_reads_the_process_environment() -> None:
    for path in Path(helmkit.__path__[0]).rglob("*.py"):
        assert "os.environ" not in path.read_text(), path
        assert "getenv" not in path.read_text(), path


PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://a.example/x", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://a.example/x", {"https_proxy": "proxy:3128"}, PROXY),
        ("http://a.example/x", {"HTTPS_PROXY": PROXY}, None),
        ("http://a.example/x", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://localhost:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://a.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None),
        ("https://a.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "b.example, A.example"}, None),
        ("https://x.a.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example"}, None),
        ("https://xa.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example"}, PROXY),
        ("https://a.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".a.example"}, PROXY),
        ("https://x.a.example", {"HTTPS_PROXY": PROXY, "no_proxy": ".a.example"}, None),
        ("https://a.example:8443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example:443"}, PROXY),
        ("https://a.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a.example:443"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, PROXY),
        ("https://11.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "nonsense/8"}, PROXY),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.1.2.3"}, None),
        ("https://a.example", {}, None),
    ],
)
def test_proxies_are_chosen_as_go_does_it(url: str, environ: dict[str, str], expected: str | None) -> None:
    assert find_proxy(url, environ) == expected
