"""`chartgen emit images|hosts|dns|upstreams|scrape|graph`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import click

from chartgen.cli.options import App, command_options, environment_option

if TYPE_CHECKING:
    from chartgen.build import BuiltPlatform
    from chartgen.emit.scrape import Way

Form = Literal["text", "json", "yaml"]


@click.group(short_help="Print what other systems need: images, hosts, dns, graph, ...")
def emit() -> None:
    """Print what other systems need to know of one environment, in their own language.

    \b
    Examples:
      chartgen emit images -e prod
      chartgen emit upstreams --node 192.168.88.232 > gateway.conf
    """  # noqa: D301 - click wants the character itself


def _selection(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add SERVICE..., -e, -n and -o to a command; it gets a `Selection` and the form to print in."""

    @click.argument("services", nargs=-1, metavar="[SERVICE]...")
    @environment_option
    @click.option("-n", "--namespace", metavar="NAME", help="Only services of this namespace.")
    @click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json", "yaml"]),
        default="text",
        show_default=True,
        help="How to print it; text is the other system's own form.",
    )
    @command_options
    @functools.wraps(function)
    def command(
        app: App,
        services: tuple[str, ...],
        environment: str | None,
        namespace: str | None,
        output: Form,
        **options: Any,
    ) -> None:
        function(_Selected(app, services, environment, namespace, output), **options)

    return command


class _Selected:
    """The services meant, and how to print."""

    def __init__(
        self, app: App, services: tuple[str, ...], environment: str | None, namespace: str | None, output: Form
    ) -> None:
        from chartgen.emit.selection import select_services
        from chartgen.manifest.load import load_platform

        chosen = select_services(load_platform(app.folder), environment, namespace, services)
        self.console = app.console
        self.environ = app.environ
        self.output = output
        self.platform, self.environment, self.keys = chosen.platform, chosen.environment, chosen.keys

    def built(self) -> BuiltPlatform:
        """Return the charts, in memory; versions do not matter here, so there is no lock that could refuse."""
        from chartgen.vendoring.build import build_whole_platform

        return build_whole_platform(self.platform, environ=self.environ)

    def print(self, data: object, text: str, nothing: str) -> None:
        """Print the text, or the data it was made of; say on stderr when there is nothing."""
        if not text:
            self.console.info(f"{nothing} in {self.environment.name}")
        if self.output == "text":
            self.console.print_text(text)
        else:
            from helmkit.console import Table

            self.console.print_data(data, self.output, table=lambda _: Table([], []))


@emit.command(short_help="Every image once, one per line.")
@_selection
def images(selected: _Selected) -> None:
    """Print the images of SERVICE... (default: all), each once, one per line; init containers' included.

    For pulling ahead, mirroring, and carrying images to nodes without a registry.

    \b
    Examples:
      chartgen emit images -e prod | xargs -n1 docker pull
      chartgen emit images gateway -o json
    """  # noqa: D301 - click wants the character itself
    from chartgen.emit.images import find_images

    found = find_images(selected.built().bom.environments[selected.environment.name], selected.keys)
    selected.print(found, "".join(f"{one.image}\n" for one in found), "there are no images")


_NODES = click.option(
    "--node", "nodes", multiple=True, required=True, metavar="ADDRESS", help="Address of a node; several are possible."
)


@emit.command(short_help="Lines of a hosts file for the Ingresses.")
@_NODES
@_selection
def hosts(selected: _Selected, nodes: tuple[str, ...]) -> None:
    """Print lines of a hosts file: the host names of all Ingresses at the nodes where the ingress controller answers.

    \b
    Examples:
      chartgen emit hosts --node 172.51.216.81 | sudo tee -a /etc/hosts
      chartgen emit hosts --node 192.168.88.232 --node 192.168.88.239 -e prod
    """  # noqa: D301 - click wants the character itself
    from chartgen.emit.names import check_addresses, render_hosts
    from chartgen.emit.reached import find_hosts

    addresses = check_addresses(nodes, "--node")
    found = find_hosts(selected.environment, selected.keys)
    data = [
        {"address": address, "host": host.name, "services": host.services} for address in addresses for host in found
    ]
    selected.print(data, render_hosts(found, addresses), "no Ingress has a host name")


@emit.command(short_help="DNS records that lead the Ingresses' names to an edge node.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    required=True,
    metavar="ADDRESS|NAME",
    help="Edge node; several addresses are possible.",
)
@click.option("--ttl", type=click.IntRange(min=1), default=300, show_default=True, help="Seconds to keep a record.")
@_selection
def dns(selected: _Selected, targets: tuple[str, ...], ttl: int) -> None:
    """Print a DNS record for the host name of every Ingress, leading to the edge node.

    As lines of a zone file; with -o json as the body that PowerDNS takes: PATCH /api/v1/servers/localhost/zones/ZONE.

    \b
    Examples:
      chartgen emit dns --target 192.168.88.232 >> example.com.zone
      chartgen emit dns --target edge.example.com --ttl 60 -o json
    """  # noqa: D301 - click wants the character itself
    from chartgen.emit.names import build_records, build_rrsets, render_zone
    from chartgen.emit.reached import find_hosts

    records = build_records(find_hosts(selected.environment, selected.keys), targets, ttl)
    selected.print(build_rrsets(records), render_zone(records), "no Ingress has a host name")


@emit.command(short_help="nginx upstream blocks over the node ports.")
@_NODES
@click.option(
    "--max-fails", type=click.IntRange(min=1), default=3, show_default=True, help="Failures that take a node out."
)
@click.option("--fail-timeout", default="10s", show_default=True, metavar="TIME", help="For how long, and within what.")
@_selection
def upstreams(selected: _Selected, nodes: tuple[str, ...], max_fails: int, fail_timeout: str) -> None:
    """Print an nginx upstream block for every node port, over all nodes, that leaves out nodes which do not answer.

    \b
    Examples:
      chartgen emit upstreams gateway --node 192.168.88.232 --node 192.168.88.239
      chartgen emit upstreams --node node-1 --max-fails 2 --fail-timeout 30s -e prod
    """  # noqa: D301 - click wants the character itself
    from chartgen.emit import upstreams as nginx
    from chartgen.emit.reached import find_open_ports

    addresses, timeout = nginx.check_nodes(nodes), nginx.check_time(fail_timeout)
    ports = find_open_ports(selected.environment, selected.keys)
    data = [
        {"name": nginx.upstream_name(port), "port": port, "servers": [f"{node}:{port.node_port}" for node in addresses]}
        for port in ports
    ]
    text = nginx.render_upstreams(ports, addresses, max_fails, timeout)
    selected.print(data, text, "no service has a node port")


@emit.command(short_help="Prometheus scrape jobs.")
@click.option(
    "--through",
    type=click.Choice(["pods", "node-ports", "ingress"]),
    help="How to reach the services.  [default: node-ports with --node, else pods]",
)
@click.option("--node", "nodes", multiple=True, metavar="ADDRESS", help="Address of a node; several are possible.")
@click.option(
    "--path",
    default="/actuator/prometheus",
    show_default=True,
    metavar="PATH",
    help="Where services have metrics that do not say metrics.path.",
)
@_selection
def scrape(selected: _Selected, through: Way | None, nodes: tuple[str, ...], path: str) -> None:
    """Print scrape_configs for Prometheus (`scrape_config_files`): services with metrics, Spring ones that answer HTTP.

    Through pods, Prometheus asks the API server and scrapes each replica: inside the cluster as it is, outside where
    it reaches the pods' network (add api_server and authorization). Node ports and Ingresses serve a Prometheus that
    is outside, and mix the numbers of several replicas.

    \b
    Examples:
      chartgen emit scrape > scrape.yml
      chartgen emit scrape --node 172.51.216.81 -e prod
      chartgen emit scrape gateway --through ingress
    """  # noqa: D301 - click wants the character itself
    from chartgen.emit.scrape import build_jobs
    from chartgen.emit.upstreams import check_nodes
    from helmkit.errors import UsageError
    from helmkit.yaml import dump_yaml

    way: Way = through or ("node-ports" if nodes else "pods")
    if (way == "node-ports") != bool(nodes):
        message = f"--through {way} {'needs' if not nodes else 'takes no'} --node"
        raise UsageError(message, hint="Node ports are scraped at the nodes that --node names, all else without it.")
    if not path.startswith("/"):
        message = f"--path {path!r} does not begin with /"
        raise UsageError(message, hint="Write it like /actuator/prometheus.")
    found = build_jobs(selected.environment, selected.keys, way, check_nodes(nodes), path)
    for remark in found.remarks:
        selected.console.warn(remark)
    data = {"scrape_configs": list(found.jobs)}
    selected.print(data, dump_yaml(data) if found.jobs else "", "no service has metrics")


@emit.command(short_help="The dependencies, for Mermaid or Graphviz.")
@click.option(
    "--format",
    "language",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    show_default=True,
    help="The language of the drawing.",
)
@_selection
def graph(selected: _Selected, language: str) -> None:
    """Print the graph of dependencies: an arrow leads from a service to what it depends on.

    \b
    Examples:
      chartgen emit graph > platform.mmd
      chartgen emit graph --format dot -e prod | dot -Tsvg > platform.svg
    """  # noqa: D301 - click wants the character itself
    from chartgen.build.graph import render_graph
    from chartgen.emit.dot import find_nodes, render_dot

    services = {key: selected.environment.services[key] for key in selected.keys}
    text = render_dot(services) if language == "dot" else render_graph(services)
    selected.print(find_nodes(services), text if services else "", "there are no services")
