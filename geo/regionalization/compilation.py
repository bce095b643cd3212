"""How the kernels are compiled: once per machine where the compiled code can be kept, else once per process."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile ``function`` without the Python runtime, keeping the machine code on disk where that is possible.

    numba raises when neither the package's folder nor the user's cache folder can be written (a read-only install,
    a service account without a home); the code is then compiled again in every process.
    """
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(F, numba.njit(nogil=True, error_model="numpy")(function))
