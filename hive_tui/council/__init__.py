"""Decides what to ask of whom, and states what happened. Knows models and events; no process, no ring, no screen."""
