"""Time `WeightedOneHotGenres` against a loop with one `OneHotEncoder.transform` per genre.

Usage: python benchmarks/bench_genres.py [--loop-rows N]

The catalog is `anime.csv` (plain, `.gz` or `.zip`) in the folder that the environment variable
SKLEARN_ANIME_DATA names, or else in `../shared/data/anime-4000` beside the checkout; where
neither is there, one of the same size is drawn at random.
"""

import argparse
import statistics
from time import perf_counter

import numpy as np
import pandas as pd
from _data import FOLDER
from sklearn.preprocessing import OneHotEncoder

from sklearn_anime.preprocessing import WeightedOneHotGenres

N_REPEATS = 15


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--loop-rows", type=int, help="time the loop on the first N rows and scale linearly"
    )
    n_loop = parser.parse_args().loop_rows
    catalog, source = find_catalog()
    report(catalog, source, len(catalog) if n_loop is None else min(n_loop, len(catalog)))


def find_catalog():
    """Return a frame with the column `genre`, and where it comes from."""
    for path in sorted(FOLDER.glob("anime.csv*")):
        return pd.read_csv(path, usecols=["genre"]), path.name
    return draw_catalog(), "drawn at random"


def draw_catalog(n_titles=12_294, n_texts=3_264, n_genres=43):
    """Draw texts of 1 to 10 genres, common ones in many rows."""
    rng = np.random.default_rng(0)
    genres = np.array([f"Genre {i:02d}" for i in range(n_genres)])
    sizes = np.clip(rng.poisson(4, n_texts), 1, 10)
    texts = np.array([", ".join(rng.choice(genres, size, replace=False)) for size in sizes])
    shares = 1 / np.arange(1, n_texts + 1)
    rows = rng.choice(n_texts, n_titles - n_texts, p=shares / shares.sum())
    return pd.DataFrame({"genre": np.append(texts, texts[rows])})


def loop_over_genres(texts):
    """Encode row by row, with one call of a fitted `OneHotEncoder` per genre."""
    lists = [text.split(", ") if isinstance(text, str) else [] for text in texts]
    genres = np.array(sorted({genre for genres in lists for genre in genres}), dtype=object)
    encoder = OneHotEncoder(sparse_output=False).fit(genres.reshape(-1, 1))
    largest = max(map(len, lists))
    encoded = np.zeros((len(lists), len(genres)))
    for row, names in enumerate(lists):
        for place, name in enumerate(dict.fromkeys(names)):
            encoded[row] += (largest - place) * encoder.transform([[name]])[0]
    return encoded


def time_call(function, *args):
    """Return the seconds that a call took, and its result."""
    start = perf_counter()
    result = function(*args)
    return perf_counter() - start, result


def report(catalog, source, n_loop):
    """Run both on the same rows, and print times and ratio."""
    subset = catalog.iloc[:n_loop]
    loop_seconds, expected = time_call(loop_over_genres, subset["genre"])
    np.testing.assert_array_equal(WeightedOneHotGenres().fit_transform(subset), expected)
    scaled = loop_seconds * len(catalog) / n_loop
    ours = statistics.median(
        time_call(WeightedOneHotGenres().fit_transform, catalog)[0] for _ in range(N_REPEATS)
    )
    how = "all rows" if n_loop == len(catalog) else f"{n_loop:,} rows, scaled linearly to all"
    print(f"catalog    {len(catalog):,} titles ({source}), ", end="")
    print(f"{catalog['genre'].nunique():,} distinct texts; same result from both")
    print(f"loop         {scaled:10.4f} s  ({how})")
    print(f"this package {ours:10.4f} s  (fit_transform, all rows, median of {N_REPEATS} runs)")
    print(f"ratio        {scaled / ours:8.0f}")


if __name__ == "__main__":
    main()
