"""`hive ask`: the same council without a screen; the answer on stdout, a line a stage on stderr."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hive_tui.cli.document import document, encode_document, exit_code, refused_document
from hive_tui.cli.exits import DISK, NO_ANSWER, UNUSABLE
from hive_tui.cli.options import question, run_options
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import write_text
from hive_tui.cli.progress import Progress, closing_lines
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
from hive_tui.core.commands import Refused
from hive_tui.core.headless import Result
from hive_tui.events import ErrorInfo

LARGEST_QUESTION = 16 * 1024 * 1024
"""Bytes; what no person can have meant is refused before it is sent."""


def main(parsed: Parsed) -> int:
    """Raises UsageError; and ConfigError, unless a JSON document can say it."""
    options = run_options(parsed)
    text = question(parsed.words)
    if text is None:
        raise UsageError('a question is missing: hive ask "What is a council?"; - reads it from stdin')
    as_json = parsed.has("--json")
    here = paths()
    try:
        if text == "-" and not parsed.literal:
            text = _read_question()
        request = _request(text, options, here)
        ensure_folder(here.runs)
        ensure_folder(here.runtime)
    except ConfigError as error:
        if not as_json:
            raise
        kind, code = ("disk", DISK) if isinstance(error, FolderError) else ("config", UNUSABLE)
        refusal = Refused(ErrorInfo(kind, f"{error.where}: {error.what}", advice=error.todo), code)
        return _refuse(refusal, text, options, as_json=True)
    progress = Progress(sys.stderr)
    try:
        result = asyncio.run(headless.ask(request, Path(here.runs), os.environ, progress.show))
    except CoreDiedError as error:
        refusal = Refused(ErrorInfo("core", str(error), advice="ask again; `hive doctor` looks for the cause"))
        return _refuse(refusal, text, options, as_json)
    if isinstance(result, Refused):
        return _refuse(result, text, options, as_json)
    return _report(result, as_json)


def _read_question() -> str:
    """Raises ConfigError: stdin holds no question."""
    data = sys.stdin.buffer.read(LARGEST_QUESTION + 1)
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


def _refuse(refusal: Refused, text: str, options: RunOptions, as_json: bool) -> int:
    error = refusal.error
    if as_json:
        sys.stdout.buffer.write(refused_document(text, error, options.plan, options.profile))
    advice = f"\n  {error.advice}" if error.advice else ""
    print(f"hive ask: {error.message}{advice}", file=sys.stderr)
    return refusal.exit_code


def _report(result: Result, as_json: bool) -> int:
    state = result.state
    if as_json:
        sys.stdout.buffer.write(encode_document(document(state, os.path.abspath(result.folder))))
    else:
        answer = state.answer_text
        write_text(sys.stdout, answer if answer.endswith("\n") or not answer else answer + "\n")
        sys.stdout.flush()
    for line in closing_lines(state, result.folder, result.disk_error):
        print(line, file=sys.stderr)
    if result.core_died:
        print("hive ask: the core process died; what came is recorded. Ask again", file=sys.stderr)
        return NO_ANSWER
    if result.disk_error or state.unrecorded:
        return DISK
    return exit_code(state)
