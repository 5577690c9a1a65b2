// On every page: keys, help, times in the reader's own zone, menus that close, forms that send themselves.
import { listen, setSingleKeys, singleKeys } from "./keys.js";
import { localTimes } from "./times.js";

function help() {
  const dialog = document.getElementById("help");
  const box = document.getElementById("single-keys");
  for (const button of document.querySelectorAll("[data-open=help]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  box.checked = singleKeys();
  box.addEventListener("change", () => setSingleKeys(box.checked));
}

function menus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function forms() {
  for (const button of document.querySelectorAll("[data-fallback]")) button.hidden = true;
  for (const control of document.querySelectorAll("[data-submit]")) {
    control.addEventListener("change", () => control.form.requestSubmit());
  }
}

/** Scroll rows of links that are wider than the screen to the page that is open. */
function reveal() {
  for (const here of document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")) {
    const row = here.parentElement;
    const left = here.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.scrollLeft += left - (row.clientWidth - here.offsetWidth) / 2;
  }
}

listen();
help();
menus();
forms();
reveal();
localTimes(document);
