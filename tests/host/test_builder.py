# SPDX-License-Identifier: MIT
"""What the builder of the extension takes of a header, and that an sdist can build it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from pycryptodev._abi_build import declarations

PROJECT = Path(__file__).resolve().parents[2]


def test_literals_keep_their_value_and_others_are_left_to_the_compiler() -> None:
    text = "#define DEVCRYPTO_A\t7\n#define DEVCRYPTO_B 0xD5\n#define DEVCRYPTO_C (1U << 3)\n"
    assert declarations(text).split("\n") == [
        "#define DEVCRYPTO_A 7",
        "#define DEVCRYPTO_B 0xD5",
        "#define DEVCRYPTO_C ...",
        "",
    ]


def test_comments_guards_and_ioctl_numbers_are_left_out() -> None:
    text = (
        "#define _UAPI_LINUX_DEVCRYPTO_H\n#include <linux/types.h>\n"
        "/* #define DEVCRYPTO_A 1\n * struct x { __u32 y; };\n */\n"
        "#define DEVCRYPTO_IOC_RUN _IOWR(DEVCRYPTO_IOC_TYPE, 2, struct devcrypto_run)\n"
        "#define DEVCRYPTO_F(x) (x)\n"
    )
    assert declarations(text) == ""


def test_structures_are_taken_with_c99_types() -> None:
    text = "struct a {\n\t__u32 b;\n\t__s32 c;\n\t__aligned_u64 d;\n\tchar e[DEVCRYPTO_A];\n};\n"
    assert declarations(text) == (
        "struct a {\n\tuint32_t b;\n\tint32_t c;\n\tuint64_t d;\n\tchar e[DEVCRYPTO_A];\n};"
    )


def test_the_sdist_builds_the_extension(tmp_path: Path) -> None:
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    copy = tmp_path / "checkout"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, files):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PROJECT / name).read_bytes())
    subprocess.run([sys.executable, "-c", build, tmp_path], cwd=copy, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "sdist")
    (source,) = (tmp_path / "sdist").iterdir()
    build_all = [sys.executable, "setup.py", "-q", "build", "--build-lib", str(tmp_path / "built")]
    subprocess.run(build_all, cwd=source, check=True)
    names = {path.name for path in (tmp_path / "built" / "pycryptodev").iterdir()}
    assert any(name.startswith("_abi.") and name.endswith(".so") for name in names)
    assert {"py.typed", "_abi.pyi"} <= names
