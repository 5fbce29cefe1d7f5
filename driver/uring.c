// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests by io_uring.
 *
 * A command becomes a request of the context's queue. What the issuing thread
 * can execute at once it ends at once; of every other request the end is told by
 * a callback in the task that issued the command, which may write to its memory.
 * The ring holds the file until then. A task that is exiting has its callbacks
 * run by a thread without its memory, and gets nothing written.
 */
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "private.h"

/* Size of the first published version. */
#define DC_MIN_URING_BYTES	offsetofend(struct devcrypto_uring, segment_bytes)

/* Writes the result, frees the request and tells of its end. */
static void dc_uring_end(struct dc_request *rq, unsigned int issue_flags)
{
	struct io_uring_cmd *cmd = rq->uring;
	struct dc_queue *q = &rq->ctx->queue;
	int res;

	dc_request_store_once(rq);
	if (rq->mm == current->mm &&
	    dc_packet_answer(rq, rq->user, rq->user_bytes) && !rq->error)
		rq->error = -EFAULT;
	res = rq->error ?: rq->out_bytes;
	dc_request_let_go(rq);
	dc_queue_unreserve(q, &q->nr_uring, 1);
	/* The file, and with it the context, may be gone behind this. */
	dc_uring_done(cmd, res, issue_flags);
}

static struct dc_request **dc_uring_request(struct io_uring_cmd *cmd)
{
	return (struct dc_request **)cmd->pdu;
}

static void dc_uring_called_back(DC_URING_CALLBACK_ARGS)
{
	dc_uring_end(*dc_uring_request(DC_URING_CALLBACK_CMD),
		     DC_URING_CALLBACK_FLAGS);
}

/* In any context, under the queue's lock. */
void dc_uring_finished(struct dc_request *rq)
{
	io_uring_cmd_complete_in_task(rq->uring, dc_uring_called_back);
}

/* Did the command name a registered buffer? */
bool dc_uring_is_fixed(const struct dc_request *rq)
{
	return rq->uring && rq->uring->flags & IORING_URING_CMD_FIXED;
}

/*
 * Has the task that issued the command been killed? Then its ring waits for all
 * that it has, and what has not begun need not begin.
 */
bool dc_uring_is_void(const struct dc_request *rq)
{
	const struct task_struct *task;

	if (!rq->uring)
		return false;
	task = dc_uring_task(rq->uring);
	return READ_ONCE(task->flags) & PF_EXITING ||
	       READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT;
}

/*
 * The range of the registered buffer, for writing, as every page that stands in
 * a scatterlist; only while the command is being issued.
 */
int dc_uring_import(const struct dc_request *rq, u64 addr, u32 bytes,
		    struct iov_iter *iter)
{
	return dc_uring_import_fixed(rq->uring, addr, bytes, iter,
				     rq->issue_flags);
}

/* Reads the payload, each field once: it lies in memory of the caller's. */
static int dc_uring_payload_get(const struct io_uring_cmd *cmd,
				struct dc_packets *packets)
{
	const struct devcrypto_uring *payload = dc_uring_payload(cmd);
	const u64 request = READ_ONCE(payload->request);
	const u32 request_bytes = READ_ONCE(payload->request_bytes);
	const u32 segment_bytes = READ_ONCE(payload->segment_bytes);

	if ((cmd->cmd_op ^ DEVCRYPTO_URING_REQUEST) & ~IOCSIZE_MASK)
		return -EOPNOTSUPP;
	/* A longer one does not fit into an SQE. */
	if (_IOC_SIZE(cmd->cmd_op) < DC_MIN_URING_BYTES)
		return -EINVAL;
	if (_IOC_SIZE(cmd->cmd_op) > sizeof(*payload))
		return -E2BIG;
	return dc_packets_set(packets, request, 1, request_bytes,
			      segment_bytes);
}

static int dc_uring_room(struct dc_queue *q, struct io_uring_cmd *cmd,
			 unsigned int issue_flags)
{
	while (!dc_queue_reserve(q, &q->nr_uring, 1)) {
		if (issue_flags & IO_URING_F_NONBLOCK) {
			dc_uring_keep_sqe(cmd);
			return -EAGAIN;
		}
		if (wait_event_interruptible(q->wait, dc_queue_has_room(q, 1)))
			return -EINTR;
	}
	return 0;
}

static struct dc_request *dc_uring_load(struct dc_context *ctx,
					struct dc_packets *packets,
					struct io_uring_cmd *cmd,
					unsigned int issue_flags)
{
	void __user *user = packets->user;
	struct dc_request *rq = dc_request_get(ctx);
	int err;

	if (!rq)
		return ERR_PTR(-ENOMEM);
	err = dc_packets_next(packets, rq);
	if (err) {
		dc_request_put(rq);
		return ERR_PTR(err);
	}
	rq->uring = cmd;
	rq->issue_flags = issue_flags;
	rq->user = user;
	rq->user_bytes = packets->bytes;
	*dc_uring_request(cmd) = rq;
	dc_request_submit(rq);
	return rq;
}

/**
 * dc_uring_cmd() - a command of io_uring
 * @cmd: the command
 * @issue_flags: of io_uring
 *
 * Return: -EIOCBQUEUED, and the end will be told; or an error.
 */
int dc_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct dc_context *ctx = cmd->file->private_data;
	struct dc_queue *q = &ctx->queue;
	struct dc_packets packets;
	struct dc_request *rq;
	int err;

	if (dc_uring_polls(cmd))
		return -EOPNOTSUPP;
	if (!dc_context_tfm(ctx))
		return -ENOTCONN;
	err = dc_uring_payload_get(cmd, &packets);
	if (!err)
		err = dc_uring_room(q, cmd, issue_flags);
	if (err)
		return err;
	rq = dc_uring_load(ctx, &packets, cmd, issue_flags);
	if (IS_ERR(rq)) {
		dc_queue_unreserve(q, &q->nr_uring, 1);
		return PTR_ERR(rq);
	}
	if (dc_queue_add(rq) && dc_queue_execute(rq)) {
		dc_queue_remove(rq);
		dc_uring_end(rq, issue_flags);
	}
	return -EIOCBQUEUED;
}
