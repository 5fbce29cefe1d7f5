# SPDX-License-Identifier: MIT
"""Requests that are submitted: awaited, queued and streamed."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import os
import select
import threading
import time
import weakref
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

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
    AsyncCryptoDevice,
    BufferTooSmall,
    Cancelled,
    CorruptInput,
    CryptoDevice,
    DeviceClosed,
    InvalidPadding,
    InvalidRequest,
    InvalidSignature,
    InvalidTag,
    LimitReached,
    NotSupported,
    Op,
    Pending,
    PolicyError,
    Queue,
    Request,
    default_generator,
    driver_info,
)
from pycryptodev.keys import names
from tests import fdinfo

T = TypeVar("T")

KEY = bytes(range(16))
IV = bytes(range(50, 66))
NONCE = IV[:12]
TEXT = os.urandom(5000)

# Longer than what is executed at once.
QUEUED = 8192
# Is under way for longer than the call that submits it, however busy the host is.
LONG = 16 << 20


def run(work: Awaitable[T]) -> T:
    """Run a coroutine in an event loop of its own; one that hangs fails."""

    async def limited() -> T:
        return await asyncio.wait_for(work, 120)

    return asyncio.run(limited())


def slow_requests(count: int) -> list[Request]:
    """Requests of a hash that take the CPUs of the guest a while."""
    text = bytes(1 << 20)
    return [Request(Op.DIGEST, text) for _ in range(count)]


def sha256s(messages: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(message).digest() for message in messages]


def messages_of(count: int, most: int = 5000) -> list[bytes]:
    return [number.to_bytes(4, "big") + bytes(number * 37 % most) for number in range(count)]


@pytest.fixture
def sha256() -> Iterator[CryptoDevice]:
    with CryptoDevice("sha256") as opened:
        yield opened


@pytest.fixture
def queue(sha256: CryptoDevice) -> Iterator[Queue]:
    with sha256.queue() as opened:
        yield opened


# Each class, awaited


@pytest.mark.parametrize("size", [0, 16, 1024, 4096, 65536])
def test_cipher(size: int) -> None:
    text = os.urandom(size)
    judge = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()
    expected = judge.update(text) + judge.finalize()

    async def main() -> None:
        async with AsyncCryptoDevice("cbc(aes)", key=KEY) as device:
            assert await device.encrypt(text, iv=IV) == expected
            assert await device.decrypt(expected, iv=IV) == text
            out = bytearray(b"\xaa" * (size + 5))
            assert await device.encrypt_into(text, out, iv=IV) == size
            assert out == expected + b"\xaa" * 5
            assert await device.decrypt_into(out[:size], out, iv=IV) == size
            assert out == text + b"\xaa" * 5
            if size:
                sealed, following = await device.encrypt_chained(text, iv=IV)
                assert (sealed, following) == (expected, expected[-16:])
                assert await device.decrypt_chained(sealed, iv=IV) == (text, following)

    run(main())


def test_a_long_message_goes_in_pieces() -> None:
    text = os.urandom(1_000_003)
    judge = Cipher(algorithms.AES(KEY), modes.CTR(IV)).encryptor()
    expected = judge.update(text)

    async def main() -> None:
        async with AsyncCryptoDevice("ctr(aes)", key=KEY) as device:
            device._context.cap = 100_000
            assert await device.encrypt(text, iv=IV) == expected
            out = bytearray(text)
            assert await device.encrypt_into(out, out, iv=IV) == len(text)
            assert out == expected
            overlapping = bytearray(b"x" + text)
            view = memoryview(overlapping)
            await device.encrypt_into(view[1:], view[:-1], iv=IV)
            assert overlapping[:-1] == expected
            head, following = await device.encrypt_chained(text[:480_000], iv=IV)
            assert head + await device.encrypt(text[480_000:], iv=following) == expected
        async with AsyncCryptoDevice("sha256") as device:
            device._context.cap = 100_000
            assert await device.digest(text) == hashlib.sha256(text).digest()
            out = bytearray(32)
            assert await device.digest_into(text, out) == 32
            assert out == hashlib.sha256(text).digest()

    run(main())


def test_what_cannot_go_in_pieces_is_refused() -> None:
    long = bytes(driver_info().max_request_bytes + 16)

    async def main() -> None:
        async with AsyncCryptoDevice("gcm(aes)", key=KEY) as device:
            with pytest.raises(LimitReached):
                await device.encrypt(long, iv=NONCE)

    run(main())


@pytest.mark.parametrize("size", [0, 1, 1024, 5000])
def test_aead(size: int) -> None:
    text = TEXT[:size]
    expected = AESGCM(KEY).encrypt(NONCE, text, b"assoc")

    async def main() -> None:
        async with AsyncCryptoDevice("gcm(aes)", key=KEY) as device:
            assert await device.encrypt(text, iv=NONCE, assoc=b"assoc") == expected
            assert await device.decrypt(expected, iv=NONCE, assoc=b"assoc") == text
            out = bytearray(size + 16)
            assert await device.encrypt_into(text, out, iv=NONCE, assoc=b"assoc") == size + 16
            assert out == expected
            with pytest.raises(InvalidTag):
                await device.decrypt(expected, iv=NONCE, assoc=b"another")
            with pytest.raises(InvalidTag):
                await device.decrypt(expected[:15], iv=NONCE)
            kept = bytearray(out)
            out[0] ^= 1
            plain = bytearray(b"\xaa" * size)
            with pytest.raises(InvalidTag):
                await device.decrypt_into(out, plain, iv=NONCE, assoc=b"assoc")
            assert plain == b"\xaa" * size
            assert await device.decrypt_into(kept, kept, iv=NONCE, assoc=b"assoc") == size

    run(main())


def test_hash() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            messages = messages_of(100)
            digests = [device.digest(message) for message in messages]
            assert await asyncio.gather(*digests) == sha256s(messages)
        async with AsyncCryptoDevice("hmac(sha256)", key=b"key") as device:
            assert await device.digest(TEXT) == hmac.digest(b"key", TEXT, "sha256")
            out = bytearray(40)
            assert await device.digest_into(TEXT, out) == 32
            assert out == hmac.digest(b"key", TEXT, "sha256") + bytes(8)
            with pytest.raises(BufferTooSmall):
                await device.digest_into(TEXT, bytearray(31))

    run(main())


def test_random_numbers() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice(default_generator()) as device:
            assert await device.random(0) == b""
            first, second = await asyncio.gather(device.random(300), device.random(300))
            assert len(first) == len(second) == 300
            assert first != second
            out = bytearray(64)
            assert await device.random_into(out, additional=b"more") == 64
            assert out != bytes(64)
            await device.reseed(b"seed")
            with pytest.raises(ValueError, match="negative"):
                await device.random(-1)

    run(main())


@pytest.mark.requires("deflate", AlgClass.COMP)
def test_compression() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("deflate") as device:
            text = b"again and " * 5000
            packed = await device.compress(text)
            assert zlib.decompress(packed, wbits=-15) == text
            packer = zlib.compressobj(wbits=-15)
            judged = packer.compress(text) + packer.flush()
            assert await device.decompress(judged) == text
            assert await device.decompress(judged, most=len(text)) == text
            out = bytearray(len(text))
            size = await device.compress_into(text, out)
            assert zlib.decompress(out[:size], wbits=-15) == text
            assert await device.decompress_into(judged, out) == len(text)
            assert out == text
            with pytest.raises(CorruptInput):
                await device.decompress(b"\xff" * 100)
            with pytest.raises(InvalidRequest):
                await device.compress(b"")

    run(main())


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def public_der(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


@pytest.mark.requires("pkcs1pad(rsa)", AlgClass.AKCIPHER)
def test_asymmetric_encryption(rsa_key: rsa.RSAPrivateKey) -> None:
    async def main() -> None:
        async with AsyncCryptoDevice(
            "pkcs1pad(rsa)", key=private_der(rsa_key), private=True
        ) as device:
            ours = await device.encrypt(b"secret")
            assert rsa_key.decrypt(ours, padding.PKCS1v15()) == b"secret"
            theirs = rsa_key.public_key().encrypt(b"secret", padding.PKCS1v15())
            assert await device.decrypt(theirs) == b"secret"
            with pytest.raises(InvalidPadding):
                await device.decrypt(b"\1" + bytes(255))

    run(main())


def test_signatures(rsa_key: rsa.RSAPrivateKey) -> None:
    digest = hashlib.sha256(TEXT).digest()
    expected = rsa_key.sign(TEXT, padding.PKCS1v15(), hashes.SHA256())
    name = names.rsa_signature("sha256", NODE)

    async def main() -> None:
        async with AsyncCryptoDevice(name, key=private_der(rsa_key), private=True) as device:
            signed = await asyncio.gather(*(device.sign(digest) for _ in range(8)))
            assert signed == [expected] * 8
        async with AsyncCryptoDevice(name, key=public_der(rsa_key)) as device:
            await device.verify(expected, digest)
            with pytest.raises(InvalidSignature):
                await device.verify(expected, hashlib.sha256().digest())

    run(main())


@pytest.mark.requires("ecdh-nist-p256", AlgClass.KPP)
def test_key_agreement() -> None:
    judge = ec.generate_private_key(ec.SECP256R1())
    form = (Encoding.X962, PublicFormat.UncompressedPoint)

    async def main() -> None:
        async with AsyncCryptoDevice("ecdh-nist-p256", generate=True) as device:
            mine = await device.public_key()
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + mine)
            secret = await device.shared_secret(judge.public_key().public_bytes(*form)[1:])
            assert secret == judge.exchange(ec.ECDH(), point)
            with pytest.raises(InvalidRequest):
                await device.shared_secret(bytes(64))

    run(main())


def test_operations_of_other_classes() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("cbc(aes)", key=KEY) as device:
            for wrong in (device.digest(b"x"), device.compress(b"x"), device.public_key()):
                with pytest.raises(NotSupported):
                    await wrong

    run(main())


def test_errors_of_configuration_are_those_of_the_other_device() -> None:
    with pytest.raises(InvalidRequest):
        AsyncCryptoDevice("cbc(aes)", key=b"short")
    with pytest.raises(PolicyError):
        AsyncCryptoDevice("cipher_null", alg_class=AlgClass.SKCIPHER)


# Many at the same time


@pytest.mark.parametrize("size", [64, QUEUED])
def test_thousands_of_tasks(size: int) -> None:
    """More than the driver takes at the same time, and each gets its own result."""
    most = driver_info().max_in_flight
    count = most + 1000 if size == 64 else 2000
    texts = [number.to_bytes(16, "big") * (size // 16) for number in range(count)]
    with CryptoDevice("ctr(aes)", key=KEY) as device:
        results = device.run(Request(Op.ENCRYPT, text, iv=IV) for text in texts)
        expected = [result.get() for result in results]

    async def main() -> None:
        async with AsyncCryptoDevice("ctr(aes)", key=KEY) as device:
            outputs = await asyncio.gather(*(device.encrypt(text, iv=IV) for text in texts))
            assert outputs == expected
            assert len(device._flight) == 0

    run(main())


def test_several_devices_and_classes_in_one_loop() -> None:
    texts = messages_of(200)

    async def main() -> None:
        async with (
            AsyncCryptoDevice("sha256") as one,
            AsyncCryptoDevice("sha512") as other,
            AsyncCryptoDevice("gcm(aes)", key=KEY) as third,
        ):
            ours = await asyncio.gather(
                *(one.digest(text) for text in texts),
                *(other.digest(text) for text in texts),
                *(third.encrypt(text, iv=NONCE) for text in texts),
            )
        judge = AESGCM(KEY)
        assert ours == (
            sha256s(texts)
            + [hashlib.sha512(text).digest() for text in texts]
            + [judge.encrypt(NONCE, text, None) for text in texts]
        )

    run(main())


def test_the_loop_goes_on_meanwhile() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            counting = asyncio.ensure_future(count())
            results = await device.run(slow_requests(32))
            counting.cancel()
        assert {result.get() for result in results} == {hashlib.sha256(bytes(1 << 20)).digest()}

    run(main())
    assert turns >= 10
    assert threading.active_count() == 1


def test_share() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("hmac(sha256)", key=b"key") as device:
            shared = device.share()
        async with shared:
            assert await shared.digest(TEXT) == hmac.digest(b"key", TEXT, "sha256")

    run(main())


def test_one_device_in_one_loop_after_the_other() -> None:
    device = AsyncCryptoDevice("sha256")
    text = bytes(QUEUED)
    for _ in range(3):
        assert run(device.digest(text)) == hashlib.sha256(text).digest()
    device.close()


def test_a_batch_of_a_device() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("cbc(aes)", key=KEY) as device:
            fine, failed = await device.run(
                [Request(Op.ENCRYPT, TEXT[:32], iv=IV), Request(Op.ENCRYPT, TEXT[:33], iv=IV)]
            )
            assert fine.written == 32
            assert isinstance(failed.error, InvalidRequest)
            assert await device.run([]) == []
            with pytest.raises(TypeError):
                await device.run(
                    [Request(Op.ENCRYPT, b"", iv=IV), Request(Op.ENCRYPT, b"", b"", iv=IV)]
                )

    run(main())


# Streams


@pytest.mark.parametrize("depth", [1, 7, 64, 10_000])
def test_a_stream_has_the_results_in_their_order(sha256: CryptoDevice, depth: int) -> None:
    messages = messages_of(300)
    requests = (Request(Op.DIGEST, message) for message in messages)
    digests = [result.get() for result in sha256.stream(requests, depth=depth)]
    assert digests == sha256s(messages)


def test_a_stream_of_failures_goes_on() -> None:
    sizes = [16, 17, 4096, 4097, 0] * 10
    with CryptoDevice("cbc(aes)", key=KEY) as device:
        requests = (Request(Op.ENCRYPT, TEXT[:size], iv=IV) for size in sizes)
        results = list(device.stream(requests))
    assert [result.error is None for result in results] == [size % 16 == 0 for size in sizes]


def test_a_stream_that_is_left(sha256: CryptoDevice) -> None:
    before = driver_info().contexts_of_user
    stream = sha256.stream(slow_requests(100))
    assert next(stream).get() == hashlib.sha256(bytes(1 << 20)).digest()
    assert driver_info().contexts_of_user == before + 1
    del stream
    gc.collect()
    # Requests that were running hold the context to their end.
    until = time.monotonic() + 60
    while driver_info().contexts_of_user > before:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("depth", [1, 7, 64])
def test_an_asynchronous_stream(depth: int) -> None:
    messages = messages_of(200)

    async def requests() -> AsyncIterator[Request]:
        for message in messages:
            await asyncio.sleep(0)
            yield Request(Op.DIGEST, message)

    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            ours = [result.get() async for result in device.stream(requests(), depth=depth)]
            assert ours == sha256s(messages)
            plain = [Request(Op.DIGEST, message) for message in messages]
            ours = [result.get() async for result in device.stream(plain, depth=depth)]
            assert ours == sha256s(messages)

    run(main())


# Queues


def test_a_queue(queue: Queue) -> None:
    messages = messages_of(1000)
    submitted = queue.submit(Request(Op.DIGEST, message) for message in messages)
    ended: list[Pending] = []
    while queue:
        ended += queue.reap(1)
    assert sorted(map(id, ended)) == sorted(map(id, submitted))
    assert [pending.get().get() for pending in submitted] == sha256s(messages)


def test_more_than_the_driver_takes_at_the_same_time(queue: Queue) -> None:
    count = driver_info().max_in_flight + 1000
    messages = [number.to_bytes(4, "big") for number in range(count)]
    submitted = queue.submit(Request(Op.DIGEST, message) for message in messages)
    assert len(queue) == count
    assert len(queue.reap(count)) == count
    assert [pending.get().get() for pending in submitted] == sha256s(messages)


def test_poll_says_when_there_is_a_result(queue: Queue) -> None:
    poll = select.poll()
    poll.register(queue, select.POLLIN)
    assert poll.poll(0) == []
    queue.submit([Request(Op.DIGEST, bytes(LONG))])
    assert poll.poll(60_000) == [(queue.fileno(), select.POLLIN)]
    assert len(queue.reap()) == 1
    assert poll.poll(0) == []


def test_waiting_ends_when_the_time_runs_out(queue: Queue) -> None:
    (*_, last) = queue.submit(slow_requests(50))
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        queue.wait(last, timeout=0.01)
    assert time.monotonic() - begin < 5
    assert len(queue.reap(50, timeout=0.001)) < 50
    assert queue.wait(last).get() == hashlib.sha256(bytes(1 << 20)).digest()


def test_cancel_all(queue: Queue) -> None:
    submitted = queue.submit(slow_requests(200))
    cancelled = queue.cancel_all()
    assert cancelled > 0
    assert len(queue.reap(200)) == 200
    errors = [pending.get().error for pending in submitted]
    assert sum(isinstance(error, Cancelled) for error in errors) == cancelled
    assert sum(error is None for error in errors) == 200 - cancelled


def test_cancel_one(queue: Queue) -> None:
    submitted = queue.submit(slow_requests(50))
    assert queue.cancel(submitted[-1])
    assert isinstance(queue.wait(submitted[-1]).error, Cancelled)
    assert not queue.cancel(submitted[-1])
    assert not isinstance(queue.wait(submitted[0]).error, Cancelled)
    queue.cancel_all()


def test_a_cancelled_request_writes_nothing(queue: Queue) -> None:
    out = bytearray(32)
    queue.submit(slow_requests(20))
    (pending,) = queue.submit([Request(Op.DIGEST, bytes(1 << 20), out)])
    assert queue.cancel(pending)
    queue.wait(pending)
    assert out == bytes(32)


def test_output_is_written_when_it_is_taken(queue: Queue) -> None:
    out = bytearray(32)
    queue.submit([Request(Op.DIGEST, bytes(LONG), out)])
    poll = select.poll()
    poll.register(queue, select.POLLIN)
    assert poll.poll(60_000) == [(queue.fileno(), select.POLLIN)]
    assert out == bytes(32)
    queue.reap(1)
    assert out == hashlib.sha256(bytes(LONG)).digest()


def test_the_input_is_read_when_it_is_submitted() -> None:
    text = bytearray(1 << 20)
    with CryptoDevice("sha256", zero_copy=False) as device, device.queue() as queue:
        queue.submit(slow_requests(10))
        (pending,) = queue.submit([Request(Op.DIGEST, text)])
        text[:] = b"x" * len(text)
        assert queue.wait(pending).get() == hashlib.sha256(bytes(1 << 20)).digest()


# Ends


class Buffer(bytearray):
    """One that can be asked whether it is still there."""


@pytest.mark.parametrize("how", ["close", "drop"])
def test_buffers_live_until_the_end(sha256: CryptoDevice, how: str) -> None:
    queue = sha256.queue()
    out = Buffer(32)
    alive = weakref.ref(out)
    queue.submit([*slow_requests(50), Request(Op.DIGEST, bytes(QUEUED), out)])
    del out
    gc.collect()
    assert alive() is not None
    if how == "close":
        queue.close()
    del queue
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("repetition", range(5))
def test_closing_does_not_wait(sha256: CryptoDevice, repetition: int) -> None:
    queue = sha256.queue()
    submitted = queue.submit(slow_requests(60))
    begin = time.monotonic()
    queue.close()
    assert time.monotonic() - begin < 5
    assert any(isinstance(pending.get().error, DeviceClosed) for pending in submitted)
    with pytest.raises(DeviceClosed):
        queue.reap()


def test_the_device_may_be_closed_before_its_queue(sha256: CryptoDevice) -> None:
    queue = sha256.queue()
    sha256.close()
    with queue:
        assert queue.run([Request(Op.DIGEST, b"abc")])[0].get() == hashlib.sha256(b"abc").digest()


def test_closing_a_device_ends_its_tasks() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            tasks = [
                asyncio.ensure_future(device.digest(request.src))  # type: ignore[arg-type]
                for request in slow_requests(50)
            ]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(result, DeviceClosed) for result in results)
        with pytest.raises(DeviceClosed):
            await device.digest(b"x")
        assert not device

    run(main())


def test_a_cancelled_task_cancels_its_request() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            text = bytes(1 << 20)
            tasks = [asyncio.ensure_future(device.digest(text)) for _ in range(100)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for task in tasks[1:]:
                task.cancel()
            assert await tasks[0] == hashlib.sha256(text).digest()
            results = await asyncio.gather(*tasks[1:], return_exceptions=True)
            assert any(isinstance(result, asyncio.CancelledError) for result in results)
            # What was running ends in its time, and the device goes on.
            assert await device.digest(b"abc") == hashlib.sha256(b"abc").digest()
            cancelled = fdinfo.numbers(device.fileno())["cancelled"]
            assert cancelled > 50

    run(main())


def test_a_time_limit_of_asyncio() -> None:
    async def main() -> None:
        async with AsyncCryptoDevice("sha256") as device:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(device.run(slow_requests(200)), 0.05)
            assert await device.digest(b"abc") == hashlib.sha256(b"abc").digest()

    run(main())


def test_a_device_that_nobody_uses_goes_away() -> None:
    async def main() -> None:
        device = AsyncCryptoDevice("sha256")
        await device.digest(bytes(QUEUED))
        gone = weakref.ref(device)
        with pytest.warns(ResourceWarning):
            del device
            gc.collect()
        assert gone() is None

    run(main())


# Other processes


def in_a_child(work: Callable[[], Any]) -> str:
    """What a function does in a child: the name of the exception's class, or its result."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = repr(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writes, said.encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    return said


def test_after_fork_the_other_process_is_told(queue: Queue) -> None:
    submitted = queue.submit(slow_requests(3))
    for work in (queue.reap, queue.cancel_all, lambda: queue.submit(slow_requests(1))):
        assert in_a_child(work).startswith("Cancelled: ")
    assert len(queue.reap(3)) == 3
    assert all(pending.get().error is None for pending in submitted)


def test_after_fork_the_other_process_makes_a_queue_of_its_own(sha256: CryptoDevice) -> None:
    def work() -> bytes:
        with sha256.queue() as queue:
            (result,) = queue.run([Request(Op.DIGEST, bytes(QUEUED))])
            return result.get()

    assert in_a_child(work) == repr(hashlib.sha256(bytes(QUEUED)).digest())


def test_what_another_process_takes_is_cancelled_and_not_written(queue: Queue) -> None:
    """As the driver says it, to a child that does not mind whose queue it is."""
    out = bytearray(32)
    (pending,) = queue.submit([Request(Op.DIGEST, bytes(LONG), out)])

    def work() -> tuple[str, bool]:
        queue._flight._process = os.getpid()
        return type(queue.wait(pending).error).__name__, out == bytes(32)

    assert in_a_child(work) == "('Cancelled', True)"
    assert queue.reap(1, timeout=1) == []
    assert out == bytes(32)


def test_after_fork_a_device_is_shared_anew() -> None:
    device = AsyncCryptoDevice("sha256")
    text = bytes(QUEUED)
    assert run(device.digest(text)) == hashlib.sha256(text).digest()
    assert in_a_child(lambda: run(device.digest(text))).startswith("Cancelled: ")
    shared = in_a_child(lambda: run(device.share().digest(text)))
    assert shared == repr(hashlib.sha256(text).digest())
    device.close()
