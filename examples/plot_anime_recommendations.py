"""
====================================
Recommending anime, from end to end
====================================

What should a user watch next? This example starts from a table of ratings and a catalog with genres. It
loads and cleans the table, encodes the genres, draws a map of the users, recommends from the ratings of
similar users, learns embeddings with Keras, and tunes the whole pipeline.

It runs on the embedded sample, whose ratings are simulated. To run it on the real Kaggle table, set
``SKLEARN_ANIME_DATA`` to the folder that holds ``anime.csv`` and ``rating.csv``.
"""

# %%
# 1. Load and clean
# -----------------
# The loaders return the rows (user, anime), the ratings, and the catalog. Duplicates are dropped,
# and names are unescaped. Of the real table, the example keeps the 1000 most active users and the 500
# most rated anime.

# sphinx_gallery_thumbnail_number = 2
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder

from sklearn_anime.datasets import load_anime, load_anime_sample

pd.set_option("display.width", 120, "display.max_columns", 12, "display.max_colwidth", 44)
folder = os.environ.get("SKLEARN_ANIME_DATA")
if folder:
    print(f"The whole table has {len(load_anime(folder, unrated='keep').target):,} interactions.")
    anime = load_anime(folder, n_users=1000, n_anime=500)
else:
    anime = load_anime_sample()
frame, catalog = anime.frame, anime.catalog
print(
    f"{len(frame):,} ratings of {frame.user_id.nunique()} users for {frame.anime_id.nunique()} anime, "
    f"{frame.rating.mean():.2f} on average (users who rated nothing of it are left out)"
)
print(frame[["user_id", "name", "genre", "rating"]].head().to_string(index=False))

# %%
# Neural networks need ids from 0 to n - 1 and ratings on a small scale. The estimators of this package
# encode the ids themselves, so only the ratings are scaled. The table shows what encoded ids look like.

scaled = MinMaxScaler().fit_transform(frame[["rating"]])[:, 0]
small = pd.DataFrame(OrdinalEncoder(dtype=int).fit_transform(anime.data), columns=["user", "item"])
print(small.assign(rating=scaled).head().to_string(index=False))

# %%
# 2. Genres
# ---------
# The genres of an anime are in order of relevance. ``WeightedOneHotGenres`` gives the first one the
# largest weight. Ten principal components explain most of the variance of the columns.

from sklearn.decomposition import PCA

from sklearn_anime.inspection import GenreWeightsDisplay
from sklearn_anime.preprocessing import WeightedOneHotGenres

genres = WeightedOneHotGenres().set_output(transform="pandas")
weighted = genres.fit_transform(catalog[["genre"]])
pca = PCA(10, random_state=0).fit(weighted)
print(weighted.iloc[:5, :8].set_index(catalog.name[:5]).astype(int).to_string())
explained = pca.explained_variance_ratio_
print(f"\n10 of {weighted.shape[1]} components explain {explained.sum():.0%} of the variance.")

fig, (ax, beside) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
few = catalog[::30]
GenreWeightsDisplay.from_estimator(genres, few[["genre"]], names=few.name, ax=ax)
components = range(1, 11)
beside.bar(components, explained, color="tab:blue", label="each component")
beside.plot(components, explained.cumsum(), "o-", color="tab:orange", label="in total")
beside.set(
    title="Explained variance of the genres",
    xlabel="Principal component",
    ylabel="Share of the variance",
    ylim=(0, 1),
)
beside.legend()

# %%
# 3. The space of users
# ---------------------
# The residuals of the user and item biases are a matrix of users x items. Its truncated SVD gives every
# user coordinates: users with similar taste lie in the same direction. The left figure highlights the
# two users with the largest cosine, among those who have rated at least 50 anime, with different
# ratings, and lie far from the origin. The right figure compares their ratings of the anime that both
# have rated.

from sklearn.metrics.pairwise import cosine_similarity

from sklearn_anime.inspection import UserComparisonDisplay, UserMapDisplay
from sklearn_anime.neighbors import SVDNeighborsRecommender

svd = SVDNeighborsRecommender(random_state=0).fit(anime.data, anime.target)
distance = np.linalg.norm(svd.user_factors_[:, :2], axis=1)
ratings_of = frame.groupby("user_id").rating.agg(["size", "std"]).loc[svd.users_].to_numpy()
outer = np.flatnonzero((ratings_of >= [50, 1]).all(axis=1) & (distance > np.quantile(distance, 0.8)))
cosine = np.triu(cosine_similarity(svd.user_factors_[outer]), 1)
pair = outer[list(np.unravel_index(cosine.argmax(), cosine.shape))]
user, friend = svd.users_[pair]

fig, (ax, beside) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
UserMapDisplay.from_estimator(svd, highlight=[user, friend], ax=ax)
UserComparisonDisplay.from_estimator(svd, user, friend, ax=beside)

# %%
# Some of these anime, from the lowest to the highest rating:

both = frame[frame.user_id.isin([user, friend])].pivot(index="name", columns="user_id", values="rating")
both = both.rename_axis(None).rename_axis("user", axis=1).dropna()[[user, friend]]
print(both.sort_values(user).iloc[:: max(len(both) // 12, 1)].astype(int).to_string())
print(f"Correlation over the {len(both)} common anime: {both.corr().iloc[0, 1]:.2f}")

# %%
# Neighbors can also be found by the cosine of the raw rating vectors, without an SVD. Then users who
# have rated many anime are similar to each other, whatever their ratings are:

from sklearn.neighbors import NearestNeighbors

neighbors = svd.similar_users([user], n_users=5)
raw = frame.pivot(index="user_id", columns="anime_id", values="rating").fillna(0)
distances, indices = (
    NearestNeighbors(n_neighbors=6, metric="cosine").fit(raw).kneighbors(raw.loc[[user]])
)
print(
    pd.DataFrame(
        {
            "rank": neighbors["rank"],
            "SVD": neighbors.neighbor,
            "cosine in SVD": neighbors.similarity.round(2),
            "raw": raw.index[indices[0, 1:]],
            "cosine of raw": 1 - distances[0, 1:].round(2),
        }
    ).to_string(index=False)
)

# %%
# 4. Recommendations from similar users
# -------------------------------------
# ``min_rating=8`` recommends anime that similar users rated 8 or higher and that this user has not
# seen. Users are similar here if they have seen the same anime. The score is the sum of their ratings,
# each times the similarity of the user.


def with_names(recommended):
    """Add names and genres to recommended anime."""
    return recommended.join(catalog[["name", "genre"]].astype(str), on="anime_id")


liked = SVDNeighborsRecommender(min_rating=8, random_state=0).fit(anime.data, anime.target)
recommended = liked.recommend([user], n_items=8)
print(with_names(recommended)[["rank", "name", "genre", "score"]].round(1).to_string(index=False))

# %%
# 5. Embeddings with Keras
# ------------------------
# A network learns a vector for every user and anime: first from the ids alone, then with metadata
# (genres, episodes, members, rating on the site). A tenth of the ratings is held out.

from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.inspection import LossCurveDisplay, RatingDistributionDisplay
from sklearn_anime.neural_network import EmbeddingRegressor

ids = ["user_id", "anime_id"]
numbers = ["episodes", "members", "site_rating"]
train, test, y_train, y_test = train_test_split(
    frame[[*ids, "genre", *numbers]], scaled, test_size=0.1, random_state=0
)
rows = ColumnTransformer(
    [
        ("ids", "passthrough", ids),
        ("genres", make_pipeline(WeightedOneHotGenres(), PCA(10, random_state=0)), ["genre"]),
        ("numbers", make_pipeline(SimpleImputer(), MinMaxScaler()), numbers),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
settings = {"batch_size": 1024, "patience": 5, "random_state": 0}
id_model = EmbeddingRegressor(16, (32, 8), **settings)
full_model = make_pipeline(rows, EmbeddingRegressor(8, (16, 8), **settings))
id_model.fit(train[ids], y_train)
full_model.fit(train, y_train)
for network in (id_model, full_model[-1]):
    network.model_.summary()

# %%
# The loss of both networks on the training rows, and on a tenth that is held out of them:

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, model in (("ids", id_model), ("ids and metadata", full_model)):
    LossCurveDisplay.from_estimator(model, name=name, loss_name="MSE of ratings from 0 to 1", ax=ax)

# %%
# The errors on the held-out ratings, beside two baselines: the mean and the biases. The biases explain
# most of what can be explained. Metadata adds little where every anime has many ratings; it helps for
# new items.

models = {
    "mean": (DummyRegressor(), train[ids]),
    "user and item bias": (BiasRegressor(), train[ids]),
    "SVD neighbors": (SVDNeighborsRecommender(random_state=0), train[ids]),
    "embeddings, ids": (id_model, None),
    "embeddings, metadata": (full_model, None),
}
errors = {}
for name, (model, X_train) in models.items():
    if X_train is not None:
        model.fit(X_train, y_train)
    predicted = model.predict(test if name.endswith("metadata") else test[ids])
    errors[name] = {
        "MSE": mean_squared_error(y_test, predicted),
        "MAE": mean_absolute_error(y_test, predicted),
    }
print(pd.DataFrame(errors).T.round(4).to_string())

# %%
# 6. Anime similar to Dragon Ball Z
# ---------------------------------
# Anime whose embeddings have the same direction are liked by the same users. The most similar ones are
# of the same series and of the same time.

dragon_ball_z = catalog.index[catalog.name == "Dragon Ball Z"]
similar = id_model.similar_items(dragon_ball_z, n_items=8)
similar["anime_id"] = similar.neighbor
print(with_names(similar)[["rank", "name", "genre", "similarity"]].round(2).to_string(index=False))

# %%
# 7. Top-N recommendations for one user
# -------------------------------------
# The embedding model predicts a rating of every anime and ranks those that the user has not seen.

network = full_model[-1]
seen = frame.anime_id[frame.user_id == user]  # the held-out ratings too
top = network.recommend([user], n_items=8, exclude=seen)
print(with_names(top)[["rank", "name", "genre", "score"]].round(2).to_string(index=False))

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
RatingDistributionDisplay.from_estimator(full_model, user, seen=seen, ax=ax)

# %%
# 8. Tune the hyperparameters of every step
# -----------------------------------------
# The pipeline is one estimator, so one search tunes the weighting of the genres, the number of
# components and the size of the embedding: four candidates on a quarter of the rows, the best one on
# all rows. The split is random: the table is sorted by user, so a split without shuffling would test on
# unknown users.

from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, ShuffleSplit

genre_step = "columntransformer__genres"
network_step = "embeddingregressor"
search = HalvingRandomSearchCV(
    clone(full_model).set_params(**{f"{network_step}__patience": None, f"{network_step}__epochs": 6}),
    {
        f"{genre_step}__weightedonehotgenres__weighting": ["linear", "uniform"],
        f"{genre_step}__pca__n_components": [5, 10],
        f"{network_step}__n_components": [4, 16],
    },
    n_candidates=4,
    factor=4,
    min_resources=len(train) // 4,
    cv=ShuffleSplit(1, test_size=0.25, random_state=0),
    scoring="neg_mean_squared_error",
    refit=False,
    return_train_score=False,
    random_state=5,
).fit(train, y_train)
results = pd.DataFrame(search.cv_results_).sort_values(["iter", "rank_test_score"])
results["MSE"] = -results.mean_test_score
results = results[["iter", "n_resources", *results.filter(like="param_"), "MSE"]]
print(results.rename(columns=lambda name: name.rpartition("__")[2]).round(4).to_string(index=False))

# %%
# Without a screen, the figures are written to a folder beside this file.

if plt.get_backend().lower() == "agg" and plt.get_fignums():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    for number in plt.get_fignums():
        plt.figure(number).savefig(output / f"anime_recommendations_{number}.png", dpi=120)
    print(f"Pictures: {output}")
else:
    plt.show()
