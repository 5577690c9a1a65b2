"""What the library of canned responses looks like."""

from triage.api.schemas import Out
from triage.suggest.voice.responses import CannedResponse
from triage.suggest.voice.voices import Voices


class CannedOut(Out):
    """A prepared reply; what stands in double braces is filled in when it is inserted."""

    id: str
    language: str
    title: str
    text: str
    placeholders: list[str]

    @classmethod
    def of(cls, response: CannedResponse) -> "CannedOut":
        """Show a response."""
        return cls(
            id=response.id,
            language=response.language,
            title=response.title,
            text=response.text,
            placeholders=list(response.placeholders),
        )


class CannedAnswer(Out):
    """Canned responses by language and title; ``values`` fills a brand's own placeholders."""

    canned: list[CannedOut]
    values: dict[str, str]


def canned_answer(voices: Voices, language: str | None, brand: str | None) -> CannedAnswer:
    """Show the library, in one language if one is named."""
    found = [one for one in voices.responses if language in {None, one.language}]
    values = dict(voices.values_of(brand))
    return CannedAnswer(canned=[CannedOut.of(one) for one in found], values=values)
