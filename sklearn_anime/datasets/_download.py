"""Download a published file: with retries, its published checksum, and nothing half-written."""

import errno
import hashlib
import re
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from sklearn_anime.utils._warnings import warn

CHUNK = 2**20
TIMEOUT = 30  # seconds without an answer
NETWORK_ERRORS = (URLError, HTTPException, TimeoutError, ConnectionError)
NO_RETRY = range(400, 500)  # the server has answered, and will answer the same again


def fetch_file(
    url: str,
    target: Path,
    *,
    has_md5: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    verbose: int = 0,
) -> bool:
    """Download a file, and put it in place in one move once it is complete.

    Parameters
    ----------
    url : str
        Its address.

    target : Path
        Where it is kept. What is there before is replaced at the end only.

    has_md5 : bool, default=False
        Whether the publisher may have put an MD5 checksum at `url` with `.md5` at its end.

    n_retries : int, default=3
        How many times a failed download is tried again.

    delay : float, default=1.0
        Seconds between two tries.

    verbose : int, default=0
        Whether to print the progress.

    Returns
    -------
    bool
        Whether a published checksum was found, and agrees.

    Raises
    ------
    OSError
        If the download or the checksum fails, or the file cannot be written. Nothing is kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = Path(folder) / "there.txt", Path(folder) / "here.txt"
    ...     _ = source.write_text("1 2 3")
    ...     checked = fetch_file(source.as_uri(), target)
    ...     target.read_text(), checked
    ('1 2 3', False)
    """
    progress = _Progress(target.name, verbose)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as staging:
            part = Path(staging) / target.name
            found = _retry(lambda: _copy(url, part, progress), n_retries, delay, url)
            expected = _retry(lambda: _published_md5(url), n_retries, delay, url) if has_md5 else None
            _check_md5(url, found, expected)
            part.replace(target)
    except NETWORK_ERRORS as error:
        raise OSError(
            f"{target.name} could not be downloaded from {url} ({error}). Check the network, or put the "
            f"file at {target}, or name a local copy with path=."
        ) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise OSError(
            error.errno,
            f"The disk is full: {target.name} was not kept in {target.parent}. Free some space, or name "
            f"another folder with data_home=.",
        ) from error
    return expected is not None


def _retry(call, n_retries, delay, url):
    for n_left in range(n_retries, -1, -1):
        try:
            return call()
        except NETWORK_ERRORS as error:
            if n_left == 0 or getattr(error, "code", None) in NO_RETRY:
                raise
            warn(f"Download of {url} failed ({error}). Trying again (tries left: {n_left}).")
            time.sleep(delay)
    raise AssertionError("unreachable")


def _copy(url, path, progress):
    """Copy what is at an address to a file, and return the MD5 checksum of it."""
    digest = hashlib.md5(usedforsecurity=False)
    with urlopen(url, timeout=TIMEOUT) as response, path.open("wb") as file:
        size = response.headers.get("Content-Length")
        size = None if size is None else int(size)
        while chunk := response.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            progress.show(file.tell(), size)
        if size is not None and file.tell() != size:
            raise ConnectionError(f"it ended after {file.tell():,} of {size:,} bytes")
    return digest.hexdigest()


def _published_md5(url):
    """Return the checksum that is published beside a file; None where there is none."""
    try:
        with urlopen(f"{url}.md5", timeout=TIMEOUT) as response:
            text = response.read(CHUNK).decode("ascii", errors="replace")
    except HTTPError as error:
        if error.code == 404:
            return None
        raise
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    return found and found[0].lower()


def _check_md5(url, found, expected):
    if expected is not None and found != expected:
        raise OSError(
            f"The MD5 checksum of {url} is {found}, but {url}.md5 says {expected}. The file was "
            f"deleted. Call again to download it."
        )


class _Progress:
    """Print how far a download is, at every tenth of it."""

    def __init__(self, name, verbose):
        self.name, self.verbose, self.tenths = name, verbose, -1

    def show(self, n_bytes, size):
        """Print a line where another tenth of the size, or ten MB of an unknown size, is there."""
        tenths = n_bytes // 10_000_000 if size is None else 10 * n_bytes // max(size, 1)
        if self.verbose and tenths != self.tenths:
            self.tenths = tenths
            of = "" if size is None else f" of {size / 1e6:,.1f}"
            print(f"[fetch] {self.name}: {n_bytes / 1e6:,.1f}{of} MB", flush=True)
