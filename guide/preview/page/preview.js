"use strict";
const $ = (id) => document.getElementById(id);
const NAMES = ["edition", "theme", "paper", "kind"];
const SHARP = Math.min(window.devicePixelRatio || 1, 3);
const MOST_GROUP = 4;
const COMFORTABLE = 1.75; // CSS pixels to a point: a page is not larger by itself
const params = new URLSearchParams(location.search);

const at = { state: null, name: null, sha: null, zoom: "fit", page: 0, line: -1, told: new Set(), hits: [], hit: -1, wanted: "", still: 0 };
const remembered = (key, value) => { try { return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value); } catch { return null; } };

function made(tag, values = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(values)) {
    if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...inside);
  return element;
}

/* ---- what the server tells ---- */
let source = null;
function connect() {
  if (source) source.close();
  const query = new URLSearchParams(NAMES.filter((n) => params.get(n)).map((n) => [n, params.get(n)]));
  source = new EventSource(`events?${query}`);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.addEventListener("end", () => { source.close(); status("off", "The preview has ended. Start it again with guide preview."); });
  source.onerror = () => status("off", "The preview does not answer");
}
// A hidden tab lets its connection go: a browser has six for each address.
document.addEventListener("visibilitychange", () => { if (document.hidden) { source.close(); source = null; } else if (!source) connect(); });

function status(kind, text) {
  $("status").className = `status ${kind}`;
  if ($("status-text").textContent !== text) $("status-text").textContent = text;
}
function say(text) { $("live").textContent = text; }

function show(state) {
  const before = at.state;
  at.state = state;
  document.title = `${state.title} – preview`;
  $("title").textContent = state.title;
  const errors = state.problems.filter((p) => p.severity === "error").length;
  if (state.building) status("busy", state.doing[0] ? `Making ${state.doing[0]}` : "Building");
  else status(errors ? "off" : "", errors ? "Not up to date: see the problems" : state.seconds < 60 ? `Up to date, built in ${state.seconds.toFixed(1)} s` : "Up to date");
  choices(state);
  problems(state, errors, before);
  documents(state);
  changes(state);
  if (before && before.building && !state.building) say(errors ? `${errors} errors` : "The pages are up to date");
}

function fill(select, pairs, value) {
  const key = JSON.stringify(pairs);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...pairs.map(([v, t]) => made("option", { value: v }, t)));
  }
  if (document.activeElement !== select || select.value !== value) select.value = value;
}

function choices(state) {
  const list = (name) => [["", "As in the pack"], ...state[name].map((n) => [n, n])];
  const known = { edition: list("editions"), theme: list("themes"), paper: list("papers"), kind: [["", "All"], ...state.kinds] };
  for (const name of NAMES) {
    const chosen = params.get(name) || "";
    if (chosen && !known[name].some(([v]) => v === chosen)) known[name].push([chosen, chosen]);
    fill($(name), known[name], chosen);
  }
  $("choices").classList.toggle("chosen", NAMES.some((n) => params.get(n)));
}
for (const name of NAMES) {
  $(name).addEventListener("change", (event) => {
    if (event.target.value) params.set(name, event.target.value); else params.delete(name);
    history.replaceState(null, "", `${location.pathname}?${params}${location.hash}`);
    connect();
  });
}

/* ---- problems ---- */
let toldProblems = "";
function problems(state, errors, before) {
  const key = JSON.stringify([state.problems, state.accepted, state.documents.length > 0]);
  if (key === toldProblems) return;
  toldProblems = key;
  const warnings = state.problems.filter((p) => p.severity === "warning").length;
  const count = (n, word) => (n ? [`${n} ${word}${n === 1 ? "" : "s"}`] : []);
  const notes = state.problems.length - errors - warnings;
  $("problem-count").textContent = [...count(errors, "error"), ...count(warnings, "warning"), ...count(notes, "note")].slice(0, 2).join(", ") || "No problems";
  $("toggle-problems").className = `badge ${errors ? "error" : warnings ? "warning" : ""}`;
  $("stale").hidden = !(errors && state.documents.length);
  const groups = new Map();
  const rank = { error: 0, warning: 1, note: 2 };
  for (const problem of [...state.problems].sort((a, b) => rank[a.severity] - rank[b.severity])) {
    const name = `${problem.severity} ${problem.code}`;
    groups.set(name, [...(groups.get(name) || []), problem]);
  }
  const items = [];
  for (const same of groups.values()) {
    if (same.length <= MOST_GROUP || same[0].severity === "error") items.push(made("ul", {}, ...same.map(problem)));
    else items.push(made("details", {}, made("summary", {}, severity(same[0]), ` ${same[0].code}: ${same.length}, first ${place(same[0])}`), made("ul", {}, ...same.map(problem))));
  }
  if (state.accepted) items.push(made("p", { className: "of" }, `${state.accepted} accepted by the pack.`));
  if (!state.problems.length) items.push(made("p", {}, "Nothing is wrong."));
  $("problem-list").replaceChildren(...items);
  const had = before && before.problems.some((p) => p.severity === "error");
  if (errors && !had) { panel("problems", true); say(`${errors} errors: ${state.problems.find((p) => p.severity === "error").message}`); }
  if (!errors && had && !at.asked) panel("problems", false);
}
const place = (p) => (p.line ? `${p.path}:${p.line}` : p.path || "pack.yaml");
const severity = (p) => made("span", { className: `severity ${p.severity}` }, p.severity[0].toUpperCase() + p.severity.slice(1));
function problem(p) {
  const button = made("button", { type: "button" }, made("span", { className: "where" }, place(p)), made("span", { className: "what" }, severity(p), ` ${p.message}`));
  if (p.hint) button.append(made("span", { className: "how" }, p.hint));
  button.addEventListener("click", () => open({ path: p.path, line: p.line || 1, column: p.column || 1 }));
  return made("li", {}, button);
}
function panel(name, on) {
  $(name).hidden = !on;
  $(`toggle-${name}`).setAttribute("aria-expanded", String(on));
  layout();
}
$("toggle-problems").addEventListener("click", () => { at.asked = $("problems").hidden; panel("problems", $("problems").hidden); if (!$("problems").hidden) $("problems").focus(); });
$("close-problems").addEventListener("click", () => { at.asked = false; panel("problems", false); $("toggle-problems").focus(); });
$("toggle-thumbs").addEventListener("click", () => { panel("thumbs", $("thumbs").hidden); thumbs(); });

/* ---- documents ---- */
const current = () => at.state && at.state.documents.find((d) => d.name === at.name);
const sizes = (d) => d.sizes.flatMap(([w, h, n]) => Array(n).fill([w, h]));

function documents(state) {
  const list = state.documents;
  fill($("document"), list.map((d) => [d.name, d.name.replace(/\.pdf$/, "") + (fresh(d) ? " (changed)" : "")]), at.name || "");
  if (!list.length) { nothing(state); return; }
  const wished = decodeURIComponent(location.hash.slice(1).split("/")[0]);
  if (!list.some((d) => d.name === at.name)) at.name = list.some((d) => d.name === wished) ? wished : list[0].name;
  $("document").value = at.name;
  pages();
  if (at.start && at.name === wished) { go(at.start); at.start = 0; }
}
const fresh = (d) => d.changed.length > 0 && !at.told.has(d.sha);

function nothing(state) {
  if (at.sha === "") return;
  at.name = null; at.sha = "";
  const text = state.building ? ["Making the documents", "The first time takes longest; pages appear as they are done."] : ["There are no pages yet", "Correct what is listed under Problems and save: the pages appear here."];
  $("pages").className = "";
  $("pages").replaceChildren(made("p", { className: "empty" }, made("strong", {}, text[0]), text[1]));
  $("thumbs").replaceChildren();
  if (!state.building) at.sha = null;
}

function select(name, page = 0) {
  if (!at.state.documents.some((d) => d.name === name)) return;
  if (at.name !== name) { at.name = name; at.sha = null; at.page = page; at.line = -1; $("text").value = ""; found([]); }
  $("document").value = name;
  pages();
  go(page);
}
$("document").addEventListener("change", (event) => select(event.target.value));

/* ---- pages ---- */
let shape = "";
const looking = new IntersectionObserver((entries) => { for (const e of entries) { e.target.near = e.isIntersecting; if (e.isIntersecting) load(e.target); } }, { root: $("pages"), rootMargin: "60% 0px" });

function pages() {
  const document_ = current();
  if (!document_) return;
  $("download").href = `pdf/${document_.sha}/${encodeURIComponent(document_.name)}`;
  const list = sizes(document_);
  const key = JSON.stringify([document_.name, document_.sizes]);
  if (document_.sha !== at.sha) {
    const anchor = where();
    at.sha = document_.sha;
    if (key !== shape || !document.querySelector(".page")) {
      shape = key;
      looking.disconnect();
      $("pages").replaceChildren(...list.map((_, n) => leaf(n, list.length)));
      pairs(document_);
      layout(anchor);
      for (const page of document.querySelectorAll(".page")) looking.observe(page);
    }
    for (const page of document.querySelectorAll(".page")) if (page.near) load(page);
    thumbs();
    if (at.wanted) search(true);
    $("page-count").textContent = `of ${list.length}`;
  }
  marks(document_);
}

function leaf(n, count) {
  const page = made("section", { className: "page", "aria-label": `Page ${n + 1} of ${count}`, tabIndex: 0 });
  page.number = n;
  page.append(made("div", { className: "words" }));
  page.firstChild.addEventListener("click", clicked);
  page.addEventListener("focus", () => { if (at.page !== n) { at.page = n; at.line = -1; shownPage(); } });
  return page;
}

function load(page) {
  const sha = at.sha;
  const width = Math.ceil((page.clientWidth * SHARP) / 100) * 100;
  const key = `${sha}/${width}`;
  if (!sha || page.key === key || !width) return;
  page.key = key;
  const image = new Image();
  image.alt = "";
  image.onload = () => {
    if (page.key !== key) return;
    page.querySelector("img")?.remove();
    page.prepend(image);
    page.dataset.sha = sha;
  };
  image.onerror = () => { if (page.key === key) page.key = ""; };
  image.src = `page/${sha}/${page.number}?width=${width}`;
  if (page.sha !== sha) { page.sha = sha; words(page, sha); }
}

const ruler = document.createElement("canvas").getContext("2d");
async function words(page, sha) {
  let lines;
  try { lines = await (await fetch(`words/${sha}/${page.number}`)).json(); } catch { page.sha = ""; return; }
  if (page.sha !== sha) return;
  ruler.font = "100px sans-serif";
  const document_ = current();
  const [wide, high] = sizes(document_)[page.number] || [1, 1];
  page.querySelector(".words").replaceChildren(...lines.map((line, n) => {
    const [left, top, width, height] = line.box;
    const span = made("span", { dir: "auto" }, line.text);
    const natural = (ruler.measureText(line.text).width / 100) * height * high;
    span.style.left = `${left * 100}%`;
    span.style.top = `${top * 100}%`;
    span.style.fontSize = `${height * 100}cqh`;
    span.style.transform = `scaleX(${natural ? (width * wide) / natural : 1})`;
    span.number = n;
    return span;
  }));
  highlight(page);
  if (page.number === at.page && at.line >= 0) lineAt(at.line, false);
}

function layout(anchor = where()) {
  const document_ = current();
  if (!document_ || !document.querySelector(".page")) return;
  const together = $("pages").classList.contains("pairs") ? 2 : 1;
  const list = sizes(document_);
  const room = $("pages").clientWidth - 40 - 12 * (together - 1);
  const tall = $("pages").clientHeight - 40;
  const widest = Math.max(...list.map(([w]) => w));
  document.querySelectorAll(".page").forEach((page, n) => {
    const [wide, high] = list[n] || list[0];
    let width;
    if (at.zoom === "fit") width = Math.min((room / together) * (wide / widest), wide * COMFORTABLE);
    else if (at.zoom === "width") width = (room / together) * (wide / widest);
    else if (at.zoom === "page") width = Math.min(room / together, (tall * wide) / high);
    else width = (wide * 96 / 72) * (parseInt(at.zoom, 10) / 100);
    page.style.width = `${Math.floor(width)}px`;
    page.style.height = `${Math.floor((width * high) / wide)}px`;
    if (page.near) load(page);
  });
  if (anchor) back(anchor);
}
window.addEventListener("resize", () => layout());

/* Where a reader is: the page at the top, and how much of it is above. */
function where() {
  const top = $("pages").getBoundingClientRect().top;
  for (const page of document.querySelectorAll(".page")) {
    const box = page.getBoundingClientRect();
    if (box.bottom > top + 4) return { page: page.number, share: (top - box.top) / (box.height || 1), left: $("pages").scrollLeft };
  }
  return null;
}
function back(anchor) {
  const all = document.querySelectorAll(".page");
  const page = all[Math.min(anchor.page, all.length - 1)];
  if (!page) return;
  const top = $("pages").getBoundingClientRect().top;
  $("pages").scrollTop += page.getBoundingClientRect().top - top + anchor.share * page.getBoundingClientRect().height;
}

function go(n) {
  const all = document.querySelectorAll(".page");
  const page = all[Math.max(0, Math.min(n, all.length - 1))];
  if (!page) return;
  $("pages").scrollTop += page.getBoundingClientRect().top - $("pages").getBoundingClientRect().top - 16;
  at.still = performance.now() + 200; // this scrolling is not the reader's
  if (at.page !== page.number) at.line = -1;
  at.page = page.number;
  shownPage();
}
function shownPage() {
  if (document.activeElement !== $("page")) $("page").value = at.page + 1;
  const list = $("thumbs").children;
  for (const button of list) if (button.getAttribute("aria-current") === "true") button.removeAttribute("aria-current");
  const thumb = list[at.page];
  if (thumb) { thumb.setAttribute("aria-current", "true"); if (!$("thumbs").matches(":hover")) thumb.scrollIntoView({ block: "nearest" }); }
}
let scrolling = 0;
$("pages").addEventListener("scroll", () => {
  cancelAnimationFrame(scrolling);
  scrolling = requestAnimationFrame(() => {
    const place = where();
    remember();
    if (!place || performance.now() < at.still) return;
    const n = place.page + (place.share > 0.6 ? 1 : 0);
    if (n !== at.page && document.activeElement?.number !== at.page) { at.page = n; at.line = -1; shownPage(); }
  });
});
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => history.replaceState(null, "", `${location.pathname}${location.search}#${encodeURIComponent(at.name || "")}/${at.page + 1}`), 300);
}
$("page").addEventListener("change", (event) => { const n = parseInt(event.target.value, 10); if (n) go(n - 1); else shownPage(); });

/* ---- thumbnails ---- */
const lazily = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting && target.key !== at.sha) {
    target.key = at.sha;
    const image = new Image();
    image.alt = "";
    image.onload = () => target.querySelector(".leaf").replaceChildren(image);
    image.src = `page/${at.sha}/${target.number}?width=200`;
  }
}, { root: $("thumbs"), rootMargin: "50% 0px" });
function thumbs() {
  const document_ = current();
  if (!document_ || $("thumbs").hidden) return;
  const list = sizes(document_);
  if ($("thumbs").children.length !== list.length || $("thumbs").dataset.shape !== shape) {
    $("thumbs").dataset.shape = shape;
    $("thumbs").replaceChildren(...list.map(([wide, high], n) => {
      const frame = made("span", { className: "leaf" });
      frame.style.paddingTop = `${(100 * high) / wide}%`;
      const button = made("button", { type: "button", "aria-label": `Go to page ${n + 1}` }, frame, String(n + 1));
      button.number = n;
      button.addEventListener("click", () => go(n));
      return button;
    }));
  }
  lazily.disconnect();
  for (const button of $("thumbs").children) lazily.observe(button);
  marks(document_);
  shownPage();
}

/* ---- changes ---- */
function marks(document_) {
  const changed = new Set(document_.changed);
  document.querySelectorAll(".page").forEach((page, n) => {
    const on = changed.has(n);
    page.classList.toggle("changed", on);
    page.setAttribute("aria-label", `Page ${n + 1} of ${$("pages").children.length}${on ? ", changed" : ""}`);
  });
  for (const button of $("thumbs").children) {
    const on = changed.has(button.number);
    button.classList.toggle("changed", on);
    button.setAttribute("aria-label", `Go to page ${button.number + 1}${on ? ", changed" : ""}`);
  }
}
function changes(state) {
  const shown = current();
  if (!shown) return;
  if (fresh(shown)) {
    at.told.add(shown.sha);
    say(`Changed: page ${shown.changed.slice(0, 5).map((n) => n + 1).join(", ")}`);
    if ($("follow").checked && shown.jump >= 0) go(shown.jump);
    return;
  }
  const other = !state.building && $("follow").checked && !shown.changed.length && state.documents.find(fresh);
  if (other) { at.told.add(other.sha); select(other.name, Math.max(0, other.jump)); }
}
$("follow").checked = remembered("guide-follow") === "1";
$("follow").addEventListener("change", () => remembered("guide-follow", $("follow").checked ? "1" : "0"));

/* ---- zoom and pairs ---- */
const STEPS = [50, 75, 100, 125, 150, 200, 300];
function zoom(value) {
  at.zoom = value;
  $("zoom").value = [...$("zoom").options].some((o) => o.value === value) ? value : "fit";
  remembered("guide-zoom", value);
  layout();
}
function step(by) {
  const page = document.querySelector(".page");
  const document_ = current();
  if (!page || !document_) return;
  const now = Math.round((page.clientWidth / (sizes(document_)[0][0] * 96 / 72)) * 100);
  const next = by > 0 ? STEPS.find((s) => s > now + 2) || 300 : [...STEPS].reverse().find((s) => s < now - 2) || 50;
  zoom(`${next}%`);
}
$("zoom").addEventListener("change", (event) => zoom(event.target.value));
$("larger").addEventListener("click", () => step(1));
$("smaller").addEventListener("click", () => step(-1));
function pairs(document_) {
  $("pairs-field").hidden = !document_.pairs;
  const on = document_.pairs && remembered("guide-pairs") !== "0";
  $("pairs").checked = on;
  $("pages").className = on ? "pairs" : "";
  $("thumbs").className = on ? "pairs" : "";
}
$("pairs").addEventListener("change", () => { const place = where(); remembered("guide-pairs", $("pairs").checked ? "1" : "0"); pairs(current()); layout(place); });

/* ---- search ---- */
let searching = 0;
async function search(quietly = false) {
  const text = $("text").value.trim();
  at.wanted = text;
  if (!text || !at.sha) { found([]); return; }
  let list;
  try { list = await (await fetch(`find/${at.sha}?${new URLSearchParams({ text })}`)).json(); } catch { return; }
  if (text !== at.wanted) return;
  found(list);
  const total = list.reduce((sum, [, count]) => sum + count, 0);
  $("hits").textContent = total ? `${total} on ${list.length} page${list.length === 1 ? "" : "s"}` : "Not found";
  if (list.length && !quietly) { at.hit = Math.max(0, list.findIndex(([n]) => n >= at.page)); go(list[at.hit][0]); }
}
function found(list) {
  at.hits = list; at.hit = -1;
  if (!list.length) { at.wanted = $("text").value.trim(); $("hits").textContent = ""; }
  $("hit-before").disabled = $("hit-after").disabled = list.length < 2;
  document.querySelectorAll(".page").forEach(highlight);
}
const folded = (text) => text.toLowerCase().replace(/\s+/g, " ");
function highlight(page) {
  const needle = folded(at.wanted || "");
  for (const span of page.querySelectorAll(".words span")) span.classList.toggle("hit", Boolean(needle) && folded(span.textContent).includes(needle));
}
const nextHit = (by) => { if (at.hits.length) { at.hit = (at.hit + by + at.hits.length) % at.hits.length; go(at.hits[at.hit][0]); } };
$("text").addEventListener("input", () => { clearTimeout(searching); searching = setTimeout(search, 250); });
$("search").addEventListener("submit", (event) => { event.preventDefault(); if (at.hits.length && at.wanted === $("text").value.trim()) nextHit(1); else search(); });
$("hit-after").addEventListener("click", () => nextHit(1));
$("hit-before").addEventListener("click", () => nextHit(-1));

/* ---- to the editor ---- */
let toasting = 0;
function toast(text) {
  $("toast").hidden = false;
  $("toast").textContent = text;
  clearTimeout(toasting);
  toasting = setTimeout(() => { $("toast").hidden = true; }, 5000);
}
async function open(place) {
  let answer;
  try { answer = await (await fetch("open", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(place) })).json(); } catch { toast("The preview does not answer"); return; }
  if (answer.opened) toast(`Opened ${answer.opened}`);
  else if (answer.link) { made("a", { href: answer.link }).click(); toast(`Opening ${answer.path}:${answer.line} in VS Code`); }
  else if (answer.copy) {
    try { await navigator.clipboard.writeText(answer.copy); toast(`${answer.failed ? `${answer.failed}. ` : ""}Copied ${answer.path}:${answer.line}`); } catch { toast(answer.copy); }
  } else toast(answer.path ? `${answer.path} is not a file of the pack` : "This text is not in the pack's own files");
}
function clicked(event) {
  const span = event.target.closest(".words span");
  if (!span || !getSelection().isCollapsed) return;
  const page = span.closest(".page");
  at.page = page.number;
  lineAt(span.number, false);
  open({ sha: at.sha, page: page.number, line: span.number });
}
function lineAt(n, aloud = true) {
  document.querySelector(".words .at")?.classList.remove("at");
  const spans = document.querySelectorAll(".page")[at.page]?.querySelectorAll(".words span") || [];
  if (!spans.length) { at.line = Math.max(0, n); return; } // the page's words are not here yet
  at.line = Math.max(0, Math.min(n, spans.length - 1));
  const span = spans[at.line];
  span.classList.add("at");
  if (aloud) { span.scrollIntoView({ block: "nearest" }); say(span.textContent); }
}

/* ---- keys ---- */
const turn = (by) => { const list = at.state?.documents || []; const n = list.findIndex((d) => d.name === at.name); if (list.length) select(list[(n + by + list.length) % list.length].name); };
const KEYS = {
  "/": () => $("text").focus(), "+": () => step(1), "=": () => step(1), "-": () => step(-1), 0: () => zoom("fit"),
  n: () => go(at.page + 1), p: () => go(at.page - 1), "[": () => turn(-1), "]": () => turn(1),
  j: () => lineAt(at.line + 1), k: () => lineAt(at.line - 1), t: () => $("toggle-thumbs").click(), e: () => $("toggle-problems").click(),
  "?": () => $("keys").showModal(),
  c: () => { const list = current()?.changed || []; if (list.length) go(list.find((n) => n > at.page) ?? list[0]); else toast("Nothing changed in this document"); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open || event.target.closest("input, select, textarea")) return;
  if (event.key === "Enter" && at.line >= 0 && !event.target.closest("button, a, summary")) { event.preventDefault(); open({ sha: at.sha, page: at.page, line: at.line }); return; }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
$("help").addEventListener("click", () => $("keys").showModal());
document.addEventListener("click", (event) => { if (!event.target.closest("#choices")) $("choices").open = false; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") $("choices").open = false; });

at.zoom = remembered("guide-zoom") || "fit";
$("zoom").value = at.zoom;
at.start = (parseInt(location.hash.split("/")[1], 10) || 1) - 1;
if (matchMedia("(max-width: 820px)").matches) panel("thumbs", false);
connect();
