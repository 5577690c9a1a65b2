"""Answer questions over articles read from files: encoders, index and calibrator together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.bundle.manifest import RETRIEVAL, read_json
from triage.encoders.base import EncoderSet, Profile
from triage.encoders.loading import TINY, TWIN, load_encoder_set
from triage.errors import BundleError, InputError
from triage.suggest.calibrator import RetrievalCalibrator, from_json
from triage.suggest.index import Cut, PassageIndex
from triage.suggest.query import Filters, Hit, Query
from triage.text.language import LanguageIdentifier

LANGUAGES = ("en", "da", "ro", "zh")
"""Languages that the shipped encoders were trained for."""
PROFILES = {profile.name: profile for profile in (TWIN, TINY)}


@dataclass(frozen=True, slots=True)
class Tools:
    """All that turns texts into vectors and scores into confidences, for one profile."""

    encoders: EncoderSet
    profile: Profile
    calibrator: RetrievalCalibrator
    identifier: LanguageIdentifier


def make_tools(
    encoders: EncoderSet, profile: Profile, calibrators: Mapping[str, Any], languages: Sequence[str]
) -> Tools:
    """Put encoders and calibrators together after checking that they belong together.

    Args:
        encoders: The encoders of a bundle, or the shipped ones.
        profile: How they are used.
        calibrators: Content of a ``retrieval.json``.
        languages: Codes that a question's language is chosen from.

    Raises:
        BundleError: When the calibrators are of other encoders, or have none for the profile.
        CorruptBundleError: When the calibrators are broken.
    """
    known = calibrators.get("profiles") or {}
    if calibrators.get("space") != encoders.space or profile.name not in known:
        raise BundleError(
            f"No retrieval calibrator fits these encoders in profile {profile.name}.",
            fix="Fit one with python -m training.retrieval.",
        )
    calibrator = from_json(calibrators)[profile.name]
    return Tools(encoders, profile, calibrator, LanguageIdentifier(languages))


def shipped_tools(folder: Path, profile: str) -> Tools:
    """Take the encoders of a folder with the calibrators beside them.

    Raises:
        InputError: When there is no such profile.
        EncoderError: When an encoder that the profile needs is missing or broken.
        CorruptBundleError: When the calibrators are missing or broken.
    """
    if profile not in PROFILES:
        raise InputError(
            f"There is no profile {profile!r}.", fix=f"Choose {' or '.join(PROFILES)}."
        )
    chosen = PROFILES[profile]
    encoders = load_encoder_set(folder / name for name in sorted(set(chosen.routes.values())))
    return make_tools(encoders, chosen, read_json(folder / RETRIEVAL), LANGUAGES)


class Finder:
    """Finds articles for questions.

    Args:
        articles: The knowledge base, cut into passages.
        tools: Encoders, calibrator and language identifier.
        advance: Hears of every so many passages embedded.
    """

    def __init__(
        self,
        articles: Sequence[Cut],
        tools: Tools,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._tools = tools
        self.index = PassageIndex.build(articles, tools.encoders, tools.profile, advance)

    def find(
        self,
        questions: Sequence[str],
        filters: Filters,
        top: int,
        *,
        hints: Sequence[str] = (),
        article_language: str | None = None,
        min_confidence: float = 0.0,
    ) -> list[list[tuple[Hit, float]]]:
        """Find the best distinct articles for each question, with their confidences.

        Args:
            questions: Plain texts; an empty one finds nothing.
            filters: Which articles may be shown.
            top: How many at most.
            hints: The language each question is said to be in, ``""`` where nothing is said.
            article_language: Search only the articles of this language.
            min_confidence: Lowest confidence listed.
        """
        said = hints or [""] * len(questions)
        identify = self._tools.identifier.identify
        codes = [identify(q, hint or None).code for q, hint in zip(questions, said, strict=True)]
        vectors = self._tools.encoders.encode(questions, codes, self._tools.profile)
        found = []
        for text, code, vector in zip(questions, codes, vectors, strict=True):
            query = Query(text, code, vector, filters, article_language)
            hits = self.index.search(query, top) if text.strip() else []
            scored = [(hit, self._tools.calibrator.confidence(hit, text)) for hit in hits]
            found.append([pair for pair in scored if pair[1] >= min_confidence])
        return found
