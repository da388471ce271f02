// The day's form, made quick: sums follow the typing, Enter leads on, nothing typed is lost, questions come beside the cell.
// Without this script the form works as a plain one; every rule here is the server's, which judges again.

const MOST = 1_000_000;
const RECEIVED = ["received_online", "received_counter", "received_post"];
const RESOLVED = ["resolved_early", "resolved_on_time", "resolved_overdue"];
const MAY_BE_BLANK = /\[(carried_over|received_post|pending_in_time|withdrawn|memo)\]/;
const GROUPED = /^-?\d{1,3}(?:[. \u00a0\u202f]\d{3})+$/;
const lang = document.documentElement.lang;
const whole = new Intl.NumberFormat(lang);
const decimals = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2, roundingMode: "halfEven" });

let form, words, draftKey, rows, timer, asking, sending, waiting, lastSaid, later;

const all = (selector, within = form) => [...within.querySelectorAll(selector)];
const cells = () => all(".count").filter((cell) => !cell.closest("details:not([open])") && !cell.closest("[hidden]"));

function start(redrawn) {
  form = document.getElementById("day");
  if (!form) return;
  words = JSON.parse(form.dataset.words);
  draftKey = `tiendo57 ${form.dataset.draft}`;
  later = {};
  rows = all("[data-row]").map((row) => ({ row, system: row.closest("[data-system]").dataset.system, cell: cellsByColumn(row) }));
  all(".find, [data-sums], [data-rates], [data-foot], .chips").forEach((part) => (part.hidden = false));
  form.addEventListener("input", onInput);
  form.addEventListener("keydown", onKey);
  form.addEventListener("focusin", onFocus);
  form.addEventListener("click", onClick);
  form.addEventListener("pointerdown", (event) => event.target.closest(".chip") && event.preventDefault()); // the cell keeps the focus
  form.addEventListener("submit", (event) => (event.preventDefault(), send(event.submitter)));
  form.addEventListener("paste", onPaste);
  for (const source of document.querySelectorAll(".bring form")) source.addEventListener("submit", async (event) => (event.preventDefault(), (await bringing()).bring(tools(), source)));
  const restored = redrawn ? keep() : restore();
  addUp();
  mark();
  if (restored || form.querySelector("[data-question]")) ask();
}

// Figures

function cellsByColumn(row) {
  return Object.fromEntries(all(".count", row).map((cell) => [cell.name.match(/\[(\w+)\]$/)[1], cell]));
}

/** A typed count as a number, null for blank, or the code of what is wrong with it. */
function read(cell) {
  const text = cell.value.trim();
  if (text === "") return MAY_BE_BLANK.test(cell.name) ? null : "required";
  const digits = GROUPED.test(text) ? text.replace(/[. \u00a0\u202f]/g, "") : text;
  if (/^\d+$/.test(digits)) return +digits <= MOST ? +digits : "number_too_large";
  if (/^-\d+$/.test(digits)) return "number_negative";
  return /^-?\d+[.,]\d+$/.test(text) ? "number_fractional" : "number_text";
}

function countsOf({ row, cell }) {
  const count = (column) => (typeof read(cell[column]) === "number" ? read(cell[column]) : null);
  const sum = (columns) => columns.reduce((total, column) => total + count(column), 0);
  const out = { carried_over: count("carried_over") ?? +row.dataset.opening, pending_overdue: count("pending_overdue") ?? 0 };
  for (const column of [...RECEIVED, ...RESOLVED]) out[column] = count(column) ?? 0;
  out.received = sum(RECEIVED);
  out.resolved = sum(RESOLVED);
  out.pending_in_time = count("pending_in_time") ?? out.carried_over + out.received - out.resolved - out.pending_overdue;
  return out;
}

function addUp() {
  const everything = {};
  for (const part of all("[data-system]")) {
    const total = {};
    for (const one of rows.filter(({ system }) => system === part.dataset.system)) {
      const counts = countsOf(one);
      for (const [column, n] of Object.entries(counts)) {
        total[column] = (total[column] ?? 0) + n;
        everything[column] = (everything[column] ?? 0) + n;
      }
      for (const shown of all("[data-shown]", one.row)) {
        const n = counts[shown.dataset.shown];
        write(shown, whole.format(n));
        shown.classList.toggle("wrong", n < 0);
      }
    }
    for (const place of all("[data-sum]", part)) write(place, whole.format(total[place.dataset.sum]));
    const shares = ratesOf(total);
    for (const place of all("[data-rate]", part)) write(place, share(...shares[place.dataset.rate]));
  }
  const pending = everything.pending_in_time + everything.pending_overdue;
  const said = { ...everything, pending };
  form.querySelector("[data-foot]").textContent = words.foot.replace(/\{(\w+)\}/g, (_, name) => whole.format(said[name]));
}

/** Only what changes is painted anew. */
function write(place, text, property = "textContent") {
  if (place[property] !== text) place[property] = text;
}

function ratesOf(t) {
  const inTime = t.resolved_early + t.resolved_on_time;
  const stock = t.carried_over + t.received;
  return {
    online: [t.received_online, t.received],
    on_time: [inTime, t.resolved],
    overdue: [t.resolved_overdue + t.pending_overdue, stock],
    settlement: [t.resolved, t.received],
    qd766_progress: [inTime + t.pending_in_time, stock],
  };
}

function share(numerator, denominator) {
  if (!denominator) return words.not_computable;
  const percent = decimals.format((numerator / denominator) * 100) + (lang === "fr" ? "\u202f%" : "%");
  return `${percent} (${whole.format(numerator)}/${whole.format(denominator)})`;
}

/** What is wrong with a cell stands under its row at once, in the words that the server would use. */
function judge(cell) {
  const found = read(cell);
  const old = document.getElementById(`${cell.id}-error`);
  old?.remove();
  if (typeof found === "string") {
    const message = document.createElement("p");
    message.className = "error-message";
    message.id = `${cell.id}-error`;
    message.textContent = `${cell.labels[0].textContent}: ${words[found]}`;
    cell.closest("[data-row]").querySelector(".slot").prepend(message);
  }
  flag(cell);
}

function flag(cell) {
  const wrong = document.getElementById(`${cell.id}-error`);
  wrong ? cell.setAttribute("aria-invalid", "true") : cell.removeAttribute("aria-invalid");
  wrong ? cell.setAttribute("aria-describedby", wrong.id) : cell.removeAttribute("aria-describedby");
}

// Typing

function onInput({ target }) {
  if (target.dataset.find) return find(target);
  if (target.matches(".count")) {
    judge(target);
    addUp();
  }
  if (!target.name) return;
  rest();
  keep();
  mark();
  clearTimeout(timer);
  timer = setTimeout(ask, 400);
}

function onKey(event) {
  const { key, target } = event;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  } else if (target.matches(".count") && ["Enter", "ArrowDown", "ArrowUp", "Escape"].includes(key)) {
    event.preventDefault();
    if (key !== "Escape") return move(target, key === "ArrowUp" ? -1 : 1);
    put(target, target.dataset.before);
    target.select();
  } else if (key === "Enter" && target.matches("input")) event.preventDefault(); // a note sends nothing
}

function move(from, step) {
  const list = cells();
  (list[list.indexOf(from) + step] ?? (step > 0 ? form.querySelector(".foot .button") : from)).focus();
}

function onFocus({ target }) {
  if (!target.matches(".count")) return;
  target.dataset.before = target.value;
  setTimeout(() => document.activeElement === target && target.select()); // after the click has set its caret
}

function onClick(event) {
  const shown = event.target.closest("[data-shown]");
  const chip = event.target.closest(".chip");
  if (shown) {
    event.preventDefault();
    const cell = document.getElementById(shown.hash.slice(1));
    cell.closest("details").open = true;
    cell.focus();
  } else if (chip?.closest("[data-clash]")) {
    const cell = document.getElementById(chip.closest("[data-clash]").dataset.clash);
    cell.type === "checkbox" ? cell.click() : put(cell, chip.value);
  } else if (chip) {
    const select = chip.closest("[data-question]").querySelector("select");
    put(select, chip.getAttribute("aria-pressed") === "true" ? "" : chip.value);
  }
}

function put(control, value) {
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function find(box) {
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const quiet = document.getElementById(box.dataset.find);
  quiet.open = box.value !== "" || quiet.open;
  for (const row of all("[data-row]", quiet)) row.hidden = !fold(row.querySelector("strong").textContent).includes(fold(box.value.trim()));
}

// What is typed stays on this device until the city has it

const stood = (control) =>
  control.type === "checkbox" ? String(control.defaultChecked)
  : control.dataset.was ?? (control.matches("select") ? (control.querySelector("[selected]")?.value ?? "") : control.defaultValue);
const valueOf = (control) => (control.type === "checkbox" ? String(control.checked) : control.value);
const typedControls = () => [...form.elements].filter((control) => control.name && control.type !== "hidden" && control.type !== "submit");

/** Use the device's storage, where there is one. */
function stored(use) {
  try {
    return use(localStorage) ?? true;
  } catch {
    return false;
  }
}

/** Keep what was typed; once one system is sent alone (`still`), what is left is of whatever version comes next. */
function keep(still) {
  const changed = Object.fromEntries(typedControls().filter((c) => valueOf(c) !== stood(c) && (still?.(c) ?? true)).map((c) => [c.name, valueOf(c)]));
  const version = still ? null : (form.elements._if_match?.value ?? "");
  const any = Object.keys(changed).length > 0;
  const done = stored((device) => (any ? device.setItem(draftKey, JSON.stringify({ version, changed })) : device.removeItem(draftKey)));
  say(!any ? "" : done ? "kept" : "not_kept");
}

function restore() {
  const draft = stored((device) => JSON.parse(device.getItem(draftKey) ?? "false"));
  if (!draft) return false;
  later = { ...draft.changed };
  typedControls().forEach(restoreOne);
  // What was typed from an older version, or before there was any, is compared with what came since.
  const match = form.elements._if_match;
  if (match && draft.version !== null) draft.version ? (match.value = draft.version) : match.remove();
  say("kept");
  return true;
}

function restoreOne(control) {
  if (!(control.name in later)) return;
  if (control.type === "checkbox") control.checked = later[control.name] === "true";
  else control.value = later[control.name];
  delete later[control.name];
  const fold = control.closest("details");
  if (fold) fold.open = true;
  if (control.matches(".count")) judge(control);
}

/** Each changed cell says where its figure is. */
function mark() {
  for (const { cell } of rows) {
    for (const one of Object.values(cell)) {
      const changed = one.value !== stood(one);
      one.classList.toggle("count--kept", changed);
      write(one, changed ? words.kept : form.elements._if_match && one.value ? words.received : "", "title");
    }
  }
  for (const chip of all(".chip")) {
    const of = document.getElementById(chip.closest("[data-clash]")?.dataset.clash) ?? chip.closest("[data-question]").querySelector("select");
    chip.setAttribute("aria-pressed", String((of.type === "checkbox" ? (of.checked ? "true" : "") : of.value) === chip.value));
  }
}

/** The state in words, in the foot and once to screen readers. */
function say(state) {
  const place = form.querySelector("[data-state]");
  place.dataset.first ??= place.textContent;
  const text = state ? words[state] : place.dataset.first;
  if (place.textContent === text) return;
  place.textContent = text;
  place.dataset.state = state;
  document.getElementById("told").textContent = text;
}

// Questions, from the server, while one types

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  for (const name of ["_method", "_if_match", "_idempotency_key"]) body.delete(name);
  try {
    const answer = await fetch(`${form.getAttribute("action")}/check`, {
      method: "POST", body, signal: asking.signal, headers: { "HX-Request-Type": "partial" },
    });
    if (answer.ok) place(parse(await answer.text()));
  } catch {} // no line: the questions come later
}

function parse(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const one of page.querySelectorAll("[autofocus]")) one.removeAttribute("autofocus"); // the focus is given by hand
  return page;
}

function place(page) {
  for (const slot of all(".slot")) {
    const fresh = page.querySelector(`[data-slot="${slot.id}"]`);
    all(":scope > .error-message", slot).forEach((message) => message.remove());
    slot.prepend(...all(":scope > .error-message", fresh ?? page.createElement("p")));
    const found = fresh ? all("[data-question]", fresh) : [];
    for (const question of found) {
      const old = document.getElementById(question.id);
      if (old?.contains(document.activeElement)) continue;
      question.querySelector(".chips").hidden = false;
      if (old) for (const control of all("select, input:not([type=hidden])", old)) question.querySelector(`[name="${control.name}"]`).value = control.value;
      else question.dataset.live = "";
      if (old && "live" in old.dataset) question.dataset.live = "";
      old ? old.replaceWith(question) : slot.append(question);
      all("select, input", question).forEach(restoreOne);
      if (!old) document.getElementById("told").textContent = question.querySelector("legend").textContent;
    }
    for (const old of all("[data-live]", slot)) if (!found.some((q) => q.id === old.id) && !old.contains(document.activeElement)) old.remove();
  }
  all(".count").forEach(flag);
  mark();
}

// Figures brought from a spreadsheet: that part of the script comes when it is needed

async function onPaste(event) {
  const text = event.clipboardData.getData("text/plain");
  if (!event.target.matches(".count") || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  (await bringing()).pasted(tools(), text, event.target);
}

const bringing = () => import(form.dataset.bring);
const tools = () => ({ form, rows, words, columns: [...RECEIVED, ...RESOLVED, "pending_overdue"], all, parse, changed: () => (addUp(), keep(), mark(), ask()), judge });

// Sending: once, however often it is pressed, and as soon as there is a line

async function send(submitter) {
  if (sending) return;
  sending = true;
  rest();
  const body = new URLSearchParams(new FormData(form, submitter));
  const said = String(body);
  if (lastSaid && lastSaid !== said) body.set("_idempotency_key", (form.elements._idempotency_key.value = freshKey()));
  lastSaid = String(body);
  all("button.button").forEach((button) => (button.disabled = true));
  say("sending");
  const slow = setTimeout(say, 900, "slow");
  const patience = new AbortController();
  const end = setTimeout(() => patience.abort(), 20_000);
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: patience.signal });
    const page = answer.redirected ? "" : await answer.text();
    clearTimeout(slow);
    answered(answer, page, submitter);
  } catch {
    tryAgain(submitter);
  } finally {
    clearTimeout(slow);
    clearTimeout(end);
    sending = false;
  }
}

function answered(answer, page, submitter) {
  if (answer.ok && answer.redirected) {
    const sent = submitter?.name === "_only" ? `${submitter.value}[` : "";
    keep((control) => !control.name.startsWith(sent));
    say("received");
    location.assign(answer.url);
  } else if (answer.status === 401) signIn();
  else if (answer.status >= 500 || answer.status === 429) tryAgain(submitter, "busy");
  else {
    const fresh = parse(page);
    document.title = fresh.title;
    document.getElementById("content").replaceWith(fresh.getElementById("content"));
    lastSaid = undefined;
    start(true);
    document.querySelector(".error-summary")?.focus();
  }
}

function tryAgain(submitter, state = "offline") {
  all("button.button").forEach((button) => (button.disabled = false));
  say(state);
  waiting = { submitter, timer: setTimeout(send, 5000, submitter) };
}

/** Whoever goes on typing presses the button again. */
function rest() {
  clearTimeout(waiting?.timer);
  waiting = undefined;
}

function signIn() {
  if (!stored((device) => device.getItem(draftKey) ?? false)) return form.submit(); // the sign-in page then carries the form itself
  location.assign(`/sign-in?to=${encodeURIComponent(`${new URL(form.action).pathname}/worksheet`)}`);
}

function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

window.addEventListener("online", () => waiting && send(waiting.submitter));
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () =>
  stored((device) => Object.keys(device).forEach((key) => key.startsWith("tiendo57 ") && device.removeItem(key))));
start();
