"""Counts how often this process asks Python's allocator for memory; pieces from an object's free list do not count.

CPython has no such counter, so two compiled functions stand before its own (PyMem_SetAllocator, domain "obj", which
holds every Python object): they count, and call it. A count costs about a nanosecond.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_OBJECTS = 2
"""PYMEM_DOMAIN_OBJ"""


class _Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("context", "malloc", "calloc", "realloc", "free")]


def count() -> Callable[[], int]:
    """Count from now on; returns what tells the number so far."""
    from numba import carray, cfunc, types

    now = _Allocator()
    ctypes.pythonapi.PyMem_GetAllocator(_OBJECTS, ctypes.byref(now))
    malloc: Any = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(now.malloc)
    calloc: Any = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(now.calloc)
    number: Any = types.int64

    @cfunc(types.voidptr(types.voidptr, types.uintp))  # type: ignore[untyped-decorator,unused-ignore]
    def counted_malloc(context: Any, size: Any) -> Any:
        carray(context, 1, number)[0] += 1
        return malloc(context, size)

    @cfunc(types.voidptr(types.voidptr, types.uintp, types.uintp))  # type: ignore[untyped-decorator,unused-ignore]
    def counted_calloc(context: Any, items: Any, size: Any) -> Any:
        carray(context, 1, number)[0] += 1
        return calloc(context, items, size)

    made = ctypes.c_int64(0)
    # Pieces that grow (`realloc`) are no new ones. CPython's own functions do not look at the context.
    new = _Allocator(ctypes.addressof(made), counted_malloc.address, counted_calloc.address, now.realloc, now.free)
    ctypes.pythonapi.PyMem_SetAllocator(_OBJECTS, ctypes.byref(new))
    _KEPT.extend((made, malloc, calloc, counted_malloc, counted_calloc, new))
    return lambda: made.value


_KEPT: list[object] = []
"""What the allocator uses; it must outlive all objects."""
