"""`hive runs` lists what was asked; `hive runs show RUN` shows one run again; the rest is `runs_keeping`."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hive_tui.cli.document import document, encode_document, refusal, refused_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.progress import closing_lines, stage_line, terminal_width
from hive_tui.cli.runs_options import LISTING, check_flags
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import paths
from hive_tui.history.kin import read_kin
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import NoSuchRunError, find_run, is_written
from hive_tui.recording.format import DamagedError
from hive_tui.recording.held import MOST, held
from hive_tui.recording.lanes import Lanes
from hive_tui.recording.reader import fold_log
from hive_tui.recording.summary import Summary
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState, StageState
from hive_tui.tui.lane import BINS, blocks
from hive_tui.wire import WireError
from hive_tui.wording import amount, unusable_text

if TYPE_CHECKING:
    from hive_tui.history.pages import Row

_NO_BEGINNING = "no run can be read there, not even its beginning"
WHOLE_FROM = 110
"""Columns of a terminal from which the list has all columns; a narrower one keeps room for the question."""
LANES_FROM = 60
"""Columns of a terminal from which lanes are shown."""
KEEPING = ("delete", "restore", "trash", "empty", "mark", "unmark", "prune", "rebuild")


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be read."""
    root = Path(paths().runs)
    if parsed.words[:1] and parsed.words[0] in KEEPING:
        from hive_tui.cli import runs_keeping

        return runs_keeping.main(parsed)
    check_flags(parsed, () if parsed.words else LISTING)
    match parsed.words:
        case []:
            return _list(parsed)
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
    known = ", ".join(("show", *KEEPING))
    raise UsageError(f"expected `hive runs`, or one of {known} after it, got {' '.join(parsed.words)!r}")


def _list(parsed: Parsed) -> int:
    from hive_tui.cli.runs_catalogue import found_rows

    rows = found_rows(parsed)
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document([_listed(row) for row in rows if not row.fault]))
        return DONE
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for row in rows:
        if row.fault:
            what = one_line(f"{Path(paths().runs) / row.summary.run}: {row.fault}")
            write_text(sys.stderr, f"hive runs: {what}\n")
        elif not width:
            fields = (*_fields(row.summary), *([_origin(row)] if parsed.has("--tree") else []))
            write_text(sys.stdout, "  " * row.depth + "\t".join(fields) + "\n")
        else:
            write_text(sys.stdout, _line(row, width) + "\n")
    if width and not rows:
        asked = parsed.has("--search") or parsed.has("--filter")
        print("no run fits" if asked else f"no run has been recorded yet in {paths().runs}")
    return DONE


def _listed(row: Row) -> dict[str, object]:
    """A run in the document of the list."""
    told: dict[str, object] = msgspec.to_builtins(row.summary)
    told.pop("derived")
    cost = row.summary.cost_usd
    return {
        **told,
        "cost_usd": None if cost is None else amount(Decimal(cost)),
        "parent": row.parent or None,
        "source": row.source or None,
        "depth": row.depth,
        "marked": row.marked,
        "bytes": row.size,
    }


def _origin(row: Row) -> str:
    """What it was forked from, and what it is a redacted copy of."""
    gone = " (gone)" if row.orphan else ""
    fork = f"fork of {one_line(row.parent)[:26]}{gone}" if row.parent else ""
    copy = f"redacted copy of {one_line(row.source)[:26]}" if row.source else ""
    return ", ".join(filter(None, (fork, copy)))


def _line(row: Row, width: int) -> str:
    run, when, outcome, _decision, plan, duration, cost, simulated, question = _fields(row.summary)
    line = f"{run[:12]}{'*' if row.marked else ' '} {when[:16].replace('T', ' ')}  {outcome:<10}  "
    if width >= WHOLE_FROM:
        line += f"{plan:<8} {duration:>8}  {cost:>10}  "
    kin = "  " * (row.depth - 1) + "\N{BOX DRAWINGS LIGHT UP AND RIGHT} " if row.depth else ""
    origin = _origin(row) if row.orphan else "redacted" if row.source else ""
    return (line + kin + " ".join(filter(None, (simulated, origin, question))))[:width]


def _fields(summary: Summary) -> tuple[str, ...]:
    when = datetime.datetime.fromtimestamp(summary.wall_ns / 1e9, datetime.UTC).astimezone()
    return (
        summary.run,
        when.isoformat(timespec="seconds"),
        summary.outcome,
        summary.decision or "-",
        summary.plan,
        f"{summary.duration_ns / 1e9:.1f} s",
        "unknown" if summary.cost_usd is None else f"${amount(Decimal(summary.cost_usd))}",
        "SIMULATED" if summary.simulated else "",
        one_line(summary.question),
    )


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
        state, torn = _last_state(folder)
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


def _last_state(folder: Path) -> tuple[RunState, str]:
    """The state at the end of what can be read, and why it ends there; empty for a sound end. Raises as `fold_log`."""
    with closing(Timeline(folder)) as timeline:
        if timeline.blocks.complete and 0 < timeline.last_seq <= MOST:
            with suppress(DamagedError, WireError):
                state = held(timeline, timeline.last_state())
                if not timeline.blocks.damaged:
                    return state, ""
    return fold_log(folder)


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
    if state.origin is not None:
        yield f"fork of {one_line(state.origin.parent)}, which it left at event {state.origin.seq}"
    if source := read_kin(folder).source:
        yield f"redacted copy of {one_line(source)}"
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
