"""The live panes: text to rows, rows to strips, strips to the terminal, a hundred and twenty times a second."""
