// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asymmetric encryption.
 *
 * The output always has the size that the largest result needs. How long a
 * decrypted message is, and whether its padding is right, is known afterwards.
 */
#include <linux/string.h>

#include <crypto/akcipher.h>

#include "private.h"

/*
 * QEMU 7.2 cuts a ciphertext that begins with zeros at its end. With another
 * padding it is another one.
 */
#define DC_ENCRYPT_ATTEMPTS	4U

static int dc_akcipher_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_akcipher *akcipher = crypto_alloc_akcipher(name, 0, 0);
	const struct dc_key *key = &dc_pubkey_placeholder;
	int err = 0;

	if (akcipher == ERR_PTR(-ENOENT) && dc_pubkey_load_home(name))
		akcipher = crypto_alloc_akcipher(name, 0, 0);
	if (IS_ERR(akcipher))
		return PTR_ERR(akcipher);
	tfm->akcipher = akcipher;
	tfm->request_bytes = sizeof(struct akcipher_request) +
			     crypto_akcipher_reqsize(akcipher);
	dc_tfm_describe(tfm, crypto_akcipher_tfm(akcipher));
	tfm->alg.out_properties |= DEVCRYPTO_ALG_NEEDS_KEY;
	if (dc_pubkey_is_rsa(tfm))
		err = crypto_akcipher_set_pub_key(akcipher, key->data,
						  key->bytes);
	return dc_pubkey_is_stuck(tfm, err) ? -ENODEV : 0;
}

static void dc_akcipher_close(struct dc_tfm *tfm)
{
	crypto_free_akcipher(tfm->akcipher);
}

static int dc_akcipher_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	struct dc_key key;
	int err = dc_pubkey_pack(tfm, keys, &key);

	if (err)
		return err;
	if (tfm->flags & DEVCRYPTO_CONFIG_PRIVATE)
		err = crypto_akcipher_set_priv_key(tfm->akcipher, key.data,
						   key.bytes);
	else
		err = crypto_akcipher_set_pub_key(tfm->akcipher, key.data,
						  key.bytes);
	kfree_sensitive(key.base);
	/* The crypto API's answer where an algorithm takes no such key. */
	if (err == -ENOSYS)
		return -EOPNOTSUPP;
	if (!err)
		tfm->alg.out_output_bytes = crypto_akcipher_maxsize(tfm->akcipher);
	return err;
}

static bool dc_akcipher_pads(const struct dc_request *rq)
{
	return rq->packet.op == DEVCRYPTO_OP_ENCRYPT &&
	       dc_pubkey_is_padded(rq->ctx->tfm);
}

static int dc_akcipher_check(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 bytes = tfm->alg.out_output_bytes;
	const bool padded = dc_pubkey_is_padded(tfm);
	const bool decrypt = packet->op == DEVCRYPTO_OP_DECRYPT;

	if (dc_packet_has_cipher_operands(packet))
		return -EINVAL;
	if (decrypt && !(tfm->flags & DEVCRYPTO_CONFIG_PRIVATE))
		return -EINVAL;
	if (packet->src_bytes > bytes)
		return -EINVAL;
	/* virtio_crypto does not survive a message of no bytes. */
	if (!packet->src_bytes)
		return -EINVAL;
	if (padded && decrypt && packet->src_bytes != bytes)
		return -EINVAL;
	return dc_request_room(rq, bytes);
}

static int dc_akcipher_load(struct dc_request *rq)
{
	const u32 bytes = rq->packet.src_bytes;
	int err = dc_akcipher_check(rq);

	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_buffer_reserve_run(&rq->in, bytes);
	if (!err)
		err = dc_buffer_reserve_run(&rq->out,
					    rq->ctx->tfm->alg.out_output_bytes);
	if (err)
		return err;
	rq->copied = bytes;
	if (dc_akcipher_pads(rq))
		rq->steps = DC_ENCRYPT_ATTEMPTS;
	return dc_buffer_read(&rq->in, 0, &rq->src, bytes);
}

static int dc_akcipher_start(struct dc_request *rq)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	struct akcipher_request *req = rq->handle;

	if (rq->step && req->dst_len == tfm->alg.out_output_bytes)
		return 0;
	akcipher_request_set_tfm(req, tfm->akcipher);
	akcipher_request_set_callback(req, rq->callback_flags,
				      dc_request_callback, rq);
	akcipher_request_set_crypt(req, rq->in.sg, rq->out.sg,
				   rq->packet.src_bytes,
				   tfm->alg.out_output_bytes);
	return rq->packet.op == DEVCRYPTO_OP_ENCRYPT ?
	       crypto_akcipher_encrypt(req) : crypto_akcipher_decrypt(req);
}

/*
 * Brings a number to its full length: a device that computes with numbers gives
 * back one that begins with zeros without them.
 */
static u32 dc_akcipher_fill(struct dc_request *rq, u32 bytes)
{
	const u32 full = rq->ctx->tfm->alg.out_output_bytes;
	u8 *out = sg_virt(rq->out.sg);

	memmove(out + full - bytes, out, bytes);
	memset(out, 0, full - bytes);
	return full;
}

static int dc_akcipher_store(struct dc_request *rq)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const struct akcipher_request *req = rq->handle;
	u32 bytes = min(req->dst_len, tfm->alg.out_output_bytes);

	if (dc_akcipher_pads(rq) && bytes < tfm->alg.out_output_bytes)
		return -EIO;
	if (!dc_pubkey_is_padded(tfm))
		bytes = dc_akcipher_fill(rq, bytes);
	return dc_request_give(rq, bytes);
}

/* No plaintext stays behind in the request's memory. */
static void dc_akcipher_end(struct dc_request *rq)
{
	memzero_explicit(sg_virt(rq->in.sg), rq->packet.src_bytes);
	memzero_explicit(sg_virt(rq->out.sg),
			 rq->ctx->tfm->alg.out_output_bytes);
}

/*
 * The length of a ciphertext has been checked: what the algorithm does not
 * like in it is its padding. A message may be too long for that.
 */
static int dc_akcipher_error(const struct dc_request *rq, int err)
{
	const bool padded = dc_pubkey_is_padded(rq->ctx->tfm);

	if (rq->packet.op == DEVCRYPTO_OP_DECRYPT && padded && err == -EINVAL)
		return -EBADMSG;
	return err == -EOVERFLOW ? -EINVAL : err;
}

const struct dc_class dc_akcipher_class = {
	.id = DEVCRYPTO_CLASS_AKCIPHER,
	.name = "akcipher",
	.ops = BIT(DEVCRYPTO_OP_ENCRYPT) | BIT(DEVCRYPTO_OP_DECRYPT),
	.config_flags = DEVCRYPTO_CONFIG_PRIVATE | DEVCRYPTO_CONFIG_KEYRING,
	.config_fields = DC_USES_KEY | DC_USES_KEY_PARAMS,
	.open = dc_akcipher_open,
	.close = dc_akcipher_close,
	.setkey = dc_akcipher_setkey,
	.load = dc_akcipher_load,
	.start = dc_akcipher_start,
	.store = dc_akcipher_store,
	.end = dc_akcipher_end,
	.error = dc_akcipher_error,
};
