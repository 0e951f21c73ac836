"""What the demo does, as data: scenes of command lines, and what each must answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAILED_AND_RESTORED = 7
REFUSED = 9
CHANGES_PENDING = 3


@dataclass(frozen=True)
class Command:
    """One command line as a user would type it."""

    argv: tuple[str, ...]
    expect: int = 0
    """The exit code that the story depends on."""


@dataclass(frozen=True)
class Scene:
    """A few commands that belong together."""

    title: str
    why: str
    commands: tuple[Command, ...]


def _run(line: str, *more: str, expect: int = 0) -> Command:
    return Command((*line.split(), *more), expect)


def story(repository: str) -> Sequence[Scene]:
    """Return the scenes in order.

    Args:
        repository: Where the sandbox's registry holds the platform, `oci://host:port/charts/spring-platform`.
    """
    return (
        Scene(
            "Version 1.4.0: one file becomes charts",
            "releases.toml describes every service and where it runs; chartgen makes one umbrella chart of it.",
            (_run("chartgen build"), _run("chartgen push -e sandbox")),
        ),
        Scene(
            "Preflight: refused before anything moves, with everything at once",
            "No image was pushed yet, and a Secret that nacos needs is missing. relman looks first, and names both.",
            (
                _run(
                    f"relman upgrade --all --to 1.4.0 --from {repository} --plain-http -e sandbox -m",
                    "first installation",
                    expect=REFUSED,
                ),
                _run("python -m sandbox images charts/spring-platform"),
                _run("kubectl create namespace test-basic-nacos"),
                _run("kubectl -n test-basic-nacos create secret generic nacos-db --from-env-file=nacos-db.env"),
            ),
        ),
        Scene(
            "Install everything",
            "One Helm release per service, in the order of their dependencies, each waited for.",
            (
                _run(
                    f"relman upgrade --all --to 1.4.0 --from {repository} --plain-http -e sandbox -m",
                    "first installation",
                ),
            ),
        ),
        Scene(
            "Version 1.4.1: the daily change",
            "A developer changes one line. Exactly one service restarts; the diff says so before anything moves.",
            (
                _run("chartgen set test-id-generator=4"),
                _run("chartgen bump patch"),
                _run("chartgen build"),
                _run("python -m sandbox images charts/spring-platform"),
                _run("chartgen push -e sandbox"),
                _run("relman diff test-all-services --to 1.4.1 --exit-code", expect=CHANGES_PENDING),
                _run("relman upgrade test-all-services --to 1.4.1 -m", "id generator 4"),
            ),
        ),
        Scene(
            "What runs, since when, and why",
            "The history lives in the cluster, so every host tells the same.",
            (_run("relman status test-all-services"), _run("relman history test-all-services")),
        ),
        Scene(
            "Version 1.4.2: an image that does not exist",
            "The gateway gets version 2, and the id generator a tag that nobody pushed. Preflight refuses that. With "
            "the check skipped, the upgrade fails, says why, and puts back what it moved.",
            (
                _run("chartgen set test-id-generator=missing-5 data-dictionary-server=121 gateway=2"),
                _run("chartgen bump patch"),
                _run("chartgen build"),
                _run("python -m sandbox images charts/spring-platform"),
                _run("chartgen push -e sandbox"),
                _run("relman upgrade test-all-services --to 1.4.2 -m", "nightly build 5", expect=REFUSED),
                _run(
                    "relman upgrade test-all-services --to 1.4.2 --skip image -m",
                    "nightly build 5",
                    expect=FAILED_AND_RESTORED,
                ),
                _run("relman status test-all-services"),
            ),
        ),
        Scene(
            "At night: relman rollback gateway",
            "The gateway's own namespace takes 1.4.2 without trouble, but users complain. One command brings it back.",
            (
                _run("relman upgrade gateway --to 1.4.2 -m", "gateway 2"),
                _run("relman rollback gateway -m", "502s since gateway 2"),
                _run("relman history gateway"),
            ),
        ),
        Scene(
            "Back to 1.4.0",
            "A whole namespace goes back to a version of the platform, as one set.",
            (
                _run("relman rollback test-all-services --to 1.4.0 -m", "back to the known state"),
                _run("relman status test-all-services"),
            ),
        ),
    )
