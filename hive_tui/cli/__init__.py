"""The command line: what was asked for, in which words it is refused, and which module does it."""
