// SPDX-License-Identifier: MIT
/*
 * Thousands of requests by io_uring, a full queue, and who has to do with them: close(),
 * the end of the ring, exit, SIGKILL, processes that share the ring.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "ring.h"

#define LONG_SECONDS	90
#define THOUSANDS	4096U

/* --- thousands --- */

/* Messages and their digests; those of DEVCRYPTO_IOC_RUN are expected. */
struct many {
	struct io_uring ring;
	int fd;
	uint32_t count;
	unsigned char *text;
	unsigned char (*expected)[DIGEST_BYTES], (*digests)[DIGEST_BYTES];
	struct devcrypto_request *requests;
	unsigned char *seen;
};

static struct many *many_new(uint32_t count, uint32_t bytes, unsigned int ring_flags)
{
	struct many *many = calloc(1, sizeof(*many));
	uint32_t at;

	many->fd = hashing_context();
	many->count = count;
	many->text = malloc(bytes + count);
	many->expected = calloc(count, DIGEST_BYTES);
	many->digests = calloc(count, DIGEST_BYTES);
	many->requests = calloc(count, sizeof(*many->requests));
	many->seen = calloc(count, 1);
	fill_pattern(many->text, bytes + count, 21);
	for (at = 0; at < count; at++) {
		many->requests[at] = digest_request(many->text + at, bytes, many->expected[at]);
		many->requests[at].user_data = at;
	}
	for (at = 0; at < count; at += 1024)
		ASSERT_TRUE(run_batch(many->fd, many->requests + at,
				      count - at < 1024 ? count - at : 1024) > 0);
	for (at = 0; at < count; at++) {
		ASSERT_EQ(0, many->requests[at].out_result);
		many->requests[at].dst = address_of(many->digests[at]);
	}
	ring_open(&many->ring, count, ring_flags);
	return many;
}

static void many_put(struct many *many)
{
	uint32_t at;

	for (at = 0; at < many->count; at++)
		ring_put_request(&many->ring, many->fd, &many->requests[at]);
	ring_submit(&many->ring, many->count);
}

/* Each ends once. */
static void many_wait(struct many *many)
{
	uint32_t at;

	for (at = 0; at < many->count; at++) {
		const struct ring_result result = ring_wait(&many->ring);

		ASSERT_EQ(DIGEST_BYTES, result.res);
		ASSERT_TRUE(result.user_data < many->count);
		ASSERT_EQ(0, many->seen[result.user_data]++);
	}
	EXPECT_TRUE(ring_is_silent(&many->ring));
	EXPECT_MEM(many->expected, many->digests, many->count * DIGEST_BYTES);
}

static const struct {
	const char *name;
	uint32_t bytes;
	unsigned int flags;
} masses[] = {
	{ "at_once", 10, 0 },
	{ "plain", 2000, 0 },
	{ "defer_taskrun", 2000, 1U << 13 | IORING_SETUP_SINGLE_ISSUER },
	{ "sqpoll", 2000, IORING_SETUP_SQPOLL },
};

TEST_EACH(thousands_in_flight, masses)
{
	struct many *many = many_new(THOUSANDS, row->bytes, row->flags);

	ASSERT_TRUE(info_now().max_in_flight >= THOUSANDS);
	many_put(many);
	many_wait(many);
}

/* --- a full queue --- */

/* Those for which there is no room wait for it, in threads of io_uring. */
TEST_SECONDS(more_than_fit, LONG_SECONDS)
{
	struct many *many = many_new(info_now().max_in_flight + 200, 2000, 0);

	many_put(many);
	many_wait(many);
}

static const struct ring_kind kinds[] = {
	{ "plain", 0 },
	{ "defer_taskrun", 1U << 13 | IORING_SETUP_SINGLE_ISSUER },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

/* What was submitted by DEVCRYPTO_IOC_SUBMIT counts, too. */
TEST_EACH(waits_for_room, kinds)
{
	unsigned char digest[DIGEST_BYTES], untouched[DIGEST_BYTES], other[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 60, digest);
	struct devcrypto_completion completion;
	struct io_uring ring;
	int fd = full_context(0);

	memset(digest, UNTOUCHED, DIGEST_BYTES);
	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	ring_open(&ring, 8, row->flags);
	ring_put_request(&ring, fd, &request);
	ring_submit(&ring, 1);
	usleep(100000);
	EXPECT_TRUE(ring_is_silent(&ring));
	EXPECT_MEM(untouched, digest, DIGEST_BYTES);
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(DIGEST_BYTES, ring_wait(&ring).res);
	request.dst = address_of(other);
	EXPECT_EQ(0, run_request(fd, &request));
	EXPECT_MEM(other, digest, DIGEST_BYTES);
}

/* As if @request stood in all slots, once the kernel has taken what was there. */
static void use_slots_again(struct io_uring *ring, uint32_t count,
			    const struct devcrypto_request *request)
{
	const struct ring_command command = ring_command_of(request);
	uint32_t at;

	while (*ring->sq.khead != count)
		usleep(1000);
	for (at = 0; at < count; at++)
		memcpy((char *)&ring->sq.sqes[at] + offsetof(struct io_uring_sqe, addr3),
		       &command.payload, sizeof(command.payload));
}

TEST_EACH(slots_are_used_again_while_commands_wait_for_room, kinds)
{
	struct many *many = many_new(64, 60, row->flags);
	unsigned char digest[DIGEST_BYTES], untouched[DIGEST_BYTES];
	struct devcrypto_request other = digest_request(test_key, 60, digest);
	struct devcrypto_completion completions[1000];

	memset(digest, UNTOUCHED, DIGEST_BYTES);
	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	ASSERT_OK(close(many->fd));
	many->fd = full_context(0);
	many_put(many);
	use_slots_again(&many->ring, many->count, &other);
	usleep(100000);
	ASSERT_EQ(1000, reap(many->fd, completions, 1000, 1000));
	many_wait(many);
	EXPECT_MEM(untouched, digest, DIGEST_BYTES);
}

/* Without IOSQE_ASYNC Linux 6.12 would read what stands there by then. */
TEST_EACH(slots_are_used_again_while_a_link_waits, kinds)
{
	unsigned char *slow = calloc(1, SLOW_BYTES), digests[3][DIGEST_BYTES];
	unsigned char untouched[DIGEST_BYTES], expected[DIGEST_BYTES];
	struct devcrypto_request head = digest_request(slow, SLOW_BYTES, digests[0]);
	struct devcrypto_request next = digest_request(test_key, 60, digests[1]);
	struct devcrypto_request other = digest_request(test_key, 60, digests[2]);
	struct devcrypto_request plain = digest_request(test_key, 60, expected);
	struct io_uring ring;
	int fd = hashing_context();

	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	memset(digests[2], UNTOUCHED, DIGEST_BYTES);
	ASSERT_EQ(0, run_request(fd, &plain));
	ring_open(&ring, 2, row->flags);
	ring_put_request(&ring, fd, &head)->flags = IOSQE_IO_LINK | IOSQE_ASYNC;
	ring_put_request(&ring, fd, &next)->flags = IOSQE_ASYNC;
	ring_submit(&ring, 2);
	use_slots_again(&ring, 2, &other);
	EXPECT_EQ(DIGEST_BYTES, ring_wait(&ring).res);
	EXPECT_EQ(DIGEST_BYTES, ring_wait(&ring).res);
	EXPECT_MEM(expected, digests[1], DIGEST_BYTES);
	EXPECT_MEM(untouched, digests[2], DIGEST_BYTES);
}

/* One that waits for room can be given up. */
TEST_EACH(cancelled_by_io_uring_while_it_waits_for_room, kinds)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 60, digest);
	struct io_uring ring;
	int fd = full_context(0), at;

	ring_open(&ring, 8, row->flags);
	ring_put_request(&ring, fd, &request)->user_data = 7;
	ring_submit(&ring, 1);
	usleep(50000);
	ring_put_cancel(&ring, 7)->user_data = 8;
	ring_submit(&ring, 1);
	for (at = 0; at < 2; at++) {
		const struct ring_result result = ring_wait(&ring);

		if (result.user_data == 7)
			EXPECT_EQ(-EINTR, result.res);
		else
			EXPECT_EQ(-EALREADY, result.res);
	}
}

/* --- the end of descriptor and ring --- */

/* The ring holds the context. */
TEST_EACH(context_is_closed, kinds)
{
	struct many *many = many_new(200, 16384, row->flags);

	many_put(many);
	/* A thread of the kernel takes what it finds when it likes. */
	while (row->flags & IORING_SETUP_SQPOLL && *many->ring.sq.khead != many->count)
		usleep(1000);
	EXPECT_EQ(0, close(many->fd));
	many_wait(many);
}

/* What the user has comes back, once the threads of the kernel have let go of it. */
static void expect_returned(const struct devcrypto_info *before)
{
	struct devcrypto_info info;
	double began = now();

	do {
		usleep(10000);
		info = info_now();
	} while (now() - began < 20 && (info.contexts_of_user != before->contexts_of_user ||
					info.memory_of_user != before->memory_of_user));
	harness_note("returned after %.3f s", now() - began);
	EXPECT_EQ(before->contexts_of_user, info.contexts_of_user);
	EXPECT_EQ(before->memory_of_user, info.memory_of_user);
}

TEST_EACH(ring_exits_while_one_waits_for_room, kinds)
{
	const struct devcrypto_info before = info_now();
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 60, digest);
	struct devcrypto_completion completion;
	struct io_uring ring;
	int fd = full_context(0);

	ring_open(&ring, 8, row->flags);
	ring_put_request(&ring, fd, &request);
	ring_submit(&ring, 1);
	usleep(50000);
	io_uring_queue_exit(&ring);
	/* The context is none the worse for it. */
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	EXPECT_EQ(0, close(fd));
	expect_returned(&before);
}

static const struct end_row {
	const char *name;
	const char *engine;
	uint32_t bytes;
	unsigned int flags, sqe_flags;
	/* Beside those for which there is room; 0 = THOUSANDS in all. */
	unsigned int too_many;
} ends[] = {
	{ "finished", NULL, 10, 0, 0, 0 },
	{ "pending", NULL, 16384, 0, 0, 0 },
	{ "defer_taskrun", NULL, 16384, 1U << 13 | IORING_SETUP_SINGLE_ISSUER, 0, 0 },
	{ "sqpoll", NULL, 16384, IORING_SETUP_SQPOLL, 0, 0 },
	{ "linked", NULL, 16384, 0, IOSQE_IO_LINK, 0 },
	{ "more_than_fit", NULL, 2000, 0, 0, 200 },
	{ "engine", "virtio_crypto_aes_cbc", 1024, 0, 0, 0 },
	{ "engine_defer_taskrun", "virtio_crypto_aes_cbc", 1024,
	  1U << 13 | IORING_SETUP_SINGLE_ISSUER, 0, 0 },
};

struct crowd {
	struct io_uring ring;
	int fd;
};

static void crowd_start(struct crowd *crowd, const struct end_row *row)
{
	const uint32_t count = row->too_many ? info_now().max_in_flight + row->too_many : THOUSANDS;
	struct devcrypto_request *requests = calloc(count, sizeof(*requests));
	unsigned char *text = calloc(1, row->bytes), *dst = calloc(1, row->bytes + DIGEST_BYTES);
	static const unsigned char iv[BLOCK_BYTES];
	uint32_t at;

	crowd->fd = row->engine ? context_new(DEVCRYPTO_CLASS_SKCIPHER, row->engine, KEY_BYTES) :
				  hashing_context();
	ring_open(&crowd->ring, count, row->flags);
	for (at = 0; at < count; at++) {
		requests[at] = digest_request(text, row->bytes, dst);
		if (row->engine) {
			requests[at].op = DEVCRYPTO_OP_ENCRYPT;
			requests[at].dst_bytes = row->bytes;
			requests[at].iv = address_of(iv);
			requests[at].iv_bytes = BLOCK_BYTES;
		}
		ring_put_request(&crowd->ring, crowd->fd, &requests[at])->flags = row->sqe_flags;
	}
	ring_submit(&crowd->ring, count);
}

/* The algorithm has all of it to do yet, and is not hurried. */
#define END_SECONDS 10.0

TEST_EACH(ring_exits_with_thousands_in_flight, ends)
{
	const struct devcrypto_info before = info_now();
	struct crowd crowd;
	double began;

	crowd_start(&crowd, row);
	began = now();
	io_uring_queue_exit(&crowd.ring);
	EXPECT_EQ(0, close(crowd.fd));
	harness_note("closed after %.3f s", now() - began);
	EXPECT_TRUE(now() - began < END_SECONDS);
	expect_returned(&before);
}

TEST_EACH(exit_with_thousands_in_flight, ends)
{
	const struct devcrypto_info before = info_now();
	int ready[2], status;
	double began;
	pid_t child;
	char byte;

	if (row->engine)
		need_algorithm(DEVCRYPTO_CLASS_SKCIPHER, row->engine);
	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		struct crowd crowd;

		crowd_start(&crowd, row);
		_exit(write(ready[1], "", 1) != 1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	began = now();
	ASSERT_OK(waitpid(child, &status, 0));
	harness_note("gone after %.3f s", now() - began);
	EXPECT_EQ(0, status);
	EXPECT_TRUE(now() - began < END_SECONDS);
	expect_returned(&before);
}

TEST_EACH(killed_with_thousands_in_flight, ends)
{
	const struct devcrypto_info before = info_now();
	int ready[2], status;
	double began;
	pid_t child;
	char byte;

	if (row->engine)
		need_algorithm(DEVCRYPTO_CLASS_SKCIPHER, row->engine);
	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		struct io_uring_cqe *cqe;
		struct crowd crowd;

		crowd_start(&crowd, row);
		ASSERT_EQ(1, write(ready[1], "", 1));
		io_uring_wait_cqe_nr(&crowd.ring, &cqe, THOUSANDS);
		pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	usleep(20000);
	ASSERT_OK(kill(child, SIGKILL));
	began = now();
	ASSERT_OK(waitpid(child, &status, 0));
	harness_note("gone after %.3f s", now() - began);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(now() - began < END_SECONDS);
	expect_returned(&before);
}

/* Again and again, with whatever the kernel's threads are just about. */
TEST_SECONDS(ring_exits_at_any_moment, LONG_SECONDS)
{
	const struct devcrypto_info before = info_now();
	unsigned char digest[DIGEST_BYTES], *text = calloc(1, 20000);
	struct devcrypto_request requests[32];
	struct devcrypto_cancel answer;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int round, at;

	for (round = 0; round < 150; round++) {
		int fd = hashing_context();

		ring_open(&ring, 32, kinds[round % ARRAY_SIZE(kinds)].flags);
		for (at = 0; at < 32; at++) {
			requests[at] = digest_request(text, at * 613, digest);
			ring_put_request(&ring, fd, &requests[at])->flags =
				at % 5 ? 0 : at % 3 ? IOSQE_ASYNC : IOSQE_IO_LINK;
		}
		ring_submit(&ring, 32);
		if (round % 4 == 1)
			ASSERT_EQ(0, io_uring_wait_cqe_nr(&ring, &cqe, round % 32 + 1));
		if (round % 4 == 2)
			ASSERT_TRUE(!cancel_all(fd, &answer) || errno == EALREADY);
		if (round % 4 == 3)
			usleep(round * 10);
		if (round % 2)
			ASSERT_EQ(0, close(fd));
		io_uring_queue_exit(&ring);
		if (!(round % 2))
			ASSERT_EQ(0, close(fd));
	}
	expect_returned(&before);
}

/* --- other address spaces --- */

static const struct {
	const char *name;
	uint32_t bytes;
} lengths[] = {
	{ "at_once", 10 },
	{ "by_threads_of_the_kernel", 16384 },
};

#define SHARED_COUNT 64U

/* Shared memory in which child and parent tell each other of. */
struct stage {
	int finished;
	unsigned char text[16384];
};

static struct stage *stage_new(void)
{
	struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(stage != MAP_FAILED);
	return stage;
}

/* That there is a child is nothing to the parent, and nothing comes to the child. */
TEST_EACH(fork_while_requests_are_in_flight, lengths)
{
	static unsigned char digests[SHARED_COUNT][DIGEST_BYTES], untouched[DIGEST_BYTES];
	static struct devcrypto_request requests[SHARED_COUNT];
	struct stage *stage = stage_new();
	int fd = hashing_context(), status;
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(stage->text, row->bytes, digest);
	struct io_uring ring;
	uint32_t at;
	pid_t child;

	memset(digests, UNTOUCHED, sizeof(digests));
	memset(untouched, UNTOUCHED, sizeof(untouched));
	ring_open(&ring, SHARED_COUNT, 0);
	for (at = 0; at < SHARED_COUNT; at++) {
		requests[at] = digest_request(stage->text, row->bytes, digests[at]);
		requests[at].out_result = 1;
	}
	child = ASSERT_OK(fork());
	if (!child) {
		while (!__atomic_load_n(&stage->finished, __ATOMIC_SEQ_CST))
			usleep(1000);
		for (at = 0; at < SHARED_COUNT; at++) {
			EXPECT_MEM(untouched, digests[at], DIGEST_BYTES);
			EXPECT_EQ(1, requests[at].out_result);
		}
		harness_exit();
	}
	for (at = 0; at < SHARED_COUNT; at++)
		ring_put_request(&ring, fd, &requests[at]);
	ring_submit(&ring, SHARED_COUNT);
	for (at = 0; at < SHARED_COUNT; at++)
		EXPECT_EQ(DIGEST_BYTES, ring_wait(&ring).res);
	ASSERT_EQ(0, run_request(fd, &request));
	for (at = 0; at < SHARED_COUNT; at++)
		EXPECT_MEM(digest, digests[at], DIGEST_BYTES);
	__atomic_store_n(&stage->finished, 1, __ATOMIC_SEQ_CST);
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* What a child submits to its parent's ring is written to the child, which may be gone. */
TEST_EACH(child_submits_and_exits, lengths)
{
	static unsigned char digests[SHARED_COUNT][DIGEST_BYTES], untouched[DIGEST_BYTES];
	static struct devcrypto_request requests[SHARED_COUNT];
	static unsigned char text[16384];
	int fd = hashing_context(), status;
	struct io_uring ring;
	uint32_t at;
	pid_t child;

	memset(digests, UNTOUCHED, sizeof(digests));
	memset(untouched, UNTOUCHED, sizeof(untouched));
	ring_open(&ring, SHARED_COUNT, 0);
	for (at = 0; at < SHARED_COUNT; at++) {
		requests[at] = digest_request(text, row->bytes, digests[at]);
		requests[at].out_result = 1;
	}
	child = ASSERT_OK(fork());
	if (!child) {
		for (at = 0; at < SHARED_COUNT; at++)
			ring_put_request(&ring, fd, &requests[at]);
		ring_submit(&ring, SHARED_COUNT);
		harness_exit();
	}
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* The parent shares the ring, and sees that each has ended, in time or not. */
	for (at = 0; at < SHARED_COUNT; at++) {
		const int res = ring_wait(&ring).res;

		if (row->bytes < 1000 || res >= 0)
			EXPECT_EQ(DIGEST_BYTES, res);
		else
			EXPECT_EQ(-ECANCELED, res);
	}
	for (at = 0; at < SHARED_COUNT; at++) {
		EXPECT_MEM(untouched, digests[at], DIGEST_BYTES);
		EXPECT_EQ(1, requests[at].out_result);
	}
}
