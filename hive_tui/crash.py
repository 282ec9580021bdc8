"""The report of a crash: where in the code, on what, and no word of anyone's text.

Names of files, functions and exceptions only. An exception's message and a frame's variables may hold prompts or
keys, so neither is written.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import strftime

from hive_tui import __version__
from hive_tui.events import ErrorInfo

SEEN = ("textual", "rich", "msgspec")


def report(error: BaseException, size: tuple[int, int] | None) -> str:
    """The report's text; `size` is the terminal's, in columns and rows; `None` where there is none."""
    lines = [
        f"hive {__version__} crashed",
        f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
        *(f"{name} {_version(name)}" for name in SEEN),
        "no terminal" if size is None else f"terminal {size[0]}x{size[1]}, TERM={os.environ.get('TERM', '')}",
        "",
    ]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        lines += [
            f"  {_shortened(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines) + "\n"


def write(error: BaseException, size: tuple[int, int] | None, folder: Path) -> Path:
    """Put the report in a new file that only its owner reads. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"crash-{strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(report(error, size))
    return path


def told(error: Exception, folder: Path) -> ErrorInfo:
    """A bug as an error of whatever it spoilt, its report in that folder."""
    message = f"Hive itself failed ({type(error).__name__})"
    try:
        path = write(error, None, folder)
    except OSError as problem:
        return ErrorInfo(kind="internal", message=message, advice=f"no report could be written: {problem.strerror}")
    return ErrorInfo(kind="internal", message=message, advice=f"a report, without your texts: {path}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _shortened(filename: str) -> str:
    """The path within the package or library: the part before may name a person."""
    for base in sys.path:
        if base and filename.startswith(base.rstrip(os.sep) + os.sep):
            return filename[len(base.rstrip(os.sep)) + 1 :]
    return os.path.basename(filename)
