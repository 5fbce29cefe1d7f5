// SPDX-License-Identifier: MIT
/* DEVCRYPTO_CONFIG_KEYRING: keys of the kernel's keyring, real ones, in the process's own. */
#include <linux/keyctl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "keys.h"

#define KEYRING		DEVCRYPTO_CONFIG_KEYRING
#define LAYOUT		DEVCRYPTO_CONFIG_LAYOUT
#define SKCIPHER	DEVCRYPTO_CLASS_SKCIPHER
#define AEAD		DEVCRYPTO_CLASS_AEAD
#define HASH		DEVCRYPTO_CLASS_HASH
#define RNG		DEVCRYPTO_CLASS_RNG
#define COMP		DEVCRYPTO_CLASS_COMP
#define AKCIPHER	DEVCRYPTO_CLASS_AKCIPHER
#define SIG		DEVCRYPTO_CLASS_SIG
#define KPP		DEVCRYPTO_CLASS_KPP
#define PRIVATE		DEVCRYPTO_CONFIG_PRIVATE
#define GENERATE	DEVCRYPTO_CONFIG_GENERATE

#define OURS		KEY_SPEC_PROCESS_KEYRING

/* What the possessor may do, from linux/key.h of the kernel. */
#define MAY_EVERYTHING	0x3f000000U
#define MAY_SEARCH	0x08000000U

static long add(const char *type, const char *description, const void *payload, size_t bytes)
{
	return syscall(SYS_add_key, type, description, payload, bytes, OURS);
}

static long keyctl(int command, unsigned long a, unsigned long b, unsigned long c)
{
	return syscall(SYS_keyctl, command, a, b, c, 0UL);
}

/* A key of type "user" with the first bytes of test_key. */
static int32_t user_key(size_t bytes)
{
	return ASSERT_OK(add("user", "devcrypto:test", test_key, bytes));
}

static struct devcrypto_config config_with(uint32_t alg_class, const char *name, int32_t serial)
{
	struct devcrypto_config config = config_of(alg_class, name, 0);

	config.flags = KEYRING;
	config.key_serial = serial;
	return config;
}

/* Refused, nothing is written, and the context can still be configured. */
static void expect_refused(int expected, const struct devcrypto_config *config)
{
	struct devcrypto_config copy = *config;
	int fd = device_open();

	EXPECT_ERRNO(expected, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &copy));
	EXPECT_MEM(config, &copy, sizeof(copy));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	copy = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &copy));
	close(fd);
}

static void expect_key_refused(int expected, int32_t serial)
{
	struct devcrypto_config config = config_with(SKCIPHER, "cbc(aes)", serial);

	expect_refused(expected, &config);
}

/* --- keys that serve --- */

static const struct type {
	const char *name;
	uint32_t flags;
} types[] = {
	{ "user", 0 },
	{ "user", LAYOUT },
	{ "logon", 0 },
};

TEST_EACH(works_like_the_key_itself, types)
{
	struct devcrypto_config config;
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	config = config_with(SKCIPHER, "cbc(aes)", ASSERT_OK(add(row->name, "devcrypto:test", test_key,
								 KEY_BYTES)));
	config.flags |= row->flags;
	close(fixture->fd);
	fixture->fd = context_of(&config);
	fixture_check(fixture);
	fixture->fd = context_sharing(fixture->fd, 0);
	fixture_check(fixture);
}

TEST(aead)
{
	struct devcrypto_config config = config_with(AEAD, "gcm(aes)", user_key(KEY_BYTES));
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);

	fixture->fd = context_of(&config);
	fixture_check(fixture);
}

/* Of two keys that of the cipher is one of the keyring. */
TEST(authenc)
{
	static const char name[] = "authenc(hmac(sha256),cbc(aes))";
	struct devcrypto_config config = config_of(AEAD, name, KEY_BYTES);
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	unsigned char tag[DIGEST_BYTES], text[TEXT_BYTES], iv[BLOCK_BYTES] = { 0 };

	config.auth_key = address_of(test_key + KEY_BYTES);
	config.auth_key_bytes = DIGEST_BYTES;
	fixture->request.iv = address_of(iv);
	fixture->request.iv_bytes = sizeof(iv);
	fixture->request.tag = address_of(tag);
	fixture->request.tag_bytes = sizeof(tag);
	fixture->fd = context_of(&config);
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(text, fixture->src, TEXT_BYTES);

	config.key = config.key_bytes = 0;
	config.flags = KEYRING;
	config.key_serial = user_key(KEY_BYTES);
	fixture->fd = context_of(&config);
	fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	fixture->request.src = fixture->request.dst;
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(text, fixture->dst, TEXT_BYTES);
}

static const struct hash {
	const char *name;
	uint32_t key_bytes;
} hiding[] = {
	{ "hmac(sha256)", 32 }, { "hmac(sha3-256)", 64 }, { "cmac(aes)", 16 }, { "xcbc(aes)", 16 },
	{ "blake2b-512", 32 }, { "hmac(sha512)", 1 },
};

static void digest_of(int fd, unsigned char *digest)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of("keyring"),
		.src_bytes = 7,
		.dst = address_of(digest),
		.dst_bytes = 64,
	};

	ASSERT_EQ(0, run_request(fd, &request));
}

TEST_EACH(keyed_hash, hiding)
{
	unsigned char expected[64] = { 0 }, seen[64] = { 0 };
	struct devcrypto_config config;

	need_algorithm(HASH, row->name);
	config = config_with(HASH, row->name, user_key(row->key_bytes));
	digest_of(context_new(HASH, row->name, row->key_bytes), expected);
	digest_of(context_of(&config), seen);
	EXPECT_MEM(expected, seen, sizeof(seen));
}

/* SHA-256 with the device. */
static void sha256(const void *text, uint32_t bytes, unsigned char *digest)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(text),
		.src_bytes = bytes,
		.dst = address_of(digest),
		.dst_bytes = DIGEST_BYTES,
	};

	ASSERT_EQ(0, run_request(context_new(HASH, "sha256", 0), &request));
}

/*
 * The payload of a key of type "encrypted", from what the keyring gives away of
 * it: its AES-CBC encryption under SHA-256("ENC_KEY", 0, master key, 0).
 * Documentation/security/keys/trusted-encrypted.rst of the kernel.
 */
static void open_encrypted(int32_t serial, const void *master, unsigned char *payload)
{
	unsigned char derivation[8 + 32 + 1] = "ENC_KEY", key[DIGEST_BYTES], blob[16 + 1 + 32 + 32];
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", sizeof(key));
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DECRYPT,
		.src = address_of(blob + 17),
		.dst = address_of(payload),
		.src_bytes = 32,
		.dst_bytes = 32,
		.iv = address_of(blob),
		.iv_bytes = 16,
	};
	char text[512] = "";

	ASSERT_OK(keyctl(KEYCTL_READ, serial, (unsigned long)text, sizeof(text) - 1));
	/* format, master key, length, blob */
	ASSERT_EQ(sizeof(blob), from_hex(strrchr(text, ' ') + 1, blob));
	memcpy(derivation + 8, master, 32);
	sha256(derivation, sizeof(derivation), key);
	config.key = address_of(key);
	ASSERT_EQ(0, run_request(context_of(&config), &request));
}

TEST(encrypted)
{
	static const char description[] = "new default user:devcrypto:master 32";
	unsigned char payload[32], expected[64] = { 0 }, seen[64] = { 0 };
	struct devcrypto_config config = config_of(HASH, "hmac(sha256)", sizeof(payload));
	int32_t serial;

	ASSERT_OK(add("user", "devcrypto:master", test_key, 32));
	serial = ASSERT_OK(add("encrypted", "devcrypto:test", description, strlen(description)));
	open_encrypted(serial, test_key, payload);
	config.key = address_of(payload);
	digest_of(context_of(&config), expected);
	config = config_with(HASH, "hmac(sha256)", serial);
	digest_of(context_of(&config), seen);
	EXPECT_MEM(expected, seen, sizeof(seen));
}

TEST(longest_payload)
{
	const uint32_t max = info_now().max_key_bytes;
	unsigned char *payload = calloc(1, max + 1), expected[64] = { 0 }, seen[64] = { 0 };
	struct devcrypto_config config;

	config = config_of(HASH, "hmac(sha256)", max);
	config.key = address_of(payload);
	digest_of(context_of(&config), expected);
	config = config_with(HASH, "hmac(sha256)",
			     ASSERT_OK(add("user", "devcrypto:long", payload, max)));
	digest_of(context_of(&config), seen);
	EXPECT_MEM(expected, seen, sizeof(seen));
	/* Both together are more than a user may have; a revoked key counts no more. */
	ASSERT_OK(keyctl(KEYCTL_REVOKE, config.key_serial, 0, 0));
	config.key_serial = ASSERT_OK(add("user", "devcrypto:longer", payload, max + 1));
	expect_refused(EDQUOT, &config);
}

/* What becomes of the key afterwards is no matter to the context. */
TEST(key_is_copied)
{
	const int32_t serial = user_key(KEY_BYTES);
	struct devcrypto_config config = config_with(SKCIPHER, "cbc(aes)", serial);
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	fixture->fd = context_of(&config);
	ASSERT_OK(keyctl(KEYCTL_UPDATE, serial, (unsigned long)(test_key + 16), KEY_BYTES));
	fixture_check(fixture);
	ASSERT_OK(keyctl(KEYCTL_REVOKE, serial, 0, 0));
	fixture_check(fixture);
}

/* --- keys of the asymmetric classes --- */

/* A key of the keyring with the bytes of @hex. */
static int32_t hex_key(const char *type, const char *hex)
{
	unsigned char payload[1024];
	const size_t bytes = from_hex(hex, payload);

	return ASSERT_OK(add(type, "devcrypto:test", payload, bytes));
}

/* The configuration of a fixture, with its key put into the keyring. */
static struct devcrypto_config fixture_kept(enum base base, const char *type)
{
	struct devcrypto_config config = fixture_config(base, KEYRING);

	need_algorithm(config.alg_class, config.name);
	config.key_serial = ASSERT_OK(add(type, "devcrypto:test",
					  (const void *)(uintptr_t)config.key, config.key_bytes));
	config.key = config.key_bytes = 0;
	return config;
}

static const struct kept {
	const char *name;
	enum base base;
	const char *type;
} kept[] = {
	{ "rsa_encrypt_user", AKCIPHER_ENCRYPT, "user" },
	{ "rsa_decrypt_user", AKCIPHER_DECRYPT, "user" },
	{ "rsa_decrypt_logon", AKCIPHER_DECRYPT, "logon" },
	{ "sign_user", SIG_SIGN, "user" },
	{ "sign_logon", SIG_SIGN, "logon" },
	{ "verify_user", SIG_VERIFY, "user" },
	{ "public_key_user", KPP_PUBLIC_KEY, "user" },
	{ "shared_secret_user", KPP_SHARED_SECRET, "user" },
	{ "shared_secret_logon", KPP_SHARED_SECRET, "logon" },
};

TEST_EACH(asymmetric_like_the_key_itself, kept)
{
	struct devcrypto_config config = fixture_kept(row->base, row->type);
	struct fixture *fixture = fixture_new(row->base, 0);

	/* Of what is not known, the plain key says it. */
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->expected_bytes = fixture->request.out_bytes;
	memcpy(fixture->expected, fixture->dst, fixture->expected_bytes);
	close(fixture->fd);
	fixture->fd = context_of(&config);
	fixture_check(fixture);
	fixture->fd = context_sharing(fixture->fd, 0);
	fixture_check(fixture);
}

/* A signature that does not match is none with a key of the keyring either. */
TEST(verify_refuses)
{
	struct devcrypto_config config = fixture_kept(SIG_VERIFY, "user");
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);

	fixture->fd = context_of(&config);
	fixture->signature[9] ^= 1;
	EXPECT_EQ(-EKEYREJECTED, run_request(fixture->fd, &fixture->request));
}

TEST(padded_decryption)
{
	struct devcrypto_config config;
	unsigned char src[TEXT_BYTES], dst[TEXT_BYTES];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DECRYPT,
		.src = address_of(src),
		.src_bytes = from_hex(RSA_CIPHERTEXT, src),
		.dst = address_of(dst),
		.dst_bytes = sizeof(dst),
	};

	need_algorithm(AKCIPHER, "pkcs1pad(rsa)");
	config = config_with(AKCIPHER, "pkcs1pad(rsa)", hex_key("logon", RSA_PRIVATE));
	config.flags |= PRIVATE;
	ASSERT_EQ(0, run_request(context_of(&config), &request));
	ASSERT_EQ(strlen(CLEARTEXT), request.out_bytes);
	EXPECT_MEM(CLEARTEXT, dst, strlen(CLEARTEXT));
}

/* The parameters of a key are no secret, and come from the caller. */
TEST(key_with_parameters)
{
	struct devcrypto_config config;
	unsigned char params[64], signature[TEXT_BYTES], digest[DIGEST_BYTES];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_VERIFY,
		.src = address_of(digest),
		.src_bytes = sizeof(digest),
		.signature = address_of(signature),
		.signature_bytes = from_hex(ECRDSA_SIGNATURE, signature),
	};

	need_algorithm(SIG, "ecrdsa");
	config = config_with(SIG, "ecrdsa", hex_key("user", ECRDSA_KEY));
	config.key_params = address_of(params);
	config.key_params_bytes = from_hex(ECRDSA_PARAMS, params);
	fill_pattern(digest, sizeof(digest), 1);
	EXPECT_EQ(0, run_request(context_of(&config), &request));
	signature[9] ^= 1;
	EXPECT_EQ(-EKEYREJECTED, run_request(context_of(&config), &request));
}

static void public_key_of(const struct devcrypto_config *config, unsigned char *key)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_PUBLIC_KEY,
		.dst = address_of(key),
		.dst_bytes = 1024,
	};

	memset(key, UNTOUCHED, 1024);
	ASSERT_EQ(0, run_request(context_of(config), &request));
}

/* The public key is that of the plain private value; nothing else of it is in the answer. */
static void expect_public_key(const struct devcrypto_config *plain, int32_t serial)
{
	struct devcrypto_config config = config_with(KPP, plain->name, serial);
	unsigned char expected[1024], seen[1024];

	public_key_of(plain, expected);
	public_key_of(&config, seen);
	EXPECT_MEM(expected, seen, sizeof(seen));
}

static const struct group {
	const char *name;
	uint32_t key_bytes;
} groups[] = {
	{ "ecdh-nist-p192", 24 }, { "ecdh-nist-p256", 32 }, { "ecdh-nist-p384", 48 },
	{ "curve25519", 32 }, { "ffdhe2048(dh)", 32 }, { "ffdhe3072(dh)", 48 },
};

TEST_EACH(private_value, groups)
{
	struct devcrypto_config config = config_of(KPP, row->name, row->key_bytes);

	need_algorithm(KPP, row->name);
	expect_public_key(&config, user_key(row->key_bytes));
}

/* Nobody has seen this private value, and the kernel made it at random. */
TEST(encrypted_private_value)
{
	static const char description[] = "new default user:devcrypto:master 32";
	struct devcrypto_config config = config_of(KPP, "curve25519", 0);
	unsigned char payload[32];
	int32_t serial;

	need_algorithm(KPP, "curve25519");
	ASSERT_OK(add("user", "devcrypto:master", test_key, 32));
	serial = ASSERT_OK(add("encrypted", "devcrypto:test", description, strlen(description)));
	open_encrypted(serial, test_key, payload);
	config.key = address_of(payload);
	config.key_bytes = sizeof(payload);
	expect_public_key(&config, serial);
}

/* --- keys that do not --- */

TEST(no_serial_number)
{
	static const int32_t wrong[] = {
		0, INT32_MIN, KEY_SPEC_THREAD_KEYRING, KEY_SPEC_PROCESS_KEYRING,
		KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING, KEY_SPEC_REQKEY_AUTH_KEY, -100,
	};
	size_t at;

	for (at = 0; at < ARRAY_SIZE(wrong); at++)
		expect_key_refused(EINVAL, wrong[at]);
}

TEST(no_such_key)
{
	const int32_t serial = user_key(KEY_BYTES);

	expect_key_refused(ENOKEY, serial == INT32_MAX ? 1 : INT32_MAX);
}

/* Where a class asks for its key. */
static const struct asking {
	const char *name;
	enum base base;
} asking[] = {
	{ "cipher", SKCIPHER_ENCRYPT },
	{ "aead", AEAD_ENCRYPT },
	{ "akcipher_public", AKCIPHER_ENCRYPT },
	{ "akcipher_private", AKCIPHER_DECRYPT },
	{ "sig_public", SIG_VERIFY },
	{ "sig_private", SIG_SIGN },
	{ "kpp", KPP_SHARED_SECRET },
};

TEST_EACH(class_and_no_such_key, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	config.key_serial = config.key_serial == INT32_MAX ? 1 : INT32_MAX;
	expect_refused(ENOKEY, &config);
}

TEST_EACH(class_and_revoked, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	ASSERT_OK(keyctl(KEYCTL_REVOKE, config.key_serial, 0, 0));
	expect_refused(EKEYREVOKED, &config);
}

TEST_EACH(class_and_expired, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	ASSERT_OK(keyctl(KEYCTL_SET_TIMEOUT, config.key_serial, 1, 0));
	sleep(2);
	expect_refused(EKEYEXPIRED, &config);
}

TEST_EACH(class_and_search_permission, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	ASSERT_OK(keyctl(KEYCTL_SETPERM, config.key_serial, MAY_EVERYTHING & ~MAY_SEARCH, 0));
	expect_refused(EACCES, &config);
}

TEST_EACH(class_and_another_type, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	config.key_serial = ASSERT_OK(add("keyring", "devcrypto:ring", NULL, 0));
	expect_refused(EOPNOTSUPP, &config);
}

TEST_EACH(class_and_key_beside_it, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	config.key = address_of(test_key);
	expect_refused(EINVAL, &config);
	config.key = 0;
	config.key_bytes = 16;
	expect_refused(EINVAL, &config);
}

TEST_EACH(class_and_query, asking)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	config.flags |= DEVCRYPTO_CONFIG_QUERY;
	expect_refused(EINVAL, &config);
}

TEST(revoked)
{
	const int32_t serial = user_key(KEY_BYTES);

	ASSERT_OK(keyctl(KEYCTL_REVOKE, serial, 0, 0));
	expect_key_refused(EKEYREVOKED, serial);
}

TEST(expired)
{
	const int32_t serial = user_key(KEY_BYTES);

	ASSERT_OK(keyctl(KEYCTL_SET_TIMEOUT, serial, 1, 0));
	sleep(2);
	expect_key_refused(EKEYEXPIRED, serial);
}

/* What request-key(8) answers to a request of keyutils' own tests. */
static const struct {
	const char *name;
	int expected;
} negative[] = {
	{ "negate", ENOKEY },
	{ "rejected", EKEYREJECTED },
	{ "expired", EKEYEXPIRED },
	{ "revoked", EKEYREVOKED },
};

TEST_EACH(negative_key, negative)
{
	int32_t serials[8] = { 0 };
	char description[64];
	size_t at;
	long bytes;

	/* It leaves a negative key in the keyring; another test's would be found first. */
	snprintf(description, sizeof(description), "debug:devcrypto-%d", getpid());
	EXPECT_ERRNO(row->expected, syscall(SYS_request_key, "user", description, row->name, OURS));
	bytes = ASSERT_OK(keyctl(KEYCTL_READ, OURS, (unsigned long)serials, sizeof(serials)));
	ASSERT_EQ(sizeof(serials[0]), bytes);
	for (at = 0; at < ARRAY_SIZE(asking); at++) {
		struct devcrypto_config config = fixture_config(asking[at].base, KEYRING);

		config.key = config.key_bytes = 0;
		config.key_serial = serials[0];
		expect_refused(row->expected, &config);
	}
}

TEST(key_without_search_permission)
{
	const int32_t serial = user_key(KEY_BYTES);

	ASSERT_OK(keyctl(KEYCTL_SETPERM, serial, MAY_EVERYTHING & ~MAY_SEARCH, 0));
	expect_key_refused(EACCES, serial);
}

/* To read a key is another right, which "logon" gives to nobody. */
TEST(search_permission_is_enough)
{
	const int32_t serial = user_key(KEY_BYTES);
	struct devcrypto_config config = config_with(SKCIPHER, "cbc(aes)", serial);
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	ASSERT_OK(keyctl(KEYCTL_SETPERM, serial, MAY_SEARCH, 0));
	fixture->fd = context_of(&config);
	fixture_check(fixture);
}

TEST(keyring_in_place_of_a_key)
{
	expect_key_refused(EOPNOTSUPP, ASSERT_OK(add("keyring", "devcrypto:ring", NULL, 0)));
	expect_key_refused(EOPNOTSUPP, ASSERT_OK(keyctl(KEYCTL_GET_KEYRING_ID, OURS, 1, 0)));
}

TEST(wrong_length)
{
	size_t bytes;

	for (bytes = 1; bytes <= 64; bytes++) {
		if (bytes == 16 || bytes == 24 || bytes == 32)
			continue;
		expect_key_refused(EINVAL, user_key(bytes));
	}
}

static const struct no_key {
	const char *name;
	enum base base;
	const char *payload;
} no_keys[] = {
	{ "rsa_of_a_cipher", AKCIPHER_ENCRYPT, "2b7e151628aed2a6abf7158809cf4f3c" },
	{ "rsa_public_as_private", AKCIPHER_DECRYPT, RSA_PUBLIC },
	{ "rsa_private_as_public", AKCIPHER_ENCRYPT, RSA_PRIVATE },
	{ "sign_of_a_cipher", SIG_SIGN, "2b7e151628aed2a6abf7158809cf4f3c" },
	{ "sign_with_a_public_key", SIG_SIGN, RSA_PUBLIC },
	{ "verify_with_a_private_key", SIG_VERIFY, RSA_PRIVATE },
	{ "zero", KPP_SHARED_SECRET,
	  "0000000000000000000000000000000000000000000000000000000000000000" },
	{ "too_large", KPP_SHARED_SECRET,
	  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
};

TEST_EACH(payload_that_is_no_key, no_keys)
{
	struct devcrypto_config config = fixture_kept(row->base, "user");

	config.key_serial = hex_key("logon", row->payload);
	expect_refused(EINVAL, &config);
}

/*
 * A key of AES, say, that nobody may read: if it were a private value, its public
 * key would give it away in the square root of the time that guessing it takes.
 */
static const struct short_value {
	const char *name;
	const char *algorithm;
	uint32_t key_bytes;
} short_values[] = {
	{ "p192_16", "ecdh-nist-p192", 16 },
	{ "p256_16", "ecdh-nist-p256", 16 },
	{ "p256_31", "ecdh-nist-p256", 31 },
	{ "p384_32", "ecdh-nist-p384", 32 },
	{ "25519_16", "curve25519", 16 },
	{ "ffdhe2048_1", "ffdhe2048(dh)", 1 },
	{ "ffdhe2048_16", "ffdhe2048(dh)", 16 },
	{ "ffdhe2048_31", "ffdhe2048(dh)", 31 },
	{ "ffdhe3072_31", "ffdhe3072(dh)", 31 },
};

TEST_EACH(short_private_value, short_values)
{
	struct devcrypto_config config;

	need_algorithm(KPP, row->algorithm);
	config = config_with(KPP, row->algorithm, user_key(row->key_bytes));
	expect_refused(EINVAL, &config);
}

/* --- algorithms --- */

static const char * const telling[] = {
	/* Of these the digest, or some of them, gives the key. */
	"crc32c", "crc32", "ghash", "poly1305",
	/* These have none. */
	"sha256", "md5",
};

TEST(hash_that_gives_its_key_away)
{
	size_t at;

	for (at = 0; at < ARRAY_SIZE(telling); at++) {
		struct devcrypto_config config = config_with(HASH, telling[at], user_key(16));
		struct devcrypto_config plain = config_of(HASH, telling[at], 0);
		int fd = device_open();

		plain.flags = DEVCRYPTO_CONFIG_QUERY;
		if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &plain)) {
			/* Not on this kernel, or not on the list. */
			ASSERT_TRUE(errno == ENOENT || errno == EPERM);
			expect_refused(errno, &config);
			continue;
		}
		expect_refused(EOPNOTSUPP, &config);
	}
}

TEST(generator)
{
	struct devcrypto_config config = config_with(RNG, generator_name(), user_key(16));

	expect_refused(EOPNOTSUPP, &config);
}

TEST(compression)
{
	struct devcrypto_config config = config_with(COMP, "deflate", user_key(16));

	expect_refused(EOPNOTSUPP, &config);
}

static const char * const dh_names[] = { "dh", "dh-generic" };

/* Whoever chooses the group may choose one that gives the private value away. */
TEST(group_of_the_callers)
{
	unsigned char p[256];
	const uint32_t p_bytes = from_hex(FFDHE2048_P, p);
	size_t at;

	need_algorithm(KPP, "dh");
	for (at = 0; at < ARRAY_SIZE(dh_names); at++) {
		struct devcrypto_config config = config_with(KPP, dh_names[at], user_key(32));

		expect_refused(EOPNOTSUPP, &config);
		config.dh_p = address_of(p);
		config.dh_p_bytes = p_bytes;
		config.dh_g = address_of("\2");
		config.dh_g_bytes = 1;
		expect_refused(EOPNOTSUPP, &config);
		/* It does not come to a look at the key. */
		config.key_serial = INT32_MAX;
		expect_refused(EOPNOTSUPP, &config);
	}
}

/* Another group's parameters are no way around it. */
TEST(group_beside_a_group)
{
	struct devcrypto_config config;
	unsigned char p[256];

	need_algorithm(KPP, "ffdhe2048(dh)");
	config = config_with(KPP, "ffdhe2048(dh)", user_key(32));
	config.dh_p = address_of(p);
	config.dh_p_bytes = from_hex(FFDHE2048_P, p);
	expect_refused(EINVAL, &config);
	config.dh_p = config.dh_p_bytes = 0;
	config.dh_g = address_of("\2");
	config.dh_g_bytes = 1;
	expect_refused(EINVAL, &config);
}

static const struct generating {
	const char *name;
	int expected;
	uint32_t alg_class;
	const char *algorithm;
} generating[] = {
	{ "ecdh", EINVAL, KPP, "ecdh-nist-p256" },
	{ "ffdhe", EINVAL, KPP, "ffdhe2048(dh)" },
	{ "curve25519", EINVAL, KPP, "curve25519" },
	{ "dh", EINVAL, KPP, "dh" },
	{ "rsa", EOPNOTSUPP, AKCIPHER, "rsa" },
	{ "cbc", EOPNOTSUPP, SKCIPHER, "cbc(aes)" },
};

TEST_EACH(generated_too, generating)
{
	struct devcrypto_config config;

	need_algorithm(row->alg_class, row->algorithm);
	config = config_with(row->alg_class, row->algorithm, user_key(32));
	config.flags |= GENERATE;
	expect_refused(row->expected, &config);
	config.key_serial = INT32_MAX;
	expect_refused(row->expected, &config);
}

TEST(private_key_agreement)
{
	struct devcrypto_config config;

	need_algorithm(KPP, "ecdh-nist-p256");
	config = config_with(KPP, "ecdh-nist-p256", user_key(32));
	config.flags |= PRIVATE;
	expect_refused(EOPNOTSUPP, &config);
}

/* --- fields --- */

TEST(key_beside_it)
{
	struct devcrypto_config config = config_with(SKCIPHER, "cbc(aes)", user_key(16));

	config.key = address_of(test_key);
	expect_refused(EINVAL, &config);
	config.key = 0;
	config.key_bytes = 16;
	expect_refused(EINVAL, &config);
}

TEST(serial_number_without_flag)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);

	config.key_serial = user_key(16);
	expect_refused(EINVAL, &config);
}

TEST(query)
{
	struct devcrypto_config config = config_with(SKCIPHER, "cbc(aes)", user_key(16));

	config.flags |= DEVCRYPTO_CONFIG_QUERY;
	expect_refused(EINVAL, &config);
}

/* --- at once --- */

struct change {
	int32_t serial;
	int done;
};

static void *change_often(void *argument)
{
	struct change *change = argument;
	int round;

	for (round = 0; !__atomic_load_n(&change->done, __ATOMIC_SEQ_CST); round++)
		ASSERT_OK(keyctl(KEYCTL_UPDATE, change->serial,
				 (unsigned long)(test_key + 16 * (round & 1)), KEY_BYTES));
	return NULL;
}

/* A key that changes is the one or the other, never a mixture. */
TEST_SECONDS(key_that_changes, 60)
{
	unsigned char outputs[2][TEXT_BYTES];
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct change change = { .serial = user_key(KEY_BYTES) };
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	pthread_t thread;
	int round, at, seen[2] = { 0 };

	for (at = 0; at < 2; at++) {
		config.key = address_of(test_key + 16 * at);
		ASSERT_EQ(0, run_request(context_of(&config), &fixture->request));
		memcpy(outputs[at], fixture->dst, TEXT_BYTES);
	}
	config = config_with(SKCIPHER, "cbc(aes)", change.serial);
	ASSERT_EQ(0, pthread_create(&thread, NULL, change_often, &change));
	for (round = 0; round < 1000; round++) {
		close(fixture->fd);
		fixture->fd = context_of(&config);
		ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
		at = !!memcmp(outputs[0], fixture->dst, TEXT_BYTES);
		ASSERT_MEM(outputs[at], fixture->dst, TEXT_BYTES);
		seen[at]++;
	}
	__atomic_store_n(&change.done, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	harness_note("%d and %d times", seen[0], seen[1]);
}
