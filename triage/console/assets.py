"""Style sheets, scripts and pictures, served under the hash of all of them and kept for a year.

One hash for the whole folder lets the scripts import one another by relative paths. A page of
another version, as while replicas are replaced one by one, still gets its files, uncached.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from triage.access.doors import open_to_all

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HASH = 16

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Assets:
    """The static files, read once.

    Args:
        version: Hash over all of them.
        files: Content and media type by name.
    """

    version: str
    files: Mapping[str, tuple[bytes, str]]

    def url(self, name: str) -> str:
        """Return where a file is served; ``KeyError`` where there is none of that name."""
        if name not in self.files:
            raise KeyError(name)
        return f"/console/static/{self.version}/{name}"


def load_assets(folder: Path = FOLDER) -> Assets:
    """Read all static files."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in _TYPES]
    files = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in paths}
    digest = hashlib.sha256()
    for name, (content, _) in files.items():
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return Assets(digest.hexdigest()[:_HASH], files)


@router.api_route("/console/static/{version}/{name}", methods=["GET", "HEAD"])
@open_to_all
async def asset(request: Request, version: str, name: str) -> Response:
    """Serve a static file."""
    assets: Assets = request.app.state.console.assets
    found = assets.files.get(name)
    if found is None:
        raise HTTPException(404)
    kept = FOREVER if version == assets.version else "no-store"
    return Response(found[0], media_type=found[1], headers={"Cache-Control": kept})
