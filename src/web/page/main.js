/**
 * The live page: puts its parts together.
 *
 * @module
 */

/** @import { BusHealth, Finding, Hello, Snapshot, State } from "../protocol.ts" */

import { BusRows } from "./bus_rows.js";
import { byId, fill, iconButton, make, write } from "./dom.js";
import { Files } from "./files.js";
import { count, duration } from "./format.js";
import { Health, signOf } from "./health.js";
import { arrange, layout, link } from "./layout.js";
import { fail, help, say, welcome } from "./notices.js";
import { Player } from "./player.js";
import { Plots } from "./plots.js";
import { RecordPanel } from "./record_panel.js";
import { Send } from "./send.js";
import { ask, client, listen, look } from "./server.js";
import { Table } from "./table.js";
import { Trace } from "./trace.js";

const rows = new BusRows();
/** @type {State | null} */
let state = null;
/** @type {Snapshot | null} */
let snapshot = null;
/** @type {readonly BusHealth[]} */
let buses = [];
/** @type {readonly Finding[] | null} */
let findings = null;
/** The source that is looked at. */
let source = layout.source;

const table = new Table(rows, {
  look: (changes) => {
    if ("where" in changes || "muted" in changes) trace.refilter();
    return look(changes);
  },
  plot: (key) => {
    plots.add(key);
    say("Plotted: see Plots");
  },
  fail,
});
const trace = new Trace({ hold: (hold) => void look({ hold }).catch(fail) });
const plots = new Plots(rows, {
  buses: () => current()?.buses ?? [],
  extent: () => {
    const recording = current()?.recording;
    return recording ? { from: recording.start, to: recording.end } : null;
  },
  look: (series) => look({ series }),
  fail,
});
const health = new Health();
const files = new Files({ open, shown: () => source, say });
const player = new Player({ play: (request) => ask("POST", "api/player", {}, { client, ...request }).catch(fail) });
const send = new Send();
const record = new RecordPanel(say);

/** The source that is looked at, as the server describes it. */
function current() {
  return state?.sources.find((each) => each.source === source) ?? state?.sources[0];
}

/** The whole view, for a server that does not know it. */
function view() {
  return look({
    ...source !== "" && { source },
    where: layout.filter,
    search: layout.search,
    unfolded: layout.open,
    muted: layout.muted,
    hold: !trace.follow,
    series: layout.panes.flatMap(({ series }) => series),
    rate: document.hidden ? 0.5 : 20,
  }).catch(fail);
}

/** Looks at another source. @param {string} name */
function open(name) {
  source = name;
  arrange({ source: name });
  rows.clear();
  trace.clear();
  plots.clear();
  health.clear();
  buses = [];
  look({ source: name }).catch(fail);
  if (state !== null && has(state)) takeState(state);
  if (layout.view === "files") show("table");
}

/** Whether there is the source that is looked at. @param {State} now */
function has(now) {
  return now.sources.some((each) => each.source === source);
}

/** @param {State} now */
function takeState(now) {
  // One that was just opened may come with the next state.
  if (!has(now) && (state === null || has(state))) source = now.sources[0]?.source ?? "";
  state = now;
  if (isNew) void view();
  isNew = false;
  const shown = current();
  player.open(shown?.title ?? "", shown?.recording ?? null);
  files.show(now);
  byId("tab-send").hidden = !now.allowed.send;
  if (now.allowed.send) send.show(now);
  record.element.hidden = !now.allowed.record;
  record.show(now.record);
  document.title = shown === undefined
    ? "CAN"
    : shown.kind === "live"
    ? `${shown.buses.join(" ")} – CAN`
    : `${shown.title} – CAN`;
  if (now.allowed.doctor && findings === null && rows.rows.size === 0) void examine();
  drawWelcome();
}

/** Asks what `can doctor` finds. */
async function examine() {
  findings = [];
  try {
    findings = await ask("GET", "api/doctor");
  } catch (error) {
    fail(error);
  }
  drawWelcome();
}

function drawWelcome() {
  const recording = current()?.kind === "recording";
  welcome(table.welcome, { state, findings, recording, filtered: layout.filter !== "" || layout.search !== "" });
}

/** Whether the server has to be sent the view, which takes knowing what there is. */
let isNew = false;

/** @param {Hello} hello */
function greet({ resumed, missed }) {
  isNew = !resumed;
  if (isNew) {
    rows.clear();
    trace.refilter();
  }
  if (missed > 0) {
    say(`The connection was lost for ${duration(missed)}. Counts, trace and plots have what came meanwhile.`);
  }
}

let drawing = false;

/** @param {Snapshot} now */
function take(now) {
  if (now.reset && snapshot !== null) trace.refilter();
  snapshot = now;
  rows.take(now);
  if (now.buses) {
    buses = now.buses;
    health.show(buses, now.skipped);
    drawBuses();
  }
  trace.take(now.trace, now.player);
  trace.start = current()?.recording?.start ?? null;
  // Several snapshots may come between two pictures.
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

/** Draws what is visible. */
function draw() {
  if (snapshot === null) return;
  player.show(snapshot.player);
  if (layout.view === "table") table.draw();
  else if (layout.view === "trace") trace.draw();
  else if (layout.view === "plots") void plots.draw();
}

/** Draws the states of the buses at the top, and the sums at the bottom. */
function drawBuses() {
  fill(
    byId("buses"),
    ...buses.map((bus) => {
      const [sign, word] = signOf(bus);
      const load = bus.load === null ? "" : ` ${(100 * bus.load).toFixed(0)} %`;
      return make(
        "li",
        { class: "bus", title: bus.problem ?? `${bus.bus}: ${word}` },
        make("span", { class: "sign", "data-sign": sign }, bus.bus),
        sign !== "good" && make("span", {}, word),
        make("span", { class: "dim" }, `${count(bus.rate)}/s${load}`),
      );
    }),
  );
  const sum = (/** @type {(bus: BusHealth) => number} */ of) => buses.reduce((total, bus) => total + of(bus), 0);
  const lost = sum(({ dropped }) => dropped.socket + (dropped.interface ?? 0));
  const fact = (/** @type {string} */ name, /** @type {string} */ value, bad = false) =>
    make("span", { class: bad ? "bad" : "" }, make("b", {}, value), ` ${name}`);
  fill(
    byId("foot"),
    fact("frames", count(sum(({ frames }) => frames))),
    fact("a second", count(sum(({ rate }) => rate))),
    fact("lost", count(lost), lost > 0),
    fact("error frames", count(sum(({ errorFrames }) => errorFrames)), sum(({ errorFrames }) => errorFrames) > 0),
    snapshot !== null && snapshot.beyond > 0 && fact("frames of further identifiers", count(snapshot.beyond), true),
    make("span", { class: "right" }, `${count(rows.rows.size)} rows`),
    state !== null && make("span", {}, state.version),
  );
}

/** @param {string} name */
function show(name) {
  arrange({ view: name });
  for (const tab of tabs) {
    const chosen = tab.dataset.view === name;
    tab.ariaSelected = String(chosen);
    tab.tabIndex = chosen ? 0 : -1;
    byId(`view-${tab.dataset.view}`).hidden = !chosen;
  }
  draw();
}

const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab.dataset.view ?? "table"));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const shown = tabs.filter((each) => !each.hidden);
    const next = shown[(shown.indexOf(tab) + step + shown.length) % shown.length];
    show(next.dataset.view ?? "table");
    next.focus();
  });
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog") !== null) {
    return;
  }
  const tab = tabs.filter((each) => !each.hidden)[Number(event.key) - 1];
  /** @type {Record<string, () => void>} */
  const keys = {
    "/": () => focusOn("search"),
    f: () => focusOn("filter"),
    n: () => table.notch(),
    k: () => player.toggle(),
    b: () => player.mark(),
    "?": help,
  };
  const act = keys[event.key] ?? (tab && (() => show(tab.dataset.view ?? "table")));
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** @param {string} id A field of the table. */
function focusOn(id) {
  show("table");
  byId(id).focus();
}

async function share() {
  const address = link();
  try {
    await navigator.clipboard.writeText(address);
    say("The link to this arrangement is in the clipboard.");
  } catch {
    // The clipboard is only for pages that are trusted: not for one over plain HTTP from elsewhere.
    say(`The link to this arrangement: ${address}`);
  }
}

const status = byId("state");
const statusText = make("span", {}, "connecting");
fill(status, statusText);
byId("tools").prepend(record.element);
byId("tools").append(
  iconButton("share", "Copy a link that shows this arrangement", () => void share()),
  make("button", { type: "button", class: "bare help", title: "Keys (?)", "aria-label": "Keys", onclick: help }, "?"),
);
show(tabs.some(({ dataset }) => dataset.view === layout.view) ? layout.view : "table");
drawWelcome();
document.addEventListener("visibilitychange", () => void look({ rate: document.hidden ? 0.5 : 20 }).catch(fail));
// Changed bits fade, and rows fall silent, when nothing arrives, too.
setInterval(() => layout.view === "table" && table.draw(), 250);
listen({
  hello: greet,
  state: takeState,
  snapshot: take,
  connected: (connected) => {
    status.title = connected ? "" : "The page tries again by itself";
    status.dataset.state = connected ? "live" : "lost";
    write(statusText, connected ? "connected" : "connection lost");
  },
});
