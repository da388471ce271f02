// The receipt's texts: copied or shared by a button. Without script the fields can be marked and copied by hand.

const field = (button) => document.getElementById(button.dataset.copy || button.dataset.share);

const tell = (button, words) => {
  button.closest(".passage").querySelector("[role=status]").textContent = words;
};

async function copy(button) {
  const text = field(button);
  text.focus();
  text.select();
  try {
    await navigator.clipboard.writeText(text.value);
  } catch {
    document.execCommand("copy"); // without https there is no clipboard; the marked text can still be copied
  }
  tell(button, button.dataset.done);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  // Who closes the list of places has changed their mind: nothing to tell.
  button.addEventListener("click", () => navigator.share({ text: field(button).value }).catch(() => {}));
}
