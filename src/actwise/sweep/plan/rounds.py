"""How many rounds of steps are timed where costs are asked for, and how long that takes."""

MOST_ROUNDS = 25
_USUAL_ROUNDS, _USUAL_SECONDS = 7, 10.0
_LEAST_ROUNDS, _MOST_SECONDS = 3, 60.0
_BESIDE_ROUNDS = 3
"""Two come before those that are timed, and one may have begun when it is enough."""


def are_enough(num_rounds: int, seconds: float) -> bool:
    """Whether so many rounds in so many seconds are: as many as is usual, or fewer slow ones."""
    is_usual = num_rounds >= _USUAL_ROUNDS and seconds >= _USUAL_SECONDS
    return is_usual or (num_rounds >= _LEAST_ROUNDS and seconds >= _MOST_SECONDS)


def seconds_of_costs(a_round: float) -> float:
    """What timing takes at most, where a round takes so many seconds."""
    usual = max(_USUAL_ROUNDS * a_round, _USUAL_SECONDS)
    most = max(_LEAST_ROUNDS * a_round, _MOST_SECONDS)
    return min(usual, most) + _BESIDE_ROUNDS * a_round
