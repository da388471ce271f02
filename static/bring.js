// Figures from a spreadsheet or a file: understood by the server, shown, then put into the cells. `day`: what day.js lends.

/** Numbers alone go where the cursor is, as in a spreadsheet; a block with names is read by the server. */
export function pasted(day, text, from) {
  const block = text.trimEnd().split(/\r?\n/).map((line) => line.split("\t"));
  if (block.flat().every((one) => /^[\d. \u00a0\u202f]*$/.test(one))) return fill(day, placed(day, block, from));
  const box = document.querySelector('.bring [name="text"]');
  box.value = text;
  box.closest("details").open = true;
  box.form.requestSubmit();
}

function placed({ rows, columns }, block, from) {
  const list = rows.filter(({ row }) => row.closest(".entry") === from.closest(".entry") && !row.hidden);
  const top = list.findIndex(({ row }) => row.contains(from));
  const left = columns.indexOf(from.name.match(/\[(\w+)\]$/)[1]);
  return block.flatMap((line, y) => line.map((value, x) => [list[top + y]?.cell[columns[left + x]]?.name, value.trim() || "0"]));
}

/** Show how a pasted block or a file was understood, or why it was refused. */
export async function bring(day, source) {
  const typed = new FormData(source);
  const panel = document.getElementById("understood");
  try {
    const body = typed.has("file") ? typed : new URLSearchParams(typed);
    const answer = await fetch(source.action, { method: "POST", body, headers: { "HX-Request-Type": "partial" } });
    const page = day.parse(await answer.text());
    panel.replaceChildren(...(answer.ok ? page.body.childNodes : page.querySelectorAll(".error-summary")));
    for (const title of day.all("h1", panel)) title.outerHTML = `<h2>${title.innerHTML}</h2>`; // the page has its own
    const filling = panel.querySelector('form[action$="/fill"]');
    if (filling) panel.querySelector("section")?.before(filling); // in reach before the long tables
    filling?.addEventListener("submit", (event) => {
      event.preventDefault();
      fill(day, new FormData(filling));
      panel.replaceChildren();
      panel.closest("details").open = false;
    });
  } catch {
    panel.textContent = day.words.offline;
  }
  panel.focus();
}

function fill(day, pairs) {
  const given = new Map(pairs);
  // Of a line whose post is not split from the counter nothing is said: its cell is left blank.
  for (const name of [...given.keys()].filter((one) => one?.endsWith("[field]"))) {
    const post = name.replace("[field]", "[received_post]");
    if (!given.has(post)) given.set(post, "");
  }
  let filled = 0;
  for (const [name, value] of given) {
    const cell = day.form.elements[name];
    if (name?.includes("[evidence]")) {
      day.form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    } else if (cell?.matches?.(".count") && cell.value !== value) {
      cell.value = value;
      filled += 1;
      const fold = cell.closest("details[id$=quiet]");
      if (fold) fold.open = true;
      day.judge(cell);
    }
  }
  day.changed();
  document.getElementById("told").textContent = day.words.filled.replace("{n}", filled);
  day.form.querySelector(".count--kept")?.focus();
}
