# SPDX-License-Identifier: MIT
"""Types of the extension that ``_abi_build`` makes from the ABI header."""

from _cffi_backend import FFI

class _Constants:
    def __getattr__(self, name: str) -> int: ...

ffi: FFI
lib: _Constants
