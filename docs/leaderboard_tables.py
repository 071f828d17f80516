"""Make the tables and plots of the leaderboard from what the scripts in benchmarks/public wrote."""

import json
from pathlib import Path

TASKS = {
    "top_n": ("Top-N recommendations", "Items of known users are held out, and all items are ranked."),
    "next_item": ("The next item", "The last item of each user is held out, and all items are ranked."),
    "strong": (
        "Strong generalization",
        "The users of the test are new; a part of their items is their history.",
    ),
    "ratings": ("Ratings", "The stars of held-out rows are predicted."),
}
LOWER_IS_BETTER = ("rmse", "mae")
NOT_RUN = "not run"


def write_leaderboard(results, folder):
    """Write `leaderboard.txt` and its plots into a folder, from the files of another."""
    tables = [json.loads(path.read_text("utf-8")) for path in sorted(Path(results).glob("*.json"))]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for prefix, (title, question) in TASKS.items():
        chosen = [content for content in tables if content["table"].startswith(prefix)]
        if chosen:
            lines += [title, "-" * len(title), "", question, ""]
        for content in chosen:
            lines += section(content, plot(content, folder))
    (folder / "leaderboard.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def section(content, picture):
    """Return the lines of one table."""
    title = content["title"]
    lines = [title, "~" * len(title), "", f"{content['protocol']} {describe_size(content['data'])}", ""]
    lines += [verdict(content), "", "Regenerate it with::", "", f"    {content['command']}", ""]
    if picture is not None:
        alt = f"{content['metrics'][0]} of each model of the table above the CPU seconds of its fit"
        lines += [
            f".. image:: {picture}",
            f"   :alt: {alt}",
            "   :class: on-white",
            "   :width: 560",
            "",
        ]
    lines += table(content)
    machines = sorted({row["machine"] for row in ran(content)})
    return lines + [line for machine in machines for line in (f"Machine: {machine}.", "")]


def describe_size(size):
    """Return the numbers of the table; nothing where no model has run."""
    if size is None:
        return ""
    return (
        f"{size['train']:,} rows to train on, {size['test']:,} to test on, {size['users']:,} users, "
        f"{size['items']:,} items."
    )


def ran(content):
    """Return the rows that have figures."""
    return [row for row in content["rows"] if row["status"] != NOT_RUN]


def verdict(content):
    """Return a sentence that compares the best row of this package with the best others."""
    metric = content["metrics"][0]
    ours = best((row for row in ran(content) if row["package"] == "sklearn-anime"), metric)
    if ours is None:
        return "**Not run**: nobody has run the script where the data can be reached."
    words = [f"Best row of this package by {metric}: {shown(ours, metric)}."]
    peers = (row for row in ran(content) if row["package"] != "sklearn-anime")
    others = {"other package": best(peers, metric), "published row": best(content["published"], metric)}
    for kind, other in others.items():
        if other is not None:
            words.append(f"Best {kind}: {shown(other, metric)}; {compared(ours, other, metric)}.")
    return " ".join(words)


def shown(row, metric):
    """Return the model of a row, its figure, and in what it differs."""
    note = f" ({row['note']})" if row.get("note") else ""
    return f"{escape(row['model'])}, {row['figures'][metric]:.4f}{note}"


def compared(ours, other, metric):
    """Return whether we are ahead, behind, or level within the standard error of our figure."""
    lead = ours["figures"][metric] - other["figures"][metric]
    lead = -lead if metric in LOWER_IS_BETTER else lead
    if abs(lead) <= ours["errors"][metric]:
        return "level within one standard error"
    return f"we are **{'ahead' if lead > 0 else 'behind'}** by {abs(lead):.4f}"


def best(rows, metric):
    """Return the best of the rows that have a figure; None where none has."""
    rows = [row for row in rows if metric in row["figures"]]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return max(rows, key=lambda row: sign * row["figures"][metric], default=None)


def table(content):
    """Return the lines of a sortable table, the best rows first."""
    metrics = content["metrics"]
    header = ["model", *map(escape, metrics), "fit, CPU s", "users/s", "source"]
    rows = sorted(ran(content) + content["published"], key=lambda row: sort_key(row, metrics[0]))
    cells = [header, *(filled(row, metrics) for row in rows)]
    for row in content["rows"]:
        if row["status"] == NOT_RUN:
            source = row["reason"] or "nobody has run it"
            blanks = [""] * (len(metrics) + 1)
            cells.append([name_of(row), NOT_RUN, *blanks, escape(source)])
    lines = [".. list-table::", "   :header-rows: 1", "   :class: sortable", ""]
    for row in cells:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
    return [*lines, ""]


def sort_key(row, metric):
    """Return what sorts the best figure first, and rows without one last."""
    value = row["figures"].get(metric)
    if value is None:
        return float("inf")
    return value if metric in LOWER_IS_BETTER else -value


def filled(row, metrics):
    """Return the cells of a row that has figures, measured or published."""
    if "code" not in row:
        figures = [f"{row['figures'][name]:.4g}" if name in row["figures"] else "" for name in metrics]
        note = f" ({row['note']})" if row["note"] else ""
        return [escape(row["model"]), *figures, "", "", f"published: {escape(row['source'] + note)}"]
    figures = [f"{row['figures'][name]:.4f} ± {row['errors'][name]:.4f}" for name in metrics]
    speed = ""
    if row.get("recommend_seconds"):
        speed = f"{row['n_users'] / row['recommend_seconds']:,.0f}"
    return [
        name_of(row),
        *figures,
        f"{row['fit_cpu_seconds']:.1f}",
        speed,
        f"{row['package']} {row['version']}",
    ]


def name_of(row):
    """Return the name of a model and its code."""
    return f"{escape(row['model'])}: ``{row['code']}``"


def escape(text):
    """Return text without what reStructuredText takes for markup."""
    return "".join(f"\\{sign}" if sign in "\\*`|_@" else sign for sign in text)


def plot(content, folder):
    """Draw quality against fit time, and return the name of the file; None where nothing has run."""
    import matplotlib.pyplot as plt

    rows, metric = ran(content), content["metrics"][0]
    if not rows:
        return None
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for row in rows:
        ours = row["package"] == "sklearn-anime"
        place = max(row["fit_cpu_seconds"], 0.01), row["figures"][metric]
        axes.plot(*place, "o" if ours else "s", color="#2c62ad" if ours else "#b95c00")
        axes.annotate(row["model"], place, xytext=(5, 4), textcoords="offset points", fontsize=8)
    published = best(content["published"], metric)
    if published is not None:
        value = published["figures"][metric]
        axes.axhline(value, color="0.4", linestyle="--", label=f"published: {published['model']}")
        axes.legend(loc="best", fontsize=8)
    axes.set(xscale="log", xlabel="CPU seconds of the fit", ylabel=metric, title=content["title"])
    axes.margins(0.15)
    name = f"{content['table']}.svg"
    figure.savefig(folder / name)
    plt.close(figure)
    return f"/{folder.name}/{name}"
