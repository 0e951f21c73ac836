"""The sandbox's command line. Data goes to standard output, everything else to standard error."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from helmkit.errors import HelmkitError, InterruptedRunError, UsageError
from sandbox.building import build_parts
from sandbox.cluster import Sandbox, here
from sandbox.parts import PARTS, TEST_PARTS
from sandbox.places import DEFAULT_NAME
from sandbox.ports import DEFAULT_REGISTRY_PORT
from sandbox.progress import ConsoleProgress, clock_time
from sandbox.status import SandboxStatus, observe_status


def _examples(*lines: str) -> str:
    # The backspace tells click to leave the lines as they are.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _name_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--name", default=DEFAULT_NAME, show_default=True, help="Which sandbox; several can be up at once."
    )(command)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_examples(
        "python -m sandbox up",
        'eval "$(python -m sandbox env)"   # helm and kubectl of this shell use it',
        "helm list -A",
        "python -m sandbox down",
    ),
)
def cli() -> None:
    """A disposable but real Kubernetes control plane and OCI registry on loopback.

    etcd, the API server, the controller manager and the scheduler are the real ones, and so are quotas, RBAC and Pod
    Security. kwok plays three nodes: pods get ready, but nothing runs in them. Your kubeconfig and Helm's folders are
    never touched.
    """


@cli.command()
@click.option(
    "--tests", is_flag=True, help="Also what only the tests of this project run: cosign, about six minutes more."
)
def build(*, tests: bool) -> None:
    """Build the programs that are not in the cache yet.

    Needs Go, and takes about ten minutes on two cores the first time. They are kept in
    ~/.cache/chartgen-relman/sandbox (SANDBOX_CACHE), for every checkout.
    """
    build_parts(here().cache, os.environ, ConsoleProgress(sys.stderr), (*PARTS, *TEST_PARTS) if tests else PARTS)
    click.echo(f"all programs are in {here().cache}", err=True)


@cli.command(epilog=_examples("python -m sandbox up", "python -m sandbox up --name second --free-ports"))
@_name_option
@click.option(
    "--registry-port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_REGISTRY_PORT,
    show_default=True,
    help="The registry's port on 127.0.0.1. All others are free ones.",
)
@click.option("--free-ports", is_flag=True, help="Give the registry any free port as well.")
@click.option("--owner", type=int, metavar="PID", help="Go down when this process ends, however it ends.")
def up(*, name: str, registry_port: int, free_ports: bool, owner: int | None) -> None:
    """Start the sandbox, in about five seconds.

    Programs that are missing are built first. Does nothing if it is up. If some of its processes died, it is started
    anew. It starts empty: what was in it before `down`, or before a crash, is gone.
    """
    sandbox = Sandbox.up(
        name,
        free_ports=free_ports,
        registry_port=registry_port,
        owner=owner,
        progress=ConsoleProgress(sys.stderr),
    )
    option = "" if name == DEFAULT_NAME else f" --name {name}"
    if sandbox.outdated():
        click.echo(
            f"it was started by another version of this project; to renew it: python -m sandbox down{option}", err=True
        )
    click.echo(
        f"""
  kubeconfig   {sandbox.kubeconfig}
  registry     {sandbox.registry} (plain HTTP)

  eval "$(python -m sandbox env{option})"    use it from this shell: kubectl, helm
  python -m sandbox status{option}           what runs
  python -m sandbox down{option}             stop it and remove everything in it""",
        err=True,
    )


@cli.command()
@_name_option
def down(name: str) -> None:
    """Stop the sandbox and remove it, after a crash too."""
    began = time.monotonic()
    found = Sandbox.attach(name).down()
    spent = time.monotonic() - began
    click.echo(f'sandbox "{name}" is down ({spent:.1f} s)' if found else f'sandbox "{name}" was not up', err=True)


@cli.command()
@_name_option
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def status(context: click.Context, name: str, output: str) -> None:
    """Show each process, its port and health.

    Exit code 1 unless all is well.
    """
    found = observe_status(Sandbox.attach(name))
    click.echo(json.dumps(asdict(found), indent=2) if output == "json" else _table(found))
    context.exit(0 if found.state == "up" else 1)


@cli.command(epilog=_examples('eval "$(python -m sandbox env)"'))
@_name_option
def env(name: str) -> None:
    """Print exports for your shell: kubeconfig, PATH, Helm."""
    for variable, value in Sandbox.attach(name).environ.items():
        click.echo(f"export {variable}={shlex.quote(value)}")


@cli.command(epilog=_examples("python -m sandbox demo", "python -m sandbox demo --folder /tmp/demo"))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where its release manifest and charts go; emptied first.",
)
def demo(folder: Path) -> None:
    """Play the main job on a sandbox started anew: build, publish, install, upgrade, fail, restore, roll back."""
    from sandbox.demo.stage import run

    run(folder)


@cli.command(epilog=_examples("python -m sandbox images charts/spring-platform"))
@click.argument("umbrella", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--from", "listed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with image names."
)
@click.option("--platform", "platforms", multiple=True, help="os/architecture; linux/amd64 and linux/arm64 otherwise.")
@click.option(
    "--registry", envvar="SANDBOX_REGISTRY", show_envvar=True, help="Its host and port; that of --name otherwise."
)
@_name_option
def images(
    umbrella: Path | None, listed: Path | None, platforms: tuple[str, ...], registry: str | None, name: str
) -> None:
    """Put a tiny image into the registry for each one that the chart UMBRELLA names there.

    Images of other registries are left out, and so are tags that begin with "missing": those are what nobody pushed.
    """
    from sandbox.images import PLATFORMS, images_of, push_images, pushable

    if (umbrella is None) == (listed is None):
        message = "name either the folder of an umbrella chart, or a list with --from"
        raise UsageError(message, hint="python -m sandbox images charts/spring-platform")
    host = registry or Sandbox.attach(name).registry
    found = images_of(umbrella, host) if umbrella else pushable((listed or Path()).read_text().split(), host)
    asyncio.run(push_images(host, found, platforms or PLATFORMS))
    click.echo(f"{len(found)} images are in {host}", err=True)
    for image in found:
        click.echo(image)


def _table(found: SandboxStatus) -> str:
    lines = [f'sandbox "{found.name}" is {found.state}']
    if found.state == "up":
        lines[0] += f": Kubernetes {found.kubernetes}, registry {found.registry}"
    if found.processes:
        lines.append(f"{'PROCESS':<26}{'PID':>8}{'PORT':>8}{'AGE':>10}  HEALTHY")
    for process in found.processes:
        age = "-" if process.age_seconds is None else clock_time(process.age_seconds)
        well = "yes" if process.healthy else "no"
        lines.append(f"{process.name:<26}{process.pid:>8}{process.port or '-':>8}{age:>10}  {well}")
    return "\n".join(lines)


def main() -> None:
    """Run the command line; every error ends in its exit code and says what to do next."""
    try:
        code = cli.main(prog_name="python -m sandbox", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        code = InterruptedRunError.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except HelmkitError as error:
        click.echo(f"error: {error.message}" + (f"\n  {error.hint}" if error.hint else ""), err=True)
        code = error.exit_code
    sys.exit(code)
