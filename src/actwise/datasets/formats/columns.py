"""Which columns of a Parquet file hold the images and the labels."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ..content import cut
from .parts import or_list

IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label", "labels")


@dataclass(frozen=True)
class ColumnNames:
    """How the columns of a set are called.

    Attributes:
        labels: Names that the label column may have, the first found is taken.
        takes_features: Whether, without such a name, the only Image and the only ClassLabel of the
            metadata will do.
    """

    labels: tuple[str, ...]
    takes_features: bool = False

    def image(self, schema: Any, shard: Path) -> str:
        """Name of the image column in the schema of a file.

        Raises:
            DataError: if there is none.
        """
        return self._find(schema, shard, IMAGE_COLUMNS, what="image", feature="Image")

    def label(self, schema: Any, shard: Path) -> str:
        """Name of the label column; raises as :meth:`image`."""
        return self._find(schema, shard, self.labels, what="label", feature="ClassLabel")

    def _find(
        self, schema: Any, shard: Path, names: Sequence[str], *, what: str, feature: str
    ) -> str:
        for name in names:
            if name in schema.names:
                return name
        there = f"{shard} has no {what} column called {or_list(names)}; "
        if not self.takes_features:
            raise DataError(f"{there}its columns are {', '.join(cut(schema.names))}")
        told = {name: told for name, told in features_of(schema).items() if name in schema.names}
        of_kind = [name for name, it in told.items() if _kind(it) == feature]
        if len(of_kind) == 1:
            return of_kind[0]
        several = f"its columns of type {feature} are {', '.join(cut(of_kind))}"
        has = several if of_kind else f"its columns are {', '.join(cut(schema.names))}"
        raise DataError(f"{there}{has}: rename the one that is meant to {what}")


def features_of(schema: Any) -> dict[str, Any]:
    """What its writer told of the columns; nothing if it was none of Hugging Face's."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _kind(feature: object) -> object:
    return feature.get("_type") if isinstance(feature, dict) else None
