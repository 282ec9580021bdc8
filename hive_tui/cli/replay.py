"""`hive replay RUN --until PLACE`: any moment of a run, on the screen, as the document or as text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hive_tui.cli.exits import DONE, NO
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.recordings import opened, place_in, run_folder
from hive_tui.cli.screen import look_back, moment_lines
from hive_tui.config.errors import ConfigError
from hive_tui.events import ErrorInfo
from hive_tui.recording.folder import is_written
from hive_tui.recording.navigation.places import PlaceError, parse
from hive_tui.recording.navigation.walker import Place, Walker
from hive_tui.recording.timeline import Timeline
from hive_tui.state import RunState

if TYPE_CHECKING:
    from hive_tui.recording.navigation.breaks import Condition


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run or a place that is not there or cannot be read."""
    # What only some of its ways need is imported there: before the screen's first picture it cost 60 ms.
    if len(parsed.words) != 1:
        raise UsageError("which run? hive replay RUN --until PLACE; `hive replay last` shows the newest")
    condition, backwards = _condition(parsed), parsed.has("--back")
    try:
        where = parse(parsed.value("--until") or ("start" if condition is not None and not backwards else "end"))
    except PlaceError as error:
        raise UsageError(f"--until {error}") from error
    assertions = _assertions(parsed)
    as_json = parsed.has("--json")
    try:
        folder = run_folder(parsed.words[0])
        # Asked first: a run that ends meanwhile has a sound end by the time its log is read.
        running = is_written(folder)
        with opened(folder) as timeline:
            place, moment = place_in(timeline, folder, where), where.text
            if condition is not None:
                from hive_tui.recording.navigation.breaks import find

                hit = find(timeline, condition, place, backwards=backwards)
                if hit is None:
                    side = "before" if backwards else "after"
                    return _nowhere(f"{parsed.value('--break')} is nowhere {side} {where.text}", as_json=as_json)
                place, moment = hit.place, str(parsed.value("--break"))
            past = place < Place(timeline.last_seq)
            on_screen = not as_json and not assertions and _on_terminal()
            walker = Walker(timeline)
            state = walker.go(max(place, Place(1)) if on_screen else place)
            made: dict[str, object] | None = None
            if on_screen:
                stages = tuple(stage.stage for stage in state.plan.stages)
                shown = moment_lines(timeline, walker)
            else:
                from hive_tui.cli.document import document, encode_document
                from hive_tui.recording.held import held

                state = held(timeline, state)
                made = document(state, os.path.realpath(folder), past=past)
            with suppress(BrokenPipeError):  # a reader that has enough makes no assertion true
                if made is not None and as_json:
                    sys.stdout.buffer.write(encode_document(made))
                elif made is not None:
                    _print(state, timeline, folder, moment, running=running, past=past)
    except ConfigError as error:
        if as_json:
            from hive_tui.cli.document import refusal, refused_document

            sys.stdout.buffer.write(refused_document(None, refusal(error), None, None))
            sys.stdout.flush()
        raise
    if made is None:
        del timeline, walker, state  # What they have read is 3 MB, and the screen reads for itself.
        return look_back(folder, place if past else None, stages, shown)
    failures = [each for each in (assertion(made) for assertion in assertions) if each]
    for each in failures:
        write_text(sys.stderr, f"hive replay: {each}\n")
    return NO if failures else DONE


def _nowhere(what: str, *, as_json: bool) -> int:
    """Say that a break point is not met; the exit code."""
    if as_json:
        from hive_tui.cli.document import refused_document

        sys.stdout.buffer.write(refused_document(None, ErrorInfo("nowhere", what), None, None))
    write_text(sys.stderr, f"hive replay: {what}\n")
    return NO


def _assertions(parsed: Parsed) -> list[Callable[[dict[str, object]], str]]:
    """Each tells of a document why it does not hold there. Raises UsageError."""
    texts = parsed.values("--assert")
    if not texts:
        return []
    from hive_tui.cli.assertions import failure, parse_assertion

    return [partial(failure, parse_assertion(text)) for text in texts]


def _on_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _condition(parsed: Parsed) -> Condition | None:
    """Raises UsageError."""
    text = parsed.value("--break")
    if text is None:
        if parsed.has("--back"):
            raise UsageError("--back belongs to a condition: --break CONDITION --back")
        return None
    from hive_tui.recording.navigation.breaks import ConditionError, parse_condition

    try:
        return parse_condition(text)
    except ConditionError as error:
        raise UsageError(f"--break {error}") from error


def _print(state: RunState, timeline: Timeline, folder: Path, moment: str, *, running: bool, past: bool) -> None:
    from hive_tui.cli.progress import terminal_width
    from hive_tui.cli.runs import LANES_FROM, head_lines, lanes_of, shown_lines, text_lines

    width = terminal_width(sys.stdout)
    if not state.run:
        lines = [f"at {moment}: before the first of {timeline.last_seq} events"]
    elif past:
        length_s = timeline.duration_ns / 1e9
        when = f"at {moment}: event {state.seq} of {timeline.last_seq}, {state.time_ns / 1e9:.3f} s"
        lines = [*head_lines(state, {}, width, f"{when} of {length_s:.3f} s", running=True), *text_lines(state)]
    else:
        whole = timeline.blocks.complete or running
        short = "" if whole else "the recording is not whole (it has no sound end); shown is what stands before"
        lanes = lanes_of(folder) if width >= LANES_FROM else {}
        lines = list(shown_lines(state, folder, lanes, width, short, running=running))
    for line in lines:
        write_text(sys.stdout, line + "\n")
