"""What an audit finds: sites, and what runs that it cannot look into."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, overload

from ...shown import Shown

SiteKind = Literal["module", "functional"]
Role = Literal["activation", "gate", "glu", "input", "output", "softmax"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One place of a model where an activation is computed.

    Attributes:
        name: The module's path, such as ``layer1.0.relu``. Of a call that is no module of its
            own, and of a module called at several places, with the place:
            ``features.denselayer1@forward:104:20`` (owner's path, function, line and column).
        kind: ``module``, or ``functional`` for a call such as ``F.relu(x)`` or ``x.relu()``.
        activation: What is computed, in our words where we have one: ``relu``, ``gelu-tanh``.
        role: ``activation``; ``glu``, an activation whose result is multiplied by another branch;
            ``gate``, a bounded function that scales another tensor, a function of parameters
            alone, or a limit of what a root, a logarithm or a quotient is taken of;
            ``input``, a function of what the model is given, before any parameter and any
            layer whose weights are a buffer;
            ``output``, a bounded function whose result the model returns; ``softmax``.
        channels: Every size that the channel axis has had, in order.
        axis: Which axis of the input holds the channels: 1 after a convolution, the last one
            (-1) after a linear layer.
        shape: One sample of the first input, without the batch.
        calls: How often one forward pass calls it, in the mode that calls it more often.
        modes: ``eval`` and ``train``, where it was seen.
        is_inplace: Whether it writes into its input.
        module: The path of the module that computes it or, if functional, that calls it.
        place: File, line and column of the call, or "" where Python knows none.
    """

    name: str
    kind: SiteKind
    activation: str
    role: Role
    channels: tuple[int, ...]
    axis: int
    shape: tuple[int, ...]
    calls: int
    modes: tuple[str, ...]
    is_inplace: bool
    module: str
    place: str

    @property
    def is_activation(self) -> bool:
        """Whether a swap replaces it unless told otherwise."""
        return self.role in ("activation", "glu")

    def __str__(self) -> str:
        channels = "/".join(map(str, self.channels))
        calls = f", {self.calls} calls" if self.calls > 1 else ""
        return f"{self.name}: {self.activation}, {self.role}, {channels} channels{calls}"


@dataclass(frozen=True)
class Unseen:
    """Something that runs and may hold activations that an audit cannot see.

    Attributes:
        name: The module's path; "" is the model itself.
        what: ``lstm``, ``scaled_dot_product_attention``, ``TorchScript`` ..., or a function with
            the place of its call: ``where at net.py:12:9, by hand``.
    """

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name or 'the model'}: {self.what}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Audit(Shown, Sequence[Site]):
    """The sites of a model in the order of their first call.

    Attributes:
        model: What the first line calls the model, by default its class.
        sites: All of them; the audit itself is the sequence of these.
        unseen: What runs unseen, by name.
        warnings: Sentences on what may be missing from the sites.
    """

    model: str
    sites: tuple[Site, ...]
    unseen: tuple[Unseen, ...] = ()
    warnings: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Site: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Site]: ...

    def __getitem__(self, index: int | slice) -> Site | Sequence[Site]:
        return self.sites[index]

    def __len__(self) -> int:
        return len(self.sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    @property
    def activations(self) -> tuple[Site, ...]:
        """The sites whose role is ``activation`` or ``glu``."""
        return tuple(site for site in self.sites if site.is_activation)

    def to_dict(self) -> dict[str, Any]:
        """What ``audit --json`` prints, but for what only the trial of a swap tells."""
        return {
            "model": self.model,
            "summary": str(self),
            "sites": self.to_rows(),
            "unseen": [asdict(part) for part in self.unseen],
            "warnings": [*self.warnings],
        }

    def to_rows(self) -> list[Mapping[str, Any]]:
        """The sites."""
        return [asdict(site) for site in self.sites]

    def __str__(self) -> str:
        found = self.activations
        by_module = [site.module for site in found if site.kind == "module"]
        named = ", ".join(dict.fromkeys(site.activation for site in found))
        gates, of_input = (
            sum(site.role == role for site in self.sites) for role in ("gate", "input")
        )
        parts = [
            _counted(len(found), "activation") + (f" ({named})" if named else ""),
            f"{len(by_module)} at {_counted(len({*by_module}), 'module')}" if by_module else "",
            f"{len(found) - len(by_module)} functional" if len(found) > len(by_module) else "",
            _counted(gates, "gate"),
            f"{of_input} of the input" if of_input else "",
            f"{len(self.unseen)} unseen",
        ]
        return f"{self.model}: {', '.join(filter(None, parts))}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
