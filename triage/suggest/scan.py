"""Compare questions with every passage vector, fast and with a bound on the error.

Questions are compared with rows of 7 bits first, in one integer product by ONNX Runtime: a quarter
of the bytes, and memory is what a scan waits for, so that eight questions take twice the time of
one. What rounding a row can do to a score is bounded by Cauchy and Schwarz, row by row; a question
is rounded twice, the second time what the first has left. So whoever compares exactly the few
passages within the bound finds what an exact scan finds. 100,000 passages of 256 columns take a
fifth of the time that numpy's float32 takes.
"""

from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from triage.encoders.base import Vectors

Scores = NDArray[np.float32]
QUANTISED_FROM = 2_000
"""Passages from which on the integer scan wins; below it both take less than 0.1 ms."""
ROUNDING = np.float32(1e-5)
"""More than float32 arithmetic over unit vectors can add to an error."""
_LEVELS = 63
"""With 8 bits two products could overflow 16 bits on processors without VNNI."""
_QUESTION_LEVELS, _FINER, _ZERO = 127, 127, 128
"""Levels of a question, and how much finer the second ones are: sums stay below 2**31 up to 2,000
columns."""


class Bounds(NamedTuple):
    """What is known of the scores of one question.

    Attributes:
        most: Highest score that each row can have, shape ``(n,)``.
        length: Length of the question. A score may be lower than the most by twice the sum of its
            row's error, times this, and the rest.
        rest: What does not depend on the row.
    """

    most: Scores
    length: float
    rest: float


def joined(*parts: Bounds) -> Bounds:
    """Put the bounds of one question over several matrices together."""
    most = np.concatenate([one.most for one in parts])
    return Bounds(most, max(one.length for one in parts), max(one.rest for one in parts))


class Scan(Protocol):
    """Scores questions against the rows of one matrix.

    Attributes:
        errors: How far rounding moves each row, shape ``(n,)``.
    """

    errors: Scores

    def bounds(self, questions: Vectors) -> list[Bounds]:
        """Bound the scores of all rows for several questions, shape ``(b, dim)``."""


def make_scan(vectors: Vectors) -> Scan:
    """Choose how to scan rows of unit length or zeros, shape ``(n, dim)``."""
    return PlainScan(vectors) if len(vectors) < QUANTISED_FROM else QuantisedScan(vectors)


class PlainScan:
    """A matrix product in float32.

    Args:
        vectors: Shape ``(n, dim)``.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.errors = np.zeros(len(vectors), np.float32)

    def bounds(self, questions: Vectors) -> list[Bounds]:
        """Bound the scores of all rows for several questions, shape ``(b, dim)``."""
        most = questions @ self._vectors.T
        most += ROUNDING
        return [Bounds(one, 1.0, float(ROUNDING)) for one in most]


class QuantisedScan:
    """A product of integers, with one scale a row.

    Args:
        vectors: Shape ``(n, dim)``, norms at most 1.
    """

    def __init__(self, vectors: Vectors) -> None:
        # Imported late, as everywhere: a small knowledge base in profile tiny does without it.
        import onnxruntime

        self._rotation = _rotation(vectors.shape[1])
        rotated = vectors @ self._rotation
        self._scales, rows = _quantise(rotated, _LEVELS)
        self.errors = _errors(rotated, self._scales, rows)
        del rotated
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # What ONNX Runtime logs would go to standard error beside our lines.
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            product_graph(rows), options, providers=["CPUExecutionProvider"]
        )

    def bounds(self, questions: Vectors) -> list[Bounds]:
        """Bound the scores of all rows for several questions, shape ``(b, dim)``."""
        rotated = questions @ self._rotation
        largest = np.abs(rotated).max(axis=1, initial=1e-9, keepdims=True)
        fine = largest / np.float32(_QUESTION_LEVELS * _FINER)
        first = np.rint(rotated / (fine * _FINER))
        second = np.rint(rotated / fine - first * _FINER)
        given = np.concatenate([first, second]) + np.float32(_ZERO)
        products = self._session.run(None, {"question": given.astype(np.uint8)})[0]
        whole = products[: len(first)]
        whole *= _FINER
        whole += products[len(first) :]
        # A float32 holds the product to 2**-24 of itself, which the rounding outweighs by far.
        most = np.multiply(whole, self._scales, dtype=np.float32, casting="same_kind")
        most *= fine
        kept = (first * _FINER + second) * fine
        lengths = np.linalg.norm(kept, axis=1)
        rests = np.linalg.norm(rotated - kept, axis=1) + ROUNDING
        most += lengths[:, None] * self.errors
        most += rests[:, None]
        return list(map(Bounds, most, lengths.tolist(), rests.tolist()))


@cache
def _rotation(dim: int) -> Vectors:
    """Make a fixed rotation ``(dim, dim)``: it spreads a few large columns over all of them.

    Rows of even columns lose a third as much by rounding, and products stay as they are.
    """
    orthogonal, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(dim, dim)))
    return np.asarray(orthogonal, np.float32)


def _quantise(rows: Vectors, levels: int) -> tuple[Scores, NDArray[np.int8]]:
    """Round rows to integers of at most ``levels``; return the scale of each row beside them."""
    largest = np.abs(rows).max(axis=1, initial=0)
    scales = np.maximum(largest, np.float32(1e-9)) / np.float32(levels)
    return scales, np.rint(rows / scales[:, None]).astype(np.int8)


def _errors(rows: Vectors, scales: Scores, rounded: NDArray[np.int8]) -> Scores:
    """Measure how far rounding moves each row."""
    errors = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), 65_536):
        part = slice(start, start + 65_536)
        away = rows[part] - rounded[part] * scales[part, None]
        errors[part] = np.linalg.norm(away, axis=1)
    return errors


def product_graph(rows: NDArray[np.int8]) -> bytes:
    """Write an ONNX graph that multiplies ``question`` (b, dim), zero at 128, by fixed rows.

    The rows are a constant of the graph, which ONNX Runtime lays out for its kernels once, at
    loading. The format is that of https://onnx.ai/onnx/repo-docs/IR.html: a dozen fields, so
    that serving needs no library that writes graphs.

    Args:
        rows: Shape ``(n, dim)``.
    """
    n, dim = rows.shape
    node = _field(1, b"question") + _field(1, b"rows") + _field(1, b"zero")
    node += _field(2, b"product") + _field(4, b"MatMulInteger")
    turned = np.ascontiguousarray(rows.T)
    graph = _field(1, node) + _field(2, b"scan")
    graph += _field(5, _tensor(b"rows", _INT8, (dim, n), turned.tobytes()))
    graph += _field(5, _tensor(b"zero", _UINT8, (), bytes([_ZERO])))
    graph += _field(11, _value(b"question", _UINT8, dim))
    graph += _field(12, _value(b"product", _INT32, n))
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 13))


_UINT8, _INT8, _INT32 = 2, 3, 6


def _tensor(name: bytes, kind: int, shape: tuple[int, ...], content: bytes) -> bytes:
    sizes = b"".join(_number(1, size) for size in shape)
    return sizes + _number(2, kind) + _field(8, name) + _field(9, content)


def _value(name: bytes, kind: int, columns: int) -> bytes:
    sizes = _field(1, _field(2, b"b")) + _field(1, _number(1, columns))
    return _field(1, name) + _field(2, _field(1, _number(1, kind) + _field(2, sizes)))


def _field(number: int, content: bytes) -> bytes:
    """Write a field of bytes as protocol buffers do."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
