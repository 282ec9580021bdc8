"""What a process costs, seen from outside it: processor time, memory, children; and on which core it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


def pin(pid: int, core: int) -> None:
    """Keep a process, 0 for this one, on one of this machine's cores; does nothing where the system cannot."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core % (os.cpu_count() or 1)})


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process on one of this machine's cores meanwhile."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    pin(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def unpinned() -> Iterator[None]:
    """What is started meanwhile may run on every core, as when a person starts it."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads so far, to the nanosecond (Linux: CPUCLOCK_SCHED of the process)."""
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid: int) -> dict[str, float]:
    """Resident and unshared memory in MB."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        kb = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith("kB\n")}
    return {"rss": kb["Rss"] / 1024, "uss": (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024}


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(each) for each in file.read().split()]


def wait_gone(pids: list[int], limit_s: float = 5.0) -> bool:
    """Wait until processes, which need not be ours, have ended; false when the limit was reached."""
    end = time.monotonic() + limit_s
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
