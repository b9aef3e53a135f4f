"""``digits``: scikit-learn's 1,797 grey images of handwritten digits, 8x8, brought to 32x32.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998.
"""

import numpy as np

from ..content import Arrays, Form, Found, make_split, split_every_fifth

SIDE, FACTOR = 8, 4
MAX_VALUE = 16


def digits_form() -> Form:
    """The only form: inside the installed scikit-learn."""
    return Form("scikit-learn", lambda _: Found("scikit-learn's digits", (), read_digits))


def read_digits() -> Arrays:
    """1,437 training and 360 test images, by :func:`split_every_fifth` over all of them.

    Pixels are enlarged bilinearly in whole numbers, so every machine gets the same bytes.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = upsample(bunch.images.astype(np.int64))
    train, test = split_every_fifth(make_split(images, bunch.target, where="digits"))
    return Arrays(train, test, tuple(str(digit) for digit in range(10)))


def upsample(images_NHW: np.ndarray) -> np.ndarray:
    """Whole values 0..16 at (N, 8, 8) to uint8 0..255 at (N, 32, 32), bilinear, edges repeated.

    Output pixel o lies at (2 o - 3) / 8 input pixels, so weights are eighths in each direction:
    value = floor((255 * sum of weight * pixel + 512) / 1024), 1024 being 8 * 8 * 16.
    """
    weights = np.zeros((SIDE * FACTOR, SIDE), dtype=np.int64)
    for output in range(SIDE * FACTOR):
        left, fraction = divmod(2 * output - 3, 8)
        for pixel, weight in ((left, 8 - fraction), (left + 1, fraction)):
            weights[output, min(max(pixel, 0), SIDE - 1)] += weight
    sums_NHW = weights @ images_NHW @ weights.T
    scale = 8 * 8 * MAX_VALUE
    scaled_NHW: np.ndarray = (255 * sums_NHW + scale // 2) // scale
    return scaled_NHW.astype(np.uint8)
