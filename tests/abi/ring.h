/* SPDX-License-Identifier: MIT */
/* Requests by io_uring: rings of every kind, and commands on a context. */
#ifndef RING_H
#define RING_H

#include <stdint.h>

#include <liburing.h>
#include <linux/devcrypto.h>

/* Later than the header of Debian 12. */
#define RING_COMMAND_FIXED	1U

/* A kind of ring; a test of each is a row. */
struct ring_kind {
	const char *name;
	unsigned int flags;
};

/* The rings that a program may choose from. */
extern const struct ring_kind ring_kinds[];
#define RING_KINDS	4

/* What IORING_OP_URING_CMD has of its own. */
struct ring_command {
	uint32_t cmd_op;
	uint32_t flags;
	struct devcrypto_uring payload;
};

/* What becomes of a command. */
struct ring_result {
	uint64_t user_data;
	int res;
};

void ring_open(struct io_uring *ring, unsigned int entries, unsigned int flags);
/* A command that names a request and succeeds if that does. */
struct ring_command ring_command_of(const struct devcrypto_request *request);
/* Puts a command on the ring; it can still be changed. */
struct io_uring_sqe *ring_put(struct io_uring *ring, int fd, const struct ring_command *command);
/* Puts a request on the ring, with its user_data. */
struct io_uring_sqe *ring_put_request(struct io_uring *ring, int fd,
				      const struct devcrypto_request *request);
/* Puts what has io_uring cancel the commands of that user_data. */
struct io_uring_sqe *ring_put_cancel(struct io_uring *ring, uint64_t user_data);
void ring_submit(struct io_uring *ring, unsigned int count);
/* Waits for a command to end. */
struct ring_result ring_wait(struct io_uring *ring);
/* Has none ended? */
int ring_is_silent(struct io_uring *ring);
/* Puts, submits and waits; the CQE's res. */
int ring_run(struct io_uring *ring, int fd, const struct devcrypto_request *request);
int ring_run_command(struct io_uring *ring, int fd, const struct ring_command *command);

#endif /* RING_H */
