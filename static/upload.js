// A file over the limit is told before it is sent; the server refuses it all the same.

document.addEventListener("change", ({ target }) => {
  if (!target.dataset.limit) return;
  const wrong = target.files[0]?.size > target.dataset.limit ? target.dataset.tooLarge : "";
  target.setCustomValidity(wrong);
  target.reportValidity();
});
