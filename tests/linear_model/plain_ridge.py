"""The model written out: a ridge regression of each column on all others, and a table to fit it to."""

import numpy as np
import pandas as pd

N_USERS, N_ITEMS = 30, 9


def make_table():
    """Return rows of 30 users and 9 items, and ratings from 1 to 10, some of them missing."""
    rng = np.random.RandomState(0)
    seen = rng.rand(N_USERS, N_ITEMS) < rng.uniform(0.25, 0.75, N_ITEMS)
    seen[np.arange(N_USERS), rng.randint(N_ITEMS, size=N_USERS)] = True
    users, items = np.nonzero(seen)
    X = pd.DataFrame({"user_id": users, "anime_id": items})
    X = X.assign(
        user_id="u" + X["user_id"].astype(str).str.zfill(2), anime_id="i" + X["anime_id"].astype(str)
    )
    y = pd.Series(rng.randint(1, 11, len(X)).astype(float)).where(rng.rand(len(X)) < 0.8)
    return X, y


def wide(X):
    """Return the table of users x items: 1 where a user has seen an item."""
    return pd.crosstab(X["user_id"], X["anime_id"]).clip(upper=1).astype(float)


def ridge_weights(rows, ridge):
    """Return the weights of EASE: for each column the ridge regression on the other columns."""
    rows, n = np.asarray(rows, dtype=float), np.shape(rows)[1]
    weights = np.zeros((n, n))
    for j in range(n):
        others = np.arange(n) != j
        left = rows[:, others].T @ rows[:, others] + np.diag(ridge[others])
        weights[others, j] = np.linalg.solve(left, rows[:, others].T @ rows[:, j])
    return weights


def weighed(entries, power):
    """Return rows times the weights of their users, each relative to the geometric mean."""
    sums = np.asarray(entries, dtype=float).sum(axis=1)
    return np.asarray(entries) * (sums / np.exp(np.log(sums).mean()))[:, None] ** -power


def filtered_weights(rows, ridge, n_components, tail):
    """Return the weights of the low-rank solver: the filter of the leading components, and its tail."""
    scaled = np.asarray(rows) * ridge**-0.5
    _, s, vt = np.linalg.svd(scaled, full_matrices=False)
    s, v = s[:n_components], vt[:n_components].T
    c = tail / (1 + s[-1] ** 2)
    inner = v * (s**2 / (s**2 + 1) - c * s**2) @ v.T + c * scaled.T @ scaled
    weights = ridge[:, None] ** -0.5 * inner * ridge**0.5 / (1 - np.diag(inner))
    np.fill_diagonal(weights, 0.0)
    return weights
