"""Measure which share of its time `ranking_report` spends outside the estimator's own `recommend`.

Usage: python benchmarks/bench_report.py

4,000 users and a catalog of 7,000 titles, from `make_ratings`; a recommender that takes almost no
time and one that takes some. The metric functions and the splitters have benchmarks of their own.
"""

import time
import warnings

import numpy as np

from sklearn_anime.baseline import PopularityRecommender
from sklearn_anime.datasets import make_ratings
from sklearn_anime.metrics import ranking_report
from sklearn_anime.model_selection import LeaveKOutPerUser
from sklearn_anime.neighbors import SVDNeighborsRecommender


def main(n_repeats=5):
    ratings = make_ratings(n_users=4_000, n_items=7_000, n_ratings=400_000, random_state=0)
    X, y = ratings.data, ratings.target
    train, test = next(LeaveKOutPerUser(5, random_state=0).split(X))
    print(f"{len(X):,} rows, {X.iloc[test, 0].nunique():,} users to report on")
    for model in (PopularityRecommender(), SVDNeighborsRecommender(random_state=0)):
        model.fit(X.iloc[train], y.iloc[train])
        for n_resamples in (1_000, 2):
            shares = [
                share_outside(model, X.iloc[test], y.iloc[test], n_resamples) for _ in range(n_repeats)
            ]
            totals, outside = np.array(shares).T
            print(
                f"{type(model).__name__}, {n_resamples:>5} resamples: {np.median(totals):.3f} s, "
                f"outside recommend {np.median(outside):.3f} s or {np.median(outside / totals):.1%} "
                f"(medians of {n_repeats})"
            )


def share_outside(model, X, y, n_resamples):
    """Return the seconds of a report, and those of them outside `recommend`."""
    inside, recommend = [], model.recommend

    def timed(*args, **kwargs):
        start = time.perf_counter()
        found = recommend(*args, **kwargs)
        inside.append(time.perf_counter() - start)
        return found

    model.recommend = timed
    start = time.perf_counter()
    ranking_report(model, X, y, n_resamples=n_resamples, random_state=0)
    total = time.perf_counter() - start
    del model.recommend
    return total, total - sum(inside)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
