"""What a table asks of a model: how it is fitted, on which rows, and what is computed of its answers.

A task has the attributes `models`, `metrics` (the first is the one to sort by) and `size`, and a method
`measure(make)` that returns the figures, their standard errors and times, given what makes the model.
"""

from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from _models import NEXT_ITEM, RATINGS, STRONG, TOP_N


@dataclass(frozen=True)
class TopN:
    """Find the test rows of known users: recall and NDCG of the full ranking without what was seen."""

    train: pd.DataFrame
    test: pd.DataFrame
    k: int = 20
    models = TOP_N

    @property
    def metrics(self):
        """Names of the figures."""
        return [f"ndcg@{self.k}", f"recall@{self.k}"]

    @property
    def size(self):
        """Numbers of the table."""
        return sizes(self.train, self.test)

    def measure(self, make):
        """Fit once and recommend to all users of the test."""
        model, times = clocked_fit(make, self.train, np.ones(len(self.train)))
        users = self.test.iloc[:, 0].unique()
        start = perf_counter()
        recommended = model.recommend(users, n_items=self.k)
        times |= {"recommend_seconds": perf_counter() - start, "n_users": len(users)}
        return summarize(per_user(recommended, self.test, self.k)[self.metrics]) | times


@dataclass(frozen=True)
class NextItem(TopN):
    """Find the last item of each user."""

    k: int = 10
    models = NEXT_ITEM

    @property
    def metrics(self):
        """Names of the figures."""
        return [f"ndcg@{self.k}", f"hit@{self.k}"]


@dataclass(frozen=True)
class Strong:
    """Recommend to users who were not in training, given a part of their items [Liang et al. 2018].

    Recall divides by the number of items to find, or by k where that is less, as in the paper.
    """

    train: pd.DataFrame
    history: pd.DataFrame
    test: pd.DataFrame
    models = STRONG
    metrics = ("ndcg@100", "recall@20", "recall@50")

    @property
    def size(self):
        """Numbers of the table."""
        return sizes(self.train, self.test)

    def measure(self, make):
        """Fit on the training users, and recommend to the others."""
        model, times = clocked_fit(make, self.train, np.ones(len(self.train)))
        start = perf_counter()
        recommended = model.recommend(history=self.history, n_items=100)
        n_users = self.history.iloc[:, 0].nunique()
        times |= {"recommend_seconds": perf_counter() - start, "n_users": n_users}
        values = {}
        for metric in self.metrics:
            k = int(metric.partition("@")[2])
            values[metric] = per_user(recommended, self.test, k, truncated=True)[metric]
        return summarize(pd.DataFrame(values)) | times


@dataclass(frozen=True)
class Ratings:
    """Predict the ratings of the test rows of each fold."""

    X: pd.DataFrame
    y: pd.Series
    folds: list
    models = RATINGS
    metrics = ("rmse", "mae")

    @property
    def size(self):
        """Numbers of the table."""
        return sizes(self.X, self.X.iloc[self.folds[0][1]])

    def measure(self, make):
        """Fit on each fold; figures are means over the folds, times sums."""
        errors, total = [], {}
        for train, test in self.folds:
            model, times = clocked_fit(make, self.X.iloc[train], self.y.iloc[train])
            error = np.asarray(model.predict(self.X.iloc[test])) - self.y.iloc[test].to_numpy()
            errors.append({"rmse": np.sqrt(np.mean(error**2)), "mae": np.mean(np.abs(error))})
            total = {name: total.get(name, 0.0) + value for name, value in times.items()}
        return summarize(pd.DataFrame(errors)) | total


def sizes(train, test):
    """Return the numbers of a table."""
    both = pd.concat([train.iloc[:, :2], test.iloc[:, :2]])
    users, items = both.nunique()
    return {"train": len(train), "test": len(test), "users": int(users), "items": int(items)}


def clocked_fit(make, *rows):
    """Return a fitted model, and how long the fit took."""
    model = make()
    wall, cpu = perf_counter(), process_time()
    model.fit(*rows)
    return model, {"fit_seconds": perf_counter() - wall, "fit_cpu_seconds": process_time() - cpu}


def per_user(recommended, test, k, *, truncated=False):
    """Return NDCG, recall and hit rate of each user of the test, by their definitions.

    Items that training never had count as missed, and so do users without recommendations. With
    `truncated` recall divides by k where a user has more items to find.
    """
    user, item = test.columns[:2]
    top = recommended.set_axis([user, item, *recommended.columns[2:]], axis=1)
    top = top[top["rank"] <= k].merge(test[[user, item]].drop_duplicates())
    to_find = test.groupby(user)[item].nunique()
    gains = (
        (1 / np.log2(top["rank"] + 1)).groupby(top[user]).sum().reindex(to_find.index, fill_value=0.0)
    )
    hits = top.groupby(user).size().reindex(to_find.index, fill_value=0)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.minimum(to_find, k) - 1]
    possible = np.minimum(to_find, k) if truncated else to_find
    return pd.DataFrame(
        {f"ndcg@{k}": gains / ideal, f"recall@{k}": hits / possible, f"hit@{k}": hits > 0}
    )


def summarize(values):
    """Return means and standard errors of the columns."""
    values = values.astype(float)
    return {"figures": values.mean().to_dict(), "errors": values.sem().fillna(0.0).to_dict()}


def leave_last_out(rows, min_items=5):
    """Return training rows, and the last one of each user with enough items; rows are user, item, time.

    A repeated pair keeps its last row, and rows of equal time the order of the file.
    """
    user, item, time = rows.columns[:3]
    rows = rows.sort_values([user, time], kind="stable").drop_duplicates([user, item], keep="last")
    rows = rows[rows.groupby(user)[user].transform("size") >= min_items]
    last = ~rows.duplicated(user, keep="last")
    return rows[~last], rows[last]
