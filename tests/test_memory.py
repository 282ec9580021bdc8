"""Resident memory: what the system says, and the field of it that is read."""

import resource
import struct
import sys

from hive_tui.memory import resident_bytes, resident_of


def test_it_is_above_nothing_and_below_the_peak() -> None:
    found = resident_bytes()
    assert found is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert 5_000_000 < found <= peak * 1.1


def test_the_resident_size_stands_behind_the_virtual_one() -> None:
    assert resident_of(struct.pack("=12Q", 400_000_000, 42_000_000, *[0] * 10)) == 42_000_000
