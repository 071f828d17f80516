"""Measure what time adds to predicted ratings: drift, weekday, and time as a feature.

Usage: python benchmarks/bench_time_ratings.py [PART ...]

The parts are biases and bayesian. Without names both run. The ratings of MovieLens are read from the
folder that SKLEARN_ANIME_MOVIELENS names (ratings.csv.gz), or else beside the checkout in
`../shared/data`. Each of three windows of time is the test of a fit on all that came before it
(`TimeSplit`). Figures are the RMSE of the test rows, and the difference from the plain model with the
standard error of the mean over users. Settings are chosen on the last tenth of the training rows.
"""

import sys
from time import process_time

import numpy as np
import pandas as pd
from _data import MOVIELENS

from sklearn_anime.baseline import BiasRegressor
from sklearn_anime.decomposition import BayesianFactorizationRegressor
from sklearn_anime.model_selection import TimeSplit

IDS = ["user", "item"]
DAY = 24 * 3600
HALF_LIVES = [100.0, 300.0, 1000.0, 3000.0]  # days
SHRINKAGES = [10.0, 100.0, 1000.0]
POWER = 0.4  # of the distance in time in the drift of a user, as Koren has it
BAYESIAN = {"n_components": 8, "n_iter": 60, "burn_in": 20, "n_samples": 40, "random_state": 0}


def rows():
    """Return users, items, ratings and times in days."""
    table = pd.read_csv(MOVIELENS / "ratings.csv.gz").set_axis([*IDS, "rating", "day"], axis=1)
    return table.assign(day=table.day / DAY)


def plain(train, test):
    """Return the predictions of the biases."""
    return BiasRegressor().fit(train[IDS], train.rating).predict(test[IDS])


def recent(train, test, half_life):
    """Return those of biases to which old ratings add less."""
    weights = 0.5 ** ((train.day.max() - train.day) / half_life)
    return BiasRegressor().fit(train[IDS], train.rating, sample_weight=weights).predict(test[IDS])


def weekday(train, test, shrinkage):
    """Return those of the biases, and a bias of each user and weekday."""
    model = BiasRegressor().fit(train[IDS], train.rating)
    residuals = train.rating - model.predict(train[IDS])
    keys = ["user", "weekday"]
    train, test = (each.assign(weekday=each.day.astype(int) % 7) for each in (train, test))
    sums = residuals.groupby([train[key] for key in keys]).agg(["sum", "size"])
    biases = (sums["sum"] / (sums["size"] + shrinkage)).rename("bias")
    return model.predict(test[IDS]) + test.join(biases, on=keys).bias.fillna(0).to_numpy()


def drift(train, test, shrinkage):
    """Return those of the biases, and a slope of each user along ``sign(t) |t| ** 0.4``."""
    model = BiasRegressor().fit(train[IDS], train.rating)
    residuals = train.rating - model.predict(train[IDS])
    means = train.groupby("user").day.mean()
    along, ahead = (_distance(each, means) for each in (train, test))
    products = (along * residuals).groupby(train.user).sum()
    slopes = products / ((along**2).groupby(train.user).sum() + shrinkage)
    return model.predict(test[IDS]) + ahead * test.user.map(slopes).fillna(0).to_numpy()


def _distance(table, means):
    distance = (table.day - table.user.map(means)).fillna(0)
    return np.sign(distance) * distance.abs() ** POWER


def chosen(predict, values, train):
    """Return the value that predicts the last tenth of the training rows best."""
    later = train.day > train.day.quantile(0.9)
    early, late = train[~later], train[later]
    errors = {value: rmse(predict(early, late, value), late) for value in values}
    return min(errors, key=errors.get)


def rmse(predicted, test):
    return float(np.sqrt(np.mean((predicted - test.rating) ** 2)))


def report(name, predicted, windows, base, seconds):
    """Print the RMSE over all windows, and how it differs from that of the plain model."""
    tests = [test for _, test in windows]
    test, predicted = pd.concat(tests), np.concatenate(predicted)
    gain = (predicted - test.rating) ** 2 - (np.concatenate(base) - test.rating) ** 2
    of_user = gain.groupby(test.user).mean()
    print(
        f"  {name:<34} RMSE {rmse(predicted, test):.4f}; squared error of a user against plain "
        f"{of_user.mean():+.4f} (standard error {of_user.std(ddof=1) / len(of_user) ** 0.5:.4f}); "
        f"{seconds:.0f} CPU s",
        flush=True,
    )


def biases(windows):
    """Print what recency, drift and the weekday add to biases."""
    base = [plain(*window) for window in windows]
    report("biases", base, windows, base, 0)
    parts = {
        "recent ratings count more": (recent, HALF_LIVES),
        "drift of users": (drift, SHRINKAGES),
        "weekdays of users": (weekday, SHRINKAGES),
    }
    for name, (predict, values) in parts.items():
        start = process_time()
        settings = [chosen(predict, values, train) for train, _ in windows]
        found = [predict(*window, value) for window, value in zip(windows, settings, strict=True)]
        report(f"{name}, {settings}", found, windows, base, process_time() - start)


def bayesian(windows):
    """Print what the time as a feature adds to Bayesian factors."""
    base = None
    for name, columns in {"Bayesian factors": IDS, "with the time as a feature": [*IDS, "day"]}.items():
        start, found = process_time(), []
        for train, test in windows:
            model = BayesianFactorizationRegressor(**BAYESIAN).fit(train[columns], train.rating)
            found.append(model.predict(test[columns]))
        base = found if base is None else base
        report(name, found, windows, base, process_time() - start)


PARTS = {"biases": biases, "bayesian": bayesian}

if __name__ == "__main__":
    table = rows()
    splits = TimeSplit(3, time="day", test_size=0.1, user="user", item="item").split(table)
    windows = [(table.iloc[train], table.iloc[test]) for train, test in splits]
    print(f"  {len(table):,} ratings, {sum(len(test) for _, test in windows):,} of them in tests")
    for part in sys.argv[1:] or PARTS:
        PARTS[part](windows)
