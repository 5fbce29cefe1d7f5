# SPDX-License-Identifier: MIT
"""Boot a QEMU guest with the driver loaded and run a command in it.

The package needs nothing but the standard library and Debian's tools, so that
`/usr/bin/python3 -m guest` works before anything of the project is installed.
"""
