"""What a command prints: data on stdout, what is for people on stderr."""

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from promojobs.errors import PromojobsError, sentence
from promojobs.values import Job

_BAR = 20
_REDRAWN = 0.1
_TOLD_EACH = 30.0
_TROUBLE_TOLD_EACH = 60.0
_RECENT = 15.0
"""Seconds: between two drawings of the bar, two lines of a log, two of trouble, and of which the rate is told."""
_PARTS = 5
"""Of a job that a log tells of: two jobs are a dozen lines."""


_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd")


def _harmless(line: str) -> str:
    """Without what commands a terminal: names come from other clients."""
    return line.translate(_CONTROLS)


@dataclass(frozen=True, slots=True)
class Output:
    """``as_json`` prints one document on stdout; ``is_quiet`` tells people of errors alone."""

    as_json: bool = False
    is_quiet: bool = False
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    is_terminal: bool = False
    """Whether stderr is one on which a line may be drawn again."""

    def data(self, document: Any, *lines: str) -> None:
        """The document with ``--json``, else the lines."""
        if self.as_json:
            print(json.dumps(document), file=self.stdout)
        else:
            for line in lines:
                print(_harmless(line), file=self.stdout)

    def say(self, text: str) -> None:
        if not self.is_quiet:
            print(_harmless(text), file=self.stderr, flush=True)

    def fail(self, error: PromojobsError) -> None:
        if self.as_json:
            print(json.dumps(error.document()), file=self.stderr)
            return
        texts = [sentence(it) for it in error.errors] or [str(error)]
        for text in texts:
            print(f"Error: {_harmless(text)}", file=self.stderr)
        if error.request_id:
            print(f"Request id: {error.request_id}", file=self.stderr)

    def progress(self, verb: str, clock: Callable[[], float] = time.monotonic) -> "Watched":
        return Watched(self, verb, clock)


@dataclass(slots=True)
class Watched:
    """Shows how far a job is: a bar on a terminal, else a line at the start, each fifth or half minute, and at the end.

    A fifth or half a minute, whichever is later: so the log of a mailing has a dozen lines, however long it takes.
    """

    output: Output
    verb: str
    clock: Callable[[], float]
    done: int = 0
    total: int = 0
    _seen: "deque[tuple[float, int]]" = field(default_factory=deque)
    _drawn_at: float = float("-inf")
    _is_drawn: bool = False
    """Whether the bar's line has not ended."""
    _told: tuple[float, int] | None = None
    _trouble_at: float = float("-inf")

    def __call__(self, job: Job) -> None:
        now = self.clock()
        if job.progress:
            self.done, self.total = job.progress.done, job.progress.total
            self._seen.append((now, self.done))
            while now - self._seen[0][0] > _RECENT:
                self._seen.popleft()
        elif not job.is_open:
            self.done = self.total = sum(job.result.get(it, 0) for it in ("generated", "imported")) or self.total
        if self.output.is_quiet:
            return
        if self.output.is_terminal:
            self._draw(job, now)
        else:
            self._tell(job, now)

    def _draw(self, job: Job, now: float) -> None:
        if job.is_open and now - self._drawn_at < _REDRAWN:
            return
        self._drawn_at = now
        filled = _BAR * self.done // self.total if self.total else 0
        bar = "█" * filled + "░" * (_BAR - filled)
        print(f"\r\x1b[K{bar} {self._text(job)}", end="", file=self.output.stderr, flush=True)
        self._is_drawn = True
        if not job.is_open:
            self.stop()

    def _tell(self, job: Job, now: float) -> None:
        part = _PARTS * self.done // self.total if self.total else 0
        if self._told and job.is_open:
            at, told = self._told
            if part <= told or now - at < _TOLD_EACH:
                return
        self._told = (now, part)
        self.output.say(f"{self.verb}: {self._text(job)}")

    def _text(self, job: Job) -> str:
        if not self.total:
            return "waiting" if job.status == "pending" else job.status
        text = f"{100 * self.done // self.total} %  {self.done:,} of {self.total:,}"
        rate = self._rate()
        if not job.is_open or not rate:
            return text
        return f"{text}  {rate:,.0f}/s  about {duration((self.total - self.done) / rate)} left"

    def _rate(self) -> float:
        """By the last seconds; 0 until it is known."""
        if len(self._seen) < 2:  # noqa: PLR2004 - two points make a line
            return 0.0
        (began, before), (now, after) = self._seen[0], self._seen[-1]
        return (after - before) / (now - began) if now > began else 0.0

    def trouble(self, error: PromojobsError) -> None:
        """Tell of it, once a minute."""
        now = self.clock()
        if now - self._trouble_at >= _TROUBLE_TOLD_EACH:
            self._trouble_at = now
            self.stop()
            self.output.say(f"{error}. It is asked again.")

    def stop(self) -> None:
        """Leave the line of the bar."""
        if self._is_drawn:
            print(file=self.output.stderr, flush=True)
            self._is_drawn = False


def duration(seconds: float) -> str:
    """Rounded, as people say it: to 5 s below a minute, to 30 s above."""
    rounded = max(5, 5 * round(seconds / 5))
    if rounded < 60:  # noqa: PLR2004 - a minute
        return f"{rounded:d} s"
    minutes, rest = divmod(30 * round(seconds / 30), 60)
    return f"{minutes:d} min" + (f" {rest:d} s" if rest else "")


def size(number: int) -> str:
    """Bytes as people read them."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= least:
            return f"{number / least:.1f} {unit}"
    return f"{number} bytes"
