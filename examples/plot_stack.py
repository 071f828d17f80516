"""
==========================================
A stack is better than each of its models
==========================================

Models that err on different pairs are better together.
:class:`~sklearn_anime.compose.StackedRatingRegressor` fits each model without a part of the ratings, and
learns from what it predicts of this part. Rankers take part too.
"""

# %%
# Three models and a ranker
# -------------------------
# Biases, the nearest items, and a Bayesian factorization predict ratings. EASE does not: its score tells
# how likely a user is to choose an item at all.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.compose import StackedRatingRegressor
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender

anime = load_anime_sample(unrated="nan")
X, y = anime.data, anime.target
_, test = train_test_split(np.flatnonzero(y.notna()), test_size=0.2, random_state=0)
train = np.setdiff1d(np.arange(len(y)), test)  # unrated rows are in training

stack = StackedRatingRegressor(
    [
        ("biases", BiasRegressor()),
        ("neighbors", SVDNeighborsRecommender(32, axis="item", random_state=0)),
        ("bayes", BayesianFactorizationRegressor(8, n_iter=60, n_samples=40, random_state=0)),
    ],
    rankers=[("ease", EASERecommender())],
    cv=3,
    random_state=0,
).fit(X.iloc[train], y.iloc[train])

# %%
# Errors on held-out ratings
# --------------------------

errors = {
    member.name: root_mean_squared_error(y.iloc[test], member.estimator.predict(X.iloc[test]))
    for member in stack.members_
    if member.name != "ease"
}
predicted, deviation = stack.predict(X.iloc[test], return_std=True)
errors["stack"] = root_mean_squared_error(y.iloc[test], predicted)
for name, error in errors.items():
    print(f"RMSE of {name}: {error:.4f}")
inside = np.mean(np.abs(y.iloc[test] - predicted) < 1.645 * deviation)
print(f"inside the 90 % interval of the stack: {inside:.1%}")

fig, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
ax.barh(list(errors), list(errors.values()), color=["C0"] * (len(errors) - 1) + ["C1"])
ax.invert_yaxis()
ax.set(title="Root mean squared error on held-out ratings", xlim=(0.8 * min(errors.values()), None))
plt.show()
