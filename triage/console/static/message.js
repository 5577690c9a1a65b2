// A message: what is clicked or typed is recorded without leaving the page.
import { singleKeys } from "./keys.js";
import { say } from "./toast.js";

const root = document.getElementById("message");

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  const response = await fetch(form.action, {
    method: "POST",
    body: fields,
    headers: { "X-Requested-With": "fetch" },
  });
  return response.ok;
}

function press(button) {
  for (const other of button.parentElement.children) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  mark(button.closest(".task"));
}

function mark(task) {
  task.classList.add("is-set");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function reply(card) {
  return card.querySelector("[data-reply]");
}

async function onSubmit(event) {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  const kind = form.dataset.send;
  const card = form.closest(".suggestion");
  const used = kind === "suggestion" && button?.value === "used";
  const copied = used ? await copy(reply(card).value) : false;
  if (!(await send(form, button).catch(() => false))) {
    say(root.dataset.failed);
    return;
  }
  // What is done next on this page is another deed, even if its form is the same.
  for (const field of document.querySelectorAll("[name=nonce]")) field.value = crypto.randomUUID();
  if (kind === "label") press(button);
  if (kind === "confirm") root.querySelectorAll(".task").forEach(mark);
  if (kind === "done") button.disabled = true;
  if (card) {
    card.classList.remove("used", "edited", "rejected");
    card.classList.add(used ? "used" : "rejected");
    activate(nextCard(card) ?? card);
  }
  say(copied ? root.dataset.copied : root.dataset.recorded);
}

function cards() {
  return [...document.querySelectorAll(".suggestion")];
}

function active() {
  return document.querySelector(".suggestion.is-active");
}

function nextCard(card) {
  return cards().find(
    (one) => one !== card && !one.matches(".used, .edited, .rejected") && one.querySelector("[data-act]"),
  );
}

function activate(card) {
  active()?.classList.remove("is-active");
  card.classList.add("is-active");
}

function cycle() {
  const all = cards();
  if (!all.length) return;
  const next = all[(all.indexOf(active()) + 1) % all.length];
  activate(next);
  next.focus();
}

const ACTS = { u: "use", y: "copy", x: "reject" };

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !singleKeys()) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (document.querySelector("dialog[open]")) return;
  const card = active();
  if (event.key === "s") {
    event.preventDefault();
    cycle();
  } else if (event.key === "e" && card) {
    event.preventDefault();
    reply(card)?.focus();
  } else if (ACTS[event.key] && card) {
    card.querySelector(`[data-act=${ACTS[event.key]}]`)?.click();
  }
}

async function onClick(event) {
  const button = event.target.closest("[data-act=copy]");
  if (!button) return;
  const done = await copy(reply(button.closest(".suggestion")).value);
  say(done ? root.dataset.copied : root.dataset.uncopied);
}

function displayed() {
  const form = document.getElementById("displayed");
  if (!form) return;
  const shown = [...document.querySelectorAll("[data-passage]:has([data-reply])")];
  if (!shown.length) return;
  form.elements.passages.value = shown.map((card) => card.dataset.passage).join("\n");
  send(form).catch(() => false);
}

if (root) {
  for (const button of document.querySelectorAll("[data-act=copy]")) button.hidden = false;
  if (cards().length) activate(cards()[0]);
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest?.(".suggestion");
    if (card) activate(card);
  });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  displayed();
}
