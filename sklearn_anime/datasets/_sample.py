"""Load the embedded sample data set."""

from pathlib import Path

import pandas as pd

from sklearn_anime.datasets._anime import OPTION_CONSTRAINTS, load_anime
from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.utils._sklearn import validate_params

DATA_FOLDER = Path(__file__).parent / "data"
START = pd.Timestamp("2017-01-01")  # of the hours in the file of times


@validate_params(
    {name: OPTION_CONSTRAINTS[name] for name in ("unrated", "return_X_y")} | {"times": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_anime_sample(
    *, unrated: str = "drop", times: bool = False, return_X_y: bool = False
) -> RatingsBunch | tuple[pd.DataFrame, pd.Series]:
    """Load the sample: well-known anime and the ratings of simulated viewers.

    Parameters
    ----------
    unrated : {"drop", "nan", "keep"}, default="drop"
        What becomes of the rows that say "watched, not rated": `"drop"` leaves them out, `"nan"`
        keeps them with a missing rating, `"keep"` keeps them with the rating -1.

    times : bool, default=False
        Whether `data` has a third column `timestamp`, for estimators that are told of it by ``time=``:
        simulated datetimes, in which viewers watch the seasons of a series in a row, and each has times
        of the year for one taste and for another.

    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes, the same as of :func:`load_anime`.

        data : DataFrame of shape (n_rows, 2)
            The columns `user_id` and `anime_id`; `timestamp` as well, where `times` is True.
        target : Series of shape (n_rows,)
            The column `rating`, as float.
        catalog : DataFrame of shape (n_titles, 6)
            The catalog, indexed by `anime_id`: name, genre, type (text), episodes, site_rating,
            members (float).
        frame : DataFrame of shape (n_rows, 9)
            `data` joined with the catalog, its text as categoricals, and `target` as the last
            column. Built when first asked for.
        feature_names, target_names : list of str
            The columns of `data`, and the name of `target`.
        DESCR : str
            Description of the data set, and of the simulation.

    tuple of (DataFrame, Series)
        `(data, target)`, if `return_X_y` is True.

    See Also
    --------
    load_anime : Load the real ratings, from a folder.

    Notes
    -----
    The titles are real; the viewers, their ratings and the times are simulated, so that recommendations
    make sense to a fan. Draw no conclusions about real viewers from them.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> anime = load_anime_sample()
    >>> anime.frame[["name", "genre", "type"]].dtypes.astype(str).tolist()
    ['category', 'category', 'category']
    >>> anime.catalog.loc[2, "name"]
    'Dragon Ball Z'
    >>> anime = load_anime_sample(times=True)
    >>> latest = anime.data[anime.data.user_id == 4].sort_values("timestamp")[-2:]
    >>> latest.join(anime.catalog["name"], on="anime_id")[["timestamp", "name"]]
                  timestamp          name
    184 2021-06-29 17:00:00  Kanon (2006)
    185 2021-07-18 09:00:00           Air
    """
    loaded = load_anime(DATA_FOLDER, unrated=unrated)
    loaded.DESCR = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    if times:
        loaded.data = loaded.data.assign(timestamp=_times(unrated))
        loaded.feature_names = list(loaded.data)
    return (loaded.data, loaded.target) if return_X_y else loaded


def _times(unrated):
    """Return the time of each row."""
    hours = pd.read_csv(DATA_FOLDER / "time.csv.gz")["hour"]
    if unrated == "drop":
        target = load_anime(DATA_FOLDER, unrated="nan").target
        hours = hours[target.notna()].reset_index(drop=True)
    return START + pd.to_timedelta(hours, unit="h")
