// SPDX-License-Identifier: MIT
/* DEVCRYPTO_IOC_CONFIG. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SKCIPHER	DEVCRYPTO_CLASS_SKCIPHER
#define AEAD		DEVCRYPTO_CLASS_AEAD
#define HASH		DEVCRYPTO_CLASS_HASH
#define RNG		DEVCRYPTO_CLASS_RNG

#define AUTHENC		"authenc(hmac(sha256),cbc(aes))"

static int configure(int fd, struct devcrypto_config *config)
{
	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, config);
}

/*
 * The call fails with this error, leaves the context unconfigured and gives
 * nothing away; the context can still be configured.
 */
static void expect_refused(int expected, const struct devcrypto_config *config)
{
	struct devcrypto_config copy = *config;
	int fd = device_open();

	EXPECT_ERRNO(expected, configure(fd, &copy));
	EXPECT_MEM(config, &copy, sizeof(copy));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	copy = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	EXPECT_EQ(0, configure(fd, &copy));
	close(fd);
}

static void expect_accepted(const struct devcrypto_config *config)
{
	close(context_of(config));
}

/* --- what is answered --- */

/* Answers that do not depend on the machine; 0 = does not apply. */
static const struct answer {
	const char *algorithm;
	uint32_t alg_class, key_bytes;
	uint32_t block, chunk, iv, tag, tag_max, digest, key_min, key_max, chains, needs_key;
} answers[] = {
	{ "cbc(aes)", SKCIPHER, 16, 16, 16, 16, 0, 0, 0, 16, 32, 1, 1 },
	{ "ctr(aes)", SKCIPHER, 32, 1, 16, 16, 0, 0, 0, 16, 32, 1, 1 },
	{ "ecb(aes)", SKCIPHER, 24, 16, 16, 0, 0, 0, 0, 16, 32, 1, 1 },
	{ "xts(aes)", SKCIPHER, 64, 16, 16, 16, 0, 0, 0, 32, 64, 0, 1 },
	{ "gcm(aes)", AEAD, 16, 1, 0, 12, 16, 16, 0, 0, 0, 0, 1 },
	{ "ccm(aes)", AEAD, 16, 1, 0, 16, 16, 16, 0, 0, 0, 0, 1 },
	{ "rfc7539(chacha20,poly1305)", AEAD, 32, 1, 0, 12, 16, 16, 0, 0, 0, 0, 1 },
	{ "sha256", HASH, 0, 64, 0, 0, 0, 0, 32, 0, 0, 0, 0 },
	{ "sha512", HASH, 0, 128, 0, 0, 0, 0, 64, 0, 0, 0, 0 },
	{ "hmac(sha256)", HASH, 20, 64, 0, 0, 0, 0, 32, 0, 0, 0, 1 },
	{ "cmac(aes)", HASH, 16, 16, 0, 0, 0, 0, 16, 0, 0, 0, 1 },
	{ "stdrng", RNG, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
};

static void check_answer(const struct answer *expected, const struct devcrypto_config *config)
{
	const uint32_t properties = config->out_properties;

	EXPECT_TRUE(!strcmp(expected->algorithm, config->out_name));
	EXPECT_TRUE(config->out_driver[0]);
	EXPECT_EQ(0, config->out_driver[DEVCRYPTO_NAME_BYTES - 1]);
	EXPECT_TRUE(config->out_priority > 0);
	EXPECT_TRUE(properties & DEVCRYPTO_ALG_TESTED);
	EXPECT_EQ(expected->chains, !!(properties & DEVCRYPTO_ALG_CHAINS));
	EXPECT_EQ(expected->needs_key, !!(properties & DEVCRYPTO_ALG_NEEDS_KEY));
	if (expected->alg_class != RNG)
		EXPECT_EQ(expected->block, config->out_block_bytes);
	EXPECT_EQ(expected->iv, config->out_iv_bytes);
	EXPECT_EQ(expected->tag_max, config->out_tag_max_bytes);
	EXPECT_EQ(expected->digest, config->out_digest_bytes);
	EXPECT_EQ(expected->key_min, config->out_key_min_bytes);
	EXPECT_EQ(expected->key_max, config->out_key_max_bytes);
	if (expected->alg_class != RNG)
		EXPECT_EQ(0, config->out_seed_bytes);
	if (expected->alg_class == HASH)
		EXPECT_TRUE(config->out_state_bytes > 0);
	else
		EXPECT_EQ(0, config->out_state_bytes);
	EXPECT_EQ(expected->chunk, config->out_chunk_bytes);
}

TEST_EACH(answer, answers)
{
	struct devcrypto_config config = config_of(row->alg_class, row->algorithm, row->key_bytes);
	struct devcrypto_config before = config;
	int fd = device_open();

	need_algorithm(row->alg_class, row->algorithm);
	/* What the caller left in the answer is ignored. */
	memset(config.out_name, 0xff, offsetof(struct devcrypto_config, source) -
	       offsetof(struct devcrypto_config, out_name));
	config.out_output_bytes = config.out_saved_bytes = UINT32_MAX;
	ASSERT_OK(configure(fd, &config));
	check_answer(row, &config);
	EXPECT_EQ(row->tag, config.out_tag_bytes);
	EXPECT_MEM(&before, &config, offsetof(struct devcrypto_config, out_name));
}

TEST_EACH(answer_to_query, answers)
{
	struct devcrypto_config config = config_of(row->alg_class, row->algorithm, 0);
	int fd = device_open();

	need_algorithm(row->alg_class, row->algorithm);
	config.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(configure(fd, &config));
	check_answer(row, &config);
	/* It was but a question. */
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	config = config_of(row->alg_class, row->algorithm, row->key_bytes);
	EXPECT_EQ(0, configure(fd, &config));
}

TEST(query_of_a_configured_context)
{
	struct devcrypto_config query = config_of(HASH, "sha256", 0);
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	query.flags = DEVCRYPTO_CONFIG_QUERY;
	EXPECT_EQ(0, configure(fixture->fd, &query));
	EXPECT_EQ(DIGEST_BYTES, query.out_digest_bytes);
	fixture_check(fixture);
}

TEST(driver_name_chooses_that_driver)
{
	struct devcrypto_config generic = config_of(HASH, "sha256", 0), named;
	int fd = device_open();

	generic.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(configure(fd, &generic));
	named = config_of(HASH, generic.out_driver, 0);
	ASSERT_OK(configure(fd, &named));
	EXPECT_MEM(generic.out_name, named.out_name, DEVCRYPTO_NAME_BYTES);
	EXPECT_MEM(generic.out_driver, named.out_driver, DEVCRYPTO_NAME_BYTES);
	EXPECT_EQ(generic.out_priority, named.out_priority);
}

/* --- once --- */

TEST(second_configuration)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct devcrypto_config same = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	struct devcrypto_config other = config_of(HASH, "sha256", 0);

	EXPECT_ERRNO(EBUSY, configure(fixture->fd, &same));
	EXPECT_ERRNO(EBUSY, configure(fixture->fd, &other));
	fixture_check(fixture);
}

#define RACERS 4

struct race {
	pthread_barrier_t barrier;
	int fd;
	int succeeded, busy;
};

static void *configure_at_once(void *argument)
{
	struct devcrypto_config config = config_of(HASH, "sha256", 0);
	struct race *race = argument;

	pthread_barrier_wait(&race->barrier);
	if (!configure(race->fd, &config))
		__atomic_add_fetch(&race->succeeded, 1, __ATOMIC_SEQ_CST);
	else if (errno == EBUSY)
		__atomic_add_fetch(&race->busy, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST(one_of_many_configurations_wins)
{
	const unsigned int before = info_now().contexts_of_user;
	pthread_t threads[RACERS];
	struct race race;
	int round, at;

	for (round = 0; round < 50; round++) {
		race = (struct race){ .fd = device_open() };
		pthread_barrier_init(&race.barrier, NULL, RACERS);
		for (at = 0; at < RACERS; at++)
			ASSERT_EQ(0, pthread_create(&threads[at], NULL, configure_at_once, &race));
		for (at = 0; at < RACERS; at++)
			pthread_join(threads[at], NULL);
		EXPECT_EQ(1, race.succeeded);
		EXPECT_EQ(RACERS - 1, race.busy);
		EXPECT_EQ(before + 1, info_now().contexts_of_user);
		close(race.fd);
	}
}

/* --- class, flags, reserved --- */

TEST(unknown_class)
{
	static const uint32_t unknown[] = { 0, 9, 31, 32, 33, 64, 0x80000001, UINT32_MAX };
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(unknown); at++) {
		config.alg_class = unknown[at];
		expect_refused(EOPNOTSUPP, &config);
	}
}

TEST(algorithm_of_another_class)
{
	struct devcrypto_config config = config_of(SKCIPHER, "sha256", 0);

	expect_refused(ENOENT, &config);
	config = config_of(HASH, "cbc(aes)", 0);
	expect_refused(ENOENT, &config);
	config = config_of(AEAD, "cbc(aes)", KEY_BYTES);
	expect_refused(ENOENT, &config);
	config = config_of(RNG, "gcm(aes)", 0);
	expect_refused(ENOENT, &config);
}

TEST(unknown_flags)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	uint32_t flag;

	for (flag = DEVCRYPTO_CONFIG_ZEROCOPY << 1; flag; flag <<= 1) {
		config.flags = flag;
		expect_refused(EINVAL, &config);
	}
}

TEST(flags_of_another_class)
{
	static const uint32_t flags[] = {
		DEVCRYPTO_CONFIG_PRIVATE, DEVCRYPTO_CONFIG_GENERATE, DEVCRYPTO_CONFIG_ENTROPY,
	};
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(flags); at++) {
		config.flags = flags[at];
		expect_refused(EOPNOTSUPP, &config);
	}
}

TEST(layout_of_a_generator)
{
	struct devcrypto_config config = config_of(RNG, generator_name(), 0);

	config.flags = DEVCRYPTO_CONFIG_LAYOUT;
	expect_refused(EOPNOTSUPP, &config);
}

TEST(reserved)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);

	config.reserved = 1;
	expect_refused(EINVAL, &config);
	config.reserved = 1U << 31;
	expect_refused(EINVAL, &config);
}

TEST(query_takes_no_key)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);

	config.flags = DEVCRYPTO_CONFIG_QUERY;
	expect_refused(EINVAL, &config);
	config = config_of(AEAD, AUTHENC, 0);
	config.flags = DEVCRYPTO_CONFIG_QUERY;
	config.auth_key = address_of(test_key);
	config.auth_key_bytes = KEY_BYTES;
	expect_refused(EINVAL, &config);
}

/* --- names --- */

static const struct bad_name {
	const char *name, *text;
} malformed[] = {
	{ "empty", "" },
	{ "blank", " " },
	{ "leading_blank", " cbc(aes)" },
	{ "trailing_blank", "cbc(aes) " },
	{ "inner_blank", "cbc (aes)" },
	{ "newline", "cbc(aes)\n" },
	{ "tab", "cbc(\taes)" },
	{ "control", "cbc(aes\001)" },
	{ "delete", "cbc(aes\177)" },
	{ "latin1", "cbc(\351es)" },
	{ "utf8", "cbc(a\303\253s)" },
	{ "percent", "cbc(%s)" },
	{ "star", "cbc(*)" },
	{ "quote", "cbc(\"aes\")" },
	{ "semicolon", "cbc(aes);" },
	{ "backslash", "cbc(aes\\)" },
	{ "equals", "crypto=cbc(aes)" },
	{ "open", "cbc(aes" },
	{ "close", "cbcaes)" },
	{ "close_first", "cbc)aes(" },
	{ "one_too_many_open", "cbc((aes)" },
	{ "one_too_many_closed", "cbc(aes))" },
};

TEST_EACH(malformed_name, malformed)
{
	struct devcrypto_config config = config_of(SKCIPHER, row->text, KEY_BYTES);

	expect_refused(EINVAL, &config);
}

TEST(name_without_end)
{
	struct devcrypto_config config = config_of(SKCIPHER, "", KEY_BYTES);

	memset(config.name, 'a', sizeof(config.name));
	expect_refused(EINVAL, &config);
}

TEST(garbage_behind_the_name)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	size_t at;

	for (at = strlen("cbc(aes)") + 1; at < sizeof(config.name); at++) {
		config.name[at] = 'x';
		expect_refused(EINVAL, &config);
		config.name[at] = 0;
	}
}

/* Well-formed, but nothing that the default policy lists. */
static const struct bad_name refused[] = {
	{ "unknown", "nosuchalgorithm" },
	{ "unknown_template", "nosuchtemplate(aes)" },
	{ "nested", "cbc(cbc(aes))" },
	{ "sequence_iv", "seqiv(gcm(aes))" },
	{ "encrypted_iv", "echainiv(authenc(hmac(sha256),cbc(aes)))" },
	{ "extended_sequence", "authencesn(hmac(sha256),cbc(aes))" },
	{ "cryptd", "cryptd(cbc(aes))" },
	{ "pcrypt", "pcrypt(gcm(aes))" },
	{ "null_cipher", "ecb(cipher_null)" },
	{ "internal", "__cbc(aes)" },
	{ "internal_driver", "__cbc-aes-aesni" },
	{ "upper_case", "CBC(AES)" },
	{ "beginning", "cbc" },
	{ "longer", "cbc(aes)x" },
};

TEST_EACH(refused_by_policy, refused)
{
	struct devcrypto_config config = config_of(SKCIPHER, row->text, KEY_BYTES);

	if (!geteuid())
		SKIP("the administrator may use anything");
	expect_refused(EPERM, &config);
	config = config_of(AEAD, row->text, 0);
	config.flags = DEVCRYPTO_CONFIG_QUERY;
	expect_refused(EPERM, &config);
}

TEST(longest_name)
{
	struct devcrypto_config config = config_of(SKCIPHER, "", KEY_BYTES);

	memset(config.name, 'a', sizeof(config.name) - 1);
	expect_refused(geteuid() ? EPERM : ENOENT, &config);
}

/* --- keys --- */

/* Key lengths around those that the algorithm takes. */
static const struct key_rule {
	const char *algorithm;
	uint32_t alg_class;
	uint32_t good[4];
} key_rules[] = {
	{ "cbc(aes)", SKCIPHER, { 16, 24, 32 } },
	{ "xts(aes)", SKCIPHER, { 32, 48, 64 } },
	{ "gcm(aes)", AEAD, { 16, 24, 32 } },
	{ "rfc7539(chacha20,poly1305)", AEAD, { 32 } },
	{ "cmac(aes)", HASH, { 16, 24, 32 } },
};

static bool is_one_of(uint32_t value, const uint32_t *good)
{
	for (; *good; good++)
		if (*good == value)
			return true;
	return false;
}

TEST_EACH(key_length, key_rules)
{
	unsigned char key[80];
	uint32_t bytes;

	fill_pattern(key, sizeof(key), 9);
	for (bytes = 1; bytes <= sizeof(key); bytes++) {
		struct devcrypto_config config = config_of(row->alg_class, row->algorithm, bytes);

		config.key = address_of(key);
		if (is_one_of(bytes, row->good))
			expect_accepted(&config);
		else
			expect_refused(EINVAL, &config);
	}
}

TEST_EACH(no_key, key_rules)
{
	struct devcrypto_config config = config_of(row->alg_class, row->algorithm, 0);

	expect_refused(ENOKEY, &config);
}

TEST(no_key_for_hmac)
{
	struct devcrypto_config config = config_of(HASH, "hmac(sha256)", 0);

	expect_refused(ENOKEY, &config);
}

TEST(any_key_length_for_hmac)
{
	const uint32_t max = info_now().max_key_bytes;
	struct devcrypto_config config = config_of(HASH, "hmac(sha256)", KEY_BYTES);
	unsigned char *key = memory_before_hole(max);
	const uint32_t lengths[] = { 1, 63, 64, 65, 200, max };
	size_t at;

	for (at = 0; at < ARRAY_SIZE(lengths); at++) {
		config.key = address_of(key + max - lengths[at]);
		config.key_bytes = lengths[at];
		expect_accepted(&config);
	}
}

TEST(key_for_an_unkeyed_algorithm)
{
	struct devcrypto_config config = config_of(HASH, "sha256", KEY_BYTES);

	expect_refused(EINVAL, &config);
	config = config_of(RNG, generator_name(), KEY_BYTES);
	expect_refused(EINVAL, &config);
}

TEST(key_beyond_the_limit)
{
	const uint32_t max = info_now().max_key_bytes;
	struct devcrypto_config config = config_of(HASH, "hmac(sha256)", KEY_BYTES);
	const uint32_t lengths[] = { max + 1, 1U << 31, UINT32_MAX };
	size_t at;

	config.key = address_of(memory_before_hole(max + 1));
	for (at = 0; at < ARRAY_SIZE(lengths); at++) {
		config.key_bytes = lengths[at];
		expect_refused(EDQUOT, &config);
	}
}

TEST(auth_key_beyond_the_limit)
{
	const uint32_t max = info_now().max_key_bytes;
	struct devcrypto_config config = config_of(AEAD, AUTHENC, KEY_BYTES);
	const uint32_t lengths[] = { max + 1, 1U << 31, UINT32_MAX };
	size_t at;

	config.auth_key = address_of(memory_before_hole(max + 1));
	for (at = 0; at < ARRAY_SIZE(lengths); at++) {
		config.auth_key_bytes = lengths[at];
		expect_refused(EDQUOT, &config);
	}
}

static void check_key_address(struct devcrypto_config *config, __u64 *address, uint32_t bytes)
{
	unsigned char *good = memory_before_hole(bytes), *torn = memory_torn(bytes, bytes - 1);

	*address = 0;
	expect_refused(EFAULT, config);
	*address = address_of(memory_hole());
	expect_refused(EFAULT, config);
	*address = address_of(torn);
	expect_refused(EFAULT, config);
	*address = UINT64_MAX - 7;
	expect_refused(EFAULT, config);
	*address = UINT64_C(1) << 63;
	expect_refused(EFAULT, config);
	/* Only the low half would be an address. */
	*address = address_of(test_key) | UINT64_C(1) << 52;
	expect_refused(EFAULT, config);
	memcpy(good, test_key, bytes);
	memory_read_only(good, bytes);
	*address = address_of(good);
	expect_accepted(config);
}

TEST(key_address)
{
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);

	check_key_address(&config, &config.key, KEY_BYTES);
}

TEST(auth_key_address)
{
	struct devcrypto_config config = config_of(AEAD, AUTHENC, KEY_BYTES);

	config.auth_key_bytes = DIGEST_BYTES;
	check_key_address(&config, &config.auth_key, DIGEST_BYTES);
}

/* Where there is no length the address is not looked at. */
TEST(key_without_length)
{
	struct devcrypto_config config = config_of(HASH, "sha256", 0);

	config.key = address_of(memory_hole());
	expect_accepted(&config);
	config = config_of(SKCIPHER, "cbc(aes)", 0);
	config.key = address_of(test_key);
	expect_refused(ENOKEY, &config);
}

TEST(authenc_without_cipher_key)
{
	struct devcrypto_config config = config_of(AEAD, AUTHENC, 0);

	config.auth_key = address_of(test_key);
	config.auth_key_bytes = DIGEST_BYTES;
	expect_refused(ENOKEY, &config);
}

TEST(authenc_with_bad_cipher_key)
{
	struct devcrypto_config config = config_of(AEAD, AUTHENC, KEY_BYTES - 1);

	config.auth_key = address_of(test_key);
	config.auth_key_bytes = DIGEST_BYTES;
	expect_refused(EINVAL, &config);
}

/* Algorithms that have no use for a second key. */
static const struct plain_key {
	const char *algorithm;
	uint32_t alg_class, key_bytes;
} plain_keys[] = {
	{ "cbc(aes)", SKCIPHER, KEY_BYTES },
	{ "gcm(aes)", AEAD, KEY_BYTES },
	{ "sha256", HASH, 0 },
	{ "hmac(sha256)", HASH, KEY_BYTES },
	{ "jitterentropy_rng", RNG, 0 },
};

TEST_EACH(auth_key_of_others, plain_keys)
{
	struct devcrypto_config config = config_of(row->alg_class, row->algorithm, row->key_bytes);

	config.auth_key = address_of(test_key);
	config.auth_key_bytes = KEY_BYTES;
	expect_refused(EINVAL, &config);
}

/* The key is read once and kept: what the caller does to it later is no matter. */
TEST(key_is_copied)
{
	unsigned char key[KEY_BYTES];
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	memcpy(key, test_key, sizeof(key));
	config.key = address_of(key);
	close(fixture->fd);
	fixture->fd = context_of(&config);
	memset(key, 0, sizeof(key));
	fixture_check(fixture);
}

TEST(key_at_any_alignment)
{
	static unsigned char room[2 * 64];
	struct devcrypto_config config = config_of(SKCIPHER, "cbc(aes)", KEY_BYTES);
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	int shift;

	for (shift = 0; shift < 64; shift++) {
		memcpy(room + shift, test_key, KEY_BYTES);
		config.key = address_of(room + shift);
		config.flags = shift & 1 ? DEVCRYPTO_CONFIG_LAYOUT : 0;
		close(fixture->fd);
		fixture->fd = context_of(&config);
		fixture_check(fixture);
	}
}

/* --- tag --- */

static const struct tag_rule {
	const char *algorithm;
	uint32_t key_bytes;
	uint32_t good[9];
} tag_rules[] = {
	{ "gcm(aes)", KEY_BYTES, { 4, 8, 12, 13, 14, 15, 16 } },
	{ "ccm(aes)", KEY_BYTES, { 4, 6, 8, 10, 12, 14, 16 } },
	{ "rfc7539(chacha20,poly1305)", 32, { 16 } },
};

TEST_EACH(tag_length, tag_rules)
{
	static const uint32_t huge[] = { 64, 255, 256, 1U << 16, 1U << 31, UINT32_MAX };
	struct devcrypto_config config = config_of(AEAD, row->algorithm, row->key_bytes);
	size_t at;

	for (config.tag_bytes = 1; config.tag_bytes < 33; config.tag_bytes++) {
		if (is_one_of(config.tag_bytes, row->good)) {
			struct devcrypto_config answer = config;
			int fd = device_open();

			ASSERT_OK(configure(fd, &answer));
			EXPECT_EQ(config.tag_bytes, answer.out_tag_bytes);
			EXPECT_EQ(16, answer.out_tag_max_bytes);
			close(fd);
		} else {
			expect_refused(EINVAL, &config);
		}
	}
	for (at = 0; at < ARRAY_SIZE(huge); at++) {
		config.tag_bytes = huge[at];
		expect_refused(EINVAL, &config);
	}
}

TEST(tag_of_other_classes)
{
	size_t at;

	for (at = 0; at < ARRAY_SIZE(plain_keys); at++) {
		struct devcrypto_config config = config_of(plain_keys[at].alg_class,
							   plain_keys[at].algorithm,
							   plain_keys[at].key_bytes);

		if (config.alg_class == AEAD)
			continue;
		config.tag_bytes = TAG_BYTES;
		expect_refused(EINVAL, &config);
	}
}
