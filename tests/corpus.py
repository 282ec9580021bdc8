"""Small recordings of each released format, as they were written then; they must always open. One is never changed."""

from __future__ import annotations

from pathlib import Path

RECORDINGS = Path(__file__).parent / "recordings"
WHOLE = sorted(path for path in RECORDINGS.glob("v*/*") if path.is_dir())
TORN = sorted(path for path in RECORDINGS.glob("torn-v*/*") if path.is_dir())
"""Their core was killed in the middle."""
FINISHED = RECORDINGS / "v1" / "01m82d1e7cmene0ec6xva36pn3"
"""A pipeline of four models at their own pace."""
