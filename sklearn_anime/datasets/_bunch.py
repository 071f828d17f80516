"""The Bunch of the rating data sets: its joined frame is built when it is asked for."""

import pandas as pd
from sklearn.utils import Bunch

PARTS = ("data", "target", "catalog", "users", "timestamp")


class RatingsBunch(Bunch):
    """Hold a rating data set, and join its frame on first access.

    Parameters
    ----------
    **kwargs : dict
        The content; `data`, `target` and `catalog`, and where there are any `users` and `timestamp`,
        are what `frame` is made of.

    Examples
    --------
    >>> import pandas as pd
    >>> bunch = RatingsBunch(
    ...     data=pd.DataFrame({"user_id": [1, 1], "anime_id": [5, 6]}),
    ...     target=pd.Series([9.0, 7.0], name="rating"),
    ...     catalog=pd.DataFrame({"name": ["Akira", "Trigun"]}, index=[5, 6]),
    ... )
    >>> bunch.frame
       user_id  anime_id    name  rating
    0        1         5   Akira     9.0
    1        1         6  Trigun     7.0
    """

    def __init__(self, **kwargs):
        super().__init__(**({"frame": None} | kwargs))

    def __getitem__(self, key):
        value = super().__getitem__(key)
        if key == "frame" and value is None:
            parts = (dict.get(self, name) for name in PARTS)
            value = self[key] = join_frame(*parts)
        return value

    def get(self, key, default=None):
        """Return the value of a key, or `default`.

        Examples
        --------
        >>> RatingsBunch(DESCR="Text").get("DESCR")
        'Text'
        """
        try:
            return self[key]
        except KeyError:
            return default

    def values(self):
        """List the values; builds the frame.

        Examples
        --------
        >>> RatingsBunch(frame="built").values()
        ['built']
        """
        return [self[key] for key in self]

    def items(self):
        """List the pairs of key and value; builds the frame.

        Examples
        --------
        >>> RatingsBunch(frame="built").items()
        [('frame', 'built')]
        """
        return [(key, self[key]) for key in self]

    def __reduce__(self):
        return _restore, (type(self), dict(zip(self, super().values(), strict=True)))


def _restore(kind, content):
    return kind(**content)


def join_frame(
    data: pd.DataFrame,
    target: pd.Series | None,
    catalog: pd.DataFrame,
    users: pd.DataFrame | None = None,
    timestamp: pd.Series | None = None,
) -> pd.DataFrame:
    """Join rows with what is known of their items and users, without a copy of any text.

    Parameters
    ----------
    data : DataFrame
        User and item in the first two columns.

    target : Series or None
        The ratings, aligned with `data`; None where there are none.

    catalog : DataFrame
        The items, indexed by id.

    users : DataFrame, default=None
        The users, indexed by id.

    timestamp : Series, default=None
        The time of each row, aligned with `data`, which may have it as a column.

    Returns
    -------
    DataFrame
        `data`, the time, the columns of the catalog and of the users (text as categoricals, missing
        where they lack the id), and the target.

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame({"user_id": [1, 1], "anime_id": [6, 7]})
    >>> catalog = pd.DataFrame({"name": ["Akira", "Trigun"]}, index=[5, 6])
    >>> join_frame(data, pd.Series([7.0, 8.0], name="rating"), catalog)
       user_id  anime_id    name  rating
    0        1         6  Trigun     7.0
    1        1         7     NaN     8.0
    """
    columns = {} if timestamp is None else {timestamp.name: timestamp}
    for ids, table in ((data.iloc[:, 1], catalog), (data.iloc[:, 0], users)):
        if table is not None:
            rows = table.index.get_indexer(ids)
            columns |= {name: _take(column, rows, data.index) for name, column in table.items()}
    return data.assign(**columns, **({} if target is None else {target.name: target}))


def _take(column, rows, index):
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype("category")
    return column.reset_index(drop=True).reindex(rows).set_axis(index)
