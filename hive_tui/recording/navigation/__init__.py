"""The places of a run: how they are named, found, marked and walked to."""
