"""`hive runs delete`, `restore`, `trash`, `empty`, `mark`, `unmark`, `prune` and `rebuild`."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from hive_tui.cli.document import encode_document
from hive_tui.cli.exits import DONE
from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.cli.plaintext import one_line, write_text
from hive_tui.cli.recordings import run_folder
from hive_tui.cli.runs_catalogue import opened_catalogue, read_all_words
from hive_tui.cli.runs_options import PRUNING, check_flags
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import OWN_FOLDER, paths
from hive_tui.config.retention import load_retention
from hive_tui.history import keeping
from hive_tui.history.filters import Wanted
from hive_tui.history.keeping import KeepingError, Thrown
from hive_tui.history.pruning import prune

T = TypeVar("T")


def main(parsed: Parsed) -> int:
    """Raises UsageError; ConfigError for a run that is not there or cannot be changed: those before it are done."""
    word, names = parsed.words[0], parsed.words[1:]
    check_flags(parsed, PRUNING if word == "prune" else ())
    root, as_json = Path(paths().runs), parsed.has("--json")
    if word in ("trash", "empty", "prune", "rebuild"):
        if names:
            raise UsageError(f"`hive runs {word}` takes no names, got {names[0]!r}")
        match word:
            case "trash":
                _said(
                    [(each.run, _when(each)) for each in _guarded(root, lambda: keeping.trash(root))], as_json=as_json
                )
            case "empty":
                _empty(root, as_json=as_json)
            case "prune":
                _prune(root, really=not parsed.has("--dry-run"), as_json=as_json)
            case _:
                _rebuild(as_json=as_json)
        return DONE
    if not names:
        raise UsageError(f"which run? hive runs {word} RUN...")
    done = {"delete": "in the trash", "restore": "restored", "mark": "marked", "unmark": "unmarked"}[word]
    # All are looked up before the first is changed: a typing error changes nothing.
    runs = list(dict.fromkeys(_thrown(root, name) if word == "restore" else _run(root, name) for name in names))
    for run in runs:
        _guarded(root, partial(_change, root, word, run))
        if not as_json:
            write_text(sys.stdout, f"{run}\t{done}\n")
    if as_json:
        _said([(run, done) for run in runs], as_json=True)
    return DONE


def _change(root: Path, word: str, run: str) -> None:
    match word:
        case "delete":
            keeping.delete(root, run, int(time.time()))
        case "restore":
            keeping.restore(root, run)
        case "mark":
            keeping.mark(root, run)
        case _:
            keeping.unmark(root, run)


def _run(root: Path, name: str) -> str:
    """The id of a run of this folder. Raises ConfigError."""
    folder = run_folder(name)
    if folder.parent.resolve() != root.resolve():
        raise ConfigError(f"is not one of the runs in {root}", one_line(name), "remove it as any folder")
    return folder.name


def _thrown(root: Path, name: str) -> str:
    """The id of a run in the trash, by id, unique beginning or `last`. Raises ConfigError."""
    thrown = _guarded(root, lambda: keeping.trash(root))
    if name == "last" and thrown:
        return thrown[0].run
    fits = sorted({each.run for each in thrown if name and each.run.startswith(name.lower())})
    if len(fits) == 1:
        return fits[0]
    what = f"{len(fits)} runs in the trash begin so; type more of the id" if fits else "no such run in the trash"
    raise ConfigError(what, one_line(name) or "(empty)", "`hive runs trash` lists what can be restored")


def _guarded(root: Path, work: Callable[[], T]) -> T:
    """Raises ConfigError."""
    try:
        return work()
    except KeepingError as error:
        raise ConfigError(str(error), "runs") from error
    except OSError as error:
        raise FolderError(f"cannot be changed: {error.strerror}", error.filename or str(root), OWN_FOLDER) from error


def _empty(root: Path, *, as_json: bool) -> None:
    gone = _guarded(root, lambda: keeping.empty(root, int(time.time()) + 1))
    with opened_catalogue() as catalogue:
        catalogue.scrub()
    _said([(each.run, "gone for good") for each in gone], as_json=as_json)


def _prune(root: Path, *, really: bool, as_json: bool) -> None:
    limits = load_retention(paths())
    with opened_catalogue() as catalogue:
        done = _guarded(root, lambda: prune(root, catalogue, limits, time.time_ns(), really=really))
    will = "" if really else "would be "
    rows = [(row.summary.run, f"{will}moved to the trash: {why}") for row, why in done.moved]
    rows += [(each.run, f"{will}gone for good: deleted {_when(each)}") for each in done.emptied]
    for fault in done.left:
        print(f"hive runs: {fault}", file=sys.stderr)
    if not rows and not as_json and not limits.limited:
        print("no limit is set: [retention] of settings.toml has max_age, max_runs and max_size", file=sys.stderr)
    _said(rows, as_json=as_json)


def _rebuild(*, as_json: bool) -> None:
    with opened_catalogue() as catalogue:
        catalogue.rebuild()
        catalogue.sync()
        read_all_words(catalogue)
        count = catalogue.page(Wanted(), 0, 1).total
        if catalogue.in_memory:
            raise FolderError(f"cannot be kept: {catalogue.in_memory}", paths().catalogue, OWN_FOLDER)
    _said([("catalogue", f"{count} runs")], as_json=as_json)


def _when(thrown: Thrown) -> str:
    return datetime.datetime.fromtimestamp(thrown.at_s, datetime.UTC).astimezone().isoformat(timespec="seconds")


def _said(rows: Sequence[tuple[str, str]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(encode_document([{"run": run, "said": said} for run, said in rows]))
        return
    for run, said in rows:
        write_text(sys.stdout, f"{run}\t{said}\n")
