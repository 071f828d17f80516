"""
=======================
Ratings with error bars
=======================

``BayesianFactorizationRegressor`` predicts a standard deviation with each rating. This example checks
its calibration: the share of held-out ratings inside an interval should be the level of the interval.

It runs on the embedded sample, whose ratings are simulated. To run it on the real Kaggle table, set
``SKLEARN_ANIME_DATA`` to the folder that holds ``anime.csv`` and ``rating.csv``.
"""

# %%
# Fit and predict
# ---------------
# Genres are features of the items. Unrated interactions are part of the history of users and items. A
# fifth of the rated rows is held out.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
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
# Calibration of the intervals
# ----------------------------
# ``IntervalCalibrationDisplay`` draws the share of held-out ratings inside each central interval
# against the level of the interval. On the diagonal, both are equal. The biases predict no deviations:
# here they get one deviation for all rows, that of their training errors.

from sklearn_anime.inspection import IntervalCalibrationDisplay

rated = y_train.notna()
spread = root_mean_squared_error(y_train[rated], biases.predict(X_train[rated]))
spreads = np.full(len(y_test), spread)
fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
for name, predicted, deviations in (
    ("Bayesian factorization", rating, deviation),
    ("biases, one deviation for all", biases.predict(X_test), spreads),
):
    display = IntervalCalibrationDisplay.from_predictions(
        y_test, predicted, deviations, name=name, ax=ax
    )
    inside = 100 * np.interp(0.9, display.nominal, display.empirical)
    print(f"inside the 90 % interval of the {name}: {inside:.1f} %")

# %%
# Errors by predicted deviation
# -----------------------------
# The held-out rows are sorted by predicted deviation into five groups. The error should increase with
# the deviation. On this small table, the first groups hardly differ.

groups = pd.qcut(pd.Series(deviation).rank(method="first"), 5, labels=False)
table = pd.DataFrame({"predicted": deviation**2, "error": (y_test.to_numpy() - rating) ** 2})
table = np.sqrt(table.groupby(groups).mean())
print(table.round(3).to_string())

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
ax.plot(table.predicted, table.predicted, color="gray", linestyle="--", label="calibrated")
ax.plot(table.predicted, table.error, marker="o", label="held-out ratings")
ax.set(title="Five groups of rows", xlabel="Predicted deviation", ylabel="Root mean squared error")
ax.legend()

# %%
# Few ratings, wide intervals
# ---------------------------
# The same anime for three users: the one with the most ratings, the one with the fewest, and an unknown
# user.

counts = X_train[rated].groupby("user_id").size()
users = {"most ratings": counts.idxmax(), "fewest ratings": counts.idxmin(), "unknown": -1}
item = X_train["anime_id"].mode()[0]
rows = pd.DataFrame({"user_id": users.values(), "anime_id": item}).join(genres, on="anime_id")
mean, deviation = model.predict(rows, return_std=True)
noise = pd.Series(model.user_noise_, index=model.users_).reindex(users.values())
noise = noise.fillna(model.noise_precision_**-0.5).to_numpy()
of_mean = np.sqrt(np.maximum(deviation**2 - noise**2, 0))
print(f"{anime.catalog['name'][item]}:")
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
# Without a screen, the figures are written to a folder beside this file.

if plt.get_backend().lower() == "agg" and plt.get_fignums():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        plt.figure(number).savefig(output / f"error_bars_{number}.png", dpi=120)
    print(f"Pictures: {output}")
else:
    plt.show()
