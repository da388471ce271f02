// What of a page axe need not look at, since it looks at what is alike.
globalThis.alike = (() => {
  const REPEATED = ["TR", "LI", "OPTION", "DIV", "g", "rect"];
  const POINTING = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers", "form"];
  // Of these only counts whether they say something. Any other attribute says what it says: it may give a role or a colour.
  const WORDS = ["aria-label", "title", "alt", "placeholder", "name", "value", "href", "action", "datetime", "data-label"];
  const NUMBERS = ["data-row", "data-opening", "d", "x", "y", "width", "height", "points", "transform"];
  const PLACED = ["TD", "TH"];
  const LONG = /[\p{L}\p{N}].*[\p{L}\p{N}]/su; // axe judges no contrast of a single character
  const times = new Map();

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
      texts.push(LONG.test(node.data));
      return ["text"];
    }),
  ];

  const scrolling = () =>
    [...document.querySelectorAll("body *")].filter(
      (one) =>
        (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) &&
        /auto|scroll/.test(getComputedStyle(one).overflow),
    ).length;

  // Takes out of a page the rows, items and boxes that differ from two before them in the same list by their words alone:
  // what axe could say of them, it says of the two. Tells how many it took out. Alike are the same elements with the same
  // attributes, with texts in the same places, that point at what is there, and whose names hold what is read in them.
  // A single character is not taken for words in that place, nor words for one.
  const fewer = () => {
    times.clear();
    for (const { id } of document.querySelectorAll("[id]")) times.set(id, (times.get(id) ?? 0) + 1);
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

  // Names the kinds of words that are to be seen: by the elements they stand in from the root on, with the attributes that
  // a style sheet asks for (of ids those it names), and whether a cell is its row's first, second or later one. Words of one
  // kind have one colour on one ground.
  const found = new Map();
  const kinds = ({ ids, attributes }) => {
    found.clear();
    const names = new Map([[null, ""]]);
    const name = (element) => {
      if (!names.has(element)) {
        const told = [element.nodeName];
        const before = element.previousElementSibling;
        if (PLACED.includes(element.nodeName)) told.push(before ? (before.previousElementSibling ? 2 : 1) : 0);
        for (const { name, value } of element.attributes) {
          if (name === "id" ? ids.includes(value) : attributes.includes(name)) told.push(`${name}=${value}`);
        }
        names.set(element, `${name(element.parentElement)}>${told.join(" ")}`);
      }
      return names.get(element);
    };
    const note = (element) => {
      if (!element.checkVisibility()) return;
      const kind = name(element);
      found.set(kind, [...(found.get(kind) ?? []), element]);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) if (texts.currentNode.data.trim().length > 1) note(texts.currentNode.parentElement);
    document.querySelectorAll("input, select, textarea").forEach(note);
    return [...found.keys()];
  };
  return { fewer, kinds, of: (kinds) => kinds.flatMap((kind) => found.get(kind)) };
})();
