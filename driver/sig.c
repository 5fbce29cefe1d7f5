// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signatures: of digests, which the caller makes.
 *
 * A signature and the digest that it is held against lie in one run, in this
 * order, as the crypto API of some kernels wants them.
 */
#include <linux/string.h>

#include <crypto/hash.h>

#include "private.h"

/*
 * Length of the digest that the name of PKCS #1 ends with; 0 = the algorithm
 * takes any. Not every kernel holds signer and verifier to it.
 */
static int dc_sig_digest_bytes(struct dc_tfm *tfm)
{
	const char *comma = strrchr(tfm->alg.out_name, ',');
	char name[DEVCRYPTO_NAME_BYTES];
	struct crypto_shash *hash;

	if (!comma || !dc_pubkey_is_padded(tfm))
		return 0;
	strscpy(name, comma + 1, sizeof(name));
	name[strcspn(name, ")")] = '\0';
	if (!strcmp(name, "none"))
		return 0;
	hash = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(hash))
		return PTR_ERR(hash);
	tfm->alg.out_digest_bytes = crypto_shash_digestsize(hash);
	crypto_free_shash(hash);
	return 0;
}

static int dc_sig_open(struct dc_tfm *tfm, const char *name)
{
	const struct dc_key *key = &dc_pubkey_placeholder;
	struct dc_sig_tfm *sig = dc_sig_alloc(name);
	int err = 0;

	if (sig == ERR_PTR(-ENOENT) && dc_pubkey_load_home(name))
		sig = dc_sig_alloc(name);
	if (IS_ERR(sig))
		return PTR_ERR(sig);
	tfm->sig = sig;
	tfm->request_bytes = dc_sig_request_bytes(sig);
	dc_tfm_describe(tfm, dc_sig_base(sig));
	tfm->alg.out_properties |= DEVCRYPTO_ALG_NEEDS_KEY;
	if (dc_pubkey_is_rsa(tfm))
		err = dc_sig_set_public(sig, key->data, key->bytes);
	if (dc_pubkey_is_stuck(tfm, err))
		return -ENODEV;
	err = dc_sig_digest_bytes(tfm);
	if (err)
		dc_sig_free(sig);
	return err;
}

static void dc_sig_close(struct dc_tfm *tfm)
{
	dc_sig_free(tfm->sig);
}

static int dc_sig_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	struct dc_key key;
	int err = dc_pubkey_pack(tfm, keys, &key);

	if (err)
		return err;
	if (tfm->flags & DEVCRYPTO_CONFIG_PRIVATE)
		err = dc_sig_set_private(tfm->sig, key.data, key.bytes);
	else
		err = dc_sig_set_public(tfm->sig, key.data, key.bytes);
	kfree_sensitive(key.base);
	/* The crypto API's answer where an algorithm takes no such key. */
	if (err == -ENOSYS)
		return -EOPNOTSUPP;
	/* The length of a digest of "ecrdsa" is that of a coordinate. */
	if (!err && !strcmp(tfm->alg.out_name, "ecrdsa"))
		tfm->alg.out_digest_bytes = keys->key.bytes < 128 ? 32 : 64;
	if (!err && tfm->flags & DEVCRYPTO_CONFIG_PRIVATE)
		tfm->alg.out_output_bytes = dc_sig_max_bytes(tfm->sig);
	return err;
}

static bool dc_sig_verifies(const struct dc_request *rq)
{
	return rq->packet.op == DEVCRYPTO_OP_VERIFY;
}

static int dc_sig_check(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 digest_bytes = tfm->alg.out_digest_bytes;

	if (packet->iv | packet->iv_bytes | packet->assoc | packet->assoc_bytes)
		return -EINVAL;
	if (packet->src_bytes > DC_MAX_KEY_BYTES)
		return -EDQUOT;
	if (digest_bytes ? packet->src_bytes != digest_bytes :
			   !packet->src_bytes)
		return -EINVAL;
	if (dc_sig_verifies(rq)) {
		if (packet->dst | packet->dst_bytes | packet->dst_segments)
			return -EINVAL;
		return packet->signature_bytes > DC_MAX_KEY_BYTES ? -EDQUOT : 0;
	}
	if (packet->signature | packet->signature_bytes)
		return -EINVAL;
	if (!(tfm->flags & DEVCRYPTO_CONFIG_PRIVATE))
		return -EINVAL;
	return dc_request_room(rq, tfm->alg.out_output_bytes);
}

static int dc_sig_load(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_span signature = { .addr = packet->signature };
	/* 0 when one is made. */
	const u32 signature_bytes = packet->signature_bytes;
	int err;

	err = dc_sig_check(rq);
	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_buffer_reserve_run(&rq->in, signature_bytes +
					    packet->src_bytes);
	if (!err)
		err = dc_buffer_reserve_run(&rq->out,
					    rq->ctx->tfm->alg.out_output_bytes);
	if (err)
		return err;
	rq->copied = signature_bytes + packet->src_bytes;
	err = dc_buffer_read(&rq->in, 0, &signature, signature_bytes);
	if (!err)
		err = dc_buffer_read(&rq->in, signature_bytes, &rq->src,
				     packet->src_bytes);
	return err;
}

static int dc_sig_start(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	struct dc_sig_call call = {
		.src = rq->in.sg,
		.dst = rq->out.sg,
		.signature_bytes = packet->signature_bytes,
		.digest_bytes = packet->src_bytes,
		.flags = rq->callback_flags,
		.complete = dc_request_callback,
		.data = rq,
	};

	if (dc_sig_verifies(rq))
		return packet->signature_bytes ?
		       dc_sig_verify(tfm->sig, rq->handle, &call) :
		       -EKEYREJECTED;
	call.signature_bytes = tfm->alg.out_output_bytes;
	return dc_sig_sign(tfm->sig, rq->handle, &call);
}

static int dc_sig_store(struct dc_request *rq)
{
	const u32 bytes = dc_sig_verifies(rq) ?
			  0 : rq->ctx->tfm->alg.out_output_bytes;

	return dc_request_give(rq, bytes);
}

/*
 * The digest's length is right, so what an algorithm does not like when it
 * verifies is the signature. When it signs the digest is too long for the key.
 */
static int dc_sig_error(const struct dc_request *rq, int err)
{
	switch (err) {
	case -EINVAL:
	case -EBADMSG:
	case -EMSGSIZE:
	case -EOVERFLOW:
		return dc_sig_verifies(rq) ? -EKEYREJECTED : -EINVAL;
	default:
		return err;
	}
}

const struct dc_class dc_sig_class = {
	.id = DEVCRYPTO_CLASS_SIG,
	.name = "sig",
	.ops = BIT(DEVCRYPTO_OP_SIGN) | BIT(DEVCRYPTO_OP_VERIFY),
	.config_flags = DEVCRYPTO_CONFIG_PRIVATE | DEVCRYPTO_CONFIG_KEYRING,
	.config_fields = DC_USES_KEY | DC_USES_KEY_PARAMS,
	.open = dc_sig_open,
	.close = dc_sig_close,
	.setkey = dc_sig_setkey,
	.load = dc_sig_load,
	.start = dc_sig_start,
	.store = dc_sig_store,
	.error = dc_sig_error,
};
