"""Progress on standard error: a bar with rate and time left for people, a line every few seconds for logs."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gistill.cli.ending import printable, tell

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY = 5.0  # seconds between two lines in a log


class Display:
    """Shows how far each step is. Call it with step, items done and items in all (None when not known)."""

    def __init__(self) -> None:
        self._started: dict[str, tuple[float, int]] = {}
        self._last = 0.0
        self._bars: Progress | None = _bars() if sys.stderr.isatty() else None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show that `done` items of a step are done."""
        now = time.monotonic()
        began, first = self._started.setdefault(step, (now, done))
        if self._bars is not None:
            if step not in self._tasks:
                self._tasks[step] = self._bars.add_task(step, total=total)
            self._bars.update(self._tasks[step], completed=done, total=total)
        elif now - max(self._last, began) >= EVERY:  # a step that is done within seconds is not worth a line
            self._last = now
            tell(progress_line(step, done, total, rate=(done - first) / max(now - began, 1e-9)))

    def say(self, message: str) -> None:
        """Print a sentence above the bars."""
        if self._bars is not None:
            self._bars.console.print(printable(message), markup=False, highlight=False)
        else:
            tell(message)


def progress_line(step: str, done: int, total: int | None, *, rate: float) -> str:
    """Say in one line how far a step is. `rate` is in items a second.

    >>> progress_line("extract", 1200, 3000, rate=60.0)
    'extract: 1,200 of 3,000, 60 a second, 30 s left'
    """
    parts = [f"{step}: {done:,}" + (f" of {total:,}" if total is not None else "")]
    if rate > 0:
        parts.append(_speed(rate))
        if total is not None:
            parts.append(f"{_duration((total - done) / rate)} left")
    return ", ".join(parts)


def _speed(rate: float) -> str:
    if rate < 0.5:
        return f"{1 / rate:.0f} s each"
    return f"{rate:.0f} a second" if rate >= 10 else f"{rate:.1f} a second"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second."""

        def render(self, task: object) -> Text:
            speed = getattr(task, "finished_speed", None) or getattr(task, "speed", None)
            return Text(_speed(speed) if speed else "")

    return Progress(
        TextColumn("{task.description:9}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
