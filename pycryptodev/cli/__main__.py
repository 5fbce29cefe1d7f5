# SPDX-License-Identifier: MIT
"""`python -m pycryptodev.cli` is the command `cryptodev`."""

from . import main

raise SystemExit(main())
