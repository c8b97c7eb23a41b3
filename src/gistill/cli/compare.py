"""`gistill compare`: is the second of two scored outputs worse than the first?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output

WORSE = 3  # exit code


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="The one to hold against: a table, or an analysis' folder.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The one in question, of the same cases.")],
    metric: Annotated[
        str, typer.Option(metavar="METRIC", help="The column of numbers; of an analysis: errors, wrong, or a code.")
    ],
    margin: Annotated[float, typer.Option(metavar="M", help="How much worse is no matter, in the metric's units.")],
    lower_is_better: Annotated[
        bool | None,
        typer.Option("--lower-is-better/--higher-is-better", help="Default: lower for an analysis, else higher."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Say whether B is worse than A by more than a margin, by a paired bootstrap over the cases that both have.

    Exit code 0 where it is not worse, 3 where it is, or where too few cases are there to rule it out.
    """
    with ending():
        from gistill.analysis.comparing import compare as run

        found = run(a, b, metric=metric, margin=margin, lower_is_better=lower_is_better)
        if as_json:
            output(found.model_dump_json(indent=2))
        else:
            apart = found.only_a + found.only_b
            if apart:
                output(f"{found.only_a:,} cases are only in A and {found.only_b:,} only in B; they are left out.")
            output(f"{found.metric} of {found.cases:,} cases: A {found.a:.4g}, B {found.b:.4g}.")
            by = found.difference
            output(f"B - A: {by.value:+.4g} (95% interval {by.low:+.4g} to {by.high:+.4g}).")
            output(_SAYS[found.verdict].format(margin=f"{margin:.4g}"))
        if found.verdict != "not worse":
            raise typer.Exit(WORSE)


_SAYS = {
    "not worse": "B is not worse than A by more than {margin}.",
    "worse": "B is worse than A by more than {margin}.",
    "undecided": "B may be worse than A by more than {margin}: too few cases to rule it out.",
}
