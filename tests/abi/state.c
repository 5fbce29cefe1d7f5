// SPDX-License-Identifier: MIT
/* The state of a hash stream, taken along: copied by DEVCRYPTO_CONFIG_STREAM. */
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define STREAM		DEVCRYPTO_CONFIG_STREAM
#define HASH		DEVCRYPTO_CLASS_HASH
#define TEXT		600
#define LONGEST_DIGEST	64

static unsigned char text[TEXT];

static int run(int fd, uint32_t op, const void *src, uint32_t src_bytes, void *dst,
	       uint32_t dst_bytes)
{
	struct devcrypto_request request = {
		.op = op,
		.src = address_of(src),
		.src_bytes = src_bytes,
		.dst = address_of(dst),
		.dst_bytes = dst_bytes,
	};

	return run_request(fd, &request);
}

static int update(int fd, uint32_t from, uint32_t to)
{
	return run(fd, DEVCRYPTO_OP_STREAM_UPDATE, text + from, to - from, NULL, 0);
}

/* The stream holds the text from @from to @to, and is begun anew. */
static void expect_holds(int fd, uint32_t from, uint32_t to)
{
	unsigned char whole[LONGEST_DIGEST] = { 0 }, streamed[LONGEST_DIGEST] = { 1 };

	ASSERT_EQ(0, run(fd, DEVCRYPTO_OP_DIGEST, text + from, to - from, whole, LONGEST_DIGEST));
	ASSERT_EQ(0, run(fd, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, streamed, LONGEST_DIGEST));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES / 2);
}

static int sha256_context(void)
{
	fill_pattern(text, sizeof(text), 5);
	return context_new(HASH, "sha256", 0);
}

static void make_lost(int fd)
{
	ASSERT_EQ(-EFAULT, run(fd, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, memory_hole(), DIGEST_BYTES));
	ASSERT_EQ(-ESTALE, update(fd, 0, 1));
}

static int copy_result(int source)
{
	struct devcrypto_config config = share_of(source, STREAM);
	int fd = device_open(), result;

	result = ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config) ? errno : 0;
	close(fd);
	return result;
}

/* --- of every kind of hash, at every place in a block --- */

static const struct hash {
	const char *name;
	uint32_t key_bytes;
} hashes[] = {
	{ "md5", 0 }, { "sha1", 0 }, { "sha224", 0 }, { "sha256", 0 }, { "sha384", 0 },
	{ "sha512", 0 }, { "sha3-256", 0 }, { "sha3-512", 0 }, { "blake2b-256", 0 },
	{ "blake2b-512", 32 }, { "sm3", 0 }, { "rmd160", 0 }, { "wp512", 0 },
	{ "streebog256", 0 }, { "hmac(sha1)", 20 }, { "hmac(sha256)", 32 },
	{ "hmac(sha512)", 64 }, { "hmac(sha3-256)", 32 }, { "cmac(aes)", 16 },
	{ "xcbc(aes)", 16 }, { "crc32c", 0 },
};

static int hash_context(const struct hash *hash)
{
	struct devcrypto_config config = config_of(HASH, hash->name, hash->key_bytes);

	fill_pattern(text, sizeof(text), 5);
	need_algorithm(HASH, hash->name);
	return context_of(&config);
}

static bool is_engine(const struct hash *hash)
{
	struct devcrypto_config config = config_of(HASH, hash->name, 0);

	config.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config));
	return config.out_properties & (DEVCRYPTO_ALG_ASYNC | DEVCRYPTO_ALG_HARDWARE);
}

TEST_EACH(copy_continues_independently, hashes)
{
	int source = hash_context(row), copy;
	uint32_t at;

	ASSERT_TRUE(!is_engine(row));
	for (at = 0; at <= 300; at += at < 150 ? 1 : 13) {
		ASSERT_EQ(0, update(source, 0, at));
		copy = context_sharing(source, STREAM);
		ASSERT_EQ(0, update(copy, at, at + 200));
		ASSERT_EQ(0, update(source, at, at + 7));
		expect_holds(copy, 0, at + 200);
		expect_holds(source, 0, at + 7);
		/* From here on it is a context like others. */
		ASSERT_EQ(0, update(copy, 3, 70));
		expect_holds(copy, 3, 70);
		close(copy);
	}
}

TEST(copy_of_a_fresh_stream)
{
	int source = sha256_context(), copy = context_sharing(source, STREAM);

	expect_holds(copy, 0, 0);
	ASSERT_EQ(0, update(source, 0, 10));
	ASSERT_EQ(0, update(copy, 100, 170));
	expect_holds(copy, 100, 170);
	expect_holds(source, 0, 10);
	/* Begun anew, it is fresh again. */
	copy = context_sharing(source, STREAM);
	expect_holds(copy, 0, 0);
}

TEST(copy_outlives_its_source)
{
	int source = sha256_context(), first, second;

	ASSERT_EQ(0, update(source, 0, 77));
	first = context_sharing(source, STREAM);
	close(source);
	ASSERT_EQ(0, update(first, 77, 99));
	second = context_sharing(first, STREAM);
	close(first);
	expect_holds(second, 0, 99);
}

TEST(copy_in_a_context_with_layout)
{
	int source = context_flags(HASH, "sha256", 0, DEVCRYPTO_CONFIG_LAYOUT), copy;

	fill_pattern(text, sizeof(text), 5);
	ASSERT_EQ(0, update(source, 0, 77));
	copy = context_sharing(source, STREAM);
	ASSERT_EQ(0, update(copy, 77, 80));
	expect_holds(copy, 0, 80);
	expect_holds(source, 0, 77);
}

/* --- errors --- */

TEST(copy_of_a_lost_stream)
{
	struct devcrypto_config config, before;
	int source = sha256_context(), fd = device_open();

	make_lost(source);
	config = before = share_of(source, STREAM);
	EXPECT_ERRNO(ESTALE, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_MEM(&before, &config, sizeof(config));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	EXPECT_EQ(1, info_now().contexts_of_user);
	/* The key may be shared even so. */
	config = share_of(source, 0);
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	expect_holds(fd, 0, 0);
	ASSERT_EQ(-ESTALE, update(source, 0, 1));
}

TEST(copy_of_no_stream)
{
	EXPECT_EQ(EOPNOTSUPP, copy_result(context_new(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", 16)));
	EXPECT_EQ(EOPNOTSUPP, copy_result(context_new(DEVCRYPTO_CLASS_AEAD, "gcm(aes)", 16)));
	EXPECT_EQ(EOPNOTSUPP, copy_result(context_new(DEVCRYPTO_CLASS_RNG, generator_name(), 0)));
	EXPECT_EQ(ENOTCONN, copy_result(device_open()));
}

/* ghash is one on kernels whose implementation for this CPU is asynchronous. */
TEST(copy_from_an_engine)
{
	static const struct hash ghash = { "ghash", 16 };
	int source = hash_context(&ghash);

	EXPECT_EQ(is_engine(&ghash) ? EOPNOTSUPP : 0, copy_result(source));
	ASSERT_EQ(0, update(source, 0, 20));
	EXPECT_EQ(is_engine(&ghash) ? EOPNOTSUPP : 0, copy_result(source));
}

struct long_update {
	int fd, result, done;
	unsigned char *data;
	uint32_t bytes;
};

static void *update_long(void *argument)
{
	struct long_update *job = argument;

	job->result = run(job->fd, DEVCRYPTO_OP_STREAM_UPDATE, job->data, job->bytes, NULL, 0);
	__atomic_store_n(&job->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* While an operation is under way there is no state to copy, and none is lost. */
TEST_SECONDS(copy_of_a_busy_stream, 60)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct long_update job = { .fd = sha256_context(), .bytes = 4 << 20, .result = -EBUSY };
	int attempt, result, busy = 0;
	pthread_t thread;

	job.data = calloc(1, job.bytes);
	for (attempt = 0; attempt < 20 && job.result; attempt++) {
		job.done = busy = 0;
		ASSERT_EQ(0, pthread_create(&thread, NULL, update_long, &job));
		while (!__atomic_load_n(&job.done, __ATOMIC_SEQ_CST)) {
			usleep(500);
			result = copy_result(job.fd);
			busy += result == EBUSY;
			EXPECT_TRUE(!result || result == EBUSY);
		}
		pthread_join(thread, NULL);
	}
	EXPECT_EQ(0, job.result);
	EXPECT_TRUE(busy > 0);
	ASSERT_EQ(0, run(job.fd, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, streamed, DIGEST_BYTES));
	ASSERT_EQ(0, run(job.fd, DEVCRYPTO_OP_DIGEST, job.data, job.bytes, whole, DIGEST_BYTES));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

/* --- at once --- */

#define BLOCKS		400
#define BLOCK		64
#define COPIERS		3

struct crowd {
	int source, done;
	/* Digests of so many blocks. */
	unsigned char digests[BLOCKS + 1][DIGEST_BYTES];
	int copies, busy;
};

static void *copy_often(void *argument)
{
	unsigned char digest[DIGEST_BYTES];
	struct crowd *crowd = argument;
	int fd, at;

	while (!__atomic_load_n(&crowd->done, __ATOMIC_SEQ_CST)) {
		struct devcrypto_config config = share_of(crowd->source, STREAM);

		fd = device_open();
		if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
			ASSERT_EQ(EBUSY, errno);
			__atomic_add_fetch(&crowd->busy, 1, __ATOMIC_SEQ_CST);
			close(fd);
			continue;
		}
		ASSERT_EQ(0, run(fd, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, digest, DIGEST_BYTES));
		for (at = 0; at <= BLOCKS && memcmp(crowd->digests[at], digest, DIGEST_BYTES); at++)
			;
		EXPECT_TRUE(at <= BLOCKS);
		__atomic_add_fetch(&crowd->copies, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

/* Every copy is what the stream was at some moment between two operations. */
TEST_SECONDS(copies_while_it_runs, 60)
{
	static unsigned char blocks[BLOCKS * BLOCK];
	static struct crowd crowd;
	pthread_t threads[COPIERS];
	int at, result;

	fill_pattern(blocks, sizeof(blocks), 6);
	crowd.source = sha256_context();
	for (at = 0; at <= BLOCKS; at++)
		ASSERT_EQ(0, run(crowd.source, DEVCRYPTO_OP_DIGEST, blocks, at * BLOCK,
				 crowd.digests[at], DIGEST_BYTES));
	for (at = 0; at < COPIERS; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, copy_often, &crowd));
	for (at = 0; at < BLOCKS;) {
		result = run(crowd.source, DEVCRYPTO_OP_STREAM_UPDATE, blocks + at * BLOCK, BLOCK,
			     NULL, 0);
		ASSERT_TRUE(!result || result == -EBUSY);
		at += !result;
		if (at % 16 == 0)
			usleep(100);
	}
	__atomic_store_n(&crowd.done, 1, __ATOMIC_SEQ_CST);
	for (at = 0; at < COPIERS; at++)
		pthread_join(threads[at], NULL);
	harness_note("%d copies, %d busy", crowd.copies, crowd.busy);
	EXPECT_TRUE(crowd.copies > 0);
	/* Whole at its end. */
	for (at = 0; at < 2; at++) {
		unsigned char digest[DIGEST_BYTES];
		int copy = context_sharing(crowd.source, STREAM);

		ASSERT_EQ(0, run(copy, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, digest, DIGEST_BYTES));
		EXPECT_MEM(crowd.digests[BLOCKS], digest, DIGEST_BYTES);
	}
}
