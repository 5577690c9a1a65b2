"""Print what ranking gains from history, on simulated agents over our own help centre.

Example: python -m training.ranking --profile tiny --messages 3000
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from training.printing import check_target, write_json
from training.ranking.cases import Case, Cases, find_cases
from training.ranking.measuring import Change, Figures, by_history, compare, measure
from training.ranking.run import Learnt, learn
from training.ranking.simulate import POISONER, Simulated, Topic, World, poison, simulate
from training.retrieval import FILTERS, read_questions
from triage.domain import Article
from triage.knowledge.finder import Tools, shipped_tools
from triage.knowledge.importer import read_articles
from triage.suggest.index import PassageIndex
from triage.suggest.query import Query
from triage.suggest.verdicts import judge
from triage.text.passages import cut

console = Console(highlight=False)


def topics_of(folder: Path) -> list[Topic]:
    """Read all written questions as topics."""
    questions = [*read_questions(folder, "calibration"), *read_questions(folder, "test")]
    return [Topic(one.text, one.language, one.article_id) for one in questions]


class Desk:
    """A help centre with the tools that search it.

    Args:
        articles: The help centre.
        tools: Encoders and calibrator.
        least: Lowest confidence displayed.
    """

    def __init__(self, articles: Sequence[Article], tools: Tools, least: float = 0.0) -> None:
        self._tools, self._least = tools, least
        pairs = [(one, cut(one)) for one in articles]
        self.index = PassageIndex.build(pairs, tools.encoders, tools.profile)

    def display(self, topic: Topic, at: datetime) -> list[str]:
        """Suggest as the service does without history."""
        del at
        vectors = self._tools.encoders.encode([topic.text], [topic.language], self._tools.profile)
        query = Query(topic.text, topic.language, vectors[0], FILTERS)
        found = self.index.find(query, 10)
        sure = self._tools.calibrator.confidences(found, topic.text)
        pairs = sorted(zip(found, sure, strict=True), key=lambda pair: -pair[1])
        return [one.name for one, part in pairs if part >= self._least]

    def cases(self, simulated: Sequence[Simulated]) -> Cases:
        """Search with all messages, those without feedback too."""
        return find_cases([one.handled for one in simulated], self.index, self._tools.calibrator)

    def learn(self, cases: Cases) -> Learnt:
        """Learn as ``triage-train ranking`` does, from messages that somebody judged."""
        judged = [row for row, case in enumerate(cases.items) if judge(case.handled.shown)]
        threshold = self._tools.calibrator.threshold
        return learn(cases[judged], self.index.embedder.fingerprint(), threshold)

    def compare(self, cases: Cases, learnt: Learnt) -> Change:
        """Measure search alone and the learnt ranking on what is right."""
        threshold = self._tools.calibrator.threshold
        before = measure(cases, by_history(None), threshold)
        return compare(cases, before, measure(cases, by_history(learnt.history), threshold))


def in_truth(cases: Cases, simulated: Sequence[Simulated], *, new: bool | None = None) -> Cases:
    """Keep the cases after all learning, with what is right instead of what was used.

    Args:
        cases: Of all messages.
        simulated: The same messages.
        new: Keep only questions that nobody asked before, or only the others; all where None.
    """
    of = {one.handled.message: one for one in simulated}
    rows = [
        row
        for row, case in enumerate(cases.items)
        if new in {None, of[case.handled.message].new} and case.handled.agent != POISONER
    ]
    chosen = cases[rows]
    return Cases([_true(case, of) for case in chosen.items], chosen.vectors)


def _true(case: Case, of: Mapping[int, Simulated]) -> Case:
    right = of[case.handled.message].right
    verdicts = {name: 1.0 if name == right else -1.0 for name in case.names}
    known = frozenset({right} if right else ())
    unanswerable = right is None
    return replace(case, verdicts=verdicts, right=known, unanswerable=unanswerable, known=None)


def main(  # noqa: PLR0913, PLR0917 - every parameter is an option of its own
    profile: Annotated[str, typer.Option(help="Profile: twin or tiny.")] = "tiny",
    messages: Annotated[int, typer.Option(min=100, help="Messages to simulate.")] = 3_000,
    agents: Annotated[int, typer.Option(min=1, help="Agents who handle them.")] = 8,
    shown: Annotated[int, typer.Option(min=1, max=10, help="Suggestions displayed.")] = 3,
    min_confidence: Annotated[
        float | None, typer.Option(help="Lowest one displayed; the shipped threshold if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all chances.")] = 0,
    encoders: Annotated[Path, typer.Option(help="Encoder folders.")] = Path("models/encoders"),
    data: Annotated[Path, typer.Option(help="Articles and questions.")] = Path("data"),
    json_: Annotated[str | None, typer.Option("--json", help="Write figures here.")] = None,
) -> None:
    """Simulate agents, learn from the first part of their time, and measure the last."""
    check_target(json_)
    tools = shipped_tools(encoders, profile)
    least = tools.calibrator.threshold if min_confidence is None else min_confidence
    desk = Desk(read_articles(data / "articles"), tools, least)
    world = World(messages=messages, agents=agents, shown=shown, seed=seed)
    clean = simulate(topics_of(data / "questions"), desk.display, world)
    wrong = min(one.right for one in clean if one.right)
    reports = {
        "agents as they are": report_on(desk, clean, world),
        "one more, who poisons": report_on(desk, poison(clean, wrong, 0.5), world),
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    title = f"{messages} simulated messages, {agents} agents, at most {shown} suggestions of "
    title += f"confidence {least:.2f}, profile {profile}, seed {seed}, questions of {data}"
    for name, report in reports.items():
        show(report, f"{name}: {title}; {machine}")
    write_json({name: report.told() for name, report in reports.items()}, json_)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was learnt, and what it changes on what is right, by kind of question."""

    learnt: Learnt
    changes: Mapping[str, Change]

    def told(self) -> dict[str, object]:
        """Return all figures."""
        changes = {name: asdict(change) for name, change in self.changes.items()}
        return {"ranker": asdict(self.learnt.ranker), **self.learnt.told(), "in_truth": changes}


def report_on(desk: Desk, simulated: Sequence[Simulated], world: World) -> Report:
    """Learn from simulated messages, and measure on those after the learning."""
    cases = desk.cases(simulated)
    later = cases[len(cases) - round(len(cases) * world.test_share) :]
    learnt = desk.learn(cases)
    kinds = (("all", None), ("asked before", False), ("new questions", True))
    changes = {
        name: desk.compare(in_truth(later, simulated, new=new), learnt) for name, new in kinds
    }
    return Report(learnt, changes)


def show(report: Report, title: str) -> None:
    """Print what changes, and what the ranker is made of."""
    names = ("recall@3", "MRR", "no-answer precision", "ECE")
    table = Table("questions", "with an answer", *names, title=title)
    for name, change in report.changes.items():
        pairs = zip(_cells(change.before), _cells(change.after), strict=True)
        cells = [f"{before} to {after}" for before, after in pairs]
        table.add_row(name, str(change.cases), *cells)
    console.print(table)
    learnt = report.learnt
    verdict = "; ".join(learnt.refused) or "the gate lets it pass"
    bound = learnt.change.mrr_lower_bound
    console.print(f"{learnt.ranker}", markup=False, soft_wrap=True)
    console.print(
        f"on feedback alone: MRR {learnt.change.mrr_gain:+.4f}, lower bound {bound:+.4f}; {verdict}"
    )


def _cells(figures: Figures) -> list[str]:
    silent = figures.no_answer_precision
    return [
        f"{figures.recall_at_3:.3f}",
        f"{figures.mrr:.3f}",
        f"{silent:.3f} of {figures.withheld}" if silent is not None else "-",
        f"{figures.ece:.3f}" if figures.ece is not None else "-",
    ]
