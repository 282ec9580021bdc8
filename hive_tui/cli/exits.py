"""The exit codes of every command. Plain integers: `enum` alone would cost the first frame a millisecond and more."""

from __future__ import annotations

DONE = 0
NO = 1
USAGE = 2
UNUSABLE = 3
NO_ANSWER = 4
DISK = 5
CANCELLED = 130

TABLE = (
    (DONE, "done"),
    (NO, "a check said no"),
    (USAGE, "usage: the command line is wrong"),
    (UNUSABLE, "configuration or input unusable; found before anything was sent"),
    (NO_ANSWER, "no usable answer; what came is kept and shown"),
    (DISK, "disk: full, or a folder cannot be written"),
    (CANCELLED, "cancelled; the partial run is kept"),
)
"""What each means, as the help says it."""
