#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the driver's limits, or which driver stands behind a name.

Usage: info.py [NAME...]
"""

import sys

import pycryptodev


def main() -> None:
    if len(sys.argv) == 1:
        info = pycryptodev.driver_info()
        print(f"version {info.version}, ABI {info.abi_version}")
        print(f"a request: at most {info.max_request_bytes} bytes")
        print(f"a call: at most {info.max_batch} requests")
        print(f"contexts: {info.contexts_of_user} of {info.max_contexts_per_user}")
    for name in sys.argv[1:]:
        found = pycryptodev.query(name)
        print(
            f"{found.name}: {found.alg_class.name.lower()}, driver {found.driver}, "
            f"priority {found.priority}"
        )
        print(f"  bytes: block {found.block_bytes}, iv {found.iv_bytes}, tag {found.tag_max_bytes}")


if __name__ == "__main__":
    main()
