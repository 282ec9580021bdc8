"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
  const CHANNELS = ["", "reasoning", "refusal"];
  const ROLES = ["generator", "refiner", "validator", "curator"];
  const TAIL = 8192; // Characters of a pane's text that are laid out, unless all of it is asked for.
  const TAIL_PLAYING = 3072; // As much as a large pane shows at once.
  const SLICE = 1 << 20;
  const BIN = 3; // Pixels of a lane that are one bar.

  let head = null;
  let whole = false;
  const times = [];
  const seqs = [];
  const streams = new Map();
  const general = { steps: [], facts: [] };
  let panes = [];
  let step = -1;
  let at = 0;
  let playing = false;
  let written = false; // The answer as it came, not rendered.
  let speed = 1;
  let ticked = 0;

  // What the file holds.

  const packed = (text) => {
    let begin = 0;
    return new ReadableStream({
      pull(controller) {
        if (begin >= text.length) { controller.close(); return; }
        let stop = text.indexOf("\n", begin + SLICE);
        if (stop < 0) stop = text.length;
        const bytes = atob(text.slice(begin, stop));
        const chunk = new Uint8Array(bytes.length);
        for (let i = 0; i < bytes.length; i++) chunk[i] = bytes.charCodeAt(i);
        begin = stop;
        controller.enqueue(chunk);
      },
    });
  };

  const unpack = async () => {
    if (typeof DecompressionStream === "undefined" || typeof TextDecoderStream === "undefined")
      throw new Error("this browser cannot unpack it; one from 2023 or later can");
    const text = $("recording").textContent.trim();
    $("recording").remove();
    const reader = packed(text).pipeThrough(new DecompressionStream("gzip")).pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) take(JSON.parse(line));
    }
  };

  const take = (line) => {
    if (head === null) { head = line; panes = head.stages.map(newPane); return; }
    if (!Array.isArray(line)) { whole = line.steps === times.length; return; }
    const here = times.length;
    const [us, seq, deltas, facts, run] = line;
    times.push(us);
    seqs.push(seq);
    for (const [number, channel, text] of deltas || []) {
      let stream = streams.get(number);
      if (!stream) streams.set(number, stream = { parts: [], length: 0, steps: [], ends: [], cuts: [], channels: [], text: "" });
      if (stream.channels[stream.channels.length - 1] !== channel) { stream.cuts.push(stream.length); stream.channels.push(channel); }
      stream.parts.push(text);
      stream.length += text.length;
      if (stream.steps[stream.steps.length - 1] === here) stream.ends.pop(); else stream.steps.push(here);
      stream.ends.push(stream.length);
    }
    for (const [index, fact] of facts || []) { panes[index].steps.push(here); panes[index].facts.push(fact); }
    if (run) {
      const before = general.facts[general.facts.length - 1];
      general.steps.push(here);
      general.facts.push(Object.assign({}, before, run));
    }
  };

  // The last place of a sorted list that is not above; -1 when there is none.
  const upTo = (list, value) => {
    let low = 0, high = list.length;
    while (low < high) { const middle = (low + high) >> 1; if (list[middle] <= value) low = middle + 1; else high = middle; }
    return low - 1;
  };
  const known = (table, fallback) => { const i = upTo(table.steps, step); return i < 0 ? fallback : table.facts[i]; };

  // What is shown.

  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const newPane = (stage, index) => {
    const box = element("section", "pane"), top = element("header"), role = element("h2", "", `${index + 1} ${stage.role}`);
    const pane = { box, steps: [], facts: [], role: stage.role, shown: "", all: false,
      model: element("span", "model"), state: element("span", "state"), verdict: element("span", "verdict"),
      line: element("div", "facts"), text: element("div", "text") };
    box.setAttribute("aria-label", stage.role);
    pane.text.tabIndex = 0;
    role.style.color = colour(stage.role);
    pane.text.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = pane.text;
      pane.scrolled = scrollHeight - scrollTop - clientHeight > 40;
    }, { passive: true });
    top.append(role, pane.model, pane.verdict, pane.state);
    box.append(top, pane.line, pane.text);
    return pane;
  };
  const colour = (role) => `var(--${ROLES.includes(role) ? role : "accent"})`;

  const seconds = (us) => {
    const value = us / 1e6;
    if (value < 1) return `${Math.round(value * 1000)} ms`;
    if (value < 100) return `${value.toFixed(1)} s`;
    const rest = Math.floor(value), two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(rest / 3600), minutes = Math.floor(rest / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(rest % 60)}` : `${minutes}:${two(rest % 60)}`;
  };

  const spans = (stream, begin, stop) => {
    const made = [];
    for (let i = Math.max(0, upTo(stream.cuts, begin)); i < stream.cuts.length && stream.cuts[i] < stop; i++) {
      const from = Math.max(begin, stream.cuts[i]), to = Math.min(stop, i + 1 < stream.cuts.length ? stream.cuts[i + 1] : stop);
      if (to > from) made.push(element("span", CHANNELS[stream.channels[i]] || "", stream.text.slice(from, to)));
    }
    return made;
  };

  const showPane = (pane) => {
    const fact = known(pane, { state: "idle" });
    const stream = streams.get(fact.stream);
    const i = stream ? upTo(stream.steps, step) : -1;
    const length = i < 0 ? 0 : stream.ends[i];
    const ended = fact.ended === undefined ? at : Math.min(at, fact.ended);
    const took = fact.begun === undefined ? "" : seconds(Math.max(0, ended - fact.begun));
    const parts = [fact.ttft && `first text ${fact.ttft}`, fact.tokens, fact.rate, fact.cost, took, fact.attempt];
    pane.line.textContent = parts.filter(Boolean).join(" · ");
    const tail = pane.all ? Infinity : playing && !pane.scrolled ? TAIL_PLAYING : TAIL;
    const key = `${upTo(pane.steps, step)} ${length} ${tail}`;
    if (key === pane.shown) return;
    pane.shown = key;
    pane.model.textContent = fact.model || "";
    pane.verdict.textContent = fact.verdict || "";
    pane.state.textContent = fact.note ? `${fact.state}: ${fact.note}` : fact.state;
    pane.state.className = `state ${fact.style || ""}`;
    pane.box.classList.toggle("live", fact.style === "live");
    let begin = Math.max(0, length - tail);
    if (begin) begin = Math.min(length, stream.text.indexOf("\n", begin) + 1 || begin);
    if (begin && (stream.text.charCodeAt(begin) & 0xfc00) === 0xdc00) begin++;
    const made = stream ? spans(stream, begin, length) : [];
    if (begin) {
      const button = element("button", "", `show the ${begin.toLocaleString("en")} characters before`);
      button.type = "button";
      button.onclick = () => { pane.all = true; pane.text.focus(); show(); };
      made.unshift(button);
    }
    for (const words of fact.words || []) made.push(element("div", "error", words));
    pane.text.textContent = "";
    pane.text.append(...made);
    if (pane.stream !== fact.stream) pane.scrolled = false;
    pane.stream = fact.stream;
    pane.fresh = !pane.scrolled;
  };

  // Nothing but these elements, without an attribute, can come of an answer.
  const ELEMENTS = new Set(("p strong em s ul ol li blockquote table thead tbody tr th td h3 h4 h5 h6 pre code hr br").split(" "));
  const built = (node) => {
    if (typeof node === "string") return node;
    const made = document.createElement(ELEMENTS.has(node[0]) ? node[0] : "span");
    made.append(...node.slice(1).map(built));
    return made;
  };
  const showAnswer = (answer, tree) => {
    const box = $("answer-text"), key = answer === undefined ? "" : `${written} ${answer}`;
    if (box.shown === key) return;
    box.shown = key;
    box.className = `text ${answer === undefined ? "none" : written ? "" : "rich"}`;
    box.textContent = answer === undefined ? "not yet" : written ? answer : "";
    if (answer !== undefined && !written) box.append(...tree.map(built));
    $("written").textContent = written ? "Rendered" : "As written";
    $("written").hidden = answer === undefined;
  };

  const show = () => {
    for (const pane of panes) showPane(pane);
    // Behind all that is written, or each pane would be laid out by itself.
    for (const pane of panes) if (pane.fresh) { pane.text.scrollTop = 1e9; pane.fresh = false; }
    const run = known(general, {});
    showAnswer(run.answer, run.tree);
    $("status").textContent = run.status || "before the first event";
    $("status").className = `state ${run.style || ""}`;
    $("time").textContent = seconds(at);
    $("event").textContent = `${(step < 0 ? 0 : seqs[step]).toLocaleString("en")} of ${head.events.toLocaleString("en")}`;
    $("cost").textContent = run.cost || "unknown";
    $("decision").textContent = run.decision || "not yet";
    $("unrecorded").hidden = !run.unrecorded;
    const warnings = run.warnings || [];
    if ($("warnings").shown !== warnings.length) {
      $("warnings").shown = warnings.length;
      $("warnings").textContent = "";
      $("warnings").append(...warnings.map((words) => element("li", "", words)));
    }
    const part = head.end_us ? at / head.end_us : 1;
    $("clock").textContent = `${seconds(at)} of ${seconds(head.end_us)} · ${Math.floor(part * 100)} %`;
    $("range").value = at;
    $("range").setAttribute("aria-valuetext", `${seconds(at)}, event ${step < 0 ? 0 : seqs[step]}`);
    $("head").style.left = `${part * 100}%`;
    $("play").textContent = playing ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    const passed = upTo(head.places.map((place) => place.us), at);
    [...$("places").children].forEach((button, i) => button.classList.toggle("on", i === passed));
  };

  const lanes = () => {
    const canvas = $("lanes"), ratio = window.devicePixelRatio || 1, rows = [...streams.keys()].sort((a, b) => a - b);
    const high = Math.max(3, Math.min(12, Math.floor(96 / Math.max(1, rows.length))));
    const width = Math.max(1, Math.floor(canvas.clientWidth)), height = Math.max(16, rows.length * (high + 1) + 3);
    canvas.style.height = `${height}px`;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const ink = canvas.getContext("2d"), look = getComputedStyle(document.documentElement);
    ink.scale(ratio, ratio);
    const place = (us) => Math.min(width - 1, Math.floor(us / Math.max(1, head.end_us) * (width - 1)));
    ink.fillStyle = look.getPropertyValue("--border");
    for (const each of head.places) if (each.kind === "stage") ink.fillRect(place(each.us), 0, 1, height);
    rows.forEach((number, row) => {
      const stream = streams.get(number), bins = new Float64Array(Math.ceil(width / BIN));
      stream.steps.forEach((here, i) => { bins[Math.floor(place(times[here]) / BIN)] += stream.ends[i] - (i ? stream.ends[i - 1] : 0); });
      const most = bins.reduce((a, b) => Math.max(a, b), 1);
      const owner = panes.find((pane) => pane.facts.some((fact) => fact.stream === number));
      ink.fillStyle = look.getPropertyValue(colour(owner ? owner.role : "").slice(4, -1));
      bins.forEach((count, bin) => {
        if (!count) return;
        const tall = Math.max(2, Math.round(high * Math.sqrt(count / most)));
        ink.fillRect(bin * BIN, 2 + row * (high + 1) + high - tall, BIN, tall);
      });
    });
    for (const each of head.places) {
      if (each.kind === "stage") continue;
      ink.fillStyle = look.getPropertyValue(each.kind === "marker" ? "--warn" : "--bad");
      ink.fillRect(place(each.us), 0, 2, height);
    }
  };

  // How one moves.

  // 0 % is before the first event, 100 % behind the last.
  const seek = (us) => {
    at = Math.max(0, Math.min(head.end_us, us));
    step = us >= head.end_us ? times.length - 1 : at <= 0 ? -1 : upTo(times, at);
    show();
  };
  const go = (index) => {
    play(false);
    step = Math.max(-1, Math.min(times.length - 1, index));
    at = step < 0 ? 0 : times[step];
    show();
  };
  const play = (on) => {
    if (on === playing) return;
    playing = on;
    if (on) {
      if (at >= head.end_us) { step = -1; at = 0; }
      ticked = performance.now();
      requestAnimationFrame(tick);
    }
    show();
  };
  const tick = (now) => {
    if (!playing) return;
    const passed = Math.max(0, now - ticked) * 1000 * speed;
    ticked = now;
    if (at + passed >= head.end_us) { playing = false; seek(head.end_us); return; }
    seek(at + passed);
    requestAnimationFrame(tick);
  };
  const pace = (value) => { speed = value; $("speed").value = String(value); };
  const faster = (by) => pace(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + by))]);
  const jump = (kinds, by, what) => {
    const found = head.places.filter((place) => kinds.includes(place.kind));
    const next = by > 0 ? found.find((place) => place.step > step) : found.reverse().find((place) => place.step < step);
    $("said").textContent = next ? "" : `No ${what} ${by > 0 ? "after" : "before"} this moment.`;
    if (next) go(next.step);
  };
  const theme = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    lanes();
  };
  const help = () => { if ($("help").open) $("help").close(); else $("help").showModal(); };

  const KEYS = {
    " ": () => play(!playing),
    ArrowLeft: (shift) => seek(at - head.end_us / (shift ? 10 : 100)),
    ArrowRight: (shift) => seek(at + head.end_us / (shift ? 10 : 100)),
    0: () => go(-1),
    Home: () => go(-1),
    End: () => seek(head.end_us),
    ",": () => go(step - 1),
    ".": () => go(step + 1),
    "[": () => jump(["marker", "stage"], -1, "marker or stage"),
    "]": () => jump(["marker", "stage"], 1, "marker or stage"),
    "{": () => jump(["stage"], -1, "stage"),
    "}": () => jump(["stage"], 1, "stage"),
    E: () => jump(["error", "retry"], -1, "error"),
    e: () => jump(["error", "retry"], 1, "error"),
    "-": () => faster(-1),
    "+": () => faster(1),
    "=": () => faster(1),
    "?": help,
  };
  const pressed = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target instanceof Element && event.target.closest("button, select, dialog");
    if (own && (event.key === " " || own.tagName !== "BUTTON") && event.key !== "?") return;
    const act = /^[1-9]$/.test(event.key) ? () => seek(head.end_us * Number(event.key) / 10) : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act(event.shiftKey);
  };

  const ready = () => {
    for (const stream of streams.values()) { stream.text = stream.parts.join(""); stream.parts = []; }
    for (const place of head.places) { place.step = Math.min(seqs.length - 1, upTo(seqs, place.seq - 1) + 1); place.us = times[place.step] || 0; }
    head.places.sort((a, b) => a.us - b.us);
    $("panes").classList.toggle("even", panes.length % 2 === 0);
    $("panes").append(...panes.map((pane) => pane.box));
    $("question").textContent = head.question;
    $("about").textContent = head.about;
    $("thinned").textContent = head.thinned;
    $("range").max = head.end_us;
    $("speed").append(...SPEEDS.map((value) => { const o = element("option", "", `${value}×`); o.value = value; return o; }));
    pace(1);
    $("places").append(...head.places.map((place) => {
      const button = element("button", place.kind, `${place.kind === "stage" ? "" : place.kind + ": "}${place.name}`);
      button.type = "button";
      button.title = place.note || seconds(place.us);
      button.onclick = () => go(place.step);
      return button;
    }));
    document.addEventListener("keydown", pressed);
    $("range").addEventListener("input", () => { play(false); seek(Number($("range").value)); });
    const clicks = { play: () => play(!playing), start: () => go(-1), end: () => seek(head.end_us), back: () => go(step - 1),
      forward: () => go(step + 1), keys: help, theme, written: () => { written = !written; show(); } };
    for (const [id, act] of Object.entries(clicks)) $(id).addEventListener("click", act);
    $("speed").addEventListener("change", () => pace(Number($("speed").value)));
    let dragged = false;
    const drag = (event) => { const box = $("lanes").getBoundingClientRect(); play(false); seek((event.clientX - box.left) / box.width * head.end_us); };
    $("lanes").addEventListener("pointerdown", (event) => { dragged = true; $("lanes").setPointerCapture(event.pointerId); drag(event); });
    $("lanes").addEventListener("pointermove", (event) => { if (dragged) drag(event); });
    $("lanes").addEventListener("pointerup", () => { dragged = false; });
    window.addEventListener("resize", lanes);
    const asked = /^#t=([0-9.]+)$/.exec(location.hash);
    seek(asked ? Number(asked[1]) * 1e6 : head.end_us);
    lanes();
  };

  unpack().then(() => {
    if (head === null) throw new Error("it is empty");
    $("said").textContent = whole ? head.whole : "This file was cut short; what is left of it can be played.";
    ready();
    document.body.dataset.ready = "yes";
  }).catch((error) => {
    if (head !== null && times.length) {
      $("said").textContent = "This file is damaged; what stands before the damage can be played.";
      ready();
    } else {
      $("said").textContent = `The recording in this page cannot be read: ${error.message}`;
    }
    $("said").className = "fault";
    document.body.dataset.ready = "damaged";
  });
})();
