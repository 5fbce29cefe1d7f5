// SPDX-License-Identifier: GPL-2.0-only
/*
 * Key agreement.
 *
 * The crypto API takes private values in a packed form that each protocol has
 * of its own. What a public value has to be is checked here as far as not every
 * kernel does it.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/kpp.h>

#include "private.h"

/* Bounds the time of an operation; the largest group of RFC 7919. */
#define DC_DH_MAX_BYTES		1024U

#define DC_X25519_BYTES		32U

/*
 * A key of the keyring may be one that its user must not know, and that was not
 * made for key agreement. From a public key a private value of n bits is found
 * in 2^(n/2) steps, so that of a key of AES-128 hardly anything would be left.
 */
#define DC_DH_MIN_KEYRING_BYTES	32U

enum dc_kpp_kind {
	DC_KPP_DH,
	DC_KPP_FFDHE,
	DC_KPP_ECDH,
	DC_KPP_X25519,
	DC_KPP_UNKNOWN,
};

static enum dc_kpp_kind dc_kpp_kind(const struct dc_tfm *tfm)
{
	const char *name = tfm->alg.out_name;

	if (!strcmp(name, "dh"))
		return DC_KPP_DH;
	if (!strncmp(name, "ffdhe", 5))
		return DC_KPP_FFDHE;
	if (!strncmp(name, "ecdh-", 5))
		return DC_KPP_ECDH;
	return strcmp(name, "curve25519") ? DC_KPP_UNKNOWN : DC_KPP_X25519;
}

static int dc_kpp_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_kpp *kpp = crypto_alloc_kpp(name, 0, 0);

	if (kpp == ERR_PTR(-ENOENT) && dc_pubkey_load_home(name))
		kpp = crypto_alloc_kpp(name, 0, 0);
	if (IS_ERR(kpp))
		return PTR_ERR(kpp);
	tfm->kpp = kpp;
	tfm->request_bytes = sizeof(struct kpp_request) +
			     crypto_kpp_reqsize(kpp);
	dc_tfm_describe(tfm, crypto_kpp_tfm(kpp));
	/* Whoever chooses the group of "dh" learns the private value. */
	if (dc_kpp_kind(tfm) == DC_KPP_UNKNOWN ||
	    (dc_kpp_kind(tfm) == DC_KPP_DH &&
	     tfm->flags & DEVCRYPTO_CONFIG_KEYRING)) {
		crypto_free_kpp(kpp);
		return -EOPNOTSUPP;
	}
	/* The others can generate theirs. */
	if (dc_kpp_kind(tfm) == DC_KPP_DH)
		tfm->alg.out_properties |= DEVCRYPTO_ALG_NEEDS_KEY;
	return 0;
}

static void dc_kpp_close(struct dc_tfm *tfm)
{
	crypto_free_kpp(tfm->kpp);
	kfree(tfm->dh_last);
}

static u8 *dc_kpp_put(u8 *to, const void *from, u32 bytes)
{
	if (bytes)
		memcpy(to, from, bytes);
	return to + bytes;
}

/* Without p and g for a group that has its own; an empty key is generated. */
static int dc_dh_set_secret(struct dc_tfm *tfm, struct dc_number key,
			    struct dc_number p, struct dc_number g)
{
	const unsigned int lengths[] = { key.bytes, p.bytes, g.bytes };
	const struct kpp_secret head = {
		.type = CRYPTO_KPP_SECRET_TYPE_DH,
		.len = sizeof(head) + sizeof(lengths) + key.bytes + p.bytes +
		       g.bytes,
	};
	u8 *packed = kmalloc(head.len, GFP_KERNEL_ACCOUNT), *to;
	int err;

	if (!packed)
		return -ENOMEM;
	to = dc_kpp_put(packed, &head, sizeof(head));
	to = dc_kpp_put(to, lengths, sizeof(lengths));
	to = dc_kpp_put(to, key.data, key.bytes);
	to = dc_kpp_put(to, p.data, p.bytes);
	dc_kpp_put(to, g.data, g.bytes);
	err = crypto_kpp_set_secret(tfm->kpp, packed, head.len);
	kfree_sensitive(packed);
	return err;
}

/* The key with as many zeros in front as make it @bytes long; 0 = generate it. */
static int dc_ecdh_set_secret(struct dc_tfm *tfm, struct dc_number key,
			      unsigned short bytes)
{
	const struct kpp_secret head = {
		.type = CRYPTO_KPP_SECRET_TYPE_ECDH,
		.len = sizeof(head) + sizeof(bytes) + bytes,
	};
	u8 *packed = kzalloc(head.len, GFP_KERNEL_ACCOUNT), *to;
	int err;

	if (!packed)
		return -ENOMEM;
	to = dc_kpp_put(packed, &head, sizeof(head));
	to = dc_kpp_put(to, &bytes, sizeof(bytes));
	if (bytes)
		dc_kpp_put(to + bytes - key.bytes, key.data, key.bytes);
	err = crypto_kpp_set_secret(tfm->kpp, packed, head.len);
	kfree_sensitive(packed);
	return err;
}

/* 1 < @value < p - 1: in the group of DH, and not of order 1 or 2. */
static bool dc_dh_in_group(const struct dc_tfm *tfm, struct dc_number value)
{
	static const u8 one = 1;
	const struct dc_number last = {
		tfm->dh_last, tfm->alg.out_output_bytes,
	};

	return dc_number_cmp(value, (struct dc_number) { &one, 1 }) > 0 &&
	       dc_number_cmp(value, last) < 0;
}

static int dc_dh_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	struct dc_number key = dc_number_of(keys->key.data, keys->key.bytes);
	struct dc_number p = dc_number_of(keys->dh_p.data, keys->dh_p.bytes);
	struct dc_number g = dc_number_of(keys->dh_g.data, keys->dh_g.bytes);

	/* The kernel's numbers are whole words; a group's are as long as p. */
	if (!p.bytes || p.bytes > DC_DH_MAX_BYTES || p.bytes % sizeof(u64) ||
	    !(p.data[p.bytes - 1] & 1))
		return -EINVAL;
	tfm->dh_last = kmemdup(p.data, p.bytes, GFP_KERNEL_ACCOUNT);
	if (!tfm->dh_last)
		return -ENOMEM;
	tfm->dh_last[p.bytes - 1] ^= 1;
	tfm->alg.out_output_bytes = p.bytes;
	if (!dc_dh_in_group(tfm, g) || !dc_dh_in_group(tfm, key))
		return -EINVAL;
	return dc_dh_set_secret(tfm, key, p, g);
}

static int dc_kpp_public_key(struct dc_tfm *tfm, u8 *to, u32 bytes)
{
	struct kpp_request *req = kpp_request_alloc(tfm->kpp, GFP_KERNEL);
	DECLARE_CRYPTO_WAIT(wait);
	struct scatterlist sg;
	int err;

	if (!req)
		return -ENOMEM;
	sg_init_one(&sg, to, bytes);
	kpp_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				 CRYPTO_TFM_REQ_MAY_SLEEP, crypto_req_done,
				 &wait);
	kpp_request_set_input(req, NULL, 0);
	kpp_request_set_output(req, &sg, bytes);
	err = crypto_wait_req(crypto_kpp_generate_public_key(req), &wait);
	kpp_request_free(req);
	return err;
}

/*
 * Asks a group of RFC 7919 for its prime. g is 2 and p has as many bits as the
 * name says, b, the first of them set, so the public key of the private value b
 * is 2^b - p; the complement of its bits is p - 1.
 */
static int dc_ffdhe_learn_prime(struct dc_tfm *tfm)
{
	const struct dc_number none = {};
	struct dc_number exponent;
	u32 bits, bytes, i;
	u8 be[2];
	int err;

	if (sscanf(tfm->alg.out_name, "ffdhe%u(", &bits) != 1 || bits % 64 ||
	    !bits || bits / 8 > DC_DH_MAX_BYTES)
		return -EOPNOTSUPP;
	bytes = bits / 8;
	be[0] = bits >> 8;
	be[1] = bits;
	exponent = (struct dc_number) { be, sizeof(be) };
	tfm->dh_last = kmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (!tfm->dh_last)
		return -ENOMEM;
	err = dc_dh_set_secret(tfm, exponent, none, none);
	if (!err)
		err = dc_kpp_public_key(tfm, tfm->dh_last, bytes);
	/* Nothing of the caller's can be at fault. */
	if (err)
		return err == -ENOMEM ? err : -EIO;
	for (i = 0; i < bytes; i++)
		tfm->dh_last[i] = ~tfm->dh_last[i];
	tfm->alg.out_output_bytes = bytes;
	return 0;
}

static int dc_ffdhe_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	struct dc_number key = dc_number_of(keys->key.data, keys->key.bytes);
	const struct dc_number none = {};
	int err = dc_ffdhe_learn_prime(tfm);

	if (err)
		return err;
	if (keys->key.bytes && !dc_dh_in_group(tfm, key))
		return -EINVAL;
	if (tfm->flags & DEVCRYPTO_CONFIG_KEYRING &&
	    keys->key.bytes < DC_DH_MIN_KEYRING_BYTES)
		return -EINVAL;
	return dc_dh_set_secret(tfm, key, none, none);
}

/*
 * The order of each curve less 2 (FIPS 186-4 appendix D.1.2). The kernel wants
 * a private value of more than 1 and less than this, but before 6.10 it compares
 * the value with its bytes reversed.
 */
static const struct dc_number dc_ecdh_orders[] = {
	{ (const u8 *)"\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xff\xff\xff\xff\x99\xde\xf8\x36"
		      "\x14\x6b\xc9\xb1\xb4\xd2\x28\x2f", 24 },
	{ (const u8 *)"\xff\xff\xff\xff\x00\x00\x00\x00"
		      "\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84"
		      "\xf3\xb9\xca\xc2\xfc\x63\x25\x4f", 32 },
	{ (const u8 *)"\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\xc7\x63\x4d\x81\xf4\x37\x2d\xdf"
		      "\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a"
		      "\xec\xec\x19\x6a\xcc\xc5\x29\x71", 48 },
};

static bool dc_ecdh_in_range(struct dc_number key, u32 bytes)
{
	static const u8 one = 1;
	unsigned int i;

	if (key.bytes > bytes ||
	    dc_number_cmp(key, (struct dc_number) { &one, 1 }) <= 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(dc_ecdh_orders); i++)
		if (dc_ecdh_orders[i].bytes == bytes)
			return dc_number_cmp(key, dc_ecdh_orders[i]) < 0;
	return true;
}

static int dc_ecdh_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	struct dc_number key = dc_number_of(keys->key.data, keys->key.bytes);
	u32 bytes;

	tfm->alg.out_output_bytes = crypto_kpp_maxsize(tfm->kpp);
	/* A public key is a point. */
	bytes = tfm->alg.out_output_bytes / 2;
	if (!keys->key.bytes)
		return dc_ecdh_set_secret(tfm, key, 0);
	if (keys->key.bytes > bytes || !dc_ecdh_in_range(key, bytes))
		return -EINVAL;
	/* See DC_DH_MIN_KEYRING_BYTES. */
	if (tfm->flags & DEVCRYPTO_CONFIG_KEYRING && keys->key.bytes != bytes)
		return -EINVAL;
	return dc_ecdh_set_secret(tfm, key, bytes);
}

static int dc_x25519_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	tfm->alg.out_output_bytes = DC_X25519_BYTES;
	if (keys->key.bytes && keys->key.bytes != DC_X25519_BYTES)
		return -EINVAL;
	return crypto_kpp_set_secret(tfm->kpp, keys->key.data, keys->key.bytes);
}

static int dc_kpp_set(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	if (dc_kpp_kind(tfm) == DC_KPP_DH)
		return dc_dh_setkey(tfm, keys);
	/* Groups that are not the caller's. */
	if (keys->dh_p.bytes || keys->dh_g.bytes)
		return -EINVAL;
	switch (dc_kpp_kind(tfm)) {
	case DC_KPP_FFDHE:
		return dc_ffdhe_setkey(tfm, keys);
	case DC_KPP_ECDH:
		return dc_ecdh_setkey(tfm, keys);
	default:
		return dc_x25519_setkey(tfm, keys);
	}
}

static int dc_kpp_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	int err;

	if (!(tfm->flags & DEVCRYPTO_CONFIG_GENERATE))
		return keys->key.bytes ? dc_kpp_set(tfm, keys) : -ENOKEY;
	if (dc_kpp_kind(tfm) == DC_KPP_DH)
		return -EOPNOTSUPP;
	if (keys->key.bytes)
		return -EINVAL;
	err = dc_kpp_set(tfm, keys);
	/* With no key to be wrong, the algorithm does not generate any. */
	if (err == -EINVAL && !keys->dh_p.bytes && !keys->dh_g.bytes)
		return -EOPNOTSUPP;
	return err == -EFAULT ? -EIO : err;
}

static bool dc_kpp_shares(const struct dc_request *rq)
{
	return rq->packet.op == DEVCRYPTO_OP_SHARED_SECRET;
}

/* What a request writes: of ECDH a secret is half as long as a public key. */
static u32 dc_kpp_output_bytes(const struct dc_request *rq)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 bytes = tfm->alg.out_output_bytes;

	return dc_kpp_shares(rq) && dc_kpp_kind(tfm) == DC_KPP_ECDH ?
	       bytes / 2 : bytes;
}

static int dc_kpp_check(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 bytes = tfm->alg.out_output_bytes;

	if (dc_packet_has_cipher_operands(packet))
		return -EINVAL;
	if (!dc_kpp_shares(rq)) {
		if (packet->src | packet->src_bytes | packet->src_segments)
			return -EINVAL;
	} else if (tfm->dh_last ? packet->src_bytes > bytes :
				  packet->src_bytes != bytes) {
		return -EINVAL;
	}
	return dc_request_room(rq, dc_kpp_output_bytes(rq));
}

static int dc_kpp_load(struct dc_request *rq)
{
	const u32 bytes = rq->packet.src_bytes;
	const struct dc_tfm *tfm = rq->ctx->tfm;
	int err = dc_kpp_check(rq);

	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_buffer_reserve_run(&rq->in, bytes);
	if (!err)
		err = dc_buffer_reserve_run(&rq->out, dc_kpp_output_bytes(rq));
	if (err)
		return err;
	rq->copied = bytes;
	err = dc_buffer_read(&rq->in, 0, &rq->src, bytes);
	if (!err && dc_kpp_shares(rq) && tfm->dh_last &&
	    !dc_dh_in_group(tfm, dc_number_of(sg_virt(rq->in.sg), bytes)))
		err = -EINVAL;
	return err;
}

static int dc_kpp_start(struct dc_request *rq)
{
	struct kpp_request *req = rq->handle;

	kpp_request_set_tfm(req, rq->ctx->tfm->kpp);
	kpp_request_set_callback(req, rq->callback_flags, dc_request_callback,
				 rq);
	kpp_request_set_output(req, rq->out.sg, dc_kpp_output_bytes(rq));
	if (!dc_kpp_shares(rq)) {
		kpp_request_set_input(req, NULL, 0);
		return crypto_kpp_generate_public_key(req);
	}
	kpp_request_set_input(req, rq->in.sg, rq->packet.src_bytes);
	return crypto_kpp_compute_shared_secret(req);
}

static int dc_kpp_store(struct dc_request *rq)
{
	const u32 bytes = dc_kpp_output_bytes(rq);

	/* RFC 7748 section 6.1: the public key was of small order. */
	if (dc_kpp_kind(rq->ctx->tfm) == DC_KPP_X25519 && dc_kpp_shares(rq) &&
	    !memchr_inv(sg_virt(rq->out.sg), 0, bytes))
		return -EINVAL;
	return dc_request_give(rq, bytes);
}

/* No secret stays behind in the request's memory. */
static void dc_kpp_end(struct dc_request *rq)
{
	memzero_explicit(sg_virt(rq->out.sg), dc_kpp_output_bytes(rq));
}

/* A secret that may not be used comes of the public key. */
static int dc_kpp_error(const struct dc_request *rq, int err)
{
	switch (err) {
	case -EBADMSG:
	case -EFAULT:
	case -EOVERFLOW:
		return dc_kpp_shares(rq) ? -EINVAL : -EIO;
	default:
		return err;
	}
}

const struct dc_class dc_kpp_class = {
	.id = DEVCRYPTO_CLASS_KPP,
	.name = "kpp",
	.ops = BIT(DEVCRYPTO_OP_PUBLIC_KEY) | BIT(DEVCRYPTO_OP_SHARED_SECRET),
	.config_flags = DEVCRYPTO_CONFIG_GENERATE | DEVCRYPTO_CONFIG_KEYRING,
	.config_fields = DC_USES_KEY | DC_USES_DH,
	.open = dc_kpp_open,
	.close = dc_kpp_close,
	.setkey = dc_kpp_setkey,
	.load = dc_kpp_load,
	.start = dc_kpp_start,
	.store = dc_kpp_store,
	.end = dc_kpp_end,
	.error = dc_kpp_error,
};
