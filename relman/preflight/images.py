"""Ask for every image of the run once, with the rights its pods will have."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from helmkit.errors import HelmkitError
from helmkit.names import parse_image
from helmkit.oci import Credentials
from relman.core.plan import Plan
from relman.core.preflight.facts import ImageSeen, Moved
from relman.core.preflight.image import pull_key, pulled_images
from relman.core.preflight.pods import PodMaker, pod_makers
from relman.preflight.lookups import Lookups
from relman.preflight.ports import ImageLookup
from relman.preflight.pull_secrets import find_credentials

_AT_A_TIME = 16

_Question = tuple[str, tuple[Credentials, ...], bool]


@dataclass(frozen=True)
class _Pull:
    """One image as one kind of pod pulls it."""

    image: str
    credentials: tuple[Credentials, ...]
    without: tuple[str, ...]
    """Pull secrets that are missing, or say nothing of the registry."""


async def look_for_images(
    lookup: ImageLookup, moved: tuple[Moved, ...], lookups: Lookups, plan: Plan, plain_http: frozenset[str]
) -> dict[tuple[str, str, str], ImageSeen]:
    """Return what registries say, by `pull_key`.

    Args:
        lookup: Asks a registry.
        moved: What the run brings.
        lookups: Pull secrets and service accounts.
        plan: Tells which images run already; only of the others the platforms are asked for.
        plain_http: Registries declared to speak HTTP without TLS.
    """
    running = _running(plan)
    pulls = {
        pull_key(maker, image): _pull(maker, image, lookups)
        for maker in pod_makers(moved)
        for image in pulled_images(maker)
    }
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def ask(image: str, credentials: tuple[Credentials, ...]) -> ImageSeen:
        async with gate:
            plain = _registry(image) in plain_http
            try:
                return await lookup(image, credentials, plain_http=plain, platforms=image not in running)
            except HelmkitError as error:
                return ImageSeen("unreachable", text=error.message.partition("\n")[0])

    questions = list(dict.fromkeys((pull.image, pull.credentials) for pull in pulls.values()))
    answers = dict(zip(questions, await asyncio.gather(*(ask(*one) for one in questions)), strict=True))
    return {
        key: replace(answers[pull.image, pull.credentials], missing_secrets=pull.without) for key, pull in pulls.items()
    }


def _pull(maker: PodMaker, image: str, lookups: Lookups) -> _Pull:
    names = maker.pull_secrets or lookups.accounts.get((maker.namespace, maker.account), ())
    try:
        reference = parse_image(image)
    except ValueError:
        return _Pull(image, (), ())
    credentials: list[Credentials] = []
    without: list[str] = []
    for name in names:
        secret: Mapping[str, object] = lookups.pull_secrets.get((maker.namespace, name), {})
        found = find_credentials(secret, reference.registry, reference.repository)
        credentials += found
        if not found:
            without.append(name)
    return _Pull(image, tuple(credentials), tuple(without) if not credentials else ())


def _running(plan: Plan) -> frozenset[str]:
    good = (step.before.content for step in plan.steps if step.before and step.before.good)
    return frozenset(image for content in good if content for image in content.images)


def _registry(image: str) -> str:
    try:
        return parse_image(image).registry
    except ValueError:
        return ""
