// SPDX-License-Identifier: MIT
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <liburing.h>

#include "flight.h"

/* So many at the same time; source and destination of all fit into the usual RLIMIT_MEMLOCK. */
#define DEPTH	32

void flight_submit(const struct device *device, struct devcrypto_request *requests, size_t count)
{
	struct devcrypto_completion completions[DEPTH];
	size_t sent = 0, ended = 0, left, room, i;

	for (i = 0; i < count; i++)
		requests[i].user_data = i;
	while (ended < count) {
		left = count - sent;
		room = DEPTH - (sent - ended);

		struct devcrypto_submit call = {
			.completions = (uintptr_t)completions,
			.max_completions = DEPTH,
			.completion_bytes = sizeof(*completions),
			.min_completions = 1,
		};

		if (left) {
			call.requests = (uintptr_t)(requests + sent);
			call.count = left < room ? left : room;
			call.request_bytes = sizeof(*requests);
		}
		if (ioctl(device->fd, DEVCRYPTO_IOC_SUBMIT, &call))
			err(1, "DEVCRYPTO_IOC_SUBMIT");
		sent += call.out_submitted;
		ended += call.out_completed;
		for (i = 0; i < call.out_completed; i++) {
			struct devcrypto_request *request = requests + completions[i].user_data;

			request->out_result = completions[i].result;
			request->out_bytes = completions[i].out_bytes;
			request->out_flags = completions[i].flags;
		}
	}
}

/* A place in the registered buffer, and the request that has it. */
struct slot {
	unsigned char *text;
	struct devcrypto_request *asked, request;
};

struct uring {
	struct io_uring ring;
	unsigned char *buffer;
	struct slot slots[DEPTH];
};

static void check(int result, const char *what)
{
	if (result < 0) {
		errno = -result;
		err(1, "%s", what);
	}
}

static void uring_begin(struct uring *uring)
{
	struct iovec whole = { .iov_len = DEPTH * FLIGHT_PIECE };
	size_t i;

	uring->buffer = aligned_alloc(FLIGHT_PIECE, whole.iov_len);
	if (!uring->buffer)
		err(1, "%zu bytes", whole.iov_len);
	whole.iov_base = uring->buffer;
	for (i = 0; i < DEPTH; i++)
		uring->slots[i].text = uring->buffer + i * FLIGHT_PIECE;
	check(io_uring_queue_init(DEPTH, &uring->ring, 0), "io_uring");
	check(io_uring_register_buffers(&uring->ring, &whole, 1), "io_uring_register_buffers");
}

/* A text that has the length of its source is written over it; a digest is not. */
static bool in_place(const struct devcrypto_request *request)
{
	return request->dst_bytes == request->src_bytes;
}

static void uring_send(struct uring *uring, const struct device *device, struct slot *slot,
		       struct devcrypto_request *asked)
{
	const struct devcrypto_uring payload = {
		.request = (uintptr_t)&slot->request,
		.request_bytes = sizeof(slot->request),
	};
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	slot->asked = asked;
	slot->request = *asked;
	memcpy(slot->text, (const void *)(uintptr_t)asked->src, asked->src_bytes);
	slot->request.src = (uintptr_t)slot->text;
	if (in_place(asked))
		slot->request.dst = slot->request.src;

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, device->fd, NULL, 0, 0);
	sqe->cmd_op = DEVCRYPTO_URING_REQUEST;
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
	sqe->buf_index = 0;
	memcpy(sqe->cmd, &payload, sizeof(payload));
	io_uring_sqe_set_data(sqe, slot);
}

/* Waits for a request to end, and returns its slot. */
static struct slot *uring_take(struct uring *uring)
{
	struct io_uring_cqe *cqe;
	struct slot *slot;

	check(io_uring_submit_and_wait(&uring->ring, 1), "io_uring_submit_and_wait");
	check(io_uring_wait_cqe(&uring->ring, &cqe), "io_uring_wait_cqe");
	slot = io_uring_cqe_get_data(cqe);
	/* Of a request that was not read there is nothing but this. */
	slot->asked->out_result = cqe->res < 0 ? cqe->res : slot->request.out_result;
	slot->asked->out_bytes = slot->request.out_bytes;
	slot->asked->out_flags = slot->request.out_flags;
	if (in_place(slot->asked))
		memcpy((void *)(uintptr_t)slot->asked->dst, slot->text, slot->asked->dst_bytes);
	io_uring_cqe_seen(&uring->ring, cqe);
	return slot;
}

void flight_uring(const struct device *device, struct devcrypto_request *requests, size_t count)
{
	struct uring uring;
	size_t sent, ended;

	uring_begin(&uring);
	for (sent = 0; sent < count && sent < DEPTH; sent++)
		uring_send(&uring, device, &uring.slots[sent], &requests[sent]);
	for (ended = 0; ended < count; ended++) {
		struct slot *slot = uring_take(&uring);

		if (sent < count)
			uring_send(&uring, device, slot, &requests[sent++]);
	}
	io_uring_queue_exit(&uring.ring);
	free(uring.buffer);
}
