"""The effects of a whole study: together, by data set and by network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ..differences import adjust
from ..model import ConditionFit, Model, fit_model
from ..table import Network, network_of, runs_at_largest_budget
from .decomposition import Decomposition, TermTest, decompose
from .design import Sums
from .gains import Gain, augmentation_gains


@dataclass(frozen=True)
class Effects:
    """Decompositions and gains on one scale.

    Attributes:
        together: All conditions; None for more cells than can be decomposed together.
        by_dataset: By data set; empty where it would say the same as another.
        by_network: By network; empty for a single one.
        gains: By augmentation, of each activation.
    """

    together: Decomposition | None
    by_dataset: Mapping[str, Decomposition]
    by_network: Mapping[Network, Decomposition]
    gains: tuple[Gain, ...]


def effects_of(models: Sequence[Model], *, sums: Sums = "II") -> tuple[Effects, ...]:
    """The effects on each scale.

    Args:
        models: Of the same runs, one a scale.
        sums: Type of the sums of squares.

    Raises:
        NotEstimableError: for type III with missing cells; the first are named.
    """
    dataset = models[0].observed.dataset_factor
    conditions = [entry.condition for entry in models[0].conditions]
    networks = dict.fromkeys(map(network_of, conditions))
    datasets = dict.fromkeys(dict(c).get(dataset or "", "") for c in conditions)
    together = decompose(models, sums=sums)
    by_dataset, by_network = {}, {}
    if 1 < len(datasets) < len(networks):
        for name in datasets:
            is_mine = partial(_is_at, ((str(dataset), name),))
            by_dataset[name] = decompose(models, is_mine, name=name, sums=sums)
    if len(networks) > 1:
        for network in networks:
            name = ", ".join(level for _, level in network)
            is_mine = partial(_is_at, network)
            by_network[network] = decompose(models, is_mine, name=name, sums=sums)
    return tuple(
        Effects(
            together[place] if together else None,
            {name: found[place] for name, found in by_dataset.items() if found},
            {network: found[place] for network, found in by_network.items() if found},
            augmentation_gains(_at_largest_budget(model)),
        )
        for place, model in enumerate(models)
    )


def regularization_interactions(
    model: Model, networks: Iterable[Network]
) -> dict[Network, TermTest]:
    """Whether regularization changes the differences of the compared factor, network by network.

    F tests of regularization x compared factor, Holm over the networks; those without such a test
    (without replicates, or with one level) are left out.
    """
    found = {}
    for network in networks:
        for parts in decompose([model], partial(_is_at, network)):
            effect = parts.effect("regularization", model.observed.focus)
            if effect is not None and effect.test is not None:
                found[network] = effect.test
    name = f"regularization x {model.observed.focus}, by network"
    p_values = adjust([test.p.p for test in found.values()], family=name, method="holm")
    return {
        network: replace(test, p=p)
        for (network, test), p in zip(found.items(), p_values, strict=True)
    }


def _is_at(levels: Network, entry: ConditionFit) -> bool:
    return set(levels) <= set(entry.condition)


def _at_largest_budget(model: Model) -> Model:
    runs = runs_at_largest_budget(model.observed)
    if runs is model.observed:
        return model
    return fit_model(runs, scale=model.scale, alpha=model.alpha)
