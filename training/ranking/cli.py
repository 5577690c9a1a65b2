"""The command ``triage-train ranking``: learn how much history counts, and put it in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from training.printing import check_target, write_json
from training.ranking.measuring import Change, Figures
from training.ranking.run import TEST_SHARE, Learnt, learn, read_cases
from triage.bundle.manifest import RETRIEVAL, read_json
from triage.bundle.moves import Signature
from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.domain import Article
from triage.errors import BundleError, GateError, InputError
from triage.knowledge.finder import Tools, make_tools
from triage.knowledge.rankers import Rankers
from triage.models_cli import Who, Why, sign
from triage.settings import Settings, load_settings
from triage.storage.store import Store
from triage.storage.uses import Uses
from triage.suggest.history import Ranker
from triage.suggest.index import PassageIndex
from triage.text.passages import cut

console = Console(stderr=True, highlight=False)


def ranking(
    bundle: Annotated[
        str | None, typer.Option(help="Bundle whose encoders rank; TRIAGE_BUNDLE if left out.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    test_share: Annotated[
        float, typer.Option(min=0.1, max=0.9, help="Share of the feedback, the latest, to test on.")
    ] = TEST_SHARE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure and change nothing.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the ranker before, or to search alone.")
    ] = False,
    who: Who = None,
    why: Why = "",
    json_: Annotated[
        str | None, typer.Option("--json", help="Write figures here; - is stdout.")
    ] = None,
) -> None:
    """Learn from feedback how much history counts in ranking; use it if it surely ranks better."""
    settings, signature = load_settings(bundle=bundle, profile=profile), sign(who, why, None)
    rankers = Rankers(settings.home)
    if rollback:
        if dry_run or json_:
            raise InputError("--rollback goes with no other option but --who and --why.")
        done = rankers.rollback(signature)
        print(f"ranking by {done.bundle or 'search alone'}; it was {done.before}")
        return
    check_target(json_)
    name, champion = _champion(rankers)
    learnt = _learn(settings, champion, test_share)
    show(learnt, name)
    told = _put_in_use(rankers, learnt, signature, name, dry=dry_run)
    write_json(told, json_)
    if learnt.refused:
        raise GateError(
            f"The gate refuses the new ranker: {'; '.join(learnt.refused)}.",
            fix="What ranks now stays. Try again with more feedback.",
        )
    print(f"ranking by {told['ranker_id'] or 'the same as before (--dry-run)'}")


def show(learnt: Learnt, champion: str | None) -> None:
    """Print what changes on the later feedback."""
    table = Table("", "before", "after", title=f"{learnt.change.cases} later messages")
    for label, before, after in _lines(learnt.beside_search):
        table.add_row(label, before, after)
    console.print(table)
    change = learnt.change
    beside = champion or "search alone"
    console.print(
        f"MRR beside {beside}: {change.mrr_gain:+.4f}, with 95 % certainty more than "
        f"{change.mrr_lower_bound:+.4f}; {learnt.rows['train']} earlier messages learnt from, "
        f"{learnt.rows['agents_left_out']} agents left out who contradict all others",
        markup=False,
    )


def _lines(change: Change) -> Sequence[tuple[str, str, str]]:
    def shown(figures: Figures) -> tuple[str, str, str, str]:
        silent, ece = figures.no_answer_precision, figures.ece
        return (
            f"{figures.recall_at_3:.3f}",
            f"{figures.mrr:.3f}",
            "-" if silent is None else f"{silent:.3f} of {figures.withheld}",
            "-" if ece is None else f"{ece:.3f}",
        )

    labels = ("recall@3", "MRR", "no-answer precision", "ECE")
    return list(zip(labels, shown(change.before), shown(change.after), strict=True))


def _champion(rankers: Rankers) -> tuple[str | None, Ranker | None]:
    """Find the ranker in use; one that cannot be read is nothing to compare with."""
    name = rankers.champion_id()
    try:
        return (name, rankers.find(name)[0]) if name else (None, None)
    except BundleError as error:
        console.print(f"warning: {error.problem}", markup=False)
        return name, None


def _learn(settings: Settings, champion: Ranker | None, test_share: float) -> Learnt:
    with Store.open(settings.store_url) as store:
        base = _open(settings, store.articles.list_articles())
        console.print(f"searching with the messages of {settings.home}", markup=False)
        cases = read_cases(Uses(store.engine), base.index, base.tools.calibrator)
    threshold, encoders = base.tools.calibrator.threshold, base.index.embedder.fingerprint()
    return learn(cases, encoders, threshold, champion, test_share=test_share)


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    tools: Tools
    index: PassageIndex


def _open(settings: Settings, articles: Sequence[Article]) -> _Base:
    """Index the articles of a store with the encoders that a service would use."""
    if not articles:
        raise InputError("The store holds no articles.", fix="Import them, or start the service.")
    folder = Registry(settings.home, settings.models).find(settings.bundle)
    loaded = load_bundle(folder, settings.encoders, settings.profile)
    shipped = settings.encoders / RETRIEVAL
    content: Any = loaded.retrieval or (read_json(shipped) if shipped.is_file() else {})
    profile = loaded.profile(settings.profile)
    tools = make_tools(loaded.encoders, profile, content, loaded.manifest.languages)
    return _Base(
        tools, PassageIndex.build([(one, cut(one)) for one in articles], tools.encoders, profile)
    )


def _put_in_use(
    rankers: Rankers, learnt: Learnt, signature: Signature, expected: str | None, *, dry: bool
) -> dict[str, object]:
    told = {**learnt.told(), "ranker_id": None, "in_use": False}
    if dry:
        return told
    now = datetime.now(UTC)
    name = rankers.new_id(now.date().isoformat(), learnt.fingerprint)
    # What was refused is kept too, so that its figures can be looked at.
    rankers.write(name, learnt.ranker, {**learnt.told(), "created": now.isoformat()})
    if not learnt.refused:
        rankers.promote(name, signature, expected)
    return {**told, "ranker_id": name, "in_use": not learnt.refused}
