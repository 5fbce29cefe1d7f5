# SPDX-License-Identifier: MIT
"""Requests by io_uring."""

from __future__ import annotations

import builtins
import errno
import gc
import hashlib
import hmac
import mmap
import os
import pickle
import select
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pycryptodev import (
    NODE,
    AlgClass,
    BufferTooSmall,
    Cancelled,
    CryptoDevice,
    DeviceClosed,
    InvalidRequest,
    InvalidTag,
    LimitReached,
    NotSupported,
    Op,
    Pending,
    Request,
    default_generator,
    driver_info,
)
from pycryptodev import _liburing as liburing
from pycryptodev.keys import names
from pycryptodev.uring import Ring, UringMissing
from tests import fdinfo

KEY = bytes(range(16))
IV = bytes(range(50, 66))
NONCE = IV[:12]

# Longer than what is executed at once.
QUEUED = 8192
# Is under way for longer than the call that submits it, however busy the host is.
LONG = 16 << 20


def counts(ring: Ring) -> dict[str, int]:
    """What the driver counts of a ring's context."""
    return fdinfo.numbers(ring._context.fileno())


def sha256s(messages: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(message).digest() for message in messages]


def messages_of(count: int, most: int = 5000) -> list[bytes]:
    return [number.to_bytes(4, "big") + bytes(number * 37 % most) for number in range(count)]


def digests(messages: list[bytes]) -> list[Request]:
    return [Request(Op.DIGEST, message) for message in messages]


@pytest.fixture
def sha256() -> Iterator[CryptoDevice]:
    with CryptoDevice("sha256") as opened:
        yield opened


@pytest.fixture
def ring(sha256: CryptoDevice) -> Iterator[Ring]:
    with Ring(sha256) as opened:
        yield opened


def only(device: CryptoDevice, request: Request) -> bytes:
    """Run a request by a ring of its own and return its output."""
    with device, Ring(device) as ring:
        return ring.run([request])[0].get()


# Each class


@pytest.mark.parametrize("size", [0, 16, 1024, QUEUED, 65536])
def test_cipher(size: int) -> None:
    text = os.urandom(size)
    judge = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()
    expected = judge.update(text) + judge.finalize()
    with CryptoDevice("cbc(aes)", key=KEY) as device, Ring(device) as ring:
        out = bytearray(size)
        encrypted, into, decrypted = ring.run(
            [
                Request(Op.ENCRYPT, text, iv=IV),
                Request(Op.ENCRYPT, text, out, iv=IV, iv_out=True),
                Request(Op.DECRYPT, expected, iv=IV),
            ]
        )
    assert encrypted.get() == expected
    assert decrypted.get() == text
    assert into.get() == b""
    assert into.written == size
    assert bytes(out) == expected
    assert into.iv == (expected[-16:] or IV)


@pytest.mark.parametrize("size", [0, 1, 1024, QUEUED])
def test_aead(size: int) -> None:
    text = os.urandom(size)
    expected = AESGCM(KEY).encrypt(NONCE, text, b"assoc")
    with CryptoDevice("gcm(aes)", key=KEY) as device, Ring(device) as ring:
        sealed, opened, refused = ring.run(
            [
                Request(Op.ENCRYPT, text, iv=NONCE, assoc=b"assoc"),
                Request(Op.DECRYPT, expected, iv=NONCE, assoc=b"assoc"),
                Request(Op.DECRYPT, expected, iv=NONCE, assoc=b"other"),
            ]
        )
    assert sealed.get() == expected
    assert opened.get() == text
    assert isinstance(refused.error, InvalidTag)


def test_hash(ring: Ring) -> None:
    messages = messages_of(200)
    assert [result.get() for result in ring.run(digests(messages))] == sha256s(messages)
    mac = CryptoDevice("hmac(sha256)", key=b"key")
    assert only(mac, Request(Op.DIGEST, b"text")) == hmac.digest(b"key", b"text", "sha256")


def test_random_numbers() -> None:
    with CryptoDevice(default_generator()) as device, Ring(device) as ring:
        first, second = ring.run([Request(Op.GENERATE, dst_bytes=32)] * 2)
    assert len(first.get()) == len(second.get()) == 32
    assert first.get() != second.get()


@pytest.mark.requires("deflate", AlgClass.COMP)
def test_compression() -> None:
    text = b"again and " * 5000
    packed = only(CryptoDevice("deflate"), Request(Op.COMPRESS, text))
    assert zlib.decompress(packed, wbits=-15) == text
    packer = zlib.compressobj(wbits=-15)
    judged = packer.compress(text) + packer.flush()
    assert only(CryptoDevice("deflate"), Request(Op.DECOMPRESS, judged)) == text


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


@pytest.mark.requires("pkcs1pad(rsa)", AlgClass.AKCIPHER)
def test_asymmetric_encryption(rsa_key: rsa.RSAPrivateKey) -> None:
    device = CryptoDevice(
        "pkcs1pad(rsa)", alg_class=AlgClass.AKCIPHER, key=private_der(rsa_key), private=True
    )
    sealed = rsa_key.public_key().encrypt(b"secret", padding.PKCS1v15())
    assert only(device, Request(Op.DECRYPT, sealed)) == b"secret"


def test_signatures(rsa_key: rsa.RSAPrivateKey) -> None:
    name = names.rsa_signature("sha256", NODE)
    device = CryptoDevice(name, key=private_der(rsa_key), private=True)
    digest = hashlib.sha256(b"text").digest()
    expected = rsa_key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    assert only(device, Request(Op.SIGN, digest)) == expected


@pytest.mark.requires("ecdh-nist-p256", AlgClass.KPP)
def test_key_agreement() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.X962, PublicFormat.UncompressedPoint)
    peer = other.public_key().public_bytes(*form)[1:]
    with CryptoDevice("ecdh-nist-p256", generate=True) as device, Ring(device) as ring:
        public, secret = ring.run([Request(Op.PUBLIC_KEY), Request(Op.SHARED_SECRET, peer)])
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + public.get())
    assert secret.get() == other.exchange(ec.ECDH(), point)


# Many at the same time


@pytest.mark.parametrize("depth", [1, 3, 64, 1000])
def test_more_than_the_depth(sha256: CryptoDevice, depth: int) -> None:
    messages = messages_of(2500)
    with Ring(sha256, depth=depth) as ring:
        submitted = ring.submit(digests(messages))
        assert len(ring) == 2500
        taken: set[int] = set()
        while ring:
            for pending in ring.reap(1):
                assert id(pending) not in taken
                taken.add(id(pending))
    assert len(taken) == 2500
    assert [pending.get().get() for pending in submitted] == sha256s(messages)


def test_thousands_in_flight(sha256: CryptoDevice) -> None:
    text = bytes(QUEUED)
    with Ring(sha256, depth=4096) as ring:
        results = ring.run(Request(Op.DIGEST, text) for _ in range(5000))
    assert {result.get() for result in results} == {hashlib.sha256(text).digest()}


def test_results_are_taken_when_asked_for(ring: Ring) -> None:
    out = bytearray(32)
    (pending,) = ring.submit([Request(Op.DIGEST, bytes(LONG), out)])
    assert not pending.done
    assert len(ring) == 1
    assert ring.reap(1) == [pending]
    assert out == hashlib.sha256(bytes(LONG)).digest()
    assert ring.reap(1) == []
    assert len(ring) == 0


def test_reap_of_more_than_there_are(ring: Ring) -> None:
    submitted = ring.submit(digests([b"one", b"two"]))
    assert {id(pending) for pending in ring.reap(5)} == {id(pending) for pending in submitted}


def test_wait_for_one(ring: Ring) -> None:
    messages = [bytes(1 << 20), b"two"]
    first, second = ring.submit(digests(messages))
    assert [ring.wait(second).get(), ring.wait(first).get()] == sha256s(messages)[::-1]
    assert ring.reap() == []


@pytest.mark.parametrize("depth", [1, 7, 100])
def test_a_stream_has_the_results_in_their_order(ring: Ring, depth: int) -> None:
    messages = messages_of(300)
    results = ring.stream(digests(messages), depth=depth)
    assert [result.get() for result in results] == sha256s(messages)


def test_time_to_wait(ring: Ring) -> None:
    ring.submit([Request(Op.DIGEST, bytes(LONG))] * 2)
    assert len(ring.reap(2, timeout=0.0001)) < 2
    ring.reap(8, timeout=60)
    assert len(ring) == 0


def test_poll(ring: Ring) -> None:
    poll = select.poll()
    poll.register(ring.fileno(), select.POLLIN)
    assert poll.poll(0) == []
    ring.submit([Request(Op.DIGEST, bytes(LONG))])
    assert poll.poll(60_000) == [(ring.fileno(), select.POLLIN)]
    assert len(ring.reap()) == 1
    assert poll.poll(0) == []


def test_the_gil_is_free_while_it_waits(ring: Ring) -> None:
    turns = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal turns
        while not stop.wait(0.001):
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    ring.run([Request(Op.DIGEST, bytes(1 << 20))] * 16)
    stop.set()
    thread.join()
    assert turns >= 5


# Registered buffers


@pytest.fixture
def mapped() -> mmap.mmap:
    return mmap.mmap(-1, 1 << 20)


def counter_mode(text: bytes) -> bytes:
    judge = Cipher(algorithms.AES(KEY), modes.CTR(IV)).encryptor()
    return judge.update(text)


@pytest.mark.parametrize("size", [16, 1000, 4096, 100_000])
def test_registered_buffer(mapped: mmap.mmap, size: int) -> None:
    text = os.urandom(size)
    with (
        CryptoDevice("ctr(aes)", key=KEY) as device,
        Ring(device, buffer=mapped) as ring,
        memoryview(mapped) as view,
    ):
        parts = [view[at * size : (at + 1) * size] for at in range(4)]
        # Then the driver knows an algorithm that calls itself asynchronous and is not: an engine is
        # given no more pieces than it is sure to take.
        ring.run([Request(Op.ENCRYPT, parts[0][:16], parts[0][:16], iv=IV)])
        before = counts(ring)["bytes-zerocopy"]
        for part in parts:
            part[:] = text
        results = ring.run(Request(Op.ENCRYPT, part, part, iv=IV) for part in parts)
        assert [(result.written, result.zero_copy) for result in results] == [(size, True)] * 4
        assert [bytes(part) for part in parts] == [counter_mode(text)] * 4
        assert counts(ring)["bytes-copied"] == 0
        assert counts(ring)["bytes-zerocopy"] == before + 4 * size
        for part in parts:
            part.release()


def test_registered_source_of_a_hash(mapped: mmap.mmap, sha256: CryptoDevice) -> None:
    with Ring(sha256, buffer=mapped) as ring:
        assert ring.run([Request(Op.DIGEST, mapped)])[0].get() == hashlib.sha256(mapped).digest()
        assert counts(ring)["bytes-copied"] == 0


@pytest.mark.parametrize("inside", ["src", "dst", "neither"])
def test_buffers_outside(mapped: mmap.mmap, inside: str) -> None:
    text = os.urandom(5000)
    with (
        CryptoDevice("ctr(aes)", key=KEY) as device,
        Ring(device, buffer=mapped) as ring,
        memoryview(mapped) as view,
    ):
        source: Any = view[:5000] if inside == "src" else bytearray(5000)
        source[:] = text
        target: Any = view[:5000] if inside == "dst" else bytearray(5000)
        ring.run([Request(Op.ENCRYPT, source, target, iv=IV)])[0].get()
        assert bytes(target) == counter_mode(text)
        assert counts(ring)["bytes-zerocopy"] == 0
        del source, target


def test_buffers_in_pieces(mapped: mmap.mmap) -> None:
    text = os.urandom(5000)
    with (
        CryptoDevice("ctr(aes)", key=KEY) as device,
        Ring(device, buffer=mapped) as ring,
        memoryview(mapped) as view,
    ):
        view[:5000] = text
        pieces = [view[:1000], view[1000:5000]]
        assert ring.run([Request(Op.ENCRYPT, pieces, iv=IV)])[0].get() == counter_mode(text)
        del pieces


def test_a_closed_ring_lets_the_buffer_go(mapped: mmap.mmap, sha256: CryptoDevice) -> None:
    ring = Ring(sha256, buffer=mapped)
    ring.run([Request(Op.DIGEST, mapped)])
    ring.close()
    mapped.close()


@pytest.mark.parametrize(
    ("buffer", "error"), [(bytes(4096), TypeError), (bytearray(), ValueError), (5, TypeError)]
)
def test_buffers_that_cannot_be_registered(
    sha256: CryptoDevice, buffer: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Ring(sha256, buffer=buffer)


# What is wrong


def test_one_wrong_request_is_nothing_to_the_others() -> None:
    with CryptoDevice("cbc(aes)", key=KEY) as device, Ring(device) as ring:
        fine, short, long, room = ring.run(
            [
                Request(Op.ENCRYPT, bytes(16), iv=IV),
                Request(Op.ENCRYPT, bytes(17), iv=IV),
                Request(Op.ENCRYPT, bytes(driver_info().max_request_bytes + 16), iv=IV),
                Request(Op.ENCRYPT, bytes(32), bytearray(16), iv=IV),
            ]
        )
    assert fine.written == 16
    assert isinstance(short.error, InvalidRequest)
    assert isinstance(long.error, LimitReached)
    assert isinstance(room.error, BufferTooSmall)
    assert room.error.needed == 32


def test_requests_that_are_wrong_in_themselves(ring: Ring) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="no buffer"):
        ring.submit([Request(Op.DIGEST, b""), Request(Op.DIGEST, wrong)])
    assert len(ring) == 0
    assert ring.reap() == []


@pytest.mark.parametrize("depth", [0, -1, 32769])
def test_depth_out_of_range(sha256: CryptoDevice, depth: int) -> None:
    with pytest.raises(ValueError, match="depth"):
        Ring(sha256, depth=depth)


def test_liburing_is_missing(monkeypatch: pytest.MonkeyPatch, sha256: CryptoDevice) -> None:
    """The library and its command to install are named, and the rest of the client goes on."""
    monkeypatch.setattr("pycryptodev.uring.load", lambda: liburing.load("liburing.so.99"))
    with pytest.raises(UringMissing, match=r"liburing\.so\.99.*apt install liburing2") as caught:
        Ring(sha256)
    assert isinstance(caught.value, ImportError)
    assert caught.value.hint == "apt install liburing2"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.hint) == (str(caught.value), caught.value.hint)
    assert sha256.digest(b"text") == hashlib.sha256(b"text").digest()


def test_liburing_is_too_old() -> None:
    """Any other library lacks its functions."""
    with pytest.raises(UringMissing, match="or newer"):
        liburing.load("libc.so.6")


def test_cffi_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "cffi":
            raise ModuleNotFoundError("No module named 'cffi'")
        return imported(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UringMissing, match="apt install python3-cffi"):
        liburing.load("another")


class _Refusing:
    """liburing on a kernel that has no io_uring for us."""

    def __init__(self, result: int) -> None:
        self.result = result

    def io_uring_queue_init(self, *arguments: object) -> int:
        return self.result


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_io_uring_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, sha256: CryptoDevice, number: int
) -> None:
    ffi, _ = liburing.load()
    monkeypatch.setattr("pycryptodev.uring.load", lambda: (ffi, _Refusing(-number)))
    with pytest.raises(NotSupported, match="switched off") as caught:
        Ring(sha256)
    assert caught.value.errno == number


# Cancel and the end


def test_cancel(ring: Ring) -> None:
    submitted = ring.submit([Request(Op.DIGEST, bytes(1 << 20))] * 32)
    assert ring.cancel(submitted[-1])
    ring.reap(32)
    assert isinstance(submitted[-1].get().error, Cancelled)
    assert submitted[0].get().written == 32
    assert not ring.cancel(submitted[0])
    assert not ring.cancel(Pending(Request(Op.DIGEST)))


def test_cancel_all(ring: Ring) -> None:
    submitted = ring.submit([Request(Op.DIGEST, bytes(1 << 20))] * 32)
    count = ring.cancel_all()
    assert 0 < count <= 32
    ring.reap(32)
    assert sum(isinstance(each.get().error, Cancelled) for each in submitted) == count


def test_close_waits_for_what_runs(sha256: CryptoDevice) -> None:
    ring = Ring(sha256)
    submitted = ring.submit([Request(Op.DIGEST, bytes(1 << 20))] * 32)
    ring.close()
    ring.close()
    assert all(pending.done for pending in submitted)
    for use in (ring.reap, ring.fileno, ring.cancel_all, lambda: ring.submit([])):
        with pytest.raises(DeviceClosed):
            use()
    assert "closed" in repr(ring)
    assert sha256.digest(b"") == hashlib.sha256().digest()


def test_the_device_may_be_closed_first() -> None:
    device = CryptoDevice("sha256")
    with Ring(device) as ring:
        device.close()
        assert ring.run([Request(Op.DIGEST, b"a")])[0].get() == hashlib.sha256(b"a").digest()


def test_a_ring_that_is_forgotten() -> None:
    before = driver_info().contexts_of_user
    with CryptoDevice("sha256") as device:
        Ring(device).submit([Request(Op.DIGEST, bytes(1 << 20))] * 8)
        gc.collect()
    for _ in range(100):
        if driver_info().contexts_of_user == before:
            break
        select.select([], [], [], 0.1)
    assert driver_info().contexts_of_user == before


def in_another_thread(work: Callable[[], object]) -> BaseException | None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return caught[0] if caught else None


def test_another_thread(ring: Ring) -> None:
    assert isinstance(in_another_thread(ring.reap), RuntimeError)
    assert isinstance(in_another_thread(lambda: ring.run([])), RuntimeError)
    assert ring.run([Request(Op.DIGEST, b"a")])[0].get() == hashlib.sha256(b"a").digest()


def test_another_process(ring: Ring) -> None:
    (pending,) = ring.submit([Request(Op.DIGEST, bytes(1 << 20))])
    child = os.fork()
    if not child:
        status = 1
        try:
            ring.reap(1)
        except Cancelled:
            ring.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert ring.reap(1) == [pending]
    assert pending.get().get() == hashlib.sha256(bytes(1 << 20)).digest()
