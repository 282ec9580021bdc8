"""A redacted copy says what its source said: over all runs the calls of both were made, and paid for, once."""

import re
import shutil
from contextlib import closing
from pathlib import Path

from hive_tui.config.runid import run_id
from hive_tui.recording.redaction.copy import redact
from hive_tui.recording.timeline import Timeline
from hive_tui.statistics.folders import across
from hive_tui.statistics.groups import Wanted
from tests.corpus import FINISHED


def test_a_redacted_copy_counts_only_where_its_source_is_not(tmp_path: Path) -> None:
    source = shutil.copytree(FINISHED, tmp_path / FINISHED.name)
    alone = across(tmp_path, Wanted())
    copy = run_id(1_800_000_000_000, bytes(10))
    with closing(Timeline(source)) as timeline:
        redact(timeline, re.compile("the"), copy, tmp_path / copy)
    for _ in ("its calls are read", "their file is there"):
        both = across(tmp_path, Wanted())
        assert (both.groups, both.runs) == (alone.groups, 1)
    shutil.rmtree(source)
    assert across(tmp_path, Wanted()).groups == alone.groups
    again = across(tmp_path, Wanted())
    assert (again.groups, again.runs, again.fresh) == (alone.groups, 1, 0)
