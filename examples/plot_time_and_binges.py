"""
==================================
Time, binges and what comes next
==================================

Somebody who has just finished the first season of a series is likely to go on with the second, whatever
was seen years ago. Models that know when each title was watched can tell. This example compares them on
the next title of each user, and draws what they make of the history of one.

It runs on the embedded sample, whose ratings and times are simulated, with binges and with seasons for
one taste or another.
"""

# %%
# The next title
# --------------
# The last title of every user with twenty or more is held out. ``time=`` names the column of times,
# which is no feature. EASE learns which titles go together, whatever their order; with ``decay`` the
# latest titles of a user count most when it scores. ``NextItemRecommender`` learns from what was watched
# before to what was watched next. ``min_items=20`` keeps active users alone; small tables need less.

import matplotlib.pyplot as plt

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.linear_model import EASERecommender, NextItemRecommender
from sklearn_anime.metrics import make_ranking_scorer
from sklearn_anime.model_selection import LastKPerUser, compare

anime = load_anime_sample(unrated="nan", times=True)
X, y = anime.data, anime.target
models = {
    "popularity": PopularityRecommender(time="timestamp"),
    "EASE": EASERecommender(time="timestamp"),
    "EASE with recency": EASERecommender(time="timestamp", decay=0.8),
    "next item": NextItemRecommender(time="timestamp"),
}
columns = {"time": "timestamp", "user": "user_id", "item": "anime_id"}
last_title = LastKPerUser(1, **columns, min_items=20)
table = compare(models, X, y, cv=last_title, scoring={"ndcg": make_ranking_scorer("ndcg", k=10)})
print(table["mean_ndcg"].round(3).to_string())

# %%
# Recency lifts EASE, which has the same weights between titles in both rows. The order of the titles
# lifts the result further: a sequel follows its first season, not the other way round.
#
# The history of one user
# -----------------------
# The larger and bluer a marker, the more the title counts. Without recency all count alike, and the
# recommendations are those of the whole taste. With it they are those of this month.

from sklearn_anime.inspection import HistoryDisplay

user = 4
fig, axes = plt.subplots(3, 1, figsize=(8, 12), layout="constrained", sharex=True)
for ax, name in zip(axes, ["EASE", "EASE with recency", "next item"], strict=True):
    model = models[name].fit(X, y)
    HistoryDisplay.from_estimator(model, user, n_items=4, n_history=10, catalog=anime.catalog, ax=ax)
    ax.set_title(f"{name}, user {user}")
plt.show()
