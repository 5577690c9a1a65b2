"""What a worker does: units in, the bytes of their labelled rows out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.bulk.rendering import Renderer, texts_of
from triage.bulk.units import Cells, Unit
from triage.bundle.store import load_bundle
from triage.domain import Article, Options
from triage.pipeline import Pipeline
from triage.predictions import BATCH, MessageColumns, cells_of
from triage.settings import Settings
from triage.text.language import LanguageIdentifier

Labels = Callable[[Unit], bytes]


@dataclass(frozen=True, slots=True)
class Labelling:
    """All that a worker must know; sent to each one once, when it starts.

    Args:
        settings: Where the encoders are, and the profile.
        folder: Of the bundle.
        columns: Which columns hold the message.
        suggestions: Articles per message.
        articles: The knowledge base, where articles are asked for.
        renderer: Makes the bytes.
    """

    settings: Settings
    folder: Path
    columns: MessageColumns
    suggestions: int
    articles: Sequence[Article]
    renderer: Renderer

    def open(self) -> Labels:
        """Load the bundle, and index the articles where they are asked for.

        Raises:
            BundleError: When the bundle is missing, corrupt, or has no such profile.
            EncoderError: When an encoder is missing or broken.
        """
        pipeline = self._pipeline()
        options, groups = Options(suggestions=self.suggestions), pipeline.labeler.groups

        def answers(unit: Unit) -> Iterator[Cells]:
            wanted = list(dict.fromkeys(self.columns.required))
            rows = texts_of(unit, self.renderer.columns, wanted)
            messages = [self.columns.message(dict(zip(wanted, row, strict=True))) for row in rows]
            for start in range(0, len(messages), BATCH):
                for result in pipeline.run(messages[start : start + BATCH], options):
                    yield cells_of(result, self.suggestions, groups)

        return lambda unit: self.renderer.body(unit, list(answers(unit)))

    def _pipeline(self) -> Pipeline:
        if self.suggestions:
            # Half of what a worker that only labels would import.
            from triage.live import open_live
            from triage.telemetry import Telemetry

            telemetry = Telemetry(self.settings.log_level)
            live = open_live(self.settings, self.folder, "", lambda: self.articles, telemetry)
            return live.pipeline
        bundle = load_bundle(self.folder, self.settings.encoders, self.settings.profile)
        identifier = LanguageIdentifier(bundle.manifest.languages)
        return Pipeline(bundle, bundle.profile(self.settings.profile), identifier)
