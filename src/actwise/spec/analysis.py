"""AnalysisSpec: what of a study's analysis is fixed with its plan."""

from pydantic import field_validator

from .train import Frozen


class AnalysisSpec(Frozen):
    """How a study is to be analysed; no part of a run's id.

    Attributes:
        strata: Factors whose combinations share one residual variance; by default those that tell
            networks apart (all but the activation and the regularization).
    """

    strata: tuple[str, ...] | None = None

    @field_validator("strata")
    @classmethod
    def _leaves_out_what_is_compared(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if "activation" in (value or ()):
            raise ValueError("strata cannot name the activation, which is compared")
        return value
