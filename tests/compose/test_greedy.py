"""The greedy choice against loops and brute force over small pools."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_anime.compose._greedy import (
    SMOOTHING,
    Calibration,
    MarginalRelevance,
    MeanSimilarity,
    Relevance,
    Rules,
    Volume,
    choose,
    scaled,
)

N_USERS, N_CANDIDATES, N_FEATURES, N_ITEMS = 5, 12, 4, 6
EVERYTHING = np.ones((N_USERS, N_CANDIDATES), dtype=bool)


@pytest.fixture
def pool():
    """Relevance, unit vectors and a weight for each user, drawn at random."""
    random_state = np.random.RandomState(0)
    relevance = np.sort(random_state.random_sample((N_USERS, N_CANDIDATES)))[:, ::-1]
    vectors = random_state.random_sample((N_USERS, N_CANDIDATES, N_FEATURES))
    diversity = np.linspace(0, 1, N_USERS)[:, None]
    return relevance, vectors / np.linalg.norm(vectors, axis=2, keepdims=True), diversity


def by_loop(gain, n_items=N_ITEMS):
    """Return the choice of a loop over users and ranks, by a gain of the chosen and one more."""
    lists = []
    for user in range(N_USERS):
        chosen = []
        for _ in range(n_items):
            left = [column for column in range(N_CANDIDATES) if column not in chosen]
            chosen.append(max(left, key=lambda column: gain(user, chosen, column)))
        lists.append(chosen)
    return lists


def test_mmr_is_that_of_a_loop_over_pairs(pool):
    relevance, units, diversity = pool

    def gain(user, chosen, column):
        nearest = max((units[user, column] @ units[user, each] for each in chosen), default=0.0)
        weight = diversity[user, 0]
        return (1 - weight) * relevance[user, column] - weight * nearest

    found = choose(MarginalRelevance(relevance, units, diversity), Rules(), EVERYTHING, N_ITEMS)
    assert found.tolist() == by_loop(gain)


def test_dpp_chooses_the_largest_determinant(pool):
    relevance, units, diversity = pool
    n_items = N_FEATURES  # further vectors are combinations of these: every determinant is 0

    def gain(user, chosen, column):
        some = units[user, [*chosen, column]]
        weight = diversity[user, 0]
        volume = np.linalg.slogdet(some @ some.T)[1]
        return (1 - weight) * (relevance[user, chosen].sum() + relevance[user, column]) + weight * volume

    found = choose(Volume(relevance, units, diversity), Rules(), EVERYTHING, n_items)
    assert found.tolist() == by_loop(gain, n_items)


def test_dpp_takes_repetitions_by_relevance_once_no_direction_is_left():
    units = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    criterion = Volume(np.array([[1.0, 0.9, 0.8, 0.7]]), units, np.array([[0.5]]))
    assert choose(criterion, Rules(), np.ones((1, 4), dtype=bool), 4).tolist() == [[0, 2, 1, 3]]


def test_calibration_is_that_of_a_loop_with_the_formula(pool):
    relevance, units, diversity = pool
    mixes = units / units.sum(axis=2, keepdims=True)
    target = mixes[:, :3].mean(axis=1)

    def gain(user, chosen, column):
        mix = mixes[user, [*chosen, column]].mean(axis=0)
        p, q = target[user], (1 - SMOOTHING) * mix + SMOOTHING * target[user]
        weight = diversity[user, 0]
        return (1 - weight) * relevance[user, column] - weight * np.sum(p * np.log(p / q))

    found = choose(Calibration(relevance, mixes, target, diversity), Rules(), EVERYTHING, N_ITEMS)
    assert found.tolist() == by_loop(gain)


def test_calibration_of_a_whole_list_is_that_of_a_loop_with_the_formula(pool):
    relevance, units, diversity = pool
    mixes = units / units.sum(axis=2, keepdims=True)
    target = mixes[:, :3].mean(axis=1)

    def gain(user, chosen, column):
        filled = [*mixes[user, [*chosen, column]], *[target[user]] * (N_ITEMS - len(chosen) - 1)]
        p, q = target[user], (1 - SMOOTHING) * np.mean(filled, axis=0) + SMOOTHING * target[user]
        weight = diversity[user, 0]
        return (1 - weight) * relevance[user, column] - weight * N_ITEMS * np.sum(p * np.log(p / q))

    criterion = Calibration(relevance, mixes, target, diversity, N_ITEMS)
    assert choose(criterion, Rules(), EVERYTHING, N_ITEMS).tolist() == by_loop(gain)


def test_max_sum_is_that_of_a_loop_over_pairs(pool):
    relevance, units, diversity = pool

    def gain(user, chosen, column):
        mean = np.mean([units[user, column] @ units[user, other] for other in chosen] or [0.0])
        return (1 - diversity[user, 0]) * relevance[user, column] - diversity[user, 0] * mean

    found = choose(MeanSimilarity(relevance, units, diversity), Rules(), EVERYTHING, N_ITEMS)
    assert found.tolist() == by_loop(gain)


def test_calibration_without_a_history_is_the_order_of_relevance():
    criterion = Calibration(np.array([[1.0, 0.5]]), np.eye(2)[None], np.zeros((1, 2)), np.array([[0.9]]))
    assert choose(criterion, Rules(), np.ones((1, 2), dtype=bool), 2).tolist() == [[0, 1]]


def test_without_diversity_every_criterion_keeps_the_order(pool):
    relevance, units, _ = pool
    zero = np.zeros((N_USERS, 1))
    order = np.tile(np.arange(N_ITEMS), (N_USERS, 1))
    for criterion in (
        Relevance(relevance),
        MarginalRelevance(relevance, units, zero),
        MeanSimilarity(relevance, units, zero),
        Volume(relevance, units, zero),
        Calibration(relevance, units, units.mean(axis=1), zero),
    ):
        assert_array_equal(choose(criterion, Rules(), EVERYTHING, N_ITEMS), order)


RELEVANCE = Relevance(np.array([[0.9, 0.8, 0.7, 0.6, 0.5]]))
FIVE = np.ones((1, 5), dtype=bool)


def test_groups_are_limited_and_items_without_one_are_not():
    groups = np.array([[[1, -1], [1, 2], [1, -1], [-1, -1], [2, 3]]])
    rules = Rules(groups=groups, max_per_group=1)
    assert choose(RELEVANCE, rules, FIVE, 5).tolist() == [[0, 3, 4, -1, -1]]


def test_reserved_rank_gets_the_best_of_its_items_which_wait_for_it():
    rules = Rules(reserved={2: np.array([[True, False, False, True, False]])})
    assert choose(RELEVANCE, rules, FIVE, 5).tolist() == [[1, 0, 2, 3, 4]]


def test_reserved_rank_is_filled_as_usual_where_none_of_its_items_is_left():
    rules = Rules(reserved={2: np.zeros((1, 5), dtype=bool)})
    assert choose(RELEVANCE, rules, FIVE, 3).tolist() == [[0, 1, 2]]


def test_reserved_items_come_before_their_rank_where_there_is_nothing_else():
    rules = Rules(reserved={3: np.array([[True, False, False, False, False]])})
    present = np.array([[True, True, False, False, False]])
    assert choose(RELEVANCE, rules, present, 3).tolist() == [[1, 0, -1]]


def test_limit_of_a_group_is_stronger_than_a_reservation():
    groups = np.array([[[1], [1], [2], [2], [2]]])
    rules = Rules({2: np.array([[False, True, False, False, False]])}, groups, max_per_group=1)
    assert choose(RELEVANCE, rules, FIVE, 2).tolist() == [[0, 2]]


def test_scaled_is_clipped_and_constant_scores_are_1():
    found = scaled(
        np.array([[3.0, 1.0, -1.0], [2.0, 2.0, 2.0]]), np.array([1.0, 2.0]), np.array([3.0, 2.0])
    )
    assert_allclose(found, [[1, 0, 0], [1, 1, 1]])
