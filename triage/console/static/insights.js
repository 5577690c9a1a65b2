// Parts of a page that take a moment: fetched once the rest can be read, and put where their link was.
async function fill(place) {
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(place.dataset.load, { headers: { "x-requested-with": "fetch" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById(place.dataset.part);
    if (part) place.replaceChildren(...part.childNodes);
  } catch {
    // The link that stands there leads to the same.
  } finally {
    place.removeAttribute("aria-busy");
  }
}

for (const place of document.querySelectorAll("[data-load]")) fill(place);
