"""The ceiling: a FastAPI route that checks the same body and answers a constant."""

import os

from fastapi import FastAPI, Response
from pydantic import BaseModel

BYTES = "SERVING_REPLY_BYTES"


class Body(BaseModel):
    """A message."""

    text: str


def create_app() -> FastAPI:
    """Build the app; its answer is as long as ours are on average, and is made once."""
    reply = b'"' + b"x" * (int(os.environ[BYTES]) - 2) + b'"'
    app = FastAPI()

    @app.post("/v1/classify")
    async def classify(body: Body) -> Response:
        del body
        return Response(reply, media_type="application/json")

    return app
