"""
============================================
The trade-off between accuracy and diversity
============================================

The most accurate recommendations are often alike.
:class:`~sklearn_anime.compose.DiverseRecommender` ranks the candidates of any recommender again,
and its parameter ``diversity`` weighs relevance against diversity. This example draws the trade-off
on held-out rows, for both orders of the chosen items.
"""

# %%
# Fit once
# --------
# ``diversity`` and ``order`` are read by ``recommend``, so one fit serves the whole curve. The
# recommender is EASE, and the genres say which anime are alike.

import copy

import matplotlib.pyplot as plt

from sklearn_anime.compose import DiverseRecommender
from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.inspection import DiversityCurveDisplay
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.preprocessing import WeightedOneHotGenres

anime = load_anime_sample(unrated="nan")
genres = WeightedOneHotGenres(weighting="uniform").set_output(transform="pandas")
vectors = genres.fit_transform(anime.catalog[["genre"]])
train, test = next(LeaveKOutPerUser(5, random_state=0).split(anime.data))
by_choice = DiverseRecommender(EASERecommender(), method="maxsum", features=anime.catalog[["genre"]])
by_choice.fit(anime.data.iloc[train])
by_relevance = copy.copy(by_choice).set_params(order="relevance")

# %%
# The curve
# ---------
# Each point is a weight. The first point, at weight 0, is EASE itself. ``order="choice"`` shows the
# items as they were chosen, so that the first few are diverse too; ``order="relevance"`` puts the
# most relevant first.

display = DiversityCurveDisplay.from_estimator(
    {"by choice": by_choice, "by relevance": by_relevance},
    anime.data.iloc[test],
    goal="diversity",
    features=vectors,
    diversity=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
)
plt.show()

# %%
# At every weight the items are the same for both orders, and so is their diversity. Ranked by
# relevance, they cost less accuracy. Choose the weight on held-out rows.

for name, points in display.curves.items():
    (diversity, ndcg), (most_diversity, most_ndcg) = points[0], points[-1]
    print(
        f"{name}: diversity {most_diversity / diversity - 1:+.0%} "
        f"at NDCG@10 {most_ndcg / ndcg - 1:+.0%} (weight {display.diversity[-1]:g})"
    )
