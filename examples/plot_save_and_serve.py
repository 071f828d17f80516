"""
=========================
Save a model and serve it
=========================

A fitted recommender becomes a file without pickle, and the file an HTTP service that answers new users
by their history. ``python -m sklearn_anime.serve model.skops --catalog items.csv`` runs it; this example
calls the same application within the process.
"""

# %%
# Save
# ----
# ``load`` builds classes of this package and of scikit-learn alone, so that a file of unknown origin can
# run no code.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from fastapi.testclient import TestClient

from sklearn_anime.datasets import load_anime_sample
from sklearn_anime.io import dump, load
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.serve import make_app

anime = load_anime_sample()
path = Path(tempfile.mkdtemp()) / "model.skops"
model = EASERecommender().fit(anime.data)
dump(model, path)
same = load(path).recommend(n_items=3).equals(model.recommend(n_items=3))
print(f"{path.stat().st_size / 1024:.0f} KiB, the same recommendations: {same}")

# %%
# Serve
# -----
# A client sends what a user liked, and gets recommendations with their names.

liked = anime.catalog.index[anime.catalog["name"].isin(["Toradora!", "Clannad"])]
with TestClient(make_app(path, anime.catalog)) as client:
    request = {"history": [{"item": int(item)} for item in liked], "n_items": 8}
    answer = client.post("/recommendations", json=request).json()
recommended = answer["recommendations"]
print(recommended[0])

# %%
# What came back
# --------------

fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh([each["name"] for each in recommended], [each["score"] for each in recommended])
ax.invert_yaxis()
ax.set(title="For a user who liked Toradora! and Clannad", xlabel="score")
plt.show()
