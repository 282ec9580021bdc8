"""Runs a command that needs no screen: its module is imported only now, and its refusals become exit codes.

Each module has `main(parsed) -> int`. `ask` says its ConfigErrors itself, for its document.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from types import ModuleType

from hive_tui.cli import streams
from hive_tui.cli.exits import DISK, DONE
from hive_tui.cli.interrupts import Held
from hive_tui.cli.open_files import check_open_files
from hive_tui.cli.parser import Parsed
from hive_tui.cli.refusing import refuse
from hive_tui.cli.streams import StdoutError
from hive_tui.config.errors import ConfigError


def run(name: str, parsed: Parsed) -> int:
    """Run the command and return its exit code. Raises UsageError."""
    try:
        if name != "ask":
            check_open_files()
        return _written(f"hive {name}", lambda: _module(name).main(parsed))
    except KeyboardInterrupt:
        if name != "ask":
            raise
        code: int = _module(name).interrupted(parsed)
    except ConfigError as error:
        return refuse(f"hive {name}", error)
    return code


def show(text: str) -> int:
    """Print a help or the version; the exit code."""

    def work() -> int:
        print(text)
        return DONE

    return _written("hive", work)


def _written(command: str, work: Callable[[], int]) -> int:
    """What the work returns, or the exit code of a stdout that cannot be written."""
    streams.guard()
    code = DONE
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        return code  # Whoever read our output has enough (`hive runs | head`).
    except StdoutError as error:
        print(f"{command}: stdout: {error}", file=sys.stderr)
        return DISK
    return code


def _module(name: str) -> ModuleType:
    """The command's module. Raises KeyboardInterrupt, when it is there."""
    with Held():
        _import_msgspec()
        return import_module(f"hive_tui.cli.{name}" + "_" * iskeyword(name))


def _import_msgspec() -> None:
    """Without `typing_extensions`, of which it would take what Python itself has since 3.11: that, with `inspect`, is
    a tenth of the time to the first picture of a recorded run."""
    if "typing_extensions" not in sys.modules:
        # So an import of it is refused.
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        import_module("msgspec")
        del sys.modules["typing_extensions"]


def simulate(argv: list[str]) -> int:
    """Run the simulator, which reads its own command line; its help ends as every other does."""
    from hive_tui.cli.commands import exit_codes

    def work() -> int:
        try:
            code: int = import_module("hive_tui.cli.simulate").run(argv)
        except SystemExit as end:
            if end.code != DONE:
                raise
            print(f"\n{exit_codes()}")
            return DONE
        return code

    return _written("hive simulate", work)
