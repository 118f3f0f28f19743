// What the pages do beyond plain HTML. Everything works without it.
"use strict";

const live = () => document.querySelector(".live");

// Copy buttons: the text beside them or in their row; the button says so for two seconds.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = (button.closest("tr") || button.parentElement).querySelector("code, pre");
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.textContent;
  button.textContent = "Copied";
  say("Copied.");
  setTimeout(() => { button.textContent = label; }, 2000);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// One box ticks all boxes of its table; the bar below says how many are ticked.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (!form || event.target.type !== "checkbox") return;
  const boxes = [...form.querySelectorAll("tbody [type=checkbox]")];
  if (event.target.closest("thead")) boxes.forEach((box) => { box.checked = event.target.checked; });
  const count = form.querySelector("[data-selected]");
  if (count) count.textContent = `${boxes.filter((box) => box.checked).length} selected`;
});

// A button that works longer than a second says so, and is not pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.target.method === "get") return;
  setTimeout(() => { button.disabled = true; button.textContent = "Saving"; }, 1000);
});

const polls = (asker) => (asker.getAttribute("hx-trigger") || "").startsWith("every");

// A hidden tab asks for nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (polls(event.detail.elt) && document.hidden) event.preventDefault();
});

// Nothing is swapped under somebody who reads, types or selects in it. Where somebody only stands
// on a thing with an id, the focus goes on to what has that id in the new part.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  if (!polls(requestConfig.elt) || xhr.status !== 200) return;
  const at = document.activeElement;
  const selection = getSelection();
  const reading = target.querySelector("details[open]")
    || (target.contains(at) && (!at.id || at.form))
    || (!selection.isCollapsed && target.contains(selection.anchorNode));
  if (reading) event.detail.shouldSwap = false;
});

// A link that brought a new part is gone with the old one: its reader goes on in the table.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!polls(event.detail.requestConfig.elt) && document.activeElement === document.body) {
    event.detail.elt.querySelector("[tabindex]")?.focus({ preventScroll: true });
  }
});

// What a part says of itself as it comes anew is said where a screen reader hears it.
document.addEventListener("htmx:afterSettle", (event) => {
  const told = event.target.querySelector?.("[data-say]");
  if (told) say(told.textContent);
});

// The live line: as of when the numbers are, and a grey dot while they cannot be read anew.
document.addEventListener("htmx:afterRequest", (event) => {
  const line = live();
  if (!line) return;
  const answered = event.detail.successful;
  const said = line.querySelector("[data-as-of]");
  line.classList.toggle("paused", !answered);
  if (answered) {
    const time = new Date().toLocaleTimeString("en-US", { timeZone: line.dataset.zone });
    said.textContent = `Live, as of ${time.toLowerCase()}`;
  } else {
    said.textContent = said.textContent.replace("Live, as of", "Not live, from");
  }
});

function say(words) {
  const status = document.getElementById("status");
  if (status) status.textContent = words;
}

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-summary]");
  if (summary) summary.focus();
});
