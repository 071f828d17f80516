"""
=======================
New users and new items
=======================

In a random test set, most users and items are known from training. In production they often are not.
This example measures the recommendations for users without any row in training, and the predicted
ratings of items that nobody has rated yet.

It runs on the embedded sample, whose ratings are simulated.
"""

# %%
# New users
# ---------
# ``NewUserSplit`` keeps a third of the users out of training. Four fifths of the interactions of each
# of them are then passed as ``history``, without another fit, and the recommendations are compared with
# the rest.

import matplotlib.pyplot as plt
import pandas as pd

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.inspection import RankingCurveDisplay
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.model_selection import NewUserSplit
from sklearn_anime.neighbors import SVDNeighborsRecommender

anime = load_anime_sample(unrated="nan")
X, y = anime.data, anime.target
train, test = next(NewUserSplit(3, random_state=0).split(X))
models = {
    "popularity": PopularityRecommender(),
    "SVD neighbors": SVDNeighborsRecommender(random_state=0),
    "EASE": EASERecommender(),
}
for model in models.values():
    model.fit(X.iloc[train], y.iloc[train])

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
RankingCurveDisplay.from_estimator(
    models, X.iloc[test], y.iloc[test], metric="ndcg", k=20, history=0.8, random_state=0, ax=ax
)

# %%
# One new user
# ------------
# A few items are enough for recommendations. The id of the new user is any id that ``fit`` has not
# seen:

names = anime.catalog["name"]
liked = names.index[names.isin(["Toradora!", "Clannad", "Golden Time"])]
history = pd.DataFrame({"user_id": -1, "anime_id": liked})
recommended = models["EASE"].recommend(history=history, n_items=5)
print(recommended.assign(name=recommended.anime_id.map(names))[["rank", "name"]].to_string(index=False))

# %%
# New items
# ---------
# ``NewItemSplit`` keeps all rows of some items out of training. For a new item, the biases predict from
# the user alone. Factors without features know no more of the item. With the genres as columns of
# ``X``, the model predicts from how the user rates items of these genres.

from sklearn.model_selection import cross_validate

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.metrics import make_rating_scorer
from sklearn_anime.model_selection import NewItemSplit
from sklearn_anime.preprocessing import WeightedOneHotGenres

genres = WeightedOneHotGenres().set_output(transform="pandas").fit_transform(anime.catalog[["genre"]])
bayesian = BayesianFactorizationRegressor(8, n_iter=100, random_state=0)
candidates = {
    "biases": (BiasRegressor(), X),
    "Bayesian factors": (bayesian, X),
    "Bayesian factors, genres": (bayesian, X.join(genres, on="anime_id")),
}
errors = {}
for name, (model, rows) in candidates.items():
    splitter = NewItemSplit(3, random_state=0)
    scores = cross_validate(model, rows, y, cv=splitter, scoring=make_rating_scorer("rmse"))
    errors[name] = -scores["test_score"]
print(pd.DataFrame(errors).agg(["mean", "std"]).T.round(3).to_string())

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
bars = ax.barh(list(errors), [error.mean() for error in errors.values()], color="tab:blue")
ax.bar_label(bars, fmt="%.3f", padding=3)
ax.set(title="Ratings of new items: smaller is better", xlabel="RMSE")
ax.invert_yaxis()
ax.margins(x=0.15)
plt.show()
