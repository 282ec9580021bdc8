"""Ids of runs: unique in the world, and sorted by their time when sorted as text.

A ULID in lower case (https://github.com/ulid/spec): 48 bits of Unix milliseconds and 80 random bits, as 26 digits of
Crockford's base 32, which has no i, l, o and u.
"""

from __future__ import annotations

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
RANDOM_BYTES = 10


def run_id(unix_ms: int, randomness: bytes) -> str:
    """The id of a run that begins at that time. Raises ValueError for a time beyond 48 bits or not 10 random bytes."""
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError(f"expected Unix milliseconds of 48 bits, got {unix_ms}")
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"expected {RANDOM_BYTES} random bytes, got {len(randomness)}")
    number = unix_ms << 80 | int.from_bytes(randomness)
    return "".join(DIGITS[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))


def is_run_id(text: str) -> bool:
    """Whether the text is a whole id, as `run_id` writes it."""
    return len(text) == LENGTH and text[0] <= "7" and all(char in DIGITS for char in text)
