"""The real CIFAR images against their pins; skipped where they are not beside the checkout."""

from pathlib import Path

import pytest

from actwise.datasets import channel_statistics, info, load, verify

# Published means and standard deviations of the training images, per channel.
STATISTICS = {
    "cifar10": (
        (0.49139968, 0.48215841, 0.44653091),
        (0.24703223, 0.24348513, 0.26158784),
    ),
    "cifar100": (
        (0.50707516, 0.48654887, 0.44091784),
        (0.26733429, 0.25643846, 0.27615047),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
def test_real_images_have_the_pinned_digest_and_the_published_statistics(
    name: str, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A copy in the cache of all tests would be found by those that expect no data.
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path))
    data = load(name, real_data)
    assert data.info == info(name)
    means, deviations = channel_statistics(data.train_images_NCHW)
    assert means == pytest.approx(STATISTICS[name][0], abs=5e-9)
    assert deviations == pytest.approx(STATISTICS[name][1], abs=5e-9)


@pytest.mark.slow
def test_real_cifar100_is_sound_though_it_has_duplicates(real_data: Path) -> None:
    report = verify("cifar100", real_data)  # reads the files anew
    assert report.info == info("cifar100")
    assert report.is_sound
    assert set(report.train_per_class) == {500}
    assert set(report.test_per_class) == {100}
    assert (report.train_duplicates, report.test_duplicates, report.shared_images) == (14, 2, 10)
    assert len(report.notes) == 1 and report.info.notes == ()
