"""Predictions and lists by plain loops, from the formulas in SVDNeighborsRecommender's docstring.

Matrices are dense and their SVD is NumPy's. The item axis is the user axis of the transposed table, as
far as predictions go.
"""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from sklearn_anime.baseline import BiasRegressor

N_USERS, N_ITEMS = 12, 9


def make_table(n_users=N_USERS, n_items=N_ITEMS, unrated=0.15, density=0.6, seed=0):
    """Draw shuffled rows of text ids and whole ratings, some of them missing."""
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < density)
    ratings = rng.integers(1, 11, len(users)).astype(float)
    ratings[rng.random(len(users)) < unrated] = np.nan
    order = rng.permutation(len(users))
    X = pd.DataFrame({"user_id": [f"u{u:02}" for u in users], "anime_id": [f"i{i}" for i in items]})
    return X.iloc[order].reset_index(drop=True), pd.Series(ratings[order], name="rating")


def all_pairs_of(X):
    """Return every pair of a known user and a known item."""
    users, items = (sorted(X[name].unique()) for name in ("user_id", "anime_id"))
    return pd.DataFrame([(u, i) for u in users for i in items], columns=["user_id", "anime_id"])


def wide(X, values):
    """Return users x items: the value of each row, NaN where there is no row."""
    return X.assign(value=np.asarray(values)).pivot(index="user_id", columns="anime_id", values="value")


def baseline_ratings(baseline, X, y, pairs, sample_weight=None):
    """Return what the baseline predicts of pairs."""
    weights = np.ones(len(X)) if sample_weight is None else sample_weight
    rated = y.notna().to_numpy()
    if baseline is None:
        return np.full(len(pairs), np.average(y[rated], weights=weights[rated]))
    model = BiasRegressor() if isinstance(baseline, str) else clone(baseline)
    params = {"sample_weight": weights[rated]} if has_fit_parameter(model, "sample_weight") else {}
    if isinstance(model, BiasRegressor):
        return model.fit(X, y, weights).predict(pairs)
    return model.fit(X[rated], y[rated], **params).predict(pairs)


def places(matrix, n_components, balance=1.0):
    """Return U S**balance of a dense matrix, or the matrix itself without an SVD."""
    if n_components is None:
        return matrix
    left, values, _ = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :n_components] * values[:n_components] ** balance


def similarity(u, v):
    """Return the cosine of two vectors, 0 where it is negative or one of them is 0."""
    norm = np.linalg.norm(u) * np.linalg.norm(v)
    cosine = u @ v / norm if norm > 1e-10 else 0.0
    return cosine if cosine > 1e-6 else 0.0


def similarities(places):
    """Return the similarity of each two places, 0 for a place with itself."""
    near = np.array([[similarity(u, v) for v in places] for u in places])
    np.fill_diagonal(near, 0.0)
    return near


def nearest(row, n):
    """Return a row with 0 in the place of all but the n largest."""
    return row if n >= len(row) else np.where(row >= np.sort(row)[-n], row, 0.0)


def expected_ratings(
    X,
    y,
    pairs,
    *,
    axis="user",
    baseline="bias",
    n_components=3,
    n_neighbors=4,
    similarity_power=1.0,
    shrinkage=2.0,
    sample_weight=None,
    from_all=False,
):
    """Return unclipped predictions of known pairs; `from_all`: the nearest of all, then the raters."""
    known = all_pairs_of(X)
    base = wide(known, baseline_ratings(baseline, X, y, known, sample_weight))
    weights = wide(X, np.ones(len(X)) if sample_weight is None else sample_weight)
    residuals = wide(X, y) - base
    factorized = (wide(X, y) if baseline is None else residuals).fillna(0)
    if axis == "item":
        weights, residuals, factorized = weights.T, residuals.T, factorized.T
    near = similarities(places(factorized.to_numpy(), n_components))
    ratings = []
    for user, item in pairs.to_numpy():
        row_id, column_id = (user, item) if axis == "user" else (item, user)
        row = near[residuals.index.get_loc(row_id)]
        usable = residuals[column_id].notna().to_numpy() & (residuals.index != row_id)
        row = np.where(usable, nearest(row, n_neighbors), 0) if from_all else np.where(usable, row, 0)
        weighted = nearest(row, n_neighbors) ** similarity_power * weights[column_id].fillna(0)
        total = weighted.sum() + shrinkage
        moved = (weighted * residuals[column_id].fillna(0)).sum() / total if total > 0 else 0.0
        ratings.append(base.loc[user, item] + moved)
    return np.array(ratings)


def filled_ratings(X, y, baseline="bias"):
    """Return users x items: ratings, what the baseline predicts of the unrated rows, 0 elsewhere."""
    predicted = baseline_ratings(baseline, X, y, X)
    return wide(X, y.fillna(pd.Series(predicted, index=y.index))).fillna(0.0)


def expected_scores(
    X,
    y,
    own,
    *,
    axis="user",
    baseline="bias",
    n_components=3,
    n_neighbors=4,
    similarity_power=3.0,
    min_rating=None,
):
    """Return the scores of all items for a user of the table, by the lists of either axis."""
    seen = wide(X, np.ones(len(X))).fillna(0)
    values = (
        filled_ratings(X, y, baseline)
        if min_rating is None
        else wide(X, y).where(lambda r: r >= min_rating, 0)
    )
    matrix = (seen if axis == "user" else seen.T).to_numpy()
    near = similarities(places(matrix, n_components, balance=0.5))
    if axis == "user":
        weights = nearest(near[seen.index.get_loc(own)], n_neighbors) ** similarity_power
        sums = weights @ values
    else:
        shared = np.zeros(seen.shape[1])
        for item, rating in enumerate(values.loc[own]):
            weights = nearest(near[item], n_neighbors) ** similarity_power
            shared += rating * weights / max(weights.sum(), 1e-300)
        sums = pd.Series(shared, index=seen.columns)
    last = -1 / (1 + seen.sum()) if min_rating is None else np.nan
    return pd.Series(sums, index=seen.columns).where(lambda sums: sums > 0, last).dropna()


def seen_by(X, user):
    """Return the items that a user has seen."""
    return X.loc[X["user_id"] == user, "anime_id"].tolist()
