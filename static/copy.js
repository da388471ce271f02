// The receipt's texts, copied or shared by a button.

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
