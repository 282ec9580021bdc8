"""`hive stats` without a run: what all recorded calls took, by model and endpoint."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.config.errors import ConfigError
from hive_tui.config.paths import paths
from hive_tui.statistics.folders import Across, across
from hive_tui.statistics.groups import Group, Spread, Wanted
from hive_tui.statistics.since import SinceError, since_ns
from hive_tui.statistics.table import TableError
from hive_tui.wording import amount, number_of


def main(parsed: Parsed, now_ns: int) -> int:
    """Raises UsageError; ConfigError when the runs cannot be read."""
    try:
        since = since_ns(parsed.value("--since") or "", now_ns)
    except SinceError as error:
        raise UsageError(f"--since {error}") from error
    wanted = Wanted(parsed.values("--model"), parsed.values("--endpoint"), since)
    root = Path(paths().runs)
    try:
        found = across(root, wanted, _progress if sys.stderr.isatty() else lambda _done, _all: None)
    except TableError as error:
        raise ConfigError(one_line(str(error)), str(root)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(error.filename or root)) from error
    if parsed.has("--json"):
        sys.stdout.buffer.write(encode_document(across_document(found)))
        return DONE
    for line in _lines(found):
        write_text(sys.stdout, line + "\n")
    return DONE


def _progress(done: int, count: int) -> None:
    if done % 50 == 0 or done == count:
        write_text(sys.stderr, f"\rread {done} of {count} runs" + ("\r\x1b[K" if done == count else ""))
        sys.stderr.flush()


def across_document(found: Across) -> dict[str, object]:
    """The document of `--json`; unknown is null, times are milliseconds."""
    return {
        "runs": found.runs,
        "fresh": found.fresh,
        "live": found.live,
        "unreadable": list(found.unread),
        "groups": [_group(group) for group in found.groups],
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "model": group.model,
        "endpoint": group.endpoint,
        "simulated": group.simulated,
        "runs": group.runs,
        "calls": group.calls,
        "failed": group.failed,
        "error_rate": None if group.error_rate is None else round(group.error_rate, 6),
        "retries": group.retries,
        "stalls": group.stalls,
        "connect_ms": _spread(group.connect_ns, 1e6),
        "first_token_ms": _spread(group.first_token_ns, 1e6),
        "gaps_ms": _spread(group.gaps_ns, 1e6),
        "tokens_per_s": _spread(group.tokens_per_s, 1),
        "completion_tokens": group.tokens,
        "cost_usd": None if group.cost_unknown == group.calls else amount(group.cost_usd),
        "cost_unknown": group.cost_unknown,
    }


def _spread(spread: Spread, unit: float) -> dict[str, object]:
    values = {"p50": spread.p50, "p95": spread.p95, "p99": spread.p99, "max": spread.max}
    told = {name: None if value is None else round(value / unit, 3) for name, value in values.items()}
    return {"count": spread.count, **told}


def _lines(found: Across) -> Iterator[str]:
    calls = sum(group.calls for group in found.groups)
    going = f", {found.live} more still going on" if found.live else ""
    yield f"{number_of(calls, 'call')} in {number_of(found.runs, 'run')}{going}"
    if found.unread:
        named = ", ".join(map(one_line, found.unread[:4])) + (", ..." if len(found.unread) > 4 else "")
        yield f"{number_of(len(found.unread), 'run')} cannot be read (hive verify says why): {named}"
    for group in found.groups:
        marked = " SIMULATED" if group.simulated else ""
        rate = "unknown" if group.error_rate is None else f"{group.error_rate:.1%}"
        yield f"{one_line(group.model)} at {one_line(group.endpoint)}{marked}"
        unknown = f" and {group.cost_unknown} of unknown cost" if group.cost_unknown else ""
        cost = "cost unknown" if group.cost_unknown == group.calls else f"${amount(group.cost_usd)}{unknown}"
        yield (
            f"  {number_of(group.calls, 'call')} in {number_of(group.runs, 'run')}, {rate} failed, "
            f"{number_of(group.retries, 'retry')}, "
            f"{number_of(group.stalls, 'stall')}, {cost}"
        )
        rows = (("connect", group.connect_ns), ("first token", group.first_token_ns), ("gaps", group.gaps_ns))
        for name, spread in rows:
            if spread.count:
                yield f"  {name:<12}{_told(spread, 1e6, ' ms')}"
        if group.tokens_per_s.count:
            yield f"  {'tokens/s':<12}{_told(group.tokens_per_s, 1, '')}"


def _told(spread: Spread, unit: float, name: str) -> str:
    values = (("p50", spread.p50), ("p95", spread.p95), ("p99", spread.p99), ("max", spread.max))
    return ", ".join(f"{what} {value / unit:.1f}{name}" for what, value in values if value is not None)
