"use strict";
// The pages work without it: it keeps a name, and looks by itself how far a new count is.
const author = document.getElementById("author");
if (author) {
  try { author.value = localStorage.getItem("gistill-author") || ""; } catch { /* it is typed again */ }
  author.oninput = () => {
    author.setCustomValidity("");
    try { localStorage.setItem("gistill-author", author.value); } catch { /* likewise */ }
  };
  for (const form of document.querySelectorAll("form.opinion")) {
    form.addEventListener("submit", () => { form.elements.author.value = author.value; });
  }
}
const state = document.getElementById("state");
async function look() {
  try {
    const answer = await fetch(state.dataset.state, {cache: "no-store"});
    const told = await answer.json();
    if (!answer.ok || !["queued", "running"].includes(told.state)) { location.reload(); return; }
    const words = told.step ? `: ${told.step}${told.total ? `, ${told.done} of ${told.total}` : ""}` : "";
    const text = `The report is being counted again${words}.`;
    if (state.textContent !== text) state.textContent = text;
    setTimeout(look, 500);
  } catch { state.textContent = "The server does not answer. Load the page again."; }
}
if (state) look();
