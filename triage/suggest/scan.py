"""Compare a question with every passage vector, fast and with a bound on the error.

Questions are compared with rows of 7 bits first, in one integer product by ONNX Runtime: a quarter
of the bytes, and memory is what a scan waits for, so that eight questions take twice the time of
one. The error of such a score is bounded by
Cauchy and Schwarz, so whoever compares exactly the few passages within the bound finds what an
exact scan finds. 100,000 passages of 256 columns take 2.7 ms of one core, numpy's float32 14 ms.
"""

from functools import cache
from typing import Protocol

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
_QUESTION_LEVELS, _ZERO = 127, 128


class Scan(Protocol):
    """Scores questions against the rows of one matrix."""

    def scores(self, questions: Vectors) -> tuple[Scores, list[float]]:
        """Score all rows for several questions.

        Args:
            questions: Shape ``(b, dim)``.

        Returns:
            Scores, shape ``(b, n)``, and for each question how far one may be off.
        """


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

    def scores(self, questions: Vectors) -> tuple[Scores, list[float]]:
        """Score all rows for several questions, shape ``(b, dim)``; see ``Scan``."""
        return questions @ self._vectors.T, [float(ROUNDING)] * len(questions)


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
        self._row_error = _largest_error(rotated, self._scales, rows)
        del rotated
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # What ONNX Runtime logs would go to standard error beside our lines.
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            product_graph(rows), options, providers=["CPUExecutionProvider"]
        )

    def scores(self, questions: Vectors) -> tuple[Scores, list[float]]:
        """Score all rows for several questions, shape ``(b, dim)``; see ``Scan``."""
        rotated = questions @ self._rotation
        largest = np.abs(rotated).max(axis=1, initial=1e-9, keepdims=True)
        scales = largest / np.float32(_QUESTION_LEVELS)
        rounded = np.rint(rotated / scales)
        given = (rounded + np.float32(_ZERO)).astype(np.uint8)
        product = self._session.run(None, {"question": given})[0]
        # Below 2**24 up to 2,000 columns, so that single precision holds the product.
        near = np.multiply(product, self._scales, dtype=np.float32, casting="same_kind")
        near *= scales
        kept = rounded * scales
        away = np.linalg.norm(rotated - kept, axis=1)
        errors = away + np.linalg.norm(kept, axis=1) * self._row_error + ROUNDING
        return near, errors.tolist()


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


def _largest_error(rows: Vectors, scales: Scores, rounded: NDArray[np.int8]) -> np.float32:
    largest = np.float32(0)
    for start in range(0, len(rows), 65_536):
        part = slice(start, start + 65_536)
        away = rows[part] - rounded[part] * scales[part, None]
        largest = max(largest, np.linalg.norm(away, axis=1).max())
    return largest


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
