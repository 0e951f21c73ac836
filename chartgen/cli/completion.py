"""`chartgen completion`."""

from __future__ import annotations

import click


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete chartgen's commands and options.

    \b
    Examples:
      eval "$(chartgen completion bash)"                       in ~/.bashrc
      eval "$(chartgen completion zsh)"                        in ~/.zshrc
      chartgen completion fish > ~/.config/fish/completions/chartgen.fish
    """  # noqa: D301 - click wants the character itself
    from click.shell_completion import get_completion_class

    root = context.find_root().command
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"click knows no completion for {shell}")  # noqa: EM102
    click.echo(kind(root, {}, "chartgen", "_CHARTGEN_COMPLETE").source())
