"""Check the Secrets that images are pulled with, create the missing ones and renew the others (T091).

New credentials are shown to the registry first: nothing changes before it let them in. So that pulling never stops, the
old ones must hold until every namespace has the new ones; that is why a robot is replaced by another one rather than
given a new secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from helmkit.bom import EnvironmentEntry, NamespaceEntry
from helmkit.errors import ForbiddenError, PreflightError, UsageError
from helmkit.kube import AlreadyExistsError, ConflictError
from helmkit.oci import Credentials
from relman.actions.binding import check_cluster
from relman.actions.inventory import Inventory, load_inventory
from relman.actions.ports import World
from relman.actions.upgrade import UpgradeOptions, decide_environment, load_wanted
from relman.core.pull_secrets import (
    PullNeed,
    build_pull_secret,
    covers,
    other_registries,
    pull_needs,
    pulled_with,
    registry_of,
)
from relman.core.wanted import environment_of
from relman.preflight.pull_secrets import find_credentials

State = Literal[
    "good", "refused", "unchecked", "missing", "says nothing", "unseen", "to create", "to update", "created", "updated",
    "unchanged",
]  # fmt: skip
PENDING = frozenset({"refused", "missing", "says nothing", "to create", "to update"})
"""States that somebody has to do something about."""
_ATTEMPTS = 3
_MANAGER = "relman"


class Login(Protocol):
    """Shows credentials to a registry."""

    async def __call__(self, image: str, credentials: Credentials, *, plain_http: bool) -> tuple[str, str]:
        """Return `good`, `refused` or `unchecked`, and why.

        Args:
            image: What is to be pulled with them.
            credentials: They alone are shown.
            plain_http: The registry was declared to speak HTTP without TLS.
        """


@dataclass(frozen=True)
class NewCredentials:
    """An account that pulls from one registry."""

    registry: str
    credentials: Credentials


@dataclass(frozen=True)
class PullSecretState:
    """One pull Secret of one namespace, for one registry."""

    namespace: str
    secret: str
    registry: str
    state: State
    detail: str = ""
    services: tuple[str, ...] = ()


async def pull_secrets(
    world: World, options: UpgradeOptions, login: Login, new: NewCredentials | None = None
) -> list[PullSecretState]:
    """Look at the pull Secrets of an environment; with new credentials, put them where they belong. Idempotent.

    Args:
        world: The ports.
        options: Version (empty: the newest that was installed), source, environment, and the one namespace that is
            meant; `dry_run` changes nothing.
        login: Shows credentials to registries.
        new: What to put into the Secrets of its registry.

    Raises:
        UsageError: The platform declares no Secret for that registry, or one that is there has another type.
        PreflightError: The registry refuses the new credentials; nothing was changed.
        HelmkitError: Something cannot be read or written.
    """
    inventory = await load_inventory(world.kube, namespace=options.namespace)
    if not options.version:
        options = replace(options, version=_installed_version(inventory))
    _, platform = await load_wanted(world, options)
    bom = platform.bom
    environment = decide_environment(
        options, bom, {one.namespace: one for one in inventory.records if one.platform == bom.platform}
    )
    entry = environment_of(bom, environment)
    await check_cluster(world, entry, environment)
    needs = pull_needs(entry, options.namespace)
    if new is None:
        return list(await asyncio.gather(*(_look(world, entry, need, login) for need in needs)))
    chosen = _chosen(needs, new)
    planned = await asyncio.gather(*(_plan(world, need, new, bom.platform) for need in chosen))
    if any(body for body in planned):
        await _try_out(entry, chosen, new, login)
    done = [_report(need, body, done=False) for need, body in zip(chosen, planned, strict=True)]
    if options.dry_run:
        return done
    return list(
        await asyncio.gather(
            *(_put(world, entry, need, body, new, bom.platform) for need, body in zip(chosen, planned, strict=True))
        )
    )


def _installed_version(inventory: Inventory) -> str:
    if not inventory.records:
        message = "nothing is installed here that would tell which Secrets are needed"
        raise UsageError(message, hint="Name the version that is to be installed: --to 1.4.2 --from … -e ….")
    return max(inventory.records, key=lambda record: record.started).version


def _chosen(needs: Sequence[PullNeed], new: NewCredentials) -> list[PullNeed]:
    chosen = [need for need in needs if need.registry == registry_of(new.registry)]
    if not chosen:
        declared = ", ".join(other_registries(list(needs), new.registry)) or "none"
        message = f"no image that is meant is pulled from {new.registry} with a Secret"
        hint = (
            f'Registries with one: {declared}. In releases.toml: [registries] x = {{ host = "…", pull_secret = "…" }}.'
        )
        raise UsageError(message, hint=hint)
    return chosen


async def _look(world: World, entry: EnvironmentEntry, need: PullNeed, login: Login) -> PullSecretState:
    def found(state: State, detail: str = "") -> PullSecretState:
        return PullSecretState(need.namespace, need.secret, need.registry, state, detail, need.services)

    try:
        secret = await _read(world, need)
    except ForbiddenError as error:
        return found("unseen", error.message)
    if secret is None:
        return found("missing")
    repository = need.image.partition("/")[2].partition("@")[0].rpartition(":")[0]
    held = find_credentials(secret, need.registry, repository)
    if not held or not covers(secret, need.registry):
        return found("says nothing", f"it has no credentials for {need.registry}")
    state, why = await login(need.image, held[0], plain_http=need.registry in entry.plain_http_registries)
    return found("good" if state == "good" else "refused" if state == "refused" else "unchecked", why)


async def _plan(world: World, need: PullNeed, new: NewCredentials, platform: str) -> dict[str, Any] | None:
    who = new.credentials
    return build_pull_secret(need, await _read(world, need), who.username, who.password, platform)


async def _try_out(entry: EnvironmentEntry, needs: Sequence[PullNeed], new: NewCredentials, login: Login) -> None:
    """Show new credentials for everything that is pulled with them: an account of one project sees no other."""
    plain_http = needs[0].registry in entry.plain_http_registries
    images = pulled_with(entry, needs)
    said = await asyncio.gather(*(login(image, new.credentials, plain_http=plain_http) for image in images))
    refused = [(image, why) for image, (state, why) in zip(images, said, strict=True) if state == "refused"]
    if refused:
        shown = ", ".join(image for image, _ in refused)
        message = f"{needs[0].registry} does not let the new account pull {shown}: {refused[0][1]}; nothing was changed"
        raise PreflightError(message, hint="Check the user name and the secret, and the account's right to pull.")


async def _put(
    world: World,
    entry: EnvironmentEntry,
    need: PullNeed,
    body: dict[str, Any] | None,
    new: NewCredentials,
    platform: str,
) -> PullSecretState:
    if body is None:
        return _report(need, None, done=True)
    namespace = entry.namespaces.get(need.namespace, NamespaceEntry())
    await world.kube.ensure_namespace(need.namespace, namespace.labels, namespace.annotations)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            if "resourceVersion" in body["metadata"]:
                await world.kube.replace_object(body, field_manager=_MANAGER)
            else:
                await world.kube.create_object(body, field_manager=_MANAGER)
        except (ConflictError, AlreadyExistsError):
            # Somebody wrote it at the same time: their other entries must not be lost.
            if attempt == _ATTEMPTS:
                raise
            again = await _plan(world, need, new, platform)
            if again is None:
                break
            body = again
        else:
            break
    return _report(need, body, done=True)


def _report(need: PullNeed, body: dict[str, Any] | None, *, done: bool) -> PullSecretState:
    state: State = "unchanged"
    if body is not None:
        existed = "resourceVersion" in body["metadata"]
        state = ("updated" if existed else "created") if done else ("to update" if existed else "to create")
    return PullSecretState(need.namespace, need.secret, need.registry, state, "", need.services)


async def _read(world: World, need: PullNeed) -> dict[str, Any] | None:
    return await world.kube.get_object("v1", "Secret", need.namespace, need.secret)
