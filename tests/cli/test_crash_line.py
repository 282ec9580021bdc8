"""What a person reads after a crash of the screen."""

from pathlib import Path

from hive_tui.cli.screen import crash_line


def test_a_crash_names_its_report_or_says_why_there_is_none() -> None:
    assert crash_line(Path("/state/crash-1.txt"), "").endswith("/state/crash-1.txt")
    assert crash_line(None, "no report of the crash could be written: disk full").endswith("disk full")
    assert crash_line(None, "") == ""
