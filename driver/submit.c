// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submitting requests and reaping their completions, from the caller's side.
 *
 * Input is copied when a request is submitted and output when it is reaped, both
 * by threads of the address space that submitted it: it is compared, and
 * nothing is ever written into another one.
 */
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "private.h"

/* Size of the first published version. */
#define DC_MIN_COMPLETION_BYTES \
	offsetofend(struct devcrypto_completion, reserved)

/* Completions that are taken out of the queue at once. */
#define DC_REAP_BATCH	64U

/**
 * struct dc_submission - one DEVCRYPTO_IOC_SUBMIT
 * @ctx: the context
 * @nonblock: the descriptor is O_NONBLOCK
 * @deadline: when waiting ends; KTIME_MAX = never
 * @packets: what is to be submitted
 * @submitted: how many were
 * @first: of a chain that is not complete yet, else NULL
 * @last: its last request so far
 * @places: places in the queue that are reserved for what comes next
 * @wanted: places that the thread waits for
 * @to: where the next completion is to be written
 * @completion_bytes: distance of two completions
 * @max: completions wanted at most
 * @taken: completions written
 */
struct dc_submission {
	struct dc_context *ctx;
	bool nonblock;
	ktime_t deadline;
	struct dc_packets packets;
	u32 submitted;
	struct dc_request *first;
	struct dc_request *last;
	u32 places;
	u32 wanted;
	void __user *to;
	u32 completion_bytes;
	u32 max;
	u32 taken;
};

static ktime_t dc_submission_left(const struct dc_submission *s)
{
	if (s->deadline == KTIME_MAX)
		return KTIME_MAX;
	return max_t(ktime_t, ktime_sub(s->deadline, ktime_get()), 0);
}

/* Waits in the context's queue: 0, -EAGAIN, -ETIME or -EINTR. */
static int dc_submission_wait(struct dc_submission *s,
			      bool (*condition)(const struct dc_submission *s))
{
	int err;

	if (s->nonblock)
		return -EAGAIN;
	err = wait_event_interruptible_hrtimeout(s->ctx->queue.wait,
						 condition(s),
						 dc_submission_left(s));
	return err == -ERESTARTSYS ? -EINTR : err;
}

static int dc_reap_tell(const struct dc_request *rq,
			struct devcrypto_completion __user *to)
{
	const u32 flags = dc_request_out_flags(rq);

	if (!user_write_access_begin(to, sizeof(*to)))
		return -EFAULT;
	unsafe_put_user(rq->packet.user_data, &to->user_data, fault);
	unsafe_put_user(rq->error, &to->result, fault);
	unsafe_put_user(rq->out_bytes, &to->out_bytes, fault);
	unsafe_put_user(flags, &to->flags, fault);
	unsafe_put_user(0, &to->reserved, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/* Takes what has finished, as far as it is wanted. */
static int dc_reap(struct dc_submission *s)
{
	struct dc_queue *q = &s->ctx->queue;
	struct dc_request *rq, *next;
	LIST_HEAD(finished);
	unsigned int nr;
	int err;

	while (s->taken < s->max) {
		nr = dc_queue_take(q, &finished,
				   min(s->max - s->taken, DC_REAP_BATCH));
		if (!nr)
			break;
		list_for_each_entry_safe(rq, next, &finished, list) {
			/* Nothing has happened to one that cannot be told of. */
			err = dc_reap_tell(rq, s->to);
			if (!err) {
				dc_request_store_once(rq);
				err = dc_reap_tell(rq, s->to);
			}
			if (err) {
				dc_queue_put_back(q, &finished, nr);
				return err;
			}
			list_del(&rq->list);
			dc_request_let_go(rq);
			s->to += s->completion_bytes;
			s->taken++;
			nr--;
		}
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static bool dc_reap_can_go_on(const struct dc_submission *s)
{
	const struct dc_queue *q = &s->ctx->queue;

	return dc_queue_has_finished(q) || !dc_queue_is_open(q);
}

/* Takes completions until there are @min, or none can come any more. */
static int dc_reap_wait(struct dc_submission *s, u32 min)
{
	struct dc_queue *q = &s->ctx->queue;
	int err;

	for (;;) {
		/* Asked first: what was open may finish at any moment. */
		const bool open = dc_queue_is_open(q);

		err = dc_reap(s);
		if (err || s->taken >= min || !open)
			return err;
		err = dc_submission_wait(s, dc_reap_can_go_on);
		if (err)
			return err;
	}
}

static bool dc_submit_can_go_on(const struct dc_submission *s)
{
	const struct dc_queue *q = &s->ctx->queue;

	return dc_queue_has_room(q, s->wanted) ||
	       (s->taken < s->max && dc_queue_has_finished(q));
}

/*
 * Reserves places in the queue, all at once, if need be by taking completions:
 * who waits for room has none that others wait for.
 */
static int dc_submit_room(struct dc_submission *s, u32 nr)
{
	struct dc_queue *q = &s->ctx->queue;
	int err;

	s->wanted = nr;
	while (!dc_queue_reserve(q, &q->nr_open, nr)) {
		const u32 taken = s->taken;

		err = dc_reap(s);
		if (err)
			return err;
		if (s->taken > taken)
			continue;
		err = dc_submission_wait(s, dc_submit_can_go_on);
		if (err)
			return err;
	}
	s->places = nr;
	return 0;
}

/* Hands the chain over, and gives back the places that it did not need. */
static void dc_submit_chain(struct dc_submission *s)
{
	struct dc_queue *q = &s->ctx->queue;

	if (s->first && dc_queue_add(s->first) && dc_queue_execute(s->first))
		dc_queue_finish(s->first);
	dc_queue_unreserve(q, &q->nr_open, s->places);
	s->first = NULL;
	s->last = NULL;
	s->places = 0;
}

/* A chain may take all that is left; its first request has one place. */
static int dc_submit_chain_room(struct dc_submission *s)
{
	struct dc_queue *q = &s->ctx->queue;

	dc_queue_unreserve(q, &q->nr_open, s->places);
	s->places = 0;
	return dc_submit_room(s, 1 + s->packets.left);
}

/* Reads a request and, with those that are chained to it, hands it over. */
static int dc_submit_next(struct dc_submission *s)
{
	struct dc_request *rq = dc_request_get(s->ctx);
	bool chains;
	int err;

	if (!rq)
		return -ENOMEM;
	err = dc_packets_next(&s->packets, rq);
	chains = !err && s->packets.left &&
		 rq->packet.flags & DEVCRYPTO_REQUEST_CHAIN;
	if (chains && !s->first)
		err = dc_submit_chain_room(s);
	if (err) {
		dc_request_put(rq);
		return err;
	}
	dc_request_submit(rq);
	s->submitted++;
	s->places--;
	if (s->last)
		s->last->next = rq;
	else
		s->first = rq;
	s->last = rq;
	if (!chains)
		dc_submit_chain(s);
	return 0;
}

static int dc_submit_all(struct dc_submission *s)
{
	int err = 0;

	while (s->packets.left && !err) {
		if (s->submitted) {
			cond_resched();
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				break;
			}
		}
		if (!s->places)
			err = dc_submit_room(s, 1);
		if (!err)
			err = dc_submit_next(s);
	}
	/* One that could not be read, or a kill, has cut a chain off. */
	dc_submit_chain(s);
	return err;
}

static int dc_submission_check(struct dc_submission *s,
			       const struct devcrypto_submit *submit)
{
	int err = 0;

	if (submit->flags || submit->reserved ||
	    submit->min_completions > submit->max_completions)
		return -EINVAL;
	if (submit->count)
		err = dc_packets_set(&s->packets, submit->requests,
				     submit->count, submit->request_bytes,
				     submit->segment_bytes);
	if (err || !submit->max_completions)
		return err;
	if (submit->completions != (uintptr_t)submit->completions)
		return -EFAULT;
	s->to = u64_to_user_ptr(submit->completions);
	s->completion_bytes = submit->completion_bytes;
	s->max = submit->max_completions;
	return dc_element_check(submit->completion_bytes,
				DC_MIN_COMPLETION_BYTES);
}

/* Says what happened, before anything does too: then nothing has. */
static int dc_submission_answer(const struct dc_submission *s,
				const struct dc_call *call)
{
	struct devcrypto_submit __user *user = call->user;

	if (!user_write_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_put_user(s->submitted, &user->out_submitted, fault);
	unsafe_put_user(s->taken, &user->out_completed, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/**
 * dc_ioctl_submit() - DEVCRYPTO_IOC_SUBMIT
 * @call: the call
 * @arg: what the caller wants
 *
 * Return: 0 or an error.
 */
long dc_ioctl_submit(const struct dc_call *call, union dc_argument *arg)
{
	const struct devcrypto_submit *submit = &arg->submit;
	struct dc_submission s = {
		.ctx = call->file->private_data,
		.nonblock = call->file->f_flags & O_NONBLOCK,
		.deadline = KTIME_MAX,
	};
	int err;

	if (!dc_context_tfm(s.ctx))
		return -ENOTCONN;
	err = dc_submission_check(&s, submit);
	if (!err)
		err = dc_submission_answer(&s, call);
	if (err)
		return err;
	if (submit->timeout_ns)
		s.deadline = ktime_add_safe(ktime_get(),
					    min_t(u64, submit->timeout_ns,
						  KTIME_MAX));
	err = dc_submit_all(&s);
	if (!err || s.submitted)
		err = dc_reap_wait(&s, submit->min_completions);
	if (s.submitted || s.taken)
		return dc_submission_answer(&s, call);
	/*
	 * It was no signal that ended the wait, but io_uring, which has something
	 * for the thread to do on its way out. A timeout would begin anew.
	 */
	if (err == -EINTR && s.deadline == KTIME_MAX &&
	    !task_sigpending(current))
		err = -ERESTARTNOINTR;
	return err;
}

/**
 * dc_ioctl_cancel() - DEVCRYPTO_IOC_CANCEL
 * @call: the call
 * @arg: what to cancel
 *
 * Return: 0 or an error.
 */
long dc_ioctl_cancel(const struct dc_call *call, union dc_argument *arg)
{
	struct dc_context *ctx = call->file->private_data;
	struct devcrypto_cancel *cancel = &arg->cancel;
	int err;

	if (!dc_context_tfm(ctx))
		return -ENOTCONN;
	if (cancel->flags & ~DEVCRYPTO_CANCEL_ALL || cancel->reserved ||
	    (cancel->flags & DEVCRYPTO_CANCEL_ALL && cancel->user_data))
		return -EINVAL;
	cancel->out_cancelled = 0;
	cancel->out_running = 0;
	err = dc_call_answer(call, cancel, sizeof(*cancel));
	if (err)
		return err;
	dc_queue_cancel(&ctx->queue, cancel);
	err = dc_call_answer(call, cancel, sizeof(*cancel));
	if (!err && cancel->out_running && !cancel->out_cancelled)
		err = -EALREADY;
	return err;
}

/**
 * dc_ioctl_eventfd() - DEVCRYPTO_IOC_EVENTFD
 * @call: the call
 * @arg: the descriptor
 *
 * Return: 0 or an error.
 */
long dc_ioctl_eventfd(const struct dc_call *call, union dc_argument *arg)
{
	const struct devcrypto_eventfd *eventfd = &arg->eventfd;
	struct dc_context *ctx = call->file->private_data;
	struct eventfd_ctx *signal = NULL;

	if (!dc_context_tfm(ctx))
		return -ENOTCONN;
	if (eventfd->reserved || eventfd->fd < -1)
		return -EINVAL;
	if (eventfd->fd >= 0)
		signal = eventfd_ctx_fdget(eventfd->fd);
	if (IS_ERR(signal))
		return -EINVAL;
	dc_queue_set_eventfd(&ctx->queue, signal);
	return 0;
}

__poll_t dc_poll(struct file *file, poll_table *wait)
{
	struct dc_context *ctx = file->private_data;
	struct dc_queue *q = &ctx->queue;
	__poll_t events = 0;

	poll_wait(file, &q->wait, wait);
	if (!dc_context_tfm(ctx))
		return EPOLLERR;
	if (dc_queue_has_finished(q))
		events |= EPOLLIN | EPOLLRDNORM;
	if (dc_queue_has_room(q, 1))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}
