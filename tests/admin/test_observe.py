# SPDX-License-Identifier: MIT
"""What an administrator sees of the device at work, and that no secret is part of it."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycryptodev import AlgClass, CryptoDevice, Op, Request, _ioctl, default_generator
from tests import fdinfo
from tests.admin.users import NODE, error_of, run_as

TRACING = Path("/sys/kernel/tracing")
EVENTS = TRACING / "events/devcrypto"

# Every field of every event. Whoever adds one has to see here that it is no secret.
FIELDS = {
    "devcrypto_config": {"context", "name", "driver", "result"},
    "devcrypto_submit": {"context", "user_data", "op", "src_bytes"},
    "devcrypto_start": {"context", "user_data", "op", "src_bytes"},
    "devcrypto_cancel": {"context", "user_data", "op", "src_bytes"},
    "devcrypto_complete": {"context", "user_data", "result", "out_bytes"},
}
WINDOW = 6

SetParameter = Callable[[str, int], None]

# So much for one worker that some are waiting when they are cancelled: seconds of a processor.
SLOW_BYTES = 8 << 20
SLOW = Request(Op.DIGEST, bytes(SLOW_BYTES))
MANY = 12


# --- fdinfo -----------------------------------------------------------------------------------


def test_fdinfo_of_a_new_context() -> None:
    descriptor = os.open(NODE, os.O_RDWR)
    assert fdinfo.lines(descriptor) == {"state": "new"}
    os.close(descriptor)


def test_query_leaves_the_context_new() -> None:
    descriptor = os.open(NODE, os.O_RDWR)
    _ioctl.config(descriptor, "sha256", AlgClass.HASH, flags=1)
    assert fdinfo.lines(descriptor) == {"state": "new"}
    os.close(descriptor)


@pytest.mark.parametrize(
    ("name", "key", "alg_class"),
    [
        ("cbc(aes)", bytes(16), "skcipher"),
        ("gcm(aes)", bytes(16), "aead"),
        ("sha256", b"", "hash"),
        ("", b"", "rng"),
    ],
)
def test_fdinfo_of_a_configured_context(name: str, key: bytes, alg_class: str) -> None:
    name = name or default_generator()
    with CryptoDevice(name, key=key) as device:
        assert fdinfo.lines(device.fileno()) == {
            "state": "configured",
            "class": alg_class,
            "name": name,
            "driver": device.info.driver,
            "in-flight": "0",
            "finished": "0",
            "done": "0",
            "failed": "0",
            "cancelled": "0",
            "bytes-copied": "0",
            "bytes-zerocopy": "0",
            "bytes-pinned": "0",
        }


def test_fdinfo_counts() -> None:
    with CryptoDevice("cbc(aes)", key=bytes(16)) as device:
        good = Request(Op.ENCRYPT, bytes(64), iv=bytes(16))
        early = Request(Op.ENCRYPT, bytes(64), iv=bytes(15))
        late = Request(Op.ENCRYPT, bytes(33), iv=bytes(16))
        errors = [result.error for result in device.run([good, early, good, late])]
        assert [error and error.errno for error in errors] == [
            None,
            errno.EINVAL,
            None,
            errno.EINVAL,
        ]
        seen = fdinfo.lines(device.fileno())
    # In and out of the good ones; of the last one, what the algorithm then refused.
    assert (seen["done"], seen["failed"]) == ("2", "2")
    assert seen["bytes-copied"] == str(2 * (64 + 64) + 33)


def test_fdinfo_counts_associated_data() -> None:
    with CryptoDevice("gcm(aes)", key=bytes(16)) as device:
        device.encrypt(bytes(64), iv=bytes(12), assoc=bytes(20))
        assert fdinfo.lines(device.fileno())["bytes-copied"] == str(64 + 20 + 64)


def test_fdinfo_counts_what_was_submitted(set_parameter: SetParameter) -> None:
    set_parameter("max_workers_per_user", 1)
    with CryptoDevice("sha256") as device, device.queue() as queue:
        queue.submit([SLOW] * MANY)
        seen = fdinfo.lines(queue.fileno())
        # What submit() has taken already is done.
        assert sum(int(seen[key]) for key in ("in-flight", "finished", "done")) == MANY
        assert int(seen["in-flight"])
        cancelled = queue.cancel_all()
        while len(queue):
            queue.reap(1)
        seen = fdinfo.lines(queue.fileno())
        assert (seen["in-flight"], seen["finished"], seen["failed"]) == ("0", "0", "0")
        assert (int(seen["cancelled"]), int(seen["done"])) == (cancelled, MANY - cancelled)
        assert cancelled


# --- tracepoints ------------------------------------------------------------------------------


@contextmanager
def tracing() -> Iterator[None]:
    """Record the device's events."""
    (TRACING / "trace").write_text("", encoding="ascii")
    (EVENTS / "enable").write_text("1", encoding="ascii")
    try:
        yield
    finally:
        (EVENTS / "enable").write_text("0", encoding="ascii")


def recorded() -> list[tuple[str, dict[str, str]]]:
    """Events in the trace: name and fields."""
    events = []
    for line in (TRACING / "trace").read_text(encoding="ascii").splitlines():
        match = re.search(r": (devcrypto_\w+): (.*)$", line)
        if match:
            words = (word.split("=", 1) for word in match[2].split(" "))
            events.append((match[1], dict(words)))
    return events


def raw_records() -> bytes:
    """The trace as it lies in the kernel's memory."""
    raw = b""
    for path in sorted(TRACING.glob("per_cpu/cpu*/trace_pipe_raw")):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while page := os.read(descriptor, 65536):
                raw += page
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)
    return raw


def fields_of(event: str) -> set[str]:
    """Fields of an event, without those that all events have."""
    text = (EVENTS / event / "format").read_text(encoding="ascii")
    names = re.findall(r"field:[^;]*?(\w+)(?:\[\w*\])?;", text)
    return {name for name in names if not name.startswith("common_")}


def test_events_have_no_other_fields() -> None:
    assert {path.parent.name for path in EVENTS.glob("*/format")} == set(FIELDS)
    assert {event: fields_of(event) for event in FIELDS} == FIELDS


def test_events_of_a_request() -> None:
    with tracing():
        with CryptoDevice("cbc(aes)", alg_class=AlgClass.SKCIPHER, key=bytes(16)) as device:
            device.encrypt(bytes(48), iv=bytes(16))
        events = recorded()
    assert [name for name, _ in events] == [
        "devcrypto_config",
        "devcrypto_start",
        "devcrypto_complete",
    ]
    config, start, complete = (fields for _, fields in events)
    context = config.pop("context")
    assert config == {"name": "cbc(aes)", "driver": device.info.driver, "result": "0"}
    assert start == {
        "context": context,
        "user_data": "0x0",
        "op": str(int(Op.ENCRYPT)),
        "src_bytes": "48",
    }
    assert complete == {
        "context": context,
        "user_data": "0x0",
        "result": "0",
        "out_bytes": "48",
    }


def test_events_of_submitted_requests(set_parameter: SetParameter) -> None:
    set_parameter("max_workers_per_user", 1)
    with tracing():
        with CryptoDevice("sha256") as device, device.queue() as queue:
            queue.submit([SLOW] * MANY)
            cancelled = queue.cancel_all()
            while len(queue):
                queue.reap(1)
        events = recorded()
    assert cancelled
    of = {
        event: [fields for name, fields in events if name == f"devcrypto_{event}"]
        for event in ("submit", "start", "complete", "cancel")
    }
    every = {fields["user_data"] for fields in of["submit"]}
    assert len(every) == len(of["submit"]) == MANY
    # Each has one end, and either began or was cancelled.
    assert sorted(fields["user_data"] for fields in of["complete"]) == sorted(every)
    assert len(of["cancel"]) == cancelled
    began = {fields["user_data"] for fields in of["start"]}
    assert began.isdisjoint({fields["user_data"] for fields in of["cancel"]})
    assert len(began) == MANY - cancelled
    ended = Counter(fields["result"] for fields in of["complete"])
    assert ended[str(-errno.ECANCELED)] == cancelled
    assert ended["0"] == MANY - cancelled
    (submitted, *_) = of["submit"]
    assert (submitted["op"], submitted["src_bytes"]) == (str(int(Op.DIGEST)), str(SLOW_BYTES))


def test_events_of_failures() -> None:
    with tracing():
        assert run_as("member", refused_name) == errno.EPERM
        assert (
            error_of(lambda: CryptoDevice("cbc(aes)", key=bytes(15), alg_class=AlgClass.SKCIPHER))
            == errno.EINVAL
        )
        with CryptoDevice("gcm(aes)", key=bytes(16), alg_class=AlgClass.AEAD) as device:
            assert error_of(lambda: device.decrypt(bytes(32), iv=bytes(12))) == errno.EBADMSG
        events = recorded()
    results = [(name, int(fields["result"])) for name, fields in events if "result" in fields]
    assert results == [
        ("devcrypto_config", -errno.EPERM),
        ("devcrypto_config", -errno.EINVAL),
        ("devcrypto_config", 0),
        ("devcrypto_complete", -errno.EBADMSG),
    ]


def windows(secret: bytes) -> set[bytes]:
    """Every run of some bytes of a secret."""
    return {secret[at : at + WINDOW] for at in range(len(secret) - WINDOW + 1)}


def use_secrets() -> dict[str, bytes]:
    """Use every class with random secrets, which are returned by what they are."""
    secrets = {
        name: os.urandom(size)
        for name, size in {"key": 32, "iv": 16, "text": 64, "assoc": 24, "seed": 48}.items()
    }
    key, iv, text, assoc = (secrets[name] for name in ("key", "iv", "text", "assoc"))
    with CryptoDevice("cbc(aes)", key=key) as device:
        secrets["ciphertext"] = device.encrypt(text, iv=iv)
    with CryptoDevice("gcm(aes)", key=key) as device:
        secrets["sealed"] = device.encrypt(text, iv=iv[:12], assoc=assoc)
        damaged = secrets["sealed"][:-1] + bytes([secrets["sealed"][-1] ^ 1])
        assert error_of(lambda: device.decrypt(damaged, iv=iv[:12], assoc=assoc)) == errno.EBADMSG
    with CryptoDevice("hmac(sha256)", key=key) as device:
        secrets["mac"] = device.digest(text)
    with CryptoDevice(default_generator()) as device:
        device.reseed(secrets["seed"][: device.info.seed_bytes or None])
        secrets["random"] = device.random(64, additional=text)
    return secrets


def test_trace_holds_no_secret() -> None:
    with tracing():
        secrets = use_secrets()
        text = (TRACING / "trace").read_text(encoding="ascii")
        raw = raw_records()
    assert text.count("devcrypto_complete") == 6
    assert b"hmac(sha256)" in raw, "the records are not in what was read: the test is blind"
    for what, secret in secrets.items():
        assert not [part for part in windows(secret) if part in raw], what
        for part in windows(secret):
            assert part.hex() not in text, what
            assert part[::-1].hex() not in text, what


# --- kernel log -------------------------------------------------------------------------------


def kernel_log() -> list[str]:
    """Records of the kernel log so far."""
    descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    records = []
    try:
        while True:
            records.append(os.read(descriptor, 8192).decode("utf-8", "replace"))
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
    return records


def refused_name() -> int:
    """Errno of asking for a name that the policy does not list."""
    return error_of(lambda: CryptoDevice("ecb(cipher_null)", alg_class=AlgClass.SKCIPHER))


def test_user_cannot_write_to_the_kernel_log() -> None:
    before = kernel_log()

    def fail_in_every_way() -> list[int]:
        with CryptoDevice("cbc(aes)", key=bytes(16)) as device:
            return [
                refused_name(),
                error_of(lambda: CryptoDevice("cbc(aes)", key=bytes(15))),
                error_of(lambda: CryptoDevice("cbc(aes", key=bytes(16))),
                error_of(lambda: device.encrypt(bytes(15), iv=bytes(16))),
                error_of(lambda: _ioctl.config(device, "cbc(aes)", 99)),
            ]

    assert run_as("member", fail_in_every_way) == [
        errno.EPERM,
        errno.EINVAL,
        errno.EINVAL,
        errno.EINVAL,
        errno.EOPNOTSUPP,
    ]
    assert [line for line in kernel_log() if line not in before] == []
