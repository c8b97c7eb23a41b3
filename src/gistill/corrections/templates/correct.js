"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const letters = (text) => Array.from(text); // offsets are code points
  const cut = (text, at) => (at ? letters(text).slice(at[0], at[1]).join("") : null);
  const make = (name, of = {}, ...inside) => {
    const one = Object.assign(document.createElement(name), of);
    one.append(...inside);
    return one;
  };
  const find = (sentence, words) => {
    const at = sentence.indexOf(words);
    if (!words || at < 0) return null;
    const start = letters(sentence.slice(0, at)).length;
    return [start, start + letters(words).length];
  };
  const status = document.getElementById("status");
  const author = document.getElementById("author");
  const made = new Map(); // what was corrected -> its lines, without author and time
  let saved = true;
  const store = "gistill-" + data.key;
  const keep = () => {
    saved = made.size === 0;
    status.textContent = `${made.size} ${made.size === 1 ? "judgement" : "judgements"}` + (saved ? "" : ", not saved as a file yet");
    try { localStorage.setItem(store, JSON.stringify([author.value, [...made]])); } catch { /* it is only for a page that is closed by mistake */ }
  };
  const set = (key, lines) => { if (lines.length) made.set(key, lines); else made.delete(key); keep(); };
  const field = (label, input) => make("label", {}, label + " ", input);
  const choice = (values, chosen) => {
    const one = make("select", {}, ...values.map(([value, words]) => make("option", { value, textContent: words })));
    one.value = chosen;
    return one;
  };
  const levels = Object.entries(data.levels).sort((a, b) => a[0] - b[0]);
  const categories = [["", "not known"], ...data.categories];

  const line = (task, kind, was, mark, id) => {
    const rest = task.marks.filter((one) => one !== was);
    const opinions = mark ? [...rest, mark] : rest;
    return { kind, record: task.record, at: task.at, language: task.language, part: "train", sentences: [task.sentence],
      opinions, read: task.marks, opinion_id: id, was, mark };
  };

  const judged = (task, was, id, row) => {
    if (row.state === "wrong") return [line(task, "nobody said this", was, null, id)];
    const lines = [];
    const changed = (kind, fields) => lines.push(line(task, kind, was, { ...was, ...fields }, id));
    if (Number(row.level.value) !== was.level) changed("polarity", { level: Number(row.level.value) });
    if (row.category.value !== (was.category || "")) changed("category", { category: row.category.value || null });
    for (const [kind, name] of [["aspect", "aspect"], ["span", "opinion"]]) {
      const words = row[name].value.trim();
      if (words === (was[name] || "")) continue;
      const at = find(task.sentence, words);
      row[name].setCustomValidity(words && !at ? "These words do not stand in the sentence." : "");
      row[name].reportValidity();
      if (!words || at) changed(kind, { [name]: words || null, [name + "_at"]: at });
    }
    if (!lines.length && row.state === "right") lines.push(line(task, "right", was, was, id));
    return lines;
  };

  const inputs = (mark) => ({
    level: choice(levels, String(mark.level)),
    category: choice(categories, mark.category || ""),
    opinion: make("input", { value: mark.opinion || "" }),
    aspect: make("input", { value: mark.aspect || "" }),
  });
  const fields = (row) => [field("Side", row.level), field("Category", row.category), field("Its words", row.opinion), field("What it is about", row.aspect)];

  const opinionRow = (task, was, id, card) => {
    const row = { ...inputs(was), state: "" };
    const right = make("button", { type: "button", textContent: "Right" });
    const wrong = make("button", { type: "button", textContent: "Nobody said this" });
    const told = () => {
      for (const [button, state] of [[right, "right"], [wrong, "wrong"]]) button.setAttribute("aria-pressed", String(row.state === state));
      const lines = judged(task, was, id, row);
      set(id, lines);
      card.classList.toggle("done", task.ids.every((one) => made.has(one)));
    };
    for (const [button, state] of [[right, "right"], [wrong, "wrong"]]) {
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => { row.state = row.state === state ? "" : state; told(); });
    }
    for (const one of [row.level, row.category, row.opinion, row.aspect]) one.addEventListener("change", told);
    const words = [was.opinion, was.aspect].filter(Boolean).map((one) => `“${one}”`).join(" about ");
    return make("fieldset", {}, make("legend", { textContent: words || "the whole sentence" }), right, wrong, ...fields(row));
  };

  const missingRow = (task) => {
    const row = inputs({ level: -1, category: "", opinion: "", aspect: "" });
    const add = make("button", { type: "button", textContent: "Add" });
    const list = make("ul");
    add.addEventListener("click", () => {
      const [opinion, aspect] = [row.opinion.value.trim(), row.aspect.value.trim()];
      const mark = { sentence: 0, aspect: aspect || null, aspect_at: find(task.sentence, aspect), opinion: opinion || null,
        opinion_at: find(task.sentence, opinion), category: row.category.value || null, level: Number(row.level.value), kind: null };
      for (const [input, words, at] of [[row.opinion, opinion, mark.opinion_at], [row.aspect, aspect, mark.aspect_at]]) {
        input.setCustomValidity(words && !at ? "These words do not stand in the sentence." : "");
        if (words && !at) { input.reportValidity(); return; }
      }
      const key = `missing ${task.record} ${task.at} ${JSON.stringify(mark)}`;
      set(key, [line(task, "missing", null, mark, null)]);
      const away = make("button", { type: "button", textContent: "Take back" });
      const item = make("li", {}, `${data.levels[mark.level]}: ${opinion || aspect || "the whole sentence"} `, away);
      away.addEventListener("click", () => { set(key, []); item.remove(); });
      list.append(item);
      row.opinion.value = row.aspect.value = "";
    });
    return make("details", {}, make("summary", { textContent: "Something is missing" }), make("fieldset", {}, make("legend", { textContent: "A missing opinion" }), ...fields(row), add), list);
  };

  const lit = (task) => {
    const on = letters(task.sentence).map(() => false);
    for (const mark of task.marks) for (const at of [mark.opinion_at, mark.aspect_at]) if (at) on.fill(true, at[0], at[1]);
    const found = make("p", { className: "sentence", dir: "auto" });
    let start = 0;
    letters(task.sentence).forEach((_, n, every) => {
      if (n + 1 < every.length && on[n + 1] === on[n]) return;
      const words = every.slice(start, n + 1).join("");
      found.append(on[n] ? make("mark", { textContent: words }) : words);
      start = n + 1;
    });
    return found;
  };

  const sentences = document.getElementById("sentences");
  data.tasks.forEach((task) => {
    const card = make("article", {}, make("p", { className: "why", textContent: `${task.why}${task.about ? " · " + task.about : ""}` }), lit(task));
    card.append(...task.marks.map((was, n) => opinionRow(task, was, task.ids[n], card)));
    if (!task.marks.length) {
      const none = make("button", { type: "button", textContent: "Right: there is no opinion" });
      none.setAttribute("aria-pressed", "false");
      const key = `none ${task.record} ${task.at}`;
      none.addEventListener("click", () => {
        const on = !made.has(key);
        none.setAttribute("aria-pressed", String(on));
        card.classList.toggle("done", on);
        set(key, on ? [{ ...line(task, "sentence", null, null, null), opinions: [] }] : []);
      });
      card.append(none);
    }
    card.append(missingRow(task));
    sentences.append(card);
  });
  if (!data.tasks.length) sentences.append(make("p", { className: "none", textContent: "There is nothing left to judge." }));

  const points = document.getElementById("points");
  const ticked = new Map();
  data.points.forEach((point) => {
    const tick = make("input", { type: "checkbox" });
    tick.addEventListener("change", () => (tick.checked ? ticked.set(point.id, point) : ticked.delete(point.id)));
    const name = make("input", { value: point.name });
    name.addEventListener("change", () => set("rename " + point.id, name.value.trim() && name.value.trim() !== point.name
      ? [{ kind: "rename point", points: [point.id], members: point.opinions, name: name.value.trim() }] : []));
    const leaving = new Set();
    const apart = make("input", { value: "" });
    const split = () => set("split " + point.id, leaving.size && apart.value.trim()
      ? [{ kind: "split point", points: [point.id], members: [...leaving], name: apart.value.trim() }] : []);
    apart.addEventListener("change", split);
    const quotes = point.quotes.map(([id, words]) => {
      const out = make("input", { type: "checkbox" });
      out.addEventListener("change", () => { if (out.checked) leaving.add(id); else leaving.delete(id); split(); });
      return make("li", {}, make("label", {}, out, " “" + words + "”"));
    });
    points.append(make("article", {}, make("label", {}, tick, ` ${point.name} `), make("p", { className: "about", textContent: `${point.direction}, ${point.people} people` }),
      field("Name", name), make("details", {}, make("summary", { textContent: "Split it" }), make("p", { textContent: "Tick what does not belong here, and name the new point." }), make("ul", {}, ...quotes), field("Name of the new point", apart))));
  });
  document.getElementById("merge").addEventListener("click", () => {
    const some = [...ticked.values()];
    if (some.length < 2 || new Set(some.map((one) => one.direction)).size > 1) { status.textContent = "Tick two or more points of one direction."; return; }
    const name = document.getElementById("merged").value.trim();
    set("merge " + some.map((one) => one.id).join(" "), [{ kind: "merge points", points: some.map((one) => one.id), members: some.flatMap((one) => one.opinions), name: name || some[0].name }]);
    status.textContent = `${some.length} points will be merged.`;
  });

  document.getElementById("save").addEventListener("click", () => {
    if (!author.value.trim()) { author.setCustomValidity("Write your name first."); author.reportValidity(); return; }
    const time = new Date().toISOString();
    const lines = [...made.values()].flat().map((one) => JSON.stringify({ ...one, author: author.value.trim(), time }));
    const link = make("a", { download: "corrections.jsonl", href: URL.createObjectURL(new Blob([lines.map((one) => one + "\n").join("")], { type: "application/jsonl" })) });
    link.click();
    saved = true;
    status.textContent = `${lines.length} ${lines.length === 1 ? "correction was" : "corrections were"} saved as corrections.jsonl.`;
  });
  author.addEventListener("input", () => author.setCustomValidity(""));
  addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
  try {
    const [name, lines] = JSON.parse(localStorage.getItem(store) || "[\"\", []]");
    author.value = name;
    for (const [key, value] of lines) made.set(key, value);
    if (made.size) status.textContent = `${made.size} judgements of an earlier visit are kept and will be saved.`;
  } catch { /* nothing was kept */ }
})();
