"use strict";
// Draws what the stream says. Every name comes from others: it enters as text, never as markup.

const STATES = [["f", "finished", "finished"], ["d", "diverged", "diverged"], ["x", "failed", "failed"],
  ["r", "in training", "running"], ["b", "put back", "put_back"], ["p", "waiting", "waiting"]];
const KINDS = { diverged: "d", failed: "x", "put back": "b" };
const MOST_ROWS = 200, NUM_COLOURS = 8, SVG = "http://www.w3.org/2000/svg";
const opened = new Map();
let cells = null, troubles = null, isWhole = false;

const find = selector => document.querySelector(selector);
const thousands = number => number.toLocaleString("en");
const counted = (number, noun) => `${thousands(number)} ${noun}${number === 1 ? "" : "s"}`;

function element(name, classes, ...content) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...content);
  return made;
}

function shape(name, attributes, ...content) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  for (const [unit, length, limit, digits] of [["s", 1, 90, 0], ["min", 60, 5400, 0], ["h", 3600, 172800, 1]])
    if (seconds < limit) return `${(seconds / length).toFixed(digits)} ${unit}`;
  return `${(seconds / 86400).toFixed(1)} days`;
}

function digits(value) {
  return Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

function bar(parts, total) {
  return parts.filter(([, number]) => number > 0).map(([mark, number]) => {
    const made = element("i", mark);
    made.style.flexBasis = `${100 * number / Math.max(total, 1)}%`;
    return made;
  });
}

const PARTS = {
  summary(part) {
    const counts = { ...part.counts, waiting: part.counts.pending - part.counts.put_back };
    const total = part.counts.finished + part.counts.diverged + part.counts.failed + part.counts.running + part.counts.pending;
    const done = part.counts.finished + part.counts.diverged + part.counts.failed;
    const names = part.studies.map(entry => entry.study).join(", ");
    find("#store").textContent = [names && `${part.studies.length > 1 ? "studies" : "study"} ${names}`, `store ${part.store}`, ...part.where].filter(Boolean).join(" · ");
    find("#headline").textContent = total ? `${thousands(done)} of ${counted(total, "run")}` : "No runs are planned yet";
    document.title = `${done}/${total} ${names || "actwise"}`;
    const running = part.counts.running;
    find("#left").textContent = done === total ? (total ? "nothing left to train" : "")
      : running === 0 ? "nobody is at work on what is left"
      : part.seconds_left === null ? `${counted(running, "run")} in training; how long it takes is not known yet`
      : `${part.is_at_least ? "more than" : "about"} ${duration(part.seconds_left)} left with ${counted(running, "run")} at once`;
    const parts = STATES.map(([mark, , key]) => [mark, counts[key]]);
    find("#bar").replaceChildren(...bar(parts, total));
    const said = STATES.filter(([, , key]) => counts[key] > 0);
    find("#bar").ariaLabel = said.map(([, name, key]) => `${counts[key]} ${name}`).join(", ");
    find("#legend").replaceChildren(...said.map(([mark, name, key]) =>
      element("li", "", element("span", `swatch ${mark}`), element("b", "", thousands(counts[key])), ` ${name}`)));
    ranking(part);
  },

  fault(part) {
    find("#fault").hidden = !part.sentence;
    find("#fault").textContent = part.sentence;
  },

  running(part) {
    show("#running", part.runs.length);
    find("#running .cards").replaceChildren(...part.runs.map(card));
    const more = part.num_runs - part.runs.length;
    find("#running .note").textContent = more ? `and ${counted(more, "more run")}` : "";
  },

  curves(part) {
    const panels = part.panels.filter(panel => panel.lines.some(line => line.points.length));
    show("#curves", panels.length);
    find("#curves .plots").replaceChildren(...panels.map(plot));
  },

  cells(part) {
    cells = part;
    show("#cells", part.studies.some(study => study.rows.length));
    drawCells();
  },

  troubles(part) {
    troubles = part;
    show("#troubles", part.runs.length);
    find("#troubles .list").replaceChildren(...part.runs.map(trouble));
    const more = part.num_runs - part.runs.length;
    find("#troubles .note").textContent = more ? `and ${counted(more, "older one")}: actwise status names all` : "";
  },

  machines(part) {
    show("#machines", part.drivers.length + part.machines.length);
    const drivers = part.drivers.map(driver => [driver.owner, thousands(driver.num_runs)]);
    const machines = part.machines.map(machine => [machine.host ?? "–", machine.gpu ?? machine.cpu ?? "–",
      [machine.device, machine.threads && counted(Number(machine.threads), "thread")].filter(Boolean).join(", "),
      machine.torch ?? "–", thousands(machine.num_runs)]);
    find("#machines .tables").replaceChildren(
      ...drivers.length ? [table("At work", ["driver", "runs now"], drivers, [false, true])] : [],
      ...machines.length ? [table("Recorded", ["machine", "processor", "device", "torch", "runs of the store"], machines, [false, false, false, false, true])] : []);
  },
};

function show(selector, isThere) {
  find(selector).hidden = !isThere;
}

function card(run) {
  const made = element("div", "card", element("b", "", run.name));
  const about = [run.owner];
  if (run.attempts > 1) about.push(`attempt ${run.attempts}`);
  if (run.epoch !== undefined) {
    if (run.fraction !== null) {
      const whole = element("div", "bar", ...bar([["r", run.fraction], ["p", 1 - run.fraction]], 1));
      whole.ariaLabel = `${Math.round(100 * run.fraction)} %`;
      whole.role = "img";
      made.append(whole);
    }
    const metrics = Object.entries(run.metrics).slice(0, 3).map(([name, value]) => `${name} ${value === null ? "–" : digits(value)}`);
    const said = [run.num_epochs === null ? `epoch ${run.epoch}` : `epoch ${run.epoch}/${run.num_epochs}`,
      run.loss !== null && `loss ${digits(run.loss)}`, ...metrics,
      run.images_per_second !== null && `${thousands(Math.round(run.images_per_second))} images/s`,
      run.seconds_left !== null && `${duration(run.seconds_left)} left`];
    // A number and its unit stay on one line.
    made.append(element("div", "about", said.filter(Boolean).map(text => text.replaceAll(" ", "\u00a0")).join(" · ")));
  }
  made.append(element("div", "about", about.join(" · ")));
  return made;
}

function ticks(low, high, most) {
  const raw = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(size => size >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
}

function plot(panel) {
  const width = 440, height = 220, left = 52, right = 16, top = 8, bottom = 34;
  const points = panel.lines.flatMap(line => line.points.filter(point => point[1] !== null));
  const values = points.map(point => point[1]), epochs = points.map(point => point[0]);
  const least = Math.min(...values), most = Math.max(...values);
  // A loss that runs away would press all others to the ground.
  const isLog = least > 0 && most / least > 50, scaled = isLog ? Math.log10 : value => value;
  const [low, high] = [scaled(least), scaled(most)];
  const lastEpoch = Math.max(2, ...epochs);
  const x = epoch => left + (width - left - right) * (epoch - 1) / (lastEpoch - 1);
  const y = value => top + (height - top - bottom) * (high - scaled(value)) / (high - low || 1);
  const made = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const marks = isLog ? ticks(Math.ceil(low), Math.max(Math.floor(high), Math.ceil(low)), 4).filter(Number.isInteger).map(power => 10 ** power) : ticks(low, high, 5);
  for (const mark of marks) {
    made.append(shape("line", { class: "l faint", x1: left, x2: width - right, y1: y(mark), y2: y(mark) }),
      shape("text", { class: "f ink", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, digits(mark)));
  }
  for (const mark of ticks(1, lastEpoch, 6).filter(Number.isInteger))
    made.append(shape("text", { class: "f ink", x: x(mark), y: height - bottom + 17, "text-anchor": "middle" }, String(mark)));
  made.append(shape("text", { class: "f ink", x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, "epoch"));
  for (const line of [...panel.lines].reverse()) {
    const known = line.points.filter(point => point[1] !== null);
    if (!known.length) continue;
    const colour = `s${line.colour % NUM_COLOURS}`, isNow = line.status === "running";
    const name = shape("title", {}, `${line.name}, ${line.status}`);
    const steps = known.map(([epoch, value]) => `${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    const dash = line.colour >= NUM_COLOURS ? " d" : "";
    made.append(shape("path", { class: `l ${colour}${dash}${isNow ? "" : " ended"}`, "stroke-width": isNow ? 2 : 1.2, d: `M${steps}` }, name));
    const [epoch, value] = known[known.length - 1];
    if (isNow || known.length === 1) made.append(shape("circle", { class: `f ${colour}`, cx: x(epoch), cy: y(value), r: 3 }));
  }
  made.setAttribute("aria-label", `${panel.measure} by epoch, ${panel.network}`);
  const names = new Map(panel.lines.map(line => [line.activation, line.colour]));
  const legend = [...names].sort((one, other) => one[1] - other[1]).map(([name, colour]) => element("li", "", element("span", `swatch s${colour % NUM_COLOURS}`), name));
  const running = panel.lines.filter(line => line.status === "running").length;
  const about = `${panel.measure === "train_loss" ? "training loss" : panel.measure}, ${running} in training and ${panel.lines.length - running} ended${isLog ? "; logarithmic" : ""}`;
  return element("div", "plot", element("h3", "", panel.network || panel.study), element("p", "", about), made, element("ul", "legend", ...legend));
}

function table(title, header, rows, areNumbers) {
  const mark = (tag, place, text) => element(tag, areNumbers[place] ? "n" : "", text);
  return element("figure", "table", ...title ? [element("figcaption", "", title)] : [], element("div", "scroll", element("table", "",
    element("thead", "", element("tr", "", ...header.map((name, place) => mark("th", place, name)))),
    element("tbody", "", ...rows.map(row => element("tr", "", ...row.map((cell, place) => mark(place ? "td" : "th", place, cell))))))));
}

function drawCells() {
  const words = find("#filter").value.toLowerCase().split(/\s+/).filter(Boolean), lacking = find("#unfinished").checked;
  const isShown = ([levels, runs]) => {
    const text = levels.join(" ").toLowerCase();
    return words.every(word => text.includes(word)) && (!lacking || /[rbp]/.test(runs));
  };
  find("#cells .tables").replaceChildren(...cells.studies.flatMap(study => {
    const chosen = study.rows.filter(isShown), rows = isWhole ? chosen : chosen.slice(0, MOST_ROWS);
    const numbers = study.factors.map(() => false);
    const made = table(cells.studies.length > 1 ? `study ${study.study}` : "", [...study.factors, "runs", "done", "time left"], rows.map(cellRow), [...numbers, false, true, true]);
    if (rows.length === chosen.length) return chosen.length ? [made] : [element("p", "note", "no such cell")];
    const all = element("button", "", `Show all ${thousands(chosen.length)} cells`);
    all.onclick = () => { isWhole = true; drawCells(); };
    return [made, element("p", "", all)];
  }));
}

function cellRow([levels, runs, seconds]) {
  const done = [...runs].filter(mark => "fdx".includes(mark)).length;
  const squares = element("div", "squares", ...[...runs].slice(0, 100).map(mark => element("i", mark)));
  squares.role = "img";
  squares.ariaLabel = STATES.map(([mark, name]) => [runs.split(mark).length - 1, name]).filter(([number]) => number).map(pair => pair.join(" ")).join(", ");
  squares.title = squares.ariaLabel;
  return [...levels, squares, `${done}/${runs.length}`, seconds === 0 ? "" : duration(seconds)];
}

function trouble(run) {
  const reason = element("span", "reason", run.reason);
  const kind = element("span", `kind ${KINDS[run.kind]}`, run.kind);
  const when = run.at ? ` ${run.at.slice(0, 16).replace("T", " ")} UTC` : "";
  const log = element("pre", "", opened.get(run.run_id) ?? "");
  const made = element("details", "", element("summary", "", kind, " ", element("b", "", run.name), " ", reason),
    element("p", "note", `run ${run.run_id}${run.study && `, study ${run.study}`}${when}; the end of its log:`), log);
  made.open = opened.has(run.run_id);
  made.ontoggle = async () => {
    if (!made.open) { opened.delete(run.run_id); return; }
    if (opened.has(run.run_id)) return;
    opened.set(run.run_id, "reading the log");
    const answer = await fetch(`log/${run.run_id}`).catch(() => null);
    const text = answer?.ok ? await answer.text() : "the log cannot be read";
    // Meanwhile the list may have been drawn anew.
    if (opened.has(run.run_id)) opened.set(run.run_id, text);
    PARTS.troubles(troubles);
  };
  return made;
}

function ranking(part) {
  show("#ranking", part.counts.finished);
  const buttons = part.studies.filter(entry => entry.finished).map(entry => {
    const looks = entry.num_looks ? `, ${counted(entry.num_looks, "look")} so far` : "";
    const made = element("button", "", `Look at the ranking of ${entry.study} (recorded${looks})`);
    made.onclick = () => look(entry.study, made);
    return made;
  });
  if (!find("#ranking button:disabled")) find("#ranking .buttons").replaceChildren(...buttons);
}

async function look(study, button) {
  const answer = find("#ranking .answer");
  button.disabled = true;
  answer.replaceChildren(element("p", "note", "analysing"));
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ study }) };
  const found = await fetch("ranking", options).then(response => response.json()).catch(() => ({ error: "the server gave no answer" }));
  button.disabled = false;
  if (found.error) { answer.replaceChildren(element("p", "scale", found.error)); return; }
  answer.replaceChildren(element("p", "look", found.look), element("p", "kicker", [found.title, found.about].filter(Boolean).join(", ")),
    element("h3", "", found.headline), element("p", "", found.sentences.join(" ")),
    ...found.views.flatMap(view => [table(view.title, view.header, view.rows, view.are_numbers), element("p", "note", view.note)]));
}

function connect() {
  const stream = new EventSource("events"), link = find("#link");
  const say = (text, state) => { link.textContent = text; link.className = `link ${state}`; };
  stream.onopen = () => say("live", "live");
  stream.onerror = () => {
    say("connection lost, trying again", "lost");
    // A stream that was refused (16 are open, or the server has gone) does not try again by itself.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
  for (const [name, draw] of Object.entries(PARTS)) stream.addEventListener(name, event => draw(JSON.parse(event.data)));
}

find("#filter").oninput = find("#unfinished").onchange = () => { if (cells) drawCells(); };
connect();
