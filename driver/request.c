// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: read, check, execute, complete exactly once.
 *
 * A request owns all it uses: the packet, the segments, the IV, the payload's
 * copy and the crypto API's request. Synchronous execution is waiting for it.
 * A waiter that is killed while an engine works on its request leaves the
 * request to the engine's completion, which frees it from a workqueue.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "private.h"
#include "trace.h"

/* Idle requests that a context keeps: threads that run at the same time. */
#define DC_MAX_IDLE	num_possible_cpus()

/*
 * dc_request.owner while the algorithm has the request. The first to move it
 * away from DC_RUNNING leaves the request to the other.
 */
enum {
	DC_RUNNING,
	DC_COMPLETED,
	DC_ORPHANED,
};

/* Sizes of the first published versions. */
#define DC_MIN_REQUEST_BYTES	offsetofend(struct devcrypto_request, reserved)
#define DC_MIN_SEGMENT_BYTES	offsetofend(struct devcrypto_segment, reserved)

struct workqueue_struct *dc_workqueue;

static void dc_request_orphan(struct work_struct *work);

/* Cache lines of the blocks that an engine may map for DMA. */
static unsigned int dc_block_align(void)
{
	return max3((unsigned int)dma_get_cache_alignment(), DC_LAYOUT_ALIGN,
		    (unsigned int)CRYPTO_MINALIGN);
}

static struct dc_request *dc_request_alloc(struct dc_context *ctx)
{
	const struct devcrypto_config *alg = &ctx->tfm->alg;
	const unsigned int align = dc_block_align();
	size_t iv, result, handle, total;
	struct dc_request *rq;
	void *base;

	/* Under DEVCRYPTO_CONFIG_LAYOUT they may begin anywhere in a line. */
	iv = ALIGN(sizeof(*rq), align);
	result = iv + ALIGN(alg->out_iv_bytes + DC_LAYOUT_ALIGN, align);
	handle = result + ALIGN(alg->out_digest_bytes + DC_LAYOUT_ALIGN, align);
	total = handle + ctx->tfm->request_bytes;

	base = kzalloc(total + align, GFP_KERNEL_ACCOUNT);
	if (!base)
		return NULL;
	rq = PTR_ALIGN(base, align);
	rq->base = base;
	rq->ctx = ctx;
	rq->iv = (u8 *)rq + iv;
	rq->result = (u8 *)rq + result;
	rq->handle = (u8 *)rq + handle;
	rq->in.user = ctx->user;
	rq->out.user = ctx->user;
	/* A thread waits for the request. */
	rq->callback_flags = CRYPTO_TFM_REQ_MAY_BACKLOG |
			     CRYPTO_TFM_REQ_MAY_SLEEP;
	init_completion(&rq->done);
	INIT_WORK(&rq->orphan, dc_request_orphan);
	return rq;
}

static bool dc_request_has_memory(const struct dc_request *rq)
{
	return rq->in.capacity || rq->out.capacity;
}

static void dc_request_trim(struct dc_request *rq, u32 keep)
{
	dc_buffer_trim(&rq->in, keep);
	dc_buffer_trim(&rq->out, keep);
	/* Of a context's idle requests only one keeps memory. */
	if (rq->ctx->tfm->class->trim)
		rq->ctx->tfm->class->trim(rq, dc_request_has_memory(rq) ?
					      keep : 0);
}

void dc_request_free(struct dc_request *rq)
{
	dc_request_trim(rq, 0);
	dc_span_free(&rq->src);
	dc_span_free(&rq->dst);
	dc_buffer_free(&rq->in);
	dc_buffer_free(&rq->out);
	kfree_sensitive(rq->base);
}

static struct dc_request *dc_request_get(struct dc_context *ctx)
{
	struct dc_request *rq;

	spin_lock(&ctx->idle_lock);
	rq = list_first_entry_or_null(&ctx->idle, struct dc_request, idle);
	if (rq) {
		list_del(&rq->idle);
		ctx->nr_idle--;
		ctx->nr_kept -= dc_request_has_memory(rq);
	}
	spin_unlock(&ctx->idle_lock);
	return rq ?: dc_request_alloc(ctx);
}

static void dc_request_put(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;
	/* One request with memory is enough for a context that rests. */
	const u32 keep = READ_ONCE(ctx->nr_kept) ? 0 : DC_KEEP_BYTES;

	dc_request_trim(rq, keep);
	spin_lock(&ctx->idle_lock);
	if (ctx->nr_idle < DC_MAX_IDLE) {
		/* The one with memory first: a lone thread takes no other. */
		if (dc_request_has_memory(rq))
			list_add(&rq->idle, &ctx->idle);
		else
			list_add_tail(&rq->idle, &ctx->idle);
		ctx->nr_idle++;
		ctx->nr_kept += dc_request_has_memory(rq);
		rq = NULL;
	}
	spin_unlock(&ctx->idle_lock);
	if (rq)
		dc_request_free(rq);
}

/**
 * dc_request_iv() - take the IV of a request in
 * @rq: a request of a class that knows IVs
 *
 * Return: 0, -EINVAL or -EFAULT.
 */
int dc_request_iv(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	u32 shift = 0;

	if (packet->iv_bytes != tfm->alg.out_iv_bytes)
		return -EINVAL;
	if (tfm->flags & DEVCRYPTO_CONFIG_LAYOUT)
		shift = packet->iv & (DC_LAYOUT_ALIGN - 1);
	rq->iv_now = rq->iv + shift;
	return dc_get_bytes(rq->iv_now, packet->iv, packet->iv_bytes);
}

/* Gives the chained IV back where the caller wants it. */
int dc_request_iv_out(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;

	if (!(packet->flags & DEVCRYPTO_REQUEST_IV_OUT))
		return 0;
	return dc_put_bytes(packet->iv, rq->iv_now, packet->iv_bytes);
}

/**
 * dc_request_buffers() - take the caller's source and destination in
 * @rq: a request whose other fields have been checked
 *
 * Return: 0 or an error of dc_span_set().
 */
int dc_request_buffers(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	int err;

	err = dc_span_set(&rq->src, packet->src, packet->src_segments,
			  packet->src_bytes, rq->segment_bytes);
	if (err)
		return err;
	return dc_span_set(&rq->dst, packet->dst, packet->dst_segments,
			   packet->dst_bytes, rq->segment_bytes);
}

/* What holds for every class. */
static int dc_request_check(const struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;

	if (packet->flags & ~DEVCRYPTO_REQUEST_IV_OUT || packet->reserved)
		return -EINVAL;
	if (packet->op >= 32 || !(tfm->class->ops & BIT(packet->op)))
		return -EOPNOTSUPP;
	if (packet->flags & DEVCRYPTO_REQUEST_IV_OUT &&
	    !(tfm->alg.out_properties & DEVCRYPTO_ALG_CHAINS))
		return -EOPNOTSUPP;
	if (packet->src_bytes > READ_ONCE(dc_max_request_bytes) ||
	    packet->assoc_bytes > DC_MAX_ASSOC_BYTES)
		return -EDQUOT;
	return 0;
}

/*
 * Errors of an algorithm as the header's table has them. A driver's own
 * EINVAL, ENOMEM and ENODEV mean what they say; EBADMSG comes from decryption
 * only: of AEADs, of RSA and of key wrapping, which is a cipher.
 */
static int dc_request_error(const struct dc_request *rq, int err)
{
	const struct dc_class *class = rq->ctx->tfm->class;

	if (err && class->error)
		err = class->error(rq, err);
	switch (err) {
	case 0:
	case -EINVAL:
	case -ENOMEM:
	case -ENODEV:
	case -ENOKEY:
	case -EINTR:
		return err;
	case -ERESTARTSYS:
		return -EINTR;
	case -ESHUTDOWN:
		return -ENODEV;
	case -EBADMSG:
		return rq->packet.op == DEVCRYPTO_OP_DECRYPT ? err : -EIO;
	case -EKEYREJECTED:
		return rq->packet.op == DEVCRYPTO_OP_VERIFY ? err : -EIO;
	case -EILSEQ:
	case -EMSGSIZE:
		return class->id == DEVCRYPTO_CLASS_COMP ? err : -EIO;
	/* The crypto API's answer where an algorithm lacks the operation. */
	case -ENOSYS:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/*
 * Runs in whatever context the engine completes in. With MAY_BACKLOG the crypto
 * API also notifies that a request left the backlog; that is no completion.
 */
void dc_request_callback(dc_callback_arg *arg, int err)
{
	struct dc_request *rq = dc_callback_data(arg);

	if (err == -EINPROGRESS)
		return;
	/* Unloading waits for this section, so the code stays to its end. */
	rcu_read_lock();
	rq->error = err;
	if (atomic_xchg(&rq->owner, DC_COMPLETED) == DC_ORPHANED)
		queue_work(dc_workqueue, &rq->orphan);
	else
		complete(&rq->done);
	rcu_read_unlock();
}

static void dc_request_end(struct dc_request *rq, int err)
{
	rq->error = err;
	if (rq->ctx->tfm->class->end)
		rq->ctx->tfm->class->end(rq);
}

static void dc_request_orphan(struct work_struct *work)
{
	struct dc_request *rq = container_of(work, struct dc_request, orphan);
	struct dc_context *ctx = rq->ctx;

	/* The steps that were left are not taken: the operation failed. */
	dc_request_end(rq, -EINTR);
	trace_devcrypto_complete(rq, -EINTR);
	atomic64_inc(&ctx->failed);
	atomic64_add(rq->copied, &ctx->bytes_copied);
	dc_request_free(rq);
	dc_context_put(ctx);
	/* dc_request_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/*
 * Waits for the engine. Returns false if the thread was killed first: then the
 * request is no longer the caller's.
 */
static bool dc_request_wait(struct dc_request *rq)
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
static int dc_request_start(struct dc_request *rq)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	int err;

	for (;;) {
		atomic_set(&rq->owner, DC_RUNNING);
		reinit_completion(&rq->done);
		err = tfm->class->start(rq);
		if (err != -ENOSPC ||
		    !(tfm->alg.out_properties & DEVCRYPTO_ALG_ASYNC))
			return err;
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

/* Executes the steps. Returns false if the request was lost to the engine. */
static bool dc_request_execute(struct dc_request *rq)
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
		err = dc_request_start(rq);
		if (err == -EINPROGRESS || err == -EBUSY) {
			if (!dc_request_wait(rq))
				return false;
			err = rq->error;
		}
	}
	rq->error = err;
	return true;
}

/*
 * Runs the packet. Returns false if the request was lost to the engine, else
 * the result stands in rq->error and rq->out_bytes.
 */
static bool dc_request_run(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;
	int err;

	rq->out_bytes = 0;
	rq->copied = 0;
	rq->steps = 1;
	err = dc_request_check(rq);
	if (!err)
		err = ctx->tfm->class->load(rq);
	if (!err) {
		if (!dc_request_execute(rq))
			return false;
		err = dc_request_error(rq, rq->error);
		if (!err)
			err = ctx->tfm->class->store(rq);
		dc_request_end(rq, err);
		trace_devcrypto_complete(rq, err);
	}
	rq->error = err;
	atomic64_inc(err ? &ctx->failed : &ctx->done);
	atomic64_add(rq->copied, &ctx->bytes_copied);
	return true;
}

static int dc_packet_get(struct devcrypto_request *packet,
			 const void __user *user, u32 bytes)
{
	if (bytes == sizeof(*packet))
		return dc_get_words(packet, user, sizeof(*packet));
	return copy_struct_from_user(packet, sizeof(*packet), user, bytes);
}

static int dc_packet_answer(const struct dc_request *rq,
			    struct devcrypto_request __user *user)
{
	if (!user_write_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_put_user(rq->error, &user->out_result, fault);
	unsafe_put_user(rq->out_bytes, &user->out_bytes, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/* The size of an array's elements; they are read word by word. */
static int dc_element_check(u32 bytes, u32 min)
{
	if (bytes < min || bytes % sizeof(u64))
		return -EINVAL;
	return bytes > DC_MAX_ELEMENT_BYTES ? -E2BIG : 0;
}

/**
 * dc_ioctl_run() - DEVCRYPTO_IOC_RUN
 * @ctx: the context
 * @run: where the packets are
 *
 * Return: number of packets executed, or an error if that is none.
 */
long dc_ioctl_run(struct dc_context *ctx, const struct devcrypto_run *run)
{
	const u32 segment_bytes = run->segment_bytes ?: DC_MIN_SEGMENT_BYTES;
	void __user *user = u64_to_user_ptr(run->requests);
	struct dc_request *rq;
	int err;
	u32 i;

	if (!dc_context_tfm(ctx))
		return -ENOTCONN;
	if (run->flags)
		return -EINVAL;
	err = dc_element_check(run->request_bytes, DC_MIN_REQUEST_BYTES);
	if (!err)
		err = dc_element_check(segment_bytes, DC_MIN_SEGMENT_BYTES);
	if (err)
		return err;
	if (run->count > DC_MAX_BATCH)
		return -EDQUOT;
	if (run->requests != (uintptr_t)run->requests)
		return -EFAULT;

	rq = dc_request_get(ctx);
	if (!rq)
		return -ENOMEM;
	rq->segment_bytes = segment_bytes;
	for (i = 0; i < run->count; i++, user += run->request_bytes) {
		if (i) {
			cond_resched();
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				break;
			}
		}
		err = dc_packet_get(&rq->packet, user, run->request_bytes);
		if (err)
			break;
		if (!dc_request_run(rq))
			return i ?: -EINTR;
		err = dc_packet_answer(rq, user);
		if (err)
			break;
	}
	dc_request_put(rq);
	return i ?: err;
}

int dc_request_init(void)
{
	dc_workqueue = alloc_workqueue("devcrypto", WQ_UNBOUND, 0);
	return dc_workqueue ? 0 : -ENOMEM;
}

/* No file is open, and no orphan is left but for the end of its work. */
void dc_request_exit(void)
{
	destroy_workqueue(dc_workqueue);
}
