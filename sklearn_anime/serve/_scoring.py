"""One call of ``recommend`` for the users of many requests."""

from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import pandas as pd

from sklearn_anime.serve._models import Served
from sklearn_anime.utils._warnings import without_warnings


@dataclass(frozen=True)
class History:
    """Interactions with known items, as columns.

    Attributes
    ----------
    items, ratings, times : list
        Ids of the model, ratings (NaN: none), and times; None where ``fit`` had no times.
    """

    items: list
    ratings: list
    times: list | None = None


@dataclass(frozen=True)
class Question:
    """What is recommended to one user.

    Attributes
    ----------
    served : Served
        The model that answers.

    n_items : int
        How many items.

    user : id or None
        A user of ``fit``; None is nobody there.

    history : History or None
        What stands for the user instead.

    include : frozenset or None
        The only items to recommend.

    exclude : list
        Items to leave out.
    """

    served: Served
    n_items: int
    user: Any = None
    history: History | None = None
    include: frozenset | None = None
    exclude: list = field(default_factory=list)


def answer(questions):
    """Return items and scores for each question, or the error that it met.

    Questions to one model that agree in `n_items` and `include` are answered by one call. Where a call
    fails, each question is asked alone, so that none suffers from another.
    """
    groups = {}
    for position, question in enumerate(questions):
        key = id(question.served), question.n_items, question.include
        groups.setdefault(key, []).append(position)
    answers = [None] * len(questions)
    for positions in groups.values():
        found = _answer_or_error([questions[position] for position in positions])
        for position, each in zip(positions, found, strict=True):
            answers[position] = each
    return answers


def _answer_or_error(questions):
    try:
        return recommend(questions)
    except Exception as error:
        if len(questions) == 1:
            return [error]
        return [each for question in questions for each in _answer_or_error([question])]


def recommend(questions):
    """Return a list of (item, score or None) for each question, by one call of ``recommend``."""
    served, n_items, include = questions[0].served, questions[0].n_items, questions[0].include
    new_users = iter(served.new_users)
    users = [next(new_users) if each.user is None else each.user for each in questions]
    with without_warnings():
        frame = served.recommender.recommend(
            users,
            n_items,
            history=_history(served, users, questions),
            include=None if include is None else list(include),
            exclude=_excluded(served, users, questions),
        )
    found = {}
    for user, item, score in _columns(frame):
        found.setdefault(user, []).append((item, None if score != score else score))
    return [found.get(user, []) for user in users]


def history_frame(served, users, items, times):
    """Return rows of users and items as a frame that the model reads as a history."""
    layout = served.recommender.interactions_.layout
    columns = {"user": users, "item": items} | ({} if times is None else {"time": times})
    roles = list(columns)
    if layout.names is None and layout.n_columns > len(roles):
        return pd.DataFrame(columns)
    roles.sort(key=layout.roles.get)
    names = layout.names or range(layout.n_columns)
    return pd.DataFrame({names[layout.roles[role]]: columns[role] for role in roles})


def _history(served, users, questions):
    """Return rows and ratings of all posted histories, if there are any."""
    posted = [(user, each.history) for user, each in zip(users, questions, strict=True) if each.history]
    items = [item for _, history in posted for item in history.items]
    if not items:
        return None
    owners = [user for user, history in posted for _ in history.items]
    ratings = [rating for _, history in posted for rating in history.ratings]
    times = None
    if served.clock is not None:
        times = [time for _, history in posted for time in history.times]
    return history_frame(served, owners, items, times), ratings


def _excluded(served, users, questions):
    """Return pairs of user and item that are not recommended, if there are any."""
    pairs = [(user, item) for user, each in zip(users, questions, strict=True) for item in each.exclude]
    if not pairs:
        return None
    interactions = served.recommender.interactions_
    return pd.DataFrame(pairs, columns=[interactions.users.name, interactions.items.name])


def _columns(frame):
    """Yield user, item and score of each recommendation."""
    user, item, score, _ = nw.from_native(frame, eager_only=True).iter_columns()
    return zip(user.to_list(), item.to_list(), score.to_list(), strict=True)
