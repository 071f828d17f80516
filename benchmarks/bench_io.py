"""Measure files of fitted models: seconds to write and to read, and size, beside those of joblib.

Usage: python benchmarks/bench_io.py

The ratings are those in the folder that the environment variable SKLEARN_ANIME_DATA names, or else in
`../shared/data/anime-4000` beside the checkout; where neither is there, the embedded sample. Times are
the best of three, in CPU seconds of one process. "inside" is the size of the arrays and the text of a
model, each counted once.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import joblib
import numpy as np
import pandas as pd
from _data import FOLDER
from scipy import sparse

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import load_anime, load_anime_sample
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.io import dump, load
from sklearn_anime.linear_model import EASERecommender
from sklearn_anime.neighbors import FaissNeighbors, SVDNeighborsRecommender
from sklearn_anime.neural_network import EmbeddingRegressor

MODELS = {
    "PopularityRecommender()": PopularityRecommender(),
    "EASERecommender()": EASERecommender(),
    "EASERecommender(512)": EASERecommender(n_components=512, random_state=0),
    "SVDNeighborsRecommender()": SVDNeighborsRecommender(random_state=0),
    "SVDNeighborsRecommender(neighbors=FaissNeighbors())": SVDNeighborsRecommender(
        neighbors=FaissNeighbors(), n_neighbors=50, random_state=0
    ),
    "BayesianFactorizationRegressor(n_iter=20)": BayesianFactorizationRegressor(
        n_iter=20, burn_in=5, n_samples=10, random_state=0
    ),
    "EmbeddingRegressor(epochs=1)": EmbeddingRegressor(epochs=1, random_state=0),
}


def main():
    anime = load_anime(FOLDER, unrated="nan") if FOLDER.is_dir() else load_anime_sample(unrated="nan")
    rows = {name: measured(model.fit(anime.data, anime.target)) for name, model in MODELS.items()}
    print(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.2f}".format))


def measured(model):
    """Return sizes and times of the files of a model."""
    with TemporaryDirectory() as folder:
        paths = {"joblib": Path(folder, "model.joblib"), "io": Path(folder, "model.skops")}
        calls = {"joblib": (joblib.dump, joblib.load), "io": (dump, load)}
        written = {name: seconds(calls[name][0], model, path) for name, path in paths.items()}
        read = {name: seconds(calls[name][1], path) for name, path in paths.items()}
        sizes = {name: os.path.getsize(path) / 1e6 for name, path in paths.items()}
    inside = payload(model) / 1e6
    return {
        "MB inside": inside,
        **{f"MB {name}": size for name, size in sizes.items()},
        "io / inside": sizes["io"] / inside,
        **{f"s write {name}": time for name, time in written.items()},
        **{f"s read {name}": time for name, time in read.items()},
    }


def seconds(call, *args):
    """Return the fewest CPU seconds of three calls."""
    taken = []
    for _ in range(3):
        start = process_time()
        call(*args)
        taken.append(process_time() - start)
    return min(taken)


def payload(model):
    """Return the bytes of the arrays and the text in what is stored of a model, each counted once."""
    total, seen, stack = 0, {}, [model]
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen[id(each)] = each  # so that no other object gets its id
        if isinstance(each, np.ndarray) and each.dtype != object:
            total += each.nbytes
        elif sparse.issparse(each):
            total += sum(part.nbytes for part in vars(each).values() if isinstance(part, np.ndarray))
        elif isinstance(each, (str, bytes)):
            total += len(each)
        elif isinstance(each, dict):
            stack.extend([*each, *each.values()])
        elif isinstance(each, (list, tuple, np.ndarray)):
            stack.extend(each)
        elif hasattr(each, "__dict__") and not isinstance(each, type):
            stack.append(each.__getstate__())
    return total


if __name__ == "__main__":
    main()
