// A file over the limit is told before it is sent; the server refuses it all the same.

addEventListener("change", ({ target }) => {
  const { limit, tooLarge } = target.dataset;
  if (!limit) return;
  target.setCustomValidity(target.files[0]?.size > limit ? tooLarge : "");
  target.reportValidity();
});
