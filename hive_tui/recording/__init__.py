"""A run's recording: one folder with an append-only log, a summary, and what can be rebuilt from the log."""
