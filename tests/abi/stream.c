// SPDX-License-Identifier: MIT
/* The hash stream of a context. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

static unsigned char text[1000];

static int stream(int fd, uint32_t op, const void *src, uint32_t src_bytes, unsigned char *digest)
{
	struct devcrypto_request request = {
		.op = op,
		.src = address_of(src),
		.src_bytes = src_bytes,
		.dst = address_of(digest),
		.dst_bytes = digest ? DIGEST_BYTES : 0,
	};

	return run_request(fd, &request);
}

static int init(int fd)
{
	return stream(fd, DEVCRYPTO_OP_STREAM_INIT, NULL, 0, NULL);
}

static int update(int fd, const void *src, uint32_t bytes)
{
	return stream(fd, DEVCRYPTO_OP_STREAM_UPDATE, src, bytes, NULL);
}

static int final(int fd, const void *src, uint32_t bytes, unsigned char *digest)
{
	return stream(fd, DEVCRYPTO_OP_STREAM_FINAL, src, bytes, digest);
}

static int new_context(void)
{
	fill_pattern(text, sizeof(text), 11);
	return context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
}

/* The stream holds the first @bytes of the text. */
static void expect_holds(int fd, uint32_t bytes)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];

	ASSERT_EQ(0, stream(fd, DEVCRYPTO_OP_DIGEST, text, bytes, whole));
	ASSERT_EQ(0, final(fd, NULL, 0, streamed));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

TEST(initialised_by_configuration)
{
	int fd = new_context();

	expect_holds(fd, 0);
	EXPECT_EQ(0, update(fd, text, 100));
	expect_holds(fd, 100);
}

TEST(any_pieces)
{
	uint32_t piece, at, bytes;
	int fd = new_context();

	for (piece = 1; piece < 200; piece += 9) {
		for (at = 0; at < sizeof(text); at += bytes) {
			bytes = sizeof(text) - at < piece ? sizeof(text) - at : piece;
			ASSERT_EQ(0, update(fd, text + at, bytes));
		}
		expect_holds(fd, sizeof(text));
	}
}

TEST(empty_updates)
{
	int fd = new_context();

	EXPECT_EQ(0, update(fd, NULL, 0));
	EXPECT_EQ(0, update(fd, text, 70));
	EXPECT_EQ(0, update(fd, NULL, 0));
	expect_holds(fd, 70);
}

TEST(final_appends)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	int fd = new_context();

	EXPECT_EQ(0, stream(fd, DEVCRYPTO_OP_DIGEST, text, 300, whole));
	EXPECT_EQ(0, update(fd, text, 123));
	EXPECT_EQ(0, final(fd, text + 123, 300 - 123, streamed));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
	/* Nothing before it. */
	memset(streamed, 0, sizeof(streamed));
	EXPECT_EQ(0, final(fd, text, 300, streamed));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

TEST(final_begins_anew)
{
	unsigned char digest[DIGEST_BYTES];
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text + 500, 10));
	EXPECT_EQ(0, final(fd, NULL, 0, digest));
	expect_holds(fd, 0);
	EXPECT_EQ(0, update(fd, text, 10));
	expect_holds(fd, 10);
}

TEST(init_discards)
{
	int fd = new_context();

	EXPECT_EQ(0, init(fd));
	EXPECT_EQ(0, update(fd, text + 500, 10));
	EXPECT_EQ(0, init(fd));
	EXPECT_EQ(0, init(fd));
	EXPECT_EQ(0, update(fd, text, 10));
	expect_holds(fd, 10);
}

TEST(digest_leaves_it_alone)
{
	unsigned char digest[DIGEST_BYTES];
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text, 90));
	EXPECT_EQ(0, stream(fd, DEVCRYPTO_OP_DIGEST, text + 7, 500, digest));
	EXPECT_EQ(0, update(fd, text + 90, 1));
	expect_holds(fd, 91);
}

TEST(contexts_have_their_own)
{
	int first = new_context(), second = new_context();

	EXPECT_EQ(0, update(first, text, 20));
	EXPECT_EQ(0, update(second, text, 30));
	EXPECT_EQ(0, update(first, text + 20, 20));
	expect_holds(second, 30);
	expect_holds(first, 40);
}

TEST(keyed)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "hmac(sha256)", 20), round;

	EXPECT_EQ(0, stream(fd, DEVCRYPTO_OP_DIGEST, text, 200, whole));
	for (round = 0; round < 2; round++) {
		EXPECT_EQ(0, update(fd, text, 50));
		EXPECT_EQ(0, final(fd, text + 50, 150, streamed));
		EXPECT_MEM(whole, streamed, DIGEST_BYTES);
	}
}

TEST(in_one_batch)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct devcrypto_request requests[4] = {
		{ .op = DEVCRYPTO_OP_STREAM_INIT },
		{ .op = DEVCRYPTO_OP_STREAM_UPDATE, .src = address_of(text), .src_bytes = 100 },
		{ .op = DEVCRYPTO_OP_STREAM_UPDATE, .src = address_of(text + 100), .src_bytes = 7 },
		{ .op = DEVCRYPTO_OP_STREAM_FINAL, .dst = address_of(streamed),
		  .dst_bytes = DIGEST_BYTES },
	};
	int fd = new_context(), at;

	EXPECT_EQ(4, run_batch(fd, requests, 4));
	for (at = 0; at < 4; at++)
		EXPECT_EQ(0, requests[at].out_result);
	EXPECT_EQ(0, stream(fd, DEVCRYPTO_OP_DIGEST, text, 107, whole));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

/* --- a refused operation has not begun: the stream goes on --- */

TEST(goes_on_after_an_unreadable_source)
{
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text, 65));
	EXPECT_EQ(-EFAULT, update(fd, memory_hole(), 10));
	EXPECT_EQ(0, update(fd, text + 65, 1));
	expect_holds(fd, 66);
}

TEST(goes_on_after_a_small_destination)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = address_of(digest),
		.dst_bytes = DIGEST_BYTES - 1,
	};
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text, 65));
	EXPECT_EQ(-EMSGSIZE, run_request(fd, &request));
	expect_holds(fd, 65);
}

TEST(goes_on_after_a_wrong_field)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE,
		.src = address_of(text),
		.src_bytes = 10,
		.reserved = 1,
	};
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text, 65));
	EXPECT_EQ(-EINVAL, run_request(fd, &request));
	expect_holds(fd, 65);
}

/* --- lost once it had begun --- */

TEST(lost_with_a_digest_that_could_not_be_written)
{
	int fd = new_context();

	EXPECT_EQ(0, update(fd, text, 65));
	EXPECT_EQ(-EFAULT, final(fd, NULL, 0, memory_hole()));
	EXPECT_EQ(-ESTALE, update(fd, text, 1));
	EXPECT_EQ(-ESTALE, final(fd, NULL, 0, text));
	EXPECT_EQ(0, init(fd));
	EXPECT_EQ(0, update(fd, text, 20));
	expect_holds(fd, 20);
}

/* --- one operation at a time --- */

#define THREADS	4
#define ROUNDS	300
#define BLOCK	64

struct crowd {
	int fd;
	int succeeded, busy, other;
};

static void *update_often(void *argument)
{
	static unsigned char block[BLOCK];
	struct crowd *crowd = argument;
	int round, result;

	for (round = 0; round < ROUNDS; round++) {
		result = update(crowd->fd, block, BLOCK);
		__atomic_add_fetch(!result ? &crowd->succeeded :
				   result == -EBUSY ? &crowd->busy : &crowd->other,
				   1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* However threads collide, the stream holds just what was accepted. */
TEST_SECONDS(many_at_once, 60)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct crowd crowd = { .fd = new_context() };
	pthread_t threads[THREADS];
	int at;

	for (at = 0; at < THREADS; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, update_often, &crowd));
	for (at = 0; at < THREADS; at++)
		pthread_join(threads[at], NULL);
	harness_note("%d accepted, %d busy", crowd.succeeded, crowd.busy);
	EXPECT_EQ(0, crowd.other);
	EXPECT_EQ(THREADS * ROUNDS, crowd.succeeded + crowd.busy);
	EXPECT_TRUE(crowd.succeeded > 0);
	ASSERT_EQ(0, final(crowd.fd, NULL, 0, streamed));
	ASSERT_EQ(0, stream(crowd.fd, DEVCRYPTO_OP_DIGEST, calloc(crowd.succeeded, BLOCK),
			    crowd.succeeded * BLOCK, whole));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

struct long_update {
	int fd, result;
	unsigned char *data;
	uint32_t bytes;
	int done;
};

static void *update_long(void *argument)
{
	struct long_update *job = argument;

	job->result = update(job->fd, job->data, job->bytes);
	__atomic_store_n(&job->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/*
 * While one thread hashes for long, another is told so and disturbs nothing.
 * Which of the two comes first is chance, so it is tried until the long one has
 * the stream.
 */
TEST_SECONDS(busy_while_another_runs, 60)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct long_update job = { .fd = new_context(), .bytes = 4 << 20, .result = -EBUSY };
	int busy = 0, attempt, result;
	pthread_t thread;

	job.data = calloc(1, job.bytes);
	for (attempt = 0; attempt < 20 && job.result; attempt++) {
		job.done = busy = 0;
		ASSERT_EQ(0, pthread_create(&thread, NULL, update_long, &job));
		while (!__atomic_load_n(&job.done, __ATOMIC_SEQ_CST)) {
			usleep(500);
			result = update(job.fd, NULL, 0);
			busy += result == -EBUSY;
			EXPECT_TRUE(!result || result == -EBUSY);
		}
		pthread_join(thread, NULL);
	}
	EXPECT_EQ(0, job.result);
	EXPECT_TRUE(busy > 0);
	ASSERT_EQ(0, final(job.fd, NULL, 0, streamed));
	ASSERT_EQ(0, stream(job.fd, DEVCRYPTO_OP_DIGEST, job.data, job.bytes, whole));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}
