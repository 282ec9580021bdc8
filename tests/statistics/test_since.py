"""A moment by its age or by its day."""

import pytest

from hive_tui.statistics.since import SinceError, since_ns

DAY = 24 * 3600 * 10**9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", 0),
        ("0m", 1000 * DAY),
        ("36h", 1000 * DAY - DAY * 3 // 2),
        ("7d", 993 * DAY),
        ("2w", 986 * DAY),
        ("99999w", 0),
        ("1970-01-03", 2 * DAY),
        ("1970-01-03T01:00:00+01:00", 2 * DAY),
        ("1900-01-01", 0),
    ],
)
def test_a_moment(text: str, moment: int) -> None:
    assert since_ns(text, 1000 * DAY) == moment


@pytest.mark.parametrize("text", ["yesterday", "7", "-7d", "1.5d", "2026-13-01", "7 d", "٣d"])
def test_no_moment(text: str) -> None:
    with pytest.raises(SinceError, match="expected 30m"):
        since_ns(text, 1000 * DAY)
