"""Load the Kaggle "Anime Recommendations Database" from a folder."""

import html
import os
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.datasets._files import find_table, raise_first, read_table
from sklearn_anime.interactions._pairs import PairMerge
from sklearn_anime.utils._sklearn import Interval, StrOptions, validate_params

RATING_DTYPE = {"user_id": "int64", "anime_id": "int64", "rating": "float64"}
ANIME_DTYPE = {
    "anime_id": "int64",
    "name": "str",
    "genre": "str",
    "type": "str",
    "episodes": "str",
    "rating": "float64",
    "members": "float64",
}
NOT_RATED = -1
DESCRIPTION = """\
Anime Recommendations Database
------------------------------

Users of a site for anime, the anime that each has watched, and the ratings 1 to 10;
a row without a rating is an anime that was watched and not rated. Compiled in 2016 by CooperUnion
and published at https://www.kaggle.com/datasets/CooperUnion/anime-recommendations-database,
where it has 73,516 users, 12,294 anime and 7,813,737 rows.

:data: `user_id` and `anime_id`, one row per pair.
:target: `rating`; NaN is "watched, not rated".
:catalog: one row per anime, indexed by `anime_id`: name, genre, type, episodes, site_rating, members.
:frame: the rows joined with the catalog, and the rating.
"""

OPTION_CONSTRAINTS = {
    "n_users": [Interval(Integral, 1, None, closed="left"), None],
    "n_anime": [Interval(Integral, 1, None, closed="left"), None],
    "unrated": [StrOptions({"drop", "nan", "keep"})],
    "return_X_y": ["boolean"],
}


@validate_params({"path": [str, os.PathLike]} | OPTION_CONSTRAINTS, prefer_skip_nested_validation=True)
def load_anime(
    path: str | os.PathLike,
    *,
    n_users: int | None = None,
    n_anime: int | None = None,
    unrated: str = "drop",
    return_X_y: bool = False,
) -> RatingsBunch | tuple[pd.DataFrame, pd.Series]:
    """Load the Kaggle anime ratings from a folder.

    Parameters
    ----------
    path : str or path-like
        Folder with `anime.csv` and `rating.csv`, each plain, `.gz` or `.zip`.

    n_users : int, default=None
        Keep the rows of this many users, those with the most rows. None keeps all.

    n_anime : int, default=None
        Keep the rows of this many anime, those with the most rows, and only those anime in the
        catalog. None keeps all.

    unrated : {"drop", "nan", "keep"}, default="drop"
        What becomes of the rows that say "watched, not rated" (-1, or an empty cell, in the file):
        `"drop"` leaves them out, `"nan"` keeps them with a missing rating, `"keep"` keeps them
        with the rating -1.

    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes.

        data : DataFrame of shape (n_rows, 2)
            The columns `user_id` and `anime_id`, in the order of the file.
        target : Series of shape (n_rows,)
            The column `rating`, as float.
        catalog : DataFrame of shape (n_titles, 6)
            The catalog, indexed by `anime_id`: name, genre, type (text), episodes, site_rating,
            members (float); missing where the file says nothing or `Unknown`.
        frame : DataFrame of shape (n_rows, 9)
            `data` joined with the catalog, its text as categoricals, and `target` as the last
            column. Built when first asked for. Anime that the catalog lacks have missing values.
        feature_names, target_names : list of str
            The columns of `data`, and the name of `target`.
        DESCR : str
            Description of the data set.

    tuple of (DataFrame, Series)
        `(data, target)`, if `return_X_y` is True.

    See Also
    --------
    load_anime_sample : A small data set of the same form, without a download.
    fetch_anime : Download the data set from Kaggle, then load it.

    Notes
    -----
    A pair of user and anime that occurs again keeps its last row. `n_users` and `n_anime` both
    count the rows of the whole table that is left, the unrated ones included, whatever `unrated`
    says; of users or anime with equally many rows, those with the smaller ids come first.

    Examples
    --------
    >>> from pathlib import Path
    >>> import sklearn_anime.datasets
    >>> folder = Path(sklearn_anime.datasets.__file__).parent / "data"
    >>> anime = sklearn_anime.datasets.load_anime(folder, n_users=100, n_anime=50)
    >>> anime.data.nunique()
    user_id     100
    anime_id     50
    dtype: int64
    >>> anime.catalog.columns.tolist()
    ['name', 'genre', 'type', 'episodes', 'site_rating', 'members']
    """
    folder = Path(path)
    catalog = _read_catalog(find_table(folder, "anime.csv"))
    ratings = _read_ratings(find_table(folder, "rating.csv"))
    users = _most_frequent(ratings["user_id"], n_users)
    anime_ids = _most_frequent(ratings["anime_id"], n_anime)
    if unrated == "drop" and (ratings["rating"] == NOT_RATED).all():
        raise ValueError(
            f"{find_table(folder, 'rating.csv')} has no rating: each row says -1, or nothing. Keep the "
            f"interactions with unrated='nan'."
        )
    data, target = _split_target(_select(ratings, users, anime_ids, unrated), unrated)
    if return_X_y:
        return data, target
    if anime_ids is not None:
        catalog = catalog[catalog.index.isin(anime_ids)]
    return _make_bunch(data, target, catalog)


def _read_catalog(path):
    anime = read_table(path, ANIME_DTYPE).drop_duplicates("anime_id", keep="last")
    anime["name"] = anime["name"].map(html.unescape, na_action="ignore")
    anime["episodes"] = pd.to_numeric(anime["episodes"], errors="coerce").astype("float64")
    return anime.set_index("anime_id").rename(columns={"rating": "site_rating"})


def _read_ratings(path):
    """Read the rows, each pair once, with -1 where there is no rating."""
    ratings = read_table(path, RATING_DTYPE)
    last = _last_of_each_pair(ratings["user_id"], ratings["anime_id"])
    if last is not None:
        ratings = _take(ratings, last)
    ratings["rating"] = ratings["rating"].fillna(NOT_RATED)
    if _is_no_rating(ratings["rating"]).any():
        raise_first(path, "rating", _is_no_rating, "a rating from 1 to 10, or -1 for none,")
    return ratings


def _is_no_rating(ratings):
    return ratings.notna() & (ratings != NOT_RATED) & ~ratings.between(1, 10)


def _last_of_each_pair(users, items):
    """Return the mask of the last row of each pair; None where no pair comes again."""
    n_users, n_items = (int(ids.max()) - int(ids.min()) + 1 for ids in (users, items))
    if n_users * n_items < 2**63:
        codes = users.to_numpy() - users.min(), items.to_numpy() - items.min()
    else:
        codes, distinct = zip(*(pd.factorize(ids) for ids in (users, items)), strict=True)
        n_items = len(distinct[1])
    merge = PairMerge(*codes, n_items)
    if len(merge) == len(users):
        return None
    last = np.zeros(len(users), dtype=bool)
    last[merge.last(np.arange(len(users)))] = True
    return last


def _most_frequent(ids, n_ids):
    """List the ids with the most rows, of equally frequent ones the smaller; None keeps all."""
    if n_ids is None:
        return None
    counts = ids.value_counts(sort=False)
    order = np.lexsort((counts.index, -counts.to_numpy()))
    return counts.index[order[:n_ids]]


def _select(ratings, users, anime_ids, unrated):
    """Take the rows that are wanted, all conditions at once: one copy of the table."""
    wanted = np.ones(len(ratings), dtype=bool)
    if unrated == "drop":
        wanted &= ratings["rating"].to_numpy() != NOT_RATED
    if users is not None:
        wanted &= ratings["user_id"].isin(users).to_numpy()
    if anime_ids is not None:
        wanted &= ratings["anime_id"].isin(anime_ids).to_numpy()
    return ratings if wanted.all() else _take(ratings, wanted)


def _take(ratings, mask):
    """Take rows, numbered again; per column, which is faster than on the frame."""
    columns = {name: column.to_numpy()[mask] for name, column in ratings.items()}
    return pd.DataFrame(columns, copy=False)


def _split_target(ratings, unrated):
    target = ratings["rating"]
    if unrated == "nan":
        target = target.where(target != NOT_RATED)
    return ratings[["user_id", "anime_id"]], target


def _make_bunch(data, target, catalog):
    return RatingsBunch(
        data=data,
        target=target,
        catalog=catalog,
        feature_names=list(data),
        target_names=[target.name],
        DESCR=DESCRIPTION,
    )
