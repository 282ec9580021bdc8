"""Hive: one question, a council of language models, every token live in the terminal and recorded."""

__version__ = "0.1.0"
