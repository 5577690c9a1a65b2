// One sentence at the edge of the page, read out by screen readers.
const SHOWN_MS = 4000;
let timer = 0;

export function say(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.add("is-shown");
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove("is-shown"), SHOWN_MS);
}
