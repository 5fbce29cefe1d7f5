// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: memory, operands and errors.
 *
 * A request owns all it uses: the packet, the segments, the IV, the payload's
 * copy and the crypto API's request.
 */
#include <linux/dma-mapping.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "private.h"
#include "trace.h"

/* Idle requests that a context keeps: threads that run at the same time. */
#define DC_MAX_IDLE	num_possible_cpus()

/* Sizes of the first published versions. */
#define DC_MIN_REQUEST_BYTES	offsetofend(struct devcrypto_request, reserved)
#define DC_MIN_SEGMENT_BYTES	offsetofend(struct devcrypto_segment, reserved)

/*
 * Workers have a workqueue of their own, so that what ends requests never waits
 * for those that execute them.
 */
struct workqueue_struct *dc_workqueue;
struct workqueue_struct *dc_worker_queue;

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
	init_completion(&rq->done);
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

/**
 * dc_request_get() - a request of a configured context
 * @ctx: the context
 *
 * Return: the request, for dc_request_put() or dc_request_free(); or NULL.
 */
struct dc_request *dc_request_get(struct dc_context *ctx)
{
	struct dc_request *rq;

	spin_lock(&ctx->idle_lock);
	rq = list_first_entry_or_null(&ctx->idle, struct dc_request, list);
	if (rq) {
		list_del(&rq->list);
		ctx->nr_idle--;
		ctx->nr_kept -= dc_request_has_memory(rq);
	}
	spin_unlock(&ctx->idle_lock);
	return rq ?: dc_request_alloc(ctx);
}

void dc_request_put(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;
	/* One request with memory is enough for a context that rests. */
	const u32 keep = READ_ONCE(ctx->nr_kept) ? 0 : DC_KEEP_BYTES;

	dc_request_trim(rq, keep);
	spin_lock(&ctx->idle_lock);
	if (ctx->nr_idle < DC_MAX_IDLE) {
		/* The one with memory first: a lone thread takes no other. */
		if (dc_request_has_memory(rq))
			list_add(&rq->list, &ctx->idle);
		else
			list_add_tail(&rq->list, &ctx->idle);
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

/**
 * dc_request_room() - see whether the output fits
 * @rq: the request
 * @bytes: length of the output
 *
 * Return: 0, or -EMSGSIZE and out_bytes says how much is needed.
 */
int dc_request_room(struct dc_request *rq, u32 bytes)
{
	if (rq->packet.dst_bytes >= bytes)
		return 0;
	rq->out_bytes = bytes;
	return -EMSGSIZE;
}

/**
 * dc_request_give() - copy output to the caller
 * @rq: a request that succeeded
 * @bytes: length of the output, from the beginning of rq->out
 *
 * Return: 0 or -EFAULT.
 */
int dc_request_give(struct dc_request *rq, u32 bytes)
{
	int err = dc_buffer_write(&rq->out, 0, &rq->dst, bytes);

	rq->copied += bytes;
	if (!err)
		rq->out_bytes = bytes;
	return err;
}

/**
 * dc_request_read_text() - copy the source into driver memory
 * @rq: a request with as much room in its input
 * @at: offset there
 *
 * Return: 0 or -EFAULT.
 */
int dc_request_read_text(struct dc_request *rq, u32 at)
{
	const u32 bytes = rq->packet.src_bytes;

	if (rq->zerocopy)
		return 0;
	rq->copied += bytes;
	return dc_buffer_read(&rq->in, at, &rq->src, bytes);
}

/**
 * dc_request_write_text() - copy output of the source's length to the caller
 * @rq: a request that succeeded
 * @at: offset in its output
 *
 * Return: 0 or -EFAULT.
 */
int dc_request_write_text(struct dc_request *rq, u32 at)
{
	const u32 bytes = rq->packet.src_bytes;

	if (rq->zerocopy)
		return 0;
	rq->copied += bytes;
	return dc_buffer_write(dc_request_output(rq), at, &rq->dst, bytes);
}

/* What holds for every class. */
static int dc_request_check(const struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;

	const u32 known = DEVCRYPTO_REQUEST_IV_OUT | DEVCRYPTO_REQUEST_CHAIN |
			  DEVCRYPTO_REQUEST_ZEROCOPY;

	if (packet->flags & ~known || packet->reserved || packet->reserved2)
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
int dc_request_error(const struct dc_request *rq, int err)
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

/**
 * dc_request_was_taken() - is a request the engine's now, or in its backlog?
 * @callback_flags: the request's, which may have ended meanwhile
 * @err: what starting it returned
 */
bool dc_request_was_taken(u32 callback_flags, int err)
{
	return err == -EINPROGRESS ||
	       (err == -EBUSY && callback_flags & CRYPTO_TFM_REQ_MAY_BACKLOG);
}

/* Did an engine refuse the request because its queue is full? Some say so. */
bool dc_request_was_refused(const struct dc_request *rq, int err)
{
	const bool backlog = rq->callback_flags & CRYPTO_TFM_REQ_MAY_BACKLOG;

	if (!(rq->ctx->tfm->alg.out_properties & DEVCRYPTO_ALG_ASYNC))
		return false;
	return err == -ENOSPC || err == -EAGAIN || (err == -EBUSY && !backlog);
}

/**
 * dc_request_learn() - see how the algorithm answers
 * @rq: a request that it has answered
 * @answers: DC_ANSWERS_*
 *
 * Some engines answer an empty message at once.
 */
void dc_request_learn(const struct dc_request *rq, u32 answers)
{
	struct dc_tfm *tfm = rq->ctx->tfm;

	if (READ_ONCE(tfm->answers) < answers && rq->packet.src_bytes)
		WRITE_ONCE(tfm->answers, answers);
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
	dc_request_learn(rq, DC_ANSWERS_LATER);
	rq->error = err;
	rq->answered(rq);
	rcu_read_unlock();
}

/**
 * dc_request_load() - check a request that was read, and take its input in
 * @rq: the request
 *
 * Return: 0 or an error.
 */
int dc_request_load(struct dc_request *rq)
{
	int err = dc_request_check(rq);

	if (!err)
		err = rq->ctx->tfm->class->load(rq);
	rq->loaded = !err;
	return err;
}

/* Claims what a loaded request needs before its first step. */
int dc_request_begin(struct dc_request *rq)
{
	const struct dc_class *class = rq->ctx->tfm->class;
	int err = class->claim ? class->claim(rq) : 0;

	rq->begun = !err;
	return err;
}

/* Undoes dc_request_begin() where it succeeded; the algorithm is done. */
void dc_request_release(struct dc_request *rq, int err)
{
	const struct dc_class *class = rq->ctx->tfm->class;

	rq->error = err;
	if (rq->begun && class->release)
		class->release(rq);
	rq->begun = false;
}

/**
 * dc_request_end() - count a request and forget its secrets
 * @rq: with its result in rq->error; in process context
 */
void dc_request_end(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;

	if (rq->loaded && ctx->tfm->class->end)
		ctx->tfm->class->end(rq);
	rq->loaded = false;
	dc_request_unpin(rq);
	if (rq->error == -ECANCELED)
		atomic64_inc(&ctx->cancelled);
	else
		atomic64_inc(rq->error ? &ctx->failed : &ctx->done);
	atomic64_add(rq->copied, &ctx->bytes_copied);
	if (rq->zerocopy && !rq->error)
		atomic64_add(rq->packet.src_bytes, &ctx->bytes_zerocopy);
}

/* The size of an array's elements; they are read word by word. */
int dc_element_check(u32 bytes, u32 min)
{
	if (bytes < min || bytes % sizeof(u64))
		return -EINVAL;
	return bytes > DC_MAX_ELEMENT_BYTES ? -E2BIG : 0;
}

/**
 * dc_packets_set() - take the description of an array of requests in
 * @packets: filled in
 * @addr: address of the array
 * @count: entries in it
 * @bytes: distance of two entries
 * @segment_bytes: distance of two segments; 0 = as this driver knows them
 *
 * Return: 0, -EINVAL, -E2BIG, -EDQUOT or -EFAULT.
 */
int dc_packets_set(struct dc_packets *packets, u64 addr, u32 count, u32 bytes,
		   u32 segment_bytes)
{
	int err;

	packets->user = u64_to_user_ptr(addr);
	packets->left = count;
	packets->bytes = bytes;
	packets->segment_bytes = segment_bytes ?: DC_MIN_SEGMENT_BYTES;
	err = dc_element_check(bytes, DC_MIN_REQUEST_BYTES);
	if (!err)
		err = dc_element_check(packets->segment_bytes,
				       DC_MIN_SEGMENT_BYTES);
	if (err)
		return err;
	if (count > DC_MAX_BATCH)
		return -EDQUOT;
	return addr == (uintptr_t)addr ? 0 : -EFAULT;
}

/**
 * dc_packets_next() - read the next request
 * @packets: of which some are left
 * @rq: the request
 *
 * Return: 0, -EFAULT or -E2BIG.
 */
int dc_packets_next(struct dc_packets *packets, struct dc_request *rq)
{
	const void __user *user = packets->user;
	int err;

	rq->segment_bytes = packets->segment_bytes;
	if (packets->bytes == sizeof(rq->packet))
		err = dc_get_words(&rq->packet, user, sizeof(rq->packet));
	else
		err = copy_struct_from_user(&rq->packet, sizeof(rq->packet),
					    user, packets->bytes);
	if (err)
		return err;
	packets->user += packets->bytes;
	packets->left--;
	rq->out_bytes = 0;
	rq->copied = 0;
	rq->step = 0;
	rq->steps = 1;
	rq->loaded = false;
	rq->begun = false;
	rq->started = false;
	rq->zerocopy = false;
	return 0;
}

/**
 * dc_packet_answer() - write the result into the caller's request
 * @rq: with the result
 * @user: the caller's request
 * @bytes: its length; who knows no more than the first version has no out_flags
 *
 * Return: 0 or -EFAULT.
 */
int dc_packet_answer(const struct dc_request *rq,
		     struct devcrypto_request __user *user, u32 bytes)
{
	const u32 out_flags = dc_request_out_flags(rq);

	if (!user_write_access_begin(user, bytes))
		return -EFAULT;
	unsafe_put_user(rq->error, &user->out_result, fault);
	unsafe_put_user(rq->out_bytes, &user->out_bytes, fault);
	if (bytes >= offsetofend(struct devcrypto_request, out_flags))
		unsafe_put_user(out_flags, &user->out_flags, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/**
 * dc_request_submit() - make a request that was read one of the queue's
 * @rq: the request; what comes of loading it stands in rq->error
 */
void dc_request_submit(struct dc_request *rq)
{
	rq->callback_flags = CRYPTO_TFM_REQ_MAY_SLEEP |
			     rq->ctx->tfm->class->queue_flags;
	rq->mm = current->mm;
	mmgrab(rq->mm);
	rq->next = NULL;
	rq->stored = false;
	rq->error = dc_request_load(rq);
}

/* Undoes dc_request_submit() of a request whose end has been told. */
void dc_request_let_go(struct dc_request *rq)
{
	mmdrop(rq->mm);
	rq->mm = NULL;
	rq->uring = NULL;
	dc_request_put(rq);
}

/**
 * dc_request_store_once() - end a submitted request in a thread of the caller's
 * @rq: a request with its result
 *
 * Nothing is written into another address space than the one that submitted.
 */
void dc_request_store_once(struct dc_request *rq)
{
	if (rq->stored)
		return;
	if (rq->mm != current->mm) {
		rq->error = -ECANCELED;
		rq->out_bytes = 0;
	} else if (!rq->error) {
		rq->error = rq->ctx->tfm->class->store(rq);
	}
	dc_request_end(rq);
	rq->stored = true;
}

int dc_request_init(void)
{
	dc_workqueue = alloc_workqueue("devcrypto_end", WQ_UNBOUND, 0);
	if (!dc_workqueue)
		return -ENOMEM;
	dc_worker_queue = alloc_workqueue("devcrypto", WQ_UNBOUND | WQ_SYSFS,
					  0);
	if (dc_worker_queue)
		return 0;
	destroy_workqueue(dc_workqueue);
	return -ENOMEM;
}

/* No file is open, and no request is left but for the end of its work. */
void dc_request_exit(void)
{
	destroy_workqueue(dc_worker_queue);
	destroy_workqueue(dc_workqueue);
}
