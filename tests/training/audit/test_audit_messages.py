"""Neighbours, near-duplicates, outliers and groups."""

import numpy as np
import pytest

from training.audit import neighbours
from training.audit.audit import find_torn
from training.audit.groups import clusters, find_groups, lengths
from training.audit.neighbours import nearest
from training.audit.outliers import find_outliers
from training.audit.twins import distinct, find_twins, wording
from triage.encoders.base import Vectors


def unit(rows: int, dim: int = 8, seed: int = 0) -> Vectors:
    """Draw rows of unit length."""
    drawn = np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def test_neighbours_equal_the_full_comparison() -> None:
    """Blocks give what sorting all cosines gives."""
    vectors = unit(60)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)

    found = nearest(vectors, 3)

    assert found.rows.tolist() == np.argsort(-cosines, axis=1)[:, :3].tolist()
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_cells_find_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the exact size most nearest neighbours are still found, the same at every run."""
    centres = unit(6, 16)
    vectors = np.repeat(centres, 100, axis=0) + 0.1 * unit(600, 16, 1)
    vectors = np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
    exact = nearest(vectors, 1).rows
    monkeypatch.setattr(neighbours, "EXACT", 100)
    monkeypatch.setattr(neighbours, "CELL_ROWS", 100)

    found = [nearest(vectors, 1).rows for _ in range(2)]

    assert (found[0] == exact).mean() > 0.95
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_has_no_neighbour(count: int) -> None:
    """Too few rows give empty tables, no error."""
    assert nearest(unit(count), 5).rows.shape == (count, 0)


def test_near_duplicates_are_told_by_wording() -> None:
    """Case, digits and one changed word make no other message; another sentence does."""
    texts = [
        "My parcel 123 has not arrived and nobody answers the phone at your office",
        "my parcel 987 has not arrived, and nobody answers the phone at your office!",
        "My parcel 5 has not arrived and nobody answers the phone in your office",
        "How do I change the password of my account when the old phone is lost?",
        "",
        "",
    ]
    rows, number = distinct(texts)

    found = find_twins(texts, rows, number, nearest(unit(len(rows)), 5))

    assert found.members() == {found.sets[0]: [0, 1, 2]}
    assert found.score[:2].tolist() == [0, 0]
    assert 0 < found.score[2] <= 0.2
    assert found.score[3] > 0.8


def test_chinese_near_duplicates_are_found() -> None:
    """Characters are compared where words are not spaced apart."""
    texts = [
        "我买的蓝色外套包裹还没有到，麻烦帮我查一下物流信息谢谢",
        "我买的蓝色外套包裹还没有到，麻烦帮我查一下物流信息，谢谢！",
        "密码忘了",
    ]
    rows, number = distinct(texts)

    found = find_twins(texts, rows, number, nearest(unit(len(rows)), 2))

    assert found.sets[0] == found.sets[1] >= 0
    assert found.sets[2] == -1


def test_wording_folds_what_templates_change() -> None:
    """Digits, case and signs do not count."""
    assert wording("Order #12: LATE") == wording("order 34 late")


def test_torn_twins_are_named_with_their_share() -> None:
    """In a set with two labels the rarer one has the lower score; blanks are left alone."""
    texts = ["the very same words"] * 4
    rows, number = distinct(texts)
    twins = find_twins(texts, rows, number, nearest(unit(1), 5))

    found = find_torn(twins, ["a", "a", "b", ""])

    assert found.flags.tolist() == [True, True, True, False]
    assert found.score.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1])


def test_far_message_is_an_outlier() -> None:
    """One row away from a crowd is found; the crowd is not."""
    crowd = np.repeat(unit(1, 16), 80, axis=0) + 0.2 * unit(80, 16, 1)
    vectors = np.vstack([crowd, -crowd[:1]]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    found = find_outliers(nearest(vectors, 5), np.arange(81), ["en"] * 81)

    assert np.flatnonzero(found.flags).tolist() == [80]
    assert found.score.argmin() == 80


def test_copies_are_no_outliers() -> None:
    """A message that came often is not unlike the others, however far it lies."""
    crowd = np.repeat(unit(1, 16), 80, axis=0) + 0.2 * unit(80, 16, 1)
    vectors = np.vstack([crowd, -crowd[:1]]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    number = np.append(np.arange(81), [80] * 9)

    found = find_outliers(nearest(vectors, 5), number, ["en"] * 90)

    assert not found.flags.any()
    assert found.nearest[80] == 0


def test_few_rows_have_no_outliers() -> None:
    """Below fifty rows nobody is called far."""
    found = find_outliers(nearest(unit(20), 5), np.arange(20), ["en"] * 20)

    assert not found.flags.any()


def test_weak_group_is_found_with_its_interval() -> None:
    """A channel that does much worse is named; one that does as well is not."""
    hits = np.ones(400)
    hits[:40] = 0
    channels = ["email"] * 100 + ["chat"] * 300

    found, looked = find_groups({"queue": hits}, {"channel": channels, "blank": [""] * 400})

    assert [group.name for group in found] == ["channel=email"]
    assert found[0].interval[0] < found[0].accuracy == 0.6 < found[0].interval[1]
    assert found[0].score == pytest.approx(0.6)
    assert looked == 2


def test_chance_differences_are_corrected_for() -> None:
    """Among many groups of the same quality none is called weak."""
    draw = np.random.default_rng(0)
    hits = (draw.random(4000) < 0.8).astype(float)

    found, looked = find_groups({"queue": hits}, {"agent": [f"a{i % 40}" for i in range(4000)]})

    assert looked == 40
    assert found == []


def test_columns_that_name_rows_are_no_groups() -> None:
    """A column with a value a row is not compared, nor are groups of few rows."""
    values = {"id": [str(i) for i in range(200)], "small": ["a"] * 5 + ["b"] * 195}

    assert find_groups({"queue": np.ones(200)}, values) == ([], 0)


def test_lengths_and_clusters_have_names() -> None:
    """A length class says its bounds, a cluster its middle row and telling words."""
    vectors = np.repeat(unit(2, 16), 100, axis=0) + 0.05 * unit(200, 16, 1)
    texts = ["my parcel is late"] * 100 + ["password does not work"] * 100

    names = clusters(np.asarray(vectors, np.float32), texts, range(1, 201), 0)

    assert lengths(["x" * 40, "x" * 41, "x" * 5000]) == ["up to 40", "41 to 120", "over 1500"]
    assert len(set(names)) == 2
    assert "parcel" in names[0]
    assert "password" in names[-1]
    assert clusters(unit(50), ["a"] * 50, range(50), 0) == [""] * 50
