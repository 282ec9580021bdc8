"""What every command that reads a recording says of one that is not as it should be: one table for all of them.

Each refusal is an exit code and a message; an exception that no command expects would fail the test.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import hive_tui.recording.keyframes as keyframes_module
import hive_tui.recording.writer as writer_module
from hive_tui import wire
from hive_tui.cli import dispatch, redact, repair, replay, verify
from hive_tui.cli.commands import SUBCOMMANDS
from hive_tui.cli.exits import DISK, DONE, NO, UNUSABLE
from hive_tui.cli.export import FORMATS
from hive_tui.cli.parser import parse
from hive_tui.events import AttemptEnded, AttemptStarted, Carried, Event, Message, Outcome, Record, RunEnded
from hive_tui.kernels.interface import Verified
from hive_tui.kernels.plain import PlainBackend
from hive_tui.recording import format as form
from hive_tui.recording.folder import LOG, open_name
from hive_tui.recording.format import LogHeader, Span
from hive_tui.recording.writer import LogWriter
from tests.test_state import START, delta

WORDS = [f"word {number:03} " for number in range(60)]


def facts() -> list[Record]:
    begun = AttemptStarted("generator", "sim/one", "simulator", messages=(Message("user", "why?"),))
    events: list[tuple[int, Event]] = [(0, START), (1, begun), *((1, delta(word)) for word in WORDS)]
    events += [(1, AttemptEnded(Outcome.FINISHED, "stop")), (0, RunEnded(Outcome.FINISHED, answer=Carried(1)))]
    return [Record(1, seq, seq * 1_000_000, stream, event) for seq, (stream, event) in enumerate(events, 1)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(writer_module, "BLOCK_SIZE", 500)
    monkeypatch.setattr(keyframes_module, "EVERY_RECORDS", 3)


def begin(folder: Path, records: list[Record]) -> LogWriter:
    log = LogWriter(folder, LogHeader("01J", 1), lambda job: job())
    for record in records:
        log.append(wire.encode(record), Span(1, record.seq, record.seq, record.time_ns, record.time_ns))
    return log


@pytest.fixture
def folder(tmp_path: Path, small: None) -> Path:
    """A sound recording of about eight blocks."""
    assert small is None
    begin(tmp_path / "01J", facts()).finish()
    return tmp_path / "01J"


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of a command."""

    def call(name: str, *words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = dispatch.run(name, parse(SUBCOMMANDS[name], words))
        out, err = capfd.readouterr()
        return code, out, err

    return call


def readers(folder: Path, target: Path) -> dict[str, tuple[str, ...]]:
    """Each command that reads a recording, as it is typed."""
    exports = {
        f"export {name}": ("export", str(folder), "--format", name, "--output", str(target / f"out.{name}"))
        for name in FORMATS
    }
    return {
        "replay": ("replay", str(folder)),
        "verify": ("verify", str(folder)),
        "repair": ("repair", str(folder), "--output", str(target / "repaired")),
        "redact": ("redact", str(folder), "--pattern", "word", "--output", str(target / "redacted")),
        "stats": ("stats", str(folder)),
        **exports,
    }


COMMANDS = sorted(readers(Path("x"), Path("y")))


def frames(data: bytes) -> list[tuple[bytes, int, Span]]:
    offset, found = form.decode_file_header(data)[1], []
    while offset < len(data) - form.TRAILER.size:
        frame = form.decode_frame(data[offset : offset + form.FRAME.size])
        found.append((frame.tag, offset, frame.span))
        offset += form.FRAME.size + frame.stored
    return found


def spoil(folder: Path, tag: bytes, number: int) -> tuple[int, Span]:
    """Flip a bit in the payload of such a frame. Returns where it stands and what it holds."""
    data = bytearray((folder / LOG).read_bytes())
    offset, span = [(offset, span) for each, offset, span in frames(bytes(data)) if each == tag][number]
    data[offset + form.FRAME.size + 3] ^= 4
    (folder / LOG).write_bytes(data)
    return offset, span


def newer() -> bytes:
    data = bytearray(form.encode_file_header(LogHeader("01J", 1))[:-4])
    data[8] = form.VERSION + 1
    return bytes(data) + zlib.crc32(data).to_bytes(4, "little")


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


@pytest.mark.parametrize("command", COMMANDS)
def test_one_that_is_taken_away_while_it_is_opened(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(path: Path) -> bool:
        shutil.rmtree(path)
        return False

    for module in (replay, redact, repair, verify):
        monkeypatch.setattr(f"{module.__name__}.run_folder", lambda _: taken_away(folder) or folder)
    monkeypatch.setattr("hive_tui.cli.export.run_folder", lambda _: taken_away(folder) or folder)
    monkeypatch.setattr("hive_tui.cli.stats.run_folder", lambda _: taken_away(folder) or folder)
    code, out, err = run(*readers(folder, tmp_path)[command])
    assert (code, out) == (UNUSABLE, "")
    assert "the recording is gone; somebody removed it" in err
    assert list(tmp_path.iterdir()) == []


class Meanwhile(PlainBackend):
    """Does something else while it verifies its first block."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job: Callable[[], object] | None = job

    def verify(self, data: bytes, seq: int, time_ns: int) -> Verified:
        if self._job is not None:
            self._job()
            self._job = None
        return super().verify(data, seq, time_ns)


@pytest.mark.parametrize("command", ["verify", "redact", "repair"])
def test_one_that_is_taken_away_while_it_is_read(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader keeps the log that it has opened; what it has still to open is gone."""
    kernels = Meanwhile(lambda: shutil.rmtree(folder))
    monkeypatch.setattr(f"hive_tui.cli.{command}.kernels_for", lambda _: kernels)
    code, _, err = run(*readers(folder, tmp_path)[command])
    assert "Traceback" not in err
    assert (code == DONE) if command == "repair" else (code == UNUSABLE and "gone" in err)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ends", [False, True])
def test_one_that_grows_while_it_is_verified(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    records = facts()
    log = begin(tmp_path / "01J", records[:20])

    def grow() -> None:
        for each in records[20:]:
            log.append(wire.encode(each), Span(1, each.seq, each.seq, each.time_ns, each.time_ns))
        if ends:
            log.finish()

    monkeypatch.setattr("hive_tui.cli.verify.kernels_for", lambda _: Meanwhile(grow))
    code, out, err = run("verify", str(tmp_path / "01J"))
    assert (code, err) == (DONE, "")
    assert out.startswith("sound so far; a live process still writes it")
    if not ends:
        log.abandon()


@pytest.mark.usefixtures("small")
def test_the_half_of_a_frame_that_a_live_process_writes_is_no_damage(tmp_path: Path, run: Run) -> None:
    log, folder = begin(tmp_path / "01J", facts()), tmp_path / "01J"
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    log.finish()
    whole = (folder / LOG).read_bytes()
    for stop in range(len(kept[LOG]), len(whole)):
        for name, data in kept.items():
            (folder / name).write_bytes(data)
        (folder / LOG).unlink()
        (folder / LOG).write_bytes(whole[:stop])
        with (folder / LOG).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert run("verify", str(folder))[0] == DONE, stop
    (folder / LOG).write_bytes(whole[: len(kept[LOG]) + 50])
    assert run("verify", str(folder))[0] == NO


@pytest.mark.usefixtures("small")
def test_a_run_that_goes_on_is_replayed_and_exported_and_nothing_else(tmp_path: Path, run: Run) -> None:
    log = begin(tmp_path / "01J", facts()[:20])
    for command, words in readers(tmp_path / "01J", tmp_path).items():
        code, _, err = run(*words)
        assert code == (UNUSABLE if command in ("repair", "redact") else DONE)
        assert ("a live process still writes it" in err) == (command in ("repair", "redact"))
    log.abandon()


@pytest.mark.parametrize("command", ["repair", "redact"])
def test_a_target_that_cannot_be_written(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = readers(folder, tmp_path)[command]
    (tmp_path / "there").mkdir()
    code, _, err = run(*words[:-1], str(tmp_path / "there"))
    assert (code, "is there already" in err) == (UNUSABLE, True)
    assert run(*words[:-1], str(tmp_path / "no" / "where"))[0] == DISK

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "_write_whole", full)
        code, _, err = run(*words)
        assert (code, "No space left on device" in err) == (DISK, True)

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", refused)
        code, _, err = run(*words)
        assert (code, "Read-only file system" in err) == (DISK, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J", "there"]
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("command", ["repair", "redact"])
def test_of_two_that_write_one_target_the_first_wins(
    command: str, folder: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = readers(folder, tmp_path)[command]
    target = Path(words[-1])

    def other() -> None:
        target.mkdir()
        (target / LOG).write_bytes(b"the other's")

    monkeypatch.setattr(f"hive_tui.cli.{command}.kernels_for", lambda _: Meanwhile(other))
    code, _, err = run(*words)
    assert (code, "is there already" in err) == (UNUSABLE, True)
    assert [path.read_bytes() for path in target.iterdir()] == [b"the other's"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01J", target.name]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_recording_is_read(command: str, folder: Path, tmp_path: Path, run: Run) -> None:
    (folder / LOG).chmod(0o400)
    folder.chmod(0o500)
    try:
        assert run(*readers(folder, tmp_path)[command])[0] == DONE
    finally:
        folder.chmod(0o700)


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
