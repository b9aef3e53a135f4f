"""``actwise run --claims FILE``: wrong ones are refused before any training."""

from pathlib import Path

import pytest

from actwise.cli.main import run_command

MLP = "run demo factors.model=mlp factors.regularization=none factors.activation=relu seeds=0"
WRONG = {
    '[[claim]]\nid = "U1"\n': "claims file mine.toml: claim.0.statement: Field required",
    "[[claim]\n": "claims file mine.toml cannot be read: Expected ']]' at the end",
}


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("where", ["--store new", "--smoke --executor inline"])
def test_claims_that_are_wrong_are_refused_before_anything_is_trained(
    where: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(text)
    assert run_command(f"{MLP} --claims mine.toml {where}".split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"actwise: {WRONG[text]}") and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
