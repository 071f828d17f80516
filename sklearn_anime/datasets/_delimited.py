"""Read a table whose lines are split by a separator, with errors that name the file and the line."""

import csv
import io
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = {"int64": "a whole number", "float64": "a number", "str": "a text"}
LIMITS = np.iinfo(np.int64)


@dataclass(frozen=True)
class TableFormat:
    """How the lines of a file are written.

    Attributes
    ----------
    columns : dict of str to str
        Our name of each column of the file, in order -> `"int64"`, `"float64"` or `"str"`.

    separator : str
        What stands between two fields. Only a comma comes with quoted fields.

    header : tuple of str or None
        The first line, where it holds names.

    encoding : str
        How the text is encoded.

    optional : frozenset of str
        Columns whose field may be empty.

    Examples
    --------
    >>> TableFormat({"user_id": "int64", "rating": "float64"}, separator="::").separator
    '::'
    """

    columns: dict
    separator: str = ","
    header: tuple | None = None
    encoding: str = "utf-8"
    optional: frozenset = frozenset()

    def split(self, line):
        """Return the fields of a line."""
        if self.separator == ",":
            return next(csv.reader([line]), [])
        return line.split(self.separator)

    def offence(self, line):
        """Return what is wrong with a line of bytes; None where it is as it should be."""
        try:
            fields = self.split(line.decode(self.encoding).rstrip("\r\n"))
        except UnicodeDecodeError:
            return f"is not encoded in {self.encoding}"
        if len(fields) != len(self.columns):
            return f"has {len(fields)} fields, where {len(self.columns)} are expected"
        for (name, kind), field in zip(self.columns.items(), fields, strict=True):
            if not (_fits(field, kind) or (field == "" and name in self.optional)):
                shown = "an empty field" if field == "" else repr(field)
                return f"has {shown} as {name}, where {KINDS[kind]} is expected"
        return None


def read_delimited(files, name: str, form: TableFormat) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    files : DataFiles
        Where the file is.

    name : str
        Name of the file.

    form : TableFormat
        How its lines are written.

    Returns
    -------
    DataFrame of shape (n_lines, n_columns)
        At least one row.

    Raises
    ------
    ValueError
        If a line does not have this form. The message names the file and the line.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sklearn_anime.datasets._data_files import DataFiles
    >>> header = ("user_id", "anime_id", "rating")
    >>> form = TableFormat(dict.fromkeys(header, "int64"), header=header)
    >>> read_delimited(DataFiles.at(Path(__file__).parent / "data"), "rating.csv", form).shape
    (39629, 3)
    """
    if form.header is not None:
        _check_header(files, name, form)
    try:
        table = _parse(files, name, form)
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError, OverflowError) as error:
        raise_first_line(files, name, form.offence, form.header is not None, error)
        raise ValueError(f"{files.place(name)} cannot be read ({error}).") from error
    if table.empty:
        raise ValueError(f"{files.place(name)} has no rows. Download it again.")
    required = [column for column in form.columns if column not in form.optional]
    if table[required].isna().to_numpy().any():
        raise_first_line(files, name, form.offence, form.header is not None)
    return table


def raise_first_line(files, name, offence, has_header=False, error=None):
    """Raise for the first line of a file of which `offence(line)` says what is wrong.

    Parameters
    ----------
    files : DataFiles
        Where the file is.

    name : str
        Name of the file.

    offence : callable
        From the bytes of a line to a text, or None.

    has_header : bool, default=False
        Whether the first line is not looked at.

    error : Exception, default=None
        The error that led here.

    Examples
    --------
    >>> from pathlib import Path
    >>> from sklearn_anime.datasets._data_files import DataFiles
    >>> files = DataFiles.at(Path(__file__).parent / "data")
    >>> raise_first_line(files, "rating.csv", lambda line: None)  # there is none
    """
    with files.open(name) as file:
        for number, line in enumerate(file, start=1):
            if (number > 1 or not has_header) and (wrong := offence(line)):
                raise ValueError(
                    f"Line {number} of {files.place(name)} {wrong}. Correct or remove that line."
                ) from error


def _check_header(files, name, form):
    with files.open(name) as file:
        found = file.readline().decode(form.encoding, errors="replace").strip().lstrip("\ufeff")
    expected = form.separator.join(form.header)
    if found != expected:
        raise ValueError(f"{files.place(name)} begins with {found[:80]!r}, not with {expected!r}.")


def _parse(files, name, form):
    quoting = csv.QUOTE_MINIMAL if form.separator == "," else csv.QUOTE_NONE
    with files.open(name) as file, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # a line with a field too many
        separator, source = form.separator, file
        if len(separator) > 1:  # pandas is fast with single characters only
            separator, source = "\t", io.BytesIO(file.read().replace(separator.encode(), b"\t"))
        return pd.read_csv(
            source,
            sep=separator,
            header=None if form.header is None else 0,
            names=list(form.columns),
            dtype=form.columns,
            index_col=False,
            quoting=quoting,
            encoding=form.encoding,
            skip_blank_lines=False,
            keep_default_na=False,
            na_values=[""],
        )


def _fits(field, kind):
    if kind == "str":
        return field != ""
    try:
        number = int(field) if kind == "int64" else float(field)
    except ValueError:
        return False
    return LIMITS.min <= number <= LIMITS.max if kind == "int64" else bool(np.isfinite(number))
