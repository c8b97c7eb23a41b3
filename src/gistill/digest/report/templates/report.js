"use strict";
// Search and filter: shows the points and quotations that fit, in the page that is there. Loads and sends nothing.
(() => {
  const panel = document.getElementById("find");
  if (!panel) return;
  const main = document.getElementById("main");
  const field = panel.querySelector("input");
  const chosen = [...panel.querySelectorAll("select")];
  const clear = panel.querySelector("button");
  const told = panel.querySelector("[role=status]");
  const low = (node) => node.textContent.toLowerCase();
  const items = [...main.querySelectorAll("details")].filter((node) => node.querySelector(".quote")).map((node) => ({
    node,
    head: low(node.querySelector("summary")),
    quotes: [...node.querySelectorAll(".quote")].map((quote) => ({ node: quote, text: low(quote) })),
  }));
  const parts = [...main.querySelectorAll("section, .group, .about")];
  const opened = new Set();

  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = chosen.filter((one) => one.value);
    const active = words.length + wanted.length > 0;
    const points = new Set(), quotes = new Set(), fitting = [];
    for (const item of items) {
      const named = words.every((word) => item.head.includes(word));
      let count = 0;
      for (const { node, text } of item.quotes) {
        const fits = wanted.every((one) => node.dataset[one.dataset.key] === one.value)
          && (named || words.every((word) => text.includes(word)));
        node.hidden = active && !fits;
        if (fits) { count += 1; quotes.add(node.dataset.quote); }
      }
      item.node.hidden = active && !count;
      if (count && item.node.dataset.point) points.add(item.node.dataset.point);
      if (count) fitting.push(item.node);
    }
    document.body.classList.toggle("filtering", active);
    for (const part of parts) part.hidden = active && !part.querySelector("details:not([hidden]) .quote:not([hidden])");
    const few = active && points.size <= 12;
    for (const node of opened) if (!few || node.hidden) { node.open = false; opened.delete(node); }
    if (few) for (const node of fitting) if (!node.open) { node.open = true; opened.add(node); }
    clear.disabled = !active;
    const many = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
    told.textContent = !active ? "" : quotes.size
      ? `${many(points.size, "point")} and ${many(quotes.size, "quotation")} found.`
      : "Nothing found. Try fewer words, or choose “all”.";
    light(active ? words : [], fitting);
  };

  const light = (words, nodes) => {
    if (!window.Highlight || !CSS.highlights) return;
    const ranges = [];
    for (const node of words.length ? nodes : []) {
      const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      while (walk.nextNode() && ranges.length < 2000) {
        const text = walk.currentNode.data.toLowerCase();
        for (const word of words) for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          if (text.length !== walk.currentNode.data.length) break;
          const range = new Range();
          range.setStart(walk.currentNode, at);
          range.setEnd(walk.currentNode, at + word.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  };

  let waiting = 0;
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 120); });
  field.addEventListener("keydown", (event) => { if (event.key === "Escape") { field.value = ""; find(); } });
  for (const one of chosen) one.addEventListener("change", find);
  clear.addEventListener("click", () => {
    field.value = "";
    for (const one of chosen) one.value = "";
    find();
    field.focus();
  });
  panel.hidden = false;
})();
