"""Load the embedded sample data set."""

from pathlib import Path

import pandas as pd

from sklearn_anime.datasets._anime import OPTION_CONSTRAINTS, load_anime
from sklearn_anime.datasets._bunch import RatingsBunch
from sklearn_anime.utils._sklearn import validate_params

DATA_FOLDER = Path(__file__).parent / "data"


@validate_params(
    {name: OPTION_CONSTRAINTS[name] for name in ("unrated", "return_X_y")},
    prefer_skip_nested_validation=True,
)
def load_anime_sample(
    *, unrated: str = "drop", return_X_y: bool = False
) -> RatingsBunch | tuple[pd.DataFrame, pd.Series]:
    """Load the sample: well-known anime and the ratings of simulated viewers.

    Parameters
    ----------
    unrated : {"drop", "nan", "keep"}, default="drop"
        What becomes of the rows that say "watched, not rated": `"drop"` leaves them out, `"nan"`
        keeps them with a missing rating, `"keep"` keeps them with the rating -1.

    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        Dictionary-like object, with the following attributes, the same as of :func:`load_anime`.

        data : DataFrame of shape (n_rows, 2)
            The columns `user_id` and `anime_id`.
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
    The titles are real; the viewers and their ratings are simulated, so that recommendations make
    sense to a fan. Draw no conclusions about real viewers from them.

    Examples
    --------
    >>> from sklearn_anime.datasets import load_anime_sample
    >>> anime = load_anime_sample()
    >>> anime.frame[["name", "genre", "type"]].dtypes.astype(str).tolist()
    ['category', 'category', 'category']
    >>> anime.catalog.loc[2, "name"]
    'Dragon Ball Z'
    """
    loaded = load_anime(DATA_FOLDER, unrated=unrated, return_X_y=return_X_y)
    if not return_X_y:
        loaded.DESCR = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    return loaded
