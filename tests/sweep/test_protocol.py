"""What driver and worker say to each other arrives as it was sent."""

import math
from dataclasses import replace

import pytest

from actwise.errors import StoreError
from actwise.spec import ObserveSpec, RunSpec, TrainSpec
from actwise.store.records import EpochRecord, RunRecord
from actwise.sweep.worker import (
    Advanced,
    Assignment,
    Costed,
    CostQuestion,
    Done,
    Message,
    PutBack,
    Round,
    Setup,
    Start,
    StepTimes,
    Stop,
    Tried,
    Work,
    decode,
    encode,
)

SETUP = Setup(
    data_dir=None,
    device="cpu",
    threads=1,
    checkpoints="/c",
    weights="/w",
    logs="/l",
    cpus=(0, 2),
    checkpoint_seconds=30.0,
    allow_environment_change=False,
)
ASSIGNMENT = Assignment(
    run_id="a",
    token=3,
    spec=RunSpec(
        dataset="digits",
        model="mlp",
        regularization="none",
        activation="elu(alpha=0.5)",
        seed=2**62,
        train=TrainSpec(schedule="step", step_milestones=(0.25, 0.5), learning_rate=0.1),
    ),
    observe=ObserveSpec(test_curve=True),
    data_digest="d",
    code_digests=(("m:f", "0" * 64),),
    recorded_weights="w",
    max_batches=2,
    timed_seconds=0.5,
)
RECORD = RunRecord(
    run_id="a",
    status="finished",
    epochs=(EpochRecord(epoch=1, train_loss=0.1, train_accuracy=9.0, learning_rate=1, seconds=2),),
    test_accuracy=1 / 3,
    predictions=b"\x00\xff",
    observed=("test_curve",),
    environment={"fingerprint": {"threads": "1"}},
)


QUESTION = CostQuestion(
    model="timm:resnet10t",
    activations=("relu", "elu(0.5)"),
    incumbent="relu",
    regularization=None,
    width=1.0,
    input_shape=(3, 32, 32),
    batch_size=None,
    num_classes=10,
    device="cpu",
    threads=1,
)
COSTED = Costed(
    steps=(
        StepTimes(
            activation="relu", forward_seconds=(0.1,), backward_seconds=(0.2,), memory_bytes=3
        ),
    ),
    regularization="own",
    input_shape=(3, 32, 32),
    batch_size=128,
    device="cpu",
    notes=("a note",),
)


@pytest.mark.parametrize(
    "message",
    [
        Start(folder="/here", import_path=("/here", "/there"), environment={"HOME": "/here"}),
        SETUP,
        Work(assignments=(ASSIGNMENT, ASSIGNMENT)),
        Stop(),
        Advanced(
            run_id="a", epoch=1, epochs=2, batch=3, batches=4, loss=None, images_per_second=5.0
        ),
        Done(record=RECORD),
        PutBack(run_id="a", reason="out of memory", is_accident=True),
        QUESTION,
        Round(done=3, most=25),
        COSTED,
        Tried(
            run_id="a", loss=2.5, images_per_second=10.0, before_seconds=1.5, device_memory_bytes=1
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message


def test_losses_that_are_not_finite_arrive() -> None:
    arrived = decode(encode(Tried(run_id="a", loss=math.nan)))
    assert isinstance(arrived, Tried)
    assert arrived.loss is not None
    assert math.isnan(arrived.loss)


def test_an_epochs_loss_that_is_not_finite_arrives_in_a_record() -> None:
    epochs = (replace(RECORD.epochs[0], train_loss=math.nan),)
    arrived = decode(encode(Done(record=replace(RECORD, epochs=epochs))))
    assert isinstance(arrived, Done)
    assert math.isnan(arrived.record.epochs[0].train_loss)


def test_folders_that_utf8_cannot_say_arrive() -> None:
    start = Start(folder="/folder\udcff", import_path=("/folder\udcff",), environment={})
    assert decode(encode(start)) == start


@pytest.mark.parametrize("text", ["bad \udcff", "\udfff\ud800", "a\x00b", "\x1b[2J\u2028"])
def test_any_text_arrives(text: str) -> None:
    environment = {"host": text, "more": [text]}
    record = replace(RECORD, status="failed", traceback=text, environment=environment)
    said: list[Message] = [
        Done(record=record),
        PutBack(run_id="a", reason=text, is_accident=True),
        Tried(run_id="a", traceback=text),
        SETUP.model_copy(update={"logs": text, "data_dir": text}),
    ]
    for message in said:
        line = encode(message)
        assert line.isascii()
        assert decode(line) == message


def test_numbers_of_a_record_arrive_to_the_last_bit() -> None:
    record = replace(RECORD, test_loss=0.1 + 0.2, train_accuracy=math.inf, train_seconds=5e-324)
    assert decode(encode(Done(record=record))) == Done(record=record)


@pytest.mark.parametrize(
    "line",
    [
        b"printed by a library\n",
        b"{}\n",
        b'{"type": "stop", "surplus": 1}\n',
        b'{"type": "work"}\n',
        b'{"type": "done", "record": 7}\n',
        b'{"type": "other"}\n',
        b"[1]\n",
        b"\xff\n",
    ],
)
def test_a_line_that_is_no_message_is_an_error(line: bytes) -> None:
    with pytest.raises(StoreError, match="no message"):
        decode(line)
