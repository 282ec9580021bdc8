"""What all tests share: pictures lie in `snapshots/`, and nothing of the developer's terminal reaches a test."""

import os
from pathlib import Path

# Read by Textual when it is imported.
os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["TEXTUAL_COLOR_SYSTEM"] = "truecolor"
for name in ("NO_COLOR", "COLORTERM", "TEXTUAL", "TEXTUAL_THEME"):
    os.environ.pop(name, None)

from hypothesis import HealthCheck, settings  # noqa: E402
from pytest_textual_snapshot import SVGImageExtension  # noqa: E402
from syrupy.location import PyTestLocation  # noqa: E402

# No test is timed: a busy machine breaks no law.
settings.register_profile("hive", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hive")

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"


def _dirname(_cls: type, *, test_location: PyTestLocation) -> str:
    return str(SNAPSHOTS / test_location.basename)


# The plugin has no option for it: https://github.com/Textualize/pytest-textual-snapshot.
SVGImageExtension.dirname = classmethod(_dirname)
