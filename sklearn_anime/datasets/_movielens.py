"""Load the MovieLens ratings: from a local copy, or downloaded from GroupLens."""

import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch

from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.datasets._data_files import DataFiles
from sklearn_anime.datasets._download import fetch_file
from sklearn_anime.datasets._movielens_files import VARIANTS, read_movies, read_ratings, read_users
from sklearn_anime.utils._sklearn import Interval, StrOptions, validate_params

URL = "https://files.grouplens.org/datasets/movielens/"
FOLDER = "movielens"
FETCH_CONSTRAINTS = {
    "data_home": [str, os.PathLike, None],
    "path": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    "return_X_y": ["boolean"],
    "as_frame": ["boolean"],
    "n_retries": [Interval(Integral, 0, None, closed="left")],
    "delay": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
}
DESCRIPTION = """\
MovieLens {name}
{line}

Ratings of movies by users of https://movielens.org, collected by GroupLens Research at the
University of Minnesota; published at https://grouplens.org/datasets/movielens/ as {archive}.

:data: `user_id` and `movie_id`, one row per rating, in the order of the file.
:target: `rating`, in stars.
:timestamp: when each rating was given, in Coordinated Universal Time.
:catalog: one row per movie, indexed by `movie_id`; genres are separated by ", ".
:users: {users}
:folds: {folds}

Published: {n_ratings:,} ratings by {n_users:,} users, {n_movies:,} movies in the catalog.
This copy: {found}. {verified}

License: for research, without any endorsement by the University of Minnesota or GroupLens; commercial
use needs their permission, and so does passing on some of the variants. The README file of the archive
has the conditions. This package does not redistribute the data.

Citation: F. Maxwell Harper and Joseph A. Konstan (2015). The MovieLens datasets: history and context.
ACM Transactions on Interactive Intelligent Systems 5(4), 19. https://doi.org/10.1145/2827872
"""


@validate_params(
    {"variant": [StrOptions(set(VARIANTS))], "times": ["boolean"]} | FETCH_CONSTRAINTS,
    prefer_skip_nested_validation=True,
)
def fetch_movielens(
    variant: str = "latest-small",
    *,
    data_home: str | os.PathLike | None = None,
    path: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    times: bool = False,
    return_X_y: bool = False,
    as_frame: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: int = 0,
) -> Bunch | tuple[Any, Any]:
    """Load a variant of the MovieLens ratings, downloaded from GroupLens once.

    Parameters
    ----------
    variant : {"latest-small", "100k", "1m", "10m", "20m", "25m", "32m"}, default="latest-small"
        Which of the published tables. All but the first never change.

    data_home : str or path-like, default=None
        Folder that keeps the archive, in a subfolder. None is scikit-learn's
        :func:`~sklearn.datasets.get_data_home`.

    path : str or path-like, default=None
        A local copy to read instead: the archive as it was published, or a folder with its files, each
        plain or `.gz`. Nothing is downloaded then.

    download_if_missing : bool, default=True
        Whether to download an archive that is not kept yet. False raises where it is missing.

    times : bool, default=False
        Whether `data` has a third column `timestamp`, for estimators that are told of it by ``time=``.

    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    as_frame : bool, default=True
        Whether `data` and `target` are pandas objects. False makes arrays of them: ids of 64 bits, and
        with `times` the seconds since 1970.

    n_retries : int, default=3
        How many times a failed download is tried again.

    delay : float, default=1.0
        Seconds between two tries.

    verbose : int, default=0
        Whether to print the progress of the download.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes.

        data : DataFrame of shape (n_rows, 2)
            The columns `user_id` and `movie_id`, in the order of the file; `timestamp` as well, where
            asked for.
        target : Series of shape (n_rows,)
            The column `rating`: stars from 0.5 or 1 to 5, as float.
        timestamp : Series of shape (n_rows,)
            When each rating was given, as datetime in Coordinated Universal Time.
        catalog : DataFrame of shape (n_movies, n_columns)
            Indexed by `movie_id`: title and genre (text, genres separated by ", ", missing where there
            is none). In `"100k"` also release_date (datetime) and imdb_url.
        users : DataFrame of shape (n_users, 4) or None
            Indexed by `user_id`: age, gender, occupation, zip_code in `"100k"` and `"1m"`, where the
            age of the latter is the lower end of an age group (1 is under 18). None in all others.
        folds : Folds
            The official splits by name, each as positions `(train, test)`: `u1` to `u5`, `ua` and `ub`
            of `"100k"`; `r1` to `r5`, `ra` and `rb` of `"10m"`; none in the others.
        frame : DataFrame
            `data` and `timestamp` joined with the catalog and the users, and `target` as the last
            column. Built when first asked for; None if `as_frame` is False.
        feature_names, target_names : list of str
            The columns of `data`, and the name of `target`.
        DESCR : str
            Description, license, citation, and what of this copy was verified.

    tuple of (data, target)
        If `return_X_y` is True.

    Raises
    ------
    OSError
        If the download fails or the disk is full; nothing half-written is kept. If the archive is not
        kept and `download_if_missing` is False.

    ValueError
        If a file is missing or a line of it malformed, or if the files are those of another variant. An
        archive that was just downloaded is deleted then.

    See Also
    --------
    fetch_lightgcn : Interactions without ratings, with the split that papers report on.
    load_anime_sample : A small data set that needs no download.

    Notes
    -----
    GroupLens publishes MD5 checksums beside most archives; where there is one, the download is compared
    with it. The number of ratings, users and movies of an archive in `data_home` is compared with those
    published, but for `"latest-small"`, which GroupLens may renew. Of a copy in `path` only the form of
    the files is verified.

    The splits of `"10m"` are those that the script `split_ratings.sh` of its archive writes: `r1` to
    `r5` are fifths of the file, which is sorted by user, so that most users of a test have no row in
    training; `ra` and `rb` test the first ten rows of each user and the next ten.

    References
    ----------
    .. [1] Harper and Konstan (2015). The MovieLens datasets: history and context. ACM Transactions on
       Interactive Intelligent Systems 5(4), 19.

    Examples
    --------
    >>> from sklearn_anime.datasets import fetch_movielens
    >>> movies = fetch_movielens("100k")  # doctest: +SKIP
    >>> cv = [movies.folds[name] for name in ("u1", "u2", "u3", "u4", "u5")]  # doctest: +SKIP
    >>> X, y = fetch_movielens("25m", path="ml-25m.zip", return_X_y=True)  # doctest: +SKIP
    """
    table = VARIANTS[variant]
    if path is not None:
        parts = _read(DataFiles.at(path), table)
        verified = "Of the files only the form was verified."
    else:
        archive = Path(get_data_home(data_home)) / FOLDER / table.archive
        parts, verified = _read_kept(archive, table, download_if_missing, n_retries, delay, verbose)
    bunch = _make_bunch(table, *parts, times, verified)
    if not as_frame:
        bunch = _as_arrays(bunch)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _read_kept(archive, table, download_if_missing, n_retries, delay, verbose):
    """Read the kept archive, downloaded if need be; a bad download is deleted."""
    is_new, checked = not archive.is_file(), False
    if is_new:
        if not download_if_missing:
            raise missing_error(archive)
        options = {"n_retries": n_retries, "delay": delay, "verbose": verbose}
        checked = fetch_file(URL + table.archive, archive, has_md5=True, **options)
    try:
        parts = _read(DataFiles.at(archive), table)
        _check_counts(archive, table, *parts[:2])
    except ValueError as error:
        if is_new:
            archive.unlink()
        raise ValueError(f"{error} {what_became_of(archive, is_new)}") from error
    numbers = "" if table.name == "latest-small" else ", and the numbers of rows, users and movies"
    md5 = ", the published MD5 checksum" if checked else ""
    return parts, f"Verified: the form of the files{md5}{numbers}."


def missing_error(path: Path) -> OSError:
    """Return the error for a file that is not kept and may not be downloaded.

    Parameters
    ----------
    path : Path
        Where it would be.

    Returns
    -------
    OSError
        To raise.

    Examples
    --------
    >>> missing_error(Path("ml-1m.zip"))
    FileNotFoundError('There is no ml-1m.zip, and `download_if_missing` is False. Put the file there, or
    name a local copy with path=.')
    """
    return FileNotFoundError(
        f"There is no {path}, and `download_if_missing` is False. Put the file there, or name a local "
        f"copy with path=."
    )


def what_became_of(path: Path, is_new: bool) -> str:
    """Return what to say of a file that is not what it should be.

    Parameters
    ----------
    path : Path
        The file.

    is_new : bool
        Whether it was just downloaded, and so deleted.

    Returns
    -------
    str
        A sentence or two.

    Examples
    --------
    >>> what_became_of(Path("ml-1m.zip"), is_new=True)
    'ml-1m.zip was deleted. Call again to download it.'
    """
    if is_new:
        return f"{path} was deleted. Call again to download it."
    return f"Delete {path} and call again to download it."


def _read(files, table):
    """Return the ratings, the catalog, the users and the splits."""
    _check_variant(files, table)
    ratings = read_ratings(files, table)
    return (
        ratings,
        read_movies(files, table),
        read_users(files, table),
        table.folds(files, ratings),
    )


def _check_variant(files, table):
    """Raise where the files are those of another variant."""
    others = [
        other.name
        for other in VARIANTS.values()
        if other.folder in files.folders and other.folder != table.folder
    ]
    if others and table.folder not in files.folders:
        raise ValueError(f"{files.path} is MovieLens {others[0]}, not {table.name}: pass {others[0]!r}.")
    similar = [
        repr(other.name) for other in VARIANTS.values() if all(name in files for name in other.files)
    ]
    hint = f"It has the files of variant {' or '.join(similar)}." if similar else "Download it again."
    files.require(table.files, f"MovieLens {table.name} has them. {hint}")
    if table.name == "10m" and "users.dat" in files:
        raise ValueError(f"{files.path} has users.dat: it is MovieLens 1m, not 10m. Pass '1m'.")


def _check_counts(archive, table, ratings, movies):
    found = (len(ratings), ratings["user_id"].nunique(), len(movies))
    expected = (table.n_ratings, table.n_users, table.n_movies)
    if found != expected and table.name != "latest-small":
        raise ValueError(
            "{} has {:,} ratings, {:,} users and {:,} movies, where ".format(archive, *found)
            + "{:,}, {:,} and {:,} are published.".format(*expected)
        )


def _make_bunch(table, ratings, movies, users, folds, times, verified):
    seconds = ratings["timestamp"].to_numpy()
    timestamp = pd.Series(seconds.view("datetime64[s]"), name="timestamp", index=ratings.index)
    data = ratings[["user_id", "movie_id"]]
    return RatingsBunch(
        data=data.assign(timestamp=timestamp) if times else data,
        target=ratings["rating"],
        timestamp=timestamp,
        catalog=movies,
        users=users,
        folds=folds,
        feature_names=[*data, "timestamp"] if times else list(data),
        target_names=["rating"],
        DESCR=_describe(table, ratings, movies, users, folds, verified),
    )


def _describe(table, ratings, movies, users, folds, verified):
    n_users = ratings["user_id"].nunique()
    found = f"{len(ratings):,} ratings by {n_users:,} users, {len(movies):,} movies in the catalog"
    return DESCRIPTION.format(
        name=table.name,
        line="-" * len(f"MovieLens {table.name}"),
        archive=table.archive,
        users="nothing is known of them." if users is None else ", ".join(users) + ".",
        folds=", ".join(folds) + "." if len(folds) else "none are published.",
        n_ratings=table.n_ratings,
        n_users=table.n_users,
        n_movies=table.n_movies,
        found=found,
        verified=verified,
    )


def _as_arrays(bunch):
    """Return the Bunch with arrays for data and target."""
    content = dict(zip(bunch, dict.values(bunch), strict=True))
    data = bunch.data
    if "timestamp" in data:
        data = data.assign(timestamp=data["timestamp"].astype("int64"))
    return Bunch(**content | {"data": data.to_numpy(), "target": bunch.target.to_numpy(), "frame": None})
