"""The command itself, in a process of its own: exit codes, streams, and what it imports before the first frame."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hive_tui

ROOT = Path(hive_tui.__file__).parent.parent


def hive(*argv: str, cwd: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `python -m hive_tui` without a terminal, away from the checkout, on an empty home."""
    command = [sys.executable, *(["-c", code] if code else ["-m", "hive_tui"]), *argv]
    environ = {"PATH": os.environ["PATH"], "HIVE_HOME": str(cwd / "home"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("argv", [["--version"], ["ask", "--version"], ["--version", "doctor"]])
def test_version_is_one_line_on_stdout(tmp_path: Path, argv: list[str]) -> None:
    done = hive(*argv, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"hive {hive_tui.__version__}\n", "")
    assert not (tmp_path / "home").exists(), "a look at the version writes nothing"


HELPS = [["--help"], ["-h"], ["help"], ["ask", "--help"], ["help", "ask"], ["runs", "-h"], ["simulate", "--help"]]


@pytest.mark.parametrize("argv", HELPS)
def test_help_is_on_stdout(tmp_path: Path, argv: list[str]) -> None:
    done = hive(*argv, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: hive")
    assert "exit codes:" in done.stdout


@pytest.mark.parametrize("argv", [["--version"], *HELPS, ["simulate", "--fault", "help"]])
def test_a_full_disk_under_stdout_is_exit_5(argv: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "hive_tui", *argv], cwd=ROOT, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 5
    assert b"stdout: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--modle", "x"], "hive: there is no option --modle; did you mean --model?"),
        (["ask", "--jason", "q"], "hive ask: there is no option --jason; did you mean --json?"),
        (["ask", "--timeout", "nan", "q"], "hive ask: --timeout: expected seconds"),
        (["ask", "-", "and", "more"], "hive ask: - reads the question from stdin and stands alone"),
        (["doctor", "now"], "hive doctor: takes no words, got 'now'"),
        (["help", "me", "with", "this"], "hive: needs a terminal"),
        (["docter"], "hive: did you mean hive doctor? To ask it as a question: hive -- docter"),
        (["--plan", "single", "ask", "q"], "hive: the command comes first: hive ask"),
        (["what?"], "hive: needs a terminal"),
        (["--", "doctor"], "hive: needs a terminal"),
        ([], "hive: needs a terminal"),
        ([""], "hive: the question is empty"),
    ],
)
def test_a_wrong_command_line_is_exit_2_and_one_word_on_stderr(tmp_path: Path, argv: list[str], expected: str) -> None:
    done = hive(*argv, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith(expected)
    assert "Traceback" not in done.stderr


def test_without_a_terminal_the_way_out_is_named(tmp_path: Path) -> None:
    assert "hive ask" in hive(cwd=tmp_path).stderr


def test_nothing_of_the_folder_that_one_stands_in_is_imported(tmp_path: Path) -> None:
    for name in ("os.py", "hive_tui.py", "termios.py"):
        (tmp_path / name).write_text("raise SystemExit(99)")
    code = "import sys; sys.path.pop(0); from hive_tui.__main__ import main; raise SystemExit(main())"
    assert hive("--version", cwd=tmp_path, code=code).returncode == 0


def imported(tmp_path: Path, code: str) -> set[str]:
    """Top-level names and full names of all modules that the code brings in."""
    done = hive(cwd=tmp_path, code=f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


BEFORE_THE_FRAME = """
from hive_tui.__main__ import refuse_commands
from hive_tui.cli.commands import SCREEN
from hive_tui.cli.parser import parse
from hive_tui.cli import screen
parsed = parse(SCREEN, ["--model", "m", "--plan", "single", "--timeout", "5", "why", "not"])
refuse_commands(parsed)
screen.wishes(parsed)
"""


def test_the_way_to_the_first_frame_imports_next_to_nothing(tmp_path: Path) -> None:
    found = imported(tmp_path, BEFORE_THE_FRAME)
    heavy = {"argparse", "re", "json", "tomllib", "asyncio", "pathlib", "dataclasses", "enum", "typing", "functools"}
    heavy |= {"msgspec", "textual", "rich", "collections", "inspect", "difflib", "urllib", "subprocess", "socket"}
    assert not heavy & {name.partition(".")[0] for name in found}
    assert len(found) <= 40, sorted(found)


def test_parsing_and_asking_import_nothing_of_the_council(tmp_path: Path) -> None:
    found = imported(tmp_path, "import hive_tui.cli.ask, hive_tui.cli.dispatch, hive_tui.config.resolve")
    names = {name.partition(".")[0] for name in found} | {".".join(name.split(".")[:2]) for name in found}
    heavy = {"numpy", "numba", "cupy", "duckdb", "tiktoken", "httpx", "diskcache", "textual", "tomlkit", "platformdirs"}
    heavy |= {"hive_tui.council", "hive_tui.models", "hive_tui.kernels", "hive_tui.history", "hive_tui.simulator"}
    assert not heavy & names
