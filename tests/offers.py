# SPDX-License-Identifier: MIT
"""What each kernel has to offer: the reader of offers.txt, which says what its lines mean.

    make vm KERNEL=7 CMD='python -m tests.offers' >new

prints the list with that kernel's marks made anew, from what the device says of each name.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from guest.kernels import ALL_KERNELS
from pycryptodev import AlgClass, AlgorithmNotFound, query

LIST = Path(__file__).with_suffix(".txt")

MARKS = (*(kernel.name for kernel in ALL_KERNELS), "cpu", "config", "aside", "root")
"""What may stand behind a name, in this order."""

LACK = re.compile(r"this kernel has no (\S+)$")
"""How a test that is skipped says why."""

_WIDTH = 48


@dataclass(frozen=True)
class Offer:
    """A line of the list.

    Args:
        alg_class: class of the algorithm.
        name: generic name.
        driver: name of one implementation; empty = whichever the kernel takes.
        marks: kernels, or why no kernel here has it.
    """

    alg_class: AlgClass
    name: str
    driver: str
    marks: frozenset[str]

    @property
    def asked(self) -> str:
        """The name to ask for."""
        return self.driver or self.name

    def is_there(self) -> bool:
        """Ask the device.

        Raises:
            ValueError: it gives something else under that name.
        """
        try:
            found = query(self.asked, self.alg_class)
        except AlgorithmNotFound:
            return False
        if found.name != self.name or (self.driver and found.driver != self.driver):
            raise ValueError(f"{self.asked}: got {found.driver} of {found.name}")
        return True


def parse(text: str) -> Iterator[Offer]:
    """Read a list.

    Raises:
        ValueError: a line is none.
    """
    alg_class, name = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if line.startswith("["):
            alg_class, name = AlgClass[words[0].strip("[]").upper()], ""
            continue
        asked, marks = words[0], frozenset(words[1:])
        indented = line[0].isspace()
        name = name if indented else asked
        if alg_class is None or not name or not marks <= set(MARKS):
            raise ValueError(f"line {number}: {line}")
        yield Offer(alg_class, name, asked if indented else "", marks)


def render(offers: list[Offer]) -> str:
    """Write a list, without what stands ahead of the first class."""
    lines = []
    alg_class = None
    for offer in offers:
        if offer.alg_class is not alg_class:
            alg_class = offer.alg_class
            lines += ["", f"[{alg_class.name.lower()}]"]
        asked = f"  {offer.driver}" if offer.driver else offer.name
        marks = " ".join(mark for mark in MARKS if mark in offer.marks)
        lines.append(f"{asked:{_WIDTH}} {marks}".rstrip())
    return "\n".join(lines) + "\n"


def head() -> str:
    """What stands ahead of the first class."""
    return LIST.read_text(encoding="utf-8").partition("\n\n[")[0] + "\n"


OFFERS = tuple(parse(LIST.read_text(encoding="utf-8")))


def running() -> str:
    """The running kernel, as KERNEL= names it; empty outside of a guest."""
    return os.environ.get("DEVCRYPTO_KERNEL", "")


def of(kernel: str, *, root: bool = False) -> list[Offer]:
    """What a kernel has to offer to those whom the policy binds, or to root besides."""
    return [offer for offer in OFFERS if kernel in offer.marks and root == ("root" in offer.marks)]


def class_of(name: str) -> AlgClass | None:
    """The class of a name of the list; None if the list does not have it."""
    return next((offer.alg_class for offer in OFFERS if offer.asked == name), None)


def objection(reason: str) -> str:
    """Say what is wrong with the reason for which a test of the running kernel is skipped.

    Returns:
        the objection; empty = there is none.
    """
    found = LACK.search(reason)
    offered = {offer.asked for offer in OFFERS if running() in offer.marks}
    if found and found[1] in offered:
        return f"kernel {running()} has to offer {found[1]}, and has it not"
    return ""


def main() -> int:
    """Print the list anew for the running kernel."""
    kernel = running()
    if kernel not in MARKS:
        sys.exit("which kernel this is, only the guest says")
    offers = []
    for offer in OFFERS:
        if "root" in offer.marks and os.geteuid():
            sys.exit("root only may ask for all of it")
        others = offer.marks - {kernel}
        offers.append(replace(offer, marks=others | {kernel} if offer.is_there() else others))
    print(head() + render(offers), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
