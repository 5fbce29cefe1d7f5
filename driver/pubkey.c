// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys of akciphers and signatures.
 *
 * The crypto API was made for keys of certificates that its callers had parsed
 * before. A key of a program's is looked at here, so that what reaches an
 * algorithm, and an engine's firmware behind it, is a key of RSA in DER as RFC
 * 8017 appendix A.1 has it, with numbers of sane lengths.
 */
#include <linux/kmod.h>
#include <linux/oid_registry.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "private.h"

#define DC_DER_INTEGER		0x02
#define DC_DER_SEQUENCE		0x30

/*
 * What the kernel's own RSA takes, and twice as much, which bounds the time of an
 * operation; virtio_crypto logs that a device takes no shorter one.
 */
#define DC_RSA_MIN_BYTES	64U
#define DC_RSA_MAX_BYTES	1024U
/* In FIPS mode the parser of the kernel logs a shorter modulus. */
#define DC_RSA_MIN_FIPS_BYTES	256U

static const u8 dc_rsa_placeholder[] = {
	DC_DER_SEQUENCE, 0x82, 0x01, 0x08,
	DC_DER_INTEGER, 0x82, 0x01, 0x01, 0x00, [9 ... 264] = 0xff,
	DC_DER_INTEGER, 0x01, 0x03,
};

/*
 * A public key of RSA that is a key in its form only. virtio_crypto does not
 * survive that a tfm is freed which never had a key, as one is after a mere
 * query or when its key was refused: each gets this one first.
 */
const struct dc_key dc_pubkey_placeholder = {
	.data = (u8 *)dc_rsa_placeholder,
	.bytes = sizeof(dc_rsa_placeholder),
};

/**
 * dc_pubkey_is_stuck() - must a tfm not be freed?
 * @tfm: described by dc_tfm_describe()
 * @err: of giving it dc_pubkey_placeholder
 *
 * It is lost then, which is less than what freeing it would do. A refusal of the
 * device's comes when there is something to free.
 */
bool dc_pubkey_is_stuck(const struct dc_tfm *tfm, int err)
{
	return (err == -ENODEV || err == -ENOMEM) &&
	       strstr(tfm->alg.out_driver, "virtio");
}

/**
 * dc_pubkey_is_padded() - is it RSA with the padding of PKCS #1?
 * @tfm: described by dc_tfm_describe()
 */
bool dc_pubkey_is_padded(const struct dc_tfm *tfm)
{
	const char *name = tfm->alg.out_name;

	return !strncmp(name, "pkcs1pad(", 9) || !strncmp(name, "pkcs1(", 6);
}

bool dc_pubkey_is_rsa(const struct dc_tfm *tfm)
{
	return !strcmp(tfm->alg.out_name, "rsa") || dc_pubkey_is_padded(tfm);
}

/**
 * dc_pubkey_load_home() - load the module of an algorithm that is no alias of it
 * @name: a name that policy allows and that the crypto API did not find
 *
 * Return: whether there is such a module now.
 */
bool dc_pubkey_load_home(const char *name)
{
	static const struct {
		const char *prefix;
		const char *module;
	} homes[] = {
		{ "ecdh-", "crypto-ecdh" },
		{ "ffdhe", "crypto-dh" },
		{ "pkcs1pad(", "crypto-rsa" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(homes); i++)
		if (!strncmp(name, homes[i].prefix, strlen(homes[i].prefix)))
			return !request_module("%s", homes[i].module);
	return false;
}

/**
 * dc_number_of() - a number without the zeros in front
 * @data: the most significant byte first
 * @bytes: length
 */
struct dc_number dc_number_of(const u8 *data, u32 bytes)
{
	while (bytes && !*data) {
		data++;
		bytes--;
	}
	return (struct dc_number) { data, bytes };
}

/* Less than, equal to or greater than 0, as memcmp(). */
int dc_number_cmp(struct dc_number a, struct dc_number b)
{
	if (a.bytes != b.bytes)
		return a.bytes < b.bytes ? -1 : 1;
	return a.bytes ? memcmp(a.data, b.data, a.bytes) : 0;
}

static bool dc_number_is_odd(struct dc_number a)
{
	return a.bytes && a.data[a.bytes - 1] & 1;
}

/* Takes one element off the front of @der; its contents. */
static int dc_der_take(struct dc_key *der, u8 tag, struct dc_key *contents)
{
	u32 head = 2, bytes, i;

	if (der->bytes < head || der->data[0] != tag)
		return -EINVAL;
	bytes = der->data[1];
	if (bytes > 0x80) {
		/* No key has more than four digits of length. */
		head += bytes - 0x80;
		if (head > 4 || der->bytes < head)
			return -EINVAL;
		for (bytes = 0, i = 2; i < head; i++)
			bytes = bytes << 8 | der->data[i];
	} else if (bytes == 0x80) {
		return -EINVAL;
	}
	if (bytes > der->bytes - head)
		return -EINVAL;
	contents->data = der->data + head;
	contents->bytes = bytes;
	der->data += head + bytes;
	der->bytes -= head + bytes;
	return 0;
}

static int dc_der_take_number(struct dc_key *der, struct dc_number *number)
{
	struct dc_key contents;
	int err = dc_der_take(der, DC_DER_INTEGER, &contents);

	if (err)
		return err;
	/* Empty, or negative. */
	if (!contents.bytes || contents.data[0] & 0x80)
		return -EINVAL;
	*number = dc_number_of(contents.data, contents.bytes);
	return 0;
}

/* Numbers of RSAPublicKey and, from DC_RSA_D on, RSAPrivateKey. */
enum {
	DC_RSA_N,
	DC_RSA_E,
	DC_RSA_D,
	DC_RSA_P,
	DC_RSA_Q,
	DC_RSA_DP,
	DC_RSA_DQ,
	DC_RSA_QINV,
	DC_RSA_NUMBERS,
};

static int dc_rsa_check(const struct dc_key *key, bool private)
{
	const unsigned int numbers = private ? DC_RSA_NUMBERS : DC_RSA_D;
	struct dc_key rest = *key, der;
	struct dc_number rsa[DC_RSA_NUMBERS], version = {};
	unsigned int i;

	if (dc_der_take(&rest, DC_DER_SEQUENCE, &der) || rest.bytes)
		return -EINVAL;
	/* Two primes: version 0. */
	if (private && (dc_der_take_number(&der, &version) || version.bytes))
		return -EINVAL;
	for (i = 0; i < numbers; i++) {
		if (dc_der_take_number(&der, &rsa[i]) || !rsa[i].bytes)
			return -EINVAL;
		if (i && dc_number_cmp(rsa[i], rsa[DC_RSA_N]) >= 0)
			return -EINVAL;
	}
	if (der.bytes || rsa[DC_RSA_N].bytes < DC_RSA_MIN_BYTES ||
	    rsa[DC_RSA_N].bytes > DC_RSA_MAX_BYTES)
		return -EINVAL;
	/* The kernel rounds up to whole words, and RFC 8017 does not. */
	if (rsa[DC_RSA_N].bytes % sizeof(u64))
		return -EINVAL;
	if (dc_fips_enabled() && rsa[DC_RSA_N].bytes < DC_RSA_MIN_FIPS_BYTES)
		return -EINVAL;
	/* An odd product has odd factors, and so has e, prime to p - 1. */
	if (!dc_number_is_odd(rsa[DC_RSA_N]) || !dc_number_is_odd(rsa[DC_RSA_E]))
		return -EINVAL;
	return private && (!dc_number_is_odd(rsa[DC_RSA_P]) ||
			   !dc_number_is_odd(rsa[DC_RSA_Q])) ? -EINVAL : 0;
}

/*
 * An algorithm of keys with parameters finds them behind the key: number of the
 * key's algorithm, length, parameters. What has none finds zeros there.
 */
static u32 dc_pubkey_algo(const struct dc_tfm *tfm, const struct dc_key *key)
{
	if (strcmp(tfm->alg.out_name, "ecrdsa"))
		return 0;
	/* A point of twice 256 or twice 512 bits, and its DER around it. */
	return key->bytes < 128 ? OID_gost2012PKey256 : OID_gost2012PKey512;
}

/**
 * dc_pubkey_pack() - check a key and bring it into the crypto API's form
 * @tfm: described by dc_tfm_describe()
 * @keys: the caller's
 * @packed: set to the key; what stands behind its length belongs to it. The
 *	caller frees its base with kfree_sensitive().
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int dc_pubkey_pack(const struct dc_tfm *tfm, const struct dc_keys *keys,
		   struct dc_key *packed)
{
	const bool private = tfm->flags & DEVCRYPTO_CONFIG_PRIVATE;
	const u32 behind[] = {
		dc_pubkey_algo(tfm, &keys->key), keys->params.bytes,
	};
	const u32 bytes = keys->key.bytes;
	u8 *data;

	if (dc_pubkey_is_rsa(tfm) && dc_rsa_check(&keys->key, private))
		return -EINVAL;
	if (keys->params.bytes && !behind[0])
		return -EINVAL;
	data = kmalloc(bytes + sizeof(behind) + keys->params.bytes,
		       GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	memcpy(data, keys->key.data, bytes);
	memcpy(data + bytes, behind, sizeof(behind));
	memcpy(data + bytes + sizeof(behind), keys->params.data,
	       keys->params.bytes);
	*packed = (struct dc_key) { data, bytes, data };
	return 0;
}
