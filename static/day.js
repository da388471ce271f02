// The day's form, made quick: sums follow the typing, Enter leads on, nothing typed is lost, questions come beside the cell.
// Without it the form works as a plain one; the server judges again.

const TYPED = ["received_online", "received_counter", "received_post", "resolved_early", "resolved_on_time", "resolved_overdue", "pending_overdue"];
const MAY_BE_BLANK = /\[(carried_over|received_post|pending_in_time|withdrawn|memo)\]/;
const GROUPED = /^-?\d{1,3}(?:[.\s]\d{3})+$/;
const NUMBERS = /^[\d.\s]*$/;
const lang = document.documentElement.lang;
const whole = new Intl.NumberFormat(lang), percent = new Intl.NumberFormat(lang, { style: "percent", minimumFractionDigits: 2, roundingMode: "halfEven" });

let form, words, standing, rows, drawn, timer, asking, held, sending, waiting, lastSaid, refused, left;
let changed = {}; // by name: typed and not yet the city's; also of questions that come later
const first = {}; // by name: what stood before

const byId = (id) => document.getElementById(id);
const all = (selector, within = form) => [...within.querySelectorAll(selector)];
const columnOf = (cell) => cell.name.match(/\[(\w+)\]$/)[1];
const worded = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const tell = (text) => (byId("told").textContent = text);

function start(redrawn) {
  form = byId("day");
  if (!form) return;
  drawn = Date.now();
  words = JSON.parse(form.dataset.words);
  const state = form.querySelector("[data-state]");
  standing = state.dataset.state;
  words[standing] = state.textContent;
  rows = all("[data-row]").map((row) => ({
    row, part: row.closest("[data-system]"), cell: Object.fromEntries(all(".count", row).map((cell) => [columnOf(cell), cell])),
  }));
  form.classList.add("live");
  for (const [event, act] of Object.entries({ input, keydown, focusin, click, pointerdown, paste, submit })) form.addEventListener(event, act);
  for (const source of all(".bring form", document)) source.addEventListener("submit", (event) => bring(source, event.preventDefault()));
  controls().forEach(learn);
  const restored = !redrawn && restore();
  controls().forEach(note);
  keep();
  addUp();
  mark();
  if (restored || form.querySelector("[data-question]")) ask();
}

// Figures

/** A count, null for blank, or the code of what is wrong. */
function read(cell) {
  const text = cell.value.trim();
  if (!text) return MAY_BE_BLANK.test(cell.name) ? null : "required";
  const digits = GROUPED.test(text) ? text.replace(/[.\s]/g, "") : text;
  if (/^\d+$/.test(digits)) return +digits <= 1e6 ? +digits : "number_too_large";
  if (/^-\d+$/.test(digits)) return "number_negative";
  return /^-?\d+[.,]\d+$/.test(text) ? "number_fractional" : "number_text";
}

function countsOf({ row, cell }) {
  const count = (column, blank = 0) => {
    const n = read(cell[column]);
    return typeof n === "number" ? n : blank;
  };
  const out = { carried_over: count("carried_over", +row.dataset.opening) };
  for (const column of TYPED) out[column] = count(column);
  out.received = out.received_online + out.received_counter + out.received_post;
  out.resolved = out.resolved_early + out.resolved_on_time + out.resolved_overdue;
  out.pending_in_time = count("pending_in_time", out.carried_over + out.received - out.resolved - out.pending_overdue);
  out.pending = out.pending_in_time + out.pending_overdue;
  return out;
}

function addUp(touched = rows) {
  for (const one of touched) {
    one.counts = countsOf(one);
    for (const shown of all("[data-shown]", one.row)) {
      const n = one.counts[shown.dataset.shown];
      write(shown, whole.format(n));
      shown.classList.toggle("wrong", n < 0);
    }
  }
  const sums = (some) => {
    const total = {};
    for (const { counts } of some) for (const column in counts) total[column] = (total[column] ?? 0) + counts[column];
    return total;
  };
  for (const part of all("[data-system]")) {
    const total = sums(rows.filter((one) => one.part === part));
    for (const place of all("[data-sum]", part)) write(place, whole.format(total[place.dataset.sum]));
    for (const place of all("[data-rate]", part)) write(place, share(...RATES[place.dataset.rate](total)));
  }
  const everything = sums(rows);
  for (const column in everything) everything[column] = whole.format(everything[column]);
  write(form.querySelector("[data-foot]"), worded(words.foot, everything));
}

/** Only what changes is painted anew. */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

const RATES = {
  online: (t) => [t.received_online, t.received],
  on_time: (t) => [t.resolved_early + t.resolved_on_time, t.resolved],
  overdue: (t) => [t.resolved_overdue + t.pending_overdue, t.carried_over + t.received],
  settlement: (t) => [t.resolved, t.received],
  qd766_progress: (t) => [t.resolved_early + t.resolved_on_time + t.pending_in_time, t.carried_over + t.received],
};

const share = (numerator, denominator) =>
  denominator ? `${percent.format(numerator / denominator)} (${whole.format(numerator)}/${whole.format(denominator)})` : words.not_computable;

function judge(cell) {
  const found = read(cell);
  const id = `${cell.id}-error`;
  byId(id)?.remove();
  if (typeof found === "string") {
    const textContent = `${cell.labels[0].textContent}${words.colon} ${words[found]}`;
    cell.closest("[data-row]").querySelector(".slot").prepend(Object.assign(document.createElement("p"), { className: "error-message", id, textContent }));
  }
  flag(cell);
}

function flag(cell) {
  const id = `${cell.id}-error`;
  for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", id]]) byId(id) ? cell.setAttribute(name, value) : cell.removeAttribute(name);
}

/** Counted from the server's moment: a phone's own clock may be wrong. */
function tick() {
  for (const place of all("[data-left]", document)) {
    const left = place.dataset.left - (Date.now() - drawn) / 1000;
    const m = Math.abs(left / 60) | 0;
    const duration = worded(m < 60 ? words.minutes : words.hours, { h: (m / 60) | 0, m: m % 60 });
    if (m < 1440) write(place, worded(left < 0 ? words.over : words.left, { duration }));
  }
}

// Typing

function input({ target }) {
  if (target.dataset.find) return find(target);
  if (!target.name) return;
  refused = null;
  if (target.matches(".count")) {
    judge(target);
    addUp(rows.filter(({ row }) => row.contains(target)));
  } else mark();
  rest();
  note(target);
  keep();
  soon();
}

function keydown(event) {
  const { key, target } = event;
  const isCount = target.matches(".count");
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  else if (isCount && key === "Escape") {
    put(target, target.dataset.before);
    target.select();
  } else if (isCount && (key === "Enter" || key === "ArrowDown")) move(target, 1);
  else if (isCount && key === "ArrowUp") move(target, -1);
  else if (key !== "Enter" || !target.matches("input")) return; // a note sends nothing
  event.preventDefault();
}

function move(from, step) {
  const cells = all(".count");
  let at = cells.indexOf(from);
  do at += step;
  while (cells[at]?.checkVisibility() === false);
  (cells[at] ?? (step > 0 ? form.querySelector(".foot > .button") : from)).focus();
}

function focusin({ target }) {
  if (held && !held.contains(target)) soon(); // its row is left: now it may be asked about
  if (!target.matches(".count")) return;
  target.dataset.before = target.value;
  target.select(); // at once: the next key may be here before any timer
  setTimeout(() => document.activeElement === target && target.dataset.before === target.value && target.select()); // after the click has set its caret
}

function pointerdown(event) {
  if (event.target.closest(".chip")) event.preventDefault(); // the cell keeps the focus
}

function click(event) {
  const shown = event.target.closest("[data-shown]");
  const chip = event.target.closest(".chip");
  if (shown) {
    event.preventDefault();
    const cell = byId(shown.hash.slice(1));
    cell.closest("details").open = true;
    cell.focus();
  } else if (chip) put(answerOf(chip), chip.closest("[data-question]") && chip.getAttribute("aria-pressed") === "true" ? "" : chip.value);
}

const answerOf = (chip) => byId(chip.closest("[data-clash]")?.dataset.clash) ?? chip.closest("[data-question]").querySelector("select");

function put(control, value) {
  set(control, value);
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark() {
  for (const chip of all(".chip")) chip.setAttribute("aria-pressed", valueOf(answerOf(chip)) === chip.value);
}

function find(box) {
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const quiet = byId(box.dataset.find);
  quiet.open ||= box.value;
  for (const row of all("[data-row]", quiet)) row.hidden = !fold(row.querySelector("strong").textContent).includes(fold(box.value.trim()));
}

// What is typed stays on this device until the city has it

const controls = (within = form) => all("input, select, textarea", within).filter((one) => one.name && one.type !== "hidden");
const valueOf = (control) => (control.type === "checkbox" ? (control.checked ? "true" : "") : control.value);
const set = (control, value) => (control.type === "checkbox" ? (control.checked = value === "true") : (control.value = value));

/** Drawn again, only cells say what stands; the rest comes as typed. */
function learn(control) {
  if (!(control.name in first) || control.matches(".count")) first[control.name] = control.dataset.was ?? valueOf(control);
}

function note(control) {
  const value = valueOf(control);
  const differs = value !== first[control.name];
  differs ? (changed[control.name] = value) : delete changed[control.name];
  if (!control.matches(".count")) return;
  control.classList.toggle("count--kept", differs);
  control.title = differs ? words.kept : control.closest("[data-received]") && value ? words.received : "";
}

function stored(use) {
  try {
    return !left && (use(localStorage) ?? true);
  } catch {
    return false;
  }
}

const draftKey = () => `tiendo57 ${form.dataset.draft}`;

function keep(version = form.elements._if_match?.value ?? "") {
  const any = Object.keys(changed).some((name) => form.elements[name]);
  const done = stored((device) => (any ? device.setItem(draftKey(), JSON.stringify({ version, changed })) : device.removeItem(draftKey())));
  for (const one of all("[data-carry]")) {
    const was = one.hidden;
    one.hidden = !Object.keys(changed).some((name) => name.startsWith(`${one.dataset.carry}[lines`));
    if (was && !one.hidden) form.querySelector(":focus")?.scrollIntoView({ block: "nearest" }); // the bar has grown
  }
  say(refused ? (refused.matches(".foot *") ? "asked" : "refused") : !any ? standing : done ? "kept" : "not_kept");
}

function restore() {
  const draft = stored((device) => JSON.parse(device.getItem(draftKey()) ?? "false"));
  if (!draft) return;
  changed = draft.changed;
  controls().forEach(restoreOne);
  for (const name in changed) if (name.includes("[evidence]")) attach(name, changed[name]);
  // An older version, or none, lets the server compare what was typed with what came since.
  const match = form.elements._if_match;
  if (match && draft.version !== null) draft.version ? (match.value = draft.version) : match.remove();
  return true;
}

function restoreOne(control) {
  if (!(control.name in changed)) return;
  set(control, changed[control.name]);
  const fold = control.closest("details");
  if (fold) fold.open = true;
  if (control.matches(".count")) judge(control);
}

function say(state) {
  const place = form.querySelector("[data-state]");
  place.dataset.state = state;
  if (place.textContent !== words[state]) tell((place.textContent = words[state]));
}

// Questions, from the server, while one types

/** An answer about what stood before the last key says nothing any more. */
function hush() {
  clearTimeout(timer);
  asking?.abort();
}

function soon() {
  hush();
  timer = setTimeout(ask, 400);
}

async function ask() {
  hush();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  for (const name of ["_method", "_if_match", "_idempotency_key"]) body.delete(name);
  try {
    const answer = await fetch(`${form.action}/check`, { method: "POST", body, signal: asking.signal, headers: PART });
    if (answer.ok) place(parse(await answer.text()));
  } catch ({ name }) {
    if (name !== "AbortError") place(parse(""), false); // no line: the questions come later
  }
}

const PART = { "HX-Request-Type": "partial" };

function parse(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  all("[autofocus]", page).forEach((one) => one.removeAttribute("autofocus")); // the focus is given by hand
  return page;
}

const typedIn = (slot) => controls(slot.closest("[data-row]") ?? slot.closest("[data-system]")).some(({ name }) => name in changed);

/** Asked about: an opening that was typed, else what was typed in a row that was left; of the whole sum, after sending. */
function asks(slot, question) {
  const row = slot.closest("[data-row]");
  if (row?.contains(document.activeElement) && !question.id.includes("opening_gap")) held = row;
  else return typedIn(slot) && !/all_zero|overdue_share/.test(question.id);
}

function place(page, answered = true) {
  const top = () => document.activeElement.getBoundingClientRect().top;
  const before = top();
  held = undefined;
  for (const slot of all(".slot")) {
    const fresh = page.querySelector(`[data-slot="${slot.id}"]`) ?? page.createElement("p");
    const wrong = ":scope > .error-message";
    all(wrong, slot).forEach((message) => message.remove());
    slot.prepend(...all(wrong, fresh));
    const busy = (question) => question.contains(document.activeElement);
    const asked = all("[data-question]", fresh);
    for (const question of asked) {
      const old = byId(question.id);
      if (old ? busy(old) : !asks(slot, question)) continue;
      question.toggleAttribute("data-live", !old || "live" in old.dataset);
      old ? old.replaceWith(question) : slot.append(question);
      controls(question).forEach((control) => (learn(control), set(control, first[control.name]), restoreOne(control)));
      if (!old) tell(question.querySelector("legend").textContent);
    }
    for (const old of all("[data-question]", slot)) {
      const gone = !asked.some(({ id }) => id === old.id) && !busy(old);
      if (!("live" in old.dataset)) old.hidden = old.disabled = answered && gone && typedIn(slot) && /all_zero|unusual|overdue/.test(old.id); // its reason fits no more
      else if (gone) old.remove();
    }
  }
  keep();
  all(".count").forEach((cell) => (typeof read(cell) === "string" ? judge : flag)(cell)); // typed since the question was put
  mark();
  scrollBy({ top: top() - before, behavior: "instant" }); // what is being typed stays under the eye
}

// Figures from a spreadsheet or a file: understood by the server, shown, then put into the cells

/** Numbers alone go where the cursor is; a block with names is read by the server. */
function paste(event) {
  const text = event.clipboardData.getData("text/plain").trimEnd();
  const from = event.target;
  if (!from.matches(".count") || !/[\t\n]/.test(text)) return;
  event.preventDefault();
  const block = text.split(/\r?\n/).map((line) => line.split("\t"));
  if (block.flat().every((one) => NUMBERS.test(one))) {
    const list = rows.filter(({ row }) => row.closest(".entry") === from.closest(".entry") && !row.hidden);
    const top = list.findIndex(({ row }) => row.contains(from));
    const left = TYPED.indexOf(columnOf(from));
    return fill(block.flatMap((line, y) => line.map((value, x) => [list[top + y]?.cell[TYPED[left + x]]?.name, value.trim() || "0"])));
  }
  const box = document.querySelector(".bring textarea");
  box.value = text;
  box.closest("details").open = true;
  box.form.requestSubmit();
}

async function bring(source) {
  const typed = new FormData(source);
  const panel = byId("understood");
  try {
    const answer = await fetch(source.action, { method: "POST", body: typed.has("file") ? typed : new URLSearchParams(typed), headers: PART });
    const page = parse(await answer.text());
    panel.replaceChildren(...(answer.ok ? page.body.childNodes : page.querySelectorAll(".error-summary")));
    const filling = panel.querySelector('form[action$="/fill"]');
    filling?.addEventListener("submit", (event) => {
      event.preventDefault();
      panel.closest("details").open = false;
      panel.replaceChildren();
      fill([...filling.elements].map(({ name, value, dataset }) => [name, dataset.file ? `${value} ${dataset.file}` : value]));
    });
  } catch {
    panel.textContent = words.offline;
  }
  panel.focus();
}

function fill(pairs) {
  let n = 0, at;
  for (const [name, value] of pairs) {
    const cell = form.elements[name];
    if (name?.includes("[evidence]")) attach(name, (changed[name] = value));
    else if (cell?.matches?.(".count") && cell.value !== value) {
      n += 1;
      at ??= cell;
      cell.value = value;
      const fold = cell.closest("details[id$=quiet]");
      if (fold) fold.open = true;
      judge(cell);
      note(cell);
    }
  }
  keep();
  addUp();
  ask();
  tell(worded(words.filled, { n }));
  at?.focus();
  at?.scrollIntoView({ block: "center" });
}

/** A file by its number and name: what the figures came from goes with them, and is named where they stand. */
function attach(name, file) {
  const [value, ...label] = file.split(" ");
  const place = byId(`${name.split("[")[0]}-brought`);
  const link = Object.assign(document.createElement("a"), { href: `/files/${value}`, textContent: label.join(" ") || value });
  place.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }), link, " ");
  place.hidden = false;
}

// Sending: once, however often it is pressed, and as soon as there is a line

function submit(event) {
  event.preventDefault();
  send(event.submitter);
}

async function send(submitter) {
  if (sending) return;
  sending = true;
  rest();
  hush();
  const body = new URLSearchParams(new FormData(form, submitter));
  if (lastSaid && lastSaid !== String(body)) body.set("_idempotency_key", (form.elements._idempotency_key.value = freshKey()));
  lastSaid = String(body);
  hold(true);
  say("sending");
  const slow = setTimeout(say, 900, "slow");
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(20_000) });
    if (answer.redirected && answer.ok) received(answer.url, submitter);
    else if (answer.status === 401) signIn();
    else if (answer.status >= 500 || answer.status === 429) tryAgain(submitter, "busy");
    else redraw(parse(await answer.text()));
  } catch {
    tryAgain(submitter, "offline");
  }
  clearTimeout(slow);
  sending = false;
}

const hold = (disabled) => all("button.button").forEach((button) => (button.disabled = disabled));

/** Of one system sent alone, what is left is of whatever version comes next. */
function received(receipt, submitter) {
  const sent = submitter?.name === "_only" ? `${submitter.value}[` : "";
  for (const name in changed) if (name.startsWith(sent)) delete changed[name];
  keep(null);
  say("received");
  location.assign(receipt);
}

function redraw(page) {
  document.title = page.title;
  byId("content").replaceWith(page.getElementById("content"));
  lastSaid = undefined;
  refused = document.querySelector("[role=alert]");
  start(true);
  refused?.focus();
}

function tryAgain(submitter, state) {
  hold(false);
  say(state);
  waiting = { submitter, timer: setTimeout(send, 5000, submitter) };
}

/** Whoever goes on typing presses the button again. */
function rest() {
  clearTimeout(waiting?.timer);
  waiting = undefined;
}

function signIn() {
  if (!stored(() => true)) return form.submit(); // carried by the sign-in page
  location.assign(`/sign-in?to=${encodeURIComponent(`${form.getAttribute("action")}/worksheet`)}`);
}

const freshKey = () => crypto.getRandomValues(new BigUint64Array(2)).join("");

addEventListener("online", () => (waiting ? send(waiting.submitter) : form && soon()));
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => {
  stored((device) => device.clear());
  left = true; // an answer still on its way would have it kept again
});
start();
setInterval(tick, 60_000);
