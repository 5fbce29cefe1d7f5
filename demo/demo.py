# SPDX-License-Identifier: MIT
"""Put files through /dev/crypto, from C and from Python, and have others check every result.

Usage: demo.py C_PROGRAM KERNEL_IMAGE LIBRARY LIBRARY TEXTS

Each line of the table is a job: the device did it, and OpenSSL or coreutils did the same apart from
it. The exit status is 1 if any result differs, or if a job is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag as JudgesInvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import CryptoDevError, CryptoDevice, InvalidTag

MIB = 1 << 20
BLOCK = 16
OPENSSL = "OpenSSL"
COREUTILS = "coreutils"
GOOD = "ok"
DIFFERS = "differs"
WRONG_RESULT = 3
"""Exit status of the C program if a result is wrong."""


@dataclass(frozen=True)
class Row:
    """What became of one job.

    Args:
        operation: what was done.
        algorithm: name at the crypto API.
        driver: the implementation that the kernel chose.
        language: who called the device.
        file: what it was done to.
        size: bytes that went through the device.
        seconds: time in the device.
        judge: what checked the result.
        verdict: "ok", or what is wrong.
    """

    operation: str
    algorithm: str
    driver: str
    language: str
    file: str
    size: int
    seconds: float
    judge: str
    verdict: str

    def show(self) -> None:
        """Print it as a line of the table."""
        rate = self.size / MIB / self.seconds if self.seconds else 0.0
        print(
            f"{self.operation:<8} {self.algorithm:<27} {self.driver:<36} {self.language:<6} "
            f"{self.file:<18.18} {self.size / MIB:>6.1f} {rate:>7.1f}  {self.judge:<9}  "
            f"{self.verdict}",
            flush=True,
        )


def show_head() -> None:
    """Print the names of the columns."""
    head = (
        f"{'job':<8} {'algorithm':<27} {'driver':<36} {'by':<6} {'file':<18} {'MiB':>6} "
        f"{'MiB/s':>7}  {'checked':<9}  result"
    )
    print(f"{head}\n{'-' * len(head)}", flush=True)


def run_tool(*command: str, text: bytes | None = None) -> bytes:
    """Run a program that has to succeed, and return its standard output."""
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout


class Jobs:
    """The jobs that Python does on one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.read_bytes()
        self._key = os.urandom(32)
        self._iv = os.urandom(BLOCK)

    def _job(
        self,
        operation: str,
        device: CryptoDevice,
        judge: str,
        work: Callable[[], bytes],
        expected: Callable[[], bytes],
    ) -> Row:
        """Do a job, and then have it checked."""
        verdict, seconds = GOOD, 0.0
        try:
            begin = time.monotonic()
            result = work()
            seconds = time.monotonic() - begin
            if result != expected():
                verdict = DIFFERS
        except CryptoDevError as error:
            verdict = str(error)
        info, size = device.info, len(self._data)
        return Row(
            operation,
            info.name,
            info.driver,
            "Python",
            self._path.name,
            size,
            seconds,
            judge,
            verdict,
        )

    def cipher(self, algorithm: str, at_openssl: str) -> Iterator[Row]:
        """Encrypt, and decrypt what OpenSSL encrypted."""
        padding = BLOCK - len(self._data) % BLOCK if algorithm.startswith("cbc") else 0
        text = self._data + bytes([padding]) * padding
        key_and_iv = ["-K", self._key.hex(), "-iv", self._iv.hex()]
        theirs = run_tool("openssl", "enc", at_openssl, *key_and_iv, "-in", str(self._path))
        with CryptoDevice(algorithm, key=self._key) as device:
            yield self._job(
                "encrypt",
                device,
                OPENSSL,
                lambda: device.encrypt(text, iv=self._iv),
                lambda: theirs,
            )
            yield self._job(
                "decrypt",
                device,
                OPENSSL,
                lambda: device.decrypt(theirs, iv=self._iv),
                lambda: text,
            )

    def aead(self) -> Iterator[Row]:
        """Seal, open what OpenSSL sealed, and refuse what it refuses."""
        judge, nonce, assoc = AESGCM(self._key), self._iv[:12], self._path.name.encode()
        theirs = judge.encrypt(nonce, self._data, assoc)
        forged = theirs[:-1] + bytes([theirs[-1] ^ 1])

        def ours_refuses() -> bytes:
            try:
                return device.decrypt(forged, iv=nonce, assoc=assoc)
            except InvalidTag:
                return b"refused"

        def judge_refuses() -> bytes:
            try:
                return judge.decrypt(nonce, forged, assoc)
            except JudgesInvalidTag:
                return b"refused"

        with CryptoDevice("gcm(aes)", key=self._key) as device:
            yield self._job(
                "seal",
                device,
                OPENSSL,
                lambda: device.encrypt(self._data, iv=nonce, assoc=assoc),
                lambda: theirs,
            )
            yield self._job(
                "open",
                device,
                OPENSSL,
                lambda: device.decrypt(theirs, iv=nonce, assoc=assoc),
                lambda: self._data,
            )
            yield self._job("refuse", device, OPENSSL, ours_refuses, judge_refuses)

    def hash(self, algorithm: str, *tool: str) -> Iterator[Row]:
        """Hash as a stream, against a program of coreutils."""
        with CryptoDevice(algorithm) as device:
            yield self._job(
                "hash",
                device,
                COREUTILS,
                lambda: device.hash(self._data).digest(),
                lambda: bytes.fromhex(run_tool(*tool, str(self._path)).split()[0].decode()),
            )

    def hmac(self, digest: str) -> Iterator[Row]:
        """Make the HMAC in one request."""
        options = ["-r", f"-{digest}", "-mac", "HMAC", "-macopt", f"hexkey:{self._key.hex()}"]
        with CryptoDevice(f"hmac({digest})", key=self._key) as device:
            yield self._job(
                "hmac",
                device,
                OPENSSL,
                lambda: device.digest(self._data),
                lambda: bytes.fromhex(
                    run_tool("openssl", "dgst", *options, str(self._path)).split()[0].decode()
                ),
            )


def c_jobs(program: str, path: Path, *algorithms: str) -> Iterator[Row]:
    """The jobs that the C program does on one file."""
    command = [program, str(path), *algorithms]
    missing = set(algorithms)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            operation, algorithm, driver, size, seconds, judge, verdict = line.rstrip().split("\t")
            missing.discard(algorithm)
            yield Row(
                operation,
                algorithm,
                driver,
                "C",
                path.name,
                int(size),
                float(seconds),
                judge,
                verdict,
            )
    if process.returncode not in (0, WRONG_RESULT):
        raise SystemExit(f"{program} ended with status {process.returncode}")
    if missing:
        raise SystemExit(f"{program} did nothing with {', '.join(sorted(missing))}")


def all_jobs(program: str, kernel: Path, first: Path, second: Path, texts: Path) -> Iterator[Row]:
    """All jobs, in the order of the table."""
    yield from c_jobs(program, kernel, "cbc(aes)", "gcm(aes)", "sha256", "hmac(sha256)")
    yield from c_jobs(program, first, "ctr(aes)", "xts(aes)", "rfc7539(chacha20,poly1305)")
    yield from c_jobs(program, texts, "cbc(aes)", "sha512")
    jobs = Jobs(kernel)
    yield from jobs.aead()
    yield from jobs.hmac("sha256")
    jobs = Jobs(second)
    yield from jobs.cipher("ctr(aes)", "-aes-256-ctr")
    yield from jobs.hash("sha1", "sha1sum")
    yield from jobs.hmac("sha512")
    jobs = Jobs(texts)
    yield from jobs.cipher("cbc(aes)", "-aes-256-cbc")
    yield from jobs.hash("sha256", "sha256sum")
    yield from jobs.hash("sha384", "sha384sum")


def main() -> int:
    """Run all jobs and sum them up."""
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    program, *files = sys.argv[1:]
    begin = time.monotonic()
    show_head()
    rows = []
    for row in all_jobs(program, *map(Path, files)):
        row.show()
        rows.append(row)
    failed = sum(row.verdict != GOOD for row in rows)
    checked = sum(row.verdict in (GOOD, DIFFERS) for row in rows)
    size = sum(row.size for row in rows) / MIB
    print(
        f"\n{len(rows)} jobs, {checked} checked against {OPENSSL} and {COREUTILS}, "
        f"{failed} failed, {size:.0f} MiB in {time.monotonic() - begin:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
