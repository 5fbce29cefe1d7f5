# SPDX-License-Identifier: MIT
"""Put files through /dev/crypto, from C and from Python, and have others check every result.

Usage: python -m demo.demo C_PROGRAM KERNEL_IMAGE LIBRARY LIBRARY TEXTS

Each line of the table is a job: the device did it, and a program apart from it did the same, or
undid it. The exit status is 1 if any result differs, or if a job is missing.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from cryptography.exceptions import InvalidTag as JudgesInvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import (
    CryptoDevice,
    InvalidSignature,
    InvalidTag,
    default_generator,
    framing,
    keys,
)

from .job import COREUTILS, DIFFERS, GOOD, MIB, OPENSSL, Row, do_job, run_tool, show_head
from .pieces import Pieces

BLOCK = 16
RANDOM_BYTES = 1024
WRONG_RESULT = 3
"""Exit status of the C program if a result is wrong."""


def make_key(path: Path, *options: str) -> None:
    """Have openssl make a private key."""
    command = ["openssl", "genpkey", *options, "-out", str(path)]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=True)


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
        """Do a job on the file, and then have it checked."""
        about = (self._path.name, len(self._data))
        return do_job(operation, device, judge, about, work, expected)

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

    def compression(self, algorithm: str, judge: str) -> Iterator[Row]:
        """Compress for a program, and expand what it compressed, if it does so in small blocks."""
        files: list[bytes] = []
        small_blocks = {"lz4": ["lz4", "-cqB4"]}.get(judge)

        def compressed() -> bytes:
            file = io.BytesIO()
            framing.compress(io.BytesIO(self._data), file.write, algorithm=algorithm)
            files.append(file.getvalue())
            return self._data

        def expanded() -> bytes:
            data = io.BytesIO()
            framing.decompress(io.BytesIO(files[-1]), data.write)
            return data.getvalue()

        with CryptoDevice(algorithm) as device:
            yield self._job(
                "compress",
                device,
                judge,
                compressed,
                lambda: run_tool(judge, "-dc", text=files[-1]),
            )
            if small_blocks:
                files.append(run_tool(*small_blocks, str(self._path)))
            yield self._job("expand", device, judge, expanded, lambda: self._data)

    def signatures(self) -> Iterator[Row]:
        """Sign, verify what OpenSSL signed, and refuse what it refuses."""
        with tempfile.TemporaryDirectory() as folder:
            pem, good, forged = (Path(folder, name) for name in ("key.pem", "good", "forged"))
            make_key(pem, "-algorithm", "RSA")
            key = keys.signing_key(pem.read_bytes())
            dgst = ["openssl", "dgst", "-sha256"]
            theirs = run_tool(*dgst, "-sign", str(pem), str(self._path))
            good.write_bytes(theirs)
            forged.write_bytes(theirs[:-1] + bytes([theirs[-1] ^ 1]))

            def ours_says(signature: Path) -> bytes:
                try:
                    key.public_key.verify(signature.read_bytes(), self._data)
                except InvalidSignature:
                    return b"refused"
                return b"accepted"

            def judge_says(signature: Path) -> bytes:
                command = [*dgst, "-prverify", str(pem), "-signature", str(signature)]
                done = subprocess.run([*command, str(self._path)], capture_output=True, check=False)
                return b"refused" if done.returncode else b"accepted"

            with key.signer() as device:
                yield self._job(
                    "sign", device, OPENSSL, lambda: key.sign(self._data), good.read_bytes
                )
                for operation, signature in (("verify", good), ("refuse", forged)):
                    yield self._job(
                        operation,
                        device,
                        OPENSSL,
                        partial(ours_says, signature),
                        partial(judge_says, signature),
                    )


def agreement(curve: str) -> Iterator[Row]:
    """Agree on a secret with OpenSSL, by a private value that the kernel makes."""
    with tempfile.TemporaryDirectory() as folder:
        pem, public = Path(folder, "key.pem"), Path(folder, "public.pem")
        make_key(pem, "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
        peer = keys.agreement_public_key(pem.read_bytes())
        with keys.generate(peer.group) as device:
            public.write_bytes(keys.shown(device, peer.group).pem())
            derive = ["openssl", "pkeyutl", "-derive", "-inkey", str(pem), "-peerkey", str(public)]
            yield do_job(
                "agree",
                device,
                OPENSSL,
                (curve, 0),
                lambda: keys.agree(device, peer.group, peer),
                lambda: run_tool(*derive),
            )


def random_numbers() -> Iterator[Row]:
    """Draw random bytes, which gzip must not be able to make shorter."""
    with CryptoDevice(default_generator()) as device:
        drawn: list[bytes] = []

        def draw() -> bytes:
            drawn.append(device.random(RANDOM_BYTES))
            return b"random"

        def judged() -> bytes:
            shorter = len(run_tool("gzip", "-9c", text=drawn[0])) < RANDOM_BYTES
            return b"not random" if shorter else b"random"

        yield do_job("random", device, "gzip", ("-", RANDOM_BYTES), draw, judged)


def c_jobs(program: str, path: Path, *algorithms: str, way: str = "run") -> Iterator[Row]:
    """The jobs that the C program does on one file, in one of its ways."""
    command = [program, str(path), way, *algorithms]
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
                "C" if way == "run" else f"C {way}",
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
    for way in ("submit", "uring"):
        pieces = ("ctr(aes)", "cbc(aes)", "gcm(aes)", "sha256")
        yield from c_jobs(program, kernel, *pieces, way=way)
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
    yield from jobs.compression("zstd", "zstd")
    yield from jobs.compression("deflate", "gzip")
    yield from jobs.compression("lz4", "lz4")
    yield from jobs.compression("lzo", "lzop")
    yield from jobs.signatures()
    yield from Pieces(kernel).jobs()
    yield Pieces(texts).compress()
    yield from agreement("P-256")
    yield from agreement("P-384")
    yield from random_numbers()


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
    judges = sorted({row.judge for row in rows}, key=str.lower)
    checked = sum(row.verdict in (GOOD, DIFFERS) for row in rows)
    size = sum(row.size for row in rows) / MIB
    print(
        f"\n{len(rows)} jobs, {checked} checked against {', '.join(judges)}, "
        f"{failed} failed, {size:.0f} MiB in {time.monotonic() - begin:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
