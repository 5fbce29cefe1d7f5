// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that a thread runs and waits for.
 *
 * A waiter that is killed while an engine works on its request leaves the
 * request to the engine's answer, after which a workqueue frees it.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "private.h"
#include "trace.h"

/*
 * dc_request.owner while the algorithm has the request. The first to move it
 * away from DC_RUNNING leaves the request to the other.
 */
enum {
	DC_RUNNING,
	DC_COMPLETED,
	DC_ORPHANED,
};

static void dc_run_answered(struct dc_request *rq)
{
	if (atomic_xchg(&rq->owner, DC_COMPLETED) == DC_ORPHANED)
		queue_work(dc_workqueue, &rq->orphan);
	else
		complete(&rq->done);
}

static void dc_run_orphan(struct work_struct *work)
{
	struct dc_request *rq = container_of(work, struct dc_request, orphan);
	struct dc_context *ctx = rq->ctx;

	/* The steps that were left are not taken: the operation failed. */
	dc_request_release(rq, -EINTR);
	trace_devcrypto_complete(rq, -EINTR);
	dc_request_end(rq);
	dc_request_free(rq);
	dc_context_put(ctx);
	/* dc_request_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/*
 * Waits for the engine. Returns false if the thread was killed first: then the
 * request is no longer the caller's.
 */
static bool dc_run_wait(struct dc_request *rq)
{
	if (!wait_for_completion_killable(&rq->done))
		return true;
	dc_context_get(rq->ctx);
	__module_get(THIS_MODULE);
	if (atomic_cmpxchg(&rq->owner, DC_RUNNING, DC_ORPHANED) == DC_RUNNING)
		return false;
	module_put(THIS_MODULE);
	dc_context_put(rq->ctx);
	wait_for_completion(&rq->done);
	return true;
}

/*
 * Hands a step to the algorithm. An engine that ignores MAY_BACKLOG and has no
 * room left is asked again: its full queue is nothing for the caller.
 */
static int dc_run_start(struct dc_request *rq)
{
	int err;

	for (;;) {
		atomic_set(&rq->owner, DC_RUNNING);
		reinit_completion(&rq->done);
		err = rq->ctx->tfm->class->start(rq);
		if (!dc_request_was_refused(rq, err))
			return err;
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

/* Executes the steps. Returns false if the request was lost to the engine. */
static bool dc_run_execute(struct dc_request *rq)
{
	int err = 0;

	trace_devcrypto_start(rq);
	for (rq->step = 0; rq->step < rq->steps && !err; rq->step++) {
		if (rq->step) {
			cond_resched();
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				break;
			}
		}
		err = dc_run_start(rq);
		if (dc_request_was_taken(rq->callback_flags, err)) {
			if (!dc_run_wait(rq))
				return false;
			err = rq->error;
		} else if (!err) {
			dc_request_learn(rq, DC_ANSWERS_AT_ONCE);
		}
	}
	rq->error = err;
	return true;
}

/*
 * Runs a loaded request. Returns false if it was lost to the engine, else the
 * result stands in rq->error.
 */
static bool dc_run_loaded(struct dc_request *rq)
{
	int err = dc_request_begin(rq);

	if (!err) {
		if (!dc_run_execute(rq))
			return false;
		err = dc_request_error(rq, rq->error);
		if (!err)
			err = rq->ctx->tfm->class->store(rq);
	}
	dc_request_release(rq, err);
	trace_devcrypto_complete(rq, err);
	return true;
}

/*
 * Runs a request that was read; @doomed: one that it is chained to failed.
 * Returns false if it was lost to the engine.
 */
static bool dc_run_request(struct dc_request *rq, bool doomed)
{
	rq->error = doomed ? -ECANCELED : dc_request_load(rq);
	if (!rq->error && !dc_run_loaded(rq))
		return false;
	dc_request_end(rq);
	return true;
}

/**
 * dc_ioctl_run() - DEVCRYPTO_IOC_RUN
 * @call: the call
 * @arg: where the packets are
 *
 * Return: number of packets executed, or an error if that is none.
 */
long dc_ioctl_run(const struct dc_call *call, union dc_argument *arg)
{
	struct dc_context *ctx = call->file->private_data;
	const struct devcrypto_run *run = &arg->run;
	struct dc_packets packets;
	struct dc_request *rq;
	bool doomed = false;
	u32 done = 0;
	int err;

	if (!dc_context_tfm(ctx))
		return -ENOTCONN;
	if (run->flags)
		return -EINVAL;
	err = dc_packets_set(&packets, run->requests, run->count,
			     run->request_bytes, run->segment_bytes);
	if (err)
		return err;

	rq = dc_request_get(ctx);
	if (!rq)
		return -ENOMEM;
	rq->callback_flags = CRYPTO_TFM_REQ_MAY_BACKLOG |
			     CRYPTO_TFM_REQ_MAY_SLEEP;
	rq->answered = dc_run_answered;
	INIT_WORK(&rq->orphan, dc_run_orphan);
	while (packets.left) {
		void __user *user = packets.user;

		if (done) {
			cond_resched();
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				break;
			}
		}
		err = dc_packets_next(&packets, rq);
		if (err)
			break;
		if (!dc_run_request(rq, doomed))
			return done ?: -EINTR;
		err = dc_packet_answer(rq, user, run->request_bytes);
		if (err)
			break;
		doomed = rq->error && rq->packet.flags & DEVCRYPTO_REQUEST_CHAIN;
		done++;
	}
	dc_request_put(rq);
	return done ?: err;
}
