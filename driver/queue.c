// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue of a context: what was submitted and has not been reaped.
 *
 * A request is pending, running or finished, and moves that way under the
 * queue's lock. Of a chain the queue has the first request; when that has
 * finished, the next one takes its place, or is doomed if it failed: then a
 * worker cancels all that are left, beside those that wait. Whoever executes a request has it on
 * the list of the running ones and touches neither it nor the context after
 * the algorithm took it, or after it finished: whoever reaps may free it then.
 *
 * An engine gets requests from the thread that submits them, as long as it has
 * room. What it refuses stays pending and goes on from its next answer. All
 * other requests are for the workers.
 */
#include <linux/eventfd.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "private.h"
#include "trace.h"

/* How long an engine that others fill is left alone. */
#define DC_RETRY_MS	10

/* So many requests are cancelled before the lock is let go. */
#define DC_CANCEL_BATCH	64U

static void dc_queue_retry(struct work_struct *work);
static void dc_queue_cleanup(struct work_struct *work);

void dc_queue_init(struct dc_queue *q)
{
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->pending);
	INIT_LIST_HEAD(&q->doomed);
	INIT_LIST_HEAD(&q->running);
	INIT_LIST_HEAD(&q->finished);
	INIT_LIST_HEAD(&q->ready);
	init_waitqueue_head(&q->wait);
	INIT_DELAYED_WORK(&q->retry, dc_queue_retry);
	INIT_WORK(&q->cleanup, dc_queue_cleanup);
}

/* Of a context that is being freed. */
void dc_queue_exit(struct dc_queue *q)
{
	cancel_delayed_work_sync(&q->retry);
	dc_workers_remove(dc_user_workers(dc_queue_context(q)->user), q);
}

/* Is there room for @nr requests? */
bool dc_queue_has_room(const struct dc_queue *q, unsigned int nr)
{
	return READ_ONCE(q->nr_open) + READ_ONCE(q->nr_uring) +
	       READ_ONCE(q->nr_finished) + nr <= READ_ONCE(dc_max_in_flight);
}

/**
 * dc_queue_reserve() - make room for requests
 * @q: the queue
 * @count: &q->nr_open or &q->nr_uring, where they count
 * @nr: how many
 *
 * Return: whether there is room for all, for dc_queue_add() or
 * dc_queue_unreserve(); otherwise for none.
 */
bool dc_queue_reserve(struct dc_queue *q, unsigned int *count, unsigned int nr)
{
	bool room;

	spin_lock_irq(&q->lock);
	room = dc_queue_has_room(q, nr);
	if (room)
		WRITE_ONCE(*count, *count + nr);
	spin_unlock_irq(&q->lock);
	return room;
}

void dc_queue_unreserve(struct dc_queue *q, unsigned int *count,
			unsigned int nr)
{
	if (!nr)
		return;
	spin_lock_irq(&q->lock);
	WRITE_ONCE(*count, *count - nr);
	wake_up(&q->wait);
	spin_unlock_irq(&q->lock);
}

/* Has the workers look after the queue, if there is something to begin. */
static void dc_queue_kick(struct dc_queue *q)
{
	lockdep_assert_held(&q->lock);
	if (!list_empty(&q->doomed) ||
	    (!list_empty(&q->pending) && !q->stalled))
		dc_workers_add(dc_user_workers(dc_queue_context(q)->user), q);
}

/* The engine has answered, so it has room. */
static void dc_queue_unstall(struct dc_queue *q)
{
	lockdep_assert_held(&q->lock);
	q->stalled = false;
	dc_queue_kick(q);
}

/* Others may have filled the engine, and emptied it again. */
static void dc_queue_retry(struct work_struct *work)
{
	struct dc_queue *q = container_of(to_delayed_work(work),
					  struct dc_queue, retry);

	spin_lock_irq(&q->lock);
	dc_queue_unstall(q);
	spin_unlock_irq(&q->lock);
}

/* Its result stands in the request. */
static void dc_queue_finish_one(struct dc_queue *q, struct dc_request *rq)
{
	lockdep_assert_held(&q->lock);
	trace_devcrypto_complete(rq, rq->error);
	if (rq->uring) {
		dc_uring_finished(rq);
		return;
	}
	list_add_tail(&rq->list, &q->finished);
	WRITE_ONCE(q->nr_open, q->nr_open - 1);
	WRITE_ONCE(q->nr_finished, q->nr_finished + 1);
	if (q->eventfd)
		dc_eventfd_signal(q->eventfd);
}

/*
 * Ends requests that have not begun, each with all that are chained behind it;
 * nobody else finds them any more. Lets the lock go now and then: there may be
 * tens of thousands.
 *
 * Returns how many; if any, dc_queue_settle() has to follow.
 */
static unsigned int dc_queue_cancel_all(struct dc_queue *q,
					struct list_head *cancelled)
{
	unsigned int nr = 0;

	lockdep_assert_held(&q->lock);
	if (list_empty(cancelled))
		return 0;
	/* With a place of its own: nobody else hands the queue over meanwhile. */
	WRITE_ONCE(q->nr_open, q->nr_open + 1);
	while (!list_empty(cancelled)) {
		struct dc_request *rq = list_first_entry(cancelled,
							 struct dc_request,
							 list);

		if (rq->next)
			list_add(&rq->next->list, &rq->list);
		list_del(&rq->list);
		trace_devcrypto_cancel(rq);
		rq->next = NULL;
		rq->error = -ECANCELED;
		rq->out_bytes = 0;
		dc_queue_finish_one(q, rq);
		if (++nr % DC_CANCEL_BATCH)
			continue;
		spin_unlock_irq(&q->lock);
		cond_resched();
		spin_lock_irq(&q->lock);
	}
	WRITE_ONCE(q->nr_open, q->nr_open - 1);
	return nr;
}

/* The last one of a closed queue hands the rest over. */
static void dc_queue_settle(struct dc_queue *q)
{
	lockdep_assert_held(&q->lock);
	if (q->closed && !q->nr_open)
		queue_work(dc_workqueue, &q->cleanup);
	else
		wake_up(&q->wait);
}

/**
 * dc_queue_finish() - a running request has its result
 * @rq: the request; not the caller's any more
 *
 * In any context.
 */
void dc_queue_finish(struct dc_request *rq)
{
	struct dc_queue *q = &rq->ctx->queue;
	struct dc_request *next;
	unsigned long flags;
	int err = rq->error;

	spin_lock_irqsave(&q->lock, flags);
	next = rq->next;
	rq->next = NULL;
	list_del(&rq->list);
	dc_queue_finish_one(q, rq);
	if (next) {
		list_add(&next->list, err ? &q->doomed : &q->pending);
		dc_queue_kick(q);
	}
	dc_queue_settle(q);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Takes a running request of io_uring out: its issuer tells of its end. */
void dc_queue_remove(struct dc_request *rq)
{
	struct dc_queue *q = &rq->ctx->queue;

	trace_devcrypto_complete(rq, rq->error);
	spin_lock_irq(&q->lock);
	list_del(&rq->list);
	spin_unlock_irq(&q->lock);
}

/* An engine's answer, in the context that it answers in. */
static void dc_queue_answered(struct dc_request *rq)
{
	struct dc_queue *q = &rq->ctx->queue;
	const bool last = rq->error || ++rq->step == rq->steps;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	/* The next step may sleep. */
	if (!last)
		list_move(&rq->list, &q->pending);
	dc_queue_unstall(q);
	spin_unlock_irqrestore(&q->lock, flags);
	if (!last)
		return;
	dc_request_release(rq, dc_request_error(rq, rq->error));
	dc_queue_finish(rq);
}

/* The engine has no room: a request that did not begin may be cancelled. */
static void dc_queue_stall(struct dc_request *rq)
{
	struct dc_queue *q = &rq->ctx->queue;

	if (!rq->step)
		dc_request_release(rq, -EAGAIN);
	rq->error = 0;
	spin_lock_irq(&q->lock);
	q->stalled = true;
	list_move(&rq->list, &q->pending);
	queue_delayed_work(dc_workqueue, &q->retry,
			   msecs_to_jiffies(DC_RETRY_MS));
	spin_unlock_irq(&q->lock);
}

/**
 * dc_queue_execute() - execute a running request, as far as that goes without
 *	waiting
 * @rq: the request
 *
 * Return: whether it has its result and is for dc_queue_finish(); otherwise it
 * is not the caller's any more.
 */
bool dc_queue_execute(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;
	struct dc_tfm *tfm = ctx->tfm;
	const u32 callback_flags = rq->callback_flags;
	int err = rq->error;

	/* It could not be loaded, or nobody is left who would have its output. */
	if (!err && !rq->begun && dc_uring_is_void(rq))
		err = -ECANCELED;
	if (err)
		goto finish;
	if (!rq->begun)
		err = dc_request_begin(rq);
	if (err)
		goto finish;
	if (!rq->started)
		trace_devcrypto_start(rq);
	rq->started = true;
	while (rq->step < rq->steps) {
		if (READ_ONCE(ctx->queue.closed)) {
			err = -ECANCELED;
			break;
		}
		err = tfm->class->start(rq);
		if (dc_request_was_taken(callback_flags, err))
			return false;
		if (dc_request_was_refused(rq, err)) {
			dc_queue_stall(rq);
			return false;
		}
		if (err) {
			err = dc_request_error(rq, err);
			break;
		}
		dc_request_learn(rq, DC_ANSWERS_AT_ONCE);
		rq->step++;
		cond_resched();
	}
finish:
	dc_request_release(rq, err);
	return true;
}

/**
 * dc_queue_work() - cancel what is doomed, and execute the next request
 * @q: a queue that the workers have been told of
 */
void dc_queue_work(struct dc_queue *q)
{
	struct dc_request *rq = NULL;
	LIST_HEAD(doomed);

	spin_lock_irq(&q->lock);
	list_splice_init(&q->doomed, &doomed);
	if (dc_queue_cancel_all(q, &doomed))
		dc_queue_settle(q);
	if (!q->stalled)
		rq = list_first_entry_or_null(&q->pending, struct dc_request,
					      list);
	if (rq)
		list_move_tail(&rq->list, &q->running);
	else
		dc_workers_remove(dc_user_workers(dc_queue_context(q)->user),
				  q);
	spin_unlock_irq(&q->lock);
	if (rq && dc_queue_execute(rq))
		dc_queue_finish(rq);
}

/* Does it cost less to execute the request than to have it executed? */
static bool dc_queue_is_small(const struct dc_request *rq)
{
	return rq->error ||
	       (rq->ctx->tfm->class->cost_is_size &&
		rq->packet.src_bytes + rq->packet.assoc_bytes <=
		READ_ONCE(dc_inline_bytes));
}

/**
 * dc_queue_add() - accept a request
 * @rq: with those that are chained behind it; each has a place reserved, and in
 *	@error what came of loading it
 *
 * Return: whether it is running, and for the caller to dc_queue_execute().
 */
bool dc_queue_add(struct dc_request *rq)
{
	struct dc_queue *q = &rq->ctx->queue;
	bool at_once;

	for (struct dc_request *each = rq; each; each = each->next) {
		each->answered = dc_queue_answered;
		trace_devcrypto_submit(each);
	}
	spin_lock_irq(&q->lock);
	if (dc_tfm_answers_later(rq->ctx->tfm))
		at_once = list_empty(&q->pending);
	else
		at_once = dc_queue_is_small(rq);
	list_add_tail(&rq->list, at_once ? &q->running : &q->pending);
	if (!at_once)
		dc_queue_kick(q);
	spin_unlock_irq(&q->lock);
	return at_once;
}

/**
 * dc_queue_take() - take finished requests out
 * @q: the queue
 * @to: list to add them to
 * @max: how many at most
 *
 * Return: how many.
 */
unsigned int dc_queue_take(struct dc_queue *q, struct list_head *to,
			   unsigned int max)
{
	unsigned int nr;

	spin_lock_irq(&q->lock);
	for (nr = 0; nr < max && !list_empty(&q->finished); nr++)
		list_move_tail(q->finished.next, to);
	WRITE_ONCE(q->nr_finished, q->nr_finished - nr);
	if (nr)
		wake_up(&q->wait);
	spin_unlock_irq(&q->lock);
	return nr;
}

/* Undoes dc_queue_take() for requests that could not be told of. */
void dc_queue_put_back(struct dc_queue *q, struct list_head *from,
		       unsigned int nr)
{
	spin_lock_irq(&q->lock);
	list_splice_init(from, &q->finished);
	WRITE_ONCE(q->nr_finished, q->nr_finished + nr);
	wake_up(&q->wait);
	spin_unlock_irq(&q->lock);
}

/* Each request counts once, wherever it is on its way. */
void dc_queue_count(struct dc_queue *q, unsigned int *in_flight,
		    unsigned int *finished)
{
	spin_lock_irq(&q->lock);
	*in_flight = q->nr_open + q->nr_uring;
	*finished = q->nr_finished;
	spin_unlock_irq(&q->lock);
}

static bool dc_request_matches(const struct dc_request *rq,
			       const struct devcrypto_cancel *cancel)
{
	return rq->mm == current->mm &&
	       (cancel->flags & DEVCRYPTO_CANCEL_ALL ||
		rq->packet.user_data == cancel->user_data);
}

/* Takes the first request behind @rq that matches, with all that follow it. */
static void dc_request_cut_behind(struct dc_request *rq,
				  const struct devcrypto_cancel *cancel,
				  struct list_head *cancelled)
{
	for (; rq->next; rq = rq->next) {
		if (!dc_request_matches(rq->next, cancel))
			continue;
		list_add_tail(&rq->next->list, cancelled);
		rq->next = NULL;
		return;
	}
}

/**
 * dc_queue_cancel() - cancel requests
 * @q: the queue
 * @cancel: says which; how many were is written there
 */
void dc_queue_cancel(struct dc_queue *q, struct devcrypto_cancel *cancel)
{
	struct dc_request *rq, *next;
	LIST_HEAD(cancelled);

	spin_lock_irq(&q->lock);
	list_for_each_entry_safe(rq, next, &q->pending, list) {
		const bool matches = dc_request_matches(rq, cancel);

		if (matches && !rq->begun) {
			list_move_tail(&rq->list, &cancelled);
		} else {
			cancel->out_running += matches;
			dc_request_cut_behind(rq, cancel, &cancelled);
		}
	}
	list_for_each_entry(rq, &q->running, list) {
		cancel->out_running += dc_request_matches(rq, cancel);
		dc_request_cut_behind(rq, cancel, &cancelled);
	}
	cancel->out_cancelled = dc_queue_cancel_all(q, &cancelled);
	if (cancel->out_cancelled)
		dc_queue_settle(q);
	spin_unlock_irq(&q->lock);
}

/* The queue has the caller's reference then; what it had before is put. */
void dc_queue_set_eventfd(struct dc_queue *q, struct eventfd_ctx *eventfd)
{
	spin_lock_irq(&q->lock);
	swap(q->eventfd, eventfd);
	spin_unlock_irq(&q->lock);
	if (eventfd)
		eventfd_ctx_put(eventfd);
}

/* Nobody will reap them. */
static void dc_queue_drop(struct list_head *finished)
{
	struct dc_request *rq, *next;

	list_for_each_entry_safe(rq, next, finished, list) {
		if (!rq->stored) {
			rq->error = rq->error ?: -ECANCELED;
			dc_request_end(rq);
		}
		mmdrop(rq->mm);
		dc_request_free(rq);
		cond_resched();
	}
}

static void dc_queue_cleanup(struct work_struct *work)
{
	struct dc_queue *q = container_of(work, struct dc_queue, cleanup);

	/* The lock is held until the last request is on the list. */
	spin_lock_irq(&q->lock);
	spin_unlock_irq(&q->lock);
	dc_queue_drop(&q->finished);
	dc_context_put(dc_queue_context(q));
	/* dc_request_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/**
 * dc_queue_close() - the file is being closed
 * @q: the queue; requests that are under way take a hold on its context
 */
void dc_queue_close(struct dc_queue *q)
{
	struct dc_request *rq, *next;
	LIST_HEAD(cancelled);
	LIST_HEAD(dropped);

	dc_queue_set_eventfd(q, NULL);
	spin_lock_irq(&q->lock);
	WRITE_ONCE(q->closed, true);
	list_for_each_entry_safe(rq, next, &q->pending, list)
		if (!rq->begun)
			list_move_tail(&rq->list, &cancelled);
	list_splice_tail_init(&q->doomed, &cancelled);
	dc_queue_cancel_all(q, &cancelled);
	list_splice_init(&q->finished, &dropped);
	WRITE_ONCE(q->nr_finished, 0);
	if (q->nr_open) {
		dc_context_get(dc_queue_context(q));
		__module_get(THIS_MODULE);
	} else {
		/* Nothing arms it any more, and the module may go. */
		cancel_delayed_work(&q->retry);
	}
	spin_unlock_irq(&q->lock);
	dc_queue_drop(&dropped);
}
