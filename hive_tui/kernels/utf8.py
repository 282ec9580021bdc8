"""Whether bytes are well-formed UTF-8, compiled: table 3-7 of the Unicode Standard, as CPython's strict decoder."""

from __future__ import annotations

from typing import Any

from numba import njit, types

from hive_tui.ring.kernels import OCTETS


@njit(types.boolean(OCTETS, types.int64, types.int64), cache=True, nogil=True)
def is_utf8(data: Any, at: int, stop: int) -> bool:
    while at < stop:
        lead = data[at]
        if lead < 0x80:
            at += 1
            continue
        if 0xC2 <= lead <= 0xDF:
            more = 1
        elif 0xE0 <= lead <= 0xEF:
            more = 2
        elif 0xF0 <= lead <= 0xF4:
            more = 3
        else:
            return False
        if at + more >= stop:
            return False
        low, high = 0x80, 0xBF
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
        elif lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
        if data[at + 1] < low or data[at + 1] > high:
            return False
        for each in range(2, more + 1):
            if data[at + each] & 0xC0 != 0x80:
                return False
        at += more + 1
    return True
