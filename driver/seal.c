// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sealed states of hash streams.
 *
 * A state that leaves the driver is encrypted and authenticated with a key that
 * is drawn when the module is loaded and goes with it, and a nonce that is used
 * once: it counts all states that this load has sealed. The seal is bound to
 * the implementation and the key that the state is of, so what comes back and
 * opens is a state which that implementation itself has exported.
 *
 *	sealed state:	nonce | encrypted text | tag
 *
 * Keys are compared by their MAC under a second key of the module's.
 */
#include <linux/atomic.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/aead.h>
#include <crypto/hash.h>

#include "private.h"

#define DC_SEAL_KEY_BYTES	32U
#define DC_SEAL_IV_BYTES	12U
#define DC_SEAL_TAG_BYTES	16U

/* What a seal is bound to: its associated data. */
struct dc_bond {
	char driver[DEVCRYPTO_NAME_BYTES];
	__le32 text_bytes;
	__le32 abi_version;
	u8 key_mac[DC_KEY_MAC_BYTES];
};

/* One use of the AEAD. */
struct dc_sealing {
	struct dc_bond bond;
	u8 iv[DC_SEAL_IV_BYTES];
	struct scatterlist sg[2];
};

/* Immutable from dc_seal_init() to dc_seal_exit(); NULL where there is none. */
static struct crypto_aead *dc_seal_aead;
static struct crypto_shash *dc_seal_hmac;

static atomic64_t dc_seal_nonce = ATOMIC64_INIT(0);

/**
 * dc_seal_bytes() - length of a sealed state
 * @text_bytes: length of what is sealed
 *
 * Return: the length; 0 if this kernel has no algorithms to seal with.
 */
u32 dc_seal_bytes(u32 text_bytes)
{
	if (!dc_seal_aead)
		return 0;
	return DC_SEAL_HEAD_BYTES + text_bytes + DC_SEAL_TAG_BYTES;
}

/**
 * dc_seal_key_mac() - what tells a key from others
 * @mac: DC_KEY_MAC_BYTES
 * @key: the key
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int dc_seal_key_mac(u8 *mac, const struct dc_key *key)
{
	int err;

	if (!dc_seal_hmac)
		return 0;
	err = crypto_shash_tfm_digest(dc_seal_hmac, key->data, key->bytes, mac);
	return err && err != -ENOMEM ? -EIO : err;
}

static int dc_seal_crypt(const struct dc_tfm *tfm, u8 *sealed, u32 text_bytes,
			 int (*crypt)(struct aead_request *req), u32 bytes)
{
	struct dc_sealing *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	struct aead_request *req;
	int err = -ENOMEM;

	req = aead_request_alloc(dc_seal_aead, GFP_KERNEL_ACCOUNT);
	if (!s || !req)
		goto free;
	strscpy(s->bond.driver, tfm->alg.out_driver, sizeof(s->bond.driver));
	s->bond.text_bytes = cpu_to_le32(text_bytes);
	s->bond.abi_version = cpu_to_le32(DEVCRYPTO_ABI_VERSION);
	memcpy(s->bond.key_mac, tfm->key_mac, sizeof(s->bond.key_mac));
	memcpy(s->iv, sealed, DC_SEAL_HEAD_BYTES);

	sg_init_table(s->sg, ARRAY_SIZE(s->sg));
	sg_set_buf(&s->sg[0], &s->bond, sizeof(s->bond));
	sg_set_buf(&s->sg[1], sealed + DC_SEAL_HEAD_BYTES,
		   text_bytes + DC_SEAL_TAG_BYTES);
	/* The AEAD is synchronous: there is nothing to be called back for. */
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP, NULL, NULL);
	aead_request_set_ad(req, sizeof(s->bond));
	aead_request_set_crypt(req, s->sg, s->sg, bytes, s->iv);
	err = crypt(req);
	if (err && err != -ENOMEM && err != -EBADMSG)
		err = -EIO;
free:
	aead_request_free(req);
	kfree(s);
	return err;
}

/**
 * dc_seal() - seal a state
 * @tfm: of which the state is
 * @sealed: dc_seal_bytes(), with the text behind the first DC_SEAL_HEAD_BYTES;
 *	one run
 * @text_bytes: length of the text
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int dc_seal(const struct dc_tfm *tfm, u8 *sealed, u32 text_bytes)
{
	const __le64 nonce = cpu_to_le64(atomic64_inc_return(&dc_seal_nonce));

	static_assert(sizeof(nonce) == DC_SEAL_HEAD_BYTES);
	memcpy(sealed, &nonce, sizeof(nonce));
	return dc_seal_crypt(tfm, sealed, text_bytes, crypto_aead_encrypt,
			     text_bytes);
}

/**
 * dc_unseal() - open a seal
 * @tfm: of which the state has to be
 * @sealed: as dc_seal() left it, or so the caller says
 * @text_bytes: length of the text
 *
 * Return: 0, -EBADMSG, -ENOMEM or -EIO.
 */
int dc_unseal(const struct dc_tfm *tfm, u8 *sealed, u32 text_bytes)
{
	return dc_seal_crypt(tfm, sealed, text_bytes, crypto_aead_decrypt,
			     text_bytes + DC_SEAL_TAG_BYTES);
}

static struct crypto_aead *dc_seal_new_aead(const char *name, const u8 *key)
{
	const u32 unfit = CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY;
	struct crypto_aead *aead = crypto_alloc_aead(name, 0, unfit);
	int err;

	if (IS_ERR(aead))
		return NULL;
	err = crypto_aead_setkey(aead, key, DC_SEAL_KEY_BYTES);
	if (!err)
		err = crypto_aead_setauthsize(aead, DC_SEAL_TAG_BYTES);
	if (!err && crypto_aead_ivsize(aead) == DC_SEAL_IV_BYTES)
		return aead;
	crypto_free_aead(aead);
	return NULL;
}

static struct crypto_shash *dc_seal_new_hmac(const u8 *key)
{
	struct crypto_shash *hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);

	if (IS_ERR(hmac))
		return NULL;
	if (crypto_shash_digestsize(hmac) == DC_KEY_MAC_BYTES &&
	    !crypto_shash_setkey(hmac, key, DC_SEAL_KEY_BYTES))
		return hmac;
	crypto_free_shash(hmac);
	return NULL;
}

/**
 * dc_seal_init() - draw the keys
 *
 * A kernel that lacks the algorithms is none to save states with, and no error.
 *
 * Return: 0, or an error if the wait for random bytes was interrupted.
 */
int dc_seal_init(void)
{
	u8 key[2 * DC_SEAL_KEY_BYTES];
	int err;

	err = get_random_bytes_wait(key, sizeof(key));
	if (err)
		return err;
	dc_seal_hmac = dc_seal_new_hmac(key + DC_SEAL_KEY_BYTES);
	if (dc_seal_hmac) {
		dc_seal_aead = dc_seal_new_aead("rfc7539(chacha20,poly1305)",
						key);
		/* In FIPS mode there is no other. */
		if (!dc_seal_aead)
			dc_seal_aead = dc_seal_new_aead("gcm(aes)", key);
	}
	memzero_explicit(key, sizeof(key));
	return 0;
}

void dc_seal_exit(void)
{
	if (dc_seal_aead)
		crypto_free_aead(dc_seal_aead);
	if (dc_seal_hmac)
		crypto_free_shash(dc_seal_hmac);
}
