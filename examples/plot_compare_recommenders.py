"""
=====================================
Comparing recommenders on equal terms
=====================================

Which model predicts ratings best, which one makes the best top-N recommendations, and how long does each
take? ``compare`` evaluates all of them on the same rows, with the same split and the same scorers.

It runs on the embedded sample, whose ratings are simulated. To run it on the real Kaggle table, set
``SKLEARN_ANIME_DATA`` to the folder that holds ``anime.csv`` and ``rating.csv``.
"""

# %%
# The rows
# --------
# Unrated interactions have the rating NaN. They count for recommendations and are left out where
# ratings are predicted.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from sklearn_anime.datasets import load_anime, load_anime_sample

pd.set_option("display.width", 120, "display.max_columns", 12)
folder = os.environ.get("SKLEARN_ANIME_DATA")
anime = load_anime(folder, unrated="nan") if folder else load_anime_sample(unrated="nan")
X, y = anime.data, anime.target
print(
    f"{len(X):,} rows of {X.user_id.nunique():,} users and {X.anime_id.nunique():,} items, "
    f"{y.notna().mean():.0%} of them rated"
)

# %%
# The models
# ----------
# Two baselines, user neighbors, item neighbors, a linear model from item to item, embeddings, and
# Bayesian factors. Gradient boosting has no use for ids: its features are the factors that
# ``SVDNeighborsRecommender.transform`` returns for users and items. A stack weighs the rating models.
# ``TopNRecommender`` makes a recommender of any regressor; with ``candidates=`` it ranks the candidates
# of another recommender.

from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import BiasRegressor, PopularityRecommender
from sklearn_anime.compose import StackedRatingRegressor, TopNRecommender
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor

neighbors = SVDNeighborsRecommender(random_state=0)
boosting = make_pipeline(
    SVDNeighborsRecommender(n_components=16, random_state=0),
    HistGradientBoostingRegressor(random_state=0),
)
ease = EASERecommender()
rating_models = {
    "SVD item neighbors": SVDNeighborsRecommender(n_components=256, axis="item", random_state=0),
    "embeddings": EmbeddingRegressor(epochs=5, random_state=0),
    "Bayesian factors": BayesianFactorizationRegressor(8, n_iter=60, n_samples=40, random_state=0),
}
stack = StackedRatingRegressor(
    [(name, rating_models[name]) for name in ("SVD item neighbors", "Bayesian factors")],
    cv=2,
    random_state=0,
)
models = {
    "popularity": PopularityRecommender(),
    "bias": BiasRegressor(),
    "SVD neighbors": neighbors,
    **rating_models,
    "EASE": ease,
    "boosting on factors": TopNRecommender(boosting),
    "EASE, then a stack": TopNRecommender(stack, candidates=ease, n_candidates=30),
}

# %%
# The split and the scorers
# -------------------------
# Five items of every user with twenty or more are held out. NDCG@10 measures whether they are near the
# top of the ranking, recall@20 which share of them is among the first twenty. Coverage is the share of
# the catalog that is recommended to any user. RMSE is in units of the rating; its scorer is negative,
# because greater is better.

from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser, compare

splitter = LeaveKOutPerUser(5, random_state=0)
scoring = {
    "RMSE": make_rating_scorer("rmse"),
    "NDCG@10": make_ranking_scorer("ndcg", k=10),
    "recall@20": make_ranking_scorer("recall", k=20),
    "coverage@10": make_ranking_scorer("coverage", k=10),
}
results = compare(models, X, y, cv=splitter, scoring=scoring)
table = results[[f"mean_{name}" for name in scoring]].set_axis(list(scoring), axis=1)
table["RMSE"] *= -1
table["seconds"] = results.fit_seconds + results.score_seconds
print(table.round(4).to_string())

# %%
# Rating prediction and ranking are two tasks. A ranking by predicted rating begins with items that few
# users have seen and rated highly. A ranking by interactions finds more of the held-out items. A second
# stage ranks the candidates of the first stage again. Boosting overfits, because its factors were
# fitted on the same ratings.

fig, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for ax, column, title in (
    (axes[0], "NDCG@10", "Recommendations: greater is better"),
    (axes[1], "RMSE", "Ratings: smaller is better"),
):
    bars = ax.barh(table.index, table[column], color="tab:blue")
    ax.bar_label(bars, labels=[f"{v:.3f}" if v == v else "no ratings" for v in table[column]], padding=3)
    ax.set(title=title, xlabel=column, xlim=(0, table[column].max() * 1.2))
    ax.invert_yaxis()

# %%
# Confidence intervals
# --------------------
# ``ranking_report`` has every metric for each user, and bootstrap intervals of the means over users.

from sklearn.base import clone

from sklearn_anime.metrics import ranking_report

train, test = next(splitter.split(X))
intervals = {}
for name in ("popularity", "SVD neighbors"):
    model = clone(models[name]).fit(X.iloc[train], y.iloc[train])
    report = ranking_report(model, X.iloc[test], y.iloc[test], random_state=0)
    intervals[name] = report.summary
    print(f"{name}, {len(report.per_user):,} users")
    print(report.summary.round(4).to_string(), "\n")

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for shift, (name, summary) in zip((-0.1, 0.1), intervals.items(), strict=True):
    positions = [position + shift for position in range(len(summary))]
    ends = [summary["mean"] - summary.low, summary.high - summary["mean"]]
    ax.errorbar(positions, summary["mean"], ends, fmt="o", capsize=3, label=name)
ax.set(title="Means over users, with 95 % intervals", ylabel="Metric at 10", ylim=(0, None))
ax.set_xticks(range(len(summary)), summary.index)
ax.legend()

# %%
# Without a screen, the figures are written to a folder beside this file.

if plt.get_backend().lower() == "agg" and plt.get_fignums():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        plt.figure(number).savefig(output / f"compare_recommenders_{number}.png", dpi=120)
    print(f"Pictures: {output}")
else:
    plt.show()
