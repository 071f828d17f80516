"""Load the interactions that the papers on graph recommenders report on, with their split."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.datasets._data_files import DataFiles
from sklearn_anime.datasets._delimited import TableFormat, raise_first_line, read_delimited
from sklearn_anime.datasets._download import fetch_file
from sklearn_anime.datasets._folds import Folds
from sklearn_anime.datasets._movielens import FETCH_CONSTRAINTS, missing_error, what_became_of
from sklearn_anime.utils._sklearn import StrOptions, validate_params

URL = "https://raw.githubusercontent.com/gusye1234/LightGCN-PyTorch/master/data/"
FOLDER = "lightgcn"
SIDES = ("train.txt", "test.txt")
NAMES = {"user_list.txt": "user_id", "item_list.txt": "item_id"}
SOURCES = {
    "gowalla": "check-ins at places, from Gowalla (Cho, Myers and Leskovec, 2011)",
    "yelp2018": "reviews of businesses, from the Yelp challenge of 2018",
    "amazon-book": "reviews of books, from Amazon (He and McAuley, 2016)",
}
DESCRIPTION = """\
{name}
{line}

Interactions without ratings: {source}. Prepared by the authors of NGCF and LightGCN, who kept users
and items with ten interactions or more; published at https://github.com/gusye1234/LightGCN-PyTorch.

:data: `user_id` and `item_id`, one row per interaction; first those to train on, then those to test on.
:target: None, as there are no ratings.
:catalog: one row per item, indexed by `item_id`, with its `original_id` where that is known.
:users: one row per user, indexed by `user_id`, with its `original_id` where that is known.
:folds: `split`, the rows to train on and to test on.

Published: {published}.
This copy: {found}. {verified}

License: see the repository, and the terms of the source. This package does not redistribute the data.

Citation: Xiangnan He, Kuan Deng, Xiang Wang, Yan Li, Yongdong Zhang and Meng Wang (2020). LightGCN:
simplifying and powering graph convolution network for recommendation. SIGIR, 639-648.
https://doi.org/10.1145/3397271.3401063
"""


@dataclass(frozen=True)
class Counts:
    """How large a table is.

    Attributes
    ----------
    users, items, train, test : int
        Users, items, and the rows of both sides.

    Examples
    --------
    >>> print(Counts(2, 3, 4, 1))
    4 + 1 interactions of 2 users with 3 items
    """

    users: int
    items: int
    train: int
    test: int

    def __str__(self):
        sides = f"{self.train:,} + {self.test:,} interactions"
        return f"{sides} of {self.users:,} users with {self.items:,} items"


COUNTS = {
    "gowalla": Counts(29_858, 40_981, 810_128, 217_242),
    "yelp2018": Counts(31_668, 38_048, 1_237_259, 324_147),
    "amazon-book": Counts(52_643, 91_599, 2_380_730, 603_378),
}


@validate_params(
    {"name": [StrOptions(set(COUNTS))]} | FETCH_CONSTRAINTS, prefer_skip_nested_validation=True
)
def fetch_lightgcn(
    name: str = "gowalla",
    *,
    data_home: str | os.PathLike | None = None,
    path: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: int = 0,
) -> Bunch | tuple[Any, None]:
    r"""Load Gowalla, Yelp2018 or Amazon-Book with the split of LightGCN.

    Most papers on graph recommenders report recall and NDCG of 20 recommendations on these tables and
    this split [1]_.

    Parameters
    ----------
    name : {"gowalla", "yelp2018", "amazon-book"}, default="gowalla"
        Which table.

    data_home : str or path-like, default=None
        Folder that keeps the files, in a subfolder. None is scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.

    path : str or path-like, default=None
        A local copy to read instead: a folder, or a zip or tar archive, with `train.txt` and
        `test.txt`, and where there are any `user_list.txt` and `item_list.txt`; each plain or `.gz`.
        Nothing is downloaded then.

    download_if_missing : bool, default=True
        Whether to download files that are not kept yet. False raises where one is missing.

    return_X_y : bool, default=False
        Return `(data, None)` instead of the Bunch.

    as_frame : bool, default=True
        Whether `data` is a DataFrame. False makes an array of it.

    n_retries : int, default=3
        How many times a failed download is tried again.

    delay : float, default=1.0
        Seconds between two tries.

    verbose : int, default=0
        Whether to print the progress of the downloads.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes.

        data : DataFrame of shape (n_rows, 2)
            The columns `user_id` and `item_id`: the rows to train on, then those to test on.
        target : None
            There are no ratings.
        catalog : DataFrame of shape (n_items, 1)
            Indexed by `item_id`, with the column `original_id`; without it where its file is missing.
        users : DataFrame of shape (n_users, 1)
            Indexed by `user_id`, with the column `original_id`; without it where its file is missing.
        folds : Folds
            `folds["split"]` is the positions `(train, test)`.
        frame : DataFrame
            `data` joined with the catalog. Built when first asked for; None if `as_frame` is False.
        feature_names, target_names : list of str
            The columns of `data`, and an empty list.
        DESCR : str
            Description, license, citation, and what of this copy was verified.

    tuple of (data, None)
        If `return_X_y` is True.

    Raises
    ------
    OSError
        If a download fails or the disk is full; nothing half-written is kept. If a file is not kept and
        `download_if_missing` is False.

    ValueError
        If a file is missing or a line of it malformed. Files that were just downloaded are deleted
        then.

    See Also
    --------
    fetch_movielens : Ratings of movies.

    Notes
    -----
    No checksums are published. The numbers of users, items and rows of the files in `data_home` are
    compared with those published; of a copy in `path` only the form is verified.

    References
    ----------
    .. [1] He, Deng, Wang, Li, Zhang and Wang (2020). LightGCN: simplifying and powering graph
       convolution network for recommendation. SIGIR, 639-648.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_anime.datasets import fetch_lightgcn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train.txt").write_text("0 0 1\n1 1\n")
    ...     _ = (Path(folder) / "test.txt").write_text("0 2\n")
    ...     tiny = fetch_lightgcn(path=folder)
    >>> train, test = tiny.folds["split"]
    >>> tiny.data.iloc[test]
       user_id  item_id
    3        0        2
    """
    if path is not None:
        parts, verified = _read(DataFiles.at(path)), "Of the files only the form was verified."
    else:
        folder = Path(get_data_home(data_home)) / FOLDER / name
        options = {"n_retries": n_retries, "delay": delay, "verbose": verbose}
        parts = _read_kept(folder, name, download_if_missing, options)
        verified = "Verified: the form of the files, and the numbers of rows, users and items."
    bunch = _make_bunch(name, *parts, verified)
    if not as_frame:
        content = dict(zip(bunch, dict.values(bunch), strict=True))
        bunch = Bunch(**content | {"data": bunch.data.to_numpy(), "frame": None})
    return (bunch.data, None) if return_X_y else bunch


def _read_kept(folder, name, download_if_missing, options):
    """Read the kept files, downloaded if need be; bad downloads are deleted."""
    missing = [file for file in (*SIDES, *NAMES) if not (folder / file).is_file()]
    if missing and not download_if_missing:
        raise missing_error(folder / missing[0])
    for file in missing:
        fetch_file(f"{URL}{name}/{file}", folder / file, **options)
    try:
        parts = _read(DataFiles.at(folder))
        if (found := _count(*parts)) != COUNTS[name]:
            raise ValueError(f"{folder} has {found}, where {COUNTS[name]} are published.")
    except ValueError as error:
        for file in missing:
            (folder / file).unlink()
        raise ValueError(f"{error} {what_became_of(folder, bool(missing))}") from error
    return parts


def _read(files):
    """Return the pairs of both sides, and the tables of items and users."""
    files.require(SIDES, "A table in the form of LightGCN has both: a user and its items in each line.")
    train, test = (_read_side(files, side) for side in SIDES)
    pairs = np.concatenate([train, test])
    users, items = (
        _read_names(files, file, role, pairs[:, column])
        for column, (file, role) in enumerate(NAMES.items())
    )
    return train, test, items, users


def _read_side(files, name):
    """Return the pairs of user and item of a file, in its order."""
    with files.open(name) as file:
        lines = file.read().splitlines()
    try:
        rows = [[int(number) for number in line.split()] for line in lines]
    except ValueError as error:
        raise_first_line(files, name, _offence, error=error)
        raise
    if not all(rows) or min(map(min, rows), default=0) < 0:
        raise_first_line(files, name, _offence)
    counts = [len(row) - 1 for row in rows]
    if sum(counts) == 0:
        raise ValueError(f"{files.place(name)} has no interactions. Download it again.")
    users = np.repeat([row[0] for row in rows], counts)
    items = np.concatenate([np.asarray(row[1:], dtype=np.int64) for row in rows])
    return np.column_stack([users, items])


def _offence(line):
    numbers = line.split()
    if not numbers:
        return "is empty, where a user and its items are expected"
    for number in numbers:
        if not number.isdigit():
            shown = number.decode("utf-8", errors="replace")
            return f"has {shown!r}, where the number of a user or an item is expected"
    return None


def _read_names(files, file, role, ids):
    """Return the table of the users or items: all of its file, or those with a row."""
    if file not in files:
        return pd.DataFrame(index=pd.Index(np.unique(ids), name=role))
    with files.open(file) as content:
        header = tuple(content.readline().decode("utf-8").split())
    if header[:2] != ("org_id", "remap_id"):
        raise ValueError(
            f"{files.place(file)} begins with {' '.join(header)!r}, not with 'org_id remap_id'."
        )
    columns = {"original_id": "str", role: "int64"} | dict.fromkeys(header[2:], "str")
    form = TableFormat(columns, separator=" ", header=header, optional=frozenset(header[2:]))
    table = read_delimited(files, file, form).set_index(role)[["original_id"]]
    unknown = np.setdiff1d(ids, table.index)
    if len(unknown):
        raise ValueError(f"{files.place(file)} lacks {role} {unknown[0]}, which has interactions.")
    return table


def _count(train, test, items, users):
    return Counts(len(users), len(items), len(train), len(test))


def _make_bunch(name, train, test, items, users, verified):
    pairs = np.concatenate([train, test])
    data = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    description = DESCRIPTION.format(
        name=name,
        line="-" * len(name),
        source=SOURCES[name],
        published=COUNTS[name],
        found=_count(train, test, items, users),
        verified=verified,
    )
    return RatingsBunch(
        data=data,
        target=None,
        catalog=items,
        users=users,
        folds=Folds(len(data), {"split": np.arange(len(train), len(data))}),
        feature_names=list(data),
        target_names=[],
        DESCR=description,
    )
