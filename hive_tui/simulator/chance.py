"""Seeds: the same words give the same numbers on every machine and in every process."""

from __future__ import annotations

import hashlib
import math
from random import Random


def seeded(*words: object) -> Random:
    """A generator fixed by the words alone (`hash()` would change from process to process)."""
    key = "\x1f".join(str(word) for word in words).encode("utf-8", "surrogatepass")
    return Random(int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "big"))


def normal(*words: object) -> float:
    """A standard normal deviate fixed by the words."""
    return seeded(*words).gauss(0.0, 1.0)


def below(z: float, rate: float) -> bool:
    """Whether a standard normal `z` lies in the lowest `rate` of its distribution."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0))) < rate
