"""Redact: what a rule fits is in no byte of the copy, everything else is as it was, and the copy is sound."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Carried,
    Channel,
    Delta,
    ErrorInfo,
    Event,
    Message,
    Outcome,
    Plan,
    Record,
    RunEnded,
    RunStarted,
    StageEnded,
    StageSpec,
    StageStarted,
    Unknown,
    Warned,
)
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording.folder import LOG
from hive_tui.recording.format import LogHeader
from hive_tui.recording.format import Span as BlockSpan
from hive_tui.recording.navigation.walker import Place
from hive_tui.recording.reader import LogCursor, fold_log, read_records
from hive_tui.recording.redaction.blots import MARK
from hive_tui.recording.redaction.copy import NothingFoundError, Redacted, redact
from hive_tui.recording.redaction.finding import Span
from hive_tui.recording.summary import read_summary
from hive_tui.recording.timeline import Timeline
from hive_tui.recording.verify import Verification
from hive_tui.recording.writer import LogWriter
from hive_tui.wire import CHUNK, CONTINUES

STAGES = ("generator", "refiner")
START = RunStarted(
    "01J",
    "Who is Ann Smith of Böblingen?",
    Plan("pipeline", tuple(StageSpec(name, name, "simulator", "sim/one") for name in STAGES)),
    "default",
    simulated=True,
    wall_ns=1,
)


def pieces(*texts: str, channel: Channel = Channel.ANSWER) -> Delta:
    """A delta of such chunks; one that begins with + goes on with the chunk before it."""
    parts = [(text.removeprefix("+").encode(), CONTINUES * text.startswith("+")) for text in texts]
    table = b"".join(CHUNK.pack(7 * number, len(part) | more) for number, (part, more) in enumerate(parts))
    return Delta(channel, table, b"".join(part for part, _ in parts))


def events(said: list[Delta], carried: Carried, prompt: str) -> list[tuple[int, Event]]:
    """A run of two stages; the second is told what the first carried on."""
    return [
        (0, START),
        (0, StageStarted("generator")),
        (1, AttemptStarted("generator", "sim/one", "simulator", messages=(Message("user", START.question),))),
        *((1, each) for each in said),
        (1, AttemptEnded(Outcome.FINISHED, "stop")),
        (0, StageEnded("generator", carried=carried)),
        (0, StageStarted("refiner")),
        (2, AttemptStarted("refiner", "sim/one", "simulator", messages=(Message("user", prompt),))),
        (2, pieces("ACC", "EPT")),
        (2, AttemptEnded(Outcome.FINISHED, "stop")),
        (0, StageEnded("refiner")),
        (0, RunEnded(Outcome.FINISHED, answer=carried)),
    ]


def write(folder: Path, facts: list[tuple[int, Event]]) -> list[Record]:
    records = [Record(1, seq, seq * 1000, stream, event) for seq, (stream, event) in enumerate(facts, 1)]
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in records:
        log.append(wire.encode(record), BlockSpan(1, record.seq, record.seq, record.time_ns, record.time_ns))
    log.finish()
    return records


Rule = re.Pattern[str] | Span
Copy = Callable[[list[tuple[int, Event]], Rule], Redacted]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Write these events, and redact them into the folder `copy`."""

    def made(facts: list[tuple[int, Event]], rule: Rule) -> Redacted:
        return redacted(tmp_path, facts, rule)

    return made


def redacted(root: Path, facts: list[tuple[int, Event]], rule: Rule) -> Redacted:
    write(root / "01J", facts)
    before = (root / "01J" / LOG).read_bytes()
    timeline = Timeline(root / "01J")
    try:
        found = redact(timeline, rule, "01K", root / "copy")
    finally:
        timeline.close()
        assert (root / "01J" / LOG).read_bytes() == before
    assert Verification(root / "copy", PlainBackend()).run().faults == ()
    return found


def everything(folder: Path) -> bytes:
    """All records and side files, as they stand there."""
    rest = [path.read_bytes() for path in folder.iterdir() if path.name != LOG]
    return b"".join([*LogCursor(folder).read(), *rest])


SAID = [pieces("Ann ", "Smi"), pieces("+th", " lives", channel=Channel.ANSWER), pieces(" in Böb", "lingen, Ann S")]
SAID += [pieces("so Ann Smith", channel=Channel.REASONING), pieces("mith says.")]
TEXT = "Ann Smith lives in Böblingen, Ann Smith says."


GIVEN = Delta(Channel.ANSWER, b"", b"Ann Smith lives ")
"""The beginning of an answer that a fork in mid-stream gave its call: text without chunks."""


def begun() -> list[tuple[int, Event]]:
    facts = events([GIVEN, pieces("in Bonn.")], Carried(1), "<answer>\nAnn Smith lives in Bonn.\n</answer>")
    messages = (Message("user", START.question), Message("assistant", "Ann Smith lives "))
    facts[2] = (1, AttemptStarted("generator", "sim/one", "simulator", reason="continued", messages=messages))
    return facts


def test_of_the_beginning_that_a_call_was_given_goes_what_fits_and_no_more(copy: Copy, tmp_path: Path) -> None:
    copy(begun(), re.compile("Ann Smith"))
    state, _ = fold_log(tmp_path / "copy")
    assert state.answer_text == "[redacted] lives in Bonn."
    assert state.attempts[0].beginning == "[redacted] lives "
    assert b"Ann Smith" not in everything(tmp_path / "copy")


def test_a_span_takes_the_beginning_that_a_call_was_given(copy: Copy, tmp_path: Path) -> None:
    copy(begun(), Span(Place(2), Place(4)))
    state, _ = fold_log(tmp_path / "copy")
    assert state.answer_text == "[redacted]in Bonn."
    assert b"Ann Smith lives" not in everything(tmp_path / "copy")


def test_a_pattern_goes_from_everywhere(copy: Copy, tmp_path: Path) -> None:
    facts = events(SAID, Carried(1), f"<answer>\n{TEXT}\n</answer>\nWho is Ann Smith?")
    facts.insert(-1, (0, Warned("estimate", "about Ann Smith")))
    facts[-1] = (
        0,
        RunEnded(Outcome.FINISHED, answer=Carried(1), error=ErrorInfo("refused", "no Ann Smith", advice="x")),
    )
    found = copy(facts, re.compile("Ann Smith"))
    assert {each.place: each.count for each in found.taken} == {
        "question": 1,
        "stage generator, call 1: messages": 1,
        "stage refiner, call 1: messages": 3,
        "stage generator, call 1: answer": 2,
        "stage generator, call 1: reasoning": 1,
        "run: warnings": 1,
        "run: errors": 1,
    }
    assert (found.run, found.source, found.emptied, found.left) == ("01K", "01J", 0, ())
    data = everything(tmp_path / "copy")
    assert b"Ann Smith" not in data
    assert b"Smi" not in data
    state, torn = fold_log(tmp_path / "copy")
    assert torn == ""
    assert state.answer_text == TEXT.replace("Ann Smith", MARK)
    summary = read_summary(tmp_path / "copy")
    assert summary is not None
    assert (summary.run, summary.question) == ("01K", f"Who is {MARK} of Böblingen?")
    header = LogCursor(tmp_path / "copy").header
    assert (header.run, header.source, header.wall_ns) == ("01K", "01J", 1)


def test_places_chunks_and_times_stay(copy: Copy, tmp_path: Path) -> None:
    copy(events(SAID, Carried(1), TEXT), re.compile("Smith"))
    for old, new in zip(read_records(tmp_path / "01J"), read_records(tmp_path / "copy"), strict=True):
        assert (new.seq, new.time_ns, new.stream, type(new.event)) == (
            old.seq,
            old.time_ns,
            old.stream,
            type(old.event),
        )
        if isinstance(old.event, Delta) and isinstance(new.event, Delta):
            assert new.event.channel == old.event.channel
            assert [(age, more) for age, _, more in wire.chunks(new.event.table)] == [
                (age, more) for age, _, more in wire.chunks(old.event.table)
            ]
    first = [each.event for each in read_records(tmp_path / "copy") if isinstance(each.event, Delta)][:2]
    assert [[size for _, size, _ in wire.chunks(each.table)] for each in first] == [[4, len(MARK)], [0, 6]]


def test_what_is_carried_stays_the_same_words(copy: Copy, tmp_path: Path) -> None:
    start = TEXT.index("lives")
    copy(events(SAID, Carried(1, start, len(TEXT) - 6), "x"), re.compile("Smith|Böblingen"))
    assert fold_log(tmp_path / "copy")[0].answer_text == f"lives in {MARK}, Ann {MARK}"


@pytest.mark.parametrize("tight", [True, False])
def test_what_is_taken_from_an_answer_is_taken_from_prompts_that_carry_it(
    copy: Copy, tmp_path: Path, *, tight: bool
) -> None:
    """A pattern that looks at what stands before or behind, or a prompt that quotes otherwise, changes nothing."""
    said = [pieces("The key: <answer>", "77\x1b", " done")]
    prompt = "Review:\nThe key: &lt;answer>77\\x1b done\nNow."
    found = copy(events(said, Carried(1), prompt), re.compile("(?<=r>)77\x1b" if tight else "77."))
    state = fold_log(tmp_path / "copy")[0]
    assert state.answer_text == f"The key: <answer>{MARK} done"
    assert state.attempts[1].messages == (Message("user", f"Review:\nThe key: &lt;answer>{MARK} done\nNow."),)
    assert len(found.taken) == 2


def test_a_word_that_is_found_by_its_neighbour_goes_where_it_stands_alone(copy: Copy, tmp_path: Path) -> None:
    said = [pieces("password: hunter2000 ok")]
    copy(events(said, Carried(1), "is hunter2000 good?"), re.compile(r"(?<=password: )\S+"))
    assert b"hunter2000" not in everything(tmp_path / "copy")


def test_such_a_word_goes_from_what_others_said_and_carried_on(copy: Copy, tmp_path: Path) -> None:
    said = [pieces("It is hunter", "2000, well.")]
    copy(events(said, Carried(1, 6), "password: hunter2000 ok?\nhunter2000, well."), re.compile(r"(?<=password: )\S+"))
    state = fold_log(tmp_path / "copy")[0]
    assert state.attempts[0].text.channel_text(Channel.ANSWER) == f"It is {MARK}, well."
    assert state.answer_text == f"{MARK}, well."
    assert b"hunter" not in everything(tmp_path / "copy")


def test_a_span_takes_what_came_in_it(copy: Copy, tmp_path: Path) -> None:
    """From the middle of the first delta to the middle of the third."""
    found = copy(events(SAID, Carried(1), f"It was:\n{TEXT}\nand Ann."), Span(Place(3, 1), Place(5, 1)))
    state = fold_log(tmp_path / "copy")[0]
    assert state.answer_text == f"Ann {MARK}lingen, Ann Smith says."
    assert state.attempts[1].messages == (Message("user", f"It was:\nAnn {MARK}lingen, Ann Smith says.\nand Ann."),)
    assert state.question == START.question
    assert {each.place: each.count for each in found.taken} == {
        "stage generator, call 1: answer": 1,
        "stage refiner, call 1: messages": 1,
    }


def test_a_span_of_events_takes_their_words(copy: Copy, tmp_path: Path) -> None:
    facts = events(SAID, Carried(1), f"The question: {START.question}\n{TEXT}")
    copy(facts, Span(Place(0), Place(1)))
    state = fold_log(tmp_path / "copy")[0]
    assert (state.question, state.answer_text) == (MARK, TEXT)
    assert [each.messages[0].content for each in state.attempts] == [MARK, f"The question: {MARK}\n{TEXT}"]
    assert [each.spec.stage for each in state.stages] == list(STAGES)


def test_a_span_of_one_call_leaves_the_others_and_tells_what_they_repeat(copy: Copy, tmp_path: Path) -> None:
    facts = events(SAID, Carried(1), "x")
    facts[-4] = (2, pieces("I say: Ann Smith lives in Böblingen, Ann Smith says. Yes"))
    last = len(facts)
    found = copy(facts, Span(Place(0), Place(last), frozenset({1})))
    state = fold_log(tmp_path / "copy")[0]
    assert state.answer_text == MARK
    assert [(each.place, each.count) for each in found.left] == [("stage refiner, call 1: answer", 1)]
    assert state.question == START.question


def test_events_of_unknown_kinds_are_emptied(copy: Copy, tmp_path: Path) -> None:
    strange = wire.DELTA_HEAD.pack(9, 1) + CHUNK.pack(1, 5) + b"Smith"
    facts = events(SAID, Carried(1), "x")
    facts[4:4] = [(0, Unknown(200, b"Smith")), (1, Unknown(wire.DELTA_KIND, strange)), (1, Unknown(6, b"Smith", 4))]
    found = copy(facts, re.compile("Smith"))
    assert found.emptied == 3
    assert b"Smith" not in everything(tmp_path / "copy")
    assert fold_log(tmp_path / "copy")[0].unknown == 3


def test_names_go_and_stages_stay_told_apart(copy: Copy, tmp_path: Path) -> None:
    plan = replace(START.plan, stages=tuple(replace(each, stage=f"ann{n}") for n, each in enumerate(START.plan.stages)))
    facts: list[tuple[int, Event]] = [(0, replace(START, plan=plan))]
    facts += [(0, StageStarted("ann0")), (1, AttemptStarted("ann1", "ann/model", "ann")), (1, pieces("text"))]
    found = copy(facts, re.compile("ann[01]?"))
    state = fold_log(tmp_path / "copy")[0]
    assert [stage.spec.stage for stage in state.stages] == [MARK, f"{MARK} 2"]
    assert (state.stages[0].started_ns, state.stages[1].streams) == (2000, (1,))
    assert (state.attempts[0].model, state.attempts[0].endpoint) == (f"{MARK}/model", MARK)
    assert all("ann" not in each.place for each in found.taken)


def test_nothing_found_is_said(copy: Copy) -> None:
    with pytest.raises(NothingFoundError):
        copy(events(SAID, Carried(1), "x"), re.compile("nowhere"))


WORDS = st.text("ab cé\n<\x1b", max_size=6)
DELTAS = st.lists(
    st.builds(lambda texts, c: pieces(*texts, channel=c), st.lists(WORDS, max_size=4), st.sampled_from(Channel))
)


@settings(max_examples=60, deadline=None)
@given(DELTAS, st.sampled_from(["a", "ab", "b c", "é", "[a-c]+ ", "(?s)a.b", "a|<", "(?<=a)b"]), st.data())
def test_texts_are_those_that_the_pattern_leaves(said: list[Delta], pattern: str, data: st.DataObject) -> None:
    rule = re.compile(pattern)
    before = {channel: "".join(each.data.decode() for each in said if each.channel == channel) for channel in Channel}
    answer = before[Channel.ANSWER]
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(answer))] * 2)))
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as root:
        patch.setattr(writer_module, "BLOCK_SIZE", 300)
        # The words behind the answer let each pattern find something.
        prompt = f"{answer}\nab b c é a < aXb"
        redacted(Path(root), events(said, Carried(1, start, stop), prompt), rule)
        state = fold_log(Path(root) / "copy")[0]
        plain = {channel: state.attempts[0].text.channel_text(channel) for channel in Channel}
    for channel, text in before.items():
        expected = re.sub(f"(?:{re.escape(MARK)})+", MARK, rule.sub(MARK, text))
        assert plain[channel] == expected
    kept = state.answer_text
    assert kept in plain[Channel.ANSWER]
    if not list(rule.finditer(answer)):
        assert kept == answer[start:stop]
