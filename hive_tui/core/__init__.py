"""The worker process. `client`, `commands` and `feed` are the screen's side and import nothing of the worker's."""
