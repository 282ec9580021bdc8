"""Models reached over HTTP: catalogue, dialects, SSE, transport. Knows nothing of the council."""
