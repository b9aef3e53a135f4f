"""What has a value on either scale: decompositions, gains, and the differences of pairs."""

from collections.abc import Mapping, Sequence

from .conditions import PairRow
from .contrasts import cell_at
from .effects import effect_sizes, noise_in_focus
from .estimate import Estimate
from .evidence import Evidence, gather, is_percent
from .external import single_run_models
from .factorial import Decomposition, decompose, decompose_by_dataset
from .gains import augmentation_gains
from .inference import CellModel
from .observations import Observations
from .results import Decomposed, ScaleResults
from .scales import Scale, on_scale


def results_on(
    observed: Observations, scale: Scale, margin: float | None, pairs: Sequence[PairRow] = ()
) -> ScaleResults:
    """The results on one scale; ``pairs`` are those whose differences are given on it too.

    Raises:
        SpecError: on the logit scale, for a response that is no percentage.
    """
    evidence = gather(observed, scale=scale, margin=margin)
    scaled = on_scale(observed.completed(), scale)
    is_judged_twice = evidence.is_single_run and is_percent(observed)
    noise = single_run_models(observed, scale=scale) if is_judged_twice else {}
    by_dataset = decompose_by_dataset(scaled)
    pooled = decompose(scaled)
    return ScaleResults(
        scale,
        evidence,
        _sized(pooled, noise),
        {name: _sized(found, {}) for name, found in by_dataset.items()},
        augmentation_gains(evidence),
        tuple(_difference(evidence, pair) for pair in pairs),
    )


def _sized(found: Decomposition, noise: Mapping[str, CellModel]) -> Decomposed:
    sizes = effect_sizes(found, noise=list(noise.values())[-1] if noise else None)
    sums = {name: noise_in_focus(found, model) for name, model in noise.items()}
    return Decomposed(found, sizes, sums)


def _difference(evidence: Evidence, pair: PairRow) -> Estimate:
    factors, focus = evidence.model.factors, evidence.observed.focus
    high, low = (
        cell_at(factors, pair.condition, focus=focus, level=level)
        for level in (pair.high, pair.low)
    )
    return evidence.model.contrast({high: 1.0, low: -1.0}, name=f"{pair.high} - {pair.low}")
