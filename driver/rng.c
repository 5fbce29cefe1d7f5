// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random number generators.
 *
 * The crypto API's calls are synchronous and take plain addresses. Output is
 * made in steps, so that a long request reschedules and can be killed.
 *
 * With DEVCRYPTO_CONFIG_ENTROPY a DRBG is told the address of its entropy, and
 * looks there whenever it wants some. It is told anew for each operation, and
 * so there is one at a time, from claim() to release().
 */
#include <linux/string.h>

#include <crypto/rng.h>

#include "private.h"

/* jitterentropy collects slowly and does not reschedule. */
#define DC_JITTER_STEP_BYTES	128U

/* What a DRBG finds where the caller gives it nothing. */
static const u8 dc_rng_zero_entropy[64];

static bool dc_rng_is_test(const struct dc_tfm *tfm)
{
	return tfm->flags & DEVCRYPTO_CONFIG_ENTROPY;
}

/* Others than the kernel's DRBGs do not take entropy, and do not say so. */
static bool dc_rng_takes_entropy(const struct dc_tfm *tfm)
{
	return !strncmp(tfm->alg.out_driver, "drbg_", 5);
}

/* One with prediction resistance seeds itself before each output. */
static bool dc_rng_needs_entropy(const struct dc_request *rq)
{
	return rq->packet.op == DEVCRYPTO_OP_RESEED ||
	       !strncmp(rq->ctx->tfm->alg.out_driver, "drbg_pr_", 8);
}

static void dc_rng_set_entropy(struct dc_tfm *tfm, const u8 *entropy, u32 bytes)
{
	if (!bytes) {
		entropy = dc_rng_zero_entropy;
		bytes = sizeof(dc_rng_zero_entropy);
	}
	crypto_rng_alg(tfm->rng)->set_ent(tfm->rng, entropy, bytes);
}

static int dc_rng_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_rng *rng = crypto_alloc_rng(name, 0, 0);

	if (IS_ERR(rng))
		return PTR_ERR(rng);
	tfm->rng = rng;
	dc_tfm_describe(tfm, crypto_rng_tfm(rng));
	if (dc_rng_is_test(tfm) && !dc_rng_takes_entropy(tfm)) {
		crypto_free_rng(rng);
		return -EOPNOTSUPP;
	}
	tfm->alg.out_seed_bytes = crypto_rng_seedsize(rng);
	tfm->step_bytes = strcmp(tfm->alg.out_driver, "jitterentropy_rng") ?
			  PAGE_SIZE : DC_JITTER_STEP_BYTES;
	return 0;
}

static void dc_rng_close(struct dc_tfm *tfm)
{
	crypto_free_rng(tfm->rng);
}

/* With no seed the crypto API draws one of the kernel's entropy. */
static int dc_rng_seed(struct dc_tfm *tfm, const u8 *seed, u32 bytes)
{
	if (!bytes)
		return crypto_rng_reset(tfm->rng, NULL,
					crypto_rng_seedsize(tfm->rng));
	if (tfm->alg.out_seed_bytes && bytes != tfm->alg.out_seed_bytes)
		return -EINVAL;
	return crypto_rng_reset(tfm->rng, seed, bytes);
}

static int dc_rng_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	int err;

	/* The first request brings the entropy. */
	if (dc_rng_is_test(tfm))
		return 0;
	err = dc_rng_seed(tfm, NULL, 0);
	/* No key of the caller's is at fault if there is no entropy. */
	if (err == -ERESTARTSYS)
		return -EINTR;
	return err && err != -ENOMEM ? -EIO : err;
}

static int dc_rng_check(const struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;

	if (packet->iv | packet->iv_bytes | packet->tag | packet->tag_bytes)
		return -EINVAL;
	if (!dc_rng_is_test(rq->ctx->tfm) &&
	    packet->entropy | packet->entropy_bytes)
		return -EINVAL;
	if (packet->op == DEVCRYPTO_OP_RESEED &&
	    packet->dst | packet->dst_bytes | packet->dst_segments)
		return -EINVAL;
	if (packet->src_bytes > DC_MAX_KEY_BYTES ||
	    packet->entropy_bytes > DC_MAX_KEY_BYTES ||
	    packet->dst_bytes > READ_ONCE(dc_max_request_bytes))
		return -EDQUOT;
	if (dc_rng_is_test(rq->ctx->tfm) && !packet->entropy_bytes &&
	    dc_rng_needs_entropy(rq))
		return -EINVAL;
	return 0;
}

/* Takes the generator for this request. */
static int dc_rng_claim(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;

	if (!dc_rng_is_test(ctx->tfm))
		return 0;
	if (mutex_lock_killable(&ctx->entropy_lock))
		return -EINTR;
	if (ctx->instantiated || rq->packet.op == DEVCRYPTO_OP_RESEED)
		return 0;
	mutex_unlock(&ctx->entropy_lock);
	return -ENOKEY;
}

/* A seed does not stay behind in the request's memory. */
static void dc_rng_end(struct dc_request *rq)
{
	memzero_explicit(sg_virt(rq->in.sg),
			 rq->packet.src_bytes + rq->packet.entropy_bytes);
}

static int dc_rng_load(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_span entropy = { .addr = packet->entropy };
	const struct dc_tfm *tfm = rq->ctx->tfm;
	int err;

	err = dc_rng_check(rq);
	if (!err)
		err = dc_request_buffers(rq);
	if (err)
		return err;

	/* The generator wants each of them in one run. */
	err = dc_buffer_reserve_run(&rq->in, packet->src_bytes +
				    packet->entropy_bytes);
	if (!err)
		err = dc_buffer_reserve(&rq->out, packet->dst_bytes);
	if (err)
		return err;
	if (packet->op == DEVCRYPTO_OP_GENERATE)
		rq->steps = DIV_ROUND_UP(packet->dst_bytes, tfm->step_bytes);
	rq->copied = packet->src_bytes + packet->entropy_bytes;
	err = dc_buffer_read(&rq->in, 0, &rq->src, packet->src_bytes);
	if (!err)
		err = dc_buffer_read(&rq->in, packet->src_bytes, &entropy,
				     packet->entropy_bytes);
	if (err)
		dc_rng_end(rq);
	return err;
}

static int dc_rng_start(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	struct dc_tfm *tfm = rq->ctx->tfm;
	const u8 *src = sg_virt(rq->in.sg);
	u32 at, bytes;
	u8 *dst;

	if (dc_rng_is_test(tfm))
		dc_rng_set_entropy(tfm, src + packet->src_bytes,
				   packet->entropy_bytes);
	if (packet->op == DEVCRYPTO_OP_RESEED)
		return dc_rng_seed(tfm, src, packet->src_bytes);
	at = rq->step * tfm->step_bytes;
	bytes = min(packet->dst_bytes - at, tfm->step_bytes);
	dst = dc_buffer_at(&rq->out, at);
	return crypto_rng_generate(tfm->rng, packet->src_bytes ? src : NULL,
				   packet->src_bytes, dst, bytes);
}

/* A generator answers at once: this is the thread that claimed it. */
static void dc_rng_release(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;

	if (!dc_rng_is_test(ctx->tfm))
		return;
	/* The request's memory is not the generator's any more. */
	dc_rng_set_entropy(ctx->tfm, NULL, 0);
	if (rq->packet.op == DEVCRYPTO_OP_RESEED && !rq->error)
		ctx->instantiated = true;
	mutex_unlock(&ctx->entropy_lock);
}

static int dc_rng_store(struct dc_request *rq)
{
	return dc_request_give(rq, rq->packet.dst_bytes);
}

const struct dc_class dc_rng_class = {
	.id = DEVCRYPTO_CLASS_RNG,
	.name = "rng",
	.ops = BIT(DEVCRYPTO_OP_GENERATE) | BIT(DEVCRYPTO_OP_RESEED),
	.config_flags = DEVCRYPTO_CONFIG_ENTROPY,
	.open = dc_rng_open,
	.close = dc_rng_close,
	.setkey = dc_rng_setkey,
	.load = dc_rng_load,
	.claim = dc_rng_claim,
	.start = dc_rng_start,
	.release = dc_rng_release,
	.store = dc_rng_store,
	.end = dc_rng_end,
};
