"""The claims in force when a study starts, by name and SHA-256, so that a store can keep them."""

import hashlib
from pathlib import Path

from ..errors import SpecError
from ..files import MOST_TOML_BYTES, read_file

SHIPPED_CLAIMS = "C1 to C8, second edition"
SHIPPED_CLAIMS_SHA256 = "961e893c2f3c67c6ecb9c8d9beeee380bb228b12ca3c1f01d4e94af144986d6e"
"""Of what ``actwise.analysis.claims`` ships. It stands here, below, so that runs need no analysis;
whoever changes what a claim says changes it too (tests/analysis/test_claims_shipped.py)."""
MECHANISM_CLAIMS = "C4m and C5m"
MECHANISM_CLAIMS_SHA256 = "e3162dd8869b989de7639369ce323816913d3e9886c1d87c96fd495d33a6a92a"
"""Of those about signal flow, likewise; stores older than December 2026 have no record of them."""
FIRST_EDITION_SHA256 = "dcf324b0940ef33865eaf0e92e0e8eede6eabe16d4e0c9b8a33fc7d7eafffacf"
"""Of the claims that stores call "C1 to C8"; the second edition was written after their results."""


def claims_in_force(path: Path | None = None) -> dict[str, str]:
    """SHA-256 of the shipped claims and of a file of the user's own, by name.

    Raises:
        SpecError: if the file cannot be read.
    """
    shipped = {
        SHIPPED_CLAIMS: SHIPPED_CLAIMS_SHA256,
        MECHANISM_CLAIMS: MECHANISM_CLAIMS_SHA256,
    }
    return shipped if path is None else shipped | {path.name: hash_claims_file(path)}


def hash_claims_file(path: Path) -> str:
    """SHA-256 of a claims file.

    Raises:
        SpecError: if it cannot be read.
    """
    try:
        return hashlib.sha256(read_file(path, most_bytes=MOST_TOML_BYTES)).hexdigest()
    except OSError as error:
        raise SpecError(f"claims file {path} cannot be read: {error.strerror}") from None
