# SPDX-License-Identifier: MIT
"""The Debian packages in clean systems of every release: installed, used, upgraded and purged.

Each release has the headers of its kernels in the project's list, and DKMS builds the module for
all of them.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from guest import kbuild, kernels, vm
from guest.kbuild import ModuleTree
from guest.tools import run
from tests.packages.chroot import Chroot, prepare

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = PROJECT / "build/deb"
OURS = ("devcrypto-dkms", "devcrypto-dev", "python3-pycryptodev", "python3-ioctl-opt")
SUITES = list(dict.fromkeys(kernel.suite for kernel in kernels.KERNELS))
VERSION = kbuild.release()

# What a removal may leave or change, each for its reason.
KEPT = (
    # the logs and states of apt and dpkg
    r"var/log/(apt/.*|dpkg\.log|alternatives\.log)",
    r"var/lib/(apt|dpkg)/.*",
    r"var/cache/(apt|debconf|ldconfig)/.*",
    # the group, compared by itself below: Debian keeps what files may belong to
    r"etc/(group|gshadow)-?",
    # depmod's index, which every kernel has; here only headers are
    r"usr/lib/modules/[^/]+/modules\..*",
    # the key that DKMS makes for itself
    r"var/lib/dkms/mok\.(key|pub)",
)


@dataclass(frozen=True)
class Machine:
    """A system with the packages.

    Args:
        system: the system.
        releases: the kernels whose headers it has.
        before: what was there before the packages, all that they depend on included.
    """

    system: Chroot
    releases: list[str]
    before: dict[str, str]


def debs(folder: str = "/packages") -> str:
    """The packages, for apt."""
    return " ".join(f"{folder}/{package}_*.deb" for package in OURS)


def listing(system: Chroot) -> dict[str, str]:
    """What is there: type, mode, owner, link and size of every file."""
    pruned = " -o ".join(f"-path {path}" for path in ("/proc", "/dev", "/tmp", "/packages"))
    form = r"%P\t%y %m %u:%g %l"
    files = system.run(
        rf"find / \( {pruned} -o -path /var/cache/apt/archives \) -prune"
        rf" -o -type f -printf '{form} %s\n' -o -printf '{form}\n'"
    )
    return dict(line.split("\t") for line in files.splitlines())


@pytest.fixture(scope="module", params=SUITES)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A system with the packages, which tests do not change."""
    suite: str = request.param
    mine = [kernel for kernel in kernels.KERNELS if kernel.suite == suite]
    folder = tmp_path_factory.mktemp(suite)
    system = prepare(suite, folder, backports=any(kernel.backports for kernel in mine))
    for kernel in mine:
        target = ("-t", f"{suite}-backports") if kernel.backports else ()
        system.apt("install", *target, f"linux-headers-{kernel.flavour}")
    planned = system.apt("install", "-s", debs(), packages=PACKAGES)
    needed = set(re.findall(r"^Inst (\S+)", planned, re.MULTILINE)) - set(OURS)
    system.apt("install", *sorted(needed))
    releases = system.run("cd /lib/modules && ls -d *").split()
    assert len(releases) == len(mine)
    before = listing(system)
    system.apt("install", debs(), packages=PACKAGES)
    return Machine(system, releases, before)


def modinfo(machine: Machine, release: str, field: str) -> str:
    """A field of the module that is installed for a kernel."""
    module = f"/lib/modules/{release}/updates/dkms/devcrypto.ko*"
    return machine.system.run(f"modinfo -F {field} {module}").strip()


def test_module_is_built_for_every_kernel(machine: Machine) -> None:
    status = machine.system.run("dkms status")
    for release in machine.releases:
        assert f"devcrypto/{VERSION}, {release}, x86_64: installed" in status.splitlines()
        assert modinfo(machine, release, "version") == VERSION
        assert modinfo(machine, release, "vermagic").split()[0] == release
        assert modinfo(machine, release, "signer") == "DKMS module signing key"
        assert "devcrypto/policy" in modinfo(machine, release, "firmware")


def test_warnings_of_dkms(machine: Machine) -> None:
    said = machine.system.run("find /var/lib/dkms/devcrypto -name make.log -exec cat {} +")
    assert said.count("devcrypto.ko") >= len(machine.releases)
    assert not re.search(r"\bwarning: (?!the compiler differs)", said), said
    assert "eprecated" not in machine.system.run(f"dkms status -m devcrypto -v {VERSION} 2>&1")


def test_module_is_built_for_a_kernel_that_comes_later(machine: Machine, tmp_path: Path) -> None:
    system = machine.system.fork(tmp_path)
    release = machine.releases[-1]
    system.run(f"dkms remove devcrypto/{VERSION} -k {release}")
    assert release not in system.run("dkms status")
    # What the packages of kernels call.
    system.run(f"/etc/kernel/postinst.d/dkms {release}")
    assert f"{release}, x86_64: installed" in system.run("dkms status")


def test_files(machine: Machine) -> None:
    run = machine.system.run
    assert run("getent group crypto").startswith("crypto:x:")
    assert run("cat /usr/lib/modules-load.d/devcrypto.conf").endswith("\ndevcrypto\n")
    rule = (PROJECT / "udev/60-devcrypto.rules").read_text()
    assert run("cat /usr/lib/udev/rules.d/60-devcrypto.rules") == rule
    policy = (PROJECT / "driver/policy.list").read_text()
    # By the path that the kernel opens.
    assert run("cat /lib/firmware/devcrypto/policy") == policy
    run("zcat /usr/share/man/man1/cryptodev.1.gz /usr/share/man/man4/crypto.4.gz >/dev/null")
    assert run("dpkg --verify " + " ".join(OURS)) == ""


def test_client(machine: Machine) -> None:
    run = machine.system.run
    assert run("cryptodev --version") == f"cryptodev {VERSION}\n"
    # There is no device: a status of its own, and the hint.
    assert "modprobe devcrypto" in run("cryptodev info 2>&1 || test $? = 3")
    names = run("python3 -c 'import pycryptodev; print(*pycryptodev.__all__)'").split()
    assert "CryptoDevice" in names
    complete = run("""
        set +eu
        . /usr/share/bash-completion/completions/cryptodev
        COMP_WORDS=(cryptodev ra) COMP_CWORD=1
        _shtab_cryptodev
        echo ${COMPREPLY[@]}
    """)
    assert complete == "rand\n"


def test_header(machine: Machine) -> None:
    run = machine.system.run
    assert f"Version: {VERSION}" in run("cat /usr/share/pkgconfig/cryptodev.pc")
    # The compiler of the headers; there is no other.
    run(
        "echo '#include <linux/devcrypto.h>' "
        "| $(ls /usr/bin/gcc-[0-9]*) -Wall -Werror -fsyntax-only -x c -"
    )


def newer(folder: Path) -> Path:
    """The package of the module as the next release might have it, with another policy."""
    (deb,) = PACKAGES.glob("devcrypto-dkms_*.deb")
    tree = folder / "tree"
    run(["dpkg-deb", "-R", str(deb), str(tree)])
    sources = tree / f"usr/src/devcrypto-{VERSION}"
    sources.rename(sources.with_name("devcrypto-99"))
    control = tree / "DEBIAN"
    scripts = (control / "control", control / "postinst", control / "prerm")
    for file in (*scripts, tree / "usr/src/devcrypto-99/dkms.conf"):
        file.write_text(file.read_text().replace(VERSION, "99"))
    policy = tree / "etc/devcrypto/policy"
    policy.write_text(policy.read_text() + "# one more line\n")
    run(["dpkg-deb", "-b", str(tree), str(folder / "devcrypto-dkms_99_all.deb")])
    shutil.rmtree(tree)
    return folder


def test_upgrade_keeps_an_edited_policy(machine: Machine, tmp_path: Path) -> None:
    system = machine.system.fork(tmp_path / "system")
    system.run("echo 'sha256' >/etc/devcrypto/policy")
    (tmp_path / "newer").mkdir()
    keep = "-o Dpkg::Options::=--force-confold"
    system.apt("install", keep, "/packages/*.deb", packages=newer(tmp_path / "newer"))
    assert system.run("cat /etc/devcrypto/policy") == "sha256\n"
    status = system.run("dkms status").splitlines()
    assert len(status) == len(machine.releases)
    assert all(line.startswith("devcrypto/99, ") for line in status)


def test_purge_leaves_no_trace(machine: Machine, tmp_path: Path) -> None:
    system = machine.system.fork(tmp_path)
    system.run("echo 'sha256' >/etc/devcrypto/policy")
    system.apt("purge", *OURS)
    after = listing(system)
    changed = {
        path: (machine.before.get(path), after.get(path))
        for path in machine.before.keys() | after.keys()
        if machine.before.get(path) != after.get(path)
        and not any(re.fullmatch(kept, path) for kept in KEPT)
    }
    assert changed == {}
    for name in ("group", "gshadow"):
        mine = system.run(f"cat /etc/{name}").splitlines()
        assert [line for line in mine if not line.startswith("crypto:")] == [
            line
            for line in machine.system.run(f"cat /etc/{name}").splitlines()
            if not line.startswith("crypto:")
        ]


def test_module_works(machine: Machine, tmp_path: Path) -> None:
    """The first kernel's, as DKMS built and signed it, in the guest."""
    kernel = next(each for each in kernels.KERNELS if each.suite == machine.system.suite)
    tree = kernels.prepare(kernel)
    if tree.release not in machine.releases:
        pytest.skip(f"the guest's kernel is {tree.release}, the archive's another")
    modules = ModuleTree(tmp_path, tree.release)
    (modules.path / "updates").mkdir(parents=True)
    (modules.path / "kernel").symlink_to(tree.modules / "kernel")
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(tree.modules / name, modules.path)
    (built,) = machine.system.top.glob(f"usr/lib/modules/{tree.release}/updates/dkms/devcrypto.ko*")
    shutil.copy(built, modules.path / "updates")
    run(["depmod", "-b", str(modules.root), tree.release])
    command = "python -m pycryptodev.cli hash README.md | sha256sum -c"
    assert vm.run_in_vm(command, tree, modules, vm.new_log(tree)) == 0
