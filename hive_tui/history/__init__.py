"""Finished runs: their catalogue, full-text search, marks, trash and retention. Derived from the recordings."""
