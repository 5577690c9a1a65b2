"""Cut an article into passages: its title, and blocks that answer a question on their own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from triage.domain import Article, Passage
from triage.text.markdown import Block, blocks

# In words; an encoder reads 256 tokens, and an agent reads about this much at a glance.
SMALL = 60
LARGE = 120
# A block is rather this long than cut off from the few words that end it.
STRETCHED = 160

# Chinese writes about one word in 1.6 characters.
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HAN_WORDS = 0.6
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s+[^\s\d(])\s+|[。！？；]+[”’）」]*\s*")


def cut(article: Article) -> tuple[Passage, ...]:
    """Cut an article into its title and blocks of about 60 to 120 words.

    A heading stays with the paragraphs and steps below it and is repeated where these are too
    long for one block. Markdown is taken out, steps keep their numbers and lines. The title is
    passage 0 and blocks count from 1, so ids stay when a title is added: ``reset/en#1``.
    """
    passages: list[Passage] = []
    title = " ".join(article.title.split())
    if title:
        passages.append(_passage(article, title, "title", 0, title))
    for number, text in enumerate(_texts(article.body, title), start=1):
        passages.append(_passage(article, title, "block", number, text))
    return tuple(passages)


def size(text: str) -> float:
    """Count words; a Chinese character counts 0.6 of a word."""
    rest, han = _HAN.subn(" ", text)
    return len(rest.split()) + _HAN_WORDS * han


def sentences(text: str) -> list[str]:
    """Split text after each sentence; joined again, the parts are the text."""
    parts: list[str] = []
    at = 0
    for end in _SENTENCE_END.finditer(text):
        parts.append(text[at : end.end()])
        at = end.end()
    return [*parts, text[at:]] if at < len(text) else parts


def _passage(article: Article, title: str, kind: str, number: int, text: str) -> Passage:
    return Passage(
        id=f"{article.id}/{article.language}#{number}",
        article_id=article.id,
        language=article.language,
        kind="title" if kind == "title" else "block",
        title=title,
        text=text,
    )


def _texts(body: str, title: str) -> Iterator[str]:
    for heading, section in groupby(blocks(body), key=lambda block: block.heading):
        lead = "" if heading.casefold() == title.casefold() else heading
        for text in _packed(list(section)):
            yield f"{lead}\n{text}" if lead else text


def _packed(section: Sequence[Block]) -> list[str]:
    """Merge small neighbours and split what is too large."""
    packs: list[str] = []
    current, weight = "", 0.0
    for piece in _pieces(section):
        more = size(piece)
        if current and not _fits(weight, more):
            packs.append(current)
            current, weight = "", 0.0
        current = f"{current}\n{piece}" if current else piece
        weight += more
    if packs and weight < SMALL / 2 and size(packs[-1]) + weight <= STRETCHED:
        current = f"{packs.pop()}\n{current}"
    return [*packs, current] if current else packs


def _fits(weight: float, more: float) -> bool:
    return weight + more <= (STRETCHED if weight < SMALL else LARGE)


def _pieces(section: Sequence[Block]) -> Iterator[str]:
    """Yield texts of at most a block's size; steps and what introduces them stay together."""
    intro = ""
    for block in section:
        lines = [f"{intro}\n{block.lines[0]}", *block.lines[1:]] if intro else list(block.lines)
        intro = ""
        text = "\n".join(lines)
        if size(text) <= LARGE:
            if not block.is_list and text.endswith((":", "：")):
                intro = text
            else:
                yield text
        elif block.is_list:
            yield from _filled(lines, "\n")
        else:
            yield from _filled(_bounded(sentences(text)), "")
    if intro:
        yield intro


def _filled(parts: Iterable[str], joint: str) -> Iterator[str]:
    current = ""
    for part in parts:
        joined = f"{current}{joint}{part}" if current else part
        if current and size(joined) > LARGE:
            yield current.strip()
            current = part
        else:
            current = joined
    if current.strip():
        yield current.strip()


def _bounded(parts: Iterable[str]) -> Iterator[str]:
    """Cut a sentence without end, such as a pasted table of numbers, by length."""
    for part in parts:
        if size(part) <= STRETCHED:
            yield part
            continue
        step = max(1, int(len(part) * LARGE / size(part)))
        yield from (part[at : at + step] for at in range(0, len(part), step))
