"""Pace: when each piece of an answer comes, planned before the first byte is sent.

The figures of the classes are medians that were published for real models in 2026: time to first token, tokens a
second after it. Time to first token is lognormal with sigma 0.35, and 3 % are 1.5 to 4 times slower; gaps are
gamma around the rate; several tokens share a chunk; now and then a stream stalls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

SIGMA = 0.35
TAIL = 0.03
STALL = 0.002


@dataclass(frozen=True, slots=True)
class Pace:
    """How one class of models speaks."""

    name: str
    ttft_s: float
    """Median of the time to the first token."""
    rate: float
    """Tokens a second after it; 0 is as fast as the socket takes them."""
    burst: tuple[int, int] = (1, 4)
    """Fewest and most tokens that share one chunk."""
    shape: float = 3.0
    """Of the gamma distribution of gaps: small is uneven."""
    stalls: float = STALL
    """Share of chunks that are followed by a silence of 0.5 to 5 s."""


PACES: dict[str, Pace] = {
    pace.name: pace
    for pace in (
        Pace("fast-hardware", 0.12, 520.0, (2, 8)),
        Pace("flash", 0.32, 180.0, (1, 6)),
        Pace("frontier", 0.55, 85.0, (1, 4)),
        Pace("large", 0.95, 45.0, (1, 3)),
        Pace("reasoning", 2.4, 60.0, (1, 4)),
        Pace("diffusion", 0.4, 680.0, (24, 64), shape=6.0, stalls=0.0),
        Pace("local", 0.8, 32.0, (1, 1), shape=12.0, stalls=0.0005),
        Pace("instant", 0.0, 0.0, (1, 1), stalls=0.0),
    )
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that comes as one chunk, `wait_s` seconds after the piece before it."""

    wait_s: float
    channel: str
    """`reasoning` or `answer`."""
    text: str
    tokens: int


def first_token(pace: Pace, chance: Random) -> float:
    """Seconds until the first token."""
    if pace.ttft_s <= 0.0:
        return 0.0
    wait = pace.ttft_s * math.exp(chance.gauss(0.0, SIGMA))
    if chance.random() < TAIL:
        wait *= chance.uniform(1.5, 4.0)
    return wait


def pieces(channel: str, tokens: Sequence[str], pace: Pace, chance: Random) -> Iterator[Piece]:
    """Group tokens into chunks and give each its wait; the texts put together are the tokens put together."""
    at = 0
    while at < len(tokens):
        size = min(chance.randint(*pace.burst), len(tokens) - at)
        wait = 0.0
        if pace.rate > 0.0 and at > 0:
            mean = size / pace.rate
            wait = chance.gammavariate(pace.shape, mean / pace.shape)
            if chance.random() < pace.stalls:
                wait += chance.uniform(0.5, 5.0)
        yield Piece(wait, channel, "".join(tokens[at : at + size]), size)
        at += size
