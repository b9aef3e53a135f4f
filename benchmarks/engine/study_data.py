"""A data set of noise in CIFAR-10's shape, for machines that lack the real one.

A user's data set as the study of study.py names it: ``benchmarks.engine.study_data:noise``.
"""

import numpy as np


def noise(
    num_train: int = 11_000, num_test: int = 10_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Random images and labels, the same at every call."""
    draws = np.random.default_rng(0)

    def part(num_images: int) -> tuple[np.ndarray, np.ndarray]:
        images_NHWC = draws.integers(0, 256, (num_images, 32, 32, 3), dtype=np.uint8)
        return images_NHWC, np.arange(num_images) % 10

    return (*part(num_train), *part(num_test))
