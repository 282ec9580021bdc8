"""What every command that reads a recording says of one that is not as it should be: one table for all of them.

Each refusal is an exit code and a message; an exception that no command expects would fail the test.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hive_tui.cli.exits import DONE, NO, UNUSABLE
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.writer import LogWriter
from tests.cli.spoilt import COMMANDS, WORDS, Run, begin, facts, frames, newer, readers, spoil


@pytest.mark.parametrize("command", COMMANDS)
def test_a_sound_recording_is_read_and_says_nothing_else(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    code, _, err = run(*readers(folder, tmp_path)[command])
    assert (code, err) == (DONE, "")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no recording there"),
        (b"", "not a recording"),
        (b"garbage" * 100, "not a recording"),
        (newer(), "update Hive"),
    ],
    ids=["none", "empty", "garbage", "newer"],
)
def test_what_is_no_recording_of_ours(
    command: str, content: bytes | None, said: str, folder: Path, tmp_path: Path, run: Run
) -> None:
    (folder / LOG).unlink()
    if content is not None:
        (folder / LOG).write_bytes(content)
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert (code, out) == (UNUSABLE, "")
    assert str(folder) in err
    assert said in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_log_of_nothing_but_its_header(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    data = (folder / LOG).read_bytes()
    (folder / LOG).write_bytes(data[: form.decode_file_header(data)[1]])
    code, _, err = run(*readers(folder, tmp_path)[command])
    assert (code, str(folder) in err) == ((NO, False) if command == "verify" else (UNUSABLE, True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_torn_recording_is_read_as_far_as_it_goes(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    data = (folder / LOG).read_bytes()
    (folder / LOG).write_bytes(data[: len(data) * 2 // 3])
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert code == {"verify": NO, "redact": UNUSABLE}.get(command, DONE)
    words = {"verify": "end: ", "redact": "the recording is not sound", "repair": "lost: "}
    assert words.get(command, "no sound end") in out + err or command == "stats"


AROUND = {"verify": NO, "repair": DONE, "replay": DONE, "export json": DONE, "export md": DONE}
"""What is made from a state alone goes around the damage; what needs every event is refused."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_middle_block_is_told_and_read_around(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    offset, span = spoil(folder, form.BLOCK, 3)
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert code == AROUND.get(command, UNUSABLE)
    told = f"events {span.first_seq} to {span.last_seq} cannot be read"
    words = {
        "verify": f"log, byte {offset}: block: ",
        "redact": "not sound",
        "repair": f"byte {offset}: checksum wrong",
    }
    assert words.get(command, told) in out + err
    left = {"repair": ["01J", "repaired"], "replay": ["01J"], "export json": ["01J", "out.json"]}
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == left.get(command, ["01J", "out.md"] if command == "export md" else ["01J"])


def test_a_place_is_shown_when_no_damage_is_on_the_way(folder: Path, run: Run) -> None:
    _, span = spoil(folder, form.BLOCK, 3)
    before = run("replay", str(folder), "--until", f"event:{span.first_seq - 1}", "--json")
    assert (before[0], before[2]) == (DONE, "")
    inside = run("replay", str(folder), "--until", f"event:{span.last_seq}")
    assert inside[0] == UNUSABLE
    assert f"events {span.first_seq} to {span.last_seq} cannot be read" in inside[2]
    code, out, err = run("replay", str(folder), "--json")
    lost = sum(len(word) for word in WORDS[span.first_seq - 3 : span.last_seq - 2])
    whole = "".join(WORDS)
    at = sum(len(word) for word in WORDS[: span.first_seq - 3])
    hole = f"[events {span.first_seq} to {span.last_seq} cannot be read]".ljust(lost, "?")
    assert json.loads(out)["answer"] == whole[:at] + hole + whole[at + lost :]
    assert err.count("warning: ") == 1
    assert run("export", str(folder), "--format", "jsonl", "--output", "-", "--until", f"event:{span.first_seq - 1}")[
        0
    ] == (DONE)
    assert code == DONE


def test_a_damaged_first_block_takes_the_question_and_no_more(folder: Path, run: Run) -> None:
    _, span = spoil(folder, form.BLOCK, 0)
    code, out, err = run("replay", str(folder), "--json")
    document = json.loads(out)
    assert (code, document["run"], document["question"]) == (DONE, "01J", "")
    assert document["answer"].endswith("".join(WORDS[span.last_seq :]))
    assert f"events 1 to {span.last_seq} cannot be read" in err


@pytest.mark.parametrize("number", [0, 3, -1])
def test_damaged_keyframes_are_made_again(folder: Path, number: int, run: Run) -> None:
    sound = run("replay", str(folder), "--json")
    spoil(folder, form.KEYFRAME, number)
    assert run("replay", str(folder), "--json") == sound
    assert run("verify", str(folder))[0] == NO


def bare(log: LogWriter, *block: object) -> bytes:
    """Stands for `LogWriter._keyframes_of`: they are taken, for the last state's hash, and not written."""
    log._tracker.block(block[-1])  # type: ignore[arg-type]
    return b""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("small")
def test_a_recording_without_keyframes_is_a_recording(
    command: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogWriter, "_keyframes_of", bare)
    begin(tmp_path / "01J", facts()).finish()
    assert {tag for tag, _, _ in frames((tmp_path / "01J" / LOG).read_bytes())} == {form.BLOCK, form.INDEX}
    code, _, err = run(*readers(tmp_path / "01J", tmp_path)[command])
    assert (code, err) == (DONE, "")


def test_a_recording_without_keyframes_says_the_same(folder: Path, tmp_path: Path, run: Run) -> None:
    sound = json.loads(run("replay", str(folder), "--until", "event:30", "--json")[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogWriter, "_keyframes_of", bare)
        begin(tmp_path / "bare", facts()).finish()
    same = json.loads(run("replay", str(tmp_path / "bare"), "--until", "event:30", "--json")[1])
    assert {**same, "recording": ""} == {**sound, "recording": ""}


def test_an_open_block_that_is_no_open_block(folder: Path, tmp_path: Path, run: Run) -> None:
    data = (folder / LOG).read_bytes()
    last = [offset for tag, offset, _ in frames(data) if tag == form.BLOCK][-1]
    (folder / LOG).write_bytes(data[:last])
    number = len([tag for tag, offset, _ in frames(data) if tag == form.BLOCK and offset < last])
    (folder / open_name(number)).write_bytes(b"garbage" * 20)
    for command, words in readers(folder, tmp_path).items():
        assert run(*words)[0] == {"verify": NO, "redact": UNUSABLE}.get(command, DONE)


def test_of_two_blocks_that_were_swapped_none_is_taken_for_the_other(folder: Path, run: Run) -> None:
    """Of one size, so that the index finds a sound frame at both places."""
    data = (folder / LOG).read_bytes()
    sizes = dict[int, int]()
    first = second = size = 0
    for tag, offset, _ in frames(data):
        size = form.FRAME.size + form.decode_frame(data[offset : offset + form.FRAME.size]).stored
        if tag == form.BLOCK and size in sizes:
            first, second = sizes[size], offset
            break
        if tag == form.BLOCK:
            sizes[size] = offset
    assert second, "no two blocks are of one size"
    one, other = data[first : first + size], data[second : second + size]
    (folder / LOG).write_bytes(data[:first] + other + data[first + size : second] + one + data[second + size :])
    code, _, err = run("replay", str(folder), "--json")
    assert (code, err.count("cannot be read")) == (DONE, 2)
    assert "does not stand at byte" in err
    assert run("verify", str(folder))[0] == NO
