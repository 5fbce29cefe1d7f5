# SPDX-License-Identifier: MIT
"""`make install` below a DESTDIR: what it puts there, and that uninstall takes it away again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guest import kbuild, kernels

PROJECT = Path(__file__).resolve().parents[2]

INSTALLED = {
    "etc/devcrypto/policy",
    "etc/modules-load.d/devcrypto.conf",
    "etc/udev/rules.d/60-devcrypto.rules",
    "lib/firmware/devcrypto/policy",
    "usr/local/include/linux/devcrypto.h",
    "usr/local/share/bash-completion/completions/cryptodev",
    "usr/local/share/man/man1/cryptodev.1",
    "usr/local/share/man/man4/crypto.4",
    "usr/local/share/pkgconfig/cryptodev.pc",
    "usr/local/share/zsh/site-functions/_cryptodev",
}
# The administrator's list is not the installation's to remove.
KEPT = {"etc/devcrypto/policy"}


@pytest.fixture(scope="module")
def tree() -> kernels.KernelTree:
    """The default kernel and its headers."""
    return kernels.prepare(kernels.KERNELS[0])


def environment() -> dict[str, str]:
    """The test itself may run below make, whose options are not for another."""
    return {name: value for name, value in os.environ.items() if not name.startswith("M")}


def make(target: str, destination: Path, tree: kernels.KernelTree) -> None:
    """Run make as a packager does."""
    settings = [f"DESTDIR={destination}", f"RELEASE={tree.release}", f"KDIR={tree.headers}"]
    settings.append(f"COMPLETION_PYTHON={sys.executable}")
    done = subprocess.run(
        ["make", "--no-print-directory", target, *settings],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def modinfo(module: Path, field: str) -> str:
    """A field of a module."""
    done = subprocess.run(
        ["/usr/sbin/modinfo", "--field", field, module], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def files(destination: Path) -> set[str]:
    """What lies there, but for directories."""
    found = (path for path in destination.rglob("*") if path.is_symlink() or not path.is_dir())
    return {str(path.relative_to(destination)) for path in found}


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory, tree: kernels.KernelTree
) -> Iterator[tuple[Path, str]]:
    """A destination with everything in it, and the module's path there."""
    destination = tmp_path_factory.mktemp("install")
    make("install", destination, tree)
    yield destination, f"lib/modules/{tree.release}/updates/devcrypto.ko"


def test_everything_is_installed(installed: tuple[Path, str]) -> None:
    destination, module = installed
    assert files(destination) == INSTALLED | {module}


def test_module_says_its_version(installed: tuple[Path, str]) -> None:
    destination, module = installed
    assert modinfo(destination / module, "version") == kbuild.version()


def test_module_can_be_signed(
    installed: tuple[Path, str], tree: kernels.KernelTree, tmp_path: Path
) -> None:
    """By the commands of docs/install.md, with a key that is thrown away."""
    destination, module = installed
    copy = tmp_path / "devcrypto.ko"
    copy.write_bytes((destination / module).read_bytes())
    key, certificate = tmp_path / "mok.key", tmp_path / "mok.der"
    request = "openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -subj"
    subprocess.run(
        [*request.split(), "/CN=a test/", "-keyout", key, "-outform", "DER", "-out", certificate],
        capture_output=True,
        check=True,
    )
    sign = tree.headers / "scripts/sign-file"
    subprocess.run([sign, "sha256", key, certificate, copy], check=True)
    assert modinfo(copy, "signer") == "a test"


def test_driver_finds_the_policy(installed: tuple[Path, str]) -> None:
    destination, _ = installed
    link = destination / "lib/firmware/devcrypto/policy"
    assert str(link.readlink()) == "/etc/devcrypto/policy"
    listed = (PROJECT / "driver/policy.list").read_bytes()
    assert (destination / "etc/devcrypto/policy").read_bytes() == listed


def test_program_compiles_by_pkg_config(installed: tuple[Path, str], tmp_path: Path) -> None:
    destination, _ = installed
    settings = os.environ | {
        "PKG_CONFIG_PATH": str(destination / "usr/local/share/pkgconfig"),
        "PKG_CONFIG_SYSROOT_DIR": str(destination),
    }

    def ask(*options: str) -> list[str]:
        command = ["pkg-config", *options, "cryptodev"]
        return subprocess.run(
            command, env=settings, capture_output=True, text=True, check=True
        ).stdout.split()

    assert ask("--modversion") == [kbuild.release()]
    example = PROJECT / "examples/hash_file.c"
    flags = ask("--cflags", "--libs")
    assert flags == [f"-I{destination}/usr/local/include"]
    command = ["gcc", "-Wall", "-Werror", "-o", str(tmp_path / "program"), str(example), *flags]
    subprocess.run(command, check=True)


def test_sources_for_dkms(tmp_path: Path, tree: kernels.KernelTree) -> None:
    make("dkms_install", tmp_path, tree)
    (source,) = (tmp_path / "usr/src").iterdir()
    version = kbuild.release()
    assert source.name == f"devcrypto-{version}"
    conf = (source / "dkms.conf").read_text()
    assert f'PACKAGE_VERSION="{version}"' in conf
    # As DKMS reads it, with these variables set; that it builds is for the tests of the packages.
    ask = f"""
        kernel_source_dir=/headers dkms_tree=/tree . {source}/dkms.conf
        for release in 5.15.0-1-amd64 6.0.0-1-amd64 6.1.0-1-amd64 6.12.1 7.3.4-1 10.0; do
            [[ $release =~ $BUILD_EXCLUSIVE_KERNEL ]] && echo "$release"
        done
        echo "${{MAKE[0]}}"
    """
    shown = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True).stdout
    *releases, command = shown.splitlines()
    assert releases == ["6.1.0-1-amd64", "6.12.1", "7.3.4-1", "10.0"]
    folder = source / "driver"
    assert f"M=/tree/devcrypto/{version}/build/{folder.name} DC_VERSION={version} " in command
    assert (folder / "Kbuild").exists()


def test_debian_package_has_the_version() -> None:
    changelog = (PROJECT / "debian/changelog").read_text(encoding="utf-8")
    assert changelog.startswith(f"devcrypto ({kbuild.release()}-")


def test_uninstall_leaves_the_policy(tmp_path: Path, tree: kernels.KernelTree) -> None:
    make("install", tmp_path, tree)
    changed = tmp_path / "etc/devcrypto/policy"
    changed.write_text("# mine\nsha256\n")
    make("install", tmp_path, tree)
    assert changed.read_text() == "# mine\nsha256\n", "a second installation keeps it too"
    make("uninstall", tmp_path, tree)
    assert files(tmp_path) == KEPT
