"""Templates as they stand in a chart: Jinja2 puts in what Helm cannot parametrise, the names of `define`s.

Names of `define`s are global in an umbrella, so each chart's begin with the chart's name (helm/helm#11933). The
delimiters are `[[ ]]` and `[% %]`, so that Helm's own braces stay as they are.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chartgen.archetypes.archetype import Archetype

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_SHARED_PACKAGE = "chartgen.archetypes.workload"
# Templates differ between charts in the prefix alone: they are rendered once per archetype with this mark, which no
# template can hold, and each chart's prefix then takes its place.
_MARK = "\x00prefix\x00"
_SEAM = "\x00seam\x00"


def chart_templates(archetype: Archetype, chart: str) -> dict[str, bytes]:
    """Return the files below `templates/` of one chart, by path."""
    prefix = chart.encode()
    return {path: text.replace(_MARK.encode(), prefix) for path, text in _marked(archetype.name)}


def render_template(package: str, name: str, /, **values: Any) -> bytes:
    """Return one template of an archetype's package, rendered with these values.

    Raises:
        jinja2.UndefinedError: The template uses a value it did not get.
    """
    return _part(package, name).render(**values).encode()


def render_document(document: str, /, **values: Any) -> bytes:
    """Return a document of `chartgen.build` (README and the like), rendered with these values.

    Raises:
        jinja2.UndefinedError: The document uses a value it did not get.
    """
    return _document(document).render(**values).encode()


def read_data(name: str) -> bytes:
    """Return a file of `chartgen.build` that is the same in every umbrella."""
    return files("chartgen.build").joinpath("documents", name).read_bytes()


@functools.cache
def _marked(archetype_name: str) -> tuple[tuple[str, bytes], ...]:
    from chartgen.archetypes.catalogue import ARCHETYPES

    archetype = ARCHETYPES[archetype_name]
    own = files(archetype.package).joinpath("templates")
    shared = files(_SHARED_PACKAGE).joinpath("templates")
    sources = {name: shared.joinpath(name) for name in archetype.shared_templates}
    sources |= {source.name: source for source in own.iterdir() if source.is_file()}
    names = sorted(sources)
    # All in one go: compiling a template takes Jinja longer than rendering a hundred.
    joined = _SEAM.join(sources[name].read_text("utf-8") for name in names)
    texts = _jinja().from_string(joined).render(prefix=_MARK).split(_SEAM)
    return tuple((f"templates/{name}", text.encode()) for name, text in zip(names, texts, strict=True))


@functools.cache
def _part(package: str, name: str) -> Template:
    return _jinja().from_string(files(package).joinpath("templates", name).read_text("utf-8"))


@functools.cache
def _document(name: str) -> Template:
    return _jinja().from_string(read_data(name).decode())


@functools.cache
def _jinja() -> Environment:
    from jinja2 import Environment, StrictUndefined

    return Environment(  # noqa: S701 - what comes out is Markdown and Go templates, not HTML
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
