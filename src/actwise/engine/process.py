"""What a process that trains sets once, before torch computes anything."""

import ctypes

import torch

from ..errors import SpecError

# Enough for torch to share an operation out among its threads.
_NUM_PROBE_VALUES = 1 << 20

# Parameters of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_LARGEST_INT = 2**31 - 1


def set_process_numerics(threads: int) -> None:
    """Fix what torch computes with in this process. To be called before its first operation.

    Freed memory is kept, see :func:`keep_freed_memory`; threads are set by :func:`set_threads`.

    Raises:
        SpecError: as :func:`set_threads`.
    """
    keep_freed_memory()
    set_threads(threads)


def set_threads(threads: int) -> None:
    """Set the threads of one operation, none of which computes with denormal numbers.

    Denormal numbers are flushed to zero: in a VGG16 at learning rate 0.1 they made one batch take
    31.2 s instead of 1.24 s. Threads inherit the setting when they are created, so it must come
    before the first parallel operation; a pool that was there before keeps its denormals.

    Raises:
        SpecError: if threads of an older pool keep denormals, so that results would depend on
            what this process did before.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    if threads > 1 and not _all_threads_flush():
        raise SpecError(
            f"threads={threads}: torch already runs threads in this process that keep denormal "
            "numbers; start the sweep in a process that has not used torch, or use threads=1"
        )


def keep_freed_memory() -> None:
    """Make glibc keep what torch frees; elsewhere nothing happens.

    Every step frees and takes the same large tensors. By default glibc gives each back to the
    kernel and has it mapped and zeroed anew, page by page. Training in images/s without and with,
    one thread of an EPYC, torch 2.13, medians of 5 to 9 in turns: ``resnet18-table2`` at width 1/4
    1,410 and 1,915, at width 1 106 and 148; peak memory rises by 2 to 7 %.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)


def _all_threads_flush() -> bool:
    smallest_normal = torch.finfo(torch.float32).tiny
    x_N = torch.full((_NUM_PROBE_VALUES,), smallest_normal)
    # Compared as integers: a thread that flushes would take a denormal number for zero.
    return not bool((x_N * 0.5).view(torch.int32).any())
