"use strict";
// Everything is written as text, never as markup: names of files and columns and texts of records are not ours.
const $ = (id) => document.getElementById(id);
const SESSION = document.querySelector("meta[name=gistill-session]").content;
const ROLES = ["entity", "author", "rating", "date", "language", "id"];
const WORDS = {held: "waits for you", queued: "waits for its turn", running: "is being made", done: "is ready",
  failed: "failed", canceled: "was stopped"};
let key = "";  // kept in this page alone: it is gone when the page is
let current = null;  // the job whose columns are shown
const watched = new Set();

function say(text, bad) {
  $("said").textContent = text;
  $("said").className = bad ? "bad" : "";
}

async function ask(method, path, body, type) {
  const headers = {"X-Gistill-Session": SESSION};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = type || "application/json";
  const answer = await fetch(path, {method, headers, body, cache: "no-store"});
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const error = new Error((told && told.error && told.error.message) || `The server answered ${answer.status}.`);
  error.status = answer.status;
  throw error;
}

function failed(error) {
  if (error.status === 401) {
    $("sign-in").hidden = false;
    $("work").hidden = true;
    $("key").focus();
    say("");
  } else {
    say(error instanceof TypeError ? "The server does not answer." : error.message, true);
  }
}

async function send(file) {
  say(`Sending ${file.name} ...`);
  $("columns").hidden = true;
  try {
    const path = `/v1/digests?hold=true&name=${encodeURIComponent(file.name.slice(-200))}`;
    current = await (await ask("POST", path, file, "application/octet-stream")).json();
    await look({columns: {}});
    await list();
  } catch (error) { failed(error); }
  $("file").value = "";
}

async function look(settings) {
  say("Looking at the file ...");
  const seen = await (await ask("POST", `/v1/digests/${current.id}/preview`, JSON.stringify(settings))).json();
  say(seen.error ? seen.error.message : "", Boolean(seen.error));
  $("told").replaceChildren(...seen.said.map((line) => element("li", line)));
  $("rows").tBodies[0].replaceChildren(...seen.rows.map((row) => {
    const line = document.createElement("tr");
    line.append(element("td", row.text.trim() ? row.text : "(empty)"), element("td", row.rating === null ? "" : String(row.rating)));
    return line;
  }));
  $("rows").hidden = !seen.rows.length;
  $("texts").replaceChildren(...seen.header.map((name) => tick(name, seen.texts.includes(name))));
  const taken = [...seen.texts, ...["entity", "author", "id", "date", "rating"].map((role) => seen.columns[role])];
  const by = settings.by || [];
  const others = seen.header.filter((name) => by.includes(name) || !taken.includes(name));
  $("by").replaceChildren(...others.map((name) => tick(name, by.includes(name))));
  $("by").parentElement.hidden = !others.length;
  $("roles").replaceChildren(...ROLES.map((role) => choice(role, seen)));
  $("columns").hidden = false;
  $("columns").querySelector("h2").focus();
}

function tick(name, checked) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  Object.assign(box, {type: "checkbox", value: name, checked});
  label.append(box, ` ${name}`);
  return label;
}

function choice(role, seen) {
  const label = document.createElement("label");
  const list = document.createElement("select");
  list.name = role;
  list.append(new Option("found by its cells", ""), ...seen.header.map((name) => new Option(name, name)));
  list.value = seen.columns[role] || "";
  label.append(role[0].toUpperCase() + role.slice(1), list);
  return label;
}

function chosen() {
  const columns = {};
  const texts = [...$("texts").querySelectorAll("input:checked")].map((box) => box.value);
  if (texts.length) columns.text = texts;
  for (const list of $("roles").querySelectorAll("select")) if (list.value) columns[list.name] = list.value;
  const by = [...$("by").querySelectorAll("input:checked")].map((box) => box.value).slice(0, 5);
  return {columns, by, title: $("title").value};
}

async function list() {
  const found = (await (await ask("GET", "/v1/digests")).json()).jobs;
  $("none").hidden = found.length > 0;
  $("jobs").replaceChildren(...found.map(entry));
  for (const job of found) if (["queued", "running"].includes(job.state)) watch(job.id);
}

function entry(job) {
  const item = document.createElement("li");
  item.id = `job-${job.id}`;
  const name = element("span", job.settings.title ? `${job.settings.title} (${job.name})` : job.name);
  name.className = "name";
  const state = element("p", `The report ${WORDS[job.state]}.` + (job.error ? ` ${job.error.message}` : ""));
  if (job.error) state.className = "bad";
  state.setAttribute("role", "status");
  item.append(name, state);
  if (job.state === "running" || job.state === "queued") {
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", `Progress of ${job.name}`);
    item.append(bar, button("Stop", job, "POST", "/cancel"));
  }
  if (job.report) {
    const open = element("a", "Open the report");
    open.setAttribute("aria-label", `Open the report of ${job.name} (new tab)`);
    Object.assign(open, {href: job.report, target: "_blank", rel: "noopener", className: "button"});
    item.append(open, " ");
  }
  if (job.explore) {
    const explore = element("a", "Explore and correct");
    Object.assign(explore, {href: job.explore, className: "button quiet"});
    explore.setAttribute("aria-label", `Explore and correct ${job.name}`);
    item.append(explore, " ");
  }
  if (["held", "failed", "canceled"].includes(job.state)) {
    const again = element("button", "Choose columns");
    again.onclick = () => { current = job; look(job.settings).catch(failed); };
    item.append(again, " ");
  }
  if (!["running", "queued"].includes(job.state)) item.append(button("Delete", job, "DELETE", ""));
  return item;
}

function button(text, job, method, path) {
  const made = element("button", text);
  made.className = "quiet";
  made.setAttribute("aria-label", `${text} ${job.name}`);
  made.onclick = async () => {
    made.disabled = true;
    try {
      await ask(method, `/v1/digests/${job.id}${path}`);
      if (current && current.id === job.id) $("columns").hidden = true;
      await list();
    } catch (error) { made.disabled = false; failed(error); }
  };
  return made;
}

async function watch(id) {
  if (watched.has(id)) return;
  watched.add(id);
  try {
    const reader = (await ask("GET", `/v1/digests/${id}/events`)).body.pipeThrough(new TextDecoderStream()).getReader();
    for (let held = "";;) {
      const {value, done} = await reader.read();
      if (done) break;
      const parts = (held + value).split("\n\n");
      held = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data) show(id, JSON.parse(data.slice(6)));
      }
    }
  } catch (error) { failed(error); }
  watched.delete(id);
  await list().catch(failed);
}

function show(id, told) {
  const item = $(`job-${id}`);
  if (!item) return;
  const bar = item.querySelector("progress");
  if (bar && told.total) Object.assign(bar, {max: told.total, value: told.done});
  const words = told.step ? `: ${told.step}, ${told.done}${told.total ? ` of ${told.total}` : ""}` : "";
  item.querySelector("p").textContent = `The report ${WORDS[told.state] || told.state}${words}.`;
}

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

$("file").onchange = () => { if ($("file").files[0]) send($("file").files[0]); };
for (const name of ["dragover", "dragleave", "drop"]) {
  $("drop").addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  });
}
$("columns").onsubmit = async (event) => {
  event.preventDefault();
  try {
    await ask("POST", `/v1/digests/${current.id}/start`, JSON.stringify(chosen()));
    $("columns").hidden = true;
    $("title").value = "";
    say("The report is being made. You may close this page.");
    await list();
  } catch (error) { failed(error); }
};
$("look").onclick = () => look(chosen()).catch(failed);
$("drop-it").onclick = async () => {
  try {
    await ask("DELETE", `/v1/digests/${current.id}`);
    $("columns").hidden = true;
    say("The file is deleted.");
    await list();
  } catch (error) { failed(error); }
};
$("sign-in").onsubmit = async (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  try {
    await list();
    $("sign-in").hidden = true;
    $("work").hidden = false;
  } catch (error) { failed(error); if (error.status === 401) say("This key is not known.", true); }
};
list().catch(failed);
