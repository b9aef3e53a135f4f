"""The words of the claims, found in a study's own levels.

mu(d, n, r, a): d = "C10", "C100"; n = "V" (any vgg*), "S" (any resnet*), "T" (the plain twin of a
residual network); r = 0, 1 (1 where the regularization flips or crops); a = an activation. What a
study has besides is averaged over with equal weights, and stated as the scope.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ..errors import SpecError
from ..registry import parse_expression
from .inference import Weights
from .table import Cell

DATASETS = {"cifar10": "C10", "cifar100": "C100"}
NETWORKS = {"V": "vgg", "S": "resnet", "T": "plain"}
AUGMENTING = {"aug", "flip", "crop"}
_NEEDED = ("dataset", "model", "regularization", "activation")


@dataclass(frozen=True)
class Group:
    """One combination (d, n, r) of the claims' words."""

    dataset: str
    network: str
    augmented: int

    def __str__(self) -> str:
        return f"{self.dataset} {self.network} r={self.augmented}"


@dataclass(frozen=True)
class Wording:
    """A study seen through the claims' words.

    Attributes:
        factors: Names of a cell's entries.
        cells: Cells with completed runs.
    """

    factors: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def can_be_read(self) -> bool:
        """Whether the study has the columns that the claims are about."""
        return all(name in self.factors for name in _NEEDED)

    @cached_property
    def rests(self) -> dict[Group, tuple[Cell, ...]]:
        """Per group, the settings besides the activation (its entry is "")."""
        found: dict[Group, dict[Cell, None]] = {}
        for cell in self.cells if self.can_be_read else ():
            group = self._group(cell)
            if group is not None:
                found.setdefault(group, {})[self.with_activation(cell, "")] = None
        return {group: tuple(rests) for group, rests in found.items()}

    def has(self, dataset: str, network: str, augmented: int) -> bool:
        """Whether any cell belongs to the group."""
        return Group(dataset, network, augmented) in self.rests

    def datasets(self) -> tuple[str, ...]:
        """Which of C10 and C100 occur."""
        return tuple(d for d in DATASETS.values() if any(g.dataset == d for g in self.rests))

    def networks(self) -> tuple[str, ...]:
        """Which of V and S occur."""
        return tuple(n for n in ("V", "S") if any(g.network == n for g in self.rests))

    def groups(self, *, networks: tuple[str, ...] = ("V", "S")) -> Iterator[Group]:
        """The groups of these networks that the study has, in a fixed order."""
        for values in product(DATASETS.values(), networks, (0, 1)):
            if Group(*values) in self.rests:
                yield Group(*values)

    def mu(self, dataset: str, network: str, augmented: int, activation: str) -> Weights:
        """Weights of the mean over the group's settings; cells without runs keep theirs.

        A group that the study lacks gives the weights of one cell that does not exist, named by
        the claims' words, so that it is reported as missing.
        """
        rests = self.rests.get(Group(dataset, network, augmented))
        if not rests:
            return {(dataset, f"{network}: {NETWORKS[network]}*", f"r={augmented}", activation): 1}
        return {self.with_activation(rest, activation): 1 / len(rests) for rest in rests}

    def with_activation(self, cell: Cell, activation: str) -> Cell:
        """The cell with another activation."""
        place = self.factors.index("activation")
        return (*cell[:place], activation, *cell[place + 1 :])

    def scope(self, cells: Iterable[Cell]) -> str:
        """The levels of those of some cells that the study has, for reports; "" without any."""
        known = set(self.cells)
        found = [cell for cell in cells if cell in known]
        if not found:
            return ""
        levels = (", ".join(sorted(set(column))) for column in zip(*found, strict=True))
        return "; ".join(f"{n}: {text}" for n, text in zip(self.factors, levels, strict=True))

    def _group(self, cell: Cell) -> Group | None:
        levels = dict(zip(self.factors, cell, strict=True))
        dataset = DATASETS.get(levels["dataset"])
        network = next((n for n, p in NETWORKS.items() if levels["model"].startswith(p)), None)
        if dataset is None or network is None:
            return None
        return Group(dataset, network, int(is_augmented(levels["regularization"])))


def is_augmented(regularization: str) -> bool:
    """Whether a level of regularization has a flip or a crop; a word that is no level has none."""
    try:
        parts = parse_expression(regularization, kind="regularization")
    except SpecError:
        return False
    return any(part.name in AUGMENTING for part in parts)
