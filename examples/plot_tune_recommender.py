"""
====================================================
Tuning the hyperparameters of a top-N recommender
====================================================

The best hyperparameters for predicted ratings are rarely the best for top-N recommendations. With a
ranking scorer and a splitter that holds out rows of every user, scikit-learn's searches tune for
recommendations.

It runs on the embedded sample, whose ratings are simulated. To run it on the real Kaggle table, set
``SKLEARN_ANIME_DATA`` to the folder that holds ``anime.csv`` and ``rating.csv``.
"""

# %%
# A grid
# ------
# The grid has the number of components of the SVD and the number of neighbors. Every candidate is
# scored twice on the same split: by its recommendations and by its ratings.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV

from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.metrics import make_ranking_scorer, make_rating_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender

pd.set_option("display.width", 120, "display.max_columns", 12)
folder = os.environ.get("SKLEARN_ANIME_DATA")
anime = load_anime(folder, unrated="nan") if folder else load_anime_sample(unrated="nan")
X, y = anime.data, anime.target

search = GridSearchCV(
    SVDNeighborsRecommender(random_state=0),
    {"n_components": [4, 16, 64], "n_neighbors": [10, 50, 200]},
    scoring={"NDCG@10": make_ranking_scorer("ndcg", k=10), "RMSE": make_rating_scorer("rmse")},
    refit="NDCG@10",
    cv=LeaveKOutPerUser(5, random_state=0),
).fit(X, y)
results = pd.DataFrame(search.cv_results_)
names = {"param_n_components": "n_components", "param_n_neighbors": "n_neighbors"}
results = results.rename(columns={**names, "mean_test_NDCG@10": "NDCG@10", "mean_test_RMSE": "RMSE"})
results["RMSE"] *= -1
print(results[[*names.values(), "NDCG@10", "RMSE"]].round(4).to_string(index=False))
print(f"best for recommendations: {search.best_params_}")
print(f"best for ratings: {results.params[results.RMSE.idxmin()]}")

fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for ax, metric, colors in ((axes[0], "NDCG@10", "viridis"), (axes[1], "RMSE", "viridis_r")):
    grid = results.pivot(index="n_components", columns="n_neighbors", values=metric)
    picture = ax.imshow(grid, cmap=colors, aspect="auto")
    ax.set_xticks(range(grid.shape[1]), grid.columns)
    ax.set_yticks(range(grid.shape[0]), grid.index)
    ax.set(title=metric, xlabel="n_neighbors", ylabel="n_components")
    fig.colorbar(picture, ax=ax)

# %%
# Successive halving
# ------------------
# Successive halving scores most of a large grid on few rows. The rows are drawn from the table, so the
# histories of the first iteration are short, which favors more neighbors: start with enough rows.
# Training rows are not scored, because a recommender does not recommend items that it has seen.

from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

halving = HalvingGridSearchCV(
    SVDNeighborsRecommender(random_state=0),
    {"n_components": [4, 8, 16, 32], "n_neighbors": [5, 10, 25, 50, 100]},
    factor=3,
    min_resources=len(X) // 4,
    scoring=make_ranking_scorer("ndcg", k=10),
    cv=LeaveKOutPerUser(2, min_items=5, random_state=0),
    return_train_score=False,
    random_state=0,
).fit(X, y)
rounds = pd.DataFrame(halving.cv_results_).groupby("iter")
print(
    rounds.agg(
        rows=("n_resources", "first"), settings=("params", "size"), best=("mean_test_score", "max")
    )
)
print(f"best: {halving.best_params_}")

# %%
# Nested evaluation
# -----------------
# The score of the best candidate is optimistic, because it was chosen on these rows. A search inside of
# ``compare`` is scored on rows that it has not seen.

from sklearn_anime.model_selection import compare

outer = LeaveKOutPerUser(5, random_state=1)
models = {"defaults": SVDNeighborsRecommender(random_state=0), "tuned": search}
results = compare(models, X, y, cv=outer, scoring={"NDCG@10": make_ranking_scorer("ndcg", k=10)})
print(results[["mean_NDCG@10", "fit_seconds"]].round(4).to_string())

# %%
# New users
# ---------
# ``NewUserSplit`` tests on users without any row in training. Four fifths of their interactions are
# passed as ``history``, without another fit, and the others are relevant. The scores are not comparable
# with those above: here a fifth of the items of a user is relevant, there five items.

from sklearn.model_selection import cross_validate

from sklearn_anime.model_selection import NewUserSplit

new_users = cross_validate(
    search.best_estimator_,
    X,
    y,
    cv=NewUserSplit(3, random_state=0),
    scoring=make_ranking_scorer("ndcg", k=10, history=0.8, random_state=0),
)
print("NDCG@10 for new users, in three folds:", new_users["test_score"].round(4))

# %%
# Without a screen, the figures are written to a folder beside this file.

if plt.get_backend().lower() == "agg" and plt.get_fignums():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        plt.figure(number).savefig(output / f"tune_recommender_{number}.png", dpi=120)
    print(f"Pictures: {output}")
else:
    plt.show()
