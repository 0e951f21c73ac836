"""The charts through the real helm, 4 and 3: what they render, what they refuse, and that no byte is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chartgen.build import BuiltPlatform, build_platform
from chartgen.build.split import merge_values, split_values
from chartgen.manifest.load import load_platform
from helmkit.charts import write_chart
from helmkit.yaml import dump_yaml
from sandbox.cluster import Sandbox
from tests.builders.helm import all_tags, objects, refusal, render, run, write
from tests.builders.releases import EXTERNAL, SPRING, STATEFUL, build

CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").iterdir())


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def built(request: pytest.FixtureRequest) -> BuiltPlatform:
    return build_platform(load_platform(request.param))


def test_helm_3_and_4_lint_and_render_alike(sandbox: Sandbox, built: BuiltPlatform, tmp_path: Path) -> None:
    umbrella = write(built, tmp_path)
    for name, values in built.environments.items():
        free = {key: value for key, value in values.items() if key != "misplaced"}
        (tmp_path / "values.yaml").write_text(dump_yaml(free))
        for helm in (sandbox.helm, sandbox.helm3):
            done = run(
                sandbox, helm, "lint", "--strict", str(umbrella), f"-f{tmp_path / 'values.yaml'}", *all_tags(built)
            )
            assert done.returncode == 0, f"{name}: {done.stdout}"
        four, three = (
            render(sandbox, umbrella, *all_tags(built), values=free, helm=helm)
            for helm in (sandbox.helm, sandbox.helm3)
        )
        assert _tidy(four) == _tidy(three)
        assert objects(four)


def _tidy(text: str) -> str:
    # Helm 4 leaves an empty line between two documents of one template.
    return text.replace("\n\n---", "\n---")


def test_nothing_is_installed_without_a_tag_and_no_tag_without_an_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    umbrella = write(build(SPRING, EXTERNAL), tmp_path)
    for helm in (sandbox.helm, sandbox.helm3):
        assert render(sandbox, umbrella, helm=helm).strip() == ""
        said = refusal(sandbox, umbrella, "--set=tags.apps=true", helm=helm)
        assert "no environment is chosen: add -f environments/" in said
        assert "tags" in refusal(sandbox, umbrella, "--set=tags.appz=true,global.environment=dev", helm=helm)
        assert "environment" in refusal(sandbox, umbrella, "--set=tags.apps=true,global.environment=dve", helm=helm)


def test_a_tag_renders_its_namespace_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    built = build(SPRING, STATEFUL, EXTERNAL)
    umbrella = write(built, tmp_path)
    text = render(
        sandbox, umbrella, "--set=tags.apps=true", f"-f{umbrella / 'environments/dev.yaml'}", namespace="apps"
    )
    assert {name for _, name in objects(text)} == {"gateway"}


def test_a_tag_that_would_misplace_a_service_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    umbrella = write(build(SPRING, dev="", prod='services.gateway.namespace = "data"'), tmp_path)
    prod = f"-f{umbrella / 'environments/prod.yaml'}"
    assert "--set gateway.enabled=false" in refusal(sandbox, umbrella, prod, "--set=tags.apps=true")
    assert render(sandbox, umbrella, prod, "--set=tags.apps=true", "--set=gateway.enabled=false").strip() == ""
    assert ("Deployment", "gateway") in objects(render(sandbox, umbrella, prod, "--set=tags.data=true"))


def subchart(built: BuiltPlatform, folder: Path, name: str) -> Path:
    return write(built, folder) / "charts" / name


@pytest.mark.parametrize(
    ("chart", "setting", "said"),
    [
        ("gateway", "replicas=3", "replicas"),
        ("gateway", "image.tag=7", "tag"),
        ("gateway", "name=two words", "name"),
        ("gateway", "ports.http.containerPort=99999", "containerPort"),
        ("zk", "claims.data.sizes=1Gi", "sizes"),
        ("db", "selector.app=x", "selector"),
    ],
)
def test_unknown_and_wrong_values_are_refused(
    sandbox: Sandbox, tmp_path: Path, chart: str, setting: str, said: str
) -> None:
    folder = subchart(build(SPRING, STATEFUL, EXTERNAL), tmp_path, chart)
    for helm in (sandbox.helm, sandbox.helm3):
        assert said in refusal(sandbox, folder, f"--set={setting}", helm=helm)


def test_what_an_umbrella_passes_is_allowed(sandbox: Sandbox, tmp_path: Path) -> None:
    built = build(SPRING, STATEFUL, EXTERNAL)
    for chart in built.charts:
        folder = subchart(built, tmp_path, chart.name)
        assert objects(render(sandbox, folder, values={"global": {"any": 1}, "enabled": True}))


def test_more_replicas_than_allowed_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = subchart(build(SPRING + "max_replicas = 2"), tmp_path, "gateway")
    assert "replicaCount 3 is more than maxReplicas 2" in refusal(sandbox, folder, "--set=replicaCount=3")
    assert render(sandbox, folder, "--set=replicaCount=2")


def env_of(rendered: dict[tuple[str, str], Any], kind: str, name: str) -> dict[str, Any]:
    (container,) = rendered[kind, name]["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def test_lists_of_peers_follow_the_replicas(sandbox: Sandbox, tmp_path: Path) -> None:
    more = """
ordinals_start = 1
env.PEERS = { peers = "zk", port = "client", format = "{index}={host}:{port}", join = " " }
env.SHORT = { peers = "zk", port = "client", format = "{host}", form = "name" }
env.COUNT = { replicas = "zk" }
"""
    folder = subchart(build(STATEFUL + more), tmp_path, "zk")
    rendered = objects(render(sandbox, folder, "--set=replicaCount=2", namespace="elsewhere"))
    env = env_of(rendered, "StatefulSet", "zk")
    host = "zk-headless.elsewhere.svc.cluster.local:2181"
    assert env == {"PEERS": f"1=zk-1.{host} 2=zk-2.{host}", "SHORT": "zk-1.zk-headless,zk-2.zk-headless", "COUNT": "2"}
    assert rendered["StatefulSet", "zk"]["spec"]["ordinals"] == {"start": 1}
    assert ("PodDisruptionBudget", "zk") in rendered
    assert ("PodDisruptionBudget", "zk") not in objects(render(sandbox, folder, "--set=replicaCount=1"))


def test_deadlines_follow_the_startup_budget(sandbox: Sandbox, tmp_path: Path) -> None:
    more = 'drain = "20s"\ngraceful = "40s"\nmin_ready = "7s"\nprobes.startup_budget = "301s"\n'
    folder = subchart(build(SPRING + more), tmp_path, "gateway")
    spec = objects(render(sandbox, folder))["Deployment", "gateway"]["spec"]
    pod = spec["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 65
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 20}}}
    assert pod["containers"][0]["startupProbe"]["failureThreshold"] == 61
    assert spec["progressDeadlineSeconds"] == 301 + 7 + 65 + 60
    longer = objects(render(sandbox, folder, "--set=startupBudgetSeconds=600,drainSeconds=0"))["Deployment", "gateway"]
    container = longer["spec"]["template"]["spec"]["containers"][0]
    assert container["startupProbe"]["failureThreshold"] == 120
    assert "lifecycle" not in container


def test_references_stand_before_the_texts_that_use_them(sandbox: Sandbox, tmp_path: Path) -> None:
    more = """
env.A_URL = "http://$(Z_HOST):$(PORT)"
env.Z_HOST = "$(USER).example.com"
env.PORT = "80"
env.USER = { secret = "db", key = "user" }
"""
    folder = subchart(build(SPRING + more), tmp_path, "gateway")
    rendered = objects(render(sandbox, folder, "--set-string=env.NEW=1"))
    assert list(env_of(rendered, "Deployment", "gateway")) == ["USER", "PORT", "Z_HOST", "A_URL", "NEW"]


def test_a_port_keeps_its_name_on_both_sides_of_an_endpoint(sandbox: Sandbox, tmp_path: Path) -> None:
    service = EXTERNAL.replace('["192.168.88.190"]', '["192.168.88.190", "2001:db8::1"]') + "ports.admin = 8080\n"
    found = objects(render(sandbox, subchart(build(service), tmp_path, "db")))
    names = [port["name"] for port in found["Service", "db"]["spec"]["ports"]]
    for family, slice_name in (("IPv4", "db-ipv4"), ("IPv6", "db-ipv6")):
        entry = found["EndpointSlice", slice_name]
        assert [port["name"] for port in entry["ports"]] == names == ["admin", "mysql"]
        assert entry["addressType"] == family
        assert entry["metadata"]["labels"]["kubernetes.io/service-name"] == "db"
        assert entry["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == "chartgen"
    assert "selector" not in found["Service", "db"]["spec"]


def test_no_version_reaches_a_pod_a_claim_or_a_selector(sandbox: Sandbox, tmp_path: Path) -> None:
    """A new version of chart or release alone restarts nothing (design.md section 5)."""
    first = build(SPRING, STATEFUL, version="1.2.3")
    umbrella = write(first, tmp_path)
    for release in ("release-one", "release-two"):
        found = objects(render(sandbox, umbrella / "charts" / "zk", release=release))["StatefulSet", "zk"]
        spec = json.dumps(found["spec"])
        assert "1.2.3" not in spec
        assert release not in spec
        assert found["spec"]["selector"] == {"matchLabels": {"app": "zk"}}
        assert found["spec"]["volumeClaimTemplates"][0]["metadata"] == {"name": "data"}


HOSTILE = """
1e3|0595464|92558e5|on|y|null|~|| |  lead and trail  |a: b|# no comment|{{ .Values }}|{{ fail }}|'single'|"double"
back\\slash|tab\there|first\nsecond|\nlead|trail\n|trail\n\n|a \n b|🚀 emoji|汉字|%d %s|$$(NOT)|${spring}|@at|`tick|>
- dash|*star|&amp;<tag>|!bang|ok\n      hostNetwork: true|---|a,b=c|0x1F|0o17|1_000|12:30:45|2021-11-08|.5|+1|=|<<
\u00a0|\u200b|\U000e0001
"""
"""Texts that YAML, Go templates, shells or Helm might take for something else; between bars and line ends."""


def hostile_texts() -> list[str]:
    found = [text for line in HOSTILE.strip("\n").splitlines() for text in line.split("|")]
    escapes = {"\\n": "\n", "\\t": "\t", "\\u00a0": "\u00a0", "\\u200b": "\u200b", "\\U000e0001": "\U000e0001"}
    for escape, text in escapes.items():
        found = [one.replace(escape, text) for one in found]
    return [*found, "|", "long " * 400, "two lines end it\n\n", "\n"]


def table(prefix: str, texts: list[str]) -> str:
    pairs = (f"{prefix}{number} = {json.dumps(text, ensure_ascii=False)}" for number, text in enumerate(texts))
    return f"{{ {', '.join(pairs)} }}"


def test_hostile_texts_survive_byte_for_byte(sandbox: Sandbox, tmp_path: Path) -> None:
    texts = hostile_texts()
    listed = json.dumps(texts, ensure_ascii=False)
    more = f"""
env = {table("E", texts)}
command = {listed}
args = {listed}
probes.exec = {listed}
node_selector = {table("k", texts)}
selector = {{ "on" = "yes", "1" = "0x1F" }}
[services.gateway.ingress.web]
any_host = true
port = "http"
annotations = {table("a", texts)}
"""
    folder = subchart(build(SPRING + more), tmp_path, "gateway")
    for helm in (sandbox.helm, sandbox.helm3):
        found = objects(render(sandbox, folder, helm=helm))
        pod = found["Deployment", "gateway"]["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert {entry["name"]: entry["value"] for entry in container["env"]} == {
            f"E{number}": text for number, text in enumerate(texts)
        }
        assert container["command"] == container["args"] == texts
        assert container["livenessProbe"]["exec"]["command"] == texts
        assert pod["nodeSelector"] == {f"k{number}": text for number, text in enumerate(texts)}
        assert found["Deployment", "gateway"]["spec"]["selector"]["matchLabels"] == {"on": "yes", "1": "0x1F"}
        assert found["Ingress", "web"]["metadata"]["annotations"] == {f"a{n}": text for n, text in enumerate(texts)}


TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff", include_characters="\n\t"),
    max_size=12,
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    TEXT, st.integers(0, 2**31), st.booleans(), st.lists(TEXT, max_size=2), st.just({})
)
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3), max_leaves=6),
    max_size=3,
)
_PRINT = """\
kind: ConfigMap
metadata: {name: {{ .Chart.Name }}}
data: {values: {{ omit .Values "global" | toJson | quote }}}
"""


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TREES, TREES), min_size=40, max_size=40))
def test_helm_merges_as_we_do(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """Forty subcharts at a time: what helm makes of shared and own values is what the environment says."""
    folder = tmp_path_factory.mktemp("merge")
    files = {"Chart.yaml": b"apiVersion: v2\nname: umbrella\nversion: 1.0.0\n"}
    own: dict[str, Any] = {}
    for number, (dev, prod) in enumerate(pairs):
        shared, split = split_values({"dev": dev, "prod": prod}, "dev")
        assert merge_values(shared, split["prod"]) == prod
        own[f"c{number}"] = split["prod"]
        files[f"charts/c{number}/Chart.yaml"] = f"apiVersion: v2\nname: c{number}\nversion: 1.0.0\n".encode()
        files[f"charts/c{number}/values.yaml"] = dump_yaml(shared).encode()
        files[f"charts/c{number}/templates/print.yaml"] = _PRINT.encode()
    write_chart(folder, files)
    found = objects(render(sandbox, folder, values=own))
    for number, (_, prod) in enumerate(pairs):
        printed = found["ConfigMap", f"c{number}"]["data"]["values"]
        assert json.loads(printed) == prod
