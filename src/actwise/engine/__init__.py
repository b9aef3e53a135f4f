"""Training, written out: from a network, a data set and a RunSpec to a result."""

from .checkpoint import Checkpoints as Checkpoints
from .checkpoint import TrainState as TrainState
from .device import Device as Device
from .device import memory_format_for as memory_format_for
from .device import prepare_device as prepare_device
from .evaluate import Evaluation as Evaluation
from .images import prepare_parts as prepare_parts
from .observers import Observer as Observer
from .observers import Sight as Sight
from .process import keep_freed_memory as keep_freed_memory
from .process import set_process_numerics as set_process_numerics
from .result import Progress as Progress
from .result import TrainResult as TrainResult
from .split import split_images as split_images
from .train import train as train
from .weights import load_weights as load_weights
from .weights import save_weights as save_weights
from .weights import weights_sha256 as weights_sha256
