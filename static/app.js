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

// A hidden tab asks for nothing.
document.addEventListener("htmx:beforeRequest", (event) => {
  const polls = (event.detail.elt.getAttribute("hx-trigger") || "").startsWith("every");
  if (polls && document.hidden) event.preventDefault();
});

// Nothing is swapped under somebody who reads, selects or stands in it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  const asker = event.detail.requestConfig.elt;
  const polled = (asker.getAttribute("hx-trigger") || "").startsWith("every");
  if (!polled || event.detail.xhr.status !== 200) return;
  const selection = getSelection();
  const reading = target.querySelector("details[open]") || target.contains(document.activeElement)
    || (!selection.isCollapsed && target.contains(selection.anchorNode));
  if (reading) event.detail.shouldSwap = false;
});

// The live line: as of when the numbers are, and a grey dot when they could not be read.
document.addEventListener("htmx:afterRequest", (event) => {
  const line = live();
  if (!line) return;
  const answered = event.detail.successful;
  line.classList.toggle("paused", !answered);
  if (!answered) return;
  const time = new Date().toLocaleTimeString("en-US", { timeZone: line.dataset.zone });
  line.querySelector("[data-as-of]").textContent = `Live, as of ${time.toLowerCase()}`;
});

function say(words) {
  const status = document.getElementById("status");
  if (status) status.textContent = words;
}

document.addEventListener("DOMContentLoaded", () => {
  const summary = document.querySelector("[data-summary]");
  if (summary) summary.focus();
});
