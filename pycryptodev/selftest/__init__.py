# SPDX-License-Identifier: MIT
"""Validation of the kernel's implementations: published vectors, and one driver against another.

:mod:`.vectors` finds and reads files of vectors, each form in a module of its own (:mod:`.cavp`,
:mod:`.wycheproof`, :mod:`.acvp`); what is read becomes cases (:mod:`.model`), which
:mod:`.runner` runs on a driver in every layout of :mod:`.layouts`. :mod:`.differential` makes cases
out of what another driver answers, :mod:`.compression` those of codecs, which have a judge.
"""
