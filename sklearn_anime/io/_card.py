"""A page of Markdown that says what a model is, what it saw, how good it is, and what it cannot do."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_regressor

from sklearn_anime.io._versions import running_versions
from sklearn_anime.utils._pipelines import find_last

DATES = 1e14, 1e16  # microseconds: from 1973 to 2286
LOADING = """\
```python
from sklearn_anime.io import load

model = load("model.skops")
```"""


def model_card(model: Any, X: ArrayLike | None = None, y: ArrayLike | None = None) -> str:
    """Describe a fitted model in Markdown: parameters, data, metrics, limits.

    No ids of users or items are printed, only their numbers.

    Parameters
    ----------
    model : estimator
        A fitted recommender, or a Pipeline or search that ends in one.

    X : array-like or DataFrame of shape (n_rows, n_columns), default=None
        Rows that ``fit`` has not seen; with them, the card has the metrics of
        :func:`~sklearn_anime.metrics.ranking_report`.

    y : array-like of shape (n_rows,), default=None
        Their ratings.

    Returns
    -------
    str
        Markdown.

    See Also
    --------
    dump : Writes the model to a file.
    sklearn_anime.metrics.ranking_report : The metrics, user by user.

    Examples
    --------
    >>> from sklearn_anime.baseline import PopularityRecommender
    >>> from sklearn_anime.io import model_card
    >>> card = model_card(PopularityRecommender().fit([["ann", 1], ["bob", 1], ["bob", 2]]))
    >>> print(card.partition("## Cold start")[0].strip())
    # PopularityRecommender
    <BLANKLINE>
    | parameter | value |
    | --- | --- |
    | half_life | `None` |
    | item | `1` |
    | n_jobs | `None` |
    | time | `None` |
    | user | `0` |
    <BLANKLINE>
    ## Data
    <BLANKLINE>
    | what | value |
    | --- | --- |
    | users | 2 |
    | items | 2 |
    | interactions | 3 |
    | of which rated | 0 |
    """
    last = find_last(model)
    interactions = getattr(last, "interactions_", None)
    sections = {f"# {type(last).__name__}": _table(("parameter", "value"), _parameters(last))}
    if interactions is not None:
        sections["## Data"] = _table(("what", "value"), _data(interactions))
    if X is not None:
        sections["## Metrics"] = _metrics(model, X, y)
    if interactions is not None:
        sections["## Cold start"] = _bullets(_cold_start(last, interactions))
        sections["## Limits"] = _bullets(_limits(interactions))
    sections["## Loading"] = f"{LOADING}\n\nWritten with {_versions()}."
    return "\n".join(f"{title}\n\n{text}\n" for title, text in sections.items())


def _parameters(model):
    return [(name, _code(value)) for name, value in sorted(model.get_params(deep=False).items())]


def _code(value):
    """Return the repr of a value as code in a cell of a table."""
    return "`" + " ".join(repr(value).split()).replace("|", "\\|").replace("`", "'") + "`"


def _data(interactions):
    """Return what a model saw, in numbers."""
    n_rows, n_rated = len(interactions.item_codes), int(interactions.rated.sum())
    rows = [
        ("users", f"{len(interactions.users):,}"),
        ("items", f"{len(interactions.items):,}"),
        ("interactions", f"{n_rows:,}"),
        ("of which rated", f"{n_rated:,}"),
    ]
    if n_rated:
        rows.append(("mean rating", f"{interactions.mean_rating:.2f}"))
    if interactions.features is not None and len(interactions.features):
        rows.append(("features", ", ".join(map(str, interactions.features.names))))
    if interactions.times is not None:
        rows.append(("period", " to ".join(map(_moment, _range(interactions.times)))))
    return rows


def _range(values):
    return values.min(), values.max()


def _moment(time):
    """Return a time as a date where it is one: those are microseconds."""
    if DATES[0] < time < DATES[1]:
        return f"{datetime.fromtimestamp(time / 1e6, UTC):%Y-%m-%d}"
    return f"{time:g}"


def _metrics(model, X, y):
    from sklearn_anime.metrics import ranking_report

    report = ranking_report(model, X, y, random_state=0)
    rows = [
        (f"{name}@10", f"{mean:.4f}", f"{low:.4f} to {high:.4f}")
        for name, mean, low, high in report.summary.itertuples()
    ]
    table = _table(("metric", "mean", "95 % interval"), rows)
    return f"Means over {len(report.per_user):,} users of held-out rows.\n\n{table}"


def _cold_start(model, interactions):
    """Return what a model does with ids that it has not seen."""
    features = interactions.features is not None and len(interactions.features) > 0
    yield "Users without a history get the most popular items, with a score of NaN."
    yield "Users who were not in `fit` need no new fit: `recommend(history=...)`."
    if features:
        yield "New items are scored by their features: `recommend(items=...)`."
    else:
        yield "New items cannot be recommended before a new fit: the model has no features of items."
    if is_regressor(model):
        yield "`predict` falls back for unknown ids to what is known of the rest of the row."
    else:
        yield "`predict` is 0 for unknown ids."


def _limits(interactions):
    counts = np.sort(interactions.item_counts)[::-1]
    n_top = max(1, round(0.1 * len(counts)))
    share = 100 * counts[:n_top].sum() / counts.sum()
    yield (
        f"The most popular 10 % of the items have {share:.0f} % of the interactions. The others are "
        f"known less well."
    )
    yield "The model knows what these users chose, not why: it repeats the biases of its data."
    yield "Metrics of held-out rows do not say what users do with recommendations that they see."


def _table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _bullets(lines):
    return "\n".join(f"- {line}" for line in lines)


def _versions():
    versions = running_versions(with_keras=False)
    return ", ".join(f"{name} {version}" for name, version in versions.items())
