"""Kubernetes quantities as numbers."""

from __future__ import annotations

from decimal import Decimal

_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
}


def parse_quantity(text: str) -> Decimal:
    """Return a Kubernetes quantity as a number (of bytes, or of cores).

    >>> parse_quantity("1Gi") > parse_quantity("1G")
    True
    """
    digits = text.rstrip("mkKMGTPi")
    return Decimal(digits) * _FACTORS[text[len(digits) :]]
