# SPDX-License-Identifier: MIT
"""KCOV tells which code of the driver a thread has run, and of nothing else."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pycryptodev import CryptoDevice

# linux/kcov.h
INIT_TRACE = 0x80086301
ENABLE = 0x6364
DISABLE = 0x6365
TRACE_PC = 0

ENTRIES = 1 << 16


@contextmanager
def traced(addresses: set[int]) -> Iterator[None]:
    """Add the addresses of the code that this thread runs in the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    descriptor = os.open("/sys/kernel/debug/kcov", os.O_RDWR)
    size = ENTRIES * ctypes.sizeof(ctypes.c_ulong)
    try:
        fcntl.ioctl(descriptor, INIT_TRACE, ENTRIES)
        # Python's own mmap() refuses a file of this file system, of which no size is known.
        protection = mmap.PROT_READ | mmap.PROT_WRITE
        start = libc.mmap(
            None, ctypes.c_size_t(size), protection, mmap.MAP_SHARED, descriptor, ctypes.c_long(0)
        )
        assert start != ctypes.c_void_p(-1).value, os.strerror(ctypes.get_errno())
        trace = (ctypes.c_ulong * ENTRIES).from_address(start)
        fcntl.ioctl(descriptor, ENABLE, TRACE_PC)
        trace[0] = 0
        yield
        fcntl.ioctl(descriptor, DISABLE, 0)
        addresses.update(trace[1 : trace[0] + 1])
        libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(size))
    finally:
        os.close(descriptor)


def functions(addresses: set[int]) -> set[tuple[str, str]]:
    """The functions that addresses are in, each with its module; empty = the kernel itself."""
    symbols = []
    for line in Path("/proc/kallsyms").read_text(encoding="ascii").splitlines():
        address, kind, name, *module = line.split()
        if kind in "tT":
            symbols.append((int(address, 16), name, module[0].strip("[]") if module else ""))
    symbols.sort()
    starts = [start for start, _, _ in symbols]
    return {symbols[bisect(starts, address) - 1][1:] for address in addresses}


def test_code_of_the_driver_is_seen() -> None:
    one: set[int] = set()
    other: set[int] = set()
    with traced(one), CryptoDevice("sha256") as device:
        device.digest(b"abc")
    with traced(other), CryptoDevice("cbc(aes)", key=bytes(16)) as device:
        device.encrypt(bytes(16), iv=bytes(16))
    found, others = functions(one), functions(other)
    assert {module for _, module in found | others} == {"devcrypto"}
    assert len(found & others) > 10
    assert {name for name, _ in found - others if "hash" in name}
    assert {name for name, _ in others - found if "skcipher" in name}
