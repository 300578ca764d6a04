// Checking people in while the connection comes and goes. Without this the page's forms do it, one page at a time.
// A press is kept in the browser until the server has answered, and sent again until then. Each has a key of its own,
// so that the server does it once. What is kept holds no names.
"use strict";

const waiting = document.querySelector("[data-waiting]");
const STORE = `check-in ${waiting.dataset.waiting}`;
const EVERY = 5000; // milliseconds between two tries

const kept = () => JSON.parse(localStorage.getItem(STORE) || "[]");
const keep = (presses) => localStorage.setItem(STORE, JSON.stringify(presses));
const rowOf = (id) => document.querySelector(`[data-arrival="${id}"]`);

function show() {
  const presses = kept();
  waiting.hidden = presses.length === 0;
  waiting.querySelector("[data-waiting-count]").textContent = presses.length;
  const unsent = new Set(presses.map((press) => press.id));
  for (const row of document.querySelectorAll("[data-arrival]")) {
    row.querySelector("[data-unsent]").hidden = !unsent.has(row.dataset.arrival);
  }
}

// The server's row takes the place of ours, and the button in it the focus, where one in ours had it.
function settle(id, html, came) {
  const old = rowOf(id);
  for (const number of document.querySelectorAll("[data-came]")) number.textContent = came;
  if (!old) return;
  const hadFocus = old.contains(document.activeElement) || old.dataset.pressed;
  const template = document.createElement("template");
  template.innerHTML = html;
  const row = template.content.querySelector("[data-arrival]");
  row.hidden = old.hidden;
  old.replaceWith(row);
  if (hadFocus) row.querySelector("button").focus();
  const name = row.querySelector(".arrival-name").textContent.trim();
  document.querySelector("[data-live]").textContent = `${name}: ${row.querySelector("[data-came-words]").textContent.trim()}`;
}

function refuse(id, words) {
  const place = rowOf(id)?.querySelector("[data-refused]");
  if (!place) return;
  place.textContent = words;
  place.hidden = false;
}

let isSending = false;

async function send() {
  if (isSending) return;
  isSending = true;
  try {
    for (let press = kept()[0]; press; press = kept()[0]) {
      const body = new FormData();
      body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
      body.set("arrived", press.arrived);
      body.set("key", press.key);
      const headers = { Accept: "application/json" };
      const answer = await fetch(press.url, { method: "POST", body, headers, redirect: "manual" });
      const isSignedOut = answer.type === "opaqueredirect" || answer.status === 403;
      waiting.querySelector("[data-signed-out]").hidden = !isSignedOut;
      if (isSignedOut || answer.status >= 500) break;
      keep(kept().filter((other) => other.key !== press.key));
      if (answer.ok) {
        const { row, came } = await answer.json();
        settle(press.id, row, came);
      } else if (answer.status === 409) {
        refuse(press.id, (await answer.json()).words);
      }
    }
  } catch {
    // No connection: the next try finds them.
  } finally {
    isSending = false;
    show();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-check-in]");
  if (!form) return;
  event.preventDefault();
  const row = form.closest("[data-arrival]");
  const arrived = new FormData(form, event.submitter).get("arrived");
  row.dataset.pressed = "yes";
  const key = crypto.randomUUID();
  keep([...kept(), { key, id: row.dataset.arrival, url: form.getAttribute("action"), arrived }]);
  show();
  send();
});

const search = document.querySelector("[data-search] input");
search?.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll("[data-arrival]")) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
  }
});

window.addEventListener("online", send);
setInterval(() => kept().length && send(), EVERY);
show();
send();
