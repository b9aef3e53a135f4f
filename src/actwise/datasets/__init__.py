"""Data sets: the table, and how to load, list, fetch and verify them.

A new published set is one ``DATASETS.add`` here. ``digest`` is left out until somebody has the data
and pins what ``data verify`` prints.
"""

from .content import DATASETS as DATASETS
from .content import Dataset as Dataset
from .content import DatasetEntry
from .content import DatasetInfo as DatasetInfo
from .content import Folds as Folds
from .content import Published as Published
from .content import channel_statistics as channel_statistics
from .content import deal_folds as deal_folds
from .content import is_pinned as is_pinned
from .content import pictures_of as pictures_of
from .formats import (
    IdxLayout,
    any_parquet_form,
    arrays_form,
    cifar_forms,
    digits_form,
    idx_form,
    image_folder_form,
    parquet_form,
)
from .levels import data_folder as data_folder
from .levels import is_users_dataset as is_users_dataset
from .loading import FetchProgress as FetchProgress
from .loading import Listing as Listing
from .loading import VerifyReport as VerifyReport
from .loading import fetch as fetch
from .loading import found_levels as found_levels
from .loading import hand_over as hand_over
from .loading import info as info
from .loading import listing as listing
from .loading import load as load
from .loading import load_planned as load_planned
from .loading import require_files as require_files
from .loading import take_over as take_over
from .loading import verify as verify
from .published import (
    CIFAR10,
    CIFAR10_CLASSES,
    CIFAR100,
    CIFAR100_CLASSES,
    DIGIT_CLASSES,
    FASHION_CLASSES,
    FASHION_DOWNLOADS,
    FASHION_PAYLOAD_MD5,
    KMNIST,
    KMNIST_CLASSES,
    KMNIST_DOWNLOADS,
    MNIST_DOWNLOADS,
    MNIST_PAYLOAD_MD5,
    cifar_download,
    emnist_entries,
)

DATASETS.add(
    DatasetEntry(
        name="digits",
        description="handwritten digits, 8x8 enlarged to 32x32, embedded in scikit-learn",
        location="embedded",
        forms=(digits_form(),),
        published=Published(
            (1, 32, 32),
            1437,
            360,
            DIGIT_CLASSES,
            digest="45269ec03eef5645b7621c667ffe9d9558c52064faf359c8c4c4e5aae6e1514d",
        ),
    )
)
DATASETS.add(
    DatasetEntry(
        name="cifar10",
        description="32x32 colour photographs in 10 classes (Krizhevsky, 2009)",
        folders=("cifar10",),
        forms=(parquet_form(["label"], ["", "plain_text"]), *cifar_forms(CIFAR10)),
        published=Published(
            (3, 32, 32),
            50_000,
            10_000,
            CIFAR10_CLASSES,
            digest="a19ab28673f064c6fe0cf1892a9ec7cba89441f88511e1cd9f63dff01a06b6e1",
        ),
        downloads=(cifar_download(CIFAR10),),
    )
)
DATASETS.add(
    DatasetEntry(
        name="cifar100",
        description="32x32 colour photographs in 100 classes (Krizhevsky, 2009)",
        folders=("cifar100",),
        forms=(parquet_form(["fine_label"], ["", "cifar100"]), *cifar_forms(CIFAR100)),
        published=Published(
            (3, 32, 32),
            50_000,
            10_000,
            CIFAR100_CLASSES,
            digest="b89185eda48009307b676b9a423865f2a725a07f7d3d070b3ef8a4a74cc5a66c",
        ),
        downloads=(cifar_download(CIFAR100),),
    )
)
DATASETS.add(
    DatasetEntry(
        name="mnist",
        description="28x28 grey handwritten digits (LeCun, Cortes, Burges, 1998)",
        folders=("mnist", "MNIST/raw", "MNIST"),
        forms=(idx_form(IdxLayout(DIGIT_CLASSES, MNIST_PAYLOAD_MD5)),),
        published=Published((1, 28, 28), 60_000, 10_000, DIGIT_CLASSES),
        downloads=MNIST_DOWNLOADS,
    )
)
DATASETS.add(
    DatasetEntry(
        name="fashion-mnist",
        description="28x28 grey pictures of clothes in 10 classes (Xiao et al., 2017)",
        folders=("fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
        forms=(idx_form(IdxLayout(FASHION_CLASSES, FASHION_PAYLOAD_MD5)),),
        published=Published((1, 28, 28), 60_000, 10_000, FASHION_CLASSES),
        downloads=FASHION_DOWNLOADS,
    )
)
DATASETS.add(
    DatasetEntry(
        name="kmnist",
        description="28x28 grey cursive Japanese characters (Clanuwat et al., 2018)",
        folders=("kmnist", "KMNIST/raw", "KMNIST"),
        forms=(idx_form(KMNIST),),
        published=Published((1, 28, 28), 60_000, 10_000, KMNIST_CLASSES),
        downloads=KMNIST_DOWNLOADS,
    )
)
for entry in emnist_entries():
    DATASETS.add(entry)
DATASETS.add(
    DatasetEntry(
        name="folder",
        description="image files, one subfolder per class; with train/ and test/, or split 4:1",
        location="path",
        form_at=image_folder_form,
    )
)
DATASETS.add(
    DatasetEntry(
        name="parquet",
        description="train-*.parquet and test-*.parquet in the Hugging Face layout",
        location="path",
        form_at=any_parquet_form,
    )
)
DATASETS.add(
    DatasetEntry(
        name="arrays",
        description="an .npz file with x_train, y_train, x_test, y_test",
        location="path",
        form_at=arrays_form,
    )
)
