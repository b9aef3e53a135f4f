"""What an advice says in words."""

from dataclasses import replace

import pytest

from actwise.recommend import Advice, Further, GainOver, Outlook

ADVICE = Advice(
    activation="elu",
    limit=0.84,
    expected_loss=0.21,
    not_told_apart=("elu", "prelu"),
    incumbent="relu",
    gain_over_incumbent=GainOver(1.2, 2.4, 3.6),
    incumbent_limit=3.4,
    spent=6.0,
    budget=6.0,
    num_grid_runs=18,
    why_stopped="budget",
    is_screening=False,
    best_value=61.2,
    floor=19.0,
    diverged=(),
    far_below={},
    margin=1.0,
    margin_asked=None,
    run_sd=0.7,
    is_unlike_bank=False,
    outlooks=tuple(
        Outlook(name, 0.0, 1.0, 0.6 if name == "elu" else 0.08, 1, 1)
        for name in ("elu", "prelu", "relu", "gelu", "silu", "mish")
    ),
    trials=(),
    num_conditions=4,
    is_widened=False,
    further=(Further(2, 0.7), Further(4, 0.6)),
)
SURE = (replace(ADVICE.outlooks[0], p_best=0.95), *ADVICE.outlooks[1:])
WIDE = ", with spreads 1.3 times theirs"


def test_the_whole_text() -> None:
    assert str(ADVICE).splitlines() == [
        "Use elu. Within 0.8 points of the best of 6 (90 %, if your case behaves like the 4 "
        "conditions of the bank); expected loss 0.2.",
        "Not told apart: elu, prelu (90 %).",
        "Over relu: +2.4 points (1.2 to 3.6).",
        "Cost: 6.0 full runs, 33 % of 3 seeds of each candidate; stopped by the budget.",
        "Limit expected with more full runs: 0.7 after 2, 0.6 after 4.",
    ]


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({"is_widened": True}, [WIDE], []),
        ({"incumbent": "elu", "gain_over_incumbent": None}, ["Keep elu. Within 0.8"], ["Over"]),
        ({"incumbent": None, "gain_over_incumbent": None}, ["Use elu"], ["Over", "gain"]),
        ({"gain_over_incumbent": None}, ["No gain over relu is stated: it has no full run."], []),
        ({"incumbent_limit": 0.9}, ["relu itself is within 0.9 points of the best"], []),
        (
            {"is_screening": True, "why_stopped": "screening", "limit": None, "further": ()},
            ["Screening only: elu leads the 6 candidates", "short ones: 8.0 full runs in all do"],
            ["Use elu", "Within", "expected loss", "Limit", "gain"],
        ),
        (
            {"limit": 0.04, "expected_loss": 0.02},
            ["Use elu. Within 0.1 points of the best of 6 (90 %, if", "expected loss below 0.1."],
            ["The best", "Limit expected", "0.0"],
        ),
        (
            {"limit": 0.0, "expected_loss": 0.02, "outlooks": SURE},
            ["Use elu. The best of 6 (95 %, if", "expected loss below 0.1."],
            ["Within", "Limit expected", "0.0"],
        ),
        (
            {"why_stopped": "decided", "limit": 0.0, "outlooks": SURE},
            ["stopped as no other is likely to be the best."],
            ["limit"],
        ),
        ({"is_unlike_bank": True}, ["elu. Within 0.8", "bank's: 90 % may be too much."], []),
        (
            {"far_below": {"relu": 10.2, "silu": 9.84}},
            [
                "Hardly more than guessing in a run: relu (10.2 %), silu (9.8 %); the best came to "
                "61.2 %.",
                "Over relu: at least +1.2 points.",
            ],
            ["2.4"],
        ),
        (
            {"far_below": {"silu": 9.8, "gelu": 31.0}},
            ["Far below the best in a run: silu (9.8 %), gelu (31.0 %)", "Over relu: +2.4"],
            [],
        ),
        ({"far_below": {"relu": 9.8, "elu": 31.0}}, ["Over relu: +2.4"], ["at least"]),
        ({"further": (Further(2, 0.1), Further(4, 0.04))}, ["0.1 after 2, below 0.1 after 4"], []),
        (
            {"activation": None, "limit": None, "why_stopped": "unlearned", "best_value": 11.04},
            [
                "No advice: nothing has learned. The best accuracy of 6 candidates is 11.0 %, and "
                "up to 19.0 % is hardly more than guessing. Change the learning rate, train more",
            ],
            ["Use", "Within", "Over relu"],
        ),
        ({"not_told_apart": ("elu",)}, [], ["Not told apart"]),
        ({"why_stopped": "decided"}, ["stopped as the limit is within the margin of 1.0"], []),
        ({"why_stopped": None}, ["the race is still on"], []),
        ({"prior_pick": "prelu"}, ["mean of each activation as a prior: prelu."], []),
        ({"further": ()}, [], ["Limit expected"]),
        (
            {"diverged": ("mish",), "outlooks": ADVICE.outlooks[:5]},
            ["of the best of 6", "Diverged and dropped: mish."],
            [],
        ),
        (
            {
                "diverged": ("mish",),
                "outlooks": ADVICE.outlooks[:1],
                "not_told_apart": ("elu",),
                "incumbent_limit": None,
            },
            ["Use elu: the only one of 2 that did not diverge."],
            ["Within"],
        ),
        (
            {"activation": None, "limit": None, "diverged": ("elu", "relu"), "outlooks": ()},
            ["No advice: all 2 candidates diverged."],
            ["Use", "Diverged and dropped"],
        ),
    ],
)
def test_what_is_said_follows_from_the_results(
    changes: dict[str, object], said: list[str], unsaid: list[str]
) -> None:
    text = str(replace(ADVICE, **changes))  # type: ignore[arg-type]
    assert [part for part in said if part not in text] == []
    assert [part for part in (*unsaid, "no difference") if part in text] == []


def test_a_notebook_and_a_session_show_the_same() -> None:
    shown = ADVICE._repr_html_()
    assert all(line in shown for line in str(ADVICE).splitlines())
    assert repr(ADVICE).startswith("Use elu. Within 0.8 points")
    assert "&lt;b&gt;" in replace(ADVICE, activation="<b>")._repr_html_()
