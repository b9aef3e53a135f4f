"""Names, digests and packings of the published data sets, as their authors give them.

MD5 sums of the archives: A. Krizhevsky's page and torchvision. Those of the IDX payloads: the files
unpacked from the published .gz (several independent sources agree). KMNIST: codh.rois.ac.jp/kmnist;
of its payloads none are published. EMNIST: the IDX files of gzip.zip, nist.gov/itl.
"""

from collections.abc import Mapping

from .content import DatasetEntry, Download, Published
from .formats import TEST, CifarLayout, IdxLayout, Packing, idx_form

_CIFAR10_NAMES = "airplane automobile bird cat deer dog frog horse ship truck"
_CIFAR100_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower
leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid
otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
"""
CIFAR10_CLASSES = tuple(_CIFAR10_NAMES.split())
CIFAR100_CLASSES = tuple(_CIFAR100_NAMES.split())
DIGIT_CLASSES = tuple("0123456789")
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

KMNIST_CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

CIFAR10 = CifarLayout(
    python=Packing(
        archive="cifar-10-python.tar.gz",
        archive_md5="c58f30108f718f92721af3b95e74349a",
        folder="cifar-10-batches-py",
        train=tuple(f"data_batch_{number}" for number in range(1, 6)),
        test=("test_batch",),
    ),
    binary=Packing(
        archive="cifar-10-binary.tar.gz",
        archive_md5="c32a1d4ab5d03f1284b67883e8d87530",
        folder="cifar-10-batches-bin",
        train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        test=("test_batch.bin",),
    ),
    label_key=b"labels",
    num_label_bytes=1,
    class_names=CIFAR10_CLASSES,
)
CIFAR100 = CifarLayout(
    python=Packing(
        archive="cifar-100-python.tar.gz",
        archive_md5="eb9058c3a382ffc7106e4002c42a8d85",
        folder="cifar-100-python",
        train=("train",),
        test=("test",),
    ),
    binary=Packing(
        archive="cifar-100-binary.tar.gz",
        archive_md5="03b5dce01913d631647c71ecec9e9cb8",
        folder="cifar-100-binary",
        train=("train.bin",),
        test=("test.bin",),
    ),
    label_key=b"fine_labels",
    num_label_bytes=2,
    class_names=CIFAR100_CLASSES,
)

MNIST_PAYLOAD_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
FASHION_PAYLOAD_MD5 = {
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
_MNIST_GZ_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
_FASHION_GZ_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
_KMNIST_GZ_MD5 = {
    "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
    "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
    "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
    "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
}
KMNIST = IdxLayout(
    KMNIST_CLASSES,
    others_md5={
        MNIST_PAYLOAD_MD5[TEST[1]]: "mnist",
        FASHION_PAYLOAD_MD5[TEST[1]]: "fashion-mnist",
    },
)

_CAPITALS, _SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
# Small letters that are written like their capitals are one class with them.
_MERGED = "".join(DIGIT_CLASSES) + _CAPITALS + "abdefghnqrt"
_EMNIST = {
    "balanced": (_MERGED, 112_800, 18_800),
    "byclass": ("".join(DIGIT_CLASSES) + _CAPITALS + _SMALL, 697_932, 116_323),
    "bymerge": (_MERGED, 697_932, 116_323),
    "digits": ("".join(DIGIT_CLASSES), 240_000, 40_000),
    "letters": (_CAPITALS, 124_800, 20_800),
    "mnist": ("".join(DIGIT_CLASSES), 60_000, 10_000),
}


def emnist_entries() -> tuple[DatasetEntry, ...]:
    """The six sets of EMNIST; its images are published on their side, and are set upright."""
    return tuple(
        DatasetEntry(
            name=f"emnist-{name}",
            description=f"28x28 grey characters in {len(classes)} classes (Cohen et al., 2017)",
            folders=("emnist", "EMNIST/raw", "EMNIST", "emnist/gzip", "gzip"),
            forms=(idx_form(_emnist_layout(name, tuple(classes))),),
            published=Published((1, 28, 28), num_train, num_test, tuple(classes)),
        )
        for name, (classes, num_train, num_test) in _EMNIST.items()
    )


def _emnist_layout(name: str, class_names: tuple[str, ...]) -> IdxLayout:
    images, labels = (f"emnist-{name}-{{}}-{what}-ubyte" for what in ("images-idx3", "labels-idx1"))
    return IdxLayout(
        class_names,
        train=(images.format("train"), labels.format("train")),
        test=(images.format("test"), labels.format("test")),
        first_label=1 if name == "letters" else 0,
        is_transposed=True,
    )


def cifar_download(layout: CifarLayout) -> Download:
    """The binary archive: no pickle in it."""
    archive, md5 = layout.binary.archive, layout.binary.archive_md5
    return Download(f"https://www.cs.toronto.edu/~kriz/{archive}", f"md5:{md5}")


def _downloads(folder_url: str, md5_of: Mapping[str, str]) -> tuple[Download, ...]:
    return tuple(Download(folder_url + name, f"md5:{md5}") for name, md5 in md5_of.items())


MNIST_DOWNLOADS = _downloads("https://ossci-datasets.s3.amazonaws.com/mnist/", _MNIST_GZ_MD5)
FASHION_DOWNLOADS = _downloads(
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    _FASHION_GZ_MD5,
)
KMNIST_DOWNLOADS = _downloads("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", _KMNIST_GZ_MD5)
