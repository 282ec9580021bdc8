"""What the simulated models know: what can be computed, and a small file of facts."""
