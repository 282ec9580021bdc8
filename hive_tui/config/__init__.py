"""Settings, profiles, endpoints, keys and paths. Light: the screen imports it."""
