"""The catalogue's file: SQLite in WAL mode, derived from the recordings, so that any doubt is answered by a new one.

Whoever has it open holds a shared lock on a file beside it; it is made anew only by someone who is alone. Who is not,
or where the folder cannot be written, works on a copy in memory.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

VERSION = 2
BUSY_MS = 5000
"""How long one `hive` waits for another's writing."""
_SCHEMA = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, stamp INTEGER NOT NULL, live INTEGER NOT NULL,
    marked INTEGER NOT NULL, worded INTEGER NOT NULL, seq INTEGER NOT NULL, wall_ns INTEGER NOT NULL,
    question TEXT NOT NULL, plan TEXT NOT NULL, profile TEXT NOT NULL, simulated INTEGER NOT NULL,
    outcome TEXT NOT NULL, decision TEXT, duration_ns INTEGER NOT NULL, cost REAL, cost_usd TEXT,
    models TEXT NOT NULL, chunks INTEGER NOT NULL, answer_size INTEGER NOT NULL, parent TEXT NOT NULL,
    source TEXT NOT NULL, size INTEGER NOT NULL, fault TEXT NOT NULL);
CREATE INDEX runs_unworded ON runs (run) WHERE worded < seq;
CREATE INDEX runs_live ON runs (run) WHERE live = 1;
CREATE INDEX runs_parent ON runs (parent) WHERE parent != '';
CREATE VIRTUAL TABLE texts USING fts5(question, answer, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
"""
_SIDES = ("", "-wal", "-shm", "-journal")


class Database:
    """An open catalogue. One thread at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock: int | None = None
        self.in_memory = ""
        """Why the catalogue is one in memory; empty when it is the file."""
        self.connection = self._open()

    def close(self) -> None:
        self.connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def renew(self) -> None:
        """Begin with an empty catalogue, in the file if nobody else has it open."""
        self.connection.close()
        if self._alone():
            try:
                self._remove()
                self.connection = self._connect()
            except (sqlite3.Error, OSError) as error:
                self.go_to_memory(str(error))
            else:
                self._share()
                return
        else:
            self.go_to_memory(self.in_memory or "it is damaged, and another hive has it open")

    def go_to_memory(self, why: str) -> None:
        """Work on in memory, on nothing: what is there is read from the recordings again."""
        self.connection.close()
        self.in_memory = why
        self.connection = _memory()

    def _open(self) -> sqlite3.Connection:
        try:
            self._file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            self._lock = os.open(self._file.with_name(f"{self._file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            self._share()
            if self._file.exists() and not self._file.is_file():  # SQLite would wait for a pipe.
                self.in_memory = f"{self._file}: it is no regular file"
                return _memory()
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                self.in_memory = str(error)
                return self._copy()
        except OSError as error:
            self.in_memory = f"{self._file.parent}: {error.strerror}"
            return self._copy()
        if self._alone():
            try:
                self._remove()
                connection = self._connect()
            except (sqlite3.Error, OSError) as error:
                self.in_memory = str(error)
            else:
                self._share()
                return connection
        else:
            self.in_memory = "it is damaged, and another hive has it open"
        return _memory()

    def _connect(self) -> sqlite3.Connection:
        """Raises sqlite3.Error, OSError."""
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would let the umask decide.
        connection = sqlite3.connect(self._file, BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise sqlite3.DatabaseError("the catalogue is of another version")
                _make(connection)
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _copy(self) -> sqlite3.Connection:
        """What the file holds, in memory; it cannot be written, so nobody changes it."""
        connection = _memory()
        with suppress(sqlite3.Error):
            source = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            try:
                if source.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                    source.backup(connection)
            except sqlite3.Error:
                connection.close()
                connection = _memory()
            finally:
                source.close()
        return connection

    def _alone(self) -> bool:
        """Whether nobody else has the catalogue open; holds them out until `_share`."""
        if self._lock is None:
            return False
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _share(self) -> None:
        assert self._lock is not None
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def _remove(self) -> None:
        for side in _SIDES:
            self._file.with_name(self._file.name + side).unlink(missing_ok=True)


def is_of_no_use(error: sqlite3.Error) -> bool:
    """Whether a catalogue that says so is of no use any more, and the recordings have to tell anew."""
    return is_damage(error) or error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the catalogue is no catalogue, or one that was spoiled."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return True  # Our own word, or one about texts that are none.
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _make(connection: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _make(connection)
    return connection
