"""A memory fence for plain Python, where the processor needs one.

On x86-64 stores are seen in program order and loads are made in program order (Intel SDM vol. 3A, 9.2.2), so the ring's
plain 8-byte stores and loads need nothing more. Elsewhere (Apple silicon, other Arm) the order must be asked for:
macOS exports `OSMemoryBarrier`, GCC's libatomic exports `atomic_thread_fence`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import sys
from collections.abc import Callable

_IN_ORDER = ("x86_64", "AMD64", "i686", "i386")
_SEQ_CST = 5


class NoFenceError(OSError):
    """This processor reorders memory accesses and no fence was found."""


def _nothing() -> None:
    return None


def load_fence(machine: str = platform.machine(), system: str = sys.platform) -> Callable[[], None]:
    """A function that orders all loads and stores before it before all that come after it.

    Raises:
        NoFenceError: the processor needs one and the system offers none.
    """
    if machine in _IN_ORDER:
        return _nothing
    if system == "darwin":
        barrier = ctypes.CDLL(None).OSMemoryBarrier
        barrier.restype = None
        return lambda: barrier()
    found = ctypes.util.find_library("atomic")
    if found is None:
        raise NoFenceError(f"{machine}: libatomic not found; install the package libatomic1")
    thread_fence = ctypes.CDLL(found).atomic_thread_fence
    thread_fence.restype = None
    return lambda: thread_fence(_SEQ_CST)
