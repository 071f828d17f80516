"""Serve a model over HTTP: ``python -m sklearn_anime.serve [model.skops] [--catalog items.csv]``."""

import argparse
import gc
import logging
import os
import signal

from sklearn_anime.utils._optional import import_optional

TOKEN = "SKLEARN_ANIME_TOKEN"
LOCAL = {"127.0.0.1", "::1", "localhost"}
SECONDS_TO_FINISH = 10  # for requests under way, when the service is told to stop
SECONDS_OPEN = 75  # for connections without a request: longer than those of proxies
logger = logging.getLogger("sklearn_anime.serve")


def main(arguments=None):
    """Read the arguments, and serve until a signal says stop."""
    options = read_arguments(arguments)
    uvicorn = import_optional("uvicorn", extra="serve", purpose="sklearn_anime.serve")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    token = os.environ.get(TOKEN) or None
    if token is None and options.host not in LOCAL:
        logger.warning("Anybody who reaches %s can ask. Set %s to a token.", options.host, TOKEN)
    try:
        app = make_app_of(options, token)
    except (OSError, TypeError, ValueError) as error:  # a file that is missing, or is none of ours
        raise SystemExit(f"There is nothing to serve. {error}") from error
    reload_on_hangup(app.state.service)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again and again
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        root_path=options.root_path,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        timeout_keep_alive=SECONDS_OPEN,
    )


def read_arguments(arguments=None):
    """Return the options of the command line.

    Examples
    --------
    >>> options = read_arguments(["model.skops", "--port", "80"])
    >>> options.model, options.host, options.port
    ('model.skops', '127.0.0.1', 80)
    """
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_anime.serve",
        description="Serve recommendations over HTTP. Without a model: a demo on the embedded data set.",
        epilog=f"The environment variable {TOKEN} holds the token that clients must send, if any.",
    )
    parser.add_argument("model", nargs="?", help="a file that sklearn_anime.io.dump has written")
    parser.add_argument("--catalog", help="a CSV file with names and genres; its first column is the id")
    parser.add_argument("--names", help="column of the catalog with the names")
    parser.add_argument("--genres", help="column of the catalog with the genres")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (%(default)s)")
    parser.add_argument("--root-path", default="", help="prefix that a proxy removes from addresses")
    parser.add_argument(
        "--allow-origin", action="append", default=[], help="another page that may call the service"
    )
    parser.add_argument(
        "--log-history", action="store_true", help="log the ids of users and their histories"
    )
    return parser.parse_args(arguments)


def make_app_of(options, token):
    """Return the application that the options ask for."""
    from sklearn_anime.serve import make_app

    model, catalog = (options.model, options.catalog) if options.model else demo(options.catalog)
    return make_app(
        model,
        catalog,
        names=options.names,
        genres=options.genres,
        token=token,
        allow_origins=options.allow_origin,
        log_history=options.log_history,
    )


def demo(catalog=None):
    """Return a model of the embedded data set and its catalog."""
    from sklearn_anime.datasets import load_anime_sample
    from sklearn_anime.neighbors import SVDNeighborsRecommender

    anime = load_anime_sample(unrated="nan")
    model = SVDNeighborsRecommender(axis="item", random_state=0).fit(anime.data, anime.target)
    return model, anime.catalog if catalog is None else catalog


def reload_on_hangup(service):
    """Read the files again on SIGHUP, where the system has it."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: setattr(service, "reload_now", True))


if __name__ == "__main__":
    main()
