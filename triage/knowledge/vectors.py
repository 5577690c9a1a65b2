"""Passage vectors on disk, so that only new passages are embedded: a cache, never a source.

One file per set of encoders, named by its fingerprint: a header, then blocks that were appended
whole. A block is a count, the SHA-256 of what follows, keys of 32 bytes and float32 rows. What is
torn, damaged or foreign is cut off and embedded again; losing a file costs time and nothing else.
"""

import errno
import fcntl
import hashlib
import os
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from triage.encoders.base import Vectors
from triage.suggest.embedding import Embedder
from triage.telemetry import Telemetry

FORMAT = b"TRIAGE vectors 1\n"
"""Bumped when an older reader would take other vectors from the bytes."""
ENDING = ".vectors"
MAX_SETS = 4
"""Sets of encoders kept; those used longest ago are dropped first."""
MAX_BYTES = 2 * 1024**3
"""Largest file; at 256 columns that is nearly two million passages."""
STALE = 2
"""A file with this many times the vectors that are wanted is written anew without the others."""
_KEY = 32
_BLOCK = struct.Struct("<Q32s")
_AT_ONCE = 4096
"""Vectors in a block of a file that is written anew."""

Found = dict[bytes, Vectors]


def remember(embedder: Embedder, folder: Path, telemetry: Telemetry) -> Embedder:
    """Give an embedder the vectors that its encoders left in a folder.

    Args:
        embedder: Without a memory.
        folder: Holds the files; made when the first vectors are kept.
        telemetry: Hears once where vectors cannot be read or kept.
    """
    path = folder / f"{embedder.fingerprint()}{ENDING}"
    return replace(embedder, memory=VectorFile(path, embedder.encoders.dim, telemetry))


class VectorFile:
    """Vectors of one set of encoders; several processes may read and append at once.

    Args:
        path: The file; its name is a part of the header.
        dim: Width of a vector.
        telemetry: Hears once where the file cannot be read or written.
    """

    def __init__(self, path: Path, dim: int, telemetry: Telemetry) -> None:
        self._path, self._dim, self._log = path, dim, telemetry.log
        self._header = FORMAT + path.stem.encode() + struct.pack("<I", dim)
        self._failing = False

    def find(self, keys: Collection[bytes], *, whole: bool) -> Found:
        """Return the vectors that are known, by key, each of shape ``(dim,)``.

        Args:
            keys: What is looked for.
            whole: Nothing else is wanted: a file that holds mostly other vectors is written anew.
        """
        found: Found = {}
        sizes: list[int] = []
        try:
            with self._path.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH)
                for names, rows in self._blocks(stream):
                    sizes.append(len(names))
                    found |= {n: row for n, row in zip(names, rows, strict=True) if n in keys}
            self._use()
        except FileNotFoundError:
            return found
        except OSError as error:
            self._fail(error)
        if whole and keys and (sum(sizes) > STALE * len(keys) or 0 in sizes):
            self._rewrite(found)
        return found

    def keep(self, vectors: Found) -> None:
        """Append vectors as a block; where that fails, they are embedded again next time."""
        if not vectors:
            return
        try:
            self._append(vectors)
        except OSError as error:
            self._fail(error)

    def _use(self) -> None:
        # Another user's home can be read and not touched; it is then theirs to tidy.
        with suppress(PermissionError):
            os.utime(self._path)

    def _append(self, vectors: Found) -> None:
        if not self._path.is_file():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _drop_oldest(self._path.parent, MAX_SETS - 1)
        block = self._block(vectors)
        # Opened to append, so that two processes never write over each other.
        with self._path.open("a+b", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            end = self._sound_end(stream)
            if end + len(block) > MAX_BYTES:
                raise OSError(errno.EFBIG, f"{MAX_BYTES} bytes are reached")
            stream.truncate(end)
            left = memoryview(block if end else self._header + block)
            while left:
                left = left[stream.write(left) :]

    def _sound_end(self, stream: BinaryIO | FileIO) -> int:
        """Find where the last whole block ends by the counts alone; 0 for a foreign file."""
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if stream.read(len(self._header)) != self._header:
            return 0
        end = stream.tell()
        while head := self._head(stream, size):
            end = stream.seek(head[1], os.SEEK_CUR)
        return end

    def _blocks(self, stream: BinaryIO) -> Iterator[tuple[list[bytes], Vectors]]:
        """Read the blocks; a damaged one comes empty."""
        size = os.fstat(stream.fileno()).st_size
        if stream.read(len(self._header)) != self._header:
            return
        while head := self._head(stream, size):
            count, length, digest = head
            content = stream.read(length)
            if hashlib.sha256(content).digest() != digest:
                yield [], np.zeros((0, self._dim), np.float32)
                continue
            keys = [content[i : i + _KEY] for i in range(0, count * _KEY, _KEY)]
            rows = np.frombuffer(content, "<f4", offset=count * _KEY).astype(np.float32, copy=False)
            yield keys, rows.reshape(count, self._dim)

    def _head(self, stream: BinaryIO | FileIO, size: int) -> tuple[int, int, bytes] | None:
        """Read count, bytes and digest of the next block; None where no whole one follows."""
        head = stream.read(_BLOCK.size)
        if len(head) < _BLOCK.size:
            return None
        count, digest = _BLOCK.unpack(head)
        length = count * (_KEY + 4 * self._dim)
        return (count, length, digest) if 0 < length <= size - stream.tell() else None

    def _block(self, vectors: Found) -> bytes:
        rows = np.stack(list(vectors.values())).astype("<f4", copy=False)
        content = b"".join(vectors) + rows.tobytes()
        return _BLOCK.pack(len(vectors), hashlib.sha256(content).digest()) + content

    def _rewrite(self, vectors: Found) -> None:
        """Put a file with these vectors alone in the place of the old one."""
        items = list(vectors.items())
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        try:
            with temporary.open("wb") as stream:
                stream.write(self._header)
                for start in range(0, len(items), _AT_ONCE):
                    stream.write(self._block(dict(items[start : start + _AT_ONCE])))
                stream.flush()
                os.fsync(stream.fileno())
            temporary.rename(self._path)
        except OSError as error:
            self._fail(error)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _fail(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            self._log.warning("vectors_not_kept", reason=error.strerror or type(error).__name__)


def _drop_oldest(folder: Path, kept: int) -> None:
    files = sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[kept:]:
        path.unlink(missing_ok=True)
