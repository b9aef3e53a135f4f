"""Commands whose help and options keep to what they mean.

In help a flag names no value, since it takes none: ``--json``, not ``--json <bool>``. An option
that takes one value is refused when it is given twice: the first would count for nothing.
"""

from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption


class Command(TyperCommand):
    """A command with such help and such options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, after repetitions are refused."""
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(args=[*args])
            for option, number in Counter(given).items():
                is_single = isinstance(option, TyperOption) and not (
                    option.multiple or option.is_flag
                )
                if is_single and number > 1:
                    ctx.fail(f"{option.opts[0]} is given {number} times; it takes one value")
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, ``--help`` included."""
        return _without_values(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands with such help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, ``--help`` included."""
        return _without_values(super().get_params(ctx))


def _without_values(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag:
            parameter.metavar = ""
    return parameters
