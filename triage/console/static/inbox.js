// The queue: move with j and k, and take in what is new without moving it under the reader's hand.
import { singleKeys } from "./keys.js";
import { localTimes } from "./times.js";
import { say } from "./toast.js";

const queue = document.getElementById("queue");
const news = document.getElementById("news");
let updating = false;

function rows() {
  return [...queue.querySelectorAll("[data-row]")];
}

function move(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  if (next) next.focus();
}

function isBusy() {
  return queue.matches(":hover") || queue.contains(document.activeElement);
}

async function update() {
  if (updating) return;
  updating = true;
  try {
    const response = await fetch(location.href, {
      headers: { "X-Triage-Live": "1", "X-Requested-With": "fetch" },
    });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("queue");
    if (!fresh) return;
    const row = document.activeElement?.dataset?.row;
    queue.replaceChildren(...fresh.childNodes);
    localTimes(queue);
    if (row) queue.querySelector(`[data-row="${CSS.escape(row)}"]`)?.focus();
    news.hidden = true;
    say(queue.dataset.said);
  } finally {
    updating = false;
  }
}

function follow() {
  const source = new EventSource(queue.dataset.live);
  source.addEventListener("news", () => {
    if (isBusy() || document.hidden) news.hidden = false;
    else update();
  });
  addEventListener("pagehide", () => source.close());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !news.hidden && !isBusy()) update();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !singleKeys()) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "j") move(1);
  if (event.key === "k") move(-1);
});
news.querySelector("button").addEventListener("click", update);
follow();
