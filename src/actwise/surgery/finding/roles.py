"""What a site is for by what it is given; what becomes of its values tells the rest."""

from .flow import Descent, Marked
from .site import Role


def role_by_descent(site: Marked, source: Descent, *, is_first: bool, has_parameters: bool) -> Role:
    """The role of a site after one more call of it.

    Args:
        site: As it was known before.
        source: What this call's input was computed from.
        is_first: Whether it was not called before.
        has_parameters: Whether the model has any. In one that has none, nothing tells what comes
            before its layers from what they compute.
    """
    if site.activation == "glu":
        return "gate"
    if site.role == "activation" and _is_of_parameters(source, site):
        return "gate"
    is_of_input = Descent.INPUT in source and Descent.PARAMETER not in source
    if site.role == "activation" and is_first and is_of_input and has_parameters:
        return "input"
    if site.role == "input" and not is_of_input:
        return "activation"
    return site.role


def _is_of_parameters(source: Descent, site: Marked) -> bool:
    """A function of parameters alone sets a scale; so does a bounded one of constants."""
    if source == Descent.PARAMETER:
        return True
    return site.is_bounded and Descent.INPUT not in source
