"""The shared-memory ring that carries events from the core to any number of readers, without a lock.

The compiled kernels live in `ring.kernels`, which nothing here imports: a screen must stay free of numba.
"""
