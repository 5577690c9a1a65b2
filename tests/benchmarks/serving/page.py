"""Write what was measured as Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.serving.figures import Figures, Spread, spread
from tests.benchmarks.serving.messages import LENGTHS
from tests.benchmarks.serving.run import CONNECTIONS
from tests.benchmarks.serving.servers import OURS, TITLES
from tests.benchmarks.serving.targets import Found, Target, judged

ORDER = ("constant", "naive", "infinity", "infinity-bf16", "tiny", "twin")
MIX_STEPS = tuple(f"mix-{count}" for count in CONNECTIONS)
LENGTH_STEPS = {f"{length}-1": f"{length} tokens" for length in LENGTHS}
NOTHING = "Nothing is measured yet."
NOISE = 0.25
"""Processors used by others in a cell from which on the page counts it as disturbed."""
CLOCK = """\
The clock is the client's: wrk's for latencies (one thread, its percentiles as it reports them), \
from sending a request to the last byte of its answer. CPU-seconds are those of the server's \
process tree, user and system, from /proc; memory is the sum of its peaks. A cell lasts longer \
than said where a server is so slow that it would not give ten answers a connection. Start runs \
from the start of the process to the first answer, with files in the page cache and the articles \
imported; of ours also for the first time over a store."""
ABOUT = {
    "rates": "Requests per CPU-second; then requests/s; p50; p99 in ms.",
    "lengths": "p50; p99 in ms, messages of exactly so many tokens.",
    "costs": """\
More may be recorded than answered: the load breaks off requests under way at the end of a cell.""",
    "flood": """\
Asked at twice the requests/s of 16 connections, whether answers come or not; a request's time \
runs from the moment it was due. Times in ms.""",
    "pair": """\
16 connections each. What is outside the servers (wrk, PostgreSQL, other processes) takes its \
processors from them where there are two in all.""",
    "targets": """\
Medians of the ratios taken inside each round, the range of the rounds in brackets; the worst \
median decides. Of infinity-emb the better number format counts.""",
}
MIXED = "**Cells of different code are mixed here**; measure anew with --fresh."
Run = Mapping[str, Any]


def page(figures: Figures, run: Run) -> str:
    """Write all tables."""
    if not figures.records:
        return f"{NOTHING}\n"
    parts = (
        *(_setup(figures, run), CLOCK, _throughput(figures), _lengths(figures), _costs(figures)),
        *(_floods(figures), _pairs(figures), summary(figures), _missing(figures), _messages(run)),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(figures: Figures) -> str:
    """Write the ratios beside what is asked."""
    if not figures.records:
        return NOTHING
    heads = ("figure", "of", "measured", "required", "ambition", "")
    rows = (
        (
            *(target.title, target.of, _found(target, found)),
            *(_bound(target, target.bound), _bound(target, target.ambition), verdict),
        )
        for target, found, verdict in judged(figures)
    )
    return _section("Targets", ABOUT["targets"], heads, rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _section(title: str, about: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table with its heading, or nothing where it has no rows."""
    found = list(rows)
    return f"### {title}\n\n{about}\n\n{table(heads, found)}" if found else ""


def _found(target: Target, found: Found) -> str:
    return " / ".join("-" if one is None else _spread(one, target.digits) for one in found)


def _bound(target: Target, bound: float | None) -> str:
    return "" if bound is None else f"{'>=' if target.least else '<='} {bound:.3g}"


def _spread(one: Spread, digits: int) -> str:
    middle, low, high = (f"{value:,.{digits}f}" for value in (one.middle, one.low, one.high))
    return middle if low == high else f"{middle} ({low}-{high})"


def _setup(figures: Figures, run: Run) -> str:
    machine, others = run["machine"], sorted(figures.every("others_cores"))
    shared = " (two threads of one core)" if machine["siblings"] else ""
    told = (
        f"{machine['processor']}, {machine['cores']} processors{shared}, {machine['memory_gb']} "
        f"GB; load average before the run {machine['load_average']}. {run['cores']}. Form "
        f"{run['form']}: {run['seconds']} s a cell, {len(figures.rounds)} of {run['rounds']} "
        f"rounds. Begun {run['begun']}, commit {run['revision']}; {run['versions']}."
    )
    lines = [told]
    if others:
        noisy = sum(one > NOISE for one in others)
        lines.append(
            f"Other processes took {others[len(others) // 2]:.2f} processors in the median cell, "
            f"{others[-1]:.2f} at most, over {NOISE} in {noisy} of {len(others)} cells."
        )
    keys = {(one["server"], one["key"]) for one in figures.records}
    if len(keys) > len({server for server, _ in keys}):
        lines.append(MIXED)
    return "\n".join(lines)


def _throughput(figures: Figures) -> str:
    counts = [f"{count} connection{'s' if count > 1 else ''}" for count in CONNECTIONS]
    heads = ("server", *(f"{count}, per CPU-s" for count in counts), *counts)
    rows = (
        (
            TITLES[name],
            *(_middle(figures, name, step, "per_cpu_s", 0) for step in MIX_STEPS),
            *(_times(figures, name, step) for step in MIX_STEPS),
        )
        for name in _measured(figures, "mix-1", "per_s")
    )
    return _section("Throughput and latency, mix", ABOUT["rates"], heads, rows)


def _times(figures: Figures, server: str, step: str) -> str:
    gone = figures.most_of(server, step, ("lost", "refused"))
    told = f", **{gone:.0f} lost or refused**" if gone else ""
    return f"{_middle(figures, server, step, 'per_s', 0)}; {_both(figures, server, step, 2)}{told}"


def _lengths(figures: Figures) -> str:
    heads = ("server", "mix", *LENGTH_STEPS.values())
    rows = [
        (TITLES[name], *(_both(figures, name, step, 2) for step in ("mix-1", *LENGTH_STEPS)))
        for name in _measured(figures, "mix-1", "per_s")
    ]
    if figures.over("bare", "call", "mix"):
        names = ("mix", *map(str, LENGTHS))
        calls = (_middle(figures, "bare", "call", name, 2) for name in names)
        rows.append(("bare ONNX Runtime call, int8, one thread", *calls))
    return _section("Latency by length, 1 connection", ABOUT["lengths"], heads, rows)


def _costs(figures: Figures) -> str:
    heads = (
        *("server", "start to first answer, s", "for the first time, s", "peak memory, MB"),
        *("bytes of an answer", "suggestions an answer", "answers in English"),
        "recorded / answered",
    )
    rows = (_cost(figures, name) for name in _measured(figures, "start", "start_s"))
    return _section("Start, memory, answers", ABOUT["costs"], heads, rows)


def _cost(figures: Figures, name: str) -> Sequence[str]:
    memory = spread(figures.most(name, "peak_mb"))
    journal = [figures.over(name, "journal", field) for field in ("recorded", "sent")]
    english = figures.over(name, "start", "english")
    return (
        TITLES[name],
        _middle(figures, name, "start", "start_s", 2),
        _middle(figures, name, "start", "first_start_s", 2),
        f"{memory.middle:,.0f}" if memory else "-",
        _middle(figures, name, "start", "reply_bytes", 0),
        _middle(figures, name, "start", "suggestions", 2),
        f"{english.middle:.0%}" if english else "-",
        " / ".join(f"{one.middle:,.0f}" for one in journal if one) or "-",
    )


def _floods(figures: Figures) -> str:
    heads = (
        *("server", "asked/s", "refused", "refusals p50; p99", "served p50; p99"),
        *("other or lost", "client late, p99"),
    )
    rows = (_flood(figures, name) for name in OURS if figures.over(name, "flood", "asked"))
    return _section("Twice the capacity", ABOUT["flood"], heads, rows)


def _flood(figures: Figures, name: str) -> Sequence[str]:
    share = figures.over(name, "flood", "refused_share")
    return (
        TITLES[name],
        _middle(figures, name, "flood", "asked_per_s", 0),
        f"{share.middle:.0%}" if share else "-",
        _both(figures, name, "flood", 1, "refused_"),
        _both(figures, name, "flood", 1, "served_"),
        f"{figures.most_of(name, 'flood', ('other', 'lost')):.0f}",
        _middle(figures, name, "flood", "client_late_p99_ms", 1),
    )


def _pairs(figures: Figures) -> str:
    heads = (
        *("servers", "requests/s", "per CPU-s", "p50; p99, ms", "processors of servers"),
        *("of wrk", "of all outside"),
    )
    rows = (
        (
            f"{count}, {name}",
            *(_middle(figures, "pair", step, field, 0) for field in ("per_s", "per_cpu_s")),
            _both(figures, "pair", step, 1),
            *(
                _middle(figures, "pair", step, f"{kind}_cores", 2)
                for kind in ("server", "wrk", "outside")
            ),
        )
        for name in OURS
        for count in ("one", "two")
        if figures.over("pair", step := f"{count}-{name}", "per_s")
    )
    return _section("Two servers over one PostgreSQL", ABOUT["pair"], heads, rows)


def _missing(figures: Figures) -> str:
    titles = TITLES | {"pair": "two servers"}
    lines = [f"- {title}: {why}" for name, title in titles.items() if (why := figures.why(name))]
    return "\n".join(["### Not measured\n", *lines]) if lines else ""


def _messages(run: Run) -> str:
    rows: Sequence[tuple[str, int]] = run["histogram"]
    about = (
        f"{sum(count for _, count in rows)} different ones of {run['mean']:.1f} MiniLM tokens on "
        "average (with the two special ones), composed from the English samples with a fixed seed."
    )
    heads = ("tokens", *(name for name, _ in rows))
    return _section("Messages", about, heads, [("messages", *(str(count) for _, count in rows))])


def _measured(figures: Figures, step: str, field: str) -> Iterator[str]:
    return (name for name in ORDER if figures.over(name, step, field))


def _both(figures: Figures, server: str, step: str, digits: int, kind: str = "") -> str:
    """Write p50 and p99."""
    fields = (f"{kind}p50_ms", f"{kind}p99_ms")
    return "; ".join(_middle(figures, server, step, field, digits) for field in fields)


def _middle(figures: Figures, server: str, step: str, field: str, digits: int) -> str:
    found = figures.over(server, step, field)
    return "-" if found is None else f"{found.middle:,.{digits}f}"
