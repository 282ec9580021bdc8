"""Dialogs that tell of runs: compared, measured, decided again."""
