# SPDX-License-Identifier: MIT
"""The client's view of the ABI against what a C compiler makes of the header."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from pycryptodev import Algorithm, DriverInfo, _ioctl, enums
from pycryptodev._abi import ffi, lib

INCLUDE = Path(__file__).resolve().parents[2] / "include/uapi"
HEADER = (INCLUDE / "linux/devcrypto.h").read_text()

STRUCTURES = re.findall(r"^struct (devcrypto_\w+) \{", HEADER, re.MULTILINE)
MACROS = re.findall(r"^#define (DEVCRYPTO_\w+)[ \t]", HEADER, re.MULTILINE)
IOCTLS = [name for name in MACROS if re.fullmatch(r"DEVCRYPTO_IOC_(?!TYPE)\w+", name)]
CONSTANTS = [name for name in MACROS if name not in IOCTLS]


def fields(structure: str) -> list[str]:
    return [name for name, _ in ffi.typeof(f"struct {structure}").fields]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Values of C expressions, by their text."""
    expressions = [*MACROS]
    for structure in STRUCTURES:
        expressions.append(f"sizeof(struct {structure})")
        for field in fields(structure):
            expressions.append(f"offsetof(struct {structure}, {field})")
            expressions.append(f"sizeof(((struct {structure} *)0)->{field})")
    folder = tmp_path_factory.mktemp("abi")
    lines = "".join(f'\tprintf("%llu\\n", (unsigned long long)({text}));\n' for text in expressions)
    (folder / "abi.c").write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <linux/devcrypto.h>\n"
        f"int main(void)\n{{\n{lines}\treturn 0;\n}}\n"
    )
    flags = ["-Wall", "-Werror", "-I", str(INCLUDE)]
    subprocess.run(["cc", *flags, "-o", folder / "abi", folder / "abi.c"], check=True)
    output = subprocess.run([folder / "abi"], check=True, capture_output=True, text=True).stdout
    return dict(zip(expressions, map(int, output.split()), strict=True))


@pytest.mark.parametrize("name", IOCTLS)
def test_ioctl_numbers_are_those_of_the_header(compiled: dict[str, int], name: str) -> None:
    assert getattr(_ioctl, name.removeprefix("DEVCRYPTO_")) == compiled[name]


def test_there_is_a_number_for_every_ioctl() -> None:
    known = {name for name in vars(_ioctl) if re.fullmatch(r"IOC_[A-Z]+", name)}
    assert {f"DEVCRYPTO_{name}" for name in known} == set(IOCTLS)


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_those_of_the_header(compiled: dict[str, int], name: str) -> None:
    assert getattr(lib, name) == compiled[name]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_are_laid_out_as_in_c(compiled: dict[str, int], structure: str) -> None:
    declared = ffi.typeof(f"struct {structure}")
    assert ffi.sizeof(declared) == compiled[f"sizeof(struct {structure})"]
    for name, field in declared.fields:
        assert field.offset == compiled[f"offsetof(struct {structure}, {name})"]
        assert ffi.sizeof(field.type) == compiled[f"sizeof(((struct {structure} *)0)->{name})"]


def test_driver_info_has_every_field() -> None:
    shown = {field.name for field in dataclasses.fields(DriverInfo)}
    assert shown == set(fields("devcrypto_info")) - {"out_reserved"}


def test_algorithm_has_every_field_of_the_answer() -> None:
    properties = {
        name.removeprefix("DEVCRYPTO_ALG_") for name in MACROS if "DEVCRYPTO_ALG_" in name
    }
    shown = {field.name for field in dataclasses.fields(Algorithm)}
    answer = {name.removeprefix("out_") for name in fields("devcrypto_config") if "out_" in name}
    flags = {"is_async" if name == "ASYNC" else name.lower() for name in properties}
    assert shown == (answer - {"properties"}) | flags | {"alg_class"}


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("DEVCRYPTO_CLASS_", enums.AlgClass),
        ("DEVCRYPTO_OP_", enums.Op),
        ("DEVCRYPTO_FEATURE_", enums.Feature),
    ],
)
def test_enumerations_have_every_constant(
    compiled: dict[str, int], prefix: str, members: type[enums.AlgClass]
) -> None:
    expected = {name.removeprefix(prefix): compiled[name] for name in MACROS if prefix in name}
    assert {member.name: member.value for member in members} == expected
