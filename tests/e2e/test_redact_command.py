"""`hive redact`: a copy without the words, which can be verified, and an original that is as it was."""

from __future__ import annotations

import os

QUESTION = "Who is Ann Smith?"


def test_what_a_pattern_finds_is_in_no_byte_of_the_copy(hive, sim) -> None:
    hive("ask", *sim.single("say:Ann Smith lives here."), QUESTION)
    (folder,) = hive.runs.iterdir()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = hive("redact", folder.name, "--pattern", "Ann Smith", "--output", str(hive.folder / "copy"))
    assert (done.code, done.err) == (0, b"")
    assert b"Ann" not in done.out
    assert b"  question: 1\n" in done.out
    assert b"  stage generator, call 1: answer: 1\n" in done.out
    sound = hive("verify", str(hive.folder / "copy"))
    assert sound.code == 0
    assert f"a redacted copy of run {folder.name}\n" in sound.out.decode()
    document = hive("replay", str(hive.folder / "copy"), "--json").document
    assert document["answer"] == "[redacted] lives here."
    assert document["run"] != folder.name
    assert b"Ann" not in hive("export", str(hive.folder / "copy"), "--format", "jsonl", "--output", "-").out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_copy_without_a_folder_is_a_run_among_the_others(hive, sim) -> None:
    hive("ask", *sim.single("say:yes"), QUESTION)
    made = hive("redact", "last", "--span", "start..event:1", "--json").document
    assert sorted(path.name for path in hive.runs.iterdir()) == sorted([made["source"], made["run"]])
    assert made["recording"] == str(hive.runs / made["run"])
    assert hive("replay", made["run"], "--json").document["answer"] == "yes"
    assert hive("runs").code == 0
    newest, source = hive("runs", "--json").document
    assert (newest["source"], source["source"]) == (made["source"], None)
    assert f"redacted copy of {made['source']}\n" in hive("runs", "show", made["run"]).out.decode()
    assert f"\tredacted copy of {made['source']}\n" in hive("runs", "--tree").out.decode()


def test_what_cannot_be_redacted_is_said(hive, sim) -> None:
    assert hive("redact", "last", "--pattern", "x").code == 3
    hive("ask", *sim.single("say:yes"), QUESTION)
    (folder,) = hive.runs.iterdir()
    new = hive.folder / "copy"
    never = hive("redact", "last", "--pattern", "nowhere at all", "--output", str(new))
    assert (never.code, never.said) == (1, "hive redact: nothing of the run fits; nothing was written\n")
    for wrong in (
        (),
        ("--pattern", "("),
        ("--pattern", "x", "--span", "start..end"),
        ("--span", "start"),
        ("--span", "start..nowhere"),
        ("--pattern", "x", "--stage", "generator"),
        ("--span", "start..end", "--stream", "0"),
    ):
        assert hive("redact", "last", *wrong, "--output", str(new)).code == 2
    for unfit in (("--stage", "nobody"), ("--stream", "7")):
        assert hive("redact", "last", "--span", "start..end", *unfit, "--output", str(new)).code == 3
    assert hive("redact", "last", "--span", "end..start", "--output", str(new)).code == 3
    assert hive("redact", "last", "--pattern", "yes", "--output", str(new / "deep")).code == 5
    log = folder / "log"
    whole = log.read_bytes()
    for spoiled in (whole[:-1], whole[:200] + b"\xff" + whole[201:]):
        log.write_bytes(spoiled)
        assert hive("redact", "last", "--pattern", "yes", "--output", str(new)).code == 3
    log.write_bytes(whole)
    assert not new.exists()
    assert not [name for name in os.listdir(hive.folder) if name.startswith(".copy")]
    new.mkdir()
    assert hive("redact", "last", "--pattern", "yes", "--output", str(new)).code == 3
    assert list(new.iterdir()) == []
