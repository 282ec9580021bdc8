"""`hive verify`: its exit says whether a recording can be trusted, its lines say what is wrong and where."""

from __future__ import annotations

import signal

QUESTION = "What is 17% of 240?"


def test_a_run_is_sound_until_a_byte_of_it_is_another(hive, sim) -> None:
    assert hive("verify", "last").code == 3
    assert hive("verify").code == 2
    hive("ask", *sim.single("say:yes"), QUESTION)
    sound = hive("verify", "last")
    assert (sound.code, sound.err) == (0, b"")
    assert sound.out.startswith(b"sound and complete: 1 sealed block, ")
    (folder,) = hive.runs.iterdir()
    assert hive("verify", str(folder / "log")).out == sound.out
    log = folder / "log"
    whole = log.read_bytes()
    flipped = bytearray(whole)
    flipped[200] ^= 4
    log.write_bytes(flipped)
    damaged = hive("verify", "last")
    assert damaged.code == 1
    first = damaged.out.decode().splitlines()[0]
    assert first.startswith("log, byte ")
    assert ": block: " in first
    report = hive("verify", "last", "--json").document
    assert (report["sound"], report["run"], report["faults"][0]["kind"]) == (False, folder.name, "block")
    log.write_bytes(whole[:-1])
    assert b": end: " in hive("verify", "last").out
    log.write_bytes(b"\x00" + whole[1:])
    assert hive("verify", "last").code == 1
    for nothing in (b"", b"garbage" * 100):
        log.write_bytes(nothing)
        assert hive("verify", "last").code == 3


def test_a_run_that_goes_on_is_sound_so_far(hive, sim) -> None:
    running = hive.start("ask", *sim.single("stall:5"), QUESTION)
    hive.until_streaming()
    report = hive("verify", "last")
    assert report.code == 0
    assert report.out.startswith(b"sound so far; a live process still writes it")
    running.signal(signal.SIGINT)
    running.wait()
    assert hive("verify", "last").code == 0


def test_a_torn_run_is_repaired_beside_itself(hive, sim) -> None:
    asked = hive("ask", *sim.single("say:yes"), "--json", QUESTION)
    (folder,) = hive.runs.iterdir()
    log = folder / "log"
    log.write_bytes(log.read_bytes()[:-1])
    assert hive("repair", "last").code == 2
    new = hive.folder / "saved"
    done = hive("repair", "last", "--output", str(new))
    assert done.code == 0
    assert b"lost: " in done.out
    assert hive("verify", str(new)).code == 0
    again = hive("replay", str(new), "--json").document
    assert again == {**asked.document, "recording": str(new)}
    assert hive("repair", "last", "--output", str(new)).code == 3
    assert hive("repair", "last", "--output", str(hive.folder / "no" / "where")).code == 5
    log.write_bytes(b"garbage")
    assert hive("repair", "last", "--output", str(hive.folder / "other")).code == 3
    assert not (hive.folder / "other").exists()


def test_many_on_one_run_that_goes_on_disturb_nobody(hive, sim) -> None:
    """Readers, two who mark it at once, and those who want it whole."""
    running = hive.start("ask", *sim.single("stall:5"), QUESTION)
    hive.until_streaming()
    marking = [hive.start("mark", "last", f"here {number}", "--at", "end") for number in range(2)]
    assert hive("replay", "last", "--json").document["error"]["kind"] == "unfinished"
    assert hive("export", "last", "--format", "jsonl", "--output", str(hive.folder / "so-far.jsonl")).code == 0
    for refused in ("repair", "redact"):
        words = ("--pattern", "x") if refused == "redact" else ()
        done = hive(refused, "last", *words, "--output", str(hive.folder / refused))
        assert (done.code, "a live process still writes it" in done.said) == (3, True)
        assert not (hive.folder / refused).exists()
    assert [each.wait().code for each in marking] == [0, 0]
    assert len(hive("mark", "last").out.splitlines()) == 2
    running.signal(signal.SIGINT)
    running.wait()
    sound = hive("verify", "last")
    assert (sound.code, sound.out.startswith(b"sound and complete")) == (0, True)
