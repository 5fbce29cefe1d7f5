// SPDX-License-Identifier: MIT
/* Asymmetric encryption and signatures: keys, paddings, what must be refused. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "keys.h"

#define AKCIPHER	DEVCRYPTO_CLASS_AKCIPHER
#define SIG		DEVCRYPTO_CLASS_SIG
#define PRIVATE		DEVCRYPTO_CONFIG_PRIVATE
#define QUERY		DEVCRYPTO_CONFIG_QUERY

/* Octets that RSAES-PKCS1-v1_5 needs besides the message. */
#define PADDING_BYTES	11

struct key {
	unsigned char bytes[1024];
	uint32_t length;
};

static struct key key_of(const char *hex)
{
	struct key key;

	key.length = from_hex(hex, key.bytes);
	return key;
}

static int configure(uint32_t alg_class, const char *name, const struct key *key, uint32_t flags,
		     struct devcrypto_config *answer)
{
	struct devcrypto_config config = config_of(alg_class, name, 0);
	int fd = device_open();

	need_algorithm(alg_class, name);
	config.flags = flags;
	if (key) {
		config.key = address_of(key->bytes);
		config.key_bytes = key->length;
	}
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
		const int error = errno;

		close(fd);
		return -error;
	}
	if (answer)
		*answer = config;
	return fd;
}

static int context_hex(uint32_t alg_class, const char *name, const char *hex, uint32_t flags)
{
	const struct key key = key_of(hex);

	return ASSERT_OK(configure(alg_class, name, &key, flags, NULL));
}

static int transform(int fd, uint32_t op, const void *src, uint32_t src_bytes, void *dst,
		     uint32_t *out_bytes)
{
	struct devcrypto_request request = {
		.op = op,
		.src = address_of(src), .src_bytes = src_bytes,
		.dst = address_of(dst), .dst_bytes = TEXT_BYTES,
	};
	int result = run_request(fd, &request);

	*out_bytes = request.out_bytes;
	return result;
}

static int verify(int fd, const void *digest, uint32_t digest_bytes, const void *signature,
		  uint32_t signature_bytes)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_VERIFY,
		.src = address_of(digest), .src_bytes = digest_bytes,
		.signature = address_of(signature), .signature_bytes = signature_bytes,
	};

	return run_request(fd, &request);
}

/* --- what is answered --- */

static const struct rsa_name {
	const char *name;
	uint32_t alg_class;
	const char *algorithm;
} rsa_names[] = {
	{ "rsa", AKCIPHER, "rsa" },
	{ "pkcs1pad(rsa)", AKCIPHER, "pkcs1pad(rsa)" },
	{ "pkcs1pad(rsa-generic)", AKCIPHER, "pkcs1pad(rsa-generic)" },
	{ "pkcs1pad(rsa,sha256)", SIG, "pkcs1pad(rsa,sha256)" },
	{ "pkcs1(rsa,sha256)", SIG, "pkcs1(rsa,sha256)" },
};

TEST_EACH(answer_of_rsa, rsa_names)
{
	struct devcrypto_config answer;
	const struct key public = key_of(RSA_PUBLIC), private = key_of(RSA_PRIVATE);

	close(ASSERT_OK(configure(row->alg_class, row->algorithm, NULL, QUERY, &answer)));
	EXPECT_TRUE(answer.out_properties & DEVCRYPTO_ALG_NEEDS_KEY);
	EXPECT_EQ(0, answer.out_output_bytes);
	EXPECT_EQ(row->alg_class == SIG ? DIGEST_BYTES : 0, answer.out_digest_bytes);

	close(ASSERT_OK(configure(row->alg_class, row->algorithm, &public, 0, &answer)));
	/* Who verifies writes nothing. */
	EXPECT_EQ(row->alg_class == SIG ? 0 : TEXT_BYTES, answer.out_output_bytes);

	close(ASSERT_OK(configure(row->alg_class, row->algorithm, &private, PRIVATE, &answer)));
	EXPECT_EQ(TEXT_BYTES, answer.out_output_bytes);
	EXPECT_EQ(row->alg_class == SIG ? DIGEST_BYTES : 0, answer.out_digest_bytes);
}

static const struct digest_length {
	const char *name;
	uint32_t bytes;
} digest_lengths[] = {
	{ "pkcs1pad(rsa,sha1)", 20 }, { "pkcs1(rsa,sha1)", 20 },
	{ "pkcs1pad(rsa,sha224)", 28 }, { "pkcs1(rsa,sha224)", 28 },
	{ "pkcs1pad(rsa,sha256)", 32 }, { "pkcs1(rsa,sha256)", 32 },
	{ "pkcs1pad(rsa,sha384)", 48 }, { "pkcs1(rsa,sha384)", 48 },
	{ "pkcs1pad(rsa,sha512)", 64 }, { "pkcs1(rsa,sha512)", 64 },
	{ "pkcs1pad(rsa,sha3-256)", 32 }, { "pkcs1(rsa,sha3-256)", 32 },
	{ "pkcs1pad(rsa,sha3-384)", 48 }, { "pkcs1(rsa,sha3-384)", 48 },
	{ "pkcs1pad(rsa,sha3-512)", 64 }, { "pkcs1(rsa,sha3-512)", 64 },
};

TEST_EACH(digest_length, digest_lengths)
{
	struct devcrypto_config answer;

	close(ASSERT_OK(configure(SIG, row->name, NULL, QUERY, &answer)));
	EXPECT_EQ(row->bytes, answer.out_digest_bytes);
}

/* --- keys --- */

/*
 * A tfm that is freed without ever having had a key: an engine that a generic
 * name may lead to did not survive that.
 */
TEST_EACH(query_again_and_again, rsa_names)
{
	int round;

	for (round = 0; round < 20; round++)
		close(ASSERT_OK(configure(row->alg_class, row->algorithm, NULL, QUERY, NULL)));
}

TEST_EACH(no_key, rsa_names)
{
	EXPECT_EQ(-ENOKEY, configure(row->alg_class, row->algorithm, NULL, 0, NULL));
	EXPECT_EQ(-ENOKEY, configure(row->alg_class, row->algorithm, NULL, PRIVATE, NULL));
}

TEST_EACH(public_key_as_private, rsa_names)
{
	const struct key key = key_of(RSA_PUBLIC);

	EXPECT_EQ(-EINVAL, configure(row->alg_class, row->algorithm, &key, PRIVATE, NULL));
}

TEST_EACH(private_key_as_public, rsa_names)
{
	const struct key key = key_of(RSA_PRIVATE);

	EXPECT_EQ(-EINVAL, configure(row->alg_class, row->algorithm, &key, 0, NULL));
}

static void expect_no_key(const struct rsa_name *row, const struct key *key, uint32_t flags)
{
	EXPECT_EQ(-EINVAL, configure(row->alg_class, row->algorithm, key, flags, NULL));
}

/* Cut anywhere, or with something behind it. */
TEST_EACH(key_of_another_length, rsa_names)
{
	struct key key = key_of(RSA_PUBLIC);
	uint32_t bytes;

	for (bytes = 1; bytes < key_of(RSA_PUBLIC).length; bytes++) {
		key.length = bytes;
		expect_no_key(row, &key, 0);
	}
	key.bytes[++bytes - 1] = 0;
	key.length = bytes;
	expect_no_key(row, &key, 0);
	key = key_of(RSA_PRIVATE);
	key.length--;
	expect_no_key(row, &key, PRIVATE);
	key.length += 2;
	key.bytes[key.length - 1] = 0;
	expect_no_key(row, &key, PRIVATE);
}

/* Every byte of structure in RSAPublicKey: 30 48 02 41 00 n… 02 03 01 00 01. */
static const struct {
	const char *name;
	int at;
	unsigned char value;
} wrong_bytes[] = {
	{ "no_sequence", 0, 0x31 },
	{ "sequence_too_short", 1, 0x47 },
	{ "sequence_too_long", 1, 0x49 },
	{ "sequence_of_indefinite_length", 1, 0x80 },
	{ "sequence_of_a_length_of_127_bytes", 1, 0xff },
	{ "modulus_no_integer", 2, 0x03 },
	{ "modulus_too_short", 3, 0x40 },
	{ "modulus_too_long", 3, 0x7f },
	{ "modulus_negative", 4, 0x80 },
	{ "modulus_even", 68, 0x00 },
	{ "exponent_no_integer", 69, 0x04 },
	{ "exponent_empty", 70, 0x00 },
	{ "exponent_too_long", 70, 0x04 },
	{ "exponent_negative", 71, 0x80 },
	{ "exponent_even", 73, 0x00 },
};

TEST_EACH(key_with_a_wrong_byte, wrong_bytes)
{
	size_t at;

	for (at = 0; at < 2; at++) {
		struct key key = key_of(RSA_PUBLIC);

		key.bytes[row->at] = row->value;
		expect_no_key(&rsa_names[at], &key, 0);
	}
}

/* A modulus that is no multiple of 64 bits, one longer than any, none at all. */
static void expect_modulus_refused(uint32_t bytes, unsigned char first)
{
	struct key key = { .length = bytes + 13 };

	key.bytes[0] = 0x30;
	key.bytes[1] = 0x82;
	key.bytes[2] = (bytes + 9) >> 8;
	key.bytes[3] = bytes + 9;
	key.bytes[4] = 0x02;
	key.bytes[5] = 0x82;
	key.bytes[6] = bytes >> 8;
	key.bytes[7] = bytes;
	memset(key.bytes + 8, 0x11, bytes);
	key.bytes[8] = first;
	memcpy(key.bytes + 8 + bytes, "\x02\x03\x01\x00\x01", 5);
	/* Of an engine's numbers nothing is known but that they are whole words. */
	expect_no_key(&rsa_names[0], &key, 0);
	expect_no_key(&rsa_names[2], &key, 0);
	if (bytes < 64)
		expect_no_key(&rsa_names[1], &key, 0);
}

TEST(modulus_of_another_length)
{
	expect_modulus_refused(1, 0x00);
	expect_modulus_refused(8, 0x7f);
	expect_modulus_refused(63, 0x7f);
	expect_modulus_refused(72, 0x7f);
	expect_modulus_refused(127, 0x7f);
	expect_modulus_refused(520, 0x7f);
	/* Zeros in front do not make it longer. */
	expect_modulus_refused(600, 0x00);
}

/* Numbers of RSAPrivateKey: where each begins in RSA_PRIVATE. */
TEST(private_key_with_a_number_wrong)
{
	static const unsigned char zero = 0;
	struct key key;
	uint32_t at = 4, number;

	for (number = 0; number < 9; number++) {
		uint32_t bytes;

		key = key_of(RSA_PRIVATE);
		ASSERT_EQ(0x02, key.bytes[at]);
		bytes = key.bytes[at + 1];
		ASSERT_TRUE(bytes < 0x80);
		/* Version 1 has more than two primes; of the rest none is 0. */
		if (!number)
			key.bytes[at + 2] = 1;
		else
			memset(key.bytes + at + 2, zero, bytes);
		expect_no_key(&rsa_names[0], &key, PRIVATE);
		/* None is negative, or as large as the modulus. */
		key = key_of(RSA_PRIVATE);
		key.bytes[at + 2] = 0x80;
		expect_no_key(&rsa_names[0], &key, PRIVATE);
		at += 2 + bytes;
	}
	EXPECT_EQ(key.length, at);
}

/* --- encryption --- */

static const struct padded_name {
	const char *name;
} padded_names[] = {
	/* Whichever the machine has, an engine too. */
	{ "pkcs1pad(rsa)" },
	{ "pkcs1pad(rsa-generic)" },
};

TEST_EACH(decrypt_what_openssl_encrypted, padded_names)
{
	int fd = context_hex(AKCIPHER, row->name, RSA_PRIVATE, PRIVATE);
	unsigned char src[TEXT_BYTES], dst[TEXT_BYTES];
	uint32_t bytes = from_hex(RSA_CIPHERTEXT, src);

	EXPECT_EQ(0, transform(fd, DEVCRYPTO_OP_DECRYPT, src, bytes, dst, &bytes));
	ASSERT_EQ(strlen(CLEARTEXT), bytes);
	EXPECT_MEM(CLEARTEXT, dst, bytes);
}

TEST_EACH(message_of_every_length, padded_names)
{
	int encrypter = context_hex(AKCIPHER, row->name, RSA_PUBLIC, 0);
	int decrypter = context_hex(AKCIPHER, row->name, RSA_PRIVATE, PRIVATE);
	unsigned char text[TEXT_BYTES], sealed[TEXT_BYTES], opened[TEXT_BYTES];
	unsigned char untouched[TEXT_BYTES];
	uint32_t bytes, out_bytes;

	fill_pattern(text, sizeof(text), 1);
	memset(untouched, UNTOUCHED, sizeof(untouched));
	EXPECT_EQ(-EINVAL, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, text, 0, sealed, &out_bytes));
	for (bytes = 1; bytes <= TEXT_BYTES - PADDING_BYTES; bytes++) {
		memset(opened, UNTOUCHED, sizeof(opened));
		EXPECT_EQ(0, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, text, bytes, sealed,
				       &out_bytes));
		ASSERT_EQ(TEXT_BYTES, out_bytes);
		EXPECT_EQ(0, transform(decrypter, DEVCRYPTO_OP_DECRYPT, sealed, TEXT_BYTES, opened,
				       &out_bytes));
		ASSERT_EQ(bytes, out_bytes);
		EXPECT_MEM(text, opened, bytes);
		EXPECT_MEM(untouched, opened + bytes, sizeof(opened) - bytes);
	}
	for (; bytes <= TEXT_BYTES + 1; bytes++)
		EXPECT_EQ(-EINVAL, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, text, bytes, sealed,
					     &out_bytes));
}

TEST_EACH(padding_is_wrong, padded_names)
{
	int fd = context_hex(AKCIPHER, row->name, RSA_PRIVATE, PRIVATE);
	unsigned char src[TEXT_BYTES], dst[TEXT_BYTES], untouched[TEXT_BYTES];
	uint32_t bytes;

	from_hex(RSA_CIPHERTEXT, src);
	memset(dst, UNTOUCHED, sizeof(dst));
	memset(untouched, UNTOUCHED, sizeof(untouched));
	src[TEXT_BYTES - 1] ^= 1;
	EXPECT_EQ(-EBADMSG, transform(fd, DEVCRYPTO_OP_DECRYPT, src, TEXT_BYTES, dst, &bytes));
	EXPECT_EQ(0, bytes);
	/* Larger than the modulus. */
	memset(src, 0xff, sizeof(src));
	EXPECT_EQ(-EBADMSG, transform(fd, DEVCRYPTO_OP_DECRYPT, src, TEXT_BYTES, dst, &bytes));
	memset(src, 0, sizeof(src));
	EXPECT_EQ(-EBADMSG, transform(fd, DEVCRYPTO_OP_DECRYPT, src, TEXT_BYTES, dst, &bytes));
	EXPECT_MEM(untouched, dst, sizeof(dst));
}

TEST_EACH(ciphertext_of_another_length, padded_names)
{
	int fd = context_hex(AKCIPHER, row->name, RSA_PRIVATE, PRIVATE);
	unsigned char src[TEXT_BYTES + 1] = { 0 }, dst[TEXT_BYTES];
	uint32_t bytes, out_bytes;

	from_hex(RSA_CIPHERTEXT, src + 1);
	for (bytes = 0; bytes <= TEXT_BYTES + 1; bytes++)
		if (bytes != TEXT_BYTES)
			EXPECT_EQ(-EINVAL, transform(fd, DEVCRYPTO_OP_DECRYPT, src, bytes, dst,
						     &out_bytes));
}

TEST_EACH(decrypt_with_a_public_key, rsa_names)
{
	unsigned char src[TEXT_BYTES] = { 0 }, dst[TEXT_BYTES];
	uint32_t bytes;

	if (row->alg_class == AKCIPHER)
		EXPECT_EQ(-EINVAL,
			  transform(context_hex(AKCIPHER, row->algorithm, RSA_PUBLIC, 0),
				    DEVCRYPTO_OP_DECRYPT, src, TEXT_BYTES, dst, &bytes));
}

/* RFC 8017 section 5.1.1: a representative out of range. */
TEST(number_as_large_as_the_modulus)
{
	int fd = context_hex(AKCIPHER, "rsa", RSA_PUBLIC, 0);
	const struct key key = key_of(RSA_PUBLIC);
	const unsigned char *modulus = key.bytes + 5;
	unsigned char src[TEXT_BYTES], dst[TEXT_BYTES];
	uint32_t bytes;

	memcpy(src, modulus, TEXT_BYTES);
	EXPECT_EQ(-EINVAL, transform(fd, DEVCRYPTO_OP_ENCRYPT, src, TEXT_BYTES, dst, &bytes));
	memset(src, 0xff, TEXT_BYTES);
	EXPECT_EQ(-EINVAL, transform(fd, DEVCRYPTO_OP_ENCRYPT, src, TEXT_BYTES, dst, &bytes));
	/* The modulus less 2 is the largest that every kernel takes. */
	memcpy(src, modulus, TEXT_BYTES);
	src[TEXT_BYTES - 1] -= 2;
	EXPECT_EQ(0, transform(fd, DEVCRYPTO_OP_ENCRYPT, src, TEXT_BYTES, dst, &bytes));
	EXPECT_EQ(TEXT_BYTES, bytes);
}

/* A number need not have the length of the modulus, but what comes of it has. */
TEST(short_number)
{
	int encrypter = context_hex(AKCIPHER, "rsa", RSA_PUBLIC, 0);
	int decrypter = context_hex(AKCIPHER, "rsa", RSA_PRIVATE, PRIVATE);
	unsigned char expected[TEXT_BYTES] = { 0 }, sealed[TEXT_BYTES], opened[TEXT_BYTES];
	const unsigned char number = 2;
	uint32_t bytes;

	expected[TEXT_BYTES - 1] = number;
	EXPECT_EQ(0, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, &number, 1, sealed, &bytes));
	EXPECT_EQ(TEXT_BYTES, bytes);
	EXPECT_EQ(0, transform(decrypter, DEVCRYPTO_OP_DECRYPT, sealed, TEXT_BYTES, opened, &bytes));
	EXPECT_EQ(TEXT_BYTES, bytes);
	EXPECT_MEM(expected, opened, TEXT_BYTES);
}

/* One in 256 is shorter as a number, and must not be shorter for that. */
TEST_EACH(many_ciphertexts, padded_names)
{
	int encrypter = context_hex(AKCIPHER, row->name, RSA_PUBLIC, 0);
	int decrypter = context_hex(AKCIPHER, "pkcs1pad(rsa-generic)", RSA_PRIVATE, PRIVATE);
	unsigned char sealed[TEXT_BYTES], opened[TEXT_BYTES];
	uint32_t bytes;
	int round;

	for (round = 0; round < 1500; round++) {
		ASSERT_EQ(0, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, CLEARTEXT, strlen(CLEARTEXT),
				       sealed, &bytes));
		ASSERT_EQ(TEXT_BYTES, bytes);
		ASSERT_EQ(0, transform(decrypter, DEVCRYPTO_OP_DECRYPT, sealed, TEXT_BYTES, opened,
				       &bytes));
		ASSERT_EQ(strlen(CLEARTEXT), bytes);
		ASSERT_MEM(CLEARTEXT, opened, bytes);
	}
}

TEST_EACH(ciphertext_that_begins_with_zero, padded_names)
{
	int encrypter = context_hex(AKCIPHER, "pkcs1pad(rsa-generic)", RSA_PUBLIC, 0);
	int decrypter = context_hex(AKCIPHER, row->name, RSA_PRIVATE, PRIVATE);
	unsigned char sealed[TEXT_BYTES], opened[TEXT_BYTES];
	uint32_t bytes;
	int round = 0;

	do {
		ASSERT_TRUE(++round < 8000);
		EXPECT_EQ(0, transform(encrypter, DEVCRYPTO_OP_ENCRYPT, CLEARTEXT, strlen(CLEARTEXT),
				       sealed, &bytes));
		ASSERT_EQ(TEXT_BYTES, bytes);
	} while (sealed[0]);
	EXPECT_EQ(0, transform(decrypter, DEVCRYPTO_OP_DECRYPT, sealed, TEXT_BYTES, opened, &bytes));
	ASSERT_EQ(strlen(CLEARTEXT), bytes);
	EXPECT_MEM(CLEARTEXT, opened, bytes);
}

/* --- signatures --- */

TEST(signature_changed_anywhere)
{
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);
	size_t at;

	for (at = 0; at < TEXT_BYTES; at++) {
		fixture->signature[at] ^= 1 << at % 8;
		EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
		fixture->signature[at] ^= 1 << at % 8;
	}
	for (at = 0; at < DIGEST_BYTES; at++) {
		fixture->src[at] ^= 1 << at % 8;
		EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
		fixture->src[at] ^= 1 << at % 8;
	}
	memset(fixture->signature, 0xff, TEXT_BYTES);
	EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
	memset(fixture->signature, 0, TEXT_BYTES);
	EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
}

TEST(signature_of_another_length)
{
	const uint32_t max = info_now().max_key_bytes;
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);
	unsigned char *long_one = memory_before_hole(max + 1);
	const uint32_t lengths[] = { 0, 1, TEXT_BYTES - 1, TEXT_BYTES + 1, 4096, max };
	size_t at;

	memcpy(long_one, fixture->signature, TEXT_BYTES);
	fixture->request.signature = address_of(long_one);
	for (at = 0; at < ARRAY_SIZE(lengths); at++) {
		fixture->request.signature_bytes = lengths[at];
		EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
	}
	fixture->request.signature_bytes = max + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
	fixture->request.signature_bytes = TEXT_BYTES;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
}

TEST(verify_with_the_private_key)
{
	struct fixture *fixture = fixture_new(SIG_SIGN, 0);

	EXPECT_EQ(0, verify(fixture->fd, fixture->src, DIGEST_BYTES, fixture->signature, TEXT_BYTES));
	fixture->signature[7] ^= 1;
	EXPECT_EQ(-EKEYREJECTED, verify(fixture->fd, fixture->src, DIGEST_BYTES,
					fixture->signature, TEXT_BYTES));
}

TEST(sign_with_a_public_key)
{
	struct fixture *fixture = fixture_new(SIG_SIGN, 0);

	fixture->fd = context_hex(SIG, signature_name(), RSA_PUBLIC, 0);
	EXPECT_EQ(-EINVAL, run_request(fixture->fd, &fixture->request));
	fixture_expect_untouched(fixture);
}

/* Of another hash; the name says which one it was. */
TEST(signature_of_another_hash)
{
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);
	char name[DEVCRYPTO_NAME_BYTES];
	char *hash;

	snprintf(name, sizeof(name), "%s", signature_name());
	hash = strstr(name, "sha256");
	ASSERT_TRUE(hash);
	memcpy(hash, "sha384", 6);
	fixture->fd = context_hex(SIG, name, RSA_PUBLIC, 0);
	EXPECT_EQ(-EINVAL, run_request(fixture->fd, &fixture->request));
	fixture->request.src_bytes = 48;
	EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
}

/* RFC 8017 section 9.2 step 3: intended encoded message length too short. */
TEST(digest_too_long_for_the_key)
{
	struct fixture *fixture = fixture_new(SIG_SIGN, 0);
	char name[DEVCRYPTO_NAME_BYTES];
	char *hash;

	snprintf(name, sizeof(name), "%s", signature_name());
	hash = strstr(name, "sha256");
	ASSERT_TRUE(hash);
	memcpy(hash, "sha512", 6);
	fixture->fd = context_hex(SIG, name, RSA_PRIVATE, PRIVATE);
	fixture->request.src_bytes = 64;
	EXPECT_EQ(-EINVAL, run_request(fixture->fd, &fixture->request));
	fixture_expect_untouched(fixture);
}

/* ECDSA: the name differs between kernels, keys and signatures do not. */
static const struct ecdsa_name {
	const char *name;
} ecdsa_names[] = {
	{ "ecdsa-nist-p256" },
	{ "x962(ecdsa-nist-p256)" },
};

TEST_EACH(ecdsa, ecdsa_names)
{
	int fd = context_hex(SIG, row->name, ECDSA_POINT, 0);
	unsigned char digest[DIGEST_BYTES], signature[80];
	uint32_t bytes = from_hex(ECDSA_SIGNATURE, signature), at;

	fill_pattern(digest, sizeof(digest), 1);
	EXPECT_EQ(0, verify(fd, digest, DIGEST_BYTES, signature, bytes));
	for (at = 0; at < bytes; at++) {
		signature[at] ^= 1;
		EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, bytes));
		signature[at] ^= 1;
		EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, at));
	}
	digest[0] ^= 1;
	EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, bytes));
	EXPECT_EQ(-EINVAL, verify(fd, digest, 0, signature, bytes));
}

TEST_EACH(ecdsa_point_is_wrong, ecdsa_names)
{
	struct key key = key_of(ECDSA_POINT);

	key.bytes[0] = 3;
	EXPECT_EQ(-EINVAL, configure(SIG, row->name, &key, 0, NULL));
	key.bytes[0] = 4;
	key.bytes[64] ^= 1;
	EXPECT_EQ(-EINVAL, configure(SIG, row->name, &key, 0, NULL));
	key = key_of(ECDSA_POINT);
	for (key.length = 1; key.length < 65; key.length++)
		EXPECT_EQ(-EINVAL, configure(SIG, row->name, &key, 0, NULL));
	key = (struct key) { { 4 }, 65 };
	EXPECT_EQ(-EINVAL, configure(SIG, row->name, &key, 0, NULL));
	memset(key.bytes + 1, 0xff, 64);
	EXPECT_EQ(-EINVAL, configure(SIG, row->name, &key, 0, NULL));
}

TEST_EACH(ecdsa_verifies_only, ecdsa_names)
{
	const struct key key = key_of(ECDSA_POINT);

	EXPECT_EQ(-EOPNOTSUPP, configure(SIG, row->name, &key, PRIVATE, NULL));
}

/* --- a key with parameters --- */

static int configure_ecrdsa(const struct key *key, const struct key *params, const char *name,
			    uint32_t flags)
{
	struct devcrypto_config config = config_of(SIG, name, 0);
	int fd = device_open();

	need_algorithm(SIG, name);
	config.flags = flags;
	config.key = address_of(key->bytes);
	config.key_bytes = key->length;
	config.key_params = address_of(params->bytes);
	config.key_params_bytes = params->length;
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
		const int error = errno;

		close(fd);
		return -error;
	}
	EXPECT_EQ(DIGEST_BYTES, config.out_digest_bytes);
	EXPECT_EQ(0, config.out_output_bytes);
	return fd;
}

TEST(ecrdsa)
{
	const struct key key = key_of(ECRDSA_KEY), params = key_of(ECRDSA_PARAMS);
	int fd = ASSERT_OK(configure_ecrdsa(&key, &params, "ecrdsa", 0));
	unsigned char digest[DIGEST_BYTES], signature[TEXT_BYTES];
	uint32_t at;

	fill_pattern(digest, sizeof(digest), 1);
	from_hex(ECRDSA_SIGNATURE, signature);
	EXPECT_EQ(0, verify(fd, digest, DIGEST_BYTES, signature, TEXT_BYTES));
	for (at = 0; at < TEXT_BYTES; at++) {
		signature[at] ^= 1;
		EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, TEXT_BYTES));
		signature[at] ^= 1;
		EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, at));
	}
	EXPECT_EQ(-EINVAL, verify(fd, digest, DIGEST_BYTES - 1, signature, TEXT_BYTES));
	digest[0] ^= 1;
	EXPECT_EQ(-EKEYREJECTED, verify(fd, digest, DIGEST_BYTES, signature, TEXT_BYTES));
}

/* Whatever lengths key and parameters have inside, nothing behind them is read. */
TEST(ecrdsa_key_is_wrong)
{
	const struct key good = key_of(ECRDSA_KEY), params = key_of(ECRDSA_PARAMS);
	struct key wrong = params;
	uint32_t at;

	for (wrong.length = 0; wrong.length < params.length; wrong.length++)
		EXPECT_EQ(-EINVAL, configure_ecrdsa(&good, &wrong, "ecrdsa", 0));
	for (at = 0; at < params.length; at++) {
		wrong = params;
		wrong.bytes[at] ^= 0x40;
		EXPECT_EQ(-EINVAL, configure_ecrdsa(&good, &wrong, "ecrdsa", 0));
	}
	wrong = good;
	for (wrong.length = 1; wrong.length < good.length; wrong.length++)
		EXPECT_EQ(-EINVAL, configure_ecrdsa(&wrong, &params, "ecrdsa", 0));
	for (at = 0; at < good.length; at += 3) {
		wrong = good;
		wrong.bytes[at] ^= 0x40;
		EXPECT_EQ(-EINVAL, configure_ecrdsa(&wrong, &params, "ecrdsa", 0));
	}
	EXPECT_EQ(-EOPNOTSUPP, configure_ecrdsa(&good, &params, "ecrdsa", PRIVATE));
}

TEST(parameters_of_a_key_that_has_none)
{
	const struct key key = key_of(RSA_PUBLIC), params = key_of(ECRDSA_PARAMS);

	EXPECT_EQ(-EINVAL, configure_ecrdsa(&key, &params, signature_name(), 0));
}

/* --- batches, and threads that are killed --- */

TEST(wrong_signature_in_the_middle)
{
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);
	unsigned char forged[TEXT_BYTES];
	struct devcrypto_request requests[3];
	int at;

	memcpy(forged, fixture->signature, TEXT_BYTES);
	forged[0] ^= 1;
	for (at = 0; at < 3; at++)
		requests[at] = fixture->request;
	requests[1].signature = address_of(forged);
	EXPECT_EQ(3, run_batch(fixture->fd, requests, 3));
	EXPECT_EQ(0, requests[0].out_result);
	EXPECT_EQ(-EKEYREJECTED, requests[1].out_result);
	EXPECT_EQ(0, requests[2].out_result);
}

/* Whoever has the request, the CPU or an engine, the caller goes and nothing stays. */
static void work_until_killed(const char *algorithm, int ready)
{
	static struct devcrypto_request requests[512];
	unsigned char dst[TEXT_BYTES];
	int fd = context_hex(AKCIPHER, algorithm, RSA_PUBLIC, 0);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(requests); at++)
		requests[at] = (struct devcrypto_request){
			.op = DEVCRYPTO_OP_ENCRYPT,
			.src = address_of(CLEARTEXT), .src_bytes = strlen(CLEARTEXT),
			.dst = address_of(dst), .dst_bytes = sizeof(dst),
		};
	ASSERT_EQ(1, write(ready, "", 1));
	for (;;)
		run_batch(fd, requests, ARRAY_SIZE(requests));
}

TEST_EACH(killed, padded_names)
{
	const uint32_t before = info_now().contexts_of_user;
	int round, patience;

	for (round = 0; round < 10; round++) {
		int ready[2], status;
		pid_t child;
		char byte;

		ASSERT_OK(pipe(ready));
		child = ASSERT_OK(fork());
		if (!child)
			work_until_killed(row->name, ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		usleep(3000 * round);
		ASSERT_OK(kill(child, SIGKILL));
		ASSERT_OK(waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		close(ready[0]);
		close(ready[1]);
	}
	/* An engine may still be at work on what was left to it. */
	for (patience = 0; patience < 100 && info_now().contexts_of_user > before; patience++)
		usleep(100000);
	EXPECT_EQ(before, info_now().contexts_of_user);
}
