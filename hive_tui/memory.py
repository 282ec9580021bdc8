"""Resident memory of this process, by the operating system."""

from __future__ import annotations

import os
import struct
import sys

_STATM = "/proc/self/statm"
_TASK_INFO = 4
"""`PROC_PIDTASKINFO` of macOS's <sys/proc_info.h>, which gives a `proc_taskinfo` of 96 bytes."""
_TASK_SIZE = 96
_TASK_HEAD = struct.Struct("=QQ")
"""The first fields of `proc_taskinfo`: virtual and resident size in bytes."""


def resident_bytes() -> int | None:
    """Bytes that are in memory now; `None` where the system does not tell."""
    if sys.platform == "darwin":
        return _by_libproc()
    try:
        with open(_STATM, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _by_libproc() -> int | None:
    """Of macOS, where getrusage knows the peak only."""
    import ctypes

    try:
        ask = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pidinfo
    except (OSError, AttributeError):
        return None
    buffer = ctypes.create_string_buffer(_TASK_SIZE)
    given = ask(ctypes.c_int(os.getpid()), ctypes.c_int(_TASK_INFO), ctypes.c_uint64(0), buffer, _TASK_SIZE)
    return resident_of(buffer.raw) if given == _TASK_SIZE else None


def resident_of(task_info: bytes) -> int:
    """The resident size in a `proc_taskinfo`."""
    _virtual, resident = _TASK_HEAD.unpack_from(task_info)
    return int(resident)
