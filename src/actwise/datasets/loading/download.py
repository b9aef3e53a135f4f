"""``data fetch``: the only code of actwise that uses the network, and only when asked to."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError, SpecError
from ..content import DATASETS, Download
from ..formats import refuse_special
from ..levels import data_folder

NUM_RETRIES = 3
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class FetchProgress:
    """How far one file has come. ``total_bytes`` is 0 where the server does not tell."""

    file_name: str
    done_bytes: int
    total_bytes: int


def fetch(
    name: str,
    data_dir: str | Path | None = None,
    *,
    progress: Callable[[FetchProgress], None] = lambda _: None,
    num_retries: int = NUM_RETRIES,
) -> tuple[Path, ...]:
    """Download the published files of a data set into ``data_dir/<name>``; digests are checked.

    A file that is already there with the right digest is not downloaded again.

    Raises:
        SpecError: for an unknown name, or a set that is not to be downloaded.
        DataError: without a data folder, when the download fails, or for a wrong digest (nothing
            is left then).
    """
    entry = DATASETS[name]
    if not entry.downloads:
        raise SpecError(f"the data set {name} has nothing to fetch: {entry.description}")
    target = _make_folder(name, data_dir) / entry.folders[0]
    return tuple(
        _fetch_one(d, target, progress=progress, num_retries=num_retries) for d in entry.downloads
    )


def _make_folder(name: str, data_dir: str | Path | None) -> Path:
    if data_dir is not None:
        try:
            Path(data_dir).expanduser().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{data_dir} cannot be made a folder: {error.strerror}") from None
    folder = data_folder(data_dir)
    if folder is None:
        raise DataError(f"{name} needs a folder to go to: give --data DIR or set ACTWISE_DATA")
    return folder


def _fetch_one(
    download: Download,
    target: Path,
    *,
    progress: Callable[[FetchProgress], None],
    num_retries: int,
) -> Path:
    import pooch
    import requests

    # pooch prints "Downloading ..." through its own logger; progress is ours to tell.
    pooch.get_logger().setLevel(logging.ERROR)
    file_name = download.file_name
    downloads = pooch.create(
        path=target,
        base_url="",
        registry={file_name: download.known_hash},
        urls={file_name: download.url},
        retry_if_failed=num_retries,
    )
    bar = _ProgressBar(file_name, progress)
    downloader = pooch.HTTPDownloader(
        progressbar=bar,
        chunk_size=CHUNK_BYTES,
        timeout=TIMEOUT_SECONDS,
        # A server must not mark a .gz as compressed in transit: it would arrive unpacked.
        headers={"Accept-Encoding": "identity"},
    )
    refuse_special(target / file_name)
    try:
        return Path(downloads.fetch(file_name, downloader=downloader))
    except ValueError:  # how pooch reports a wrong digest
        raise DataError(
            f"{download.url} is not the published file: its digest is not {download.known_hash}"
        ) from None
    except requests.RequestException as error:
        raise DataError(f"{download.url} could not be downloaded: {_reason(error)}") from None
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error.strerror or error}") from None


def _reason(error: Any) -> str:
    response = error.response
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    return type(error).__name__


class _ProgressBar:
    """What pooch expects of a progress bar."""

    def __init__(self, file_name: str, report: Callable[[FetchProgress], None]) -> None:
        self._file_name = file_name
        self._report = report
        self._total = 0
        self._done = 0

    @property
    def total(self) -> int:
        return self._total

    @total.setter
    def total(self, num_bytes: int) -> None:
        # pooch sets it at the beginning of every attempt.
        self._total = num_bytes
        self.reset()

    def update(self, num_bytes: int) -> None:
        # pooch counts whole chunks, the last one too.
        done = self._done + num_bytes
        self._done = min(done, self._total) if self._total else done
        self._report(FetchProgress(self._file_name, self._done, self._total))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing is held open."""
