"""How well the recommendations of each user find what is relevant: one number per user."""

import numpy as np


def _ndcg(evaluation, k):
    return _dcg(evaluation.hits.top(k)) / _dcg(evaluation.ideal.top(k))


def _dcg(hits):
    return hits.sum(hits.gains / np.log2(hits.ranks + 1))


def _recall(evaluation, k):
    return evaluation.hits.top(k).sum() / evaluation.ideal.sum()


def _precision(evaluation, k):
    return evaluation.hits.top(k).sum() / k


def _average_precision(evaluation, k):
    hits = evaluation.hits.top(k)
    return hits.sum(hits.orders / hits.ranks) / np.minimum(evaluation.ideal.sum(), k)


def _reciprocal_rank(evaluation, k):
    hits = evaluation.hits.top(k)
    return hits.sum((hits.orders == 1) / hits.ranks)


def _hit_rate(evaluation, k):
    return (evaluation.hits.top(k).sum() > 0).astype(np.float64)


# Each takes an `Evaluation` and `k`, and returns an ndarray of shape (n_users,): one value per user.
PER_USER = {
    "ndcg": _ndcg,
    "recall": _recall,
    "precision": _precision,
    "map": _average_precision,
    "mrr": _reciprocal_rank,
    "hit_rate": _hit_rate,
}
