// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simulated asynchronous engine for the tests of what happens when an engine is slow, full,
 * broken, or never answers. It takes requests into one queue, and one thread, its hardware,
 * really does them, with a synchronous implementation of the kernel's.
 *
 *	sim-cbc-aes	cbc(aes)	skcipher
 *	sim-ctr-aes	ctr(aes)	skcipher
 *	sim-gcm-aes	gcm(aes)	aead
 *	sim-sha256	sha256		ahash
 *	sim-rsa		rsa		akcipher
 *	sim-deflate	sim-deflate	acomp; of the name deflate on kernels from 6.15 on
 *
 * They have a lower priority than others, so nobody gets one without asking for it by its driver
 * name, but for that last one. As the module is loaded they pass the kernel's own self-tests, so
 * it does not load paused, failing or never answering.
 *
 * Parameters, all of them numbers, below /sys/module/devcrypto_sim/parameters; once a write
 * returns it holds for every request that the hardware has not taken:
 *
 *	depth		requests that the queue takes, 1 to 8192 (16). One more is backlogged and
 *			answered with -EBUSY if it may be, else refused with -ENOSPC. Cannot be
 *			changed (EBUSY) while there is a backlog.
 *	paused		1: the hardware takes no more requests, the queue does (0)
 *	never		the hardware takes the next so many requests and does not answer them.
 *			0: it answers all that it has kept (0)
 *	order		in which the hardware takes the requests in the queue, not those of the
 *			backlog: 0 first come first, 1 last come first, 2 any (0)
 *	delay_us	time that it takes for each, one after the other, up to 10 seconds (0)
 *	fail_every	each so many-th request ends with `error`, counted from the write on. 0:
 *			none (0)
 *	error		an errno, but not one of those that are no result. ENODEV is that of an
 *			engine that is gone: the call that hands the request over returns it, and
 *			what was in the queue is answered with it (EIO)
 *	inline_answers	1: the call does the request and returns its result (0)
 *	context		where answers come from: 0 softirq, 1 interrupt, which on a kernel with
 *			PREEMPT_RT is a thread, 2 a thread that may be preempted (0)
 *
 * What it has seen since it was loaded; read only:
 *
 *	accepted	requests that were taken, also into the backlog
 *	refused		requests that were not, as there was no room or no engine
 *	completed	requests that were answered, with whatever result
 *	in_engine	accepted and not completed: in queue and backlog, being worked on, or kept
 *	high_water	the most that in_engine has been
 *
 * A request leaves room in the queue as the hardware takes it.
 */
#include <crypto/internal/acompress.h>
#include <crypto/internal/aead.h>
#include <crypto/internal/akcipher.h>
#include <crypto/internal/hash.h>
#include <crypto/internal/skcipher.h>
#include <crypto/algapi.h>
#include <crypto/sha2.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/wait.h>

#include "../../driver/compat.h"

/*
 * The kernel's own has no priority at all, so one of its name would be the default. From 6.15 on
 * the crypto API wants another of the name for what the engine does not take.
 */
#if DC_COMP_REQUESTS_HAVE_MEMORY
#define SIM_DEFLATE "sim-deflate"
#else
#define SIM_DEFLATE "deflate"
#endif

#define SIM_DRIVER_FLAGS (CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY | \
			  CRYPTO_ALG_NEED_FALLBACK)
/* Of the implementations that do the work: synchronous, and none of these. */
#define SIM_INNER_MASK (CRYPTO_ALG_ASYNC | CRYPTO_ALG_NEED_FALLBACK)
#define SIM_MAX_DEPTH 8192

enum sim_order {
	SIM_FIRST,
	SIM_LAST,
	SIM_ANY,
};

enum sim_context {
	SIM_SOFTIRQ,
	SIM_INTERRUPT,
	SIM_THREAD,
};

/* Guards the knobs, the counters, the queue and the lists of requests. */
static DEFINE_SPINLOCK(sim_lock);

/* --- knobs and counters ------------------------------------------------------------------- */

struct sim_knob {
	unsigned int value;
	unsigned int min;
	unsigned int max;
};

static int sim_knob_set(const char *text, const struct kernel_param *param);
static int sim_value_get(char *text, const struct kernel_param *param);
static int sim_counter_set(const char *text, const struct kernel_param *param);

static const struct kernel_param_ops sim_knob_ops = {
	.set = sim_knob_set,
	.get = sim_value_get,
};

static const struct kernel_param_ops sim_counter_ops = {
	.set = sim_counter_set,
	.get = sim_value_get,
};

#define SIM_KNOB(name, initial, least, most)					\
	static struct sim_knob sim_##name = {					\
		.value = (initial), .min = (least), .max = (most),		\
	};									\
	module_param_cb(name, &sim_knob_ops, &sim_##name, 0644)

#define SIM_COUNTER(name)							\
	static struct sim_knob sim_##name;					\
	module_param_cb(name, &sim_counter_ops, &sim_##name, 0444)

SIM_KNOB(depth, 16, 1, SIM_MAX_DEPTH);
SIM_KNOB(paused, 0, 0, 1);
SIM_KNOB(never, 0, 0, UINT_MAX);
SIM_KNOB(order, SIM_FIRST, SIM_FIRST, SIM_ANY);
SIM_KNOB(delay_us, 0, 0, 10 * USEC_PER_SEC);
SIM_KNOB(fail_every, 0, 0, UINT_MAX);
SIM_KNOB(error, EIO, 1, MAX_ERRNO);
SIM_KNOB(inline_answers, 0, 0, 1);
SIM_KNOB(context, SIM_SOFTIRQ, SIM_SOFTIRQ, SIM_THREAD);

SIM_COUNTER(accepted);
SIM_COUNTER(refused);
SIM_COUNTER(completed);
SIM_COUNTER(in_engine);
SIM_COUNTER(high_water);

/* --- the engine --------------------------------------------------------------------------- */

/**
 * struct sim_job - what the engine has at the head of each request's context
 * @compute: does the request
 * @judged: whether it fails has been decided
 */
struct sim_job {
	int (*compute)(struct crypto_async_request *base);
	bool judged;
};

static struct crypto_queue sim_queue;
/* Requests of the time when it answered none, and those of them that it is to answer now. */
static LIST_HEAD(sim_kept);
static LIST_HEAD(sim_released);
/* Requests since fail_every was written. */
static unsigned int sim_judged;

static struct task_struct *sim_hardware;
static DECLARE_WAIT_QUEUE_HEAD(sim_wait);

/* An answer on its way through another context; there is never more than one. */
static struct {
	struct crypto_async_request *base;
	int err;
	struct completion done;
	struct tasklet_struct tasklet;
	struct irq_work irq_work;
} sim_delivery;

/* Empty, too, before the queue is set up. */
static bool sim_has_backlog(void)
{
	lockdep_assert_held(&sim_lock);
	return sim_queue.qlen && sim_queue.backlog != &sim_queue.list;
}

static int sim_knob_set(const char *text, const struct kernel_param *param)
{
	struct sim_knob *knob = param->arg;
	unsigned long flags;
	unsigned int value;
	int err = kstrtouint(text, 0, &value);

	if (err)
		return err;
	if (value < knob->min || value > knob->max)
		return -EINVAL;
	/* Whoever got one of these for a result would wait for another. */
	if (knob == &sim_error && (value == EINPROGRESS || value == EBUSY))
		return -EINVAL;
	spin_lock_irqsave(&sim_lock, flags);
	if (knob == &sim_depth && sim_has_backlog()) {
		err = -EBUSY;
	} else {
		knob->value = value;
		sim_queue.max_qlen = sim_depth.value;
		if (knob == &sim_fail_every)
			sim_judged = 0;
		if (!sim_never.value)
			list_splice_tail_init(&sim_kept, &sim_released);
	}
	spin_unlock_irqrestore(&sim_lock, flags);
	wake_up(&sim_wait);
	return err;
}

static unsigned int sim_value(const struct sim_knob *knob)
{
	unsigned long flags;
	unsigned int value;

	spin_lock_irqsave(&sim_lock, flags);
	value = knob->value;
	spin_unlock_irqrestore(&sim_lock, flags);
	return value;
}

static int sim_value_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%u\n", sim_value(param->arg));
}

/* Also reached from the module's command line, which heeds no permissions. */
static int sim_counter_set(const char *text, const struct kernel_param *param)
{
	return -EPERM;
}

static struct sim_job *sim_job(struct crypto_async_request *base)
{
	switch (crypto_tfm_alg_type(base->tfm)) {
	case CRYPTO_ALG_TYPE_SKCIPHER:
		return skcipher_request_ctx(skcipher_request_cast(base));
	case CRYPTO_ALG_TYPE_AEAD:
		return aead_request_ctx(container_of(base, struct aead_request, base));
	case CRYPTO_ALG_TYPE_AHASH:
		return ahash_request_ctx(ahash_request_cast(base));
	case CRYPTO_ALG_TYPE_AKCIPHER:
		return akcipher_request_ctx(container_of(base, struct akcipher_request, base));
	default:
		return acomp_request_ctx(container_of(base, struct acomp_req, base));
	}
}

/* The error that a request is to end with; decided once for each. */
static int sim_judge(struct sim_job *job)
{
	lockdep_assert_held(&sim_lock);
	if (job->judged || !sim_fail_every.value)
		return 0;
	job->judged = true;
	return ++sim_judged % sim_fail_every.value ? 0 : -(int)sim_error.value;
}

static void sim_enter(void)
{
	lockdep_assert_held(&sim_lock);
	sim_accepted.value++;
	sim_in_engine.value++;
	sim_high_water.value = max(sim_high_water.value, sim_in_engine.value);
}

static void sim_leave(void)
{
	unsigned long flags;

	spin_lock_irqsave(&sim_lock, flags);
	sim_completed.value++;
	sim_in_engine.value--;
	spin_unlock_irqrestore(&sim_lock, flags);
}

/* Hands a request to the engine; the result is the crypto API's. */
static int sim_submit(struct crypto_async_request *base,
		      int (*compute)(struct crypto_async_request *base))
{
	struct sim_job *job = sim_job(base);
	bool answered = false;
	unsigned long flags;
	int err = 0;

	job->compute = compute;
	job->judged = false;
	spin_lock_irqsave(&sim_lock, flags);
	if (sim_error.value == ENODEV || sim_inline_answers.value)
		err = sim_judge(job);
	if (err == -ENODEV) {
		sim_refused.value++;
	} else if (sim_inline_answers.value) {
		answered = true;
		sim_enter();
	} else {
		err = crypto_enqueue_request(&sim_queue, base);
		if (err == -ENOSPC)
			sim_refused.value++;
		else
			sim_enter();
	}
	spin_unlock_irqrestore(&sim_lock, flags);
	if (answered) {
		err = err ?: compute(base);
		sim_leave();
	} else {
		wake_up(&sim_wait);
	}
	return err;
}

/* Puts the request at the head of the queue that is to be the next. */
static void sim_choose(void)
{
	unsigned int queued = min(sim_queue.qlen, sim_queue.max_qlen);
	struct list_head *next = sim_queue.list.next;
	unsigned int skip;

	lockdep_assert_held(&sim_lock);
	switch (sim_order.value) {
	case SIM_FIRST:
		return;
	case SIM_LAST:
		/* In front of the backlog, or of the end. */
		next = sim_queue.backlog->prev;
		break;
	case SIM_ANY:
		for (skip = get_random_u32() % queued; skip; skip--)
			next = next->next;
		break;
	}
	list_move(next, &sim_queue.list);
}

/* The hardware has something to take. */
static bool sim_ready(void)
{
	unsigned long flags;
	bool ready;

	spin_lock_irqsave(&sim_lock, flags);
	ready = !sim_paused.value && (sim_queue.qlen || !list_empty(&sim_released));
	spin_unlock_irqrestore(&sim_lock, flags);
	return ready;
}

/*
 * The next request to be done, if any; @backlog is the one for which its leaving makes room in
 * the queue, if any.
 */
static struct crypto_async_request *sim_take(struct crypto_async_request **backlog)
{
	struct crypto_async_request *base = NULL;
	unsigned long flags;

	*backlog = NULL;
	spin_lock_irqsave(&sim_lock, flags);
	if (sim_paused.value)
		goto unlock;
	base = list_first_entry_or_null(&sim_released, struct crypto_async_request, list);
	if (base) {
		list_del(&base->list);
		goto unlock;
	}
	if (!sim_queue.qlen)
		goto unlock;
	*backlog = crypto_get_backlog(&sim_queue);
	sim_choose();
	base = crypto_dequeue_request(&sim_queue);
	if (sim_never.value) {
		sim_never.value--;
		list_add_tail(&base->list, &sim_kept);
		base = NULL;
	}
unlock:
	spin_unlock_irqrestore(&sim_lock, flags);
	return base;
}

static void sim_delivered(void)
{
	crypto_request_complete(sim_delivery.base, sim_delivery.err);
	complete(&sim_delivery.done);
}

static void sim_deliver_tasklet(struct tasklet_struct *tasklet)
{
	sim_delivered();
}

static void sim_deliver_irq_work(struct irq_work *irq_work)
{
	sim_delivered();
}

/* Tells whoever made the request, in the context that the knob says. */
static void sim_deliver(struct crypto_async_request *base, int err)
{
	const unsigned int context = sim_value(&sim_context);

	if (context == SIM_THREAD) {
		crypto_request_complete(base, err);
		return;
	}
	sim_delivery.base = base;
	sim_delivery.err = err;
	reinit_completion(&sim_delivery.done);
	if (context == SIM_INTERRUPT) {
		irq_work_queue(&sim_delivery.irq_work);
	} else {
		/* It runs at the latter, not in a thread of the kernel's. */
		local_bh_disable();
		tasklet_schedule(&sim_delivery.tasklet);
		local_bh_enable();
	}
	wait_for_completion(&sim_delivery.done);
}

/* Does a request and answers it. */
static void sim_serve(struct crypto_async_request *base)
{
	const unsigned int delay_us = sim_value(&sim_delay_us);
	struct sim_job *job = sim_job(base);
	unsigned long flags;
	int err;

	if (delay_us)
		usleep_range(delay_us, delay_us + delay_us / 8);
	spin_lock_irqsave(&sim_lock, flags);
	err = sim_judge(job);
	spin_unlock_irqrestore(&sim_lock, flags);
	err = err ?: job->compute(base);
	/* Whoever has the answer sees it counted. */
	sim_leave();
	sim_deliver(base, err);
}

static int sim_run(void *unused)
{
	struct crypto_async_request *base, *backlog;

	while (!kthread_should_stop()) {
		wait_event_interruptible(sim_wait, sim_ready() || kthread_should_stop());
		base = sim_take(&backlog);
		if (backlog)
			sim_deliver(backlog, -EINPROGRESS);
		if (base)
			sim_serve(base);
		cond_resched();
	}
	return 0;
}

/* --- ciphers ------------------------------------------------------------------------------ */

struct sim_cipher {
	struct crypto_skcipher *inner;
};

struct sim_cipher_request {
	struct sim_job job;
	struct skcipher_request inner;
};

static int sim_cipher_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int bytes)
{
	struct sim_cipher *cipher = crypto_skcipher_ctx(tfm);

	return crypto_skcipher_setkey(cipher->inner, key, bytes);
}

static struct skcipher_request *sim_cipher_inner(struct crypto_async_request *base)
{
	struct skcipher_request *req = skcipher_request_cast(base);
	struct sim_cipher *cipher = crypto_skcipher_ctx(crypto_skcipher_reqtfm(req));
	struct sim_cipher_request *own = skcipher_request_ctx(req);

	skcipher_request_set_tfm(&own->inner, cipher->inner);
	skcipher_request_set_callback(&own->inner, base->flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL,
				      NULL);
	skcipher_request_set_crypt(&own->inner, req->src, req->dst, req->cryptlen, req->iv);
	return &own->inner;
}

static int sim_cipher_do_encrypt(struct crypto_async_request *base)
{
	return crypto_skcipher_encrypt(sim_cipher_inner(base));
}

static int sim_cipher_do_decrypt(struct crypto_async_request *base)
{
	return crypto_skcipher_decrypt(sim_cipher_inner(base));
}

static int sim_cipher_encrypt(struct skcipher_request *req)
{
	return sim_submit(&req->base, sim_cipher_do_encrypt);
}

static int sim_cipher_decrypt(struct skcipher_request *req)
{
	return sim_submit(&req->base, sim_cipher_do_decrypt);
}

static int sim_cipher_init(struct crypto_skcipher *tfm)
{
	struct sim_cipher *cipher = crypto_skcipher_ctx(tfm);
	const char *name = crypto_tfm_alg_name(crypto_skcipher_tfm(tfm));

	cipher->inner = crypto_alloc_skcipher(name, 0, SIM_INNER_MASK);
	if (IS_ERR(cipher->inner))
		return PTR_ERR(cipher->inner);
	crypto_skcipher_set_reqsize(tfm, sizeof(struct sim_cipher_request) +
					 crypto_skcipher_reqsize(cipher->inner));
	return 0;
}

static void sim_cipher_exit(struct crypto_skcipher *tfm)
{
	struct sim_cipher *cipher = crypto_skcipher_ctx(tfm);

	crypto_free_skcipher(cipher->inner);
}

static struct skcipher_alg sim_ciphers[] = {
	{
		.setkey = sim_cipher_setkey,
		.encrypt = sim_cipher_encrypt,
		.decrypt = sim_cipher_decrypt,
		.init = sim_cipher_init,
		.exit = sim_cipher_exit,
		.min_keysize = 16,
		.max_keysize = 32,
		.ivsize = 16,
		.base = {
			.cra_name = "cbc(aes)",
			.cra_driver_name = "sim-cbc-aes",
			.cra_priority = 1,
			.cra_flags = SIM_DRIVER_FLAGS,
			.cra_blocksize = 16,
			.cra_ctxsize = sizeof(struct sim_cipher),
			.cra_module = THIS_MODULE,
		},
	}, {
		.setkey = sim_cipher_setkey,
		.encrypt = sim_cipher_encrypt,
		.decrypt = sim_cipher_decrypt,
		.init = sim_cipher_init,
		.exit = sim_cipher_exit,
		.min_keysize = 16,
		.max_keysize = 32,
		.ivsize = 16,
		.chunksize = 16,
		.base = {
			.cra_name = "ctr(aes)",
			.cra_driver_name = "sim-ctr-aes",
			.cra_priority = 1,
			.cra_flags = SIM_DRIVER_FLAGS,
			.cra_blocksize = 1,
			.cra_ctxsize = sizeof(struct sim_cipher),
			.cra_module = THIS_MODULE,
		},
	},
};

/* --- AEAD --------------------------------------------------------------------------------- */

struct sim_aead {
	struct crypto_aead *inner;
};

struct sim_aead_request {
	struct sim_job job;
	struct aead_request inner;
};

static int sim_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int bytes)
{
	struct sim_aead *aead = crypto_aead_ctx(tfm);

	return crypto_aead_setkey(aead->inner, key, bytes);
}

static int sim_aead_setauthsize(struct crypto_aead *tfm, unsigned int bytes)
{
	struct sim_aead *aead = crypto_aead_ctx(tfm);

	return crypto_aead_setauthsize(aead->inner, bytes);
}

static struct aead_request *sim_aead_inner(struct crypto_async_request *base)
{
	struct aead_request *req = container_of(base, struct aead_request, base);
	struct sim_aead *aead = crypto_aead_ctx(crypto_aead_reqtfm(req));
	struct sim_aead_request *own = aead_request_ctx(req);

	aead_request_set_tfm(&own->inner, aead->inner);
	aead_request_set_callback(&own->inner, base->flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	aead_request_set_crypt(&own->inner, req->src, req->dst, req->cryptlen, req->iv);
	aead_request_set_ad(&own->inner, req->assoclen);
	return &own->inner;
}

static int sim_aead_do_encrypt(struct crypto_async_request *base)
{
	return crypto_aead_encrypt(sim_aead_inner(base));
}

static int sim_aead_do_decrypt(struct crypto_async_request *base)
{
	return crypto_aead_decrypt(sim_aead_inner(base));
}

static int sim_aead_encrypt(struct aead_request *req)
{
	return sim_submit(&req->base, sim_aead_do_encrypt);
}

static int sim_aead_decrypt(struct aead_request *req)
{
	return sim_submit(&req->base, sim_aead_do_decrypt);
}

static int sim_aead_init(struct crypto_aead *tfm)
{
	struct sim_aead *aead = crypto_aead_ctx(tfm);

	aead->inner = crypto_alloc_aead("gcm(aes)", 0, SIM_INNER_MASK);
	if (IS_ERR(aead->inner))
		return PTR_ERR(aead->inner);
	crypto_aead_set_reqsize(tfm, sizeof(struct sim_aead_request) +
				     crypto_aead_reqsize(aead->inner));
	return 0;
}

static void sim_aead_exit(struct crypto_aead *tfm)
{
	struct sim_aead *aead = crypto_aead_ctx(tfm);

	crypto_free_aead(aead->inner);
}

static struct aead_alg sim_gcm = {
	.setkey = sim_aead_setkey,
	.setauthsize = sim_aead_setauthsize,
	.encrypt = sim_aead_encrypt,
	.decrypt = sim_aead_decrypt,
	.init = sim_aead_init,
	.exit = sim_aead_exit,
	.ivsize = 12,
	.maxauthsize = 16,
	.chunksize = 16,
	.base = {
		.cra_name = "gcm(aes)",
		.cra_driver_name = "sim-gcm-aes",
		.cra_priority = 1,
		.cra_flags = SIM_DRIVER_FLAGS,
		.cra_blocksize = 1,
		.cra_ctxsize = sizeof(struct sim_aead),
		.cra_module = THIS_MODULE,
	},
};

/* --- hash --------------------------------------------------------------------------------- */

/* Keyless, so that every user may share it. */
static struct crypto_shash *sim_inner_hash;

/* What hashes has its own part behind it. */
struct sim_hash_request {
	struct sim_job job;
	struct shash_desc inner;
};

static struct shash_desc *sim_hash_inner(struct ahash_request *req)
{
	struct sim_hash_request *own = ahash_request_ctx(req);

	own->inner.tfm = sim_inner_hash;
	return &own->inner;
}

static int sim_hash_do_update(struct crypto_async_request *base)
{
	struct ahash_request *req = ahash_request_cast(base);

	return shash_ahash_update(req, sim_hash_inner(req));
}

static int sim_hash_do_final(struct crypto_async_request *base)
{
	struct ahash_request *req = ahash_request_cast(base);

	return crypto_shash_final(sim_hash_inner(req), req->result);
}

static int sim_hash_do_finup(struct crypto_async_request *base)
{
	struct ahash_request *req = ahash_request_cast(base);

	return shash_ahash_finup(req, sim_hash_inner(req));
}

static int sim_hash_do_digest(struct crypto_async_request *base)
{
	struct ahash_request *req = ahash_request_cast(base);

	return shash_ahash_digest(req, sim_hash_inner(req));
}

/* Nothing that an engine would be asked for. */
static int sim_hash_init(struct ahash_request *req)
{
	return crypto_shash_init(sim_hash_inner(req));
}

static int sim_hash_update(struct ahash_request *req)
{
	return sim_submit(&req->base, sim_hash_do_update);
}

static int sim_hash_final(struct ahash_request *req)
{
	return sim_submit(&req->base, sim_hash_do_final);
}

static int sim_hash_finup(struct ahash_request *req)
{
	return sim_submit(&req->base, sim_hash_do_finup);
}

static int sim_hash_digest(struct ahash_request *req)
{
	return sim_submit(&req->base, sim_hash_do_digest);
}

static int sim_hash_export(struct ahash_request *req, void *state)
{
	return crypto_shash_export(sim_hash_inner(req), state);
}

static int sim_hash_import(struct ahash_request *req, const void *state)
{
	return crypto_shash_import(sim_hash_inner(req), state);
}

static int sim_hash_init_tfm(struct crypto_ahash *tfm)
{
	crypto_ahash_set_reqsize(tfm, sizeof(struct sim_hash_request) +
				      crypto_shash_descsize(sim_inner_hash));
	return 0;
}

static struct ahash_alg sim_sha256 = {
	.init = sim_hash_init,
	.update = sim_hash_update,
	.final = sim_hash_final,
	.finup = sim_hash_finup,
	.digest = sim_hash_digest,
	.export = sim_hash_export,
	.import = sim_hash_import,
	.init_tfm = sim_hash_init_tfm,
	.halg = {
		.digestsize = SHA256_DIGEST_SIZE,
		.base = {
			.cra_name = "sha256",
			.cra_driver_name = "sim-sha256",
			.cra_priority = 1,
			.cra_flags = SIM_DRIVER_FLAGS,
			.cra_blocksize = SHA256_BLOCK_SIZE,
			.cra_module = THIS_MODULE,
		},
	},
};

/* --- RSA ---------------------------------------------------------------------------------- */

struct sim_rsa {
	struct crypto_akcipher *inner;
};

struct sim_rsa_request {
	struct sim_job job;
	struct akcipher_request inner;
};

static int sim_rsa_do(struct crypto_async_request *base,
		      int (*operation)(struct akcipher_request *req))
{
	struct akcipher_request *req = container_of(base, struct akcipher_request, base);
	struct sim_rsa *rsa = akcipher_tfm_ctx(crypto_akcipher_reqtfm(req));
	struct sim_rsa_request *own = akcipher_request_ctx(req);
	int err;

	akcipher_request_set_tfm(&own->inner, rsa->inner);
	akcipher_request_set_callback(&own->inner, base->flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL,
				      NULL);
	akcipher_request_set_crypt(&own->inner, req->src, req->dst, req->src_len, req->dst_len);
	err = operation(&own->inner);
	req->dst_len = own->inner.dst_len;
	return err;
}

static int sim_rsa_do_encrypt(struct crypto_async_request *base)
{
	return sim_rsa_do(base, crypto_akcipher_encrypt);
}

static int sim_rsa_do_decrypt(struct crypto_async_request *base)
{
	return sim_rsa_do(base, crypto_akcipher_decrypt);
}

static int sim_rsa_encrypt(struct akcipher_request *req)
{
	return sim_submit(&req->base, sim_rsa_do_encrypt);
}

static int sim_rsa_decrypt(struct akcipher_request *req)
{
	return sim_submit(&req->base, sim_rsa_do_decrypt);
}

static int sim_rsa_set_public(struct crypto_akcipher *tfm, const void *key, unsigned int bytes)
{
	struct sim_rsa *rsa = akcipher_tfm_ctx(tfm);

	return crypto_akcipher_set_pub_key(rsa->inner, key, bytes);
}

static int sim_rsa_set_private(struct crypto_akcipher *tfm, const void *key, unsigned int bytes)
{
	struct sim_rsa *rsa = akcipher_tfm_ctx(tfm);

	return crypto_akcipher_set_priv_key(rsa->inner, key, bytes);
}

static unsigned int sim_rsa_max_size(struct crypto_akcipher *tfm)
{
	struct sim_rsa *rsa = akcipher_tfm_ctx(tfm);

	return crypto_akcipher_maxsize(rsa->inner);
}

static int sim_rsa_init(struct crypto_akcipher *tfm)
{
	struct sim_rsa *rsa = akcipher_tfm_ctx(tfm);

	rsa->inner = crypto_alloc_akcipher("rsa-generic", 0, SIM_INNER_MASK);
	if (IS_ERR(rsa->inner))
		return PTR_ERR(rsa->inner);
	akcipher_set_reqsize(tfm, sizeof(struct sim_rsa_request) +
				  crypto_akcipher_reqsize(rsa->inner));
	return 0;
}

static void sim_rsa_exit(struct crypto_akcipher *tfm)
{
	struct sim_rsa *rsa = akcipher_tfm_ctx(tfm);

	crypto_free_akcipher(rsa->inner);
}

static struct akcipher_alg sim_akcipher = {
	.encrypt = sim_rsa_encrypt,
	.decrypt = sim_rsa_decrypt,
	.set_pub_key = sim_rsa_set_public,
	.set_priv_key = sim_rsa_set_private,
	.max_size = sim_rsa_max_size,
	.init = sim_rsa_init,
	.exit = sim_rsa_exit,
	.base = {
		.cra_name = "rsa",
		.cra_driver_name = "sim-rsa",
		.cra_priority = 1,
		.cra_flags = SIM_DRIVER_FLAGS,
		.cra_ctxsize = sizeof(struct sim_rsa),
		.cra_module = THIS_MODULE,
	},
};

/* --- compression -------------------------------------------------------------------------- */

struct sim_comp {
	struct crypto_acomp *inner;
};

/* Some kernels have working memory with a request, which only they can allocate. */
static int sim_comp_do(struct crypto_async_request *base, int (*operation)(struct acomp_req *req))
{
	struct acomp_req *req = container_of(base, struct acomp_req, base);
	struct sim_comp *comp = acomp_tfm_ctx(crypto_acomp_reqtfm(req));
	struct acomp_req *inner;
	int err;

	/* Those before 7 let the algorithm allocate it; nobody asks this one to. */
	if (!req->dst)
		return -EINVAL;
	inner = acomp_request_alloc(comp->inner);
	if (!inner)
		return -ENOMEM;
	acomp_request_set_callback(inner, base->flags & CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	acomp_request_set_params(inner, req->src, req->dst, req->slen, req->dlen);
	err = operation(inner);
	req->dlen = inner->dlen;
	acomp_request_free(inner);
	return err;
}

static int sim_comp_do_compress(struct crypto_async_request *base)
{
	return sim_comp_do(base, crypto_acomp_compress);
}

static int sim_comp_do_decompress(struct crypto_async_request *base)
{
	return sim_comp_do(base, crypto_acomp_decompress);
}

static int sim_comp_compress(struct acomp_req *req)
{
	return sim_submit(&req->base, sim_comp_do_compress);
}

static int sim_comp_decompress(struct acomp_req *req)
{
	return sim_submit(&req->base, sim_comp_do_decompress);
}

static int sim_comp_init(struct crypto_acomp *tfm)
{
	struct sim_comp *comp = acomp_tfm_ctx(tfm);

	comp->inner = crypto_alloc_acomp("deflate", 0, SIM_INNER_MASK);
	if (IS_ERR(comp->inner))
		return PTR_ERR(comp->inner);
	/* The algorithm's field for it is not at the same place in every kernel. */
	tfm->reqsize = sizeof(struct sim_job);
	return 0;
}

static void sim_comp_exit(struct crypto_acomp *tfm)
{
	struct sim_comp *comp = acomp_tfm_ctx(tfm);

	crypto_free_acomp(comp->inner);
}

static struct acomp_alg sim_deflate = {
	.compress = sim_comp_compress,
	.decompress = sim_comp_decompress,
	.init = sim_comp_init,
	.exit = sim_comp_exit,
	.base = {
		.cra_name = SIM_DEFLATE,
		.cra_driver_name = "sim-deflate",
		.cra_priority = 1,
		.cra_flags = SIM_DRIVER_FLAGS,
		.cra_ctxsize = sizeof(struct sim_comp),
		.cra_module = THIS_MODULE,
	},
};

/* --- the module --------------------------------------------------------------------------- */

static int sim_register(void)
{
	int err = crypto_register_skciphers(sim_ciphers, ARRAY_SIZE(sim_ciphers));

	if (err)
		return err;
	err = crypto_register_aead(&sim_gcm);
	if (err)
		goto ciphers;
	err = crypto_register_ahash(&sim_sha256);
	if (err)
		goto aead;
	err = crypto_register_akcipher(&sim_akcipher);
	if (err)
		goto hash;
	err = crypto_register_acomp(&sim_deflate);
	if (err)
		goto akcipher;
	return 0;

akcipher:
	crypto_unregister_akcipher(&sim_akcipher);
hash:
	crypto_unregister_ahash(&sim_sha256);
aead:
	crypto_unregister_aead(&sim_gcm);
ciphers:
	crypto_unregister_skciphers(sim_ciphers, ARRAY_SIZE(sim_ciphers));
	return err;
}

static void sim_unregister(void)
{
	crypto_unregister_acomp(&sim_deflate);
	crypto_unregister_akcipher(&sim_akcipher);
	crypto_unregister_ahash(&sim_sha256);
	crypto_unregister_aead(&sim_gcm);
	crypto_unregister_skciphers(sim_ciphers, ARRAY_SIZE(sim_ciphers));
}

static void sim_stop(void)
{
	kthread_stop(sim_hardware);
	/* The end of the last answer's function may still run. */
	tasklet_kill(&sim_delivery.tasklet);
	irq_work_sync(&sim_delivery.irq_work);
	WARN_ON(sim_in_engine.value);
}

static int __init devcrypto_sim_init(void)
{
	int err;

	if (sim_paused.value || sim_never.value || sim_fail_every.value)
		return -EINVAL;
	crypto_init_queue(&sim_queue, sim_depth.value);
	init_completion(&sim_delivery.done);
	tasklet_setup(&sim_delivery.tasklet, sim_deliver_tasklet);
	init_irq_work(&sim_delivery.irq_work, sim_deliver_irq_work);

	sim_inner_hash = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(sim_inner_hash))
		return PTR_ERR(sim_inner_hash);
	sim_sha256.halg.statesize = crypto_shash_statesize(sim_inner_hash);
	sim_hardware = kthread_run(sim_run, NULL, "devcrypto_sim");
	if (IS_ERR(sim_hardware)) {
		err = PTR_ERR(sim_hardware);
		goto free_hash;
	}
	err = sim_register();
	if (err)
		goto stop;
	return 0;

stop:
	sim_stop();
free_hash:
	crypto_free_shash(sim_inner_hash);
	return err;
}

static void __exit devcrypto_sim_exit(void)
{
	sim_unregister();
	sim_stop();
	crypto_free_shash(sim_inner_hash);
}

module_init(devcrypto_sim_init);
module_exit(devcrypto_sim_exit);

MODULE_DESCRIPTION("Simulated asynchronous engine for the tests");
MODULE_LICENSE("GPL");
