"""Which runs go by the limits of age, number and size. Pure; marked runs and those that go on never do."""

from __future__ import annotations

from collections.abc import Sequence

from hive_tui.config.retention import Retention
from hive_tui.history.pages import Row


def surplus(rows: Sequence[Row], limits: Retention, now_ns: int) -> list[tuple[Row, str]]:
    """The runs that are to go, each with the limit that it is beyond; the oldest go first.

    All runs count for number and size, also those that never go: such as cannot be read may be of a newer Hive.
    """
    oldest_first = sorted(rows, key=lambda row: (row.summary.wall_ns, row.summary.run))
    count, size = len(rows), sum(row.size for row in rows)
    going: list[tuple[Row, str]] = []
    for row in oldest_first:
        why = ""
        if limits.max_age_s is not None and now_ns - row.summary.wall_ns > limits.max_age_s * 1e9:
            why = "max_age"
        elif limits.max_runs is not None and count > limits.max_runs:
            why = "max_runs"
        elif limits.max_size_bytes is not None and size > limits.max_size_bytes:
            why = "max_size"
        if why and not row.marked and not row.live and not row.fault:
            going.append((row, why))
            count, size = count - 1, size - row.size
    return going
