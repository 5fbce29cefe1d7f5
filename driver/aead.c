// SPDX-License-Identifier: GPL-2.0-only
/*
 * Authenticated encryption with associated data.
 *
 * The crypto API wants associated data, text and tag as one run. The run lies
 * in driver memory, with room for a tag in decryption too, because some
 * templates write one there.
 */
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/aead.h>
#include <crypto/authenc.h>

#include "private.h"

static int dc_aead_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_aead *aead = crypto_alloc_aead(name, 0, 0);
	struct devcrypto_config *alg = &tfm->alg;

	if (IS_ERR(aead))
		return PTR_ERR(aead);
	tfm->aead = aead;
	tfm->request_bytes = sizeof(struct aead_request) +
			     crypto_aead_reqsize(aead);
	dc_tfm_describe(tfm, crypto_aead_tfm(aead));
	alg->out_iv_bytes = crypto_aead_ivsize(aead);
	alg->out_tag_max_bytes = crypto_aead_maxauthsize(aead);
	alg->out_tag_bytes = alg->out_tag_max_bytes;
	return 0;
}

static void dc_aead_close(struct dc_tfm *tfm)
{
	crypto_free_aead(tfm->aead);
}

static bool dc_aead_has_two_keys(const struct dc_tfm *tfm)
{
	return !strncmp(tfm->alg.out_name, "authenc(", 8) ||
	       !strncmp(tfm->alg.out_name, "authencesn(", 11);
}

/*
 * authenc takes its keys as a routing attribute with the length of the
 * cipher's key, the authentication key and the cipher's key.
 */
static int dc_aead_set_two_keys(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	const struct dc_key *auth_key = &keys->auth_key, *key = &keys->key;
	const u32 head = RTA_SPACE(sizeof(struct crypto_authenc_key_param));
	const u32 bytes = head + auth_key->bytes + key->bytes;
	struct crypto_authenc_key_param *param;
	struct rtattr *rta;
	int err;

	if (!auth_key->bytes)
		return -ENOKEY;
	rta = kzalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!rta)
		return -ENOMEM;
	rta->rta_type = CRYPTO_AUTHENC_KEYA_PARAM;
	rta->rta_len = RTA_LENGTH(sizeof(*param));
	param = RTA_DATA(rta);
	param->enckeylen = cpu_to_be32(key->bytes);
	memcpy((u8 *)rta + head, auth_key->data, auth_key->bytes);
	memcpy((u8 *)rta + head + auth_key->bytes, key->data, key->bytes);
	err = crypto_aead_setkey(tfm->aead, (u8 *)rta, bytes);
	kfree_sensitive(rta);
	return err;
}

static int dc_aead_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	int err;

	if (keys->tag_bytes)
		tfm->alg.out_tag_bytes = keys->tag_bytes;
	/* For the longest tag too: some drivers keep the size themselves. */
	err = crypto_aead_setauthsize(tfm->aead, tfm->alg.out_tag_bytes);
	if (err)
		return err;
	if (dc_aead_has_two_keys(tfm))
		return dc_aead_set_two_keys(tfm, keys);
	if (keys->auth_key.bytes)
		return -EINVAL;
	return crypto_aead_setkey(tfm->aead, keys->key.data, keys->key.bytes);
}

static int dc_aead_reserve(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_span assoc = { .addr = packet->assoc };
	const struct dc_span tag = { .addr = packet->tag };
	struct dc_part parts[] = {
		{ &assoc, packet->assoc_bytes },
		{ &rq->src, packet->src_bytes },
		{ &tag, packet->tag_bytes },
	};
	int err;

	if (packet->op == DEVCRYPTO_OP_ENCRYPT &&
	    dc_request_pin(rq, packet->assoc_bytes, packet->tag_bytes))
		return 0;
	rq->work_in_place = true;
	if (!(rq->ctx->tfm->flags & DEVCRYPTO_CONFIG_LAYOUT))
		return dc_buffer_reserve(&rq->in, packet->assoc_bytes +
					 packet->src_bytes + packet->tag_bytes);

	rq->work_in_place = dc_request_in_place(rq);
	err = dc_buffer_shape(&rq->in, parts, ARRAY_SIZE(parts));
	if (err || rq->work_in_place)
		return err;
	parts[1].span = &rq->dst;
	return dc_buffer_shape(&rq->out, parts, ARRAY_SIZE(parts));
}

static int dc_aead_load(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_span assoc = { .addr = packet->assoc };
	const struct dc_span tag = { .addr = packet->tag };
	int err;

	if (packet->tag_bytes != rq->ctx->tfm->alg.out_tag_bytes)
		return -EINVAL;
	err = dc_request_room(rq, packet->src_bytes);
	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_request_iv(rq);
	if (!err)
		err = dc_aead_reserve(rq);
	if (err)
		return err;
	rq->copied = packet->assoc_bytes;
	err = dc_buffer_read(&rq->in, 0, &assoc, packet->assoc_bytes);
	if (!err)
		err = dc_request_read_text(rq, packet->assoc_bytes);
	if (!err && packet->op == DEVCRYPTO_OP_DECRYPT)
		err = dc_buffer_read(&rq->in,
				     packet->assoc_bytes + packet->src_bytes,
				     &tag, packet->tag_bytes);
	return err;
}

static int dc_aead_start(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	struct aead_request *req = rq->handle;

	aead_request_set_tfm(req, rq->ctx->tfm->aead);
	aead_request_set_callback(req, rq->callback_flags, dc_request_callback,
				  rq);
	aead_request_set_ad(req, packet->assoc_bytes);
	if (packet->op == DEVCRYPTO_OP_ENCRYPT) {
		aead_request_set_crypt(req, rq->in.sg,
				       dc_request_output(rq)->sg,
				       packet->src_bytes, rq->iv_now);
		return crypto_aead_encrypt(req);
	}
	aead_request_set_crypt(req, rq->in.sg, dc_request_output(rq)->sg,
			       packet->src_bytes + packet->tag_bytes,
			       rq->iv_now);
	return crypto_aead_decrypt(req);
}

static int dc_aead_store(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_span tag = { .addr = packet->tag };
	struct dc_buffer *out = dc_request_output(rq);
	int err;

	err = dc_request_write_text(rq, packet->assoc_bytes);
	if (!err && packet->op == DEVCRYPTO_OP_ENCRYPT)
		err = dc_buffer_write(out,
				      packet->assoc_bytes + packet->src_bytes,
				      &tag, packet->tag_bytes);
	if (!err)
		rq->out_bytes = packet->src_bytes;
	return err;
}

const struct dc_class dc_aead_class = {
	.id = DEVCRYPTO_CLASS_AEAD,
	.name = "aead",
	.ops = BIT(DEVCRYPTO_OP_ENCRYPT) | BIT(DEVCRYPTO_OP_DECRYPT),
	.config_flags = DEVCRYPTO_CONFIG_LAYOUT | DEVCRYPTO_CONFIG_KEYRING |
			DEVCRYPTO_CONFIG_ZEROCOPY,
	.config_fields = DC_USES_KEY | DC_USES_AUTH_KEY | DC_USES_TAG_BYTES,
	.cost_is_size = true,
	.open = dc_aead_open,
	.close = dc_aead_close,
	.setkey = dc_aead_setkey,
	.load = dc_aead_load,
	.start = dc_aead_start,
	.store = dc_aead_store,
};
