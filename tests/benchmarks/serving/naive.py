"""What a user would write: SentenceTransformer and three scikit-learn heads in a plain route."""

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.serving.peer import model_folder

LABELS = {
    "category": ("service", "technical_support"),
    "priority": ("low", "normal", "high", "urgent"),
    "sentiment": ("negative", "neutral", "positive"),
}


class Body(BaseModel):
    """A message."""

    text: str


def create_app() -> FastAPI:
    """Load the model, fit heads on drawn rows (their speed does not depend on them), serve."""
    model = SentenceTransformer(str(model_folder()))
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(256, model.get_embedding_dimension()))
    heads = {
        task: LogisticRegression().fit(rows, draw.choice(labels, 256))
        for task, labels in LABELS.items()
    }
    app = FastAPI()

    @app.post("/v1/classify")
    def classify(body: Body) -> dict[str, dict[str, str | float]]:
        vector = model.encode([body.text])
        answers: dict[str, dict[str, str | float]] = {}
        for task, head in heads.items():
            shares = head.predict_proba(vector)[0]
            best = int(shares.argmax())
            answers[task] = {"label": str(head.classes_[best]), "confidence": float(shares[best])}
        return answers

    return app
