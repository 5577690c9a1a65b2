// Draws the table of a figure as a chart above it; without this script the table stands alone.
const MARKS = ["--accent", "--orange", "--violet", "--blue", "--red", "--green", "--edge", "--muted", "--ink"];
const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3], [], [6, 3], [2, 3], [10, 3, 2, 3], []];
const HEIGHT = 230;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function read(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows];
  const days = rows.map((row) => Date.parse(`${row.cells[0].dataset.day}T00:00:00Z`) / 1000);
  const lines = names.map((_, at) =>
    rows.map((row) => {
      const value = row.cells[at + 1].dataset.value;
      return value === "" || value === undefined ? null : Number(value);
    }),
  );
  return { names, days, lines };
}

function options(figure, names, width) {
  const language = document.documentElement.lang;
  const unit = figure.dataset.unit;
  const digits = new Intl.NumberFormat(language, unit === "%" ? { style: "percent" } : { maximumFractionDigits: 1 });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
  const form = unit === "h" ? figure.dataset.hours : "#";
  const write = (value) => (value === null || value === undefined ? "–" : form.replace("#", digits.format(value)));
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => globalThis.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { points: { size: 7 } },
    legend: { live: true },
    scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((one) => day.format(new Date(one * 1000))), space: 70 },
      { ...axis, values: (_, ticks) => ticks.map(write), size: 56 },
    ],
    series: [
      { label: figure.dataset.day, value: (_, at) => (at === null ? "–" : day.format(new Date(at * 1000))) },
      ...names.map((label, at) => ({
        label,
        stroke: colour(MARKS[at % MARKS.length]),
        width: 2,
        dash: DASHES[at % DASHES.length],
        points: { show: false },
        spanGaps: false,
        value: (_, value) => write(value),
      })),
    ],
  };
}

function draw(figure) {
  const plot = figure.querySelector(".plot");
  const { names, days, lines } = read(figure.querySelector("table.data"));
  if (!names.length || days.length < 2) return;
  plot.hidden = false;
  plot.replaceChildren();
  const width = Math.max(240, plot.clientWidth);
  new globalThis.uPlot(options(figure, names, width), [days, ...lines], plot);
}

function all() {
  for (const figure of document.querySelectorAll("figure.chart")) draw(figure);
}

let waiting = 0;
all();
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(all, 150);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
