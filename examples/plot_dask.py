"""
=========================
A fit on a Dask cluster
=========================

A table that does not fit into one memory is a Dask DataFrame. :func:`sklearn_anime.dask.fit` fits the
same model from it, with sums that the workers compute where the rows are. This example compares the
result with a local fit, on a cluster of two threads.
"""

# %%
# The table
# ---------
# Any Dask DataFrame will do, such as one of ``dask.dataframe.read_parquet``. Here, it has five
# partitions.

import dask.dataframe as dd
import matplotlib.pyplot as plt
import numpy as np
from distributed import Client, LocalCluster

import sklearn_anime.dask
from sklearn_anime.datasets import make_ratings
from sklearn_anime.linear_model import EASERecommender

ratings = make_ratings(400, 200, 12_000, random_state=0)
frame = dd.from_pandas(ratings.data, npartitions=5)

# %%
# The fit
# -------
# ``fit`` returns the fitted estimator: ``recommend``, ``explain`` and files work as after a local fit.
# ``sklearn_anime.dask.recommend`` is lazy, and computes one partition after the other.

options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
with LocalCluster(processes=False, **options) as cluster, Client(cluster):
    model = sklearn_anime.dask.fit(EASERecommender(), frame)
    recommended = sklearn_anime.dask.recommend(model, n_items=10).compute()
print(recommended.head(3))

# %%
# The same model
# --------------

local = EASERecommender().fit(ratings.data)
scores, local_scores = model.predict(ratings.data), local.predict(ratings.data)
difference = np.abs(scores - local_scores).max()
print(f"largest difference of a score: {difference:.1e}")

fig, ax = plt.subplots(figsize=(4.5, 4), layout="constrained")
ax.scatter(local_scores, scores, s=4, alpha=0.3)
ax.set(title="Scores of 12,000 pairs", xlabel="local fit", ylabel="fit on the cluster")
plt.show()
