// SPDX-License-Identifier: MIT
/* Requests that are chained to each other, cancelled, or on the stream. */
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "device.h"
#include "harness.h"

#define CHAIN		DEVCRYPTO_REQUEST_CHAIN
#define SLOW_SECONDS	60

/* --- chains --- */

#define PIECES 100

/* SHA-256 of the letters from a to z, again and again, 2600 of them. */
static const char alphabets[] =
	"44e11d585e500f0331ccf000fd7fedeeebf66cf233554beca2df241804350c54";

static struct devcrypto_request update_of(const void *src, uint32_t bytes)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE,
		.flags = CHAIN,
		.src = address_of(src),
		.src_bytes = bytes,
	};

	return request;
}

static struct devcrypto_request final_of(unsigned char *digest)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = address_of(digest),
		.dst_bytes = DIGEST_BYTES,
	};

	return request;
}

/* The stream holds just what is at @text. */
static void expect_stream_holds(int fd, const void *text, uint32_t bytes)
{
	unsigned char whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct devcrypto_request digest = digest_request(text, bytes, whole);
	struct devcrypto_request final = final_of(streamed);

	ASSERT_EQ(0, run_request(fd, &digest));
	ASSERT_EQ(0, run_request(fd, &final));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

static void letters(unsigned char *text, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at++)
		text[at] = 'a' + at % 26;
}

/* Each piece is appended after the one before. */
TEST(chain_keeps_the_order)
{
	struct devcrypto_completion completions[PIECES + 1];
	unsigned char expected[DIGEST_BYTES], digest[DIGEST_BYTES], *text = malloc(PIECES * 26);
	struct devcrypto_request requests[PIECES + 1];
	int fd = hashing_context(), at;

	letters(text, PIECES * 26);
	for (at = 0; at < PIECES; at++) {
		requests[at] = update_of(text + at * 26, 26);
		requests[at].user_data = at;
	}
	requests[PIECES] = final_of(digest);
	requests[PIECES].user_data = PIECES;
	ASSERT_EQ(PIECES + 1, submit(fd, requests, PIECES + 1));
	ASSERT_EQ(PIECES + 1, reap(fd, completions, PIECES + 1, PIECES + 1));
	for (at = 0; at <= PIECES; at++) {
		EXPECT_EQ(0, completions[at].result);
		/* One that begins after another has succeeded does not complete before. */
		EXPECT_EQ(at, completions[at].user_data);
	}
	from_hex(alphabets, expected);
	EXPECT_MEM(expected, digest, DIGEST_BYTES);
}

/* Longer pieces, which threads of the kernel append. */
TEST(long_chain_keeps_the_order)
{
	struct devcrypto_completion completions[PIECES];
	struct devcrypto_request requests[PIECES];
	unsigned char *text = malloc(PIECES * 5000);
	int fd = hashing_context(), at;

	fill_pattern(text, PIECES * 5000, 4);
	for (at = 0; at < PIECES; at++)
		requests[at] = update_of(text + at * 5000, 5000);
	ASSERT_EQ(PIECES, submit(fd, requests, PIECES));
	ASSERT_EQ(PIECES, reap(fd, completions, PIECES, PIECES));
	for (at = 0; at < PIECES; at++)
		EXPECT_EQ(0, completions[at].result);
	expect_stream_holds(fd, text, PIECES * 5000);
}

/* The longest there may be. */
TEST(chain_of_a_whole_batch)
{
	const uint32_t count = info_now().max_batch;
	struct devcrypto_completion *completions = calloc(count, sizeof(*completions));
	struct devcrypto_request *requests = calloc(count, sizeof(*requests));
	unsigned char *text = malloc(count);
	int fd = hashing_context();
	uint32_t at;

	letters(text, count);
	for (at = 0; at < count; at++)
		requests[at] = update_of(text + at, 1);
	ASSERT_EQ(count, submit(fd, requests, count));
	ASSERT_EQ(count, reap(fd, completions, count, count));
	for (at = 0; at < count; at++)
		ASSERT_EQ(0, completions[at].result);
	expect_stream_holds(fd, text, count);
}

#define CHAINS 3

struct chain {
	pthread_t thread;
	int fd;
	uint32_t count;
};

static void *submit_chain(void *data)
{
	struct chain *chain = data;
	struct devcrypto_request *requests = calloc(chain->count, sizeof(*requests));
	uint32_t at;

	for (at = 0; at < chain->count; at++)
		requests[at] = (struct devcrypto_request){
			.op = DEVCRYPTO_OP_STREAM_INIT, .flags = CHAIN,
		};
	ASSERT_EQ(chain->count, submit(chain->fd, requests, chain->count));
	free(requests);
	return NULL;
}

/* Of chains that do not fit together none keeps what another waits for. */
TEST_SECONDS(chains_that_fill_the_queue, SLOW_SECONDS)
{
	const uint32_t count = info_now().max_batch;
	struct devcrypto_completion *completions = calloc(count, sizeof(*completions));
	struct chain chains[CHAINS];
	int fd = hashing_context(), at, left = CHAINS * count;

	ASSERT_TRUE(CHAINS * count > info_now().max_in_flight);
	for (at = 0; at < CHAINS; at++) {
		chains[at] = (struct chain){ .fd = fd, .count = count };
		ASSERT_EQ(0, pthread_create(&chains[at].thread, NULL, submit_chain, &chains[at]));
	}
	while (left)
		left -= ASSERT_OK(reap(fd, completions, count, 0));
	for (at = 0; at < CHAINS; at++)
		pthread_join(chains[at].thread, NULL);
}

/* What became of requests with user_data from 0 on. */
static void results_of(int fd, int *results, uint32_t count)
{
	struct devcrypto_completion completions[16];
	uint32_t at;

	for (at = 0; at < count; at++)
		results[at] = 1;
	ASSERT_EQ(count, reap(fd, completions, count, count));
	for (at = 0; at < count; at++) {
		ASSERT_TRUE(completions[at].user_data < count);
		ASSERT_EQ(1, results[completions[at].user_data]);
		results[completions[at].user_data] = completions[at].result;
		if (completions[at].result == -ECANCELED)
			EXPECT_EQ(0, completions[at].out_bytes);
	}
}

static void number(struct devcrypto_request *requests, uint32_t count)
{
	uint32_t at;

	for (at = 0; at < count; at++)
		requests[at].user_data = at;
}

#define EXPECT_RESULTS(expected, seen) do {					\
	size_t row_;								\
										\
	for (row_ = 0; row_ < ARRAY_SIZE(expected); row_++)			\
		if (!EXPECT_EQ((expected)[row_], (seen)[row_]))			\
			harness_note("of number %zu", row_);			\
} while (0)

/* All that are chained behind it, and no others. */
TEST(chain_ends_with_the_first_failure)
{
	static const int expected[] = { 0, -EINVAL, -ECANCELED, -ECANCELED, 0 };
	unsigned char streamed[DIGEST_BYTES], digest[DIGEST_BYTES], untouched[DIGEST_BYTES];
	unsigned char text[40] = "";
	struct devcrypto_request requests[] = {
		update_of(text, 10), update_of(text + 10, 10), update_of(text + 20, 10),
		final_of(streamed), digest_request(text, 40, digest),
	};
	int fd = hashing_context(), results[ARRAY_SIZE(requests)];

	letters(text, sizeof(text));
	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	memset(streamed, UNTOUCHED, DIGEST_BYTES);
	number(requests, ARRAY_SIZE(requests));
	requests[1].reserved = 1;
	ASSERT_EQ(ARRAY_SIZE(requests), submit(fd, requests, ARRAY_SIZE(requests)));
	results_of(fd, results, ARRAY_SIZE(requests));
	EXPECT_RESULTS(expected, results);
	EXPECT_MEM(untouched, streamed, DIGEST_BYTES);
	/* What was not executed has not begun. */
	expect_stream_holds(fd, text, 10);
}

/* A failure of the algorithm, not of the operands. */
TEST(chain_ends_with_a_wrong_tag)
{
	static const int expected[] = { 0, -EBADMSG, -ECANCELED, 0 };
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);
	unsigned char dst[4][TEXT_BYTES], untouched[TEXT_BYTES], wrong[TAG_BYTES];
	struct devcrypto_request requests[4];
	int results[4], at;

	memset(untouched, UNTOUCHED, TEXT_BYTES);
	memset(dst, UNTOUCHED, sizeof(dst));
	memcpy(wrong, fixture->tag, TAG_BYTES);
	wrong[15] ^= 0x80;
	for (at = 0; at < 4; at++) {
		requests[at] = fixture->request;
		requests[at].dst = address_of(dst[at]);
		requests[at].flags = at < 2 ? CHAIN : 0;
	}
	requests[1].tag = address_of(wrong);
	number(requests, 4);
	ASSERT_EQ(4, submit(fixture->fd, requests, 4));
	results_of(fixture->fd, results, 4);
	EXPECT_RESULTS(expected, results);
	for (at = 0; at < 4; at++)
		EXPECT_MEM(results[at] ? untouched : fixture->expected, dst[at], TEXT_BYTES);
}

TEST(chain_that_fails_at_its_head)
{
	static const int expected[] = { -EOPNOTSUPP, -ECANCELED, -ECANCELED };
	unsigned char text[3] = "abc";
	struct devcrypto_request requests[] = {
		update_of(text, 1), update_of(text, 1), update_of(text, 1),
	};
	int fd = hashing_context(), results[ARRAY_SIZE(requests)];

	number(requests, ARRAY_SIZE(requests));
	requests[0].op = DEVCRYPTO_OP_ENCRYPT;
	ASSERT_EQ(ARRAY_SIZE(requests), submit(fd, requests, ARRAY_SIZE(requests)));
	results_of(fd, results, ARRAY_SIZE(requests));
	EXPECT_RESULTS(expected, results);
	expect_stream_holds(fd, text, 0);
}

/* It would have had an error of its own, with a length. */
TEST(what_is_cancelled_has_no_length)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[] = {
		digest_request(test_key, 3, digest), digest_request(test_key, 3, digest),
	};
	struct devcrypto_completion completions[2];
	int fd = hashing_context();

	number(requests, 2);
	requests[0].flags = CHAIN;
	requests[0].reserved = 1;
	requests[1].dst_bytes = 1;
	ASSERT_EQ(2, submit(fd, requests, 2));
	ASSERT_EQ(2, reap(fd, completions, 2, 2));
	EXPECT_EQ(-EINVAL, completions[0].result);
	EXPECT_EQ(-ECANCELED, completions[1].result);
	EXPECT_EQ(0, completions[1].out_bytes);
}

/* A failed chain does not touch the next one of the same call. */
TEST(chains_are_apart)
{
	static const int expected[] = { -EINVAL, -ECANCELED, 0, 0 };
	unsigned char text[4] = "abcd", digest[DIGEST_BYTES];
	struct devcrypto_request requests[] = {
		update_of(text, 1), update_of(text, 1), update_of(text, 2), final_of(digest),
	};
	int fd = hashing_context(), results[ARRAY_SIZE(requests)];

	number(requests, ARRAY_SIZE(requests));
	requests[0].reserved = 1;
	requests[1].flags = 0;
	ASSERT_EQ(ARRAY_SIZE(requests), submit(fd, requests, ARRAY_SIZE(requests)));
	results_of(fd, results, ARRAY_SIZE(requests));
	EXPECT_RESULTS(expected, results);
}

/* Of the last request of a call the flag means nothing. */
TEST(chain_ends_with_the_call)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request failing = digest_request(test_key, 3, digest);
	struct devcrypto_request good = digest_request(test_key, 3, digest);
	struct devcrypto_completion completions[2];
	int fd = hashing_context();

	failing.flags = CHAIN;
	failing.reserved = 1;
	good.user_data = 1;
	ASSERT_EQ(1, submit(fd, &failing, 1));
	ASSERT_EQ(1, submit(fd, &good, 1));
	ASSERT_EQ(2, reap(fd, completions, 2, 2));
	EXPECT_EQ(-EINVAL, completions[completions[0].user_data ? 1 : 0].result);
	EXPECT_EQ(0, completions[completions[0].user_data ? 0 : 1].result);
}

/* The same in DEVCRYPTO_IOC_RUN. */
TEST(chain_that_is_run)
{
	static const int expected[] = { 0, -EINVAL, -ECANCELED, -ECANCELED, 0, 0 };
	unsigned char streamed[DIGEST_BYTES], untouched[DIGEST_BYTES], digest[DIGEST_BYTES];
	unsigned char text[40] = "";
	struct devcrypto_request requests[] = {
		update_of(text, 10), update_of(text + 10, 10), update_of(text + 20, 10),
		final_of(streamed), update_of(text + 10, 5), digest_request(text, 15, digest),
	};
	int fd = hashing_context();
	size_t at;

	letters(text, sizeof(text));
	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	memset(streamed, UNTOUCHED, DIGEST_BYTES);
	requests[1].reserved = 1;
	for (at = 0; at < ARRAY_SIZE(requests); at++)
		requests[at].out_bytes = 99;
	EXPECT_EQ(ARRAY_SIZE(requests), run_batch(fd, requests, ARRAY_SIZE(requests)));
	for (at = 0; at < ARRAY_SIZE(requests); at++) {
		EXPECT_EQ(expected[at], requests[at].out_result);
		EXPECT_EQ(at == 5 ? DIGEST_BYTES : 0, requests[at].out_bytes);
	}
	EXPECT_MEM(untouched, streamed, DIGEST_BYTES);
	expect_stream_holds(fd, text, 15);
}

/* Nothing of a request that is not executed is looked at. */
TEST(run_of_a_chain_with_an_unreadable_source)
{
	unsigned char text[4] = "abc";
	struct devcrypto_request requests[] = {
		update_of(text, 1), update_of(memory_hole(), 1), update_of(text, 1),
	};
	int fd = hashing_context();

	requests[0].reserved = 1;
	EXPECT_EQ(3, run_batch(fd, requests, 3));
	EXPECT_EQ(-EINVAL, requests[0].out_result);
	EXPECT_EQ(-ECANCELED, requests[1].out_result);
	EXPECT_EQ(-ECANCELED, requests[2].out_result);
}

/* --- cancelling --- */

/* In the middle of a chain whose first request is being executed. */
TEST_SECONDS(cancel_in_the_middle_of_a_chain, SLOW_SECONDS)
{
	static const int expected[] = { 0, 0, -ECANCELED, -ECANCELED };
	unsigned char *text = calloc(1, SLOW_BYTES + 100), digest[DIGEST_BYTES];
	struct devcrypto_request requests[] = {
		update_of(text, SLOW_BYTES), update_of(text + SLOW_BYTES, 100),
		update_of(text, 100), final_of(digest),
	};
	int fd = hashing_context(), results[ARRAY_SIZE(requests)];
	struct devcrypto_cancel answer;

	memset(digest, UNTOUCHED, DIGEST_BYTES);
	number(requests, ARRAY_SIZE(requests));
	ASSERT_EQ(ARRAY_SIZE(requests), submit(fd, requests, ARRAY_SIZE(requests)));
	EXPECT_EQ(0, cancel(fd, 2, &answer));
	EXPECT_EQ(2, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	results_of(fd, results, ARRAY_SIZE(requests));
	EXPECT_RESULTS(expected, results);
	EXPECT_EQ(UNTOUCHED, digest[0]);
	requests[0] = final_of(digest);
	ASSERT_EQ(0, run_request(fd, requests));
	ASSERT_EQ(0, submit_request(fd, &requests[1]).result);
}

/* Several may have the same user_data. */
TEST_SECONDS(cancel_all_that_match, SLOW_SECONDS)
{
	unsigned char *text = calloc(1, SLOW_BYTES);
	struct devcrypto_request requests[] = {
		update_of(text, SLOW_BYTES), update_of(text, 1),
		update_of(text, 1), update_of(text, 1),
	};
	struct devcrypto_completion completions[8];
	struct devcrypto_cancel answer;
	int fd = hashing_context(), at, cancelled = 0;

	number(requests, ARRAY_SIZE(requests));
	requests[2].user_data = requests[3].user_data = 7;
	ASSERT_EQ(4, submit(fd, requests, 4));
	EXPECT_EQ(0, cancel(fd, 99, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(0, cancel(fd, 7, &answer));
	EXPECT_EQ(2, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	ASSERT_EQ(4, reap(fd, completions, 8, 4));
	for (at = 0; at < 4; at++) {
		EXPECT_EQ(completions[at].user_data == 7 ? -ECANCELED : 0, completions[at].result);
		cancelled += completions[at].result == -ECANCELED;
	}
	EXPECT_EQ(2, cancelled);
}

/* --- the stream --- */

/* Whether a submitted operation has the stream; false if it has completed unseen. */
static bool has_stream(int fd)
{
	struct devcrypto_request nothing = { .op = DEVCRYPTO_OP_STREAM_UPDATE };
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	while (!poll(&readable, 1, 0)) {
		int result = run_request(fd, &nothing);

		if (result == -EBUSY)
			return true;
		ASSERT_EQ(0, result);
	}
	return false;
}

/*
 * Two that are not chained: the second comes while the first is under way. When
 * that begins is chance, so it is tried until it was seen.
 */
TEST_SECONDS(stream_is_busy, SLOW_SECONDS)
{
	static const int expected[] = { 0, -EBUSY };
	unsigned char *text = calloc(1, SLOW_BYTES);
	struct devcrypto_request requests[] = { update_of(text, SLOW_BYTES), update_of("x", 1) };
	int fd = hashing_context(), results[2], attempt;
	struct devcrypto_completion completion;

	number(requests, 2);
	for (attempt = 0; attempt < 10; attempt++) {
		struct devcrypto_request init = { .op = DEVCRYPTO_OP_STREAM_INIT };

		ASSERT_EQ(0, run_request(fd, &init));
		ASSERT_EQ(1, submit(fd, &requests[0], 1));
		if (has_stream(fd))
			break;
		ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	}
	ASSERT_EQ(1, submit(fd, &requests[1], 1));
	results_of(fd, results, 2);
	EXPECT_RESULTS(expected, results);
	expect_stream_holds(fd, text, SLOW_BYTES);
}

/* Other operations of the context have nothing to do with it. */
TEST_SECONDS(digests_beside_the_stream, SLOW_SECONDS)
{
	unsigned char *text = calloc(1, SLOW_BYTES), digest[DIGEST_BYTES], whole[DIGEST_BYTES];
	struct devcrypto_request update = update_of(text, SLOW_BYTES);
	struct devcrypto_request request = digest_request(text, 3000, digest);
	struct devcrypto_completion completion;
	int fd = hashing_context();

	ASSERT_EQ(1, submit(fd, &update, 1));
	request.user_data = 1;
	ASSERT_EQ(1, submit(fd, &request, 1));
	request.dst = address_of(whole);
	EXPECT_EQ(0, run_request(fd, &request));
	/* On the other CPU, or in turn. */
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	EXPECT_MEM(whole, digest, DIGEST_BYTES);
	expect_stream_holds(fd, text, SLOW_BYTES);
}

/* Once it had begun it is lost with the digest, which shows when it is reaped. */
/* Another request may have gone on with the stream meanwhile. */
TEST(digest_that_cannot_be_written_is_lost)
{
	struct devcrypto_request final = final_of(memory_hole());
	struct devcrypto_request update = update_of("x", 1);
	int fd = hashing_context();

	EXPECT_EQ(0, submit_request(fd, &update).result);
	EXPECT_EQ(-EFAULT, submit_request(fd, &final).result);
	EXPECT_EQ(0, submit_request(fd, &update).result);
	expect_stream_holds(fd, "x", 1);
}
