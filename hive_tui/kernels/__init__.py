"""Bulk work on records: one interface, with plain Python, Numba and CuPy behind it.

Nothing here is imported by a screen. `choose.Kernels` is what the core holds; it works from its first call on, in
plain Python, and uses compiled kernels once they are loaded and only where they were measured to be faster.
"""
