"""What all tests share: pictures lie in `snapshots/`, and nothing of the developer's terminal or shell reaches a
test."""

import os
import signal
from pathlib import Path

# Of a shell's background job, or below `nohup`, some are ignored, and the commands that the tests start would be deaf.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)
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
