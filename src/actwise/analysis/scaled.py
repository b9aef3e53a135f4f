"""What has a value on either scale: decompositions, gains, and the differences of pairs."""

from collections.abc import Mapping, Sequence

from .conditions import PairRow
from .contrasts import cell_at
from .effects import effect_sizes, noise_in_focus
from .estimate import ALPHA, Estimate
from .evidence import Evidence, Variance, gather, is_percent
from .external import single_run_models
from .factorial import Decomposition, Sums, decompose, decompose_by_dataset
from .gains import augmentation_gains
from .inference import CellModel
from .results import Decomposed, ScaleResults
from .scales import Scale, on_scale
from .table import Observations


def results_on(
    observed: Observations,
    scale: Scale,
    *,
    margin: float | None = None,
    variance: Variance = "pooled",
    sums: Sums = "II",
    alpha: float = ALPHA,
    pairs: Sequence[PairRow] = (),
    like: ScaleResults | None = None,
) -> ScaleResults:
    """The results on one scale.

    Args:
        observed: The runs.
        scale: Of everything in the results.
        margin: As in :func:`gather`, like the next two.
        variance: One residual variance a data set, or each cell its own.
        sums: Type of the sums of squares.
        alpha: Level of each test.
        pairs: Those whose differences are given on this scale too.
        like: The results of the same runs on another scale, whose designs are the same.

    Raises:
        SpecError: on the logit scale, for a response that is no percentage.
        NotEstimableError: for type III with missing cells.
    """
    evidence = gather(observed, scale=scale, margin=margin, variance=variance, alpha=alpha)
    done = observed.completed()
    scaled, names = on_scale(done, scale), done.run_datasets()

    def noise(runs: Observations) -> Mapping[str, CellModel]:
        is_single = set(runs.run_datasets().tolist()) <= evidence.single_run
        is_judged_twice = is_single and is_percent(observed)
        return single_run_models(runs, scale=scale) if is_judged_twice else {}

    known = like.pooled.found if like and like.pooled else None
    by_dataset = {name: part.found for name, part in like.by_dataset.items()} if like else {}
    return ScaleResults(
        scale,
        evidence,
        _sized(decompose(scaled, sums=sums, like=known), noise(done)),
        {
            name: _sized(found, noise(done.select(names == name)))
            for name, found in decompose_by_dataset(scaled, sums=sums, like=by_dataset).items()
        },
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
