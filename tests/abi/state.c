// SPDX-License-Identifier: MIT
/*
 * The state of a hash stream, taken along: copied by DEVCRYPTO_CONFIG_STREAM, and
 * saved and restored by the program.
 */
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
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

/* --- saved and restored --- */

#define LONGEST_SAVED 1024

struct saved {
	unsigned char bytes[LONGEST_SAVED];
	uint32_t length;
};

/* Length of a saved state of an algorithm. */
static uint32_t saved_bytes(const char *name)
{
	struct devcrypto_config config = config_of(HASH, name, 0);
	int fd = device_open();

	config.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	close(fd);
	ASSERT_TRUE(config.out_saved_bytes <= LONGEST_SAVED);
	return config.out_saved_bytes;
}

static struct saved save(int fd)
{
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_STREAM_SAVE };
	struct saved saved = { .length = 0 };

	request.dst = address_of(saved.bytes);
	request.dst_bytes = LONGEST_SAVED;
	ASSERT_EQ(0, run_request(fd, &request));
	ASSERT_TRUE(request.out_bytes > 0);
	saved.length = request.out_bytes;
	return saved;
}

static int restore_bytes(int fd, const struct saved *saved, uint32_t bytes)
{
	return run(fd, DEVCRYPTO_OP_STREAM_RESTORE, saved->bytes, bytes, NULL, 0);
}

static int restore(int fd, const struct saved *saved)
{
	return restore_bytes(fd, saved, saved->length);
}

TEST_EACH(saved_state_continues, hashes)
{
	int fd = hash_context(row), other = hash_context(row);
	struct saved saved;
	uint32_t at;

	for (at = 0; at <= 300; at += at < 150 ? 1 : 13) {
		ASSERT_EQ(0, update(fd, 0, at));
		saved = save(fd);
		EXPECT_EQ(saved_bytes(row->name), saved.length);
		/* It is still there, and goes on. */
		ASSERT_EQ(0, update(fd, at, at + 5));
		expect_holds(fd, 0, at + 5);
		/* Back again, in this context and in another, more than once. */
		ASSERT_EQ(0, update(fd, 9, 90));
		ASSERT_EQ(0, restore(fd, &saved));
		ASSERT_EQ(0, restore(other, &saved));
		ASSERT_EQ(0, update(fd, at, at + 100));
		ASSERT_EQ(0, update(other, at, at + 200));
		expect_holds(fd, 0, at + 100);
		expect_holds(other, 0, at + 200);
		ASSERT_EQ(0, restore(other, &saved));
		expect_holds(other, 0, at);
	}
}

TEST(fresh_stream_is_saved)
{
	int fd = sha256_context();
	struct saved fresh = save(fd), begun;

	EXPECT_EQ(saved_bytes("sha256"), fresh.length);
	ASSERT_EQ(0, update(fd, 0, 70));
	begun = save(fd);
	EXPECT_EQ(fresh.length, begun.length);
	ASSERT_EQ(0, restore(fd, &fresh));
	expect_holds(fd, 0, 0);
	ASSERT_EQ(0, restore(fd, &begun));
	ASSERT_EQ(0, restore(fd, &fresh));
	ASSERT_EQ(0, update(fd, 100, 170));
	expect_holds(fd, 100, 170);
}

/* A nonce is used once, also for what is the same, and nothing shows through. */
TEST(no_two_saved_states_are_alike)
{
	int fd = sha256_context();
	struct saved first, second;
	uint32_t at, same = 0;

	first = save(fd);
	second = save(fd);
	EXPECT_TRUE(memcmp(first.bytes, second.bytes, 8));
	for (at = 8; at < first.length; at++)
		same += first.bytes[at] == second.bytes[at];
	EXPECT_TRUE(same < 16);
}

/* Refused, and the stream holds what it held: the first 65 bytes. */
static void expect_not_restored(int fd, const struct saved *saved, uint32_t bytes)
{
	EXPECT_EQ(-EBADMSG, restore_bytes(fd, saved, bytes));
	expect_holds(fd, 0, 65);
	ASSERT_EQ(0, update(fd, 0, 65));
}

TEST(every_bit_is_sealed)
{
	int fd = sha256_context();
	struct saved saved;
	uint32_t at, bit;

	ASSERT_EQ(0, update(fd, 200, 300));
	saved = save(fd);
	ASSERT_EQ(0, run(fd, DEVCRYPTO_OP_STREAM_INIT, NULL, 0, NULL, 0));
	ASSERT_EQ(0, update(fd, 0, 65));
	for (at = 0; at < saved.length; at++) {
		for (bit = 1; bit < 256; bit <<= 1) {
			saved.bytes[at] ^= bit;
			EXPECT_EQ(-EBADMSG, restore(fd, &saved));
			saved.bytes[at] ^= bit;
		}
		expect_holds(fd, 0, 65);
		ASSERT_EQ(0, update(fd, 0, 65));
	}
	ASSERT_EQ(0, restore(fd, &saved));
	expect_holds(fd, 200, 300);
}

TEST(every_length_but_one_is_wrong)
{
	int fd = sha256_context();
	struct saved saved;
	uint32_t bytes;

	ASSERT_EQ(0, update(fd, 0, 65));
	saved = save(fd);
	for (bytes = 0; bytes < saved.length; bytes++)
		expect_not_restored(fd, &saved, bytes);
	for (bytes = saved.length + 1; bytes <= LONGEST_SAVED; bytes += 1 + bytes / 8)
		expect_not_restored(fd, &saved, bytes);
	ASSERT_EQ(0, restore(fd, &saved));
	expect_holds(fd, 0, 65);
}

TEST(garbage_is_no_state)
{
	int fd = sha256_context(), round;
	struct saved saved;

	ASSERT_EQ(0, update(fd, 0, 65));
	saved = save(fd);
	for (round = 0; round < 64; round++) {
		fill_pattern(saved.bytes, saved.length, round);
		expect_not_restored(fd, &saved, saved.length);
	}
	memset(saved.bytes, 0, saved.length);
	expect_not_restored(fd, &saved, saved.length);
}

/* Of two states the one's halves with the other's. */
TEST(parts_of_two_states_are_none)
{
	int fd = sha256_context();
	struct saved first, second, mixed;
	uint32_t cut;

	first = save(fd);
	ASSERT_EQ(0, update(fd, 0, 65));
	second = save(fd);
	for (cut = 1; cut < first.length; cut++) {
		mixed = first;
		memcpy(mixed.bytes + cut, second.bytes + cut, first.length - cut);
		EXPECT_EQ(-EBADMSG, restore(fd, &mixed));
	}
	expect_holds(fd, 0, 65);
}

/* Another algorithm whose states have the same length, another key, or none. */
static const struct stranger {
	const char *name;
	const char *algorithm;
	uint32_t key_bytes;
	const char *other;
	uint32_t other_key_bytes;
} strangers[] = {
	{ "algorithm", "sha256", 0, "sha224", 0 },
	{ "algorithm_back", "sha224", 0, "sha256", 0 },
	{ "algorithm_of_512_bits", "sha512", 0, "sha384", 0 },
	{ "implementation", "sha256", 0, "sha256-generic", 0 },
	{ "keyed", "sha256", 0, "hmac(sha256)", 32 },
	{ "hash_of_hmac", "hmac(sha256)", 32, "hmac(sha224)", 32 },
	{ "shorter_key", "hmac(sha256)", 32, "hmac(sha256)", 31 },
	{ "longer_key", "hmac(sha256)", 32, "hmac(sha256)", 33 },
	{ "length_of_mac_key", "cmac(aes)", 16, "cmac(aes)", 32 },
	{ "key_for_none", "blake2b-512", 0, "blake2b-512", 32 },
	{ "none_for_key", "blake2b-512", 32, "blake2b-512", 0 },
};

TEST_EACH(state_of_another, strangers)
{
	int fd, other;
	struct saved saved;

	fill_pattern(text, sizeof(text), 5);
	need_algorithm(HASH, row->algorithm);
	need_algorithm(HASH, row->other);
	fd = context_new(HASH, row->algorithm, row->key_bytes);
	other = context_new(HASH, row->other, row->other_key_bytes);
	ASSERT_EQ(0, update(fd, 10, 20));
	saved = save(fd);
	ASSERT_EQ(0, update(other, 0, 65));
	expect_not_restored(other, &saved, saved.length);
	ASSERT_EQ(0, restore(fd, &saved));
}

/* The key counts, not who set it. */
TEST(state_of_the_same_key)
{
	unsigned char key[32], wrong[32];
	struct devcrypto_config config = config_of(HASH, "hmac(sha256)", sizeof(key));
	int fd = context_of(&config), same, other, bit;
	struct saved saved;

	fill_pattern(text, sizeof(text), 5);
	memcpy(key, test_key, sizeof(key));
	config.key = address_of(key);
	same = context_of(&config);
	ASSERT_EQ(0, update(fd, 0, 100));
	saved = save(fd);
	ASSERT_EQ(0, restore(same, &saved));
	expect_holds(same, 0, 100);
	config.key = address_of(wrong);
	for (bit = 0; bit < 256; bit += 37) {
		memcpy(wrong, key, sizeof(key));
		wrong[bit / 8] ^= 1 << bit % 8;
		other = context_of(&config);
		ASSERT_EQ(0, update(other, 0, 65));
		expect_not_restored(other, &saved, saved.length);
		close(other);
	}
}

TEST(saved_in_a_context_that_shares)
{
	int fd = context_new(HASH, "hmac(sha256)", 32), sharing = context_sharing(fd, 0);
	struct saved saved;

	fill_pattern(text, sizeof(text), 5);
	ASSERT_EQ(0, update(fd, 0, 100));
	saved = save(fd);
	close(fd);
	ASSERT_EQ(0, restore(sharing, &saved));
	expect_holds(sharing, 0, 100);
}

TEST(saved_in_another_process)
{
	struct saved saved = { .length = 0 };
	int ends[2], status, fd;
	pid_t child;

	fill_pattern(text, sizeof(text), 5);
	ASSERT_OK(pipe(ends));
	child = ASSERT_OK(fork());
	if (!child) {
		fd = context_new(HASH, "hmac(sha256)", 32);
		ASSERT_EQ(0, update(fd, 0, 123));
		saved = save(fd);
		ASSERT_EQ(sizeof(saved), write(ends[1], &saved, sizeof(saved)));
		harness_exit();
	}
	ASSERT_EQ(sizeof(saved), read(ends[0], &saved, sizeof(saved)));
	ASSERT_OK(waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	fd = context_new(HASH, "hmac(sha256)", 32);
	ASSERT_EQ(0, restore(fd, &saved));
	ASSERT_EQ(0, update(fd, 123, 130));
	expect_holds(fd, 0, 130);
}

TEST(lost_stream_is_restored)
{
	unsigned char room[LONGEST_SAVED];
	int fd = sha256_context();
	struct saved saved;

	ASSERT_EQ(0, update(fd, 0, 100));
	saved = save(fd);
	make_lost(fd);
	EXPECT_EQ(-ESTALE, run(fd, DEVCRYPTO_OP_STREAM_SAVE, NULL, 0, room, sizeof(room)));
	saved.bytes[50] ^= 1;
	EXPECT_EQ(-EBADMSG, restore(fd, &saved));
	EXPECT_EQ(-ESTALE, update(fd, 0, 1));
	saved.bytes[50] ^= 1;
	ASSERT_EQ(0, restore(fd, &saved));
	ASSERT_EQ(0, update(fd, 100, 110));
	expect_holds(fd, 0, 110);
}

TEST(saved_in_a_context_with_layout)
{
	int fd = context_flags(HASH, "sha256", 0, DEVCRYPTO_CONFIG_LAYOUT), other = sha256_context();
	struct saved saved;

	ASSERT_EQ(0, update(fd, 0, 100));
	saved = save(fd);
	ASSERT_EQ(0, update(fd, 7, 300));
	ASSERT_EQ(0, restore(fd, &saved));
	ASSERT_EQ(0, restore(other, &saved));
	expect_holds(fd, 0, 100);
	expect_holds(other, 0, 100);
}

TEST(scattered_saved_state)
{
	struct devcrypto_segment segments[3];
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_STREAM_SAVE };
	int fd = sha256_context();
	const uint32_t bytes = saved_bytes("sha256");
	unsigned char pieces[3][LONGEST_SAVED];
	struct saved saved = { .length = bytes };

	ASSERT_EQ(0, update(fd, 0, 100));
	for (uint32_t at = 0; at < 3; at++)
		segments[at] = (struct devcrypto_segment){
			.addr = address_of(pieces[at]),
			.bytes = at == 2 ? bytes - 24 : 3 + 18 * at,
		};
	request.dst = address_of(segments);
	request.dst_segments = 3;
	request.dst_bytes = bytes;
	ASSERT_EQ(0, run_request(fd, &request));
	memcpy(saved.bytes, pieces[0], 3);
	memcpy(saved.bytes + 3, pieces[1], 21);
	memcpy(saved.bytes + 24, pieces[2], bytes - 24);
	ASSERT_EQ(0, update(fd, 9, 19));
	ASSERT_EQ(0, restore(fd, &saved));
	ASSERT_EQ(0, update(fd, 100, 101));
	request = (struct devcrypto_request){
		.op = DEVCRYPTO_OP_STREAM_RESTORE,
		.src = address_of(segments),
		.src_segments = 3,
		.src_bytes = bytes,
	};
	ASSERT_EQ(0, run_request(fd, &request));
	expect_holds(fd, 0, 100);
}

/* --- refused: nothing has begun, the stream goes on --- */

TEST(save_into_too_little)
{
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_STREAM_SAVE };
	const uint32_t bytes = saved_bytes("sha256");
	unsigned char room[LONGEST_SAVED], untouched[LONGEST_SAVED];
	int fd = sha256_context();

	memset(room, UNTOUCHED, sizeof(room));
	memset(untouched, UNTOUCHED, sizeof(room));
	ASSERT_EQ(0, update(fd, 0, 65));
	request.dst = address_of(room);
	for (; request.dst_bytes < bytes; request.dst_bytes++) {
		EXPECT_EQ(-EMSGSIZE, run_request(fd, &request));
		EXPECT_EQ(bytes, request.out_bytes);
	}
	EXPECT_MEM(untouched, room, sizeof(room));
	EXPECT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(bytes, request.out_bytes);
	EXPECT_MEM(untouched, room + bytes, sizeof(room) - bytes);
	expect_holds(fd, 0, 65);
}

TEST(save_where_nothing_can_be_written)
{
	int fd = sha256_context();

	ASSERT_EQ(0, update(fd, 0, 65));
	EXPECT_EQ(-EFAULT, run(fd, DEVCRYPTO_OP_STREAM_SAVE, NULL, 0, memory_hole(), LONGEST_SAVED));
	ASSERT_EQ(0, update(fd, 65, 66));
	expect_holds(fd, 0, 66);
}

TEST(restore_from_where_nothing_can_be_read)
{
	const uint32_t bytes = saved_bytes("sha256");
	int fd = sha256_context();

	ASSERT_EQ(0, update(fd, 0, 65));
	EXPECT_EQ(-EFAULT, run(fd, DEVCRYPTO_OP_STREAM_RESTORE, memory_hole(), bytes, NULL, 0));
	ASSERT_EQ(0, update(fd, 65, 66));
	expect_holds(fd, 0, 66);
}

static const struct wrong {
	const char *name;
	uint32_t op;
	size_t offset;
	int expected;
} wrongs[] = {
#define WRONG(op, field, expected) \
	{ #op "." #field, DEVCRYPTO_OP_STREAM_##op, offsetof(struct devcrypto_request, field), expected }
#define EITHER(op)								\
	WRONG(op, iv, EINVAL), WRONG(op, iv_bytes, EINVAL),			\
	WRONG(op, assoc, EINVAL), WRONG(op, assoc_bytes, EINVAL),		\
	WRONG(op, tag, EINVAL), WRONG(op, tag_bytes, EINVAL),			\
	WRONG(op, flags, EOPNOTSUPP), WRONG(op, reserved, EINVAL)
	EITHER(SAVE),
	WRONG(SAVE, src, EINVAL), WRONG(SAVE, src_bytes, EINVAL),
	WRONG(SAVE, src_segments, EINVAL),
	EITHER(RESTORE),
	WRONG(RESTORE, dst, EINVAL), WRONG(RESTORE, dst_bytes, EINVAL),
	WRONG(RESTORE, dst_segments, EINVAL),
};

TEST_EACH(wrong_field, wrongs)
{
	int fd = sha256_context();
	struct devcrypto_request request = { .op = row->op };
	struct saved saved;

	ASSERT_EQ(0, update(fd, 0, 65));
	saved = save(fd);
	if (row->op == DEVCRYPTO_OP_STREAM_SAVE) {
		request.dst = address_of(saved.bytes);
		request.dst_bytes = sizeof(saved.bytes);
	} else {
		request.src = address_of(saved.bytes);
		request.src_bytes = saved.length;
	}
	((unsigned char *)&request)[row->offset] ^= 1;
	EXPECT_EQ(-row->expected, run_request(fd, &request));
	((unsigned char *)&request)[row->offset] ^= 1;
	EXPECT_EQ(0, run_request(fd, &request));
	expect_holds(fd, 0, 65);
}

TEST(state_of_an_engine_is_not_saved)
{
	static const struct hash ghash = { "ghash", 16 };
	unsigned char room[LONGEST_SAVED] = { 0 };
	int fd = hash_context(&ghash);
	const uint32_t bytes = saved_bytes("ghash");

	EXPECT_EQ(is_engine(&ghash), !bytes);
	EXPECT_EQ(bytes ? 0 : -EOPNOTSUPP,
		  run(fd, DEVCRYPTO_OP_STREAM_SAVE, NULL, 0, room, sizeof(room)));
	EXPECT_EQ(bytes ? 0 : -EOPNOTSUPP,
		  run(fd, DEVCRYPTO_OP_STREAM_RESTORE, room, bytes, NULL, 0));
}

static void *save_and_restore(void *argument)
{
	struct crowd *crowd = argument;
	struct saved saved = { .length = 0 };
	struct devcrypto_request request;
	int result;

	while (!__atomic_load_n(&crowd->done, __ATOMIC_SEQ_CST)) {
		request = (struct devcrypto_request){
			.op = DEVCRYPTO_OP_STREAM_SAVE,
			.dst = address_of(saved.bytes),
			.dst_bytes = LONGEST_SAVED,
		};
		result = run_request(crowd->source, &request);
		if (!result) {
			saved.length = request.out_bytes;
			__atomic_add_fetch(&crowd->copies, 1, __ATOMIC_SEQ_CST);
			result = restore(crowd->source, &saved);
		}
		ASSERT_TRUE(!result || result == -EBUSY);
		__atomic_add_fetch(&crowd->busy, !!result, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* Whatever is restored when, the stream holds some number of whole blocks. */
TEST_SECONDS(saved_and_restored_while_it_runs, 60)
{
	static unsigned char blocks[BLOCKS * BLOCK];
	static struct crowd crowd;
	unsigned char digest[DIGEST_BYTES];
	pthread_t threads[COPIERS];
	int at, round, result;

	crowd.source = sha256_context();
	for (at = 0; at <= BLOCKS; at++)
		ASSERT_EQ(0, run(crowd.source, DEVCRYPTO_OP_DIGEST, blocks, at * BLOCK,
				 crowd.digests[at], DIGEST_BYTES));
	for (at = 0; at < COPIERS; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, save_and_restore, &crowd));
	for (round = 0; round < BLOCKS; round++) {
		result = run(crowd.source, DEVCRYPTO_OP_STREAM_UPDATE, blocks, BLOCK, NULL, 0);
		ASSERT_TRUE(!result || result == -EBUSY);
		if (round % 16 == 0)
			usleep(100);
	}
	__atomic_store_n(&crowd.done, 1, __ATOMIC_SEQ_CST);
	for (at = 0; at < COPIERS; at++)
		pthread_join(threads[at], NULL);
	harness_note("%d saved, %d busy", crowd.copies, crowd.busy);
	EXPECT_TRUE(crowd.copies > 0);
	ASSERT_EQ(0, run(crowd.source, DEVCRYPTO_OP_STREAM_FINAL, NULL, 0, digest, DIGEST_BYTES));
	for (at = 0; at <= BLOCKS && memcmp(crowd.digests[at], digest, DIGEST_BYTES); at++)
		;
	EXPECT_TRUE(at <= BLOCKS);
}
