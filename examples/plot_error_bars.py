"""
=======================
Ratings with error bars
=======================

How sure is a predicted rating? ``BayesianFactorizationRegressor`` answers with a standard deviation for
each row. Here we check that it can be taken at its word: of the held-out ratings, as many should lie
inside an interval as it promises.

It runs on the embedded sample, whose ratings are simulated. To run it on the real Kaggle table, set
``SKLEARN_ANIME_DATA`` to the folder that holds ``anime.csv`` and ``rating.csv``.
"""

# %%
# Fit and predict
# ---------------
# Genres are features of the titles, what was seen without a rating is a feature of users and titles. A
# fifth of the rated rows is held out.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.preprocessing import WeightedOneHotGenres

folder = os.environ.get("SKLEARN_ANIME_DATA")
anime = load_anime(folder, unrated="nan") if folder else load_anime_sample(unrated="nan")
genres = WeightedOneHotGenres().set_output(transform="pandas").fit_transform(anime.catalog[["genre"]])
X, y = anime.data.join(genres, on="anime_id"), anime.target

_, held_out = train_test_split(np.flatnonzero(y.notna()), test_size=0.2, random_state=0)
kept = np.setdiff1d(np.arange(len(y)), held_out)
X_train, y_train, X_test, y_test = X.iloc[kept], y.iloc[kept], X.iloc[held_out], y.iloc[held_out]

model = BayesianFactorizationRegressor(8, n_iter=120, random_state=0).fit(X_train, y_train)
biases = BiasRegressor().fit(X_train, y_train)
rating, deviation = model.predict(X_test, return_std=True)
print(f"RMSE of the biases:    {root_mean_squared_error(y_test, biases.predict(X_test)):.4f}")
print(f"RMSE of the model:     {root_mean_squared_error(y_test, rating):.4f}")
print(f"deviation of the noise: {model.noise_precision_**-0.5:.4f}")

# %%
# Are the intervals right?
# ------------------------
# For each central interval, from the narrowest to the widest, count the held-out ratings inside. The
# biases have no error bars of their own: they get one deviation for all, that of their training errors.

levels = np.linspace(0.05, 0.99, 40)
widths = norm.ppf((1 + levels) / 2)


def coverage(predicted, deviation):
    """Return the share of held-out ratings inside each interval."""
    errors = np.abs(y_test - predicted) / deviation
    return [(errors < width).mean() for width in widths]


rated = y_train.notna()
spread = root_mean_squared_error(y_train[rated], biases.predict(X_train[rated]))
inside = {
    "Bayesian factorization": coverage(rating, deviation),
    "biases, one deviation for all": coverage(biases.predict(X_test), spread),
}
fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
ax.plot([0, 1], [0, 1], color="gray", linestyle="--", label="as promised")
for name, share in inside.items():
    ax.plot(levels, share, label=name)
ax.set(title="Held-out ratings inside the interval", xlabel="promised", ylabel="found")
ax.legend()
for name, share in inside.items():
    print(f"inside the 90 % interval of the {name}: {100 * np.interp(0.9, levels, share):.1f} %")

# %%
# Does a wide interval mean a large error?
# ----------------------------------------
# Sort the held-out rows by their deviation into five groups: the model errs most where it says so. On so
# small a table, the first groups hardly differ.

groups = pd.qcut(pd.Series(deviation).rank(method="first"), 5, labels=False)
table = pd.DataFrame({"promised": deviation**2, "found": (y_test.to_numpy() - rating) ** 2})
table = np.sqrt(table.groupby(groups).mean())
print(table.round(3).to_string())

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
ax.plot(table.promised, table.promised, color="gray", linestyle="--", label="as promised")
ax.plot(table.promised, table.found, marker="o", label="found")
ax.set(title="Five groups of rows", xlabel="deviation promised", ylabel="root mean squared error")
ax.legend()

# %%
# Few ratings, wide intervals
# ---------------------------
# The same title for three users: the one with the most ratings, the one with the fewest, and an unknown
# one.

counts = X_train[rated].groupby("user_id").size()
users = {"most ratings": counts.idxmax(), "fewest ratings": counts.idxmin(), "unknown": -1}
title = X_train["anime_id"].mode()[0]
rows = pd.DataFrame({"user_id": users.values(), "anime_id": title}).join(genres, on="anime_id")
mean, deviation = model.predict(rows, return_std=True)
noise = pd.Series(model.user_noise_, index=model.users_).reindex(users.values())
noise = noise.fillna(model.noise_precision_**-0.5).to_numpy()
of_mean = np.sqrt(np.maximum(deviation**2 - noise**2, 0))
print(f"{anime.catalog['name'][title]}:")
print(
    pd.DataFrame(
        {
            "ratings": counts.reindex(users.values()).fillna(0).astype(int).to_numpy(),
            "predicted": mean,
            "deviation": deviation,
            "without noise": of_mean,
        },
        index=list(users),
    )
    .round(2)
    .to_string()
)

# %%
# Where there is no screen, the pictures go to a folder beside this file.

if plt.get_backend().lower() == "agg" and plt.get_fignums():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        plt.figure(number).savefig(output / f"error_bars_{number}.png", dpi=120)
    print(f"Pictures: {output}")
else:
    plt.show()
