"""
=================================
From two CSV files to top-N
=================================

A table of interactions, a table of items, and ten lines of code: this example reads both with pandas,
recommends, and draws what a recommendation is made of. :ref:`own_data` says more about own tables.
"""

# %%
# Two files
# ---------
# The files of this example are written here, from the embedded sample. Yours need a column of users and
# one of items, of any names and types.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.inspection import ExplanationDisplay
from sklearn_anime.linear_model import EASERecommender

folder = Path(tempfile.mkdtemp())
anime = load_anime_sample()
anime.data.assign(rating=anime.target).to_csv(folder / "ratings.csv", index=False)
anime.catalog.to_csv(folder / "items.csv")

# %%
# Top-N recommendations
# ---------------------
# ``recommend`` leaves out what the user has interacted with, and returns a tidy frame.

ratings = pd.read_csv(folder / "ratings.csv")
catalog = pd.read_csv(folder / "items.csv", index_col="anime_id")
model = EASERecommender(user="user_id", item="anime_id").fit(ratings[["user_id", "anime_id"]])
user = ratings["user_id"].value_counts().index[-1]
recommended = model.recommend(users=[user], n_items=5).join(catalog["name"], on="anime_id")
print(recommended.to_string(index=False))

# %%
# Why the first one?
# ------------------
# The score of EASE is a sum over the items of the user: ``explain`` returns its terms.

best = recommended["anime_id"].iloc[0]
display = ExplanationDisplay.from_estimator(model, user, best, catalog=catalog)
plt.show()
