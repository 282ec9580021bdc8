"""Moving in time: where one is in a run, the timeline and its dialogs."""
