"""`hive runs` lists what was asked; `hive runs show RUN` shows one run again."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from hive_tui.cli.document import document, encode_document, refusal, refused_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.progress import closing_lines, stage_line, terminal_width, unusable_text
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import OWN_FOLDER, paths
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import NoSuchRunError, find_run, is_written, run_ids
from hive_tui.recording.format import DamagedError
from hive_tui.recording.lanes import Lanes
from hive_tui.recording.reader import fold_log
from hive_tui.recording.summary import Summary, read_summary, summarise
from hive_tui.state import RunState, StageState
from hive_tui.tui.lane import BINS, blocks
from hive_tui.wire import WireError

_NO_BEGINNING = "no run can be read there, not even its beginning"
WHOLE_FROM = 110
"""Columns of a terminal from which the list has all columns; a narrower one keeps room for the question."""
LANES_FROM = 60
"""Columns of a terminal from which lanes are shown."""


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be read."""
    root = Path(paths().runs)
    match parsed.words:
        case []:
            return _list(root, as_json=parsed.has("--json"))
        case ["show", name]:
            try:
                return _show(root, name, as_json=parsed.has("--json"))
            except ConfigError as error:
                if parsed.has("--json"):
                    sys.stdout.buffer.write(refused_document(None, refusal(error), None, None))
                    sys.stdout.flush()
                raise
        case ["show"]:
            raise UsageError("which run? hive runs show RUN; `hive runs show last` shows the newest")
    raise UsageError(f"expected `hive runs` or `hive runs show RUN`, got {' '.join(parsed.words)!r}")


def _list(root: Path, *, as_json: bool) -> int:
    summaries = _summaries(root)
    if as_json:
        sys.stdout.buffer.write(encode_document([msgspec.to_builtins(summary) for summary in summaries]))
        return DONE
    if not sys.stdout.isatty():
        for summary in summaries:
            write_text(sys.stdout, "\t".join(_fields(summary)) + "\n")
        return DONE
    width = shutil.get_terminal_size().columns
    empty = True
    for summary in summaries:
        empty = False
        run, when, outcome, _decision, plan, duration, cost, simulated, question = _fields(summary)
        line = f"{run[:12]}  {when[:16].replace('T', ' ')}  {outcome:<10}  "
        if width >= WHOLE_FROM:
            line += f"{plan:<8} {duration:>8}  {cost:>10}  "
        write_text(sys.stdout, (line + " ".join(filter(None, (simulated, question))))[:width] + "\n")
    if empty:
        print(f"no run has been recorded yet in {root}")
    return DONE


def _fields(summary: Summary) -> tuple[str, ...]:
    when = datetime.datetime.fromtimestamp(summary.wall_ns / 1e9, datetime.UTC).astimezone()
    return (
        summary.run,
        when.isoformat(timespec="seconds"),
        summary.outcome,
        summary.decision or "-",
        summary.plan,
        f"{summary.duration_ns / 1e9:.1f} s",
        "unknown" if summary.cost_usd is None else f"${summary.cost_usd}",
        "SIMULATED" if summary.simulated else "",
        one_line(summary.question),
    )


def _summaries(root: Path) -> Iterator[Summary]:
    """Newest first; a run without a sound summary is folded from its log, one that cannot be read is named."""
    try:
        runs = run_ids(root)
    except OSError as error:
        raise FolderError(f"cannot be read: {error.strerror}", str(root), OWN_FOLDER) from error
    for run in runs:
        summary = read_summary(root / run)
        if summary is None:
            try:
                running = is_written(root / run)
                state, torn = fold_log(root / run)
            except (DamagedError, OSError) as error:
                print(f"hive runs: {root / run}: {error}", file=sys.stderr)
                continue
            if not state.run:
                print(f"hive runs: {root / run}: {_NO_BEGINNING}: {torn}", file=sys.stderr)
                continue
            summary = summarise(state)
            if running and state.outcome is None:
                summary = msgspec.structs.replace(summary, outcome="running")
        yield summary


def _show(root: Path, name: str, *, as_json: bool) -> int:
    try:
        folder = find_run(root, name)
    except NoSuchRunError as error:
        raise ConfigError(str(error), "run") from error
    except OSError as error:
        raise ConfigError(f"cannot be looked up: {error.strerror}", one_line(name)) from error
    try:
        # Asked first: a run that ends meanwhile has a sound end by the time its log is read.
        running = is_written(folder)
        state, torn = fold_log(folder)
    except (DamagedError, OSError) as error:
        raise ConfigError(f"cannot be read: {error}", str(folder)) from error
    if not state.run:
        raise ConfigError(f"{_NO_BEGINNING}: {torn}", str(folder))
    short = f"the recording is not whole ({torn}); shown is what stands before" if torn and not running else ""
    if as_json:
        if short:
            print(f"warning: {short}", file=sys.stderr)
        sys.stdout.buffer.write(encode_document(document(state, os.path.realpath(folder))))
        return DONE
    width = terminal_width(sys.stdout)
    lanes = lanes_of(folder) if width >= LANES_FROM else {}
    for line in shown_lines(state, folder, lanes, width, short, running=running):
        write_text(sys.stdout, line + "\n")
    return DONE


def lanes_of(folder: Path) -> dict[int, tuple[int, ...]]:
    """Density of each stream over the run's time. Raises ConfigError."""
    lanes = Lanes(folder, PlainBackend(), BINS)
    try:
        with suppress(WireError):  # It is said already that the recording is not whole.
            lanes.read()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", str(folder)) from error
    return lanes.rows()


def _stage_lanes(state: RunState, stage: StageState, lanes: Mapping[int, Sequence[int]], width: int) -> Iterator[str]:
    """The lane of each of the stage's attempts, over the time of the whole run."""
    for number, stream in enumerate(stage.streams, 1):
        if any(lanes.get(stream, ())):
            head = f"attempt {number}" if len(stage.streams) > 1 else ""
            tail = f" {state.time_ns / 1e9:.1f} s"
            yield f"{head:<10} {blocks(lanes[stream], min(width - 11 - len(tail), BINS))}{tail}"


def shown_lines(
    state: RunState, folder: Path, lanes: Mapping[int, Sequence[int]], width: int, short: str, *, running: bool
) -> Iterator[str]:
    """`short` says that the recording is not whole; empty when it is, or when the run still goes on."""
    yield from head_lines(state, lanes, width, "still running" if running else "", running=running)
    if short:
        yield f"warning: {short}"
    yield from closing_lines(state, str(folder), "")
    yield f"recording: {folder}"
    yield from text_lines(state)


def head_lines(
    state: RunState, lanes: Mapping[int, Sequence[int]], width: int, mark: str, *, running: bool
) -> Iterator[str]:
    """The run, its question and its stages; `mark` says when it is that this is so."""
    marks = [each for each, there in (("SIMULATED", state.simulated), (mark, mark)) if there]
    yield f"run {state.run}" + "".join(f" · {mark}" for mark in marks)
    yield f"question: {state.question.rstrip()}"
    for stage in state.stages:
        yield stage_line(state, stage, running=running)
        yield from _stage_lanes(state, stage, lanes, width)


def text_lines(state: RunState) -> Iterator[str]:
    """The answer, or what there is of one."""
    title, text = unusable_text(state)
    if title:
        yield ""
        yield title
    if text or state.answer_text:
        yield ""
        yield (text or state.answer_text).rstrip("\n")
