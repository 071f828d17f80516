"""
=========================================
Which titles are alike, and why this one?
=========================================

Recommendations are easier to trust with an explanation. This example draws a map of all titles, finds
the neighbors of one of them, and explains a recommendation title by title.

It runs on the embedded sample, whose ratings are simulated.
"""

# %%
# A map of titles
# ---------------
# ``SVDNeighborsRecommender`` gives each title coordinates: titles close to each other are liked by the
# same users. The model has not seen the genres, and yet titles of one color, their first genre, tend to
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
# The neighbors of one title
# ---------------------------
# The cosine in all dimensions of that space, not only in the two of the picture:

title = names.index[names == "Clannad"][0]
alike = model.similar_items([title], n_items=6)
alike["name"] = alike.neighbor.map(names)
print(alike[["rank", "name", "similarity"]].round(2).to_string(index=False))

# %%
# Why this title?
# ---------------
# The score of a recommendation is a sum over the titles that the user has rated. ``explain`` splits it
# into the contributions of the most important ones; the last bar is all the rest.

user = anime.data.user_id.value_counts().index[0]
first = model.recommend([user], n_items=1).anime_id[0]
print(f"To user {user}: {names[first]}")

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ExplanationDisplay.from_estimator(model, user, first, catalog=anime.catalog, ax=ax)
plt.show()
