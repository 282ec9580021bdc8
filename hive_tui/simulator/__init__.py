"""A model server on loopback that speaks the providers' dialects, with their pace and their faults.

It runs as `python -m hive_tui.simulator`, a process of its own, and shares no code with the client that it serves:
both were written from the same facts, so neither can hide the other's mistake. Every answer is marked as simulated.
"""
