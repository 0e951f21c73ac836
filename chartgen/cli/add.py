"""`chartgen add`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from chartgen.cli.options import App, command_options

if TYPE_CHECKING:
    from chartgen.scaffold.block import NewService

_ARCHETYPES = ["spring-service", "statefulset-infra", "external-endpoint", "raw-objects", "vendor-chart"]


@click.command(short_help="Add a service to the release manifest.")
@click.argument("name")
@click.option("--archetype", type=click.Choice(_ARCHETYPES), help="Kind of chart; may come from a preset.")
@click.option("--preset", multiple=True, metavar="NAME", help="Preset to start from; several are possible, in order.")
@click.option("--namespace", metavar="NAME", help="Where it lives; declared when it is not.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--image", metavar="HOST/REPOSITORY:TAG", help="Its image; the registry is declared when it is not.")
@click.option("--plain-http", is_flag=True, help="A registry that is declared now speaks HTTP without TLS.")
@click.option("--replicas", type=click.IntRange(min=0), help="How many pods.")
@click.option("--memory", metavar="QUANTITY", help="Memory of a pod, request and limit: 512Mi.")
@click.option("--cpu", metavar="QUANTITY", help="CPU request of a pod: 250m.")
@click.option("--port", "ports", multiple=True, metavar="[NAME=]PORT[:NODEPORT]", help="A port: 8080, mysql=3306.")
@click.option("--host", metavar="NAME", help="Host name of an Ingress that leads to the first port.")
@click.option("--ingress-class", metavar="NAME", help="Class of that Ingress.  [default: the cluster's]")
@click.option("--address", "addresses", multiple=True, metavar="IP", help="external-endpoint: where it is.")
@click.option("--dns-name", metavar="NAME", help="external-endpoint: where it is, by a DNS name.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=PATH:SIZE", help="statefulset-infra: a volume claim.")
@click.option("--not-persistent", is_flag=True, help="statefulset-infra: data may go with the pod.")
@click.option("--file", "files", multiple=True, metavar="PATTERN", help="raw-objects: YAML files, objects/*.yaml.")
@click.option(
    "--container", "containers", multiple=True, metavar="NAME=IMAGE", help="raw-objects: a container's image."
)
@click.option("--chart", metavar="ADDRESS", help="vendor-chart: oci://…, https://… or a folder beside releases.toml.")
@click.option("--chart-version", metavar="VERSION", help="vendor-chart: the chart's own version.")
@click.option("--depends-on", multiple=True, metavar="SERVICE", help="A service that must be ready first.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the block.")
@command_options
def add(app: App, name: str, *, plain_http: bool, dry_run: bool, **said: Any) -> None:
    """Add the service NAME to releases.toml, and print its block.

    The whole platform is checked with it first; nothing is written when anything is wrong. Comments and layout of the
    file stay.

    \b
    Examples:
      chartgen add web --archetype spring-service --namespace shop --image harbor.example.com/shop/web:1.0 \\
          --replicas 2 --memory 512Mi --cpu 250m --port 8080 --host shop.example.com --depends-on db
      chartgen add db --archetype external-endpoint --namespace shop --address 192.168.88.190 --port mysql=3306
      chartgen add mongo --archetype statefulset-infra --namespace shop --image mongo:7.0 --port mongodb=27017 \\
          --claim data=/data/db:5Gi --dry-run
      chartgen add jobs --archetype raw-objects --namespace shop --file 'objects/*.yaml' \\
          --container tidy=harbor.example.com/shop/tidy:1.0
      chartgen add cache --archetype vendor-chart --namespace shop --chart oci://harbor.example.com/vendor/redis \\
          --chart-version 20.1.0
    """  # noqa: D301 - click wants the character itself
    from functools import partial

    from chartgen.manifest.load import display_prefix, load_edited, load_sources
    from chartgen.manifest.sources import MAIN
    from chartgen.output import write_file
    from chartgen.scaffold.addition import add_service

    contents = load_sources(app.folder)
    service = _understand(name, said)
    resolve, shown_in = partial(load_edited, app.folder), display_prefix(app.folder)
    added = add_service(contents, service, plain_http=plain_http, shown_in=shown_in, resolve=resolve)
    for what in added.declared:
        app.console.info(f"{what} {'would be' if dry_run else 'is'} declared as well")
    if not dry_run:
        write_file(app.folder / MAIN, added.content)
        app.console.info(f"{app.folder / MAIN} changed")
    app.console.print_text(added.block)


def _understand(name: str, said: dict[str, Any]) -> NewService:
    from chartgen.scaffold.block import NewService
    from chartgen.scaffold.words import parse_claim, parse_container, parse_port, parse_tagged_image

    return NewService(
        key=name,
        archetype=said["archetype"],
        namespace=said["namespace"],
        presets=said["preset"],
        description=said["description"],
        image=parse_tagged_image(said["image"]) if said["image"] else None,
        replicas=said["replicas"],
        memory=said["memory"],
        cpu=said["cpu"],
        ports=tuple(parse_port(word, said["archetype"] or "spring-service") for word in said["ports"]),
        host=said["host"],
        ingress_class=said["ingress_class"],
        addresses=said["addresses"],
        dns_name=said["dns_name"],
        claims=tuple(parse_claim(word) for word in said["claims"]),
        not_persistent=said["not_persistent"],
        depends_on=said["depends_on"],
        files=said["files"],
        containers=dict(parse_container(word) for word in said["containers"]),
        chart=said["chart"],
        version=said["chart_version"],
    )
