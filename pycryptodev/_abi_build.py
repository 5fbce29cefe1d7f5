# SPDX-License-Identifier: MIT
"""Builder of ``pycryptodev._abi``: the structures and constants of the ABI header.

setuptools runs it through ``cffi_modules``. The header is the only source: its declarations go to
cffi as they stand, and the C compiler, which includes the header itself, checks the layout and
computes the constants.
"""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI

# The same place in a checkout and in an sdist.
INCLUDE = Path(__file__).resolve().parent.parent / "include" / "uapi"
HEADER = INCLUDE / "linux" / "devcrypto.h"

# The aligned type is a macro with an attribute, which cffi's parser does not take.
_TYPES = {
    "__aligned_u64": "uint64_t",
    "__u64": "uint64_t",
    "__u32": "uint32_t",
    "__s32": "int32_t",
}


def declarations(header: str) -> str:
    """Return what cffi can parse of the header's text.

    Args:
        header: text of the ABI header.

    Returns:
        Its structures, with the kernel's integer types replaced by those of C99, and its macros:
        literal ones with their value, which the compiler checks, and ``...`` for the others, which
        the compiler computes. The ioctl numbers are left out: their size is that of the structures.
    """
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    macros = []
    for name, value in re.findall(r"^#define[ \t]+(DEVCRYPTO_\w+)[ \t]+(.+)$", text, re.MULTILINE):
        if not name.startswith("DEVCRYPTO_IOC_") or name == "DEVCRYPTO_IOC_TYPE":
            literal = re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", value.strip())
            macros.append(f"#define {name} {literal.group() if literal else '...'}")
    structures = "\n".join(re.findall(r"^struct \w+ \{.*?^\};", text, re.DOTALL | re.MULTILINE))
    for kernel, c99 in _TYPES.items():
        structures = re.sub(rf"\b{kernel}\b", c99, structures)
    # Anonymous unions are none before C11, as cffi need not know.
    structures = structures.replace("__extension__ ", "")
    return "\n".join([*macros, structures])


ffi = FFI()
ffi.cdef(declarations(HEADER.read_text(encoding="utf-8")))
ffi.set_source(
    "pycryptodev._abi",
    "#include <linux/devcrypto.h>",
    include_dirs=[str(INCLUDE)],
    depends=[str(HEADER)],
)
