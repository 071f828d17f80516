"""What holds for all Displays: where they draw, how they look, what they say without matplotlib.

Where a change of a picture is meant, copy the one that the failing test names to `baseline/`.
"""

import copy
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.testing.compare import compare_images

from sklearn_anime import inspection

BASELINE = Path(__file__).parent / "baseline"
TOLERANCE = 10  # root mean square of the pixels, of 255: more than the versions of FreeType differ by

ANGLES = np.linspace(0, 60, 300)
SPIRAL = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]) * ANGLES[:, None] / 10
GENRES = ["Action", "Romance", "Comedy", "Drama", "Mecha", "Sports", "Music", None]
EPOCHS = np.arange(1, 21)

DISPLAYS = {
    "user_map": inspection.UserMapDisplay(
        coordinates=SPIRAL,
        users=range(300),
        axis_names=("SVD component 1", "SVD component 2"),
        highlight=[250, 299],
    ),
    "item_map": inspection.ItemMapDisplay(
        coordinates=SPIRAL,
        items=range(300),
        axis_names=("SVD component 1", "SVD component 2"),
        genres=[GENRES[int(i**0.5) % 8] for i in range(300)],
        names={0: "Akira", 1: "Bleach", 2: "Clannad", 299: "Mobile Suit Gundam: The Origin"},
    ),
    "user_comparison": inspection.UserComparisonDisplay(
        ratings=np.array([[8, 9], [8, 9], [8, 9], [3, 4], [3, 4], [10, 10], [6, 3]]),
        items=range(7),
        users=("ann", "bob"),
        rating_range=(1, 10),
    ),
    "rating_distribution": inspection.RatingDistributionDisplay(
        y_pred=7 + np.sin(ANGLES) * ANGLES / 30, seen=np.arange(300) % 4 == 0, user="ann"
    ),
    "loss_curve": inspection.LossCurveDisplay(
        loss_curve=2 / EPOCHS + 0.5, validation_curve=2 / EPOCHS + 0.6 + 0.02 * EPOCHS, name="ids"
    ),
    "trace": inspection.TraceDisplay(
        trace=np.vstack([2 / EPOCHS, 1 / EPOCHS]) + 0.5, burn_in=2, name="noise", r_hat=1.02
    ),
    "ranking_curve": inspection.RankingCurveDisplay(
        curves={"popularity": np.linspace(0.1, 0.3, 10), "SVD neighbors": np.linspace(0.2, 0.5, 10)}
    ),
    "diversity_curve": inspection.DiversityCurveDisplay(
        curves={
            "mmr": np.column_stack([np.linspace(0.5, 0.8, 7), np.linspace(0.33, 0.2, 7)]),
            "dpp": np.column_stack([np.linspace(0.5, 0.9, 7), np.linspace(0.33, 0.3, 7)]),
        },
        diversity=np.linspace(0, 0.6, 7),
        goal="list_diversity",
    ),
    "explanation": inspection.ExplanationDisplay(
        explanation=pd.DataFrame(
            {
                "term": ["baseline", "neighbor", "neighbor", "rest"],
                "neighbor": [None, "Bleach", "Clannad", None],
                "rating": [np.nan, 8, 3, np.nan],
                "contribution": [7.1, 0.4, -0.25, 0.05],
            }
        ),
        target="predicted rating",
        pair=("ann", "Akira"),
    ),
    "genre_weights": inspection.GenreWeightsDisplay(
        weights=np.array([[3.0, 0, 2, 1], [0, 3, 2, 0], [3, 2, 0, 0]]),
        genres=["Action", "Comedy", "Drama", "Space"],
        names=["Cowboy Bebop", "Clannad", "Bleach"],
    ),
    "history": inspection.HistoryDisplay(
        items=["a", "b", "c", "d"],
        times=np.array(["2024-01-02", "2024-01-05", "2024-02-01", "2024-02-02"], dtype="datetime64[D]"),
        weights=np.array([0.1, 0.12, 0.7, 1.0]),
        recommended=["e", "f"],
        user="ann",
        names={"a": "Akira", "b": "Bleach", "e": "Mobile Suit Gundam: The Origin I - Blue-Eyed Casval"},
    ),
    "interval_calibration": inspection.IntervalCalibrationDisplay(
        nominal=np.linspace(0.05, 0.95, 19), empirical=np.linspace(0.05, 0.95, 19) ** 1.5, name="SVD"
    ),
}
every_display = pytest.mark.parametrize("display", DISPLAYS.values(), ids=DISPLAYS)


def picture(display, path):
    """Draw a Display at a small size."""
    with mpl.style.context("default"):
        figure, ax = plt.subplots(figsize=(4.8, 3.6), layout="constrained")
        display.plot(ax)
        figure.savefig(path, dpi=60)
    return path


def test_every_display_is_tested():
    assert {type(display).__name__ for display in DISPLAYS.values()} == set(inspection.__all__)


@pytest.mark.parametrize("name", DISPLAYS)
def test_picture_is_the_one_that_was_looked_at(name, tmp_path):
    actual = picture(DISPLAYS[name], tmp_path / f"{name}.png")
    assert compare_images(str(BASELINE / f"{name}.png"), str(actual), TOLERANCE) is None


def test_another_picture_is_told_apart(tmp_path):
    curves = {"popularity": np.linspace(0.1, 0.3, 10), "SVD neighbors": np.linspace(0.2, 0.4, 10)}
    display = inspection.RankingCurveDisplay(curves=curves)
    actual = picture(display, tmp_path / "ranking_curve.png")
    found = compare_images(str(BASELINE / "ranking_curve.png"), str(actual), TOLERANCE)
    assert "Error: Image files did not match" in found


@every_display
def test_plot_draws_on_new_axes_and_returns_the_display(display):
    assert display.plot() is display
    assert display.figure_ is display.ax_.figure
    assert display.ax_.get_title()


@every_display
def test_plot_draws_on_the_axes_given(display):
    figure, axes = plt.subplots(1, 2)
    display.plot(axes[1])
    assert display.ax_ is axes[1]
    assert display.figure_ is figure
    assert not axes[0].has_data()


@every_display
def test_plot_draws_into_a_subfigure(display):
    subfigure = plt.figure().subfigures(1, 2)[0]
    assert display.plot(subfigure.subplots()).figure_ is subfigure


@every_display
def test_data_are_attributes_and_keywords_only(display):
    names = type(display).__init__.__kwdefaults__ or {}
    assert set(names) <= set(vars(display))
    with pytest.raises(TypeError, match="positional"):
        type(display)(1)


@every_display
def test_without_matplotlib_the_extra_is_named(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = type(display).__name__
    with pytest.raises(ImportError, match=rf"^{name}\.plot needs 'matplotlib'.*sklearn-anime\[plot\]"):
        display.plot()


@pytest.mark.parametrize(
    ("name", "kwargs", "artist"),
    [
        ("user_map", {"scatter_kwargs": {"c": "red"}}, lambda shown: shown.scatter_),
        ("user_map", {"highlight_kwargs": {"color": "red"}}, lambda shown: shown.highlights_[1]),
        ("item_map", {"scatter_kwargs": {"color": "red"}}, lambda shown: shown.scatters_[0]),
        ("user_comparison", {"scatter_kwargs": {"color": "red"}}, lambda shown: shown.scatter_),
        ("rating_distribution", {"color": ["red", "red"]}, lambda shown: shown.bars_[0][0]),
        ("explanation", {"color": "red"}, lambda shown: shown.bars_[0]),
        ("history", {"color": "red"}, lambda shown: shown.scatter_),
    ],
)
def test_style_of_faces_is_that_of_the_caller(name, kwargs, artist):
    shown = DISPLAYS[name].plot(**kwargs)
    np.testing.assert_allclose(np.ravel(artist(shown).get_facecolor())[:3], [1, 0, 0])


@pytest.mark.parametrize(
    ("name", "kwargs", "line"),
    [
        ("user_comparison", {"line_kwargs": {"ls": ":"}}, lambda shown: shown.line_),
        ("loss_curve", {"ls": ":"}, lambda shown: shown.line_),
        ("diversity_curve", {"linestyle": ":"}, lambda shown: shown.lines_[1]),
        ("ranking_curve", {"linestyle": ":"}, lambda shown: shown.lines_[1]),
        ("interval_calibration", {"linestyle": ":"}, lambda shown: shown.line_),
    ],
)
def test_style_of_lines_is_that_of_the_caller(name, kwargs, line):
    assert line(DISPLAYS[name].plot(**kwargs)).get_linestyle() == ":"


def test_map_of_colors_is_that_of_the_caller():
    assert DISPLAYS["genre_weights"].plot(cmap="Greens").im_.get_cmap().name == "Greens"


@pytest.mark.parametrize("name", DISPLAYS)
def test_dollars_in_names_are_drawn_as_they_are(name):
    display = copy.deepcopy(DISPLAYS[name])
    for attribute, value in vars(display).items():
        if attribute in {"names", "genres", "curves", "users", "user", "name", "pair", "target"}:
            setattr(display, attribute, with_dollars(value))
    if name == "user_map":
        display.users = [f"${user}$_{{" for user in display.users]
        display.highlight = display.users[:1]
    display.plot()
    display.figure_.canvas.draw()


def with_dollars(value):
    """Return the same names with what matplotlib would take for a broken formula."""
    if isinstance(value, str):
        return f"$ {value} a_b$^$"
    if isinstance(value, dict):
        return {
            with_dollars(k): v if isinstance(v, np.ndarray) else with_dollars(v)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(map(with_dollars, value))
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        return np.array([with_dollars(text) for text in value])
    return value
