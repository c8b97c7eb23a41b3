"""The command line: each command parses, calls one function of the package and prints what came of it.

Results go to standard output, everything else to standard error. Nothing heavy is imported before it is needed, so
that `gistill --help` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gistill.cli.annotate import annotate
from gistill.cli.audit import audit
from gistill.cli.bench import bench
from gistill.cli.cost import cost
from gistill.cli.digest import digest
from gistill.cli.distill import distill
from gistill.cli.doctor import doctor
from gistill.cli.ending import ending
from gistill.cli.evaluate import evaluate
from gistill.cli.export import export
from gistill.cli.extract import extract
from gistill.cli.finetune import finetune
from gistill.cli.models import models
from gistill.cli.serve_model import serve_model

app = typer.Typer(
    name="gistill",
    help="Read everything your customers wrote with small models you own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(digest)
app.command()(extract)
app.add_typer(finetune, name="finetune")
app.add_typer(evaluate, name="evaluate")
app.add_typer(bench, name="bench")
app.command()(annotate)
app.command()(distill)
app.command()(export)
app.command()(models)
app.command()(cost)
app.command()(doctor)
app.command()(audit)
app.command("serve-model")(serve_model)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gistill {version('gistill')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    with ending():
        app()
