"""The command line: each command parses, calls one function of the package and prints what came of it.

Results go to standard output, everything else to standard error. Nothing heavy is imported before it is needed, so
that `gistill --help` answers at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gistill import offline
from gistill.cli import (
    analyze,
    annotate,
    audit,
    bench,
    compare,
    correct,
    cost,
    digest,
    distill,
    doctor,
    ending,
    evaluate,
    explain,
    export,
    extract,
    finetune,
    mcp,
    models,
    revise,
    serve,
    serve_model,
    spotcheck,
    summarize,
)

app = typer.Typer(
    name="gistill",
    help="Read everything your customers wrote with small models you own.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(digest.digest)
app.command()(summarize.summarize)
app.command()(extract.extract)
app.command()(explain.explain)
app.command()(spotcheck.spotcheck)
app.command()(correct.correct)
app.add_typer(finetune.finetune, name="finetune")
app.add_typer(evaluate.evaluate, name="evaluate")
app.add_typer(bench.bench, name="bench")
app.command()(compare.compare)
app.command()(annotate.annotate)
app.command()(analyze.analyze)
app.command()(revise.revise)
app.command()(distill.distill)
app.command()(export.export)
app.command()(models.models)
app.command()(cost.cost)
app.command()(doctor.doctor)
app.command()(audit.audit)
app.command()(serve.serve)
app.command()(mcp.mcp)
app.command("serve-model")(serve_model.serve_model)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        ending.output(f"gistill {version('gistill')}")
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
    ending.opened()
    offline.hugging_face()
    with ending.ending():
        app()
