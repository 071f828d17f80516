"""Run a table: each model in turn, results in a JSON file after each, Markdown at the end."""

import argparse
import json
import os
import platform
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from _peers import PEERS
from _published import PUBLISHED

import sklearn_anime
from sklearn_anime.utils import all_estimators

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("scikit-learn", "numpy", "scipy", "pandas")
NOT_RUN = "not run"


@dataclass(frozen=True)
class Table:
    """One table of the leaderboard.

    Attributes
    ----------
    name : str
        Name of the script and of its results.

    title, protocol : str
        What the page says of it.

    load : callable
        From a path, or None for a download, to the task; `OSError` where the data cannot be reached.

    task : type
        The class of the task, which names models and metrics.

    metrics : tuple of str
        Names of the figures; the first is the one to sort by.

    path : Path or None
        Where the data are looked for first.

    skip : dict of str to str
        Models that are not run here -> why.
    """

    name: str
    title: str
    protocol: str
    load: Callable
    task: type
    metrics: tuple
    path: Path | None = None
    skip: dict | None = None

    def main(self):
        """Run from the command line."""
        parser = argparse.ArgumentParser(description=f"{self.title}. {self.protocol}")
        parser.add_argument("--path", type=Path, default=self.path, help="local copy of the data")
        parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON file")
        parser.add_argument("--models", nargs="*", help="run only the models with one of these words")
        parser.add_argument("--again", action="store_true", help="run models that have results, too")
        parser.add_argument("--users", type=int, help="try out on the first users; needs --results")
        options = parser.parse_args()
        if options.users and options.results == RESULTS:
            parser.error("--users gives no results to publish: name another folder with --results")
        self.run(options)

    def run(self, options):
        """Run the models that have no result yet."""
        file = options.results / f"{self.name}.json"
        content = self.content(json.loads(file.read_text("utf-8")) if file.is_file() else {})
        chosen = [row for row in content["rows"] if self.is_wanted(row, options)]
        task = self.load_task(options, chosen) if chosen else None
        for row in chosen:
            if task is not None:
                content["data"] = task.size
                row.update(measure(task, row))
            print(f"[{self.name}] {describe(row)}", flush=True)
            write(file, content)
        write(file, content)
        print(markdown(content))

    def content(self, earlier):
        """Return what the file holds: results that are still of the same code stay."""
        known = {(row["model"], row["code"]): row for row in earlier.get("rows", [])}
        rows = [
            known.get((model, code), {"model": model, "code": code, "status": NOT_RUN, "reason": ""})
            for model, code in self.task.models.items()
        ]
        return {
            "table": self.name,
            "title": self.title,
            "protocol": self.protocol,
            "command": f"python benchmarks/public/{self.name}.py",
            "metrics": list(self.metrics),
            "data": earlier.get("data"),
            "rows": rows,
            "published": PUBLISHED.get(self.name, []),
        }

    def is_wanted(self, row, options):
        """Return whether a model is to be run."""
        if options.models and not any(word in row["model"] for word in options.models):
            return False
        if row["model"] in (self.skip or {}):
            row.update(status=NOT_RUN, reason=self.skip[row["model"]])
            return False
        return options.again or row["status"] == NOT_RUN

    def load_task(self, options, chosen):
        """Return the task; None where the data cannot be reached, which the rows then say."""
        try:
            return self.load(options.path, options.users)
        except OSError as error:
            print(error)
            for row in chosen:
                row.update(status=NOT_RUN, reason="the data could not be reached")
            return None


def measure(task, row):
    """Return what a row says once its model has run; why, where it cannot."""
    namespace = dict(all_estimators()) | PEERS
    try:
        model = eval(row["code"], namespace)
    except NameError as error:
        return {"status": NOT_RUN, "reason": f"this version has no {error.name}"}
    except ImportError as error:
        return {"status": NOT_RUN, "reason": f"{error.name} is not installed"}
    except TypeError as error:
        return {"status": NOT_RUN, "reason": f"this version says: {error}"}
    if "time=" not in row["code"]:
        task = without_time(task)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = task.measure(lambda: eval(row["code"], namespace))
    except Exception as error:  # a run of hours goes on with the next model
        traceback.print_exc()
        return {"status": NOT_RUN, "reason": f"raised {type(error).__name__}: {error}"}
    package = getattr(model, "package", "sklearn-anime")
    return {
        "status": "run",
        "reason": "",
        "package": package,
        "version": getattr(model, "version", sklearn_anime.__version__),
        "machine": describe_machine(),
        **found,
    }


def without_time(task):
    """Return a task whose rows are users and items alone."""
    frames = {name: value.iloc[:, :2] for name, value in vars(task).items() if hasattr(value, "columns")}
    return type(task)(**(vars(task) | frames))


def describe_machine():
    """Return what the times depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {threads} thread(s) of BLAS, {system}, {packages}"


def write(file, content):
    """Write a file in one move."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(file)


def describe(row):
    """Return a row as a line of text."""
    if row["status"] == NOT_RUN:
        return f"{row['model']}: not run, {row['reason']}"
    figures = ", ".join(f"{name} {value:.4f}" for name, value in row["figures"].items())
    return f"{row['model']}: {figures}, fit {row['fit_cpu_seconds']:.1f} CPU s"


def markdown(content):
    """Return a table with our rows and the published ones."""
    metrics = content["metrics"]
    lines = [f"## {content['title']}", "", content["protocol"], ""]
    header = ["Model", *metrics, "fit, CPU s", "source"]
    lines += [cells(header), cells(["---"] * len(header))]
    for row in content["rows"]:
        if row["status"] == NOT_RUN:
            blanks = [NOT_RUN, *[""] * len(metrics)]
            lines.append(cells([f"{row['model']}: `{row['code']}`", *blanks, row["reason"]]))
            continue
        values = [f"{row['figures'][name]:.4f} ± {row['errors'][name]:.4f}" for name in metrics]
        seconds, source = f"{row['fit_cpu_seconds']:.1f}", f"{row['package']} {row['version']}"
        lines.append(cells([f"{row['model']}: `{row['code']}`", *values, seconds, source]))
    for row in content["published"]:
        values = [f"{row['figures'][name]:.4g}" if name in row["figures"] else "" for name in metrics]
        source = f"{row['source']}; {row['note']}" if row["note"] else row["source"]
        lines.append(cells([row["model"], *values, "", source]))
    return "\n".join(lines)


def cells(values):
    """Return a line of a Markdown table."""
    return f"| {' | '.join(values)} |"
