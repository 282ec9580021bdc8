"""`scripts/bench`: lists what it can measure, and refuses what it cannot."""

import subprocess
import sys
from pathlib import Path

DISPATCH = Path(__file__).resolve().parents[2] / "scripts" / "benchmarks" / "__main__.py"


def bench(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", str(DISPATCH), *argv], capture_output=True, text=True, timeout=60)


def test_without_a_name_it_lists_them() -> None:
    done = bench()
    assert (done.returncode, done.stderr) == (0, "")
    names = [path.stem for path in DISPATCH.parent.glob("[a-z]*.py") if "\ndef main(" in path.read_text()]
    assert all(f"  {name} " in done.stdout for name in names)


def test_an_unknown_name_is_exit_2() -> None:
    done = bench("nonesuch", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nonesuch" in done.stderr
