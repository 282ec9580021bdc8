"""Two runs side by side: what was set, sent and said differently. Pure functions of two states."""
