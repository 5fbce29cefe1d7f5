# SPDX-License-Identifier: MIT
"""Limits that the administrator sets: what they bound, and that what is used comes back."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from pycryptodev import AlgClass, CryptoDevice, Op, Request, driver_info, query
from tests.admin import driver
from tests.admin.conftest import SetParameter
from tests.admin.users import Holder, error_of, run_as

CONTEXTS = "max_contexts_per_user"
REQUEST_BYTES = "max_request_bytes"
MEMORY = "max_memory_per_user"
IN_FLIGHT = "max_in_flight"
WORKERS = "max_workers_per_user"
INLINE = "inline_bytes"
KIB = 1024
LEAST_REQUEST_BYTES = 64 * KIB
MOST_REQUEST_BYTES = 64 * KIB * KIB


def device() -> CryptoDevice:
    """A configured context whose requests are copied to memory of the driver, of any size."""
    return CryptoDevice("sha256", alg_class=AlgClass.HASH, zero_copy=False)


def open_until_refused(most: int = 64) -> tuple[int, int]:
    """Configure contexts until it fails; returns how many succeeded and the errno."""
    held: list[CryptoDevice] = []
    error = error_of(lambda: held.extend(device() for _ in range(most)))
    return len(held), error


def set_error(set_parameter: SetParameter, name: str, value: int) -> int:
    """Errno of setting a parameter."""
    return error_of(lambda: set_parameter(name, value))


# --- contexts of a user -----------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_contexts_are_limited(set_parameter: SetParameter, limit: int) -> None:
    set_parameter(CONTEXTS, limit)
    assert driver_info().max_contexts_per_user == limit
    assert run_as("member", open_until_refused) == (limit, errno.EDQUOT)


def test_limit_holds_for_root_too(set_parameter: SetParameter) -> None:
    set_parameter(CONTEXTS, 2)
    assert run_as("root", open_until_refused) == (2, errno.EDQUOT)


def test_refused_context_can_be_configured_later(set_parameter: SetParameter) -> None:
    set_parameter(CONTEXTS, 1)

    def free_one() -> tuple[int, int, int]:
        with device():
            refused = error_of(device)
            used = driver_info().contexts_of_user
        return refused, used, error_of(lambda: device().close())

    assert run_as("member", free_one) == (errno.EDQUOT, 1, 0)


def test_other_users_are_not_affected(set_parameter: SetParameter) -> None:
    set_parameter(CONTEXTS, 2)
    holder = Holder("member", lambda: [device(), device()])
    try:
        assert run_as("member", open_until_refused) == (0, errno.EDQUOT)
        assert run_as("outsider", open_until_refused, ("crypto",)) == (2, errno.EDQUOT)
    finally:
        holder.kill()


def test_killed_process_gives_its_contexts_back(set_parameter: SetParameter) -> None:
    set_parameter(CONTEXTS, 2)
    Holder("member", lambda: [device(), device()]).kill()
    assert run_as("member", lambda: driver_info().contexts_of_user) == 0
    assert run_as("member", open_until_refused) == (2, errno.EDQUOT)


def test_unconfigured_contexts_do_not_count(set_parameter: SetParameter) -> None:
    set_parameter(CONTEXTS, 1)

    def open_many() -> tuple[int, int]:
        descriptors = [os.open("/dev/crypto", os.O_RDWR) for _ in range(8)]
        used = driver_info().contexts_of_user
        error = error_of(device)
        for descriptor in descriptors:
            os.close(descriptor)
        return used, error

    assert run_as("member", open_many) == (0, 0)


def test_lower_limit_does_not_take_contexts_away(set_parameter: SetParameter) -> None:
    with device() as first, device() as second:
        set_parameter(CONTEXTS, 1)
        assert first.digest(b"") == second.digest(b"")
        assert driver_info().contexts_of_user == 2
        assert error_of(device) == errno.EDQUOT


# --- bytes of a request -----------------------------------------------------------------------


def run_one(name: str, key: bytes, request: Callable[[CryptoDevice], Request]) -> int:
    """Errno of one request on a context of its own."""
    with CryptoDevice(name, key=key) as configured:
        error = configured.run([request(configured)])[0].error
    return 0 if error is None else error.errno or -1


def cipher_source(size: int) -> int:
    """Errno of encrypting that many bytes."""
    return run_one("ctr(aes)", bytes(16), lambda _: Request(Op.ENCRYPT, bytes(size), iv=bytes(16)))


def message(size: int) -> int:
    """Errno of hashing that many bytes."""
    return run_one("sha256", b"", lambda _: Request(Op.DIGEST, bytes(size)))


def random_bytes(size: int) -> int:
    """Errno of drawing that many random bytes."""
    return run_one("drbg_nopr_ctr_aes256", b"", lambda _: Request(Op.GENERATE, dst_bytes=size))


@pytest.mark.parametrize(
    "attempt",
    [
        cipher_source,
        message,
        pytest.param(random_bytes, marks=pytest.mark.requires("drbg_nopr_ctr_aes256")),
    ],
)
def test_request_is_limited(set_parameter: SetParameter, attempt: Callable[[int], int]) -> None:
    set_parameter(REQUEST_BYTES, LEAST_REQUEST_BYTES)
    assert attempt(LEAST_REQUEST_BYTES) == 0
    assert attempt(LEAST_REQUEST_BYTES + 1) == errno.EDQUOT
    set_parameter(REQUEST_BYTES, LEAST_REQUEST_BYTES + 1)
    assert attempt(LEAST_REQUEST_BYTES + 1) == 0


def test_limit_of_a_request_is_told(set_parameter: SetParameter) -> None:
    set_parameter(REQUEST_BYTES, 123456)
    assert run_as("member", lambda: driver_info().max_request_bytes) == 123456


def test_open_context_keeps_to_the_new_limit(set_parameter: SetParameter) -> None:
    request = Request(Op.DIGEST, bytes(LEAST_REQUEST_BYTES + 1))
    with device() as configured:
        assert configured.run([request])[0].error is None
        set_parameter(REQUEST_BYTES, LEAST_REQUEST_BYTES)
        error = configured.run([request])[0].error
        assert error is not None
        assert error.errno == errno.EDQUOT


def test_client_cuts_at_the_new_limit(set_parameter: SetParameter) -> None:
    data = os.urandom(5 * LEAST_REQUEST_BYTES + 1)
    with CryptoDevice("ctr(aes)", key=bytes(16)) as cipher, device() as digest:
        want = cipher.encrypt(data, iv=bytes(16)), digest.digest(data)
        set_parameter(REQUEST_BYTES, LEAST_REQUEST_BYTES)
        assert (cipher.encrypt(data, iv=bytes(16)), digest.digest(data)) == want


@pytest.mark.parametrize("value", [0, LEAST_REQUEST_BYTES - 1, MOST_REQUEST_BYTES + 1, -1])
def test_value_out_of_range_is_refused(set_parameter: SetParameter, value: int) -> None:
    before = driver_info().max_request_bytes
    assert set_error(set_parameter, REQUEST_BYTES, value) == errno.EINVAL
    assert driver_info().max_request_bytes == before


@pytest.mark.parametrize("value", [LEAST_REQUEST_BYTES, MOST_REQUEST_BYTES])
def test_ends_of_the_range_are_taken(set_parameter: SetParameter, value: int) -> None:
    set_parameter(REQUEST_BYTES, value)
    assert driver_info().max_request_bytes == value


# --- memory of a user -------------------------------------------------------------------------


def hash_error(configured: CryptoDevice, size: int) -> int:
    """Errno of hashing that many bytes in one request."""
    error = configured.run([Request(Op.DIGEST, bytes(size))])[0].error
    return 0 if error is None else error.errno or -1


def memory_of_user() -> int:
    """Payload memory that the caller's user has in the driver."""
    return driver_info().memory_of_user


def test_memory_is_limited(set_parameter: SetParameter) -> None:
    set_parameter(MEMORY, 128 * KIB)
    assert driver_info().max_memory_per_user == 128 * KIB

    def use() -> list[int]:
        with device() as configured:
            return [hash_error(configured, size * KIB) for size in (128, 129, 128)]

    assert run_as("member", use) == [0, errno.EDQUOT, 0]


def test_contexts_share_the_memory_of_their_user(set_parameter: SetParameter) -> None:
    set_parameter(MEMORY, 128 * KIB)

    def use() -> tuple[int, int, int]:
        with device() as first, device() as second:
            kept = hash_error(first, 96 * KIB)
            refused = hash_error(second, 96 * KIB)
            first.close()
            return kept, refused, hash_error(second, 96 * KIB)

    assert run_as("member", use) == (0, errno.EDQUOT, 0)


def test_refused_request_keeps_no_memory(set_parameter: SetParameter) -> None:
    set_parameter(MEMORY, 128 * KIB)

    def use() -> tuple[int, int]:
        with device() as configured:
            return hash_error(configured, 320 * KIB), memory_of_user()

    assert run_as("member", use) == (errno.EDQUOT, 0)


def test_memory_comes_back() -> None:
    def use() -> tuple[int, int, int, int]:
        before = memory_of_user()
        with device() as configured:
            unused = memory_of_user()
            assert hash_error(configured, 4096 * KIB) == 0
            kept = memory_of_user()
        return before, unused, kept, memory_of_user()

    before, unused, kept, after = run_as("member", use)
    assert (before, unused, after) == (0, 0, 0)
    assert 0 < kept <= 64 * KIB


def compress_error(name: str) -> int:
    """Errno of compressing one block."""
    with CryptoDevice(name, alg_class=AlgClass.COMP) as codec:
        error = codec.run([Request(Op.COMPRESS, bytes(1000), dst_bytes=1000)])[0].error
        return 0 if error is None else error.errno or -1


def test_working_memory_of_a_codec_counts(set_parameter: SetParameter) -> None:
    set_parameter(MEMORY, 128 * KIB)
    pooled = not query("zstd", AlgClass.COMP).driver.endswith("-scomp")
    refused = 0 if pooled else errno.EDQUOT
    assert run_as("member", lambda: compress_error("zstd")) == refused
    assert run_as("member", lambda: compress_error("lzo")) == 0
    assert run_as("member", memory_of_user) == 0


def test_memory_of_other_users_is_theirs(set_parameter: SetParameter) -> None:
    set_parameter(MEMORY, 128 * KIB)

    def hold() -> CryptoDevice:
        configured = device()
        assert hash_error(configured, 128 * KIB) == 0
        return configured

    holder = Holder("member", hold)
    try:
        assert run_as("member", memory_of_user) == 64 * KIB
        assert run_as("outsider", memory_of_user, ("crypto",)) == 0
        assert run_as("outsider", lambda: hash_error(device(), 128 * KIB), ("crypto",)) == 0
        assert run_as("member", lambda: hash_error(device(), 96 * KIB)) == errno.EDQUOT
    finally:
        holder.kill()
    assert run_as("member", memory_of_user) == 0


# --- who sets them ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CONTEXTS, REQUEST_BYTES, MEMORY])
def test_member_reads_and_cannot_write(set_parameter: SetParameter, name: str) -> None:
    path = driver.PARAMETERS / name
    value = run_as("member", lambda: int(path.read_text(encoding="ascii")))
    assert value == getattr(driver_info(), name)
    assert run_as("member", lambda: set_error(set_parameter, name, value)) == errno.EACCES


@pytest.mark.usefixtures("reloadable")
def test_values_can_be_given_at_load() -> None:
    driver.unload()
    driver.load(f"{CONTEXTS}=5", f"{REQUEST_BYTES}=70000", f"{MEMORY}=900000")
    info = driver_info()
    driver.unload()
    seen = info.max_contexts_per_user, info.max_request_bytes, info.max_memory_per_user
    assert seen == (5, 70000, 900000)


def test_module_tells_its_parameters() -> None:
    names = {path.name for path in driver.PARAMETERS.iterdir()}
    assert names == {CONTEXTS, REQUEST_BYTES, MEMORY, IN_FLIGHT, WORKERS, INLINE}


@pytest.mark.parametrize("value", [0, 4095, 65537])
def test_room_for_less_than_a_chain_is_refused(value: int) -> None:
    before = (driver.PARAMETERS / IN_FLIGHT).read_text(encoding="ascii")
    with pytest.raises(OSError) as refused:
        (driver.PARAMETERS / IN_FLIGHT).write_text(str(value), encoding="ascii")
    assert refused.value.errno == errno.EINVAL
    assert (driver.PARAMETERS / IN_FLIGHT).read_text(encoding="ascii") == before
