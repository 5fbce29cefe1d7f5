# SPDX-License-Identifier: MIT
"""Each detector reports the fault that it is there for, in words that count as a report.

Their order matters: a report of most kinds switches lockdep off, and after a BUG the module stays.
"""

from __future__ import annotations

import re

import pytest

from guest.console import find_reports
from tests.detectors.conftest import Commit

# Fault, and how the report of it begins.
FAULTS = {
    "lock_order": "WARNING: possible circular locking dependency detected",
    "sleep": "BUG: sleeping function called from invalid context at .*devcrypto_fault",
    "use_after_free": "BUG: KASAN: (slab-)?use-after-free in fault_use_after_free",
    "double_free": "BUG: KASAN: (double-free|invalid-free)( or invalid-free)? in ",
    "out_of_bounds": "BUG: KASAN: slab-out-of-bounds in fault_out_of_bounds",
    "stack": "BUG: KASAN: stack-out-of-bounds in fault_stack",
    "vmalloc": "BUG: KASAN: vmalloc-out-of-bounds in fault_vmalloc",
    "page": "pagealloc: (memory corruption|single bit error)",
    "shift": "UBSAN: shift-out-of-bounds in .*devcrypto_fault",
    "index": "UBSAN: array-index-out-of-bounds in .*devcrypto_fault",
    "refcount": "refcount_t: addition on 0; use-after-free",
    "list": r"list_del corruption\. prev->next should be",
    "timer": r"ODEBUG: free active .* object type: timer_list",
    "work": r"ODEBUG: init active .* object type: work_struct",
    "rcu_head": r"ODEBUG: activate active .* object type: rcu_head",
    "scatterlist": r"kernel BUG at (\./)?include/linux/scatterlist\.h",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_is_reported(kind: str, commit: Commit) -> None:
    said = commit(kind)
    assert [line for line in find_reports(said) if re.search(FAULTS[kind], line)], said
