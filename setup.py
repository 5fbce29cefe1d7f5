# SPDX-License-Identifier: MIT
"""Everything stands in setup.cfg, but for what it cannot express: the cffi extension."""

from setuptools import setup

setup(cffi_modules=["pycryptodev/_abi_build.py:ffi"])
