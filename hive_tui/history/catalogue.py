"""The catalogue of the runs of one folder: kept up with what lies there, asked a page at a time.

A run's row is taken from its folder when the folder's time of change is another than the row's; a run that a process
still writes is looked at each time. First come the rows, the newest first, then the words: a list is there at once, and
both can be done in slices.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from hive_tui.history.database import Database, is_damage, is_of_no_use
from hive_tui.history.filters import Wanted
from hive_tui.history.keeping import marked_runs
from hive_tui.history.kin import Kin, read_kin
from hive_tui.history.pages import Page, page
from hive_tui.history.reading import Read, Texts, read_run, read_texts

BATCH = 64
"""Runs that are written in one transaction."""
LARGEST = 2**63 - 1
"""An integer of SQLite's; a recording may hold larger ones."""
SETTLED_NS = 1_000_000_000
"""A folder that changed so lately may change again within the same tick of the file system's clock."""
T = TypeVar("T")
# Of a run that goes on the question stands already; its answer is read when it has ended.
_DUE = "worded < seq AND (live = 0 OR worded = 0)"


class Catalogue:
    def __init__(
        self,
        file: Path,
        root: Path,
        wall_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`root` is the folder of the runs, `file` where the catalogue lies or is to lie."""
        self._root = root
        self._wall_ns = wall_ns
        self._clock = clock
        self._database = Database(file)
        self._listed_ns = 0
        """Time of change of the root when all of it was looked through; 0 is never."""

    @property
    def in_memory(self) -> str:
        """Why nothing of this is kept; empty when it is."""
        return self._database.in_memory

    def close(self) -> None:
        self._database.close()

    def rebuild(self) -> None:
        """Forget all; the next `sync` reads the recordings again."""
        self._database.renew()
        self._listed_ns = 0

    # Keeping up.

    def sync(self, limit_s: float | None = None, *, thorough: bool = True) -> int:
        """Take what changed in the folder; gives how many runs are still to be looked at when the time is over.

        Not `thorough`: only runs that are new, gone or live.

        Raises:
            OSError: the folder cannot be read.
        """
        until = None if limit_s is None else self._clock() + limit_s
        return self._safely(lambda: self._sync(until, thorough=thorough))

    def scrub(self) -> None:
        """Take what is gone out of the file as well, so that no word of it is left there.

        Raises:
            OSError: the folder cannot be read.
        """
        self.sync(thorough=False)
        self._safely(self._scrub)

    def _scrub(self) -> None:
        connection = self._database.connection
        # Until its parts are merged, the index holds the words of deleted texts; until all of it stands in the file
        # itself, the journal beside it does, as long as anyone has the catalogue open.
        self._write(lambda: connection.execute("INSERT INTO texts (texts) VALUES ('optimize')"))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def read_words(self, limit_s: float | None = None) -> int:
        """Read the texts, which only the logs tell; gives how many runs are left when the time is over."""
        until = None if limit_s is None else self._clock() + limit_s
        return self._safely(lambda: self._read_words(until))

    def unread(self) -> int:
        """How many texts `read_words` would read."""
        return self._safely(self._unread)

    def _sync(self, until: float | None, *, thorough: bool) -> int:
        connection = self._database.connection
        root_ns = self._changed_ns(self._root)
        if not thorough and root_ns and root_ns == self._listed_ns:
            stale = [run for (run,) in connection.execute("SELECT run FROM runs WHERE live = 1")]
            there, known = dict.fromkeys(stale, 0), dict[str, tuple[int, int]]()
        else:
            known = {run: (stamp, live) for run, stamp, live in connection.execute("SELECT run, stamp, live FROM runs")}
            there = self._folders(() if thorough else known)
            gone = known.keys() - there.keys()
            stale = [
                run
                for run, stamp in there.items()
                if run not in known or known[run][1] or (thorough and (stamp != known[run][0] or stamp < 0))
            ]
            if gone:
                self._write(lambda: self._forget(gone))
        # What is not there at all goes before what may have changed.
        left = self._take(sorted(stale, key=lambda run: (run not in known, run), reverse=True), there, until)
        self._take_marks()
        self._listed_ns = root_ns if not left else 0
        return left

    def _folders(self, known: Iterable[str]) -> dict[str, int]:
        """The folders of runs, with their stamps; those of known ones are not asked for."""
        skipped = set(known)
        found = {}
        try:
            with os.scandir(self._root) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith("."):
                        continue
                    found[name] = 0 if name in skipped else self._stamp(entry)
        except FileNotFoundError:
            return {}
        return found

    def _stamp(self, entry: os.DirEntry[str] | Path) -> int:
        """When the folder changed; -1 when that was only now, or nobody can tell."""
        try:
            changed = entry.stat().st_mtime_ns
        except OSError:
            return -1
        return changed if self._wall_ns() - changed > SETTLED_NS else -1

    def _changed_ns(self, folder: Path) -> int:
        return max(0, self._stamp(folder))

    def _take(self, stale: Sequence[str], stamps: dict[str, int], until: float | None) -> int:
        for start in range(0, len(stale), BATCH):
            batch = stale[start : start + BATCH]
            # Asked before the folder is read: what changes meanwhile is looked at again.
            read = [self._read(run, stamps[run] or self._stamp(self._root / run)) for run in batch]
            self._write(lambda read=read: self._put(read))  # type: ignore[misc]
            if until is not None and self._clock() >= until:
                return len(stale) - start - len(batch)
        return 0

    def _read(self, run: str, stamp: int) -> tuple[str, int, Read | None, Kin]:
        folder = self._root / run
        return run, stamp, read_run(folder), read_kin(folder)

    def _put(self, read: Sequence[tuple[str, int, Read | None, Kin]]) -> None:
        connection = self._database.connection
        self._forget([run for run, _stamp, found, _kin in read if found is None])
        for run, stamp, found, kin in read:
            if found is None:
                continue
            each = found.summary
            values: dict[str, object] = {
                "run": run,
                "stamp": stamp,
                "live": found.live,
                "seq": each.seq,
                "wall_ns": each.wall_ns,
                "question": each.question,
                "plan": each.plan,
                "profile": each.profile,
                "simulated": each.simulated,
                "outcome": each.outcome,
                "decision": each.decision,
                "duration_ns": each.duration_ns,
                "cost": None if each.cost_usd is None else float(each.cost_usd),
                "cost_usd": each.cost_usd,
                "models": "\n".join(each.models),
                "chunks": each.chunks,
                "answer_size": each.answer_size,
                "parent": kin.parent,
                "source": kin.source,
                "size": found.size,
                "fault": found.fault,
            }
            names, changes = ", ".join(values), ", ".join(f"{name} = excluded.{name}" for name in values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(
                f"INSERT INTO runs ({names}, marked, worded) VALUES ({marks}, 0, 0) "
                f"ON CONFLICT (run) DO UPDATE SET {changes}",
                {name: min(value, LARGEST) if isinstance(value, int) else value for name, value in values.items()},
            )

    def _forget(self, runs: Iterable[str]) -> None:
        connection = self._database.connection
        for run in runs:
            connection.execute("DELETE FROM texts WHERE rowid = (SELECT id FROM runs WHERE run = ?)", (run,))
            connection.execute("DELETE FROM runs WHERE run = ?", (run,))

    def _take_marks(self) -> None:
        connection = self._database.connection
        marked = marked_runs(self._root)
        held = {run for (run,) in connection.execute("SELECT run FROM runs WHERE marked = 1")}
        changed = [(run in marked, run) for run in marked ^ held]
        if changed:
            self._write(lambda: connection.executemany("UPDATE runs SET marked = ? WHERE run = ?", changed))

    def _read_words(self, until: float | None) -> int:
        connection = self._database.connection
        while True:
            found = connection.execute(f"SELECT id, run, seq FROM runs WHERE {_DUE} ORDER BY run DESC LIMIT 16")
            texts = []
            for id_, run, seq in found.fetchall():
                texts.append((id_, seq, read_texts(self._root / run)))
                if until is not None and self._clock() >= until:
                    break
            if not texts:
                return 0
            self._write(lambda texts=texts: self._put_words(texts))  # type: ignore[misc]
            if until is not None and self._clock() >= until:
                return self._unread()

    def _unread(self) -> int:
        left: int = self._database.connection.execute(f"SELECT count(*) FROM runs WHERE {_DUE}").fetchone()[0]
        return left

    def _put_words(self, texts: Sequence[tuple[int, int, Texts]]) -> None:
        connection = self._database.connection
        for id_, seq, read in texts:
            if connection.execute("UPDATE runs SET worded = ? WHERE id = ?", (seq, id_)).rowcount:
                connection.execute("DELETE FROM texts WHERE rowid = ?", (id_,))
                values = (id_, read.question, read.answer)
                connection.execute("INSERT INTO texts (rowid, question, answer) VALUES (?, ?, ?)", values)

    def _write(self, change: Callable[[], object]) -> None:
        connection = self._database.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            change()
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    # Asking.

    def page(self, wanted: Wanted, first: int = 0, limit: int | None = None, *, tree: bool = False) -> Page:
        """Rows from number `first` on, the newest first; as a tree, forks stand below what they were forked from."""
        return self._safely(lambda: page(self._database.connection, wanted, first, limit, tree=tree))

    def _safely(self, work: Callable[[], T]) -> T:
        """Do it; when the catalogue is damaged, with a new one, and when there is no room for it, in memory.

        Raises:
            sqlite3.OperationalError: another process did not let go of the catalogue for too long.
        """
        try:
            return work()
        except sqlite3.Error as error:
            if not is_of_no_use(error):
                raise
            if is_damage(error):
                self._database.renew()
            else:
                self._database.go_to_memory(str(error))
        self._listed_ns = 0
        self._sync(None, thorough=True)
        self._read_words(None)
        return work()
