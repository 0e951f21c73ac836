"""Check `image`: every image exists, for the platforms of the nodes its pods may be put on (core, pure).

Only a registry's own "not found" refuses. One that does not answer, or does not let us in, may well let the nodes in:
that warns (T090, T091, T095). Nothing is said of images that are never pulled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relman.core.preflight.facts import Facts, ImageSeen, Node
from relman.core.preflight.finding import IMAGE, REFUSE, WARN, Finding, Severity
from relman.core.preflight.pods import PodMaker, pod_makers, runs_on


def check_images(facts: Facts) -> Iterator[Finding]:
    """Yield images that do not exist, not for the nodes' platforms, or about which nothing is known."""
    for maker in pod_makers(facts.moved):
        for image in pulled_images(maker):
            seen = facts.images.get(pull_key(maker, image))
            if seen is not None:
                yield from _judge(maker, image, seen, facts.nodes)


def pulled_images(maker: PodMaker) -> tuple[str, ...]:
    """Return the images a node may pull for these pods, each once, sorted."""
    containers = (one for one in maker.containers if one.get("imagePullPolicy") != "Never" and one.get("image"))
    return tuple(sorted({str(one["image"]) for one in containers}))


def pull_key(maker: PodMaker, image: str) -> tuple[str, str, str]:
    """Return what tells pulls with other credentials apart: namespace, who pulls, image."""
    return (maker.namespace, _account(maker), image)


def platforms_for(spec: Mapping[str, Any], nodes: tuple[Node, ...]) -> frozenset[str]:
    """Return the platforms of the nodes a pod may be put on, as far as its `nodeSelector` says."""
    return frozenset(node.platform for node in nodes if runs_on(spec, node.labels))


def _account(maker: PodMaker) -> str:
    # Pull secrets of the pod's own replace those of the account.
    return ",".join(maker.pull_secrets) or f"account {maker.account}"


def _judge(maker: PodMaker, image: str, seen: ImageSeen, nodes: tuple[Node, ...] | None) -> Iterator[Finding]:
    if seen.state == "missing":
        yield _finding(
            maker, REFUSE, seen.text or f"image {image} does not exist: its registry says so",
            "Push it, or name a version that exists in the release manifest; if all nodes hold it: --skip image",
        )  # fmt: skip
    elif seen.state == "denied":
        yield _finding(maker, WARN, *_denied(maker, image, seen))
    elif seen.state == "unreachable":
        yield _finding(
            maker, WARN, f"image {image} could not be checked: {seen.text}",
            "Nothing to do if the nodes reach the registry; its answer is what counts.",
        )  # fmt: skip
    elif seen.state == "there" and seen.platforms is not None and nodes:
        yield from _platforms(maker, image, seen.platforms, platforms_for(maker.spec, nodes))


def _denied(maker: PodMaker, image: str, seen: ImageSeen) -> tuple[str, str]:
    named = ", ".join(seen.missing_secrets)
    if named:
        why = f"the pull Secret {named} is missing in namespace {maker.namespace}, or says nothing of this registry"
        remedy = f"Write it: relman pull-secrets {maker.namespace} --registry … --username … --password-stdin"
    elif seen.anonymous:
        why = f"neither its pods nor service account {maker.account} of namespace {maker.namespace} name a pull Secret"
        remedy = "Name one (pull_secret of the registry in the release manifest), and create it in the namespace."
    else:
        why = "the pull Secret's account has no right to it, or it does not exist"
        remedy = "Check the account's rights in the registry's project, and the image's name."
    return f"image {image} could not be checked, the registry does not let its pods in: {why}", remedy


def _platforms(maker: PodMaker, image: str, has: frozenset[str], wanted: frozenset[str]) -> Iterator[Finding]:
    lacking = sorted(wanted - has)
    if not wanted or not lacking:
        return
    message = f"image {image} is made for {', '.join(sorted(has)) or 'no platform'}, not for {', '.join(lacking)}"
    if wanted & has:
        yield _finding(
            maker, WARN, f"{message}, which some of the nodes are",
            "Keep its pods on nodes it is made for (nodeSelector kubernetes.io/arch), or build it for all.",
        )  # fmt: skip
    else:
        yield _finding(
            maker, REFUSE, f"{message}, as all nodes are that its pods may be put on",
            "Build it for the nodes' platform: docker buildx build --platform " + ",".join(lacking),
        )  # fmt: skip


def _finding(maker: PodMaker, severity: Severity, message: str, remedy: str) -> Finding:
    return Finding(
        check=IMAGE, severity=severity, message=message, remedy=remedy, namespace=maker.namespace,
        services=(maker.service,),
    )  # fmt: skip
