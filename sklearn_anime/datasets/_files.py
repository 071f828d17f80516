"""Read the files of the data set: plain or compressed, with errors that name the line."""

import gzip
import io
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

SUFFIXES = ("", ".gz", ".zip")
KINDS = {"int64": "a whole number of 64 bits", "float64": "a number"}
CHUNK = 500_000
INT64 = np.iinfo(np.int64)
GAPS = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "#N/A"]  # of numbers
SOURCE = (
    "The data set is found at https://www.kaggle.com/datasets/CooperUnion/anime-recommendations-database"
)


def find_table(folder: Path, name: str) -> Path:
    """Find a table in a folder, plain or compressed.

    Parameters
    ----------
    folder : Path
        Where to look.

    name : str
        Name of the plain file, such as `"rating.csv"`.

    Returns
    -------
    Path
        The plain file, or else the `.gz`, or else the `.zip`.

    Examples
    --------
    >>> from pathlib import Path
    >>> find_table(Path(__file__).parent / "data", "rating.csv").name
    'rating.csv.gz'
    """
    candidates = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"No {name} in {str(folder)!r}: expected a folder with one of "
        f"{', '.join(path.name for path in candidates)}. {SOURCE}; or use load_anime_sample()."
    )


def read_table(path: Path, dtype: dict) -> pd.DataFrame:
    """Read the columns named in `dtype`, in that order.

    Parameters
    ----------
    path : Path
        The file.

    dtype : dict
        Column -> dtype of what is read.

    Returns
    -------
    DataFrame
        At least one row.

    Examples
    --------
    >>> from pathlib import Path
    >>> path = find_table(Path(__file__).parent / "data", "rating.csv")
    >>> read_table(path, {"user_id": "int64", "rating": "float64"}).dtypes
    user_id      int64
    rating     float64
    dtype: object
    """
    try:
        found = _read_header(path)
        _check_columns(path, found, list(dtype))
        table = _parse(path, found, dtype)[list(dtype)]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not encoded in UTF-8 ({error}). Save it as UTF-8.") from error
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}). Download it again.") from error
    if table.empty:
        raise ValueError(f"{path} has no rows below its header. {SOURCE}.")
    return table


def _read_header(path):
    try:
        return list(pd.read_csv(_source(path), nrows=0))
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty. {SOURCE}.") from error


def _check_columns(path, found, expected):
    missing = [name for name in expected if name not in found]
    if missing:
        raise ValueError(
            f"{path} has no column {', '.join(map(repr, missing))} (columns: "
            f"{', '.join(map(repr, found))}). Name its columns as in the Kaggle file: "
            f"{', '.join(expected)}."
        )


def _parse(path, found, dtype):
    # `usecols` doubles the time that pandas takes, so it is given only where it leaves something out
    usecols = list(dtype) if set(found) - set(dtype) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a line with a field too many
            table = pd.read_csv(
                _source(path), usecols=usecols, dtype=dtype, index_col=False, **_gaps(dtype)
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path} is no table: {str(error).strip()}. Correct or remove that line."
        ) from error
    except (ValueError, OverflowError) as error:
        _raise_first_offence(path, dtype, error)
        raise
    if any(kind == "float64" and np.isinf(table[name]).any() for name, kind in dtype.items()):
        _raise_first_offence(path, dtype, None)
    return table


def raise_first(path: Path, name: str, is_wrong, expected: str):
    """Raise for the first line whose number in a column is wrong.

    Parameters
    ----------
    path : Path
        The file, which has such a line.

    name : str
        The column.

    is_wrong : callable
        From a Series of numbers to a mask.

    expected : str
        What the message says is expected.

    Examples
    --------
    >>> from pathlib import Path
    >>> path = find_table(Path(__file__).parent / "data", "rating.csv")
    >>> raise_first(path, "rating", lambda numbers: numbers > 10, "a rating")  # there is none
    """
    options = {"dtype": str, "skip_blank_lines": False, "chunksize": CHUNK}
    with pd.read_csv(_source(path), usecols=[name], **options) as chunks:
        for chunk in chunks:
            wrong = is_wrong(pd.to_numeric(chunk[name], errors="coerce"))
            if wrong.any():
                _raise_line(path, wrong.idxmax(), chunk.at[wrong.idxmax(), name], name, expected)


def _raise_first_offence(path, dtype, error):
    """Raise for the first line whose value does not fit; numbers may be missing, ids may not."""
    options = {"dtype": str, "skip_blank_lines": False, "chunksize": CHUNK}
    with pd.read_csv(_source(path), usecols=list(dtype), **options) as chunks:
        for chunk in chunks:
            offence = _first_offence(chunk.dropna(how="all"), dtype)
            if offence is not None:
                row, name = offence
                _raise_line(path, row, chunk.at[row, name], name, KINDS[dtype[name]], error)


def _raise_line(path, row, cell, name, expected, error=None):
    raise ValueError(
        f"Line {row + 2} of {path} has {_show(cell)} in column {name!r}, where {expected} is expected. "
        f"Correct or remove that line."
    ) from error


def _source(path):
    """Return what pandas can read: the path, or the one table in an archive with other members."""
    if path.suffix != ".zip":
        return path
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/")]
        tables = [name for name in members if not name.startswith("__MACOSX/")]
        named = [name for name in tables if Path(name).name == path.stem] or tables
        if len(named) != 1:
            raise ValueError(f"{path} holds the files {members}. Pack {path.stem!r} alone.")
        return path if len(members) == 1 else io.BytesIO(archive.read(named[0]))


def _gaps(dtype):
    """Return which cells are missing: of text only empty ones, since "NA" can be a name."""
    if "str" not in dtype.values():
        return {}
    gaps = {name: [""] if kind == "str" else GAPS for name, kind in dtype.items()}
    return {"keep_default_na": False, "na_values": gaps}


def _first_offence(text, dtype):
    """Find the first row, and in it the column, whose cell does not fit; None where all fit."""
    wrong = {name: _offences(text[name], kind) for name, kind in dtype.items() if kind in KINDS}
    first = [(mask.idxmax(), name) for name, mask in wrong.items() if mask.any()]
    return min(first, default=None, key=lambda offence: offence[0])


def _offences(cells, kind):
    if kind == "int64":
        whole = cells.str.fullmatch(r"\s*[+-]?\d+\s*").fillna(False).astype(bool)
        return ~whole | ~cells.where(whole, "0").map(lambda cell: INT64.min <= int(cell) <= INT64.max)
    numbers = pd.to_numeric(cells, errors="coerce")
    return (numbers.isna() & cells.notna()) | np.isinf(numbers)


def _show(cell):
    return "an empty cell" if pd.isna(cell) else repr(cell)
