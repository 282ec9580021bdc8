"""What the calls of a run took: waits, gaps, rates and costs, of the whole run or of a stretch of it."""
