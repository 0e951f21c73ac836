"""Environment variables as chart values, and the order that `$(NAME)` needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chartgen.archetypes.workload.environment import build_env
from chartgen.manifest.env_order import ordered, uses
from chartgen.manifest.resolved import OwnPeers, OwnReplicas, ResolvedEnvValue
from chartgen.vocabulary.env import ConfigMapReference, FieldReference, SecretReference

PEERS = OwnPeers(port=8848, format="http://$(USER)@{host}:{port}", join=",", host_form="fqdn")


def test_references_keep_kubernetes_own_words() -> None:
    env: dict[str, ResolvedEnvValue] = {
        "IP": FieldReference(field="status.podIP"),
        "PASSWORD": SecretReference(secret="db", key="password", optional=True),
        "MODE": ConfigMapReference(configmap="settings", key="mode"),
        "PEERS": PEERS,
        "COUNT": OwnReplicas(),
    }
    assert build_env(env)["env"] == {
        "COUNT": {"ownReplicas": True},
        "IP": {"fieldRef": {"fieldPath": "status.podIP"}},
        "MODE": {"configMapKeyRef": {"name": "settings", "key": "mode"}},
        "PASSWORD": {"secretKeyRef": {"name": "db", "optional": True, "key": "password"}},
        "PEERS": {"ownPeers": {"port": 8848, "format": PEERS.format, "join": ",", "host": "fqdn"}},
    }


def test_there_is_no_order_without_need() -> None:
    assert "envOrder" not in build_env({"B": "1", "A": "2 $$(B)"})


def test_order_names_the_texts_that_others_use() -> None:
    env = ordered({"URL": "$(HOST)/x", "HOST": "$(NAME):$(PORT)", "NAME": "db", "PORT": "1", "OTHER": "x"})
    assert build_env(env)["envOrder"] == ["NAME", "PORT", "HOST"]


def test_references_are_never_in_the_order() -> None:
    env = ordered({"USER": SecretReference(secret="s", key="u"), "URL": "http://$(USER)@x"})
    assert "envOrder" not in build_env(env)


def test_computed_lists_may_be_used_and_use_others() -> None:
    env = ordered({"ALL": "x $(PEERS)", "PEERS": PEERS, "USER": "me"})
    assert build_env(env)["envOrder"] == ["USER", "PEERS"]


def test_a_time_zone_is_a_variable_unless_the_service_says_it() -> None:
    assert build_env({}, "Asia/Shanghai")["env"] == {"TZ": "Asia/Shanghai"}
    assert build_env({"TZ": "UTC"}, "Asia/Shanghai")["env"] == {"TZ": "UTC"}


NAMES = st.sampled_from("ABCDEFGH")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=8))
def test_everything_stands_after_what_it_uses(graph: dict[str, list[str]]) -> None:
    """The chart's order (references, envOrder, the rest by name) never puts a text before what it uses."""
    acyclic = {name: [used for used in found if used > name and used in graph] for name, found in graph.items()}
    env = ordered({name: "".join(f"$({used})" for used in found) + "." for name, found in acyclic.items()})
    values = build_env(env)
    order = values.get("envOrder", [])
    rendered = [*order, *(name for name in values["env"] if name not in order)]
    assert sorted(rendered) == sorted(graph)
    for name, text in env.items():
        assert all(rendered.index(used) < rendered.index(name) for used in uses(str(text)))
