"""The next-item model written out: every past is a row of a dense array."""

import numpy as np
import pandas as pd


def make_sequences(n_users=40, n_items=12, seed=0):
    """Return rows of user, item and time in no order; lengths from 1 to 9, no item twice."""
    rng = np.random.RandomState(seed)
    rows = []
    for user in range(n_users):
        items = rng.permutation(n_items)[: rng.randint(1, 10)]
        times = np.sort(rng.choice(1000, len(items), replace=False))
        rows += [(f"u{user:02}", f"i{item:02}", time) for item, time in zip(items, times, strict=True)]
    X = pd.DataFrame(rows, columns=["user_id", "item_id", "time"])
    return X.sample(frac=1, random_state=seed, ignore_index=True)


def sequences(X, items, entries=None):
    """Return for each user the codes and the entries of the items in the order of time."""
    X = X.assign(code=np.searchsorted(items, X["item_id"]), entry=1.0 if entries is None else entries)
    found = {}
    for user, rows in X.sort_values("time", kind="stable").groupby("user_id"):
        if entries is not None:
            rows = rows.assign(entry=rows.groupby("code")["entry"].transform("sum"))
        rows = rows.drop_duplicates("code", keep="last")
        found[user] = rows["code"].to_numpy(), rows["entry"].to_numpy()
    return found


def past(codes, entries, end, n_items, decay, max_length):
    """Return the row of S for the items before a position."""
    row = np.zeros(n_items)
    for q in range(max(0, end - max_length), end):
        row[codes[q]] += decay ** (end - 1 - q) * entries[q]
    return row


def regression(found, n_items, *, decay, max_length=50, horizon=1, cooccurrence_weight=0.3):
    """Return S and Z, one row for each item that follows another, and one for all items of a user."""
    S, Z = [], []
    for codes, entries in found.values():
        for p in range(1, len(codes)):
            S.append(past(codes, entries, p, n_items, decay, max_length))
            target = np.zeros(n_items)
            for h in range(min(horizon, len(codes) - p)):
                target[codes[p + h]] += decay**h * entries[p + h]
            Z.append(target)
    for codes, entries in found.values() if cooccurrence_weight else ():
        row = np.zeros(n_items)
        row[codes] = cooccurrence_weight**0.5 * entries
        S.append(row)
        Z.append(row)
    return np.array(S), np.array(Z)


def ridge_weights(S, Z, alpha, *, to_itself):
    """Return the weights from past to next items, one regression for each next item.

    Where an item may not predict itself, its column is left out of the regression.
    """
    n_items = S.shape[1]
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        used = np.arange(n_items) if to_itself else np.delete(np.arange(n_items), item)
        gram = S[:, used].T @ S[:, used] + alpha * np.eye(len(used))
        weights[used, item] = np.linalg.solve(gram, S[:, used].T @ Z[:, item])
    return weights


def next_item_scores(found, weights, *, decay, max_length=50):
    """Return the scores of all items, one row for each user."""
    n_items = len(weights)
    last = [past(*each, len(each[0]), n_items, decay, max_length) for each in found.values()]
    return np.array(last) @ weights
