# SPDX-License-Identifier: MIT
"""liburing, by cffi: what a ring of requests needs of it.

The library is loaded when the first ring is made. Its functions that exist as inline functions of
its header only are a line or two here, on structures that the library's ABI has fixed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cffi import FFI

__all__ = ["SETUP", "UringMissing", "load"]

_LIBRARY = "liburing.so.2"

# One thread submits, and requests end in its calls only: IORING_SETUP_SINGLE_ISSUER and
# IORING_SETUP_DEFER_TASKRUN.
SETUP = 1 << 12 | 1 << 13

_DECLARATIONS = """
struct io_uring_sqe {
    uint8_t opcode, flags;
    uint16_t ioprio;
    int32_t fd;
    uint32_t cmd_op, pad;
    uint64_t addr;
    uint32_t len, cmd_flags;
    uint64_t user_data;
    uint16_t buf_index, personality;
    uint32_t file_index;
    uint64_t request;
    uint32_t request_bytes, segment_bytes;
};
struct io_uring_cqe {
    uint64_t user_data;
    int32_t res;
    uint32_t flags;
};
struct io_uring_sq {
    unsigned *khead, *ktail, *kring_mask, *kring_entries, *kflags, *kdropped, *array;
    struct io_uring_sqe *sqes;
    unsigned sqe_head, sqe_tail;
    size_t ring_sz;
    void *ring_ptr;
    unsigned pad[4];
};
struct io_uring_cq {
    unsigned *khead, *ktail, *kring_mask, *kring_entries, *kflags, *koverflow;
    struct io_uring_cqe *cqes;
    size_t ring_sz;
    void *ring_ptr;
    unsigned pad[4];
};
struct io_uring {
    struct io_uring_sq sq;
    struct io_uring_cq cq;
    unsigned flags;
    int ring_fd;
    unsigned pad[4];
};
struct __kernel_timespec { int64_t tv_sec; long long tv_nsec; };
struct iovec { void *iov_base; size_t iov_len; };

int io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
void io_uring_queue_exit(struct io_uring *ring);
int io_uring_register_buffers(struct io_uring *ring, const struct iovec *iovecs, unsigned count);
struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring);
int io_uring_submit_and_get_events(struct io_uring *ring);
int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
    unsigned wait_nr, struct __kernel_timespec *ts, void *sigmask);
unsigned io_uring_peek_batch_cqe(struct io_uring *ring, struct io_uring_cqe **cqes, unsigned count);
"""


class UringMissing(ImportError):
    """liburing is not there, or too old.

    Attributes:
        hint: the command that helps.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self).removesuffix(f"; {self.hint}"), self.hint)


@cache
def load(library: str = _LIBRARY) -> tuple[FFI, Any]:
    """Return the types and the functions.

    Raises:
        UringMissing: there is no such library, or no cffi to declare its functions with.
    """
    try:
        # The extension of the client does with a part of cffi, which is all that it may have.
        from cffi import FFI
    except ImportError as error:
        raise UringMissing(f"no cffi ({error})", "apt install python3-cffi") from None
    ffi = FFI()
    ffi.cdef(_DECLARATIONS)
    try:
        functions: Any = ffi.dlopen(library)
        # The youngest of them: liburing 2.3.
        _ = functions.io_uring_submit_and_get_events
    except (OSError, AttributeError) as error:
        raise UringMissing(f"no liburing 2.3 or newer ({error})", "apt install liburing2") from None
    return ffi, functions
