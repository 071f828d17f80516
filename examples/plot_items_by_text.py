"""
==================================
New items, ranked by their text
==================================

A new item has no interactions, but it has a description. skrub's ``StringEncoder`` turns text into a few
numbers (tf-idf and a singular value decomposition; nothing is downloaded), and
:class:`~sklearn_anime.linear_model.EASERecommender` ranks new items by such features.
"""

# %%
# Items that the model has never seen
# -----------------------------------
# A tenth of the anime is held out with all its interactions. Name and genres are the text.

import matplotlib.pyplot as plt
import numpy as np
from skrub import StringEncoder

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import ndcg_at_k

anime = load_anime_sample()
text = anime.catalog["name"] + " " + anime.catalog["genre"]
features = StringEncoder(n_components=20, random_state=0).fit_transform(text)
features.index = anime.catalog.index
print(features.iloc[:3, :4].round(2))

new = np.random.RandomState(0).choice(anime.catalog.index, len(anime.catalog) // 10, replace=False)
is_new = anime.data["anime_id"].isin(new)
train, test = anime.data[~is_new], anime.data[is_new]

# %%
# Recommend new items
# -------------------
# ``feature_weight`` lets the features take part in the model. ``items=`` brings the new items with their
# features, and ``include=`` restricts the recommendations to them.

users = np.intersect1d(train["user_id"], test["user_id"])
test = test[test["user_id"].isin(users)]
quality = {}
for feature_weight in (0.3, 1.0, 3.0):
    model = EASERecommender(feature_weight=feature_weight)
    model.fit(train.join(features, on="anime_id"))
    items = features.loc[new].reset_index(names="anime_id")
    recommended = model.recommend(users, n_items=10, items=items, include=new)
    quality[f"feature_weight={feature_weight:g}"] = ndcg_at_k(recommended, test, k=10)

# %%
# Better than chance
# ------------------
# Nothing is known of the new items but their text. For comparison, each user gets them in random order.

shuffled = recommended.assign(
    rank=recommended.groupby("user_id")["rank"].transform(
        lambda ranks: np.random.RandomState(0).permutation(len(ranks)) + 1
    ),
    anime_id=np.concatenate([np.random.RandomState(user).permutation(new)[:10] for user in users]),
)
quality["random order"] = ndcg_at_k(shuffled, test, k=10)
for name, value in quality.items():
    print(f"NDCG@10, {name}: {value:.3f}")

fig, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
ax.barh(list(quality), list(quality.values()))
ax.invert_yaxis()
ax.set(title="New items, ranked by their text", xlabel="NDCG@10 among the new items")
plt.show()
