"""`hive ask`: the same council without a screen; the answer on stdout, a line a stage on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from hive_tui.cli.document import document, encode_document, exit_code, refusal, refused_document
from hive_tui.cli.exits import CANCELLED, DISK, DONE, NO_ANSWER, UNUSABLE
from hive_tui.cli.open_files import check_open_files
from hive_tui.cli.options import question, run_options
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.progress import Progress, closing_lines
from hive_tui.cli.streams import StdoutError, discard
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.offers import keys_found, simulated_notice
from hive_tui.config.options import RunOptions
from hive_tui.config.paths import Paths, ensure_folder, paths
from hive_tui.config.profile import DEFAULT
from hive_tui.config.profile_file import load_profile
from hive_tui.config.request import RunRequest
from hive_tui.config.resolve import resolve
from hive_tui.config.secrets import Secrets
from hive_tui.core import headless
from hive_tui.core.client import CoreDiedError
from hive_tui.core.commands import Ask, Refused
from hive_tui.core.headless import Result
from hive_tui.events import ErrorInfo
from hive_tui.wording import unusable_text

LARGEST_QUESTION = 16 * 1024 * 1024
"""Bytes; what no person can have meant is refused before it is sent."""


def main(parsed: Parsed) -> int:
    """Raises UsageError."""
    options = run_options(parsed)
    text = question(parsed.words)
    if text is None:
        raise UsageError('a question is missing: hive ask "What is a council?"; - reads it from stdin')
    if parsed.words[0] == "-" and len(parsed.words) > 1 and not parsed.literal:
        raise UsageError("- reads the question from stdin and stands alone; a question that begins with it: -- - ...")
    as_json = parsed.has("--json")
    progress = Progress(sys.stderr)
    try:
        check_open_files()
        here = paths()
        if text == "-" and not parsed.literal:
            text = _read_question()
        request = _request(text, options, here)
        ensure_folder(here.runs)
        registry = Path(ensure_folder(here.runtime)) / "rings"
        result = headless.ask(Ask(request), Path(here.runs), registry, os.environ, progress)
    except ConfigError as error:
        result = Refused(refusal(error), DISK if isinstance(error, FolderError) else UNUSABLE)
    except CoreDiedError as error:
        advice = "ask again; `hive doctor` looks for the cause"
        result = Refused(ErrorInfo("core", str(error), advice=advice), NO_ANSWER)
    if isinstance(result, Refused):
        return _refuse(result, _known(text, parsed), options, as_json)
    progress.end(result.state)
    if result.state.simulated and not request.simulated:
        print("SIMULATED: the endpoint says that it is a simulator", file=sys.stderr)
    try:
        return report(result, as_json)
    except KeyboardInterrupt:
        discard()
        write_text(sys.stderr, f"interrupted while printing; all is kept: hive runs show {result.state.run}\n")
        return CANCELLED


def interrupted(parsed: Parsed) -> int:
    """Ctrl-C before there was a core to hear it. Raises UsageError."""
    refused = Refused(ErrorInfo("cancelled", "cancelled before anything was sent"), CANCELLED)
    return _refuse(refused, _known(question(parsed.words), parsed), run_options(parsed), parsed.has("--json"))


def _known(text: str | None, parsed: Parsed) -> str | None:
    """The question, unless it would have come from stdin."""
    return None if text == "-" and not parsed.literal else text


def _read_question() -> str:
    """Raises ConfigError: stdin holds no question."""
    try:
        data = sys.stdin.buffer.read(LARGEST_QUESTION + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", "stdin", "pipe a question into it") from error
    if len(data) > LARGEST_QUESTION:
        raise ConfigError(f"is over {LARGEST_QUESTION >> 20} MiB", "stdin", "send a shorter question")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 (byte {error.start})", "stdin", "convert it, as with iconv") from error
    if not text.strip():
        raise ConfigError("is empty", "stdin", "pipe a question into it: echo 'Why?' | hive ask -")
    return text


def _request(text: str, options: RunOptions, here: Paths) -> RunRequest:
    """The request; says on stderr when the simulator will answer. Raises ConfigError."""
    profile = load_profile(here, options.profile or DEFAULT)
    secrets = Secrets(here.keys)
    request = resolve(text, options, profile, secrets)
    if request.simulated:
        print(simulated_notice(keys_found(profile, secrets)), file=sys.stderr)
    return request


def _refuse(refused: Refused, text: str | None, options: RunOptions, as_json: bool) -> int:
    return refuse(refused, text, options, as_json, "hive ask")


def refuse(refused: Refused, text: str | None, options: RunOptions, as_json: bool, command: str) -> int:
    """Say why there is no run; the exit code."""
    error = refused.error
    advice = f"\n  {error.advice}" if error.advice else ""
    write_text(sys.stderr, f"{command}: {error.message}{advice}\n")
    if as_json:
        _put(lambda: sys.stdout.buffer.write(refused_document(text, error, options.plan, options.profile)), command)
    return refused.exit_code


def report(result: Result, as_json: bool, command: str = "hive ask") -> int:
    """Print the answer or the document, and how it went; the exit code."""
    state = result.state
    if as_json:
        printed = _put(
            lambda: sys.stdout.buffer.write(encode_document(document(state, os.path.realpath(result.folder)))),
            command,
        )
    else:
        answer = state.answer_text
        whole = answer if answer.endswith("\n") or not answer else answer + "\n"
        printed = _put(lambda: write_text(sys.stdout, whole), command)
        title, text = unusable_text(state)
        if title:
            write_text(sys.stderr, f"{title}\n{text}\n")
    for line in closing_lines(state, result.folder, result.disk_error):
        write_text(sys.stderr, line + "\n")
    if not printed:
        write_text(sys.stderr, f"the answer is kept: hive runs show {state.run}\n")
    if result.left:
        return CANCELLED
    if result.core_died:
        print(f"{command}: the core process died; what came is recorded. Ask again", file=sys.stderr)
        return NO_ANSWER
    code = exit_code(state)
    if code == DONE and (result.disk_error or state.unrecorded or not printed):
        return DISK
    return code


def _put(write: Callable[[], object], command: str) -> bool:
    """Write to stdout; False, and a word on stderr, when that cannot be. A reader who has gone has enough."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    except StdoutError as error:
        print(f"{command}: stdout: {error}", file=sys.stderr)
        return False
    return True
