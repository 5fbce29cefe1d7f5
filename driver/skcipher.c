// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symmetric ciphers.
 *
 * A long message in a mode that chains is done in steps: an engine never sees
 * a longer scatterlist than it can map, and the thread can be killed between
 * them.
 */
#include <crypto/skcipher.h>

#include "private.h"

/*
 * Modes whose IV, written back by the crypto API, continues the message; a
 * name without an IV (ecb) continues trivially.
 */
static bool dc_skcipher_chains(const char *name, u32 iv_bytes)
{
	static const char * const modes[] = { "cbc(", "ctr(", "cfb(", "ofb(" };
	unsigned int i;

	if (!iv_bytes)
		return !strncmp(name, "ecb(", 4);
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strncmp(name, modes[i], strlen(modes[i])))
			return true;
	return false;
}

static int dc_skcipher_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_skcipher *skcipher = crypto_alloc_skcipher(name, 0, 0);
	struct devcrypto_config *alg = &tfm->alg;

	if (IS_ERR(skcipher))
		return PTR_ERR(skcipher);
	tfm->skcipher = skcipher;
	tfm->request_bytes = sizeof(struct skcipher_request) +
			     crypto_skcipher_reqsize(skcipher);
	dc_tfm_describe(tfm, crypto_skcipher_tfm(skcipher));
	alg->out_chunk_bytes = crypto_skcipher_chunksize(skcipher);
	alg->out_iv_bytes = crypto_skcipher_ivsize(skcipher);
	alg->out_key_min_bytes = crypto_skcipher_min_keysize(skcipher);
	alg->out_key_max_bytes = crypto_skcipher_max_keysize(skcipher);
	if (dc_skcipher_chains(alg->out_name, alg->out_iv_bytes))
		alg->out_properties |= DEVCRYPTO_ALG_CHAINS;
	return 0;
}

static void dc_skcipher_close(struct dc_tfm *tfm)
{
	crypto_free_skcipher(tfm->skcipher);
}

static int dc_skcipher_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	return crypto_skcipher_setkey(tfm->skcipher, keys->key.data,
				      keys->key.bytes);
}

/*
 * Key wrapping. It finds out at its end whether there may be a plaintext, and
 * goes over the text again and again without a pause, so it gets no longer one
 * than a key is.
 */
static bool dc_skcipher_unwraps(const struct dc_tfm *tfm)
{
	return !strncmp(tfm->alg.out_name, "kw(", 3);
}

static int dc_skcipher_reserve(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_part in = { &rq->src, packet->src_bytes };
	const struct dc_part out = { &rq->dst, packet->src_bytes };
	const struct dc_tfm *tfm = rq->ctx->tfm;
	int err;

	if (!dc_skcipher_unwraps(tfm) && dc_request_pin(rq, 0, 0))
		return 0;
	rq->work_in_place = true;
	if (!(tfm->flags & DEVCRYPTO_CONFIG_LAYOUT)) {
		err = dc_buffer_reserve(&rq->in, packet->src_bytes);
		if (!err && tfm->alg.out_properties & DEVCRYPTO_ALG_CHAINS)
			rq->steps = dc_buffer_split(&rq->in);
		return err;
	}

	rq->work_in_place = dc_request_in_place(rq);
	err = dc_buffer_shape(&rq->in, &in, 1);
	if (!err && !rq->work_in_place)
		err = dc_buffer_shape(&rq->out, &out, 1);
	return err;
}

static int dc_skcipher_load(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	int err;

	if (packet->assoc | packet->assoc_bytes | packet->tag |
	    packet->tag_bytes)
		return -EINVAL;
	if (dc_skcipher_unwraps(rq->ctx->tfm) &&
	    packet->src_bytes > DC_MAX_KEY_BYTES)
		return -EDQUOT;
	err = dc_request_room(rq, packet->src_bytes);
	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_request_iv(rq);
	if (!err)
		err = dc_skcipher_reserve(rq);
	return err ?: dc_request_read_text(rq, 0);
}

static int dc_skcipher_start(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	struct skcipher_request *req = rq->handle;
	struct scatterlist *src = rq->in.sg;
	struct scatterlist *dst = dc_request_output(rq)->sg;
	u32 bytes = packet->src_bytes;

	if (rq->steps > 1) {
		src = dc_buffer_step(&rq->in, rq->step, &bytes);
		dst = src;
	}
	skcipher_request_set_tfm(req, rq->ctx->tfm->skcipher);
	skcipher_request_set_callback(req, rq->callback_flags,
				      dc_request_callback, rq);
	skcipher_request_set_crypt(req, src, dst, bytes, rq->iv_now);
	return packet->op == DEVCRYPTO_OP_ENCRYPT ?
	       crypto_skcipher_encrypt(req) : crypto_skcipher_decrypt(req);
}

static int dc_skcipher_store(struct dc_request *rq)
{
	int err = dc_request_write_text(rq, 0);

	if (!err)
		err = dc_request_iv_out(rq);
	if (!err)
		rq->out_bytes = rq->packet.src_bytes;
	return err;
}

const struct dc_class dc_skcipher_class = {
	.id = DEVCRYPTO_CLASS_SKCIPHER,
	.name = "skcipher",
	.ops = BIT(DEVCRYPTO_OP_ENCRYPT) | BIT(DEVCRYPTO_OP_DECRYPT),
	.config_flags = DEVCRYPTO_CONFIG_LAYOUT | DEVCRYPTO_CONFIG_KEYRING |
			DEVCRYPTO_CONFIG_ZEROCOPY,
	.config_fields = DC_USES_KEY,
	.cost_is_size = true,
	.open = dc_skcipher_open,
	.close = dc_skcipher_close,
	.setkey = dc_skcipher_setkey,
	.load = dc_skcipher_load,
	.start = dc_skcipher_start,
	.store = dc_skcipher_store,
};
