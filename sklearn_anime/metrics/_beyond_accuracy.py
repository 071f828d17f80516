"""Metrics of recommendations that look beyond accuracy, by the name that a scorer knows them by."""

import narwhals as nw
import numpy as np
from sklearn.utils.validation import check_array

from sklearn_anime.interactions._frames import tidy_frame
from sklearn_anime.interactions._ids import as_series
from sklearn_anime.metrics._calibration import calibration_error
from sklearn_anime.metrics._coverage import catalog_coverage, intra_list_diversity
from sklearn_anime.metrics._popularity import novelty


def read_features(features):
    """Return the item ids and the numbers of a frame that is indexed by item.

    The first column of other frames than those of pandas holds the ids.

    Examples
    --------
    >>> import pandas as pd
    >>> ids, vectors = read_features(pd.DataFrame({"Action": [1, 0]}, index=["Akira", "Clannad"]))
    >>> ids.tolist(), vectors.tolist()
    (['Akira', 'Clannad'], [[1.0], [0.0]])
    """
    if not nw.dependencies.is_into_dataframe(features):
        raise TypeError(
            f"features= is a {type(features).__name__}. Give a frame of numbers that is indexed by item."
        )
    if nw.dependencies.is_pandas_dataframe(features):
        ids = features.index
    else:
        frame = nw.from_native(features)
        ids, features = frame[frame.columns[0]], frame[frame.columns[1:]].to_native()
    try:
        vectors = check_array(np.asarray(features), dtype=np.float64, input_name="features")
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"features= takes numbers, one row for each item ({reason}). Make them, for instance "
            f"of genres with WeightedOneHotGenres().set_output(transform='pandas')."
        ) from error
    return np.asarray(as_series(ids).to_list()), vectors


def _coverage(recommender, recommended, features, k):
    return catalog_coverage(recommended, recommender.items_, k=k)


def _novelty(recommender, recommended, features, k):
    return novelty(recommended, _seen(recommender), k=k)


def _diversity(recommender, recommended, features, k):
    return intra_list_diversity(recommended, *_vectors(recommender, features), k=k)


def _calibration(recommender, recommended, features, k):
    vectors = _vectors(recommender, features)
    return -calibration_error(recommended, _seen(recommender), *vectors, k=k)


# Each takes the recommender, what it recommends, what `read_features` returns (or None) and `k`; greater
# is better.
BEYOND_ACCURACY = {
    "calibration": _calibration,
    "coverage": _coverage,
    "diversity": _diversity,
    "novelty": _novelty,
}
NEED_FEATURES = {"calibration", "diversity"}


def _seen(recommender):
    """Return the pairs that ``fit`` saw as a frame."""
    seen = recommender.interactions_
    return tidy_frame(seen.users.decode(seen.row_codes), seen.items.decode(seen.item_codes))


def _vectors(recommender, features):
    """Return items and vectors with those of ``fit`` that have no row, whose vectors are zeros."""
    ids, vectors = features
    items = recommender.interactions_.items
    missing = np.setdiff1d(np.arange(len(items)), items.encode(as_series(ids)))
    more = items.decode(missing).to_list()
    return [*ids.tolist(), *more], np.vstack([vectors, np.zeros((len(more), vectors.shape[1]))])
