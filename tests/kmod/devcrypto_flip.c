// SPDX-License-Identifier: GPL-2.0-only
/*
 * Implementations of sha256 and cbc(aes) that are wrong now and then: for the tests of what is
 * to find such a thing. They leave the work to another implementation; with every=N, each Nth
 * output has one bit flipped. With 0, as they are loaded, they pass the kernel's own self-test.
 *
 * They have the lowest priority, so nobody gets one without asking for it by its driver name.
 */
#include <crypto/internal/hash.h>
#include <crypto/internal/skcipher.h>
#include <crypto/scatterwalk.h>
#include <crypto/sha2.h>
#include <linux/atomic.h>
#include <linux/module.h>

static unsigned int every;
module_param(every, uint, 0644);
MODULE_PARM_DESC(every, "flip a bit of each Nth output (default: 0, of none)");

static atomic_t outputs = ATOMIC_INIT(0);

/* Keyless, so that every user of the wrong sha256 may share it. */
static struct crypto_shash *flip_inner_hash;

static bool flip_now(void)
{
	unsigned int step = READ_ONCE(every);

	return step && (unsigned int)atomic_inc_return(&outputs) % step == 0;
}

/* The context of a hash is the other implementation's struct shash_desc, with its context. */
static struct shash_desc *flip_hash_inner(struct shash_desc *desc)
{
	struct shash_desc *inner = shash_desc_ctx(desc);

	inner->tfm = flip_inner_hash;
	return inner;
}

static int flip_hash_init(struct shash_desc *desc)
{
	return crypto_shash_init(flip_hash_inner(desc));
}

static int flip_hash_update(struct shash_desc *desc, const u8 *data,
			    unsigned int bytes)
{
	return crypto_shash_update(flip_hash_inner(desc), data, bytes);
}

static int flip_hash_final(struct shash_desc *desc, u8 *digest)
{
	int err = crypto_shash_final(flip_hash_inner(desc), digest);

	if (!err && flip_now())
		digest[SHA256_DIGEST_SIZE - 1] ^= 1;
	return err;
}

static int flip_hash_export(struct shash_desc *desc, void *state)
{
	return crypto_shash_export(flip_hash_inner(desc), state);
}

static int flip_hash_import(struct shash_desc *desc, const void *state)
{
	return crypto_shash_import(flip_hash_inner(desc), state);
}

static struct shash_alg flip_hash = {
	.digestsize = SHA256_DIGEST_SIZE,
	.init = flip_hash_init,
	.update = flip_hash_update,
	.final = flip_hash_final,
	.export = flip_hash_export,
	.import = flip_hash_import,
	.base = {
		.cra_name = "sha256",
		.cra_driver_name = "sha256-devcrypto-flip",
		.cra_priority = 1,
		.cra_blocksize = SHA256_BLOCK_SIZE,
		.cra_module = THIS_MODULE,
	},
};

struct flip_cipher_ctx {
	struct crypto_skcipher *inner;
};

static int flip_cipher_setkey(struct crypto_skcipher *tfm, const u8 *key,
			      unsigned int bytes)
{
	struct flip_cipher_ctx *ctx = crypto_skcipher_ctx(tfm);

	return crypto_skcipher_setkey(ctx->inner, key, bytes);
}

static int flip_cipher_crypt(struct skcipher_request *req,
			     int (*crypt)(struct skcipher_request *req))
{
	struct flip_cipher_ctx *ctx = crypto_skcipher_ctx(crypto_skcipher_reqtfm(req));
	struct skcipher_request *inner = skcipher_request_ctx(req);
	u8 last;
	int err;

	skcipher_request_set_tfm(inner, ctx->inner);
	skcipher_request_set_callback(inner, req->base.flags, NULL, NULL);
	skcipher_request_set_crypt(inner, req->src, req->dst, req->cryptlen, req->iv);
	err = crypt(inner);
	if (err || !req->cryptlen || !flip_now())
		return err;
	scatterwalk_map_and_copy(&last, req->dst, req->cryptlen - 1, 1, 0);
	last ^= 1;
	scatterwalk_map_and_copy(&last, req->dst, req->cryptlen - 1, 1, 1);
	return 0;
}

static int flip_cipher_encrypt(struct skcipher_request *req)
{
	return flip_cipher_crypt(req, crypto_skcipher_encrypt);
}

static int flip_cipher_decrypt(struct skcipher_request *req)
{
	return flip_cipher_crypt(req, crypto_skcipher_decrypt);
}

static int flip_cipher_init(struct crypto_skcipher *tfm)
{
	struct flip_cipher_ctx *ctx = crypto_skcipher_ctx(tfm);

	/* Synchronous: its request ends before this one's does. And another than this. */
	ctx->inner = crypto_alloc_skcipher("cbc(aes)", 0, CRYPTO_ALG_ASYNC |
							  CRYPTO_ALG_NEED_FALLBACK);
	if (IS_ERR(ctx->inner))
		return PTR_ERR(ctx->inner);
	crypto_skcipher_set_reqsize(tfm, sizeof(struct skcipher_request) +
					 crypto_skcipher_reqsize(ctx->inner));
	return 0;
}

static void flip_cipher_exit(struct crypto_skcipher *tfm)
{
	struct flip_cipher_ctx *ctx = crypto_skcipher_ctx(tfm);

	crypto_free_skcipher(ctx->inner);
}

static struct skcipher_alg flip_cipher = {
	.setkey = flip_cipher_setkey,
	.encrypt = flip_cipher_encrypt,
	.decrypt = flip_cipher_decrypt,
	.init = flip_cipher_init,
	.exit = flip_cipher_exit,
	.min_keysize = 16,
	.max_keysize = 32,
	.ivsize = 16,
	.base = {
		.cra_name = "cbc(aes)",
		.cra_driver_name = "cbc-aes-devcrypto-flip",
		.cra_priority = 1,
		/* Says that it is an engine, of which the guest has none that does. */
		.cra_flags = CRYPTO_ALG_KERN_DRIVER_ONLY | CRYPTO_ALG_NEED_FALLBACK,
		.cra_blocksize = 16,
		.cra_ctxsize = sizeof(struct flip_cipher_ctx),
		.cra_module = THIS_MODULE,
	},
};

static int __init devcrypto_flip_init(void)
{
	int err;

	flip_inner_hash = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(flip_inner_hash))
		return PTR_ERR(flip_inner_hash);
	flip_hash.descsize = sizeof(struct shash_desc) +
			     crypto_shash_descsize(flip_inner_hash);
	flip_hash.statesize = crypto_shash_statesize(flip_inner_hash);
	err = crypto_register_shash(&flip_hash);
	if (err)
		goto free_inner;
	err = crypto_register_skcipher(&flip_cipher);
	if (err)
		goto unregister_hash;
	return 0;

unregister_hash:
	crypto_unregister_shash(&flip_hash);
free_inner:
	crypto_free_shash(flip_inner_hash);
	return err;
}

static void __exit devcrypto_flip_exit(void)
{
	crypto_unregister_skcipher(&flip_cipher);
	crypto_unregister_shash(&flip_hash);
	crypto_free_shash(flip_inner_hash);
}

module_init(devcrypto_flip_init);
module_exit(devcrypto_flip_exit);

MODULE_DESCRIPTION("Wrong implementations for the tests");
MODULE_LICENSE("GPL");
