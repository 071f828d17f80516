"""A table of interactions on a cluster: blocks of users, each with all its rows in one memory."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from sklearn_anime.dask._features import feature_table
from sklearn_anime.dask._partitions import Partitions, persisted, sent_once, task
from sklearn_anime.dask._reading import Reading, Summary, coded_meta, encode
from sklearn_anime.interactions import Interactions, UserRows, Vocabulary
from sklearn_anime.interactions._features import FeatureTable
from sklearn_anime.interactions._pairs import PairMerge, order_of
from sklearn_anime.interactions._rows import Layout
from sklearn_anime.interactions._table import TableMixin
from sklearn_anime.interactions._targets import check_ratings

FAN_IN = 8  # partitions whose ids are joined at once
RATING, WEIGHT = "__rating__", "__weight__"  # columns beside those of X
FIELDS = ("item_codes", "ratings", "weights", "totals", "times", "order")


@dataclass(frozen=True)
class DaskInteractions(TableMixin):
    """The interactions of a Dask DataFrame, in the form in which models are fitted to `Interactions`.

    Attributes
    ----------
    users, items : Vocabulary
        The ids of both sides.

    layout : Layout
        Which columns of ``X`` are the ids, the time and the features.

    blocks : Partitions
        `UserRows` of users whose codes follow each other.

    weighted, clock, has_order : bool, str or None, and bool
        As in `UserRows`.

    features : FeatureTable or None
        The further columns of ``X``, for models that use them.
    """

    users: Vocabulary
    items: Vocabulary
    layout: Layout
    blocks: Partitions
    weighted: bool
    clock: str | None
    has_order: bool
    features: FeatureTable | None = None

    @classmethod
    def from_frame(
        cls,
        X,
        y=None,
        sample_weight=None,
        *,
        needs_ratings=True,
        features=None,
        **columns,
    ):
        """Find the ids in one pass, and bring the rows of each user together in a second one."""
        if y is None and needs_ratings:
            check_ratings(None, 0)
        reading = Reading(**columns, features=features is not None)
        reading.warn_of_times(X._meta_nonempty)
        rows = _partitions_of(X, y, sample_weight)
        summary = _summary(rows, reading)
        summary.check(len(X.columns), needs_ratings)
        users, items = summary.vocabularies()
        starts = summary.starts(users, len(rows))
        ids = sent_once(users), sent_once(items)
        frames = persisted(_by_user(_encoded(rows, reading, ids, summary), starts), ids)
        known, weighted = summary.first, sample_weight is not None
        table = None
        if features is not None:
            table = feature_table(frames, known.names, (len(users), len(items)))
        facts = {"n_items": len(items), "clock": known.clock, "weighted": weighted}
        blocks = _blocks(frames, starts, facts)
        order = known.clock is not None or reading.ordered
        return cls(users, items, known.layout, blocks, weighted, known.clock, order, table)

    @property
    def n_items(self):
        """Number of items."""
        return len(self.items)

    @property
    def shape(self):
        """Number of users and of items."""
        return len(self.users), len(self.items)

    def gathered(self):
        """Return the table in the memory of the client, one field of all blocks after the other."""
        fields = {name: self.blocks.concatenate(partial(_field, name)) for name in FIELDS}
        present = {name: values for name, values in fields.items() if values.dtype != object}
        lengths = self.blocks.concatenate(_row_lengths)
        return Interactions(
            indptr=np.concatenate([[0], np.cumsum(lengths)]),
            n_items=self.n_items,
            codes=np.arange(len(self.users)),
            weighted=self.weighted,
            clock=self.clock,
            user_columns=[] if self.features is None else self.features.user_columns,
            user_rows=np.arange(len(self.users)),
            users=self.users,
            items=self.items,
            layout=self.layout,
            features=self.features,
            **present,
        )


def _partitions_of(X, y, sample_weight):
    """Return rows, ratings and weights of each partition as delayed values."""
    given = {name: each for name, each in ((RATING, y), (WEIGHT, sample_weight)) if each is not None}
    frames, columns = X.to_delayed(), {name: each.to_delayed() for name, each in given.items()}
    if any(len(each) != len(frames) for each in columns.values()):
        frames, columns = _read_together(X, given)
    nothing = [None] * len(frames)
    return list(zip(frames, *(columns.get(name, nothing) for name in (RATING, WEIGHT)), strict=True))


def _read_together(X, given):
    """Return the partitions of rows, and of ratings and weights, of one frame that has them all.

    Dask reads several files as one partition where few columns are asked for, so that a column of a
    frame may have fewer partitions than others.
    """
    try:
        parts = X.assign(**given).to_delayed()
    except ValueError as error:
        raise ValueError(
            "The partitions of y or sample_weight are not those of X. Give columns of the frame that X "
            "was taken from."
        ) from error
    names = list(X.columns)
    return [part[names] for part in parts], {name: [part[name] for part in parts] for name in given}


def _summary(rows, reading):
    """Return what one pass over the partitions finds, joined in a tree."""
    found = [task(Summary.of, "ids")(position, *each, reading) for position, each in enumerate(rows)]
    while len(found) > 1:
        groups = [found[start : start + FAN_IN] for start in range(0, len(found), FAN_IN)]
        found = [task(Summary.merged, "join-ids")(group) for group in groups]
    return found[0].compute()


def _encoded(rows, reading, ids, summary):
    """Return the rows as a Dask DataFrame of codes and numbers."""
    import dask.dataframe as dd

    n_rows, time_dtype = [part.n_rows for part in summary.parts], summary.time_dtype
    first_rows = np.cumsum(n_rows) - n_rows
    coded = [
        task(encode)(position, *each, reading, *ids, int(first), time_dtype)
        for position, (each, first) in enumerate(zip(rows, first_rows, strict=True))
    ]
    has = [each is not None for each in rows[0][1:]]
    meta = coded_meta(reading, *has, time_dtype, summary.first.layout.n_columns)
    return dd.from_delayed(coded, meta=meta)


def _by_user(coded, starts):
    """Return a frame for each range of codes of users, as delayed values."""
    divisions = (*starts[:-1].tolist(), int(starts[-1]) - 1)
    return coded.set_index("user", divisions=divisions, drop=True).to_delayed()


def _blocks(frames, starts, facts):
    """Return the rows of users out of frames of codes."""
    ranges = zip(frames.blocks, pairwise(starts), strict=True)
    tasks = [task(_user_rows, "block")(frame, *bounds, facts) for frame, bounds in ranges]
    return persisted(tasks, frames.held, frames.blocks)


def _user_rows(frame, start, stop, facts):
    """Return the rows of the users of a range of codes."""
    users, items = frame.index.to_numpy().astype(np.int64) - start, frame["item"].to_numpy()
    n_rows = len(frame)
    weights = frame["weight"].to_numpy() if "weight" in frame else np.ones(n_rows)
    times = frame["time"].to_numpy() if "time" in frame else None
    values = {
        "ratings": frame["rating"].to_numpy() if "rating" in frame else np.full(n_rows, np.nan),
        "weights": weights,
        "totals": weights,
        "times": times,
        "order": order_of(times, frame["row"].to_numpy()) if "row" in frame else None,
    }
    fields = PairMerge(users, items, facts["n_items"]).fields(values, stop - start)
    fields["item_codes"] = fields["item_codes"].astype(np.int32)
    for name in ("ratings", "weights", "totals"):
        fields[name] = _narrow(fields[name])
    return UserRows(codes=np.arange(start, stop), **facts, **fields)


def _narrow(values):
    """Return numbers in single precision, where it holds them exactly."""
    narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow, values, equal_nan=True) else values


def _field(name, rows):
    """Return a field of rows; an empty array of objects where there is none."""
    values = getattr(rows, name)
    return np.empty(0, dtype=object) if values is None else values


def _row_lengths(rows):
    return rows.row_lengths
