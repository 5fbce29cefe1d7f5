// SPDX-License-Identifier: GPL-2.0-only
/*
 * The threads of the kernel that execute a user's submitted requests.
 *
 * There are as many for each user as for any other, so that what one user
 * submits takes no CPU time from the others but what the scheduler gives to so
 * many threads. They go round the queues of the user's contexts and execute one
 * request of each, and now and then let those of others have their place.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/slab.h>

#include "private.h"

#define DC_MAX_WORKERS	64U

/* How long a worker keeps its place in the workqueue while others wait. */
#define DC_WORKER_MS	10

/**
 * struct dc_worker - one thread, while it has something to do
 * @work: runs it
 * @workers: whose it is
 * @nr: its bit in dc_workers.idle
 */
struct dc_worker {
	struct work_struct work;
	struct dc_workers *workers;
	unsigned int nr;
};

/**
 * struct dc_workers - all of a user's
 * @ref: one for the user, one for each that is not idle
 * @lock: guards the following fields and dc_queue.ready
 * @ready: queues that have something to do
 * @idle: workers that are not at work
 * @nr: how many there are
 * @worker: the workers
 */
struct dc_workers {
	struct kref ref;
	spinlock_t lock; /* see above */
	struct list_head ready;
	DECLARE_BITMAP(idle, DC_MAX_WORKERS);
	unsigned int nr;
	struct dc_worker worker[];
};

static void dc_workers_free(struct kref *ref)
{
	kfree(container_of(ref, struct dc_workers, ref));
}

void dc_workers_put(struct dc_workers *workers)
{
	kref_put(&workers->ref, dc_workers_free);
}

/*
 * The next context to serve, which goes to the end of the row; NULL if there is
 * none, and then the worker is idle.
 */
static struct dc_context *dc_worker_next(struct dc_worker *worker)
{
	struct dc_workers *workers = worker->workers;
	struct dc_context *ctx = NULL;
	struct dc_queue *q, *next;
	unsigned long flags;

	spin_lock_irqsave(&workers->lock, flags);
	list_for_each_entry_safe(q, next, &workers->ready, ready) {
		/* One that is being freed takes itself out. */
		if (!dc_context_get_live(dc_queue_context(q)))
			continue;
		ctx = dc_queue_context(q);
		list_move_tail(&q->ready, &workers->ready);
		break;
	}
	if (!ctx)
		__set_bit(worker->nr, workers->idle);
	spin_unlock_irqrestore(&workers->lock, flags);
	return ctx;
}

static void dc_worker_run(struct work_struct *work)
{
	struct dc_worker *worker = container_of(work, struct dc_worker, work);
	const unsigned long end = jiffies + msecs_to_jiffies(DC_WORKER_MS);
	struct dc_workers *workers = worker->workers;
	struct dc_context *ctx;

	while ((ctx = dc_worker_next(worker))) {
		dc_queue_work(&ctx->queue);
		dc_context_put(ctx);
		if (time_after(jiffies, end)) {
			queue_work(dc_worker_queue, work);
			return;
		}
		cond_resched();
	}
	dc_workers_put(workers);
}

/**
 * dc_workers_new() - workers for a user
 *
 * Return: idle workers, for dc_workers_put(); or NULL.
 */
struct dc_workers *dc_workers_new(void)
{
	unsigned int nr = READ_ONCE(dc_max_workers_per_user) ?:
			  num_online_cpus();
	struct dc_workers *workers;
	unsigned int i;

	nr = min(nr, DC_MAX_WORKERS);
	workers = kzalloc(struct_size(workers, worker, nr), GFP_KERNEL_ACCOUNT);
	if (!workers)
		return NULL;
	kref_init(&workers->ref);
	spin_lock_init(&workers->lock);
	INIT_LIST_HEAD(&workers->ready);
	bitmap_set(workers->idle, 0, nr);
	workers->nr = nr;
	for (i = 0; i < nr; i++) {
		workers->worker[i].workers = workers;
		workers->worker[i].nr = i;
		INIT_WORK(&workers->worker[i].work, dc_worker_run);
	}
	return workers;
}

/**
 * dc_workers_add() - have one more request of a queue executed
 * @workers: of the queue's user
 * @q: the queue; its lock is held
 */
void dc_workers_add(struct dc_workers *workers, struct dc_queue *q)
{
	unsigned long flags;
	unsigned int nr;

	lockdep_assert_held(&q->lock);
	spin_lock_irqsave(&workers->lock, flags);
	if (list_empty(&q->ready))
		list_add_tail(&q->ready, &workers->ready);
	nr = find_first_bit(workers->idle, workers->nr);
	if (nr < workers->nr) {
		__clear_bit(nr, workers->idle);
		kref_get(&workers->ref);
		queue_work(dc_worker_queue, &workers->worker[nr].work);
	}
	spin_unlock_irqrestore(&workers->lock, flags);
}

/* There is nothing to do in the queue any more. */
void dc_workers_remove(struct dc_workers *workers, struct dc_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&workers->lock, flags);
	list_del_init(&q->ready);
	spin_unlock_irqrestore(&workers->lock, flags);
}
