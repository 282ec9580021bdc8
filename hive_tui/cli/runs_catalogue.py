"""The catalogue of the runs, as the commands use it."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from hive_tui.cli.parser import Parsed, UsageError
from hive_tui.config.errors import ConfigError, FolderError
from hive_tui.config.paths import OWN_FOLDER, paths
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import FilterError, Wanted, parse, words
from hive_tui.history.pages import Row

PATIENCE_S = 1.0
"""How long a person waits without a word of what is being done."""


@contextmanager
def opened_catalogue() -> Iterator[Catalogue]:
    """Raises ConfigError, also for what happens inside."""
    here = paths()
    try:
        with closing(Catalogue(Path(here.catalogue), Path(here.runs))) as catalogue:
            yield catalogue
    except sqlite3.Error as error:
        todo = "another hive may be writing it; try again, or remove the file: it is made anew from the recordings"
        raise ConfigError(f"cannot be used: {error}", here.catalogue, todo) from error
    except OSError as error:
        raise FolderError(f"cannot be read: {error.strerror}", error.filename or here.runs, OWN_FOLDER) from error


def found_rows(parsed: Parsed) -> Sequence[Row]:
    """The runs that --search, --filter, --limit and --tree ask for. Raises UsageError, ConfigError."""
    try:
        wanted = sum((parse(each, time.time_ns()) for each in parsed.values("--filter")), Wanted())
    except FilterError as error:
        raise UsageError(f"--filter {error}") from error
    wanted = sum((words(each) for each in parsed.values("--search")), wanted)
    limit = parsed.value("--limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and 0 < int(limit[:18]) < 10**15):
        raise UsageError(f"--limit: expected a whole number above 0, got {limit!r}")
    with opened_catalogue() as catalogue:
        catalogue.sync()
        tree = parsed.has("--tree")
        if tree or wanted.match or wanted.conditions:
            read_all_words(catalogue)
        return catalogue.page(wanted, 0, None if limit is None else int(limit), tree=tree).rows


def read_all_words(catalogue: Catalogue) -> None:
    """Make every text searchable; says what it does when that takes long."""
    left = catalogue.read_words(PATIENCE_S)
    if left:
        print(f"reading the texts of {left:,} more runs, this once", file=sys.stderr)
        catalogue.read_words()
