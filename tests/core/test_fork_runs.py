"""A fork is begun whole or not at all: what the disk or the parent refuses leaves no run behind."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_tui.config.paths import paths
from hive_tui.config.request import EndpointSpec, RunRequest, StageSettings
from hive_tui.core.commands import Asked, Fork, Refused, Reply
from hive_tui.core.journal import RunJournal
from hive_tui.core.reach import Reach
from hive_tui.core.runs import Runs
from hive_tui.kernels.choose import Kernels
from hive_tui.recording.format import Span
from hive_tui.recording.reader import fold_log
from hive_tui.recording.timeline import Timeline
from hive_tui.ring.writer import RingWriter
from tests.corpus import FINISHED as CORPUS


@pytest.fixture
def fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Reply]:
    """Forks a run of the corpus at its end, where nobody is asked; gives what the core answers."""
    monkeypatch.setenv("HIVE_HOME", str(tmp_path))
    here = paths()
    shutil.copytree(CORPUS, Path(here.runs) / CORPUS.name)

    async def run(parent: str) -> Reply:
        answers: list[Reply] = []
        registry = tmp_path / "rings"
        ring, reach = RingWriter(registry), Reach(here, {})
        try:
            kernels = Kernels(tmp_path / "cache", registry)
            runs = Runs(here, ring, reach, kernels, lambda job: job(), lambda _notice: None)
            await runs.fork(Fork(parent, request(), 1 << 40), answers.append)
            assert runs.live == 0
        finally:
            await reach.close()
            ring.close()
        (answer,) = answers
        return answer

    return lambda parent=CORPUS.name: asyncio.run(run(parent))


def request() -> RunRequest:
    timeline = Timeline(CORPUS)
    state = timeline.last_state()
    stages = {
        spec.stage: StageSettings(spec.endpoint, spec.model, spec.fallbacks, spec.params, spec.prompt)
        for spec in state.plan.stages
    }
    names = {spec.endpoint for spec in state.plan.stages}
    made = RunRequest(
        question=state.question,
        plan=state.plan.name,
        profile=state.profile,
        stages=stages,
        endpoints=tuple(EndpointSpec(name, "", "openrouter", simulated=True) for name in names),
    )
    timeline.close()
    return made


def test_a_fork_that_was_begun_is_whole_on_the_disk(fork) -> None:
    answer = fork()
    assert isinstance(answer, Asked)
    state, torn = fold_log(Path(answer.folder))
    assert (state.run, torn) == (answer.run, "")
    assert state.origin is not None
    assert state.outcome is not None
    assert state.cost_usd == 0


def test_a_full_disk_refuses_it_and_nothing_is_left(fork, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Span] = []

    def inherit(_journal: RunJournal, _batch: bytes, span: Span) -> None:
        taken.append(span)
        if len(taken) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(RunJournal, "inherit", inherit)
    answer = fork()
    assert isinstance(answer, Refused)
    assert (answer.exit_code, answer.error.kind) == (5, "disk")
    assert os.listdir(paths().runs) == [CORPUS.name]


def test_a_parent_that_is_not_there_or_damaged_refuses_it(fork) -> None:
    answer = fork("01nothing")
    assert isinstance(answer, Refused)
    assert answer.exit_code == 3
    log = Path(paths().runs) / CORPUS.name / "log"
    data = bytearray(log.read_bytes())
    data[len(data) // 3] ^= 1
    log.write_bytes(data)
    answer = fork()
    assert isinstance(answer, Refused)
    assert (answer.exit_code, answer.error.kind) == (3, "recording")
    assert "hive repair" in answer.error.advice
    assert os.listdir(paths().runs) == [CORPUS.name]
