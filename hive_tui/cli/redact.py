"""`hive redact RUN`: a copy of a run without some of its texts, and what was taken out, by its places."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import msgspec

from hive_tui.cli.bulk import kernels_for
from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE, NO
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.cli.targets import target_told
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import ensure_folder, paths
from hive_tui.config.runid import RANDOM_BYTES, run_id
from hive_tui.recording.folder import is_written
from hive_tui.recording.fresh import fresh_folder
from hive_tui.recording.navigation.places import PlaceError, Where, parse
from hive_tui.recording.redaction.copy import NothingFoundError, Redacted, redact
from hive_tui.recording.redaction.finding import Span
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import Verification

DERIVED = frozenset({"summary", "derived", "stray"})
"""Kinds of faults that are not of the log."""


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that cannot be read; FolderError for the new folder."""
    if len(parsed.words) != 1:
        raise UsageError("which run? hive redact RUN --pattern REGEX or --span PLACE..PLACE")
    pattern, span = _pattern(parsed.value("--pattern")), _span(parsed.value("--span"))
    stages, streams = parsed.values("--stage"), _streams(parsed.values("--stream"))
    if (pattern is None) == (span is None):
        raise UsageError("what is to go? Either --pattern REGEX or --span PLACE..PLACE")
    if pattern is not None and (stages or streams):
        raise UsageError("--stage and --stream belong to --span; a pattern is looked for everywhere")
    folder = run_folder(parsed.words[0])
    run = run_id(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))
    output = parsed.value("--output")
    target = Path(ensure_folder(paths().runs)) / run if output is None else Path(output)
    with opened(folder) as timeline:
        _refuse_unsound(timeline, folder)
        rule = pattern if pattern is not None else _resolved(span, timeline, folder, stages, streams)
        try:
            with target_told(target, folder), fresh_folder(target) as fresh:
                redacted = redact(timeline, rule, run, fresh)
        except NothingFoundError as error:
            write_text(sys.stderr, f"hive redact: {error}\n")
            return NO
    if parsed.has("--json"):
        sys.stdout.buffer.write(
            encode_document({**msgspec.to_builtins(redacted), "recording": os.path.abspath(target)})
        )
    else:
        _print(redacted, target)
    return DONE


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"--pattern is no regular expression of Python: {error}") from error


def _span(text: str | None) -> tuple[Where, Where] | None:
    if text is None:
        return None
    start, dots, stop = text.partition("..")
    if not dots:
        raise UsageError("--span: expected two places with two dots between, such as 10s..12s or event:5..event:9")
    try:
        return parse(start), parse(stop)
    except PlaceError as error:
        raise UsageError(f"--span: {error}") from error


def _streams(texts: tuple[str, ...]) -> frozenset[int]:
    for text in texts:
        if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):
            raise UsageError(f"--stream: expected the number of a call, from 1 on, got {text!r}")
    return frozenset(map(int, texts))


def _refuse_unsound(timeline: Timeline, folder: Path) -> None:
    """A copy must not call sound what is not. Raises ConfigError."""
    if is_written(folder):
        raise ConfigError("a live process still writes it", str(folder), "redact it when the run has ended")
    faults = [each for each in Verification(folder, kernels_for(folder)).run().faults if each.kind not in DERIVED]
    if faults or not timeline.blocks.complete:
        raise ConfigError(
            "the recording is not sound",
            str(folder),
            "`hive verify` names what is wrong; redact what `hive repair` saves",
        )


def _resolved(
    span: tuple[Where, Where] | None, timeline: Timeline, folder: Path, stages: tuple[str, ...], streams: frozenset[int]
) -> Span:
    assert span is not None
    after, until = (place_in(timeline, folder, where) for where in span)
    attempts = timeline.last_state().attempts
    for name in stages:
        found = frozenset(attempt.stream for attempt in attempts if attempt.stage == name)
        if not found:
            known = ", ".join(dict.fromkeys(attempt.stage for attempt in attempts)) or "none"
            raise ConfigError(f"the run has no call of a stage {name!r}", "--stage", f"its stages: {known}")
        streams |= found
    missing = streams - {attempt.stream for attempt in attempts}
    if missing:
        raise ConfigError(f"the run has no call {min(missing)}", "--stream", f"it has {len(attempts)}")
    if not after < until:
        raise ConfigError("the span ends where it begins, or before", "--span", "name the earlier place first")
    return Span(after, until, streams or None)


def _print(redacted: Redacted, target: Path) -> None:
    lines = [f"removed from a copy of run {redacted.source}:"]
    lines += [f"  {each.place}: {each.count}" for each in redacted.taken]
    if redacted.emptied:
        lines.append(f"  events of unknown kinds, which cannot be looked at, emptied: {redacted.emptied}")
    lines += [f"note: the same words still stand in {each.place}: {each.count}" for each in redacted.left]
    lines += ["markers and their notes are not taken along; the original is as it was", f"redacted: {target}"]
    for line in lines:
        write_text(sys.stdout, line + "\n")
