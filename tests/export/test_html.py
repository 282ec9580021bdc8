"""The page that plays a run: opened in a real browser and scrubbed there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from hive_tui.events import (
    AttemptEnded,
    AttemptStarted,
    Carried,
    Channel,
    ErrorInfo,
    Outcome,
    RetryScheduled,
    RunEnded,
)
from hive_tui.export import html, moments
from hive_tui.recording.navigation.markers import Marker
from hive_tui.recording.timeline import Timeline
from hive_tui.tui.live.visible import harmless
from tests.export.headless import Browser
from tests.export.test_asciicast import BEGUN, CORPUS, SECOND, recorded
from tests.test_state import START, delta

HOSTILE = (
    "</script><script>window.hacked=1</script><!-- <script> "
    "\u2028\u2029 \x00\x1b[2J\x9b \u202e<img src=x> &amp; é漢\U0001f41d"
)
READY = "await until(() => page.body.dataset.ready === 'yes');"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(CORPUS, tmp_path_factory.mktemp("page") / "run.html")


def written(folder: Path, file: Path, markers: tuple[Marker, ...] = (), until: int = 1 << 62, fault: str = "") -> Path:
    timeline = Timeline(folder)
    file.write_bytes(b"".join(html.pieces(timeline, min(until, timeline.last_seq), markers, fault=fault)))
    timeline.close()
    return file


def test_at_every_tenth_of_the_run_the_panes_show_what_they_showed_then(browser: Browser, page: Path) -> None:
    timeline = Timeline(CORPUS)
    browser.show(page)
    browser.ask(f"{READY} page.querySelector('#written').click()")
    for digit in (*"0123456789", "End"):
        shown = browser.ask(f"""
            key("{digit}");
            return {{
                panes: [...page.querySelectorAll("#panes .pane")].map((pane) => [
                    pane.querySelector("h2").textContent,
                    [...pane.querySelectorAll(".text span")].map((span) => span.textContent).join(""),
                    pane.querySelector(".verdict").textContent]),
                event: text("#event"), answer: text("#answer-text"),
                time: Number(page.querySelector("#range").value)}}""")
        part = 10 if digit == "End" else int(digit)
        at_us = timeline.duration_ns // 1000 * part // 10
        assert shown["time"] == pytest.approx(at_us, abs=1)
        state = timeline.state_at(timeline.seq_at(at_us * 1000 + 999) if part else 0)
        assert shown["event"] == f"{state.seq} of {timeline.last_seq}"
        assert shown["answer"] == (harmless(state.answer_text) if state.answer else "not yet")
        for index, spec in enumerate(timeline.last_state().plan.stages):
            stage = state.stage(spec.stage)
            attempt = state.attempt(stage.streams[-1]) if stage is not None and stage.streams else None
            said = "" if attempt is None else "".join(text for _, text in attempt.text.segments())
            verdict = "" if stage is None or stage.verdict is None else stage.verdict.value
            assert shown["panes"][index] == [f"{index + 1} {spec.role}", harmless(said), verdict]
    timeline.close()


def test_keys_play_step_and_jump(browser: Browser, page: Path) -> None:
    browser.show(page)
    told = browser.ask(f"""{READY}
        const event = () => Number(text("#event").split(" ")[0]), told = {{}};
        key("Home"); told.home = event();
        key("."); key("."); told.stepped = event();
        key(","); told.back = event();
        key("]"); told.stage = text("#places .on");
        key("}}"); told.next = text("#places .on");
        key("["); told.before = text("#places .on");
        key("ArrowRight", {{shiftKey: true}}); told.right = text("#clock");
        key("+"); key("+"); told.speed = page.querySelector("#speed").value;
        key("-"); key("-"); key("Home"); key(" ");
        told.playing = page.querySelector("#play").getAttribute("aria-label");
        await until(() => event() > 2);
        key(" "); told.paused = page.querySelector("#play").getAttribute("aria-label");
        key("End"); key("}}"); told.none = text("#said");
        key("?"); told.help = page.querySelector("#help").open; key("?");
        return told""")
    assert (told["home"], told["stepped"], told["back"]) == (0, 2, 1)
    assert (told["stage"], told["next"], told["before"]) == ("generator", "refiner", "generator")
    assert told["right"].endswith(" 10 %")
    assert (told["speed"], told["playing"], told["paused"]) == ("4", "Pause", "Play")
    assert (told["none"], told["help"]) == ("No stage after this moment.", True)


def test_errors_retries_and_markers_are_places_to_jump_to(browser: Browser, tmp_path: Path) -> None:
    failed = ErrorInfo("rate_limit", "slow down <b>", 429, advice="wait")
    facts = [
        *BEGUN,
        (SECOND, 1, RetryScheduled(500, failed, "sim/two")),
        (SECOND, 1, AttemptEnded(Outcome.ERRORED, error=failed)),
        (2 * SECOND, 2, AttemptStarted("generator", "sim/two", "simulator", number=2, reason="fallback")),
        (3 * SECOND, 2, delta("so ")),
        (4 * SECOND, 2, delta("far")),
        (5 * SECOND, 0, RunEnded(Outcome.CANCELLED)),
    ]
    marker = Marker("here", "a note", 7, 0, 0)
    browser.show(written(recorded(tmp_path / "run", facts), tmp_path / "run.html", (marker,)))
    told = browser.ask(f"""{READY} const told = {{}}, pane = () => page.querySelector("#panes .pane").textContent;
        told.places = [...page.querySelectorAll("#places button")].map((each) => each.textContent);
        told.end = pane(); told.status = text("#status");
        key("Home"); key("e"); told.retry = [text("#event"), text("#time")];
        key("e"); told.error = [text("#event"), pane()];
        key("]"); told.marker = [text("#event"), text("#places .on"), pane()];
        key("E"); told.back = text("#event");
        return told""")
    assert told["places"] == ["generator", "retry: generator", "error: generator", "marker: here"]
    assert "sim/two" in told["end"]
    assert told["end"].endswith("so far")
    assert "attempt 2 of round 1" in told["end"]
    assert told["status"].startswith("cancelled")
    assert told["retry"] == ["4 of 9", "1.0 s"]
    assert told["error"][0] == "5 of 9"
    assert "slow down <b>" in told["error"][1]
    assert told["marker"][:2] == ["7 of 9", "marker: here"]
    assert told["marker"][2].endswith("so ")
    assert told["back"] == "5 of 9"


def test_the_slider_and_the_buttons_scrub(browser: Browser, page: Path) -> None:
    browser.show(page)
    told = browser.ask(f"""{READY}
        const range = page.querySelector("#range"), told = {{}};
        range.value = range.max / 2;
        range.dispatchEvent(new Event("input"));
        told.half = text("#clock");
        page.querySelector("#start").click(); told.start = text("#clock");
        page.querySelector("#places button:nth-child(2)").click(); told.place = text("#places .on");
        return told""")
    assert told["half"].endswith("50 %")
    assert told["start"].startswith("0 ms")
    assert told["place"] == "refiner"


def test_playing_comes_to_the_end_and_stops(browser: Browser, page: Path) -> None:
    browser.show(page)
    assert browser.ask(f"""{READY} page.querySelector("#speed").value = "64";
        page.querySelector("#speed").dispatchEvent(new Event("change"));
        key("Home"); key(" ");
        await until(() => page.querySelector("#play").getAttribute("aria-label") === "Play");
        return text("#clock")""").endswith("100 %")


def test_nothing_in_a_text_acts_on_the_page(browser: Browser, tmp_path: Path) -> None:
    facts = [
        (0, 0, replace(START, question=HOSTILE)),
        *BEGUN[1:],
        (SECOND, 1, delta("line\r")),
        (SECOND, 1, delta("\n" + HOSTILE)),
        (SECOND, 1, delta(HOSTILE, Channel.REASONING)),
        (2 * SECOND, 0, RunEnded(Outcome.FINISHED, answer=Carried(1))),
    ]
    marker = Marker(HOSTILE[:60], HOSTILE, 3, 0, 0)
    file = written(recorded(tmp_path / "run", facts), tmp_path / "run.html", (marker,))
    raw = file.read_bytes()
    assert raw.count(b"</script>") == 2
    assert b"<!--" not in raw
    assert b"\0" not in raw
    browser.show(file)
    told = browser.ask(f"""{READY} return {{
        hacked: [window.hacked, page.defaultView.hacked], images: page.images.length, scripts: page.scripts.length,
        question: text("#question"), answer: text("#answer-text"),
        pane: [...page.querySelectorAll(".text span")].map((span) => [span.className, span.textContent]),
        marker: text("#places .marker"), note: page.querySelector("#places .marker").title,
        written: (page.querySelector("#written").click(), text("#answer-text"))}}""")
    assert told["hacked"] == [None, None]
    assert (told["images"], told["scripts"]) == (0, 1)
    assert told["question"] == harmless(HOSTILE)
    assert told["pane"] == [["", "line\n" + harmless(HOSTILE)], ["reasoning", harmless(HOSTILE)]]
    assert told["answer"].startswith("line\n</script><script>window.hacked=1</script><!-- <script> ")
    assert told["written"] == "line\n" + harmless(HOSTILE)
    assert "window.hacked" in told["marker"]
    assert told["note"] == harmless(HOSTILE)


def test_the_answer_is_rendered_without_a_link_or_an_attribute(browser: Browser, tmp_path: Path) -> None:
    said = (
        "# Forty\n\nIt is **surely** `40.8`, see [this](javascript:alert(1)) and [that](https://example.org/a).\n\n"
        "- one\n- two\n\n```html\n<b>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<b onclick=x>bold</b> ![x](http://e.org/i.png)"
    )
    end = (SECOND, 0, RunEnded(Outcome.FINISHED, answer=Carried(1)))
    browser.show(written(recorded(tmp_path / "run", [*BEGUN, (1, 1, delta(said)), end]), tmp_path / "run.html"))
    told = browser.ask(f"""{READY} const box = page.querySelector("#answer-text");
        return {{html: box.innerHTML, foreign: box.querySelectorAll("a, img, b").length}}""")
    assert told["foreign"] == 0
    assert not re.search(r"<\w+ ", told["html"]), "no element has an attribute"
    for part in (
        "<h3>Forty</h3>",
        "<strong>surely</strong> <code>40.8</code>",
        "that (https://example.org/a)",
        "<ul><li><p>one</p></li><li><p>two</p></li></ul>",
        "<pre><code>&lt;b&gt;</code></pre>",
        "<td>1</td><td>2</td>",
        "&lt;b onclick=x&gt;bold&lt;/b&gt; x (http://e.org/i.png)",
    ):
        assert part in told["html"]


def test_the_page_reaches_no_network_and_runs_no_other_script(browser: Browser, page: Path) -> None:
    text = page.read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; base-uri 'none'; form-action 'none'",
        policy[1],
    )
    assert "http://" not in text
    assert "https://" not in text
    browser.show(page)
    told = browser.ask(f"""{READY}
        const broken = [], told = {{}};
        page.addEventListener("securitypolicyviolation", (event) => broken.push(event.effectiveDirective));
        const made = page.createElement("script"); made.textContent = "window.foreign = 1"; page.body.append(made);
        const image = page.createElement("img"); image.src = "http://127.0.0.1:9/x.png"; page.body.append(image);
        told.fetched = await page.defaultView.fetch("http://127.0.0.1:9/").then(() => "fetched", () => "refused");
        await until(() => broken.length >= 3);
        told.broken = broken.sort();
        told.foreign = page.defaultView.foreign;
        told.loaded = page.defaultView.performance.getEntriesByType("resource")
            .filter((entry) => entry.transferSize).length;
        return told""")
    assert told["broken"] == ["connect-src", "img-src", "script-src-elem"]
    assert (told["fetched"], told.get("foreign"), told["loaded"]) == ("refused", None, 0)


@pytest.mark.parametrize("width", [320, 390, 800, 1600])
def test_nothing_stands_out_at_any_width(browser: Browser, page: Path, width: int) -> None:
    browser.show(page, width, 700)
    told = browser.ask(f"""{READY} const root = page.documentElement;
        return {{wide: root.scrollWidth <= root.clientWidth, 
            foot: page.querySelector("body > footer").getBoundingClientRect().bottom,
            play: page.querySelector("#play").getBoundingClientRect().right, high: root.clientHeight}}""")
    assert told["wide"]
    assert told["foot"] <= told["high"] + 1, "the controls are always in view"
    assert told["play"] <= width


def test_light_and_dark(browser: Browser, page: Path) -> None:
    browser.show(page)
    grounds = browser.ask(f"""{READY} const ground = () => page.defaultView.getComputedStyle(page.body).backgroundColor;
        const first = ground(); page.querySelector("#theme").click(); const other = ground();
        page.querySelector("#theme").click(); return [first, other, ground()]""")
    assert grounds[0] == grounds[2]
    assert {*grounds} == {"rgb(17, 21, 28)", "rgb(251, 250, 247)"}


def test_everything_is_reached_by_the_keyboard_and_named(browser: Browser, page: Path) -> None:
    browser.show(page)
    nameless = browser.ask(f"""{READY}
        return [...page.querySelectorAll("button, select, input, [tabindex]")].filter((each) => each.tabIndex < 0 ||
            !(each.textContent.trim() || each.getAttribute("aria-label") || each.closest("[aria-label]")))
            .map((each) => each.id)""")
    assert nameless == []


def test_a_long_run_is_thinned_and_says_so(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "MOST", 50)
    facts = [*BEGUN, *((SECOND * each // 100, 1, delta(f"{each} ")) for each in range(600))]
    file = written(recorded(tmp_path / "run", facts), tmp_path / "run.html")
    browser.show(file)
    told = browser.ask(f"""{READY} const end = text(".pane .text"); key("."); key(",");
        return {{end, before: text(".pane .text"), thinned: text("#thinned"), event: text("#event")}}""")
    assert told["end"] == "".join(f"{each} " for each in range(600))
    assert told["thinned"].startswith("603 events; those that came within 120 ms of each other are one step here")
    assert 570 < int(told["event"].split()[0]) < 603
    assert told["end"].startswith(told["before"])


def test_only_the_end_of_a_long_text_is_laid_out_until_all_is_asked_for(browser: Browser, tmp_path: Path) -> None:
    words = "".join(f"word {each}\n" for each in range(5000))
    file = written(recorded(tmp_path / "run", [*BEGUN, (1, 1, delta(words))]), tmp_path / "run.html")
    browser.show(file)
    told = browser.ask(f"""{READY} 
        const span = () => [...page.querySelectorAll(".pane .text span")].map((each) => each.textContent).join("");
        const short = span(); page.querySelector(".pane .text button").click(); return [short, span()]""")
    assert len(told[0]) <= 8192
    assert words.endswith(told[0])
    assert told[0].startswith("word ")
    assert told[1] == words


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_was_cut_plays_what_is_left_and_says_so(
    browser: Browser, page: Path, tmp_path: Path, whole: bool
) -> None:
    begin, data, end = re.split(r"(?<=id=\"recording\">\n)([^<]*)", page.read_text(), maxsplit=1)
    (tmp_path / "cut.html").write_text(begin + (data[: len(data) // 2 // 4 * 4] if whole else "AAAA") + end)
    browser.show(tmp_path / "cut.html")
    said = browser.ask("await until(() => page.body.dataset.ready); key('End'); return text('#said')")
    if not whole:
        assert said.startswith("The recording in this page cannot be read")
        return
    assert said == "This file is damaged; what stands before the damage can be played."
    assert browser.ask("return text('.pane h2')") == "1 generator"


def test_what_is_wrong_with_the_recording_is_said(browser: Browser, tmp_path: Path) -> None:
    file = written(recorded(tmp_path / "run", BEGUN), tmp_path / "run.html", fault="The recording has no sound end.")
    browser.show(file)
    assert browser.ask(f"{READY} return text('#said')") == "The recording has no sound end."


def test_up_to_a_moment_nothing_later_is_in_the_file(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", [*BEGUN, (1, 1, delta("before ")), (2, 1, delta("after"))])
    timeline = Timeline(folder)
    told = [json.loads(line) for line in moments.lines(timeline, 4, (Marker("late", "", 5, 0, 0),), "")]
    timeline.close()
    assert told[-1] == {"steps": 4}
    assert told[-2][2] == [[1, 0, "before "]]
    assert [each["name"] for each in told[0]["places"]] == ["generator"]
