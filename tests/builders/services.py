"""Arbitrary legal services, for property tests: tables of the release manifest, and the text they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Table = dict[str, Any]

TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff$", include_characters="\n\t"),
    max_size=12,
)
"""Texts that Helm hands through, without uses of variables."""
WORDS = st.text(st.sampled_from("abcxyz019"), min_size=1, max_size=8)
SECONDS = st.integers(0, 900).map(lambda seconds: f"{seconds}s")
CONTENTS = st.one_of(TEXT.map(str.encode), st.binary(max_size=20), st.just(b"a: {{ .Values }}\r\n\tb\n \n"))
"""Of configuration files: texts and others."""
LABEL_VALUES = st.sampled_from(["", "a", "on", "1e3", "A-b_c.d", "0123"])

_IMAGE = {"registry": "hub", "repository": "team/app"}
_TAGS = st.sampled_from(["1", "1e3", "0595464", "v1.2.3-rc.1", "_"])


def _some(strategy: st.SearchStrategy[Any], keys: Sequence[str] = "abc", least: int = 0) -> st.SearchStrategy[Table]:
    return st.dictionaries(st.sampled_from(keys), strategy, min_size=least, max_size=2)


TOLERATIONS = _some(
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"key": st.just("example.com/gpu"), "value": LABEL_VALUES}),
        st.fixed_dictionaries({"effect": st.just("NoExecute"), "seconds": st.integers(0, 10**7)}),
    )
)
_POLICY = st.one_of(
    st.fixed_dictionaries({"pods": st.integers(1, 2**31 - 1)}, optional={"period": st.just("30m")}),
    st.fixed_dictionaries({"percent": st.integers(1, 10**6)}),
)
_RULE = st.fixed_dictionaries(
    {},
    optional={
        "stabilization": st.integers(0, 3600).map(lambda seconds: f"{seconds}s"),
        "policies": _some(_POLICY),
        "select": st.sampled_from(["Max", "Min", "Disabled"]),
    },
)
AUTOSCALING = st.fixed_dictionaries(
    {"min": st.integers(1, 3), "max": st.integers(3, 10**7), "memory": st.integers(1, 300)},
    optional={"cpu": st.one_of(st.just(False), st.integers(1, 10**6)), "scale_up": _RULE, "scale_down": _RULE},
)
ENV = _some(
    st.one_of(TEXT, st.just({"secret": "s", "key": "k"}), st.just({"field": "status.podIP"})), keys=["A", "B.c", "D-e"]
)
ENV_FROM = _some(st.sampled_from([{"secret": "all", "prefix": "P_"}, {"configmap": "all", "optional": True}]))
VOLUMES = st.fixed_dictionaries(
    {},
    optional={
        "logs": st.fixed_dictionaries(
            {"mount": st.just("/logs"), "host_path": st.just("/data"), "per_pod": st.booleans()},
            optional={"sub_path": st.sampled_from(["a", "a$(B)", "a/b/"])},
        ),
        "scratch": st.just({"mount": "/scratch", "empty": {"size": "1Gi", "memory": True}}),
        "share": st.just({"mount": "/share", "nfs": {"server": "nfs", "path": "/"}, "per_pod": True}),
    },
)
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "many": st.just({"from": "config/many", "mount": "/etc/many"}),
        "one": st.just({"from": "config/one.txt", "mount": "/etc/one.txt", "executable": True}),
    },
)
_BESIDE: dict[str, Any] = {"image": st.just(_IMAGE), "version": _TAGS}
_BESIDE_MORE: dict[str, Any] = {
    "command": st.lists(TEXT, max_size=2),
    "args": st.lists(TEXT, max_size=2),
    "env": ENV,
    "env_from": ENV_FROM,
    "resources": st.sampled_from([{}, {"memory": "64Mi", "cpu": "10m"}]),
}
INIT_CONTAINERS = _some(st.fixed_dictionaries(_BESIDE, optional=_BESIDE_MORE), keys=["init-a", "init-b"])
SIDECARS = _some(
    st.fixed_dictionaries(
        {**_BESIDE, "ports": st.just({"side": 9001})},
        optional={
            **_BESIDE_MORE,
            "before_init_containers": st.booleans(),
            "probes": st.sampled_from([{}, {"exec": ["true"]}, {"path": "/", "liveness": False}]),
        },
    ),
    keys=["side"],
)
SKYWALKING = st.one_of(
    st.fixed_dictionaries({"collector": TEXT, "path": st.just("/agent.jar")}, optional={"namespace": WORDS}),
    st.fixed_dictionaries(
        {"collector": st.just({"endpoint": "db", "port": "mysql"}), "image": st.just(_IMAGE), "version": _TAGS}
    ),
)
JVM = st.fixed_dictionaries(
    {},
    optional={
        "heap": st.one_of(st.just(False), st.integers(1, 100).map(lambda percent: f"{percent}%")),
        "heap_option": st.sampled_from(["Xmx", "MaxRAMPercentage"]),
        "options": st.lists(TEXT, max_size=2),
    },
)
_OPTIONAL: dict[str, Any] = {
    "tolerations": TOLERATIONS,
    "spread": st.sampled_from(["preferred", "required", "none"]),
    "spread_zones": st.sampled_from(["preferred", "required", "none"]),
    "time_zone": st.just("Asia/Shanghai"),
    "env": ENV,
    "env_from": ENV_FROM,
    "volumes": VOLUMES,
    "config": CONFIG,
    "init_containers": INIT_CONTAINERS,
    "sidecars": SIDECARS,
    "spring_boot": st.sampled_from(["1.5", "2.1", "2.3.0", "3.4.2"]),
    "profiles": st.lists(WORDS, max_size=2),
    "discovery": st.sampled_from(["eureka", "nacos", "none"]),
    "deregister": st.lists(TEXT, min_size=1, max_size=3),
    "drain": SECONDS,
    "graceful": SECONDS,
    "jvm": JVM,
    "skywalking": SKYWALKING,
    "selector": st.dictionaries(
        st.sampled_from(["app", "release", "app.kubernetes.io/name", "app.kubernetes.io/version"]),
        LABEL_VALUES,
        min_size=1,
    ),
}


@st.composite
def services(draw: st.DrawFn) -> Table:
    """Return one legal service of either archetype that has pods, with any of the words a pod may have."""
    table: Table = {
        "image": _IMAGE,
        "version": draw(_TAGS),
        "resources": {"memory": "1Gi", "cpu": "250m"},
        "ports": {"http": 8080},
        **draw(st.fixed_dictionaries({}, optional=_OPTIONAL)),
    }
    if draw(st.booleans()):
        table |= {"archetype": "spring-service", "namespace": "data"}
    else:
        table |= {"archetype": "statefulset-infra", "namespace": "data", "ordinals_start": draw(st.integers(0, 10**6))}
        table |= draw(st.sampled_from([{"persistent": False}, {"claims": {"keep": {"mount": "/keep", "size": "1Gi"}}}]))
    scaled = draw(st.booleans())
    return {**table, **({"autoscaling": draw(AUTOSCALING)} if scaled else {"replicas": draw(st.integers(0, 10**6))})}


def write_toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_toml(key)} = {write_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(_escaped(char) for char in value) + '"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _escaped(char: str) -> str:
    plain = " " <= char <= "~" and char not in '"\\'
    return char if plain else f"\\U{ord(char):08X}"
