"""
==============================
Write your own recommender
==============================

A recommender of your own writes two methods: ``fit``, and ``_score_block``, which scores all items for
some users. :class:`~sklearn_anime.base.RecommenderMixin` adds ``recommend``, ``predict``,
``similar_items`` and the rest. This example writes a random walk, checks it, and compares it.
"""

# %%
# The model
# ---------
# A walk goes from the items of a user to the users who have them, and on to what these users have. An
# item is likely to be at the end of it if many similar users have it. The score is divided by a power of
# the popularity of the item, so that not all walks end at the most popular items (RP3beta).

import matplotlib.pyplot as plt
from sklearn.base import BaseEstimator

from sklearn_anime.base import RecommenderMixin
from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.interactions import Interactions
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LeaveKOutPerUser, compare
from sklearn_anime.utils.estimator_checks import check_recommender


class RandomWalk(RecommenderMixin, BaseEstimator):
    """Recommend where random walks from the items of a user end."""

    def __init__(self, beta=0.6, *, user=0, item=1):
        self.beta = beta
        self.user = user
        self.item = item

    def fit(self, X, y=None):
        """Compute the probabilities of a walk from item to user to item."""
        interactions = Interactions.from_rows(X, y, user=self.user, item=self.item, needs_ratings=False)
        seen = interactions.seen_matrix()
        to_users = seen.T / interactions.item_counts[:, None]
        to_items = seen / interactions.row_lengths[:, None]
        walks = (to_users @ to_items).toarray() / interactions.item_counts**self.beta
        return self._set_fitted(X, interactions_=interactions, walks_=walks)

    def _score_block(self, rows):
        return rows.seen_matrix() @ self.walks_


# %%
# Check it
# --------
# ``check_recommender`` compares the answers with what every recommender has to answer: ids, ranks, seen
# items, new users, frame libraries, failed fits and more.

results = check_recommender(RandomWalk(), on_skip=None)
print(f"{len(results)} checks passed")

# %%
# Compare it
# ----------

anime = load_anime_sample()
models = {
    "popular": PopularityRecommender(),
    "random walk": RandomWalk(),
    "EASE": EASERecommender(),
}
table = compare(
    models,
    anime.data,
    cv=LeaveKOutPerUser(5, random_state=0),
    scoring={"ndcg": make_ranking_scorer("ndcg", k=10)},
)
print(table["mean_ndcg"].round(3).to_string())

fig, ax = plt.subplots(figsize=(6, 2.2), layout="constrained")
ax.barh(table.index, table["mean_ndcg"])
ax.invert_yaxis()
ax.set(title="Ranking quality on held-out items", xlabel="NDCG@10")
plt.show()
