"""The three streams of a command, such that a closed or broken one is said, and breaks nothing else."""

from __future__ import annotations

import io
import os
import sys


class StdoutError(Exception):
    """What was to be printed on stdout cannot be: exit 5. A reader that has gone raises BrokenPipeError instead."""


class _Stdout(io.FileIO):
    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            discard()
            raise
        except OSError as error:
            discard()
            raise StdoutError(error.strerror or str(error)) from error


class _Stderr(io.FileIO):
    """Words for a person: if nobody can read them, a run goes on all the same."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def discard() -> None:
    """What stdout still holds goes nowhere: Python writes it when it exits, and would complain or wait then."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def reopen() -> None:
    """Give closed streams (`>&-`) a file: their numbers would go to the next one opened, which a child then inherits
    as its stdout. Writing to that stdout fails, as it should."""
    for number, name, mode in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, mode)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def guard() -> None:
    """From now on writing to stdout raises StdoutError or BrokenPipeError, and writing to stderr nothing."""
    sys.stdout = _text(_Stdout(1, "w", closefd=False), sys.stdout.encoding)
    sys.stderr = _text(_Stderr(2, "w", closefd=False), sys.stderr.encoding, line_buffering=True)


def _text(raw: io.FileIO, encoding: str, *, line_buffering: bool = False) -> io.TextIOWrapper:
    line_buffering = line_buffering or raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=line_buffering)
