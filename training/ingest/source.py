"""A file being read: how it is opened, and how far reading has come."""

import gzip
import io
from pathlib import Path
from typing import IO, cast


class Source:
    """One export while it is read.

    Args:
        path: The file or folder.

    ``total`` and ``read`` count rows where a reader knows their number from the start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total: int | None = None
        self.read = 0
        self._size = path.stat().st_size if path.is_file() else 0
        self._raw: IO[bytes] | None = None

    def open_text(self, path: Path) -> IO[str]:
        """Open a plain or gzip file as UTF-8 text; a byte order mark is dropped."""
        return io.TextIOWrapper(self._open(path), encoding="utf-8-sig", newline="")

    def share(self) -> float | None:
        """Tell how much has been read, from 0 to 1; None when nobody can know."""
        if self.total is not None:
            return self.read / self.total if self.total else 1.0
        if self._raw is None or not self._size:
            return None
        return 1.0 if self._raw.closed else min(1.0, self._raw.tell() / self._size)

    def _open(self, path: Path) -> io.BufferedReader | gzip.GzipFile:
        if path.suffix == ".gz":
            packed = gzip.GzipFile(path, "rb")
            self._raw = cast("IO[bytes]", packed.fileobj)
            return packed
        plain = path.open("rb")
        self._raw = plain
        return plain
