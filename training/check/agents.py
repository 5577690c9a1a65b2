"""Text that agents, macros and forms wrote, in what should be the customer's words."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from training.check.finding import Finding, about, percent
from training.check.sample import Glance
from training.check.seen import EMPTY, key_of

MIN_ROWS, MIN_SHARE, MUCH = 10, 0.01, 0.05
"""A block stands in ten different messages and one of a hundred; one of twenty is a warning."""
SOME = 3
"""Fewest rows with an agent's phrase worth telling."""
MIN_BLOCK, HAN_WEIGHT = 20, 3
MAX_BLOCKS = 3
EDGE = 400
"""Characters at either end of a message where agents greet and take leave."""
_HAN = re.compile("[\u3400-\u9fff]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")
_SPACE = re.compile(r"[\W_]+")
_SAID = (
    r"thank(?:s| you) for (?:contacting|reaching out|getting in touch|writing (?:in )?to)",
    r"(?:sorry|apologi[sz]e) for (?:the|any) inconvenience",
    r"(?:how (?:may|can) i (?:help|assist) you|is there anything else (?:that )?i can)",
    r"(?:your|this) (?:ticket|case|request) (?:has been|was) (?:received|assigned|closed)",
    r"(?:your|this) (?:ticket|case|request) (?:has been|was) (?:resolved|escalated|forwarded)",
    r"my name is [^.\n]{1,40} and i(?:'ll| will) (?:be )?(?:help|assist)",
    r"tak for (?:din|deres|jeres) (?:henvendelse|mail|besked)",
    r"tak fordi du (?:kontakte|skrev|skriver)",
    r"(?:beklager|undskylder?) (?:meget )?ulejligheden",
    r"(?:hvad|hvordan) kan jeg hjælpe (?:dig|med)",
    r"(?:din|deres) (?:sag|henvendelse) er (?:nu )?(?:modtaget|lukket|løst|videresendt)",
    r"v[ăa] mul[țţt]umim (?:pentru (?:mesaj|solicitare|e-?mail)|c[ăa] ne-a[țţt]i)",
    r"(?:ne )?cerem scuze pentru (?:orice )?(?:inconvenient|nepl[ăa]cere|disconfort)",
    r"cu ce v[ăa] (?:pot|putem) (?:ajuta|fi de folos)",
    r"(?:solicitarea|cererea|sesizarea) (?:dumneavoastr[ăa]|dvs\.?) a fost",
    r"(?:感谢|谢谢|感謝)您?的?(?:来信|来电|咨询|反馈|联系|來信|聯絡)",
    r"(?:给|給)您(?:带来|帶來|造成)(?:的|了)?不便",
    r"(?:请问|請問)?有什么(?:可以|能)(?:帮|幫)(?:助|到|您)",
    r"很高兴为您服务|很高興為您服務",
    r"您的(?:工单|请求|问题|工單)已(?:经)?(?:收到|受理|解决|关闭|转交)",
)
_PHRASES = re.compile("|".join(_SAID), re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,80}%\}|%\{[a-z_.]{2,60}\}|#\{[a-z_.]{2,60}\}"
    r"|\[\[[a-z_. ]{2,60}\]\]",
    re.IGNORECASE,
)


def greets(body: str) -> bool:
    """Tell whether a message begins or ends with a phrase of agents, in any of four languages."""
    edges = body if len(body) <= 2 * EDGE else f"{body[:EDGE]}\n{body[-EDGE:]}"
    return _PHRASES.search(edges) is not None


def has_placeholder(body: str) -> bool:
    """Tell whether a template's placeholder stands in a message, such as ``{{ticket.id}}``."""
    return _PLACEHOLDER.search(body) is not None


def edges(body: str) -> tuple[int, int]:
    """Hash the opening and the closing block of a message: its lines, else its sentences."""
    parts = [part for part in body.split("\n") if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - an opening needs something behind it
        parts = [part for part in _SENTENCE.split(body) if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - same
        return EMPTY, EMPTY
    return _block(parts[0]), _block(parts[-1])


def agents_text(glances: Sequence[Glance]) -> Iterator[Finding]:
    """Find phrases of agents, placeholders of macros, and blocks that many messages share."""
    phrases = [glance.at for glance in glances if glance.greets]
    if len(phrases) >= SOME:
        yield about(
            "warning" if len(phrases) >= MIN_SHARE * len(glances) else "note",
            "agent_phrases",
            f"{len(phrases):,} of {len(glances):,} messages looked at "
            f"({percent(len(phrases), len(glances))}) speak like an agent.",
            "Export the first message of the requester alone (desk formats: first_message), "
            "without replies and internal notes.",
            phrases,
        )
    macros = [glance.at for glance in glances if glance.placeholder]
    if macros:
        yield about(
            "warning",
            "macro_placeholder",
            f"{len(macros):,} of {len(glances):,} messages looked at hold a placeholder of a "
            "template, such as {{name}}.",
            "Drop these rows: a macro wrote them, or it was sent unfilled.",
            macros,
        )
    yield from _blocks(glances)


def _blocks(glances: Sequence[Glance]) -> Iterator[Finding]:
    """Count each block once a different text, since whole twins are told elsewhere."""
    distinct = list({glance.key: glance for glance in glances if glance.key != EMPTY}.values())
    least = max(MIN_ROWS, MIN_SHARE * len(distinct))
    for code, side, where in (("same_opening", 0, "open"), ("same_closing", 1, "close")):
        keys = np.asarray([glance.edges[side] for glance in distinct], np.uint64)
        names, counts = np.unique(keys[keys != EMPTY], return_counts=True)
        common = np.flatnonzero(counts >= least)
        for at in common[np.argsort(-counts[common], kind="stable")][:MAX_BLOCKS]:
            rows = [distinct[i].at for i in np.flatnonzero(keys == names[at])]
            yield about(
                "warning" if len(rows) >= MUCH * len(distinct) else "note",
                code,
                f"{len(rows):,} of {len(distinct):,} different messages looked at "
                f"({percent(len(rows), len(distinct))}) {where} with the same line.",
                "Look at these rows: cut the line from the text where a form, a macro or an agent "
                "wrote it.",
                sorted(rows),
            )


def _block(part: str) -> int:
    folded = _SPACE.sub(" ", part.casefold()).strip()
    weight = len(folded) + (HAN_WEIGHT - 1) * len(_HAN.findall(folded))
    return key_of(folded) if weight >= MIN_BLOCK else EMPTY
