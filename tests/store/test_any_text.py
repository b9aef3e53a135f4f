"""Any text can be recorded, read and exported: lone surrogates and NUL too."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from actwise.store import Owner, RunStore
from actwise.store.exchange import (
    FORMATS,
    WHAT,
    export_all,
    export_table,
    import_folders,
    write_table,
)
from actwise.store.records import RunRecord
from made.runs import answered_record, failed_record, leased, look_at, made_plan, made_study

TEXTS = {
    "a lone surrogate": "bad \udcff file",
    "both halves apart": "\udc00\ud800",
    "a NUL": "before\x00after",
    "control characters": "\x1b[31m\x7f\x9b\r\n",
    "an emoji and a surrogate": "\U0001f600\ud83d",
}


def escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "")


@pytest.fixture(params=TEXTS.values(), ids=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fill(store: RunStore, text: str) -> list[str]:
    """A study with the text wherever no rule of specs forbids it; its runs, the first failed."""
    study = made_study()
    plan = made_plan(study)
    store.add_study(study, plan, claims={text: text})
    first, second, *others = [run.run_id for run in plan]
    store.record(leased(store, first), replace(failed_record(first), traceback=text))
    environment = {"host": text, text: text, "fingerprint": {"device": text, text: text}}
    changes = {"environment": environment, "weights_sha256": text, "observed": (text,)}
    store.record(leased(store, second), answered_record(second, **changes))
    store.release(leased(store, others[0]), text)
    leased(store, others[1], Owner(text, text, 1, text))
    look_at(store, study="made", what=text, num_seeds=1)
    return [first, second, *others]


def test_any_text_is_recorded_and_read(tmp_path: Path, text: str) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        first, second, third, fourth = fill(store, text)
        failed, finished = store.result(first), store.result(second)
        assert isinstance(failed, RunRecord)
        assert isinstance(finished, RunRecord)
        assert failed.traceback == escaped(text)
        # What is kept as JSON is kept to the letter.
        assert finished.environment["host"] == text
        assert finished.observed == (text,)
        assert store.states([third])[third].accident == escaped(text)
        (study,) = store.studies()
        assert dict(study.registrations[0].claims) == {text: text}
        assert [look.what for look in store.looks("made")] == [escaped(text)]
        snapshot = store.snapshot(study="made")
        assert snapshot.num_results == 1
        assert any(text in machine.details for machine in snapshot.machines)
        assert store.heartbeat(Owner(text, text, 1, text)) == (fourth,)


@pytest.mark.parametrize("what", WHAT)
def test_any_text_is_exported_in_every_format(tmp_path: Path, text: str, what: str) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        fill(store, text)
        table = export_table(store, what)
    for format in FORMATS:
        stream = io.BytesIO()
        write_table(table, stream, format)
        if format == "json":
            assert json.loads(stream.getvalue().decode()) is not None
        elif format == "parquet":
            assert pq.read_table(io.BytesIO(stream.getvalue())).equals(table)
        else:
            stream.getvalue().decode()


def test_failures_with_any_text_are_exported_and_come_back(tmp_path: Path, text: str) -> None:
    study = made_study(activation=["relu"], seeds="0")
    (run,) = made_plan(study)
    with (
        RunStore.open(tmp_path / "store", create=True) as store,
        RunStore.open(tmp_path / "other", create=True) as other,
    ):
        store.add_study(study, [run])
        environment = {"host": text, "fingerprint": {"device": "cpu"}}
        failed = replace(failed_record(run.run_id), traceback=text, environment=environment)
        store.record(leased(store, run.run_id), failed)
        export_all(store, tmp_path / "export")
        import_folders([tmp_path / "export"], other)
        assert other.result(run.run_id) == store.result(run.run_id)


def test_a_store_may_lie_under_any_name(tmp_path: Path) -> None:
    name = b"caf\xe9 \x1b[31m".decode("utf-8", "surrogateescape")
    with RunStore.open(tmp_path / name, create=True) as store:
        run_ids = fill(store, TEXTS["a lone surrogate"])
        assert str(store).encode() == escaped(str(tmp_path / name)).encode()
        store.require_in_place()
        assert store.snapshot().store == str(store)
    with RunStore.open(tmp_path / name) as store:
        assert set(store.states()) == set(run_ids)
