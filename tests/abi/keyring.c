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

#define KEYRING		DEVCRYPTO_CONFIG_KEYRING
#define LAYOUT		DEVCRYPTO_CONFIG_LAYOUT
#define SKCIPHER	DEVCRYPTO_CLASS_SKCIPHER
#define AEAD		DEVCRYPTO_CLASS_AEAD
#define HASH		DEVCRYPTO_CLASS_HASH
#define RNG		DEVCRYPTO_CLASS_RNG

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
	long bytes;

	/* It leaves a negative key in the keyring; another test's would be found first. */
	snprintf(description, sizeof(description), "debug:devcrypto-%d", getpid());
	EXPECT_ERRNO(row->expected, syscall(SYS_request_key, "user", description, row->name, OURS));
	bytes = ASSERT_OK(keyctl(KEYCTL_READ, OURS, (unsigned long)serials, sizeof(serials)));
	ASSERT_EQ(sizeof(serials[0]), bytes);
	expect_key_refused(row->expected, serials[0]);
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
