"""A checkout to serve from: the tiny bundle, a retrieval calibrator, and a small help centre."""

import json
import shutil
from pathlib import Path

from triage.bundle.manifest import RETRIEVAL
from triage.encoders.folder import read_meta
from triage.settings import CHECKOUT
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator, to_json

ARTICLES = {
    "en/reset-your-password.md": """---
id: reset-your-password
title: Reset your password
language: en
brand: kvistholm
---
## Forgotten password
Choose Forgot password on the sign-in page and follow the link in the e-mail.
""",
    "da/reset-your-password.md": """---
id: reset-your-password
title: Nulstil din adgangskode
language: da
brand: kvistholm
---
## Glemt adgangskode
Vælg Glemt adgangskode på loginsiden, og følg linket i mailen.
""",
    "en/hand-over-a-complaint.md": """---
id: hand-over-a-complaint
title: Hand a complaint over
language: en
visibility: internal
---
## For agents
Move the complaint to the complaints desk and tell the shift lead.
""",
}


def build_checkout(bundle: Path, folder: Path) -> Path:
    """Build ``models`` and ``data`` in a folder, from a bundle that stands in its ``models``."""
    shutil.copytree(bundle.parent, folder / "models")
    encoders = folder / "models" / "encoders"
    weights = tuple(6.0 if name in {"dense", "lexical"} else 0.0 for name in FEATURES)
    calibrator = RetrievalCalibrator(weights, -3.0, 0.5, 0.8)
    content = to_json(
        {"twin": calibrator, "tiny": calibrator}, read_meta(encoders / "static").space
    )
    (encoders / RETRIEVAL).write_text(json.dumps(content), encoding="utf-8")
    write_data(folder / "data")
    return folder


def write_data(folder: Path) -> Path:
    """Write the folder ``data``: three articles, and the canned responses that ship."""
    for name, text in ARTICLES.items():
        path = folder / "articles" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(CHECKOUT / "data" / "canned", folder / "canned")
    return folder
