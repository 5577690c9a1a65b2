"""Parquet files as record batches, for whoever has pyarrow, which serving does without."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import ConfigError, ExportError
from triage.rows import explained

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SUFFIX = ".parquet"


def check_installed() -> None:
    """Refuse to go on without pyarrow.

    Raises:
        ConfigError: Naming the extra that brings it.
    """
    try:
        import pyarrow as pa  # noqa: F401 - whether it can be imported is the question
    except ImportError as error:
        raise ConfigError(
            "Parquet files need the package pyarrow, which is not installed.",
            fix='Install the extra: pip install -e ".[parquet]"; or give a .csv or .jsonl file.',
        ) from error


@contextmanager
def opened(path: Path) -> Iterator["pq.ParquetFile"]:
    """Open a Parquet file; what is read from it inside is explained too.

    Raises:
        ExportError: When the file is missing, damaged or no Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with explained(path):
        try:
            # Without buffering ahead, a row group of any size is read a page at a time.
            with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
                yield file
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
            # The cause may quote values.
            raise ExportError(
                f"{path.name}: damaged, or no Parquet file.", fix="Write it again."
            ) from None


def coarse(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Cut nanoseconds off dates, which Python's do not have."""
    import pyarrow as pa

    fields = [
        field.with_type(pa.timestamp("us", field.type.tz))
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
        else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields), safe=False)
