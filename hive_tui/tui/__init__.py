"""The terminal screen: draws a `RunState` and nothing else."""
