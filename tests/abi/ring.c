// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "harness.h"
#include "ring.h"

/* Later than the header of Debian 12, too. */
#define SETUP_DEFER_TASKRUN	(1U << 13)

const struct ring_kind ring_kinds[] = {
	{ "plain", 0 },
	{ "defer_taskrun", SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER },
	{ "sqpoll", IORING_SETUP_SQPOLL },
	{ "sqe128", IORING_SETUP_SQE128 },
};

void ring_open(struct io_uring *ring, unsigned int entries, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };

	ASSERT_EQ(0, io_uring_queue_init_params(entries, ring, &params));
}

struct ring_command ring_command_of(const struct devcrypto_request *request)
{
	struct ring_command command = {
		.cmd_op = DEVCRYPTO_URING_REQUEST,
		.payload = {
			.request = address_of(request),
			.request_bytes = sizeof(*request),
		},
	};

	return command;
}

struct io_uring_sqe *ring_put(struct io_uring *ring, int fd, const struct ring_command *command)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	unsigned char *payload;

	ASSERT_TRUE(sqe);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->off = command->cmd_op;
	sqe->rw_flags = command->flags;
	payload = (unsigned char *)sqe + offsetof(struct io_uring_sqe, addr3);
	memcpy(payload, &command->payload, sizeof(command->payload));
	return sqe;
}

struct io_uring_sqe *ring_put_request(struct io_uring *ring, int fd,
				      const struct devcrypto_request *request)
{
	const struct ring_command command = ring_command_of(request);
	struct io_uring_sqe *sqe = ring_put(ring, fd, &command);

	sqe->user_data = request->user_data;
	return sqe;
}

struct io_uring_sqe *ring_put_cancel(struct io_uring *ring, uint64_t user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	ASSERT_TRUE(sqe);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->addr = user_data;
	return sqe;
}

void ring_submit(struct io_uring *ring, unsigned int count)
{
	const int submitted = io_uring_submit(ring);

	/* The kernel's thread may have been faster, or may not have told of the last ones. */
	if (ring->flags & IORING_SETUP_SQPOLL)
		ASSERT_TRUE(submitted >= 0);
	else
		ASSERT_EQ(count, submitted);
}

struct ring_result ring_wait(struct io_uring *ring)
{
	struct ring_result result;
	struct io_uring_cqe *cqe;

	ASSERT_EQ(0, io_uring_wait_cqe(ring, &cqe));
	result = (struct ring_result){ .user_data = cqe->user_data, .res = cqe->res };
	io_uring_cqe_seen(ring, cqe);
	return result;
}

int ring_is_silent(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	return io_uring_peek_cqe(ring, &cqe) == -EAGAIN;
}

int ring_run_command(struct io_uring *ring, int fd, const struct ring_command *command)
{
	ring_put(ring, fd, command);
	ring_submit(ring, 1);
	return ring_wait(ring).res;
}

int ring_run(struct io_uring *ring, int fd, const struct devcrypto_request *request)
{
	const struct ring_command command = ring_command_of(request);

	return ring_run_command(ring, fd, &command);
}
