# SPDX-License-Identifier: MIT
"""What names a kernel that the project builds, and whether the kernel heeds the fragments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from guest import source
from guest.kernels import DEBUG_KERNELS, KERNELS, Kernel
from guest.source import FRAGMENTS, Recipe, unheeded

RECIPE = Recipe("linux-source-6.1", "6.1.1-1", "CONFIG_KASAN=y\n")


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, version="6.1.2-1"),
        replace(RECIPE, package="linux-source-6.12"),
        replace(RECIPE, config="CONFIG_KASAN=y\nCONFIG_KCOV=y\n"),
    ],
)
def test_whatever_changes_makes_another_kernel(other: Recipe) -> None:
    assert other.digest != RECIPE.digest == replace(RECIPE).digest


def test_recipe_has_the_fragments() -> None:
    made = source.recipe("linux-source-6.1", "6.1.1-1", ("machine", "kcsan"))
    assert (made.package, made.version) == ("linux-source-6.1", "6.1.1-1")
    lines = made.config.splitlines()
    assert "CONFIG_KCSAN=y" in lines
    assert "CONFIG_PCI=y" in lines
    assert "CONFIG_KASAN=y" not in lines


CHOSEN = """# Linux/x86 6.1 Kernel Configuration
CONFIG_KCOV=y
CONFIG_CRYPTO_SHA3=y
# CONFIG_KCOV_INSTRUMENT_ALL is not set
CONFIG_NR_CPUS=8
"""


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ("# remark\n\nCONFIG_KCOV=y\nCONFIG_NR_CPUS=8\n", []),
        ("# CONFIG_KCOV_INSTRUMENT_ALL is not set\n", []),
        ("# CONFIG_OF_ANOTHER_PROCESSOR is not set\n", []),
        ("CONFIG_KASAN=y\n", ["CONFIG_KASAN=y"]),
        ("CONFIG_CRYPTO_SHA3=m\n", ["CONFIG_CRYPTO_SHA3=m"]),
        ("# CONFIG_KCOV is not set\n", ["# CONFIG_KCOV is not set"]),
    ],
)
def test_what_the_kernel_does_not_heed(wanted: str, lines: list[str]) -> None:
    assert unheeded(wanted, CHOSEN) == lines


def options(kernel: Kernel) -> list[str]:
    """Names of the options in the fragments of a kernel, in their order."""
    text = "".join((FRAGMENTS / f"{each}.config").read_text("ascii") for each in kernel.fragments)
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    return [line.partition("=")[0].split()[0] for line in lines if line.startswith("CONFIG_")]


@pytest.mark.parametrize("kernel", DEBUG_KERNELS, ids=lambda kernel: kernel.name)
def test_fragments_name_every_option_once(kernel: Kernel) -> None:
    found = options(kernel)
    assert len(found) == len(set(found)) > 100


def test_every_fragment_is_used() -> None:
    used = {each for kernel in DEBUG_KERNELS for each in kernel.fragments}
    assert used == {path.stem for path in Path(FRAGMENTS).glob("*.config")}


def test_only_built_kernels_find_faults() -> None:
    assert not any(kernel.finds_faults for kernel in KERNELS)
    assert all(kernel.finds_faults for kernel in DEBUG_KERNELS)
