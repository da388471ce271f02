// Takes out of a page the rows, items and boxes that differ from two before them in the same list by their words alone:
// what axe could say of them, it says of the two. Tells how many it took out. Alike are the same elements with the same
// attributes, with texts in the same places, that point at what is there, and whose names hold what is read in them.
// Axe judges no contrast of a single character: one is not taken for words in that place, nor words for one.
() => {
  const REPEATED = ["TR", "LI", "OPTION", "DIV", "g", "rect"];
  const POINTING = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers", "form"];
  // Of these only counts whether they say something. Any other attribute says what it says: it may give a role or a colour.
  const WORDS = ["aria-label", "title", "alt", "placeholder", "name", "value", "href", "action", "datetime", "data-label"];
  const NUMBERS = ["data-row", "data-opening", "d", "x", "y", "width", "height", "points", "transform"];
  const times = new Map();
  for (const { id } of document.querySelectorAll("[id]")) times.set(id, (times.get(id) ?? 0) + 1);

  const some = (text) => text.trim() !== "";
  const target = (id) => [times.get(id), some(document.getElementById(id)?.textContent ?? "")];
  const meaning = (element, name, value) => {
    if (name === "id") return times.get(value);
    if (POINTING.includes(name)) return value.split(/\s+/).map(target);
    if (name === "href" && value.startsWith("#")) return target(value.slice(1));
    if (name === "aria-label" && !value.includes(element.textContent.trim())) return value;
    return WORDS.includes(name) || NUMBERS.includes(name) ? some(value) : value;
  };
  const made = (element, texts) => [
    element.nodeName,
    element.labels?.length,
    Array.from(element.attributes, ({ name, value }) => [name, meaning(element, name, value)]),
    ...Array.from(element.childNodes).flatMap((node) => {
      if (node.nodeType === Node.ELEMENT_NODE) return [made(node, texts)];
      if (node.nodeType !== Node.TEXT_NODE || !some(node.data)) return [];
      texts.push(/[\p{L}\p{N}].*[\p{L}\p{N}]/su.test(node.data));
      return ["text"];
    }),
  ];

  const scrolling = () =>
    [...document.querySelectorAll("body *")].filter(
      (one) =>
        (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) &&
        /auto|scroll/.test(getComputedStyle(one).overflow),
    ).length;
  const before = scrolling();
  const out = [];
  const lists = new Set(Array.from(document.querySelectorAll(REPEATED.join()), (one) => one.parentElement));
  // Inner lists first: how long they are makes no difference then.
  for (const list of [...lists].reverse()) {
    if (list.childElementCount < 3 || list.querySelector(":scope > tr > [rowspan]")) continue;
    const seen = new Map();
    for (const one of [...list.children]) {
      if (!REPEATED.includes(one.nodeName)) continue;
      const texts = [];
      const like = JSON.stringify(made(one, texts));
      const places = texts.map((long, place) => `${place} ${long} ${like}`);
      if (seen.get(like) >= 2 && places.every((place) => seen.has(place))) {
        out.push([one, one.nextSibling, list]);
        one.remove();
      } else {
        seen.set(like, (seen.get(like) ?? 0) + 1);
        for (const place of places) seen.set(place, 1);
      }
    }
  }
  if (scrolling() === before) return out.length;
  // What scrolls must be reached by keyboard, which axe looks at while it does.
  for (const [one, next, list] of out.reverse()) list.insertBefore(one, next);
  return 0;
};
