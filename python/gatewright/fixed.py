# SPDX-License-Identifier: Apache-2.0
"""Fixed-point types with the exact conversions of the compiler."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._core import FixedType

T = TypeVar("T", bound=np.generic)


class Fixed:
    """A fixed-point type as ap_fixed has it: `Fixed(16, 6)` or `Fixed("fixed<16,6,RND,SAT>")`.

    A value is code * 2**-fraction_bits; the code is an integer of `width` bits. `integer_bits`
    includes the sign. Rounding: TRN, TRN_ZERO, RND, RND_ZERO, RND_MIN_INF, RND_INF, RND_CONV;
    overflow: WRAP, SAT, SAT_ZERO, SAT_SYM, WRAP_SM. Their meaning is docs/semantics.md.
    """

    __slots__ = ("_type",)

    def __init__(
        self,
        type: str | int,
        integer_bits: int | None = None,
        *,
        signed: bool = True,
        round: str = "TRN",
        overflow: str = "WRAP",
        saturation_bits: int = 0,
    ) -> None:
        if isinstance(type, str):
            text = type
        elif integer_bits is None:
            raise TypeError("Fixed(width, integer_bits) or Fixed('fixed<16,6>')")
        else:
            kind = "fixed" if signed else "ufixed"
            text = f"{kind}<{type},{integer_bits},{round},{overflow},{saturation_bits}>"
        self._type = FixedType.parse(text)

    @classmethod
    def _of(cls, type: FixedType) -> Fixed:
        return cls(type.text())

    @property
    def signed(self) -> bool:
        return self._type.is_signed

    @property
    def width(self) -> int:
        """Bits, sign included."""
        return self._type.width

    @property
    def integer_bits(self) -> int:
        """Bits left of the binary point, sign included; may be negative or exceed the width."""
        return self._type.width - self._type.fraction_bits

    @property
    def fraction_bits(self) -> int:
        return self._type.fraction_bits

    @property
    def round(self) -> str:
        return self._type.round

    @property
    def overflow(self) -> str:
        return self._type.overflow

    @property
    def saturation_bits(self) -> int:
        return self._type.saturation_bits

    @property
    def min(self) -> float:
        return self._type.min

    @property
    def max(self) -> float:
        return self._type.max

    @property
    def step(self) -> float:
        """The value of code 1."""
        return math.ldexp(1.0, -self._type.fraction_bits)

    def quantize(self, values: ArrayLike) -> NDArray[np.float64]:
        """The nearest values of the type by its rounding and overflow, exactly; same shape."""
        array = np.asarray(values, dtype=np.float64)
        results = np.empty(array.shape)
        self._type.quantize(_flat(array), results.reshape(-1))
        return results

    def codes(self, values: ArrayLike) -> NDArray[np.int64]:
        """The integers that stand for the quantized values; types of up to 64 bits."""
        array = np.asarray(values, dtype=np.float64)
        codes = np.empty(array.shape, dtype=np.int64)
        self._type.to_codes(_flat(array), codes.reshape(-1))
        return codes

    def values(self, codes: ArrayLike) -> NDArray[np.float64]:
        """The values of codes, which must fit the type."""
        array = np.asarray(codes)
        if array.dtype.kind not in "iu":
            raise TypeError(f"codes are integers, not {array.dtype}")
        results = np.empty(array.shape)
        self._type.to_values(_flat(array.astype(np.int64, copy=False)), results.reshape(-1))
        return results

    def __str__(self) -> str:
        return self._type.text()

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def _flat(array: NDArray[T]) -> NDArray[T]:
    return np.ascontiguousarray(array).reshape(-1)
