"""Audits and swaps the networks of torchvision and timm, and writes docs/zoo.md.

Run: ``make zoo``. Every network is audited, swapped to PReLU and given back on the meta device;
sixteen small ones are compared by their bits. It takes about 20 minutes on two cores.
"""

import argparse
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from benchmarks.printing import markdown
from benchmarks.zoo.coverage import Bits, Coverage, Graphs, bits, coverage, graphs
from benchmarks.zoo.networks import Entry, classifiers, families

PAGE = Path(__file__).parents[2] / "docs" / "zoo.md"
REAL_TORCHVISION = (
    "resnet50",
    "googlenet",
    "densenet121",
    "squeezenet1_1",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "regnet_y_400mf",
)
REAL_TIMM = (
    "test_resnet",
    "test_byobnet",
    "test_convnext",
    "test_efficientnet",
    "test_mambaout",
    "test_nfnet",
    "test_vit",
    "test_vit2",
)
SIDES = {"torchvision": 64, "timm": 160}
"""Of the images of networks whose bits are compared."""

Real = tuple[Bits, Graphs]
Result = TypeVar("Result", Coverage | str, Real | str)

_COLUMNS = (
    ("modules", "module", "activation"),
    ("calls", "functional", "activation"),
    ("GLU", "", "glu"),
    ("gates", "", "gate"),
    ("outputs", "", "output"),
    ("softmax", "", "softmax"),
)

_PAGE = """# The zoo

Made by `make zoo` with torch {torch}, torchvision {torchvision}, timm {timm}, Python {python}.
Networks are built with random weights and audited as `aw.audit` does it, then swapped to `prelu`,
checked and given back, on the meta device and at the size of image that each is made for:
{num_networks} networks, {num_sites:,} sites, {num_replaced:,} replaced, {num_missed} missed, undone
exactly {num_undone} of {num_networks}. They are all classifiers of torchvision and one architecture
of each family of timm.

## What is missed

{misses}

## Networks that could not be audited

{faults}

## The same bits

{num_reals} networks for real (two images, one thread): each activation that our table has was
replaced by itself. Bits: outputs in eval and train mode and all buffers after that are equal.
Copies: a deep copy and a pickle compute the same bits. Graph: `torch.compile(fullgraph=True)`
takes the swapped network whole. Export: so does `torch.export`. Slopes: how many a first step moves
after a swap to `prelu`, of all; where a branch starts with scale 0, its slopes move from the
second step on.

{bits}

## Sites

Modules and calls are activations that a swap replaces, and so are GLU: activations whose result is
multiplied by another branch. Gates, outputs and softmax stay. Unseen are attention kernels and
recurrent cells in one call.

{sites}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", type=int, default=None, help="only so many of each package")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    options = parser.parse_args()
    entries = [*classifiers()[: options.first], *families()[: options.first]]
    real = [Entry("torchvision", name) for name in REAL_TORCHVISION[: options.first]]
    real += [Entry("timm", name) for name in REAL_TIMM[: options.first]]
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(options.workers) as pool:
        covered, compared = pool.map(covered_in_words, entries), pool.map(compared_bits, real)
        page = page_of(list(shown(covered)), list(shown(compared)))
    options.output.write_text(page, encoding="utf-8")


def covered_in_words(entry: Entry) -> Coverage | str:
    """What came of a network, or the sentence that it ended with."""
    warnings.simplefilter("ignore")
    try:
        return coverage(entry)
    except Exception as error:
        return f"{entry}: {type(error).__name__}: {error}"


def compared_bits(entry: Entry) -> Real | str:
    warnings.simplefilter("ignore")
    size = SIDES[entry.package]
    try:
        return bits(entry, size=size), graphs(entry, size=size)
    except Exception as error:
        return f"{entry}: {type(error).__name__}: {error}"


def shown(results: Iterable[Result]) -> Iterator[Result]:
    """Name each result on stderr when it is there."""
    for result in results:
        text = result if isinstance(result, str) else getattr(result, "network", result[0])
        print(text, file=sys.stderr, flush=True)
        yield result


def page_of(covered: Sequence[Coverage | str], compared: Sequence[Real | str]) -> str:
    """The page."""
    tables = [entry for entry in covered if not isinstance(entry, str)]
    reals = [entry for entry in compared if not isinstance(entry, str)]
    faults = [entry for entry in (*covered, *compared) if isinstance(entry, str)]
    misses = [f"{c.network}, {site}: {why}" for c in tables for site, why in c.misses.items()]
    return _PAGE.format(
        torch=version("torch"),
        torchvision=version("torchvision"),
        timm=version("timm"),
        python=sys.version.split()[0],
        num_networks=len(tables),
        num_sites=sum(sum(entry.sites.values()) for entry in tables),
        num_replaced=sum(entry.replaced for entry in tables),
        num_missed=len(misses),
        num_undone=sum(entry.is_undone for entry in tables),
        misses=_listed(misses, "Nothing: every activation of every network was replaced."),
        faults=_listed(faults, "None."),
        num_reals=len(reals),
        bits=markdown(*_bits_table(reals)),
        sites=markdown(*_sites_table(tables)),
    )


def _listed(lines: Sequence[str], otherwise: str) -> str:
    return "\n".join(f"- {line}" for line in lines) or otherwise


def _bits_table(reals: Sequence[Real]) -> tuple[list[str], list[list[str]]]:
    header = ["network", "replaced", "bits", "copies", "graph", "export", "slopes moved"]
    rows = [
        [
            real.network,
            str(real.replaced),
            *map(_yes, (real.has_same_bits, real.is_copied, made.is_compiled, made.is_exported)),
            f"{real.num_moved} of {real.num_slopes}",
        ]
        for real, made in reals
    ]
    return header, rows


def _sites_table(tables: Sequence[Coverage]) -> tuple[list[str], list[list[str]]]:
    header = ["network", *(name for name, _, _ in _COLUMNS), "unseen"]
    header += ["replaced", "missed", "undone"]
    rows = [
        [
            entry.network,
            *(str(_count(entry.sites, kind, role) or "") for _, kind, role in _COLUMNS),
            str(entry.unseen or ""),
            str(entry.replaced),
            str(len(entry.misses) or ""),
            _yes(entry.is_undone),
        ]
        for entry in tables
    ]
    return header, rows


def _count(sites: Counter[tuple[str, str]], kind: str, role: str) -> int:
    return sum(n for (k, r), n in sites.items() if r == role and kind in ("", k))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    main()
