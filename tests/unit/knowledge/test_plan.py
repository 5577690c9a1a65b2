"""What an import would change, and what it may delete."""

import pytest

from tests.unit.knowledge.test_importer import MemoryStore
from triage.domain import Article, Origin
from triage.errors import RemovalError
from triage.knowledge.diff import MAX_LINES, compared, differences
from triage.knowledge.faults import Fault, Placed
from triage.knowledge.plan import Plan, Wish, carry_out, plan_import

HELP = Wish("help")
A, B, C, D = (Article(name, "en", name.upper(), f"Text of {name}.") for name in "abcd")


def placed(*articles: Article) -> list[Placed]:
    """Put articles on rows."""
    return [(f"row {number}", article) for number, article in enumerate(articles, start=1)]


def store(*articles: Article, **owners: str) -> MemoryStore:
    """Build a store whose articles are of sources."""
    made = MemoryStore(*articles)
    made.owners = {(name, "en"): source for name, source in owners.items()}
    return made


def carried(plan: Plan, target: MemoryStore, wish: Wish) -> list[str]:
    """Carry a plan out and list what the store holds."""
    carry_out(plan, target, wish, Origin("import", "test", wish.source))
    return sorted(name for name, _ in target.articles)


def test_sync_touches_its_own_source_alone() -> None:
    """What vanished goes, what is new comes, and others stay as they are."""
    target = store(A, B, C, D, a="help", b="help", c="other")
    new = Article("new", "en", "New", "New.")
    plan = plan_import(placed(A, new), (), target, HELP)

    assert (plan.added, plan.unchanged, plan.deleted) == ((new,), (A,), (B,))
    assert carried(plan, target, HELP) == ["a", "c", "d", "new"]
    assert target.owners[("new", "en")] == "help"


def test_second_sync_writes_nothing() -> None:
    """The same articles again change no row."""
    target = store(A, B, a="help", b="help")

    assert (
        carry_out(plan_import(placed(A, B), (), target, HELP), target, HELP, Origin()).change
        is None
    )
    assert target.writes == 0


def test_articles_of_no_source_are_adopted_and_of_others_refused() -> None:
    """A source takes over what nobody keeps in step, unchanged; never what another does."""
    target = store(A, B, b="other")
    plan = plan_import(placed(A, B), (), target, HELP)

    assert plan.adopted == (A,)
    assert [(fault.where, fault.article_id) for fault in plan.refused] == [("row 2", "b")]
    assert "source other" in plan.refused[0].problem
    assert carried(plan, target, HELP) == ["a", "b"]
    assert target.owners == {("a", "en"): "help", ("b", "en"): "other"}


def test_import_without_a_source_deletes_nothing_and_keeps_sources() -> None:
    """It is no sync, so nothing is known to have vanished."""
    target = store(A, B, a="help")

    assert carried(plan_import(placed(D), (), target, Wish()), target, Wish()) == ["a", "b", "d"]
    assert target.owners == {("a", "en"): "help"}


def test_more_than_half_is_refused_without_the_flag() -> None:
    """Half may go, more needs to be asked for, and nothing is written before."""
    target = store(A, B, C, D, a="help", b="help", c="help", d="help")
    half = plan_import(placed(A, B), (), target, HELP)
    most = plan_import(placed(A), (), target, HELP)

    assert (half.removes_most, most.removes_most) == (False, True)
    with pytest.raises(RemovalError, match=r"3 of the 4 articles of the source help"):
        carry_out(most, target, HELP, Origin())
    assert target.writes == 0
    assert carried(most, target, Wish("help", remove_most=True)) == ["a"]


def test_refused_article_is_not_taken_for_vanished() -> None:
    """Where it is known which one it was, the others may go; else nobody does."""
    target = store(A, B, C, a="help", b="help", c="help")
    known = Fault("row 2", "bad.", "Mend it.", article_id="b")
    unknown = Fault("row 2", "bad.", "Mend it.")

    assert plan_import(placed(A), [known], target, HELP).deleted == (C,)
    assert plan_import(placed(A), [unknown], target, HELP).deleted == ()
    assert not plan_import(placed(A), [unknown], target, Wish(prune=True)).complete


def test_the_same_article_twice_is_refused_once() -> None:
    """The first stands, and nothing is deleted."""
    plan = plan_import(placed(A, A), (), store(B), Wish(prune=True))

    assert plan.added == (A,)
    assert [fault.where for fault in plan.refused] == ["row 2"]
    assert plan.deleted == ()


def test_differences_are_told_article_by_article() -> None:
    """What goes, what changes and how, what comes."""
    target = store(A, B, a="help", b="help")
    after = Article("a", "en", "Title", "Text of a. And more.", tags=("x", "y"))
    lines = list(differences(plan_import(placed(after, D), (), target, HELP)))

    assert [(one.outcome, one.id) for one in lines] == [
        ("deleted", "b"),
        ("changed", "a"),
        ("added", "d"),
    ]
    assert lines[1].fields == ("title", "body", "tags")
    assert lines[1].lines == (
        "- title: A",
        "+ title: Title",
        "- tags: ",
        "+ tags: x, y",
        "@ @ -1 +1,2 @@".replace("@ @", "@@"),
        "  Text of a.",
        "+ And more.",
    )


def test_long_differences_are_cut() -> None:
    """A body written anew does not fill the screen, and one that is huge is only counted."""
    many = "\n".join(f"Line {number}." for number in range(500))
    few = compared(Article("a", "en", "", "x"), Article("a", "en", "", many))
    huge = compared(Article("a", "en", "", "x"), Article("a", "en", "", many * 5))

    assert len(few.lines) == MAX_LINES + 1
    assert "more lines" in few.lines[-1]
    assert huge.lines[0] == "- body: 1 sentences"
