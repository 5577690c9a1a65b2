"""The formats of files in and out: the tables of ``triage.rows``, and Parquet beside them."""

from pathlib import Path

from triage.errors import ExportError
from triage.parquet import SUFFIX, check_installed
from triage.rows import check_place, table_format


def file_format(path: Path) -> str:
    """Name the format of a file by its ending, ``.gz`` not counted.

    Raises:
        ConfigError: When it is Parquet and pyarrow is not installed.
        ExportError: When the ending is of no format.
    """
    if path.suffix.lower() == SUFFIX:
        check_installed()
        return SUFFIX
    try:
        return table_format(path)
    except ExportError as error:
        raise ExportError(
            error.problem, fix="Give a .csv, .tsv or .jsonl file, plain or .gz, or a .parquet file."
        ) from None


def check_out(path: Path, source: Path) -> None:
    """Refuse a file that cannot be written, before the work on what to write there.

    Raises:
        ConfigError: As of ``file_format``, like the following.
        ExportError: Also when the file is the one that is read, or its folder cannot be written.
    """
    file_format(path)
    check_place(path)
    if path.exists() and source.exists() and path.samefile(source):
        raise ExportError(f"{path}: the file that is read.", fix="Give another name to --out.")
