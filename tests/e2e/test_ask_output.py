"""Where the output goes: pipes that break, streams that are closed, terminals that a model would like to drive."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import Any

import pytest

from tests.corpus import FINISHED

QUESTION = "What is 17% of 240?"


def shell(hive: Any, line: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of `sh`, in which "$@" is the command with its words."""
    command = [sys.executable, "-P", "-m", "hive_tui", *words]
    return subprocess.run(
        ["sh", "-c", line, "sh", *command], env=hive.environment({}), cwd=hive.folder, capture_output=True, timeout=30
    )


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_reader_that_has_enough(hive, sim, more: list[str]) -> None:
    done = shell(hive, '{ "$@"; echo "code $?" >&2; } | head -c 1', "ask", *sim.single("line:300000"), *more, QUESTION)
    assert done.stdout in (b"T", b"{", done.stdout[:1])
    assert b"code 0\n" in done.stderr
    for word in (b"Traceback", b"Exception ignored", b"Broken pipe"):
        assert word not in done.stderr


def test_a_failure_is_one_even_if_nobody_reads_it(hive, sim) -> None:
    done = shell(hive, '{ "$@"; echo "code $?" >&2; } | true', "ask", *sim.single("status:401"), "--json", QUESTION)
    assert b"code 4\n" in done.stderr


def test_a_reader_of_both_streams_that_has_enough_does_not_end_the_run(hive, sim) -> None:
    done = shell(hive, '"$@" 2>&1 | head -n 1', "ask", *sim.at(), "--model", "sim/instant", QUESTION)
    assert done.stdout.startswith(b"generator")
    assert b"\tfinished\t" in hive("runs").out


@pytest.mark.parametrize(
    ("closed", "code"), [("<&-", 0), (">&-", 5), ("2>&-", 0), ("<&- 2>&-", 0), ("<&- >&- 2>&-", 5), (">&- 2>&-", 5)]
)
def test_streams_that_are_closed(hive, sim, closed: str, code: int) -> None:
    done = shell(hive, f'"$@" {closed}', "ask", *sim.single("say:yes"), QUESTION)
    assert done.returncode == code
    assert done.stdout == (b"" if ">&-" in closed.replace("2>&-", "") else b"yes\n")
    assert b"Traceback" not in done.stderr
    if ">&-" in closed and "2>&-" not in closed:
        assert b"hive runs show" in done.stderr
    assert b"\tfinished\t" in hive("runs").out
    assert shell(hive, f'"$@" {closed}', "runs").returncode == code


HOSTILE = (
    "\x1b[2J\x1b]0;pwned\x07\x1b[31mred\x9b31m\x90q\x9c bell\x07 back\x08 \r over \x7f "
    "\u202etxet\u2066 \x85next \x0b\x0c\u2028line"
)


def test_no_escape_of_a_model_reaches_a_terminal(hive, strange, sse) -> None:
    server = strange(sse("Safe: ", HOSTILE, "!"))
    code, shown = in_terminal(hive, "ask", *server.options(), QUESTION)
    assert code == 0
    assert "Safe: " in shown
    check_harmless(shown)
    code, shown = in_terminal(hive, "runs", "show", "last")
    assert "Safe: " in shown
    check_harmless(shown)
    printed = hive("ask", *server.options(), "--json", HOSTILE)
    assert printed.document["answer"] == f"Safe: {HOSTILE}!"
    assert not [byte for byte in printed.out if byte < 32 and byte != 10]
    for sign in ("\x7f", "\x85", "\x9b", "\u202e", "\u2028", "\u2066"):
        assert sign not in printed.out.decode()
    for words in (["runs"], ["runs", "--json"], ["runs", "show", "last"]):
        check_harmless(in_terminal(hive, *words)[1])


@pytest.mark.parametrize("status", [401, 200])
def test_no_escape_of_an_error_reaches_a_terminal(hive, strange, status: int) -> None:
    body = b'{"error":{"code":401,"message":"\\u001b[2J no \\u009b31m\\u202e \xff"}}'
    head = f"HTTP/1.1 {status} \x1b[31mX\r\nlocation: \x1b[1m\r\n\r\n".encode()
    hive.profile("[retry]\nattempts = 1\n")
    for pieces in ((head, body), (head, b"\x1b[31m<html>\x9b"), (b"\x1b]0;x\x07\r\n\r\n",)):
        code, shown = in_terminal(hive, "ask", *strange(*pieces).options(), QUESTION)
        assert code == 4
        check_harmless(shown)


def check_harmless(shown: str) -> None:
    """Nothing but text, line ends, and our own going back to the line's begin."""
    left = shown.replace("\r\x1b[K", "").replace("\r\n", "\n")
    assert [char for char in left if (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"] == []
    assert not {"\u202e", "\u2066"} & set(left)


def test_on_a_terminal_the_line_of_a_stage_lives_and_never_wraps(hive, sim) -> None:
    slow = ["--model", "generator=sim/grove+fault=length:40"]
    code, shown = in_terminal(hive, "ask", *sim.at(), "--plan", "single", *slow, QUESTION, columns=70)
    assert code == 0
    live = shown.split("\r\x1b[K")
    assert len(live) > 2
    assert any("chunks" in piece for piece in live), "until usage arrives, chunks are counted, and said to be"
    assert "tokens (provider)" in live[-1]
    assert all(len(piece) < 70 for piece in live if not piece.endswith("\n") and "\n" not in piece)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_poor_terminal(hive, sim, env: dict[str, str]) -> None:
    code, shown = in_terminal(hive, "ask", *sim.single("say:yes"), QUESTION, env=env)
    assert code == 0
    assert "yes" in shown
    assert "\x1b[" not in shown.replace("\x1b[K", "") if "NO_COLOR" in env else "\x1b" not in shown


def test_a_run_shown_on_a_wide_terminal_has_a_lane_under_each_stage(hive) -> None:
    recorded = str(FINISHED)
    code, wide = in_terminal(hive, "runs", "show", recorded)
    assert code == 0
    lines = wide.splitlines()
    for stage in ("generator", "refiner", "validator", "curator"):
        at = next(number for number, line in enumerate(lines) if line.startswith(stage))
        assert "█" in lines[at + 1]
        assert lines[at + 1].endswith(" 9.4 s")
        assert len(lines[at + 1]) == 100
    _code, narrow = in_terminal(hive, "runs", "show", recorded, columns=59)
    piped = hive("runs", "show", recorded).out.decode()
    assert "█" not in narrow + piped
    assert [line for line in lines if "█" not in line] == piped.splitlines()


@pytest.mark.parametrize("columns", [80, 110])
def test_the_list_of_runs_has_room_for_the_question(hive, sim, columns: int) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    _code, listed = in_terminal(hive, "runs", columns=columns)
    assert QUESTION in listed
    assert "SIMULATED" in listed
    assert ("single" in listed) is (columns == 110)


def in_terminal(hive: Any, *words: str, columns: int = 100, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run with all three streams on a pseudo-terminal; gives the exit code and what came out of it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-P", "-m", "hive_tui", *words]
    environment = hive.environment({"TERM": "xterm-256color", **(env or {})})
    process = subprocess.Popen(command, env=environment, cwd=hive.folder, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            data = os.read(master, 1 << 16)
        except OSError:  # how Linux says that nobody has the other side open any more
            break
        if not data:
            break
        shown += data
    os.close(master)
    return process.wait(30), shown.decode("utf-8", "replace")
