"""A help centre of 1,500 articles: the shipped English ones, and others of a hundred industries."""

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from triage.settings import CHECKOUT

COUNT, SEED = 1500, 0
SECTIONS = (2, 4)
"""Least and most sections after the first paragraph; an article has about 150 words."""
Row = Mapping[str, str]


def write_help_centre(folder: Path) -> Path:
    """Write a folder like ``data``, with the articles and the shipped canned responses."""
    target = folder / "articles" / "en"
    target.mkdir(parents=True)
    shipped = sorted((CHECKOUT / "data/articles/en").glob("*.md"))
    for path in shipped:
        shutil.copy(path, target)
    for name, text in compose(_answers(), COUNT - len(shipped)):
        (target / f"{name}.md").write_text(text, encoding="utf-8")
    shutil.copytree(CHECKOUT / "data/canned", folder / "canned")
    return folder


def compose(rows: Sequence[Row], count: int) -> list[tuple[str, str]]:
    """Compose articles, as name and Markdown, from titles and texts of sample answers.

    Each has a title of its own; its first paragraph is the title's own answer where it has one,
    and its sections are other questions of the same industry with their answers.
    """
    draw = random.Random(SEED)  # noqa: S311 - no secret
    industries: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["text"]:
            industries[_industry(row)].append(row)
    titled = list({row["title"]: row for row in rows if industries[_industry(row)]}.values())
    return [_article(row, industries[_industry(row)], draw) for row in draw.sample(titled, count)]


def _article(row: Row, pool: Sequence[Row], draw: random.Random) -> tuple[str, str]:
    others = draw.sample(pool, min(len(pool), draw.randint(*SECTIONS)))
    lead = row["text"] or f"{row['title']}: what to check first, and whom to ask. {pool[0]['text']}"
    parts = [lead]
    for one in others:
        parts += [f"## {one['title']}", one["text"]]
    head = json.dumps(row["title"], ensure_ascii=False)
    front = f"---\nid: {row['scenario_id'].replace('_', '-')}\ntitle: {head}\nlanguage: en\n"
    tags = f"tags: [{_industry(row).replace('_', '-')}]\naudience: customer\nvisibility: public\n"
    return row["scenario_id"], "\n\n".join([f"{front}{tags}---", *parts]) + "\n"


def _industry(row: Row) -> str:
    return row["scenario_id"].rpartition("-")[0]


def _answers() -> list[Row]:
    files = sorted((CHECKOUT / "data/samples/answers").glob("*.jsonl"))
    rows = (json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
    return [row for row in rows if row["language"] == "en"]
