"""Where everything stands in a ring's segment.

A segment is a page of control words (u64, native order) and a data area of a power of two bytes. A position is the
number of bytes ever published; it never falls and is taken modulo the capacity to find its byte. Words that different
processes write stand in cache lines of their own.
"""

from __future__ import annotations

MAGIC = int.from_bytes(b"HIVERING", "little")
VERSION = 1

WORD_MAGIC = 0
WORD_VERSION = 1
WORD_CAPACITY = 2
WORD_OWNER_PID = 3
WORD_CLAIM = 8
"""Position up to which the writer may be writing now: bytes older than this minus the capacity are overwritten."""
WORD_HEAD = 16
"""Position up to which all bytes may be read; always between two records."""
WORD_RECORDS = 17
"""Records ever published."""
WORD_READERS = 32
"""First word of the readers' table."""
READER_WORDS = 8
READERS = 16
READER_ASLEEP = 0
"""Offset in a reader's entry: 1 while the reader waits for its doorbell."""
READER_POSITION = 1
"""Offset in a reader's entry: how far the reader has read; only for gauges."""

CONTROL_SIZE = 4096
DEFAULT_CAPACITY = 2 * 1024 * 1024
RECORD_SHARE = 16
"""No record exceeds the capacity divided by this."""


def reader_word(slot: int, offset: int) -> int:
    return WORD_READERS + slot * READER_WORDS + offset


def record_limit(capacity: int) -> int:
    """The longest record, header included, that the ring takes."""
    return capacity // RECORD_SHARE
