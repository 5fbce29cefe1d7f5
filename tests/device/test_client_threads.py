# SPDX-License-Identifier: MIT
"""Threads that share a device, and signals.

What is promised: every method of a CryptoDevice may be called from any number of threads, each call
gets the result of its own arguments, and other threads run while the driver works. A hash object
belongs to one thread at a time. close() is not to be called while a thread uses the device.
"""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import CryptoDevice, Op, Request, driver_info

THREADS = 4
ROUNDS = 60


def in_threads(work: Callable[[int], None]) -> None:
    """Call a function with the numbers of the threads, all beginning at once."""
    barrier = threading.Barrier(THREADS)

    def begin(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        for each in [pool.submit(begin, number) for number in range(THREADS)]:
            each.result()


def test_each_thread_gets_its_own_ciphertext() -> None:
    key = bytes(range(16))
    judge = AESGCM(key)
    with CryptoDevice("gcm(aes)", key=key) as device:

        def work(number: int) -> None:
            for round_ in range(ROUNDS):
                nonce = bytes([number, round_]) + bytes(10)
                text = bytes([number]) * (round_ * 97)
                assoc = bytes([round_]) * number
                sealed = device.encrypt(text, iv=nonce, assoc=assoc)
                assert sealed == judge.encrypt(nonce, text, assoc)
                assert device.decrypt(sealed, iv=nonce, assoc=assoc) == text

        in_threads(work)


def test_each_thread_gets_its_own_iv() -> None:
    with CryptoDevice("cbc(aes)", key=bytes(16)) as device:

        def work(number: int) -> None:
            iv = bytes([number]) * 16
            for round_ in range(ROUNDS):
                ciphertext, following = device.encrypt_chained(bytes([round_]) * 64, iv=iv)
                assert following == ciphertext[-16:]
                assert device.decrypt(ciphertext, iv=iv) == bytes([round_]) * 64
                iv = following

        in_threads(work)


def test_each_thread_gets_its_own_batch() -> None:
    with CryptoDevice("sha256") as device:

        def work(number: int) -> None:
            for round_ in range(ROUNDS // 10):
                messages = [bytes([number, round_, each]) * each for each in range(30)]
                results = device.run(Request(Op.DIGEST, message) for message in messages)
                assert [result.get() for result in results] == [
                    hashlib.sha256(message).digest() for message in messages
                ]

        in_threads(work)


def test_each_thread_has_its_own_hash_object() -> None:
    with CryptoDevice("sha256") as device:

        def work(number: int) -> None:
            for round_ in range(ROUNDS // 10):
                ours, expected = device.hash(), hashlib.sha256()
                for _ in range(10):
                    ours.update(bytes([number]) * round_)
                    expected.update(bytes([number]) * round_)
                assert ours.digest() == expected.digest()

        in_threads(work)


def test_other_threads_run_while_the_driver_works() -> None:
    buffer = bytearray(driver_info().max_request_bytes)
    began, ended = threading.Event(), threading.Event()
    with CryptoDevice("cbc(camellia-generic)", key=bytes(16)) as device:

        def work() -> None:
            began.set()
            device.encrypt_into(buffer, buffer, iv=bytes(16))
            ended.set()

        worker = threading.Thread(target=work)
        worker.start()
        began.wait()
        turns = 0
        while not ended.is_set():
            time.sleep(0.001)
            turns += 1
        worker.join()
    assert turns >= 20


def test_signals_do_not_disturb() -> None:
    signals = 0

    def count(*_: object) -> None:
        nonlocal signals
        signals += 1

    before = signal.signal(signal.SIGALRM, count)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        text = bytes(1 << 20)
        for _ in range(20):
            with CryptoDevice("cbc(aes)", key=bytes(16)) as device:
                ciphertext = device.encrypt(text, iv=bytes(16))
                assert device.decrypt(ciphertext, iv=bytes(16)) == text
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert signals >= 20
