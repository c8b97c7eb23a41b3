"""`gistill revise`: an analysis in, mended summaries and data out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import asking, options
from gistill.cli.analyze import tiers_of
from gistill.cli.display import Display
from gistill.cli.ending import ending, output

if TYPE_CHECKING:
    from gistill.analysis.revising import Revised
    from gistill.lm.seam import LanguageModel


def revise(
    findings: Annotated[
        Path, typer.Argument(metavar="FINDINGS", help="The folder that `gistill analyze` wrote, or its findings.jsonl.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Default: FINDINGS-revised.")
    ] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own list of error codes, as it was given to analyze.")
    ] = None,
    critic: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The critic that analyze asked; it looks again.")
    ] = None,
    opinions: Annotated[
        bool, typer.Option("--opinions/--no-opinions", help="Compare opinions that the reader finds, as analyze did.")
    ] = True,
    rounds: Annotated[int, typer.Option(min=1, max=5, help="How often rules and editor may try.")] = 2,
    most: Annotated[
        float, typer.Option("--max-change", min=0, max=1, help="Share of a summary's words that may change.")
    ] = 0.6,
    look_again: Annotated[
        bool,
        typer.Option(
            "--look-again",
            help="Also ask the large model for errors of each try; else what a judge alone found stays.",
        ),
    ] = False,
    server: asking.Server = None,
    model: asking.Model = None,
    key_env: asking.KeyEnv = "OPENAI_API_KEY",
    pii: asking.PiiMode = "redact",
    journal: asking.JournalFile = None,
    write_batch: asking.WriteBatch = None,
    read_batch: asking.ReadBatch = None,
    as_json: options.Json = False,
) -> None:
    """Mend what analyze found, and nothing else: by rules, and by a large model where you name one.

    Each try is checked by whoever found the errors; where nothing better passes, the original stays. FOLDER gets
    revisions.jsonl, revisions.html (before and after side by side), and data to train on.
    """
    place = findings if findings.is_dir() else findings.parent
    folder = out or place.with_name(f"{place.name}-revised")
    asked = asking.Asked(server, model, key_env, pii, journal or folder / "journal.sqlite", write_batch, read_batch)
    with ending(), Display() as display:
        from gistill.analysis.judging import ModelJudge
        from gistill.analysis.revised import write_revised
        from gistill.errors import SettingError

        if look_again and server is None:
            raise SettingError("--look-again asks a large model, and none is named", hint="Name it with --server.")

        tiers, made_with = tiers_of(taxonomy, True, opinions, critic, None)

        def walk(editor: LanguageModel | None) -> Revised:
            settings = {**made_with, "editor": editor.name if editor else "none", "rounds": str(rounds)}
            looking = tiers
            if look_again and editor is not None:
                looking = tiers._replace(judge=ModelJudge(editor, tiers.taxonomy))
                settings["judge"] = editor.name
            return write_revised(
                findings,
                folder,
                tiers=looking,
                editor=editor,
                rounds=rounds,
                most=most,
                made_with=settings,
                progress=display,
            )

        found = asking.walked(asked, walk, step="revise", say=display.say)
        if as_json:
            output(found.model_dump_json(indent=2))
        else:
            _show(found, folder)


def _show(found: Revised, folder: Path) -> None:
    states = ", ".join(f"{count:,} {state}" for state, count in found.states.items())
    output(f"{found.summaries:,} summaries: {states}.")
    share = f" ({found.changed / found.words:.1%})" if found.words else ""
    output(f"{found.changed:,} of {found.words:,} words of the summaries with errors were changed{share}.")
    for code, count in found.found.items():
        output(f"  {code:4} in {count:,} summaries, mended in {found.mended[code]:,}")
    for reason, count in found.refused.items():
        output(f"  {count:,} tries not accepted: {reason}")
    for kind, count in found.failures.items():
        output(f"  {count:,} answers of the editor not used: {kind}")
    output(f"Before and after are in {folder / 'revisions.html'}.")
