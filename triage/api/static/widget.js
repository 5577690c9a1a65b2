// Help-centre search for a company's own site. One line on the page is enough:
//   <script defer src="https://desk.example/widget/triage.js" data-language="da"></script>
// It stands where the script stands, or in the element that data-into names by its id. Texts of articles are
// shown as text, never as markup; the page's styles do not reach in, and its accent is --triage-accent.
(() => {
  "use strict";
  const TEXTS = {
    en: {
      title: "Search our help", label: "What can we help you with?", go: "Search", busy: "Searching …",
      found: (n) => (n === 1 ? "1 answer" : `${n} answers`),
      nothing: "We found no answer to that. Try other words, or write to us.",
      wait: "That was a little fast. Wait a moment and search again.",
      failed: "The search cannot be reached right now. Please try again.",
      helped: "Did this help?", yes: "Yes", no: "No", thanks: "Thank you.", more: "Read the whole article",
    },
    da: {
      title: "Søg i vores hjælp", label: "Hvad kan vi hjælpe med?", go: "Søg", busy: "Søger …",
      found: (n) => (n === 1 ? "1 svar" : `${n} svar`),
      nothing: "Det fandt vi intet svar på. Prøv med andre ord, eller skriv til os.",
      wait: "Det gik lidt hurtigt. Vent et øjeblik, og søg igen.",
      failed: "Søgningen svarer ikke lige nu. Prøv igen.",
      helped: "Hjalp det?", yes: "Ja", no: "Nej", thanks: "Tak.", more: "Læs hele artiklen",
    },
    ro: {
      title: "Căutați în centrul de ajutor", label: "Cu ce vă putem ajuta?", go: "Caută", busy: "Se caută …",
      found: (n) => (n === 1 ? "1 răspuns" : `${n} răspunsuri`),
      nothing: "Nu am găsit un răspuns. Încercați cu alte cuvinte sau scrieți-ne.",
      wait: "A fost puțin prea repede. Așteptați o clipă și căutați din nou.",
      failed: "Căutarea nu răspunde acum. Încercați din nou.",
      helped: "V-a ajutat?", yes: "Da", no: "Nu", thanks: "Mulțumim.", more: "Citiți tot articolul",
    },
    zh: {
      title: "搜索帮助", label: "有什么可以帮您？", go: "搜索", busy: "正在搜索……",
      found: (n) => `找到 ${n} 个答案`,
      nothing: "没有找到答案。请换个说法，或直接联系我们。",
      wait: "搜索太快了，请稍等片刻再试。",
      failed: "暂时无法搜索，请稍后再试。",
      helped: "这有帮助吗？", yes: "有", no: "没有", thanks: "谢谢。", more: "阅读全文",
    },
  };
  const STYLE = `
    :host { display: block; font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark;
      --ink: #16201e; --soft: #51605c; --line: #7d8c88; --ground: #fff; --accent: var(--triage-accent, #0b6e63); --on: #fff; color: var(--ink); }
    @media (prefers-color-scheme: dark) { :host { --ink: #e7eeec; --soft: #a3b3ae; --line: #74857f; --ground: #161d1c; --accent: var(--triage-accent, #5ccdbc); --on: #04211d; } }
    * { box-sizing: border-box; }
    section { background: var(--ground); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; max-width: 40rem; }
    h2 { font-size: 1.125rem; margin: 0 0 .5rem; }
    form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
    label { flex: 1 1 14rem; color: var(--soft); font-size: .875rem; }
    input { display: block; width: 100%; font: inherit; font-size: 1rem; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; min-height: 2.75rem; }
    button { font: inherit; font-weight: 600; cursor: pointer; border-radius: 8px; border: 1px solid var(--line); background: none; color: var(--ink); min-height: 2.75rem; padding: .4rem 1rem; }
    form button { background: var(--accent); border-color: var(--accent); color: var(--on); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    [role=status] { color: var(--soft); margin: .75rem 0 .25rem; min-height: 1.5em; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { border-top: 1px solid var(--line); }
    summary { cursor: pointer; padding: .75rem 0; font-weight: 600; overflow-wrap: anywhere; }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .75rem; }
    a { color: var(--accent); }
    .vote { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; padding-bottom: .75rem; color: var(--soft); }
    .vote p { margin: 0; }`;

  const script = document.currentScript;
  const base = new URL(".", script.src);
  const asked = (script.dataset.language || document.documentElement.lang || navigator.language || "en").slice(0, 2).toLowerCase();
  const language = asked in TEXTS ? asked : "en";
  const t = TEXTS[language];

  function make(name, text, attributes = {}) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function send(path, content) {
    return fetch(new URL(path, base), {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content),
      credentials: "omit", referrerPolicy: "no-referrer", mode: "cors",
    });
  }

  function link(url) {
    try {
      const target = new URL(url);
      return ["https:", "http:"].includes(target.protocol) ? target.href : null;
    } catch {
      return null;
    }
  }

  function vote(article) {
    const row = make("div", undefined, { class: "vote", role: "group", "aria-label": t.helped });
    const said = make("p", t.helped, { role: "status" });
    const buttons = [[t.yes, true], [t.no, false]].map(([text, helped]) => {
      const button = make("button", text, { type: "button" });
      button.addEventListener("click", async () => {
        for (const one of buttons) one.disabled = true;
        try {
          const answer = await send("vote", { article_id: article.article_id, language: article.language, helped });
          if (!answer.ok) throw new Error(String(answer.status));
          said.textContent = t.thanks;
          for (const one of buttons) one.remove();
        } catch {
          said.textContent = t.failed;
          for (const one of buttons) one.disabled = false;
        }
      });
      return button;
    });
    row.append(said, ...buttons);
    return row;
  }

  function item(article) {
    const entry = make("li"), fold = make("details");
    fold.append(make("summary", article.title || article.article_id), make("p", article.answer, { class: "text" }));
    const target = article.url && link(article.url);
    if (target) {
      const line = make("p");
      line.append(make("a", t.more, { href: target, rel: "noopener" }));
      fold.append(line);
    }
    fold.lang = article.language;
    const asks = vote(article);
    asks.lang = language;
    fold.append(asks);
    entry.append(fold);
    return entry;
  }

  function build() {
    const host = make("div", undefined, { "data-triage": "" });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const area = make("section", undefined, { lang: language, "aria-label": t.title });
    const form = make("form", undefined, { role: "search" });
    const label = make("label", t.label);
    const input = make("input", undefined, { type: "search", maxlength: "300", minlength: "2", required: "", autocomplete: "off", enterkeyhint: "search" });
    const status = make("p", "", { role: "status" }), list = make("ul");
    label.append(input);
    form.append(label, make("button", t.go));
    let turn = 0;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const mine = ++turn;
      status.textContent = t.busy;
      list.replaceChildren();
      let said = t.failed, articles = [];
      try {
        const answer = await send("search", { question: input.value.trim(), language });
        if (answer.ok) {
          articles = (await answer.json()).articles;
          said = articles.length ? t.found(articles.length) : t.nothing;
        } else if (answer.status === 429) said = t.wait;
      } catch {
        // Said below.
      }
      if (mine !== turn) return;
      status.textContent = said;
      list.replaceChildren(...articles.map(item));
    });
    area.append(make("h2", t.title), form, status, list);
    root.append(area);
    const into = script.dataset.into && document.getElementById(script.dataset.into);
    if (into) into.append(host);
    else script.after(host);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", build);
  else build();
})();
