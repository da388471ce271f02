// What several pages have: the search box by keyboard, texts copied or shared by a button, a file too large told before it is sent.

addEventListener("keydown", (event) => {
  const { key, target } = event;
  const stops = [...document.querySelectorAll("#search, #found a")];
  const at = stops.indexOf(target);
  if (key === "Escape") stops[at]?.blur();
  const next = stops[at < 0 ? "value" in target || { "/": 0 }[key] : at + { ArrowDown: 1, ArrowUp: -1 }[key]];
  next?.focus(event.preventDefault());
});

async function copy(field, button) {
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    document.execCommand("copy"); // without https there is no clipboard
  }
  button.closest(".passage").querySelector("[role=status]").textContent = button.dataset.done;
}

for (const button of document.querySelectorAll("[data-copy], [data-share]")) {
  const { copy: text, share } = button.dataset;
  const field = document.getElementById(text ?? share);
  button.hidden = share && !navigator.share;
  button.onclick = () => (text ? copy(field, button) : navigator.share({ text: field.value }).catch(() => {})); // who closes the list changed their mind
}

addEventListener("change", ({ target }) => {
  const { limit, tooLarge } = target.dataset;
  if (!limit) return;
  target.setCustomValidity(target.files[0]?.size > limit ? tooLarge : "");
  target.reportValidity();
});
