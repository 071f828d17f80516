"""
==================================
Similar anime and an explanation
==================================

This example draws a map of all anime, finds the neighbors of one of them, and explains a recommendation
by the contributions of the anime that the user has rated.

It runs on the embedded sample, whose ratings are simulated.
"""

# %%
# A map of anime
# --------------
# ``SVDNeighborsRecommender`` gives each anime coordinates: anime near each other are liked by the same
# users. The color is the first genre. The model has not seen the genres, but anime of one genre tend to
# lie together.

import matplotlib.pyplot as plt

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.inspection import ExplanationDisplay, ItemMapDisplay
from sklearn_anime.neighbors import SVDNeighborsRecommender

anime = load_anime_sample()
names = anime.catalog["name"]
model = SVDNeighborsRecommender(axis="item", random_state=0).fit(anime.data, anime.target)

fig, ax = plt.subplots(figsize=(8, 5.5), layout="constrained")
ItemMapDisplay.from_estimator(model, catalog=anime.catalog, named=10, ax=ax)

# %%
# The neighbors of one anime
# --------------------------
# The similarity is the cosine in all dimensions of that space, not only in the two of the map:

clannad = names.index[names == "Clannad"][0]
similar = model.similar_items([clannad], n_items=6)
similar["name"] = similar.neighbor.map(names)
print(similar[["rank", "name", "similarity"]].round(2).to_string(index=False))

# %%
# An explanation
# --------------
# The score of a recommendation is a sum over the anime that the user has rated. ``explain`` returns the
# largest contributions; the last bar is the sum of all others.

user = anime.data.user_id.value_counts().index[0]
first = model.recommend([user], n_items=1).anime_id[0]
print(f"Recommended to user {user}: {names[first]}")

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ExplanationDisplay.from_estimator(model, user, first, catalog=anime.catalog, ax=ax)
plt.show()
