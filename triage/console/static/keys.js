// Keys: a control with data-key is worked by that key, or by two keys in a row such as "g i".
const WAIT_MS = 1200;
const OFF = "triage-no-single-keys";
let first = "";
let timer = 0;

export function singleKeys() {
  return localStorage.getItem(OFF) !== "1";
}

export function setSingleKeys(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function isThere(control) {
  return !control.disabled && control.checkVisibility();
}

function work(control) {
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(control.tagName)) {
    control.focus();
    if (control.select) control.select();
  } else {
    control.click();
  }
}

function find(keys) {
  return [...document.querySelectorAll("[data-key]")].find(
    (control) => control.dataset.key === keys && isThere(control),
  );
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && isTyping(event.target)) {
    event.target.blur();
    return;
  }
  if (isTyping(event.target) || document.querySelector("dialog[open]") || !singleKeys()) return;
  const keys = first ? `${first} ${event.key}` : event.key;
  const control = find(keys);
  first = "";
  clearTimeout(timer);
  if (control) {
    event.preventDefault();
    work(control);
  } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) {
    first = event.key;
    timer = setTimeout(() => (first = ""), WAIT_MS);
  }
}

export function listen() {
  document.addEventListener("keydown", onKey);
}
