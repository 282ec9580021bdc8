"""`scripts/hive` on a fresh checkout and on later starts: what it does, and what it leaves alone.

A stand-in for Python notes how it is called and plays venv and pip, so that no package is fetched here; the set-up's
own code is the real one, run by the real Python.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

STAND_IN = r"""#!/bin/sh
me=$0
note() { echo "$1" >>"$CALLS"; }
make() { mkdir -p "$1/bin" "$1/lib/python3.11/site-packages"; cp "$me" "$1/bin/python"; }
case "$*" in
*"-m venv"*) note venv; for last; do :; done; [ -z "$VENV_SAYS" ] || { echo "$VENV_SAYS"; exit 1; }; make "$last" ;;
*"-m pip uninstall"*|*"--upgrade pip"*) ;;
*"-m pip install"*) [ "$PIP_RETRIES" = 2 ] || exit 1
    note "install $(echo "$*" | sed 's/.*--editable//; s/.*\[/[/')"; sleep "${PIP_TAKES:-0}"
    [ -z "$PIP_SAYS" ] || { echo "$PIP_SAYS"; exit 1; } ;;
*"-m compileall"*) note compile ;;
*set_up.py*) note set-up; echo $$ >"$CALLS.pid"
    exec "$REAL" -I -c 'import runpy, sys
_, sys.executable, *sys.argv = sys.argv
runpy.run_path(sys.argv[0], run_name="__main__")' "$me" "$2" "$3" "$4" ;;
*"import pip"*) exit 0 ;;
*version_info*) case "${VERSION_OK:-yes}" in yes) echo "$me" ;; *) exit 1 ;; esac ;;
*"-m pytest"*) note tests ;;
*hive_tui*) note start; shift 3; echo "started:$*"; cat ;;
esac
"""

PYPROJECT = """
[build-system]
requires = ["hatchling"]
[project]
name = "x"
version = "1"
dependencies = ["a"]
optional-dependencies = {dev = ["b"]}
"""


class Checkout:
    """A copy of the scripts with a project of its own."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "a checkout"
        (self.root / "scripts").mkdir(parents=True)
        for name in ("hive", "test", "environment.sh", "set_up.py"):
            shutil.copy(SCRIPTS / name, self.root / "scripts" / name)
        self.pyproject(PYPROJECT)
        self.calls_file = tmp_path / "calls"
        self.bin = tmp_path / "bin"
        self.bin.mkdir()
        self.python = self.command("python3.11", STAND_IN)
        self.environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HIVE_PYTHON": str(self.python),
            "CALLS": str(self.calls_file),
            "REAL": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def command(self, name: str, text: str) -> Path:
        file = self.bin / name
        file.write_text(text)
        file.chmod(0o755)
        return file

    def pyproject(self, text: str) -> None:
        (self.root / "pyproject.toml").write_text(text)

    def popen(self, *argv: str, script: str = "", cwd: Path | None = None, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [script or str(self.root / "scripts" / "hive"), *argv],
            cwd=cwd or self.root.parent,
            env=self.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hive(self, *argv: str, script: str = "", cwd: Path | None = None, **environ: str) -> tuple[int, str, str]:
        with self.popen(*argv, script=script, cwd=cwd, **environ) as process:
            out, err = process.communicate("typed ahead", timeout=60)
            return process.returncode, out, err

    def calls(self) -> list[str]:
        """What the stand-in was asked for since the last look."""
        found = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.write_text("")
        return found


FRESH = ["set-up", "venv", "install ", "compile", "start"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def kinds(calls: list[str]) -> list[str]:
    return ["install " if call.startswith("install ") else call for call in calls]


def test_the_first_start_sets_up_and_later_ones_do_nothing_of_it(checkout: Checkout) -> None:
    code, out, err = checkout.hive("ask", "two words")
    assert (code, out) == (0, "started:ask two words\ntyped ahead"), "what was typed meanwhile is still there"
    assert "setting up" in err
    assert kinds(checkout.calls()) == FRESH
    assert checkout.hive("again") == (0, "started:again\ntyped ahead", "")
    assert checkout.calls() == ["start"]


def test_a_touched_project_is_looked_at_once_and_not_set_up_again(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    checkout.pyproject(PYPROJECT + "[tool.ruff]\nline-length = 99\n")
    os.utime(checkout.root / ".venv" / "ready", (1, 1))
    assert checkout.hive()[2] == ""
    assert checkout.calls() == ["set-up", "start"]


def test_a_changed_dependency_is_installed_into_the_same_environment(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    checkout.pyproject(PYPROJECT.replace('["a"]', '["a", "c"]'))
    os.utime(checkout.root / ".venv" / "ready", (1, 1))
    checkout.hive()
    assert kinds(checkout.calls()) == ["set-up", "install ", "compile", "start"]


def test_the_tests_need_more_and_leave_the_command_as_it_was(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    tests = str(checkout.root / "scripts" / "test")
    assert checkout.hive(script=tests)[0] == 0
    assert checkout.calls() == ["set-up", "install [dev]", "compile", "tests"]
    checkout.hive(script=tests)
    checkout.hive()
    assert checkout.calls() == ["tests", "start"]


def test_a_set_up_that_was_killed_is_made_anew(checkout: Checkout) -> None:
    with checkout.popen(PIP_TAKES="1") as first:
        while "install" not in (checkout.calls_file.read_text() if checkout.calls_file.exists() else ""):
            assert first.poll() is None
        os.kill(int(checkout.calls_file.with_name("calls.pid").read_text()), signal.SIGKILL)
        first.communicate(timeout=60)
    (checkout.root / ".venv" / "leftover").write_text("")
    checkout.calls()
    assert checkout.hive()[0] == 0
    assert kinds(checkout.calls()) == FRESH
    assert not (checkout.root / ".venv" / "leftover").exists()


def test_a_moved_checkout_gets_an_environment_of_its_own(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    checkout.root = checkout.root.rename(checkout.root.parent / "elsewhere")
    checkout.hive()
    assert kinds(checkout.calls()) == FRESH


def test_a_copied_checkout_does_not_use_the_first_ones_environment(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    copy = checkout.root.parent / "copy"
    shutil.copytree(checkout.root, copy, symlinks=True)
    checkout.root = copy
    checkout.hive()
    assert kinds(checkout.calls()) == FRESH


def test_two_first_starts_set_up_once(checkout: Checkout) -> None:
    with checkout.popen("one", PIP_TAKES="0.5") as one, checkout.popen("two", PIP_TAKES="0.5") as two:
        results = [process.communicate("", timeout=60) for process in (one, two)]
    assert sorted(out for out, _ in results) == ["started:one\n", "started:two\n"]
    assert kinds(checkout.calls()).count("install ") == 1


@pytest.mark.parametrize("relative", ["a checkout/scripts/hive", "./a checkout/../a checkout/scripts/hive"])
def test_it_is_found_by_a_relative_path_and_leaves_the_current_folder_alone(checkout: Checkout, relative: str) -> None:
    checkout.hive()
    checkout.calls()
    assert checkout.hive(script=relative)[:2] == (0, "started:\ntyped ahead")
    assert checkout.calls() == ["start"]


def test_it_is_found_through_links(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    link = checkout.bin / "hive"
    link.symlink_to(checkout.root / "scripts" / "hive")
    second = checkout.bin / "hive2"
    second.symlink_to("hive")
    assert checkout.hive(script=str(second))[0] == 0
    assert checkout.calls() == ["start"]


def test_from_within_the_scripts_folder(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    assert checkout.hive(script="./hive", cwd=checkout.root / "scripts")[0] == 0
    assert checkout.calls() == ["start"]


def test_a_python_that_went_away_is_noticed(checkout: Checkout) -> None:
    checkout.hive()
    checkout.calls()
    (checkout.root / ".venv" / "bin" / "python").unlink()
    checkout.hive()
    assert kinds(checkout.calls()) == FRESH


def test_without_network_it_is_exit_3_and_the_command(checkout: Checkout) -> None:
    code, out, err = checkout.hive(PIP_SAYS="NewConnectionError: Temporary failure in name resolution")
    assert (code, out) == (3, "")
    assert "no network" in err
    assert err.rstrip().endswith("/scripts/hive")
    assert checkout.hive()[0] == 0, "and it goes on when the network is back"


def test_what_else_pip_says_is_shown(checkout: Checkout) -> None:
    code, _, err = checkout.hive(PIP_SAYS="ERROR: No matching distribution found for a")
    assert code == 3
    assert "No matching distribution" in err
    assert "set-up.log" in err


def test_a_python_without_venv_is_exit_3_and_the_command(checkout: Checkout) -> None:
    code, out, err = checkout.hive(VENV_SAYS="The virtual environment was not created: ensurepip is not available.")
    assert (code, out) == (3, "")
    assert "has no venv module. Run: " in err


def test_a_named_python_that_does_not_do_is_said(checkout: Checkout) -> None:
    for python in ("/nowhere/python", "/bin/false", "/bin/true"):
        code, out, err = checkout.hive(HIVE_PYTHON=python)
        assert (code, out) == (3, "")
        assert f"HIVE_PYTHON={python}" in err


def test_a_shim_that_fails_and_an_old_python_are_passed_over(checkout: Checkout) -> None:
    checkout.command("python3.14", "#!/bin/sh\necho 'pyenv: python3.14: command not found' >&2\nexit 127\n")
    checkout.command("python3.13", "#!/bin/sh\nexit 1\n")
    checkout.command("python3.12", "#!/bin/sh\nexit 1\n")
    code, _, err = checkout.hive(HIVE_PYTHON="")
    assert code == 0
    assert "pyenv" not in err
    assert kinds(checkout.calls()) == FRESH


def test_without_any_python_it_is_exit_3_and_the_command(checkout: Checkout) -> None:
    empty = checkout.bin.parent / "empty"
    empty.mkdir()
    code, out, err = checkout.hive(HIVE_PYTHON="", PATH=str(empty))
    assert (code, out) == (3, "")
    assert "needs Python 3.11" in err
    assert "Run: " in err


@pytest.mark.parametrize("dangling", [False, True])
def test_what_stands_in_the_way_of_the_environment_is_said(checkout: Checkout, dangling: bool) -> None:
    place = checkout.root / ".venv"
    place.symlink_to("/nowhere") if dangling else place.write_text("in the way")
    code, out, err = checkout.hive()
    assert (code, out) == (3, "")
    assert f"{place} is no folder. Run: rm '{place}'" in err
    assert "Traceback" not in err
    place.unlink()
    assert checkout.hive()[0] == 0


def test_the_scripts_can_be_run_and_are_plain_sh() -> None:
    for name in ("hive", "test", "check", "bench"):
        file = SCRIPTS / name
        assert stat.S_IMODE(file.stat().st_mode) & 0o111
        assert file.read_text().startswith("#!/bin/sh\n")
        assert subprocess.run(["sh", "-n", str(file)]).returncode == 0
