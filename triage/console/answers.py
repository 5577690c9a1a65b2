"""An answer as a page shows it: labels to set, and suggestions to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from triage.domain import Article, LabelResult, Suggestion, TriageResult
from triage.storage.inbox import Item

MOST_KEYS = 9
"""Labels that have a key of their own: the digits from 1 on."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A label that may be set, with the digit that sets it where there is one."""

    label: str
    chosen: bool
    key: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """One labelling question with its answer.

    Args:
        task: Its name.
        number: Its place, which names its marks in the text.
        label: What counts now: an agent's label, else the service's; None without either.
        top_label: The likeliest one whatever the decision.
        confidence: Of the service in ``top_label``.
        decision: Of the service.
        reason: Why it abstained.
        by_agent: An agent set the label.
        words: What spoke for the service's label.
        choices: All labels.
    """

    task: str
    number: int
    label: str | None
    top_label: str
    confidence: float
    decision: str
    reason: str | None
    by_agent: bool
    words: tuple[str, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A suggestion, recorded with the message or found just now.

    Args:
        passage_id: What feedback is about.
        title: Of its article; empty where it may not be shown any more.
        confidence: As recorded, or as found now.
        recorded: Feedback on it can be given.
        event: What an agent did with it.
        found: Draft, answer and parts of the score; None where it was not found anew.
        url: Of its article.
    """

    passage_id: str
    title: str
    confidence: float
    recorded: bool
    event: str | None
    found: Suggestion | None
    url: str | None = None


def recorded_tasks(
    item: Item, known: Mapping[str, Sequence[str]], found: TriageResult | None
) -> tuple[TaskView, ...]:
    """Show the labels that stand in the journal, with the evidence that was found anew.

    Args:
        item: The message.
        known: Labels of the tasks that answer now.
        found: What answers now say about its text.
    """
    set_by_agent = item.outcome.labels if item.outcome else {}
    now = found.labels if found else {}
    views = []
    for number, (task, answer) in enumerate(item.recorded.labels.items()):
        label = set_by_agent.get(task) or answer["label"]
        top = str(answer["top_label"] or "")
        anew = now.get(task)
        words = _words(anew) if anew and anew.label == answer["label"] else ()
        labels = tuple(known.get(task, ())) or tuple(filter(None, (top,)))
        views.append(
            TaskView(
                task,
                number,
                label,
                top,
                float(answer["confidence"]),
                str(answer["decision"]),
                answer["reason"],
                task in set_by_agent,
                words,
                tuple(Choice(one, one == label, "") for one in labels),
            )
        )
    return _keyed(views)


def found_tasks(found: TriageResult, known: Mapping[str, Sequence[str]]) -> tuple[TaskView, ...]:
    """Show the labels of an answer that is not recorded."""
    return tuple(
        TaskView(
            task,
            number,
            answer.label,
            answer.top_label,
            answer.confidence,
            answer.decision,
            answer.reason,
            False,
            _words(answer),
            tuple(Choice(one, one == answer.label, "") for one in known.get(task, ())),
        )
        for number, (task, answer) in enumerate(found.labels.items())
    )


def recorded_proposals(
    item: Item, found: TriageResult | None, articles: Mapping[str, Article]
) -> tuple[Proposal, ...]:
    """Show the suggestions that stand in the journal, in their order.

    What they say comes from the answer found anew, which heeds what may be shown today. Of a
    passage that was not found anew only the title is shown, and that only where it may be.

    Args:
        item: The message.
        found: What answers now say about its text.
        articles: Articles that may be shown, by id, for those not found anew.
    """
    items = found.suggestions.items if found else ()
    by_passage = {one.passage_id: one for one in items}
    by_article = {one.article_id: one for one in reversed(items)}
    events = item.outcome.events if item.outcome else {}
    return tuple(
        _proposal(
            one, by_passage.get(passage) or by_article.get(one["article_id"]), articles, event
        )
        for one in item.recorded.suggestions
        for passage in (str(one["passage_id"]),)
        for event in (events.get(passage),)
    )


def found_proposals(
    found: TriageResult | None, but: Sequence[Proposal] = (), most: int = 3
) -> tuple[Proposal, ...]:
    """Show suggestions that are not recorded, without those that are."""
    shown = {one.found.article_id for one in but if one.found}
    items = found.suggestions.items if found else ()
    return tuple(
        Proposal(one.passage_id, one.title, one.confidence, False, None, one, one.url)
        for one in items
        if one.article_id not in shown
    )[:most]


def _proposal(
    one: Mapping[str, Any],
    found: Suggestion | None,
    articles: Mapping[str, Article],
    event: str | None,
) -> Proposal:
    passage, article = str(one["passage_id"]), articles.get(str(one["article_id"]))
    title = found.title if found else article.title if article else ""
    url = found.url if found else article.url if article else None
    return Proposal(passage, title, float(one["confidence"]), True, event, found, url)


def _words(answer: LabelResult) -> tuple[str, ...]:
    """List what spoke for a label, the strongest first."""
    ranked = sorted(answer.evidence, key=lambda one: -one.weight)
    return tuple(dict.fromkeys(" ".join(one.text.split()) for one in ranked))


def _keyed(views: Sequence[TaskView]) -> tuple[TaskView, ...]:
    """Give each label a digit, where the digits do for all of them."""
    total = sum(len(view.choices) for view in views)
    if total > MOST_KEYS:
        return tuple(views)
    digits = iter(range(1, total + 1))
    return tuple(_with_keys(view, [str(next(digits)) for _ in view.choices]) for view in views)


def _with_keys(view: TaskView, keys: Sequence[str]) -> TaskView:
    pairs = zip(view.choices, keys, strict=True)
    return replace(view, choices=tuple(replace(choice, key=key) for choice, key in pairs))
