"""Probe sentences whose predictions every bundle carries: ours, so no customer's text leaks."""

from collections.abc import Sequence

from triage.bundle.manifest import Golden
from triage.encoders.base import EncoderSet, Profile
from triage.labeling.labeler import Labeler

PROBES = (
    ("en", "My order has not arrived and nobody answers the phone."),
    ("en", "The app shows a blank page since the update, what can I try?"),
    ("da", "Jeg kan ikke logge ind på min konto efter at have skiftet telefon."),
    ("da", "Tak for hurtig levering, alt var som det skulle være."),
    ("ro", "Am fost taxat de două ori pentru aceeași factură."),
    ("ro", "Aplicația se închide singură când deschid camera."),
    ("zh", "我想退货，请问运费由谁承担？"),
    ("zh", "路由器一直断线，重启也没有用。"),
)


def golden_predictions(
    encoders: EncoderSet, profiles: Sequence[tuple[Profile, Labeler]]
) -> tuple[Golden, ...]:
    """Predict the probes in every profile, rounded to six digits."""
    texts = [text for _, text in PROBES]
    codes = [code for code, _ in PROBES]
    out: list[Golden] = []
    for profile, labeler in profiles:
        vectors = encoders.encode(texts, codes, profile)
        probabilities = labeler.probabilities(vectors, texts)
        out += [
            Golden(
                profile=profile.name,
                text=text,
                language=code,
                probabilities={
                    task: [round(float(p), 6) for p in rows[i]]
                    for task, rows in probabilities.items()
                },
            )
            for i, (code, text) in enumerate(PROBES)
        ]
    return tuple(out)
