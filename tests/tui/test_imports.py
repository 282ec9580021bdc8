"""The screen's process stays light: what it never imports, proven in a process of its own."""

import subprocess
import sys

NEVER = {"numpy", "numba", "llvmlite", "cupy", "duckdb", "tiktoken", "httpx", "httpcore", "diskcache", "zstandard"}
ROOMS = {f"hive_tui.{room}" for room in ("council", "models", "kernels", "history", "simulator")}
LATER = {"rich.markdown", "markdown_it", "pygments", "tomllib"}
"""Imported when an answer is drawn or the theme files are read, not before the first picture."""


def modules(imported: str) -> set[str]:
    program = f"import sys, {imported}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    return set(done.stdout.split())


def test_the_screen_imports_nothing_heavy() -> None:
    loaded = modules("hive_tui.tui.app, hive_tui.tui.core_session")
    packages = {name.partition(".")[0] for name in loaded}
    rooms = {".".join(name.split(".")[:2]) for name in loaded}
    assert not packages & NEVER
    assert not rooms & ROOMS


def test_the_first_picture_waits_for_nothing_that_it_does_not_show() -> None:
    assert not modules("hive_tui.tui.app") & LATER


def test_the_first_picture_of_a_recorded_run_waits_for_neither_textual_nor_rich() -> None:
    loaded = modules("hive_tui.cli.dispatch as d; d._module('replay'); import hive_tui.tui.firstmoment")
    assert not {name.partition(".")[0] for name in loaded} & {"textual", "rich", "asyncio", "tomllib", "inspect"}
    assert "typing_extensions" not in loaded, "and who needs it later can import it"
    assert "hive_tui.core.commands" not in loaded
