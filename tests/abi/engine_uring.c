// SPDX-License-Identifier: MIT
/*
 * Commands of io_uring in the simulated engine, which is loaded: what becomes of them while the
 * engine is slow, full, paused, or fails, and when the ring, the process or the buffer goes.
 * Needs the administrator's rights.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "ring.h"
#include "simulator.h"

/* Later than the header of Debian 12. */
#define DEFER_TASKRUN	(1U << 13 | IORING_SETUP_SINGLE_ISSUER)

static const struct ring_kind kinds[] = {
	{ "plain", 0 },
	{ "defer_taskrun", DEFER_TASKRUN },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

/* --- commands --- */

/* Commands that all have the same result, named by their place. */
struct many {
	struct io_uring ring;
	int fd;
	uint32_t count;
	struct fixture ran;
	unsigned char (*dst)[TEXT_BYTES];
	struct devcrypto_request *requests;
	unsigned char *seen;
	/* The area that is registered, or NULL. */
	unsigned char *area;
};

static struct many *many_new(const struct engine *engine, uint32_t count)
{
	struct many *many = calloc(1, sizeof(*many));
	struct fixture *fixture = engine_fixture(engine, &many->ran);
	uint32_t at;

	many->fd = fixture->fd;
	many->count = count;
	many->dst = malloc(count * TEXT_BYTES);
	many->requests = calloc(count, sizeof(*many->requests));
	many->seen = calloc(count, 1);
	memset(many->dst, UNTOUCHED, count * TEXT_BYTES);
	for (at = 0; at < count; at++) {
		many->requests[at] = fixture->request;
		many->requests[at].dst = address_of(many->dst[at]);
		many->requests[at].user_data = 1000 + at;
		many->requests[at].out_result = 1;
	}
	return many;
}

/* Puts all of them, with flags of the SQE. */
static void many_put(struct many *many, unsigned int sqe_flags)
{
	uint32_t at;

	for (at = 0; at < many->count; at++) {
		struct ring_command command = ring_command_of(&many->requests[at]);
		struct io_uring_sqe *sqe;

		command.flags = many->area ? RING_COMMAND_FIXED : 0;
		sqe = ring_put(&many->ring, many->fd, &command);
		sqe->flags = at < many->count - 1 ? sqe_flags : 0;
		sqe->user_data = at;
	}
	ring_submit(&many->ring, many->count);
	/* The thread of the kernel takes what it finds when it likes. */
	while (many->ring.flags & IORING_SETUP_SQPOLL &&
	       *many->ring.sq.khead != *many->ring.sq.ktail)
		usleep(1000);
}

static struct many *many_start(const struct engine *engine, uint32_t count,
			       unsigned int ring_flags)
{
	struct many *many = many_new(engine, count);

	ring_open(&many->ring, count, ring_flags);
	many_put(many, 0);
	return many;
}

/* The next that ends. Each ends once, and is written to only if it succeeds. */
static int many_take(struct many *many)
{
	const struct ring_result result = ring_wait(&many->ring);
	unsigned char expected[TEXT_BYTES];

	ASSERT_TRUE(result.user_data < many->count);
	ASSERT_EQ(0, many->seen[result.user_data]++);
	memset(expected, UNTOUCHED, TEXT_BYTES);
	if (result.res >= 0) {
		ASSERT_EQ(many->ran.request.out_bytes, result.res);
		memcpy(expected, many->ran.dst, result.res);
	}
	ASSERT_MEM(expected, many->dst[result.user_data], TEXT_BYTES);
	ASSERT_EQ(result.res < 0 ? result.res : 0, many->requests[result.user_data].out_result);
	return result.res;
}

/* Waits for @count, of which some may end with @error; how many did. */
static uint32_t many_wait(struct many *many, uint32_t count, int error)
{
	uint32_t failed = 0;

	while (count--) {
		const int res = many_take(many);

		if (res < 0) {
			ASSERT_EQ(error, res);
			failed++;
		}
	}
	return failed;
}

/* No more come, and the context has none. */
static void expect_all_ended(struct many *many)
{
	EXPECT_TRUE(ring_is_silent(&many->ring));
	EXPECT_EQ(0, fdinfo_of(many->fd, "devcrypto-in-flight"));
	EXPECT_EQ(0, fdinfo_of(many->fd, "devcrypto-finished"));
	EXPECT_EQ(0, fdinfo_of(many->fd, "devcrypto-bytes-pinned"));
}

/*
 * Cancels all that are not in the engine. One that it is just asked to take again, as it is
 * now and then while it is full, counts as running for that moment.
 */
static void cancel_waiting(struct many *many, uint32_t waiting, uint32_t running)
{
	const double began = now();
	struct devcrypto_cancel answer;
	uint32_t cancelled = 0;

	do {
		ASSERT_TRUE(!cancel_all(many->fd, &answer) || errno == EALREADY);
		cancelled += answer.out_cancelled;
	} while (cancelled < waiting && now() - began < PATIENCE_SECONDS);
	EXPECT_EQ(waiting, cancelled);
	EXPECT_EQ(running, answer.out_running);
}

/* --- results --- */

/* In rings of each kind, in whatever context the engine answers. */
TEST_EACH(same_as_software, engines)
{
	unsigned int context;
	size_t kind;

	for (kind = 0; kind < RING_KINDS; kind++) {
		for (context = 0; context <= 2; context++) {
			struct fixture *fixture, ran;
			struct io_uring ring;

			arrange(16);
			set("context", context);
			fixture = engine_fixture(row, &ran);
			ring_open(&ring, 8, ring_kinds[kind].flags);
			EXPECT_EQ(ran.request.out_bytes,
				  ring_run(&ring, fixture->fd, &fixture->request));
			EXPECT_EQ(0, fixture->request.out_result);
			EXPECT_EQ(ran.request.out_bytes, fixture->request.out_bytes);
			expect_same(&ran, fixture);
			io_uring_queue_exit(&ring);
			close(fixture->fd);
		}
	}
}

/* The engine has the command, which has all that it reads, and nothing is written. */
TEST_EACH(paused, engines)
{
	struct pollfd state = { .events = POLLIN | POLLOUT };
	struct devcrypto_cancel answer;
	struct fixture *fixture, ran;
	struct io_uring ring;

	arrange(16);
	fixture = engine_fixture(row, &ran);
	state.fd = fixture->fd;
	ring_open(&ring, 8, 0);
	set("paused", 1);
	fixture->request.user_data = 8;
	fixture->request.out_result = 1;
	ring_put_request(&ring, fixture->fd, &fixture->request);
	ring_submit(&ring, 1);
	wait_until("in_engine", 1);
	EXPECT_ERRNO(EALREADY, cancel(fixture->fd, 8, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	EXPECT_EQ(0, cancel(fixture->fd, 7, &answer));
	EXPECT_EQ(1, poll(&state, 1, 0));
	EXPECT_EQ(POLLOUT, state.revents);
	EXPECT_EQ(1, fdinfo_of(fixture->fd, "devcrypto-in-flight"));
	EXPECT_TRUE(ring_is_silent(&ring));
	EXPECT_EQ(1, fixture->request.out_result);
	fixture_expect_untouched(fixture);
	memset(fixture->src, 0, TEXT_BYTES);
	memset(fixture->iv, 0, BLOCK_BYTES);
	memset(fixture->assoc, 0, ASSOC_BYTES);
	set("paused", 0);
	EXPECT_EQ(ran.request.out_bytes, ring_wait(&ring).res);
	EXPECT_EQ(0, fixture->request.out_result);
	expect_same(&ran, fixture);
	EXPECT_TRUE(ring_is_silent(&ring));
	EXPECT_EQ(0, fdinfo_of(fixture->fd, "devcrypto-in-flight"));
}

TEST(wrong_tag)
{
	struct fixture *fixture, ran;
	struct io_uring ring;

	arrange(16);
	fixture = engine_fixture(&engines[3], &ran);
	fixture->tag[1] ^= 1;
	ring_open(&ring, 8, 0);
	EXPECT_EQ(-EBADMSG, ring_run(&ring, fixture->fd, &fixture->request));
	fixture_expect_untouched(fixture);
}

/* Where it was to be written there is nothing any more. */
TEST(destination_vanishes)
{
	unsigned char *dst = memory_before_hole(TEXT_BYTES);
	struct fixture *fixture, ran;
	struct io_uring ring;

	arrange(16);
	fixture = engine_fixture(cipher, &ran);
	fixture->request.dst = address_of(dst);
	ring_open(&ring, 8, 0);
	set("paused", 1);
	ring_put_request(&ring, fixture->fd, &fixture->request);
	ring_submit(&ring, 1);
	ASSERT_OK(munmap((void *)((uintptr_t)dst & ~(page_bytes() - 1)), page_bytes()));
	set("paused", 0);
	EXPECT_EQ(-EFAULT, ring_wait(&ring).res);
	EXPECT_EQ(-EFAULT, fixture->request.out_result);
}

/* --- many --- */

TEST_EACH(holds_thousands_at_once, kinds)
{
	struct many *many;

	arrange(THOUSANDS);
	set("paused", 1);
	many = many_start(cipher, THOUSANDS, row->flags);
	EXPECT_EQ(THOUSANDS, get("in_engine"));
	EXPECT_EQ(THOUSANDS, fdinfo_of(many->fd, "devcrypto-in-flight"));
	EXPECT_TRUE(ring_is_silent(&many->ring));
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, THOUSANDS, 0));
	expect_all_ended(many);
}

static const struct {
	const char *name;
	unsigned int depth, order, delay_us;
} crowds[] = {
	{ "depth_1", 1, FIRST, 0 },
	{ "depth_4_and_slow", 4, FIRST, 20 },
	{ "last_first", 64, LAST, 20 },
	{ "any_order", 64, ANY, 20 },
	{ "late", 64, FIRST, 2000 },
};

/* That the engine is full is nothing to the caller. */
TEST_EACH(more_than_the_engine_takes, crowds)
{
	size_t kind;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		struct many *many;

		arrange(row->depth);
		set("order", row->order);
		set("delay_us", row->delay_us);
		set("context", kind);
		many = many_start(cipher, 500, kinds[kind].flags);
		EXPECT_EQ(0, many_wait(many, 500, 0));
		expect_all_ended(many);
		io_uring_queue_exit(&many->ring);
		close(many->fd);
	}
}

/* Of a codec, whose error of a small buffer is that of a full queue. */
TEST(more_compression_than_the_engine_takes)
{
	struct many *many;

	arrange(1);
	/* What software makes of it may have to come from the engine, too. */
	many = many_new(compression, 100);
	ring_open(&many->ring, many->count, 0);
	set("paused", 1);
	many_put(many, 0);
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, 100, 0));
	expect_all_ended(many);
}

/* One that is full of the requests of others is asked again. */
TEST(engine_is_full_of_the_requests_of_another)
{
	struct many *first, *second;

	arrange(1);
	set("paused", 1);
	first = many_start(cipher, 10, 0);
	second = many_start(hash, 10, 0);
	set("paused", 0);
	EXPECT_EQ(0, many_wait(second, 10, 0));
	EXPECT_EQ(0, many_wait(first, 10, 0));
}

/*
 * Commands and submitted requests on one context have one queue, and their own ends. The end of
 * a command may cut a wait short, but is no signal.
 */
TEST(beside_submitted_requests)
{
	struct devcrypto_completion completions[50];
	struct devcrypto_request requests[50];
	unsigned char dst[50][TEXT_BYTES];
	struct many *many;
	int at, reaped;

	arrange(2);
	set("paused", 1);
	many = many_start(cipher, 50, 0);
	for (at = 0; at < 50; at++) {
		requests[at] = many->requests[at];
		requests[at].dst = address_of(dst[at]);
	}
	ASSERT_EQ(50, submit(many->fd, requests, 50));
	EXPECT_EQ(100, fdinfo_of(many->fd, "devcrypto-in-flight"));
	set("paused", 0);
	for (reaped = 0; reaped < 50; reaped += at) {
		at = reap(many->fd, completions + reaped, 50 - reaped, 50 - reaped);
		ASSERT_TRUE(at > 0);
	}
	EXPECT_EQ(0, many_wait(many, 50, 0));
	for (at = 0; at < 50; at++) {
		EXPECT_EQ(0, completions[at].result);
		EXPECT_MEM(many->ran.dst, dst[at], TEXT_BYTES);
	}
	EXPECT_EQ(0, reap(many->fd, completions, 1, 1));
	expect_all_ended(many);
}

/* An engine that answers at once is none, and may change its mind. */
TEST_EACH(inline_answers, kinds)
{
	struct many *many;
	int round;

	arrange(16);
	many = many_new(cipher, 200);
	ring_open(&many->ring, many->count, row->flags);
	for (round = 0; round < 6; round++) {
		set("inline_answers", round != 2 && round != 5);
		memset(many->seen, 0, many->count);
		memset(many->dst, UNTOUCHED, many->count * TEXT_BYTES);
		many_put(many, 0);
		EXPECT_EQ(0, many_wait(many, many->count, 0));
	}
	expect_all_ended(many);
}

/* --- links --- */

/* One after the other, though the engine would take them all and turn them round. */
TEST_EACH(linked, kinds)
{
	struct many *many;
	uint32_t at;

	arrange(64);
	set("order", LAST);
	set("paused", 1);
	many = many_new(cipher, 20);
	ring_open(&many->ring, many->count, row->flags);
	many_put(many, IOSQE_IO_LINK);
	wait_until("in_engine", 1);
	usleep(20000);
	EXPECT_EQ(1, get("in_engine"));
	set("paused", 0);
	for (at = 0; at < many->count; at++) {
		many_take(many);
		EXPECT_EQ(1, many->seen[at]);
	}
	expect_all_ended(many);
}

/* What io_uring ends the driver hears nothing of. */
TEST(linked_behind_a_failure)
{
	static const int expected[] = { TEXT_BYTES, TEXT_BYTES, -EIO, -ECANCELED, -ECANCELED };
	struct many *many;
	int at;

	arrange(64);
	many = many_new(cipher, ARRAY_SIZE(expected));
	set("fail_every", 3);
	ring_open(&many->ring, 8, 0);
	many_put(many, IOSQE_IO_LINK);
	for (at = 0; at < (int)ARRAY_SIZE(expected); at++) {
		const struct ring_result result = ring_wait(&many->ring);

		ASSERT_TRUE(result.user_data < ARRAY_SIZE(expected));
		EXPECT_EQ(0, many->seen[result.user_data]++);
		EXPECT_EQ(expected[result.user_data], result.res);
	}
	EXPECT_EQ(-EIO, many->requests[2].out_result);
	EXPECT_EQ(1, many->requests[3].out_result);
	expect_all_ended(many);
}

/* --- an engine that fails --- */

static const struct {
	const char *name;
	int error, result;
} failures[] = {
	{ "EIO", EIO, -EIO },
	{ "ENODEV", ENODEV, -ENODEV },
	{ "ENOMEM", ENOMEM, -ENOMEM },
	/* What is in no table. */
	{ "ENXIO", ENXIO, -EIO },
};

TEST_EACH(engine_fails, failures)
{
	struct many *many;
	uint32_t failed;

	arrange(16);
	set("error", row->error);
	set("fail_every", 2);
	many = many_start(cipher, 100, 0);
	failed = many_wait(many, 100, row->result);
	EXPECT_TRUE(failed > 0 && failed < 100);
	expect_all_ended(many);
	EXPECT_EQ(failed, fdinfo_of(many->fd, "devcrypto-failed"));
	EXPECT_EQ(100 - failed, fdinfo_of(many->fd, "devcrypto-done"));
	/* Afterwards it goes on as if nothing had been. */
	set("fail_every", 0);
	memset(many->seen, 0, 100);
	memset(many->dst, UNTOUCHED, 100 * TEXT_BYTES);
	many_put(many, 0);
	EXPECT_EQ(0, many_wait(many, 100, 0));
}

/* One command that is not answered does not keep the others. */
TEST_EACH(engine_never_answers_one, kinds)
{
	struct many *many;

	arrange(16);
	set("never", 1);
	many = many_start(cipher, 100, row->flags);
	EXPECT_EQ(0, many_wait(many, 99, 0));
	EXPECT_EQ(1, get("in_engine"));
	EXPECT_TRUE(ring_is_silent(&many->ring));
	EXPECT_EQ(1, fdinfo_of(many->fd, "devcrypto-in-flight"));
	set("never", 0);
	EXPECT_EQ(0, many_wait(many, 1, 0));
	expect_all_ended(many);
}

/* --- cancel --- */

/* Of an engine that has room for one. */
TEST_EACH(cancel_all_but_the_running_one, kinds)
{
	struct many *many;

	arrange(1);
	set("paused", 1);
	many = many_start(cipher, THOUSANDS, row->flags);
	EXPECT_EQ(1, get("in_engine"));
	cancel_waiting(many, THOUSANDS - 1, 1);
	EXPECT_EQ(THOUSANDS - 1, many_wait(many, THOUSANDS - 1, -ECANCELED));
	EXPECT_EQ(0, many->seen[0]);
	EXPECT_EQ(1, get("in_engine"));
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, 1, -ECANCELED));
	expect_all_ended(many);
	EXPECT_EQ(THOUSANDS - 1, fdinfo_of(many->fd, "devcrypto-cancelled"));
	EXPECT_EQ(1, fdinfo_of(many->fd, "devcrypto-done"));
}

/* By the name of the request; some of those that have it run. */
TEST(cancel_what_matches)
{
	struct devcrypto_cancel answer;
	struct many *many;

	arrange(2);
	many = many_new(cipher, 10);
	many->requests[5].user_data = 1000;
	many->requests[7].user_data = 1000;
	ring_open(&many->ring, many->count, 0);
	set("paused", 1);
	many_put(many, 0);
	/* The third is asked for again, now and then, and not to be cancelled then. */
	EXPECT_EQ(0, cancel(many->fd, 1004, &answer));
	EXPECT_EQ(1, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(0, cancel(many->fd, 1000, &answer));
	EXPECT_EQ(2, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	EXPECT_ERRNO(EALREADY, cancel(many->fd, 1000, &answer));
	/* That of the SQE is none of theirs. */
	EXPECT_EQ(0, cancel(many->fd, 3, &answer));
	EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
	EXPECT_EQ(3, many_wait(many, 3, -ECANCELED));
	EXPECT_TRUE(many->seen[4] && many->seen[5] && many->seen[7]);
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, 7, 0));
	expect_all_ended(many);
}

/* Whichever comes first, the answer or the cancellation, each ends once. */
TEST_EACH(cancel_at_any_moment, crowds)
{
	struct canceller canceller;
	uint32_t cancelled = 0;
	struct many *many;
	int round;

	arrange(row->depth);
	set("order", row->order);
	set("delay_us", row->delay_us);
	many = many_new(cipher, 300);
	canceller_start(&canceller, many->fd);
	for (round = 0; round < 12; round++) {
		set("context", round % 3);
		ring_open(&many->ring, many->count, kinds[round / 3 % 3].flags);
		memset(many->seen, 0, many->count);
		memset(many->dst, UNTOUCHED, many->count * TEXT_BYTES);
		many_put(many, 0);
		cancelled += many_wait(many, many->count, -ECANCELED);
		expect_all_ended(many);
		io_uring_queue_exit(&many->ring);
	}
	canceller_stop(&canceller);
	EXPECT_EQ(cancelled, canceller.cancelled);
	EXPECT_EQ(0, canceller.wrong);
	harness_note("%u of %u cancelled", cancelled, 12 * 300);
}

#define CANCEL_NAME	0xcafe

/* What io_uring answers to being asked to cancel a command of that name. */
static int cancelled_by_io_uring(struct many *many, uint64_t name)
{
	struct ring_result result;

	ring_put_cancel(&many->ring, name)->user_data = CANCEL_NAME;
	ring_submit(&many->ring, 1);
	result = ring_wait(&many->ring);
	ASSERT_EQ(CANCEL_NAME, result.user_data);
	return result.res;
}

/* io_uring's own cancellation finds neither what is in the engine nor what is in the queue. */
TEST_EACH(cancelled_by_io_uring, kinds)
{
	struct many *many;

	arrange(1);
	set("paused", 1);
	many = many_start(cipher, 10, row->flags);
	EXPECT_EQ(-ENOENT, cancelled_by_io_uring(many, 0));
	EXPECT_EQ(-ENOENT, cancelled_by_io_uring(many, 5));
	EXPECT_TRUE(ring_is_silent(&many->ring));
	EXPECT_EQ(10, fdinfo_of(many->fd, "devcrypto-in-flight"));
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, 10, 0));
	expect_all_ended(many);
}

/* One that waits for room, which the engine has, is given up. */
TEST_EACH(cancelled_by_io_uring_while_it_waits_for_room, kinds)
{
	const uint32_t max = info_now().max_in_flight;
	struct many *many;
	int at;

	arrange(16);
	set("paused", 1);
	many = many_start(cipher, max + 1, row->flags);
	usleep(50000);
	ring_put_cancel(&many->ring, max)->user_data = CANCEL_NAME;
	ring_submit(&many->ring, 1);
	for (at = 0; at < 2; at++) {
		const struct ring_result result = ring_wait(&many->ring);

		if (result.user_data == max)
			EXPECT_EQ(-EINTR, result.res);
		else
			EXPECT_EQ(-EALREADY, result.res);
	}
	EXPECT_EQ(max, fdinfo_of(many->fd, "devcrypto-in-flight"));
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, max, 0));
	expect_all_ended(many);
}

/* --- registered buffers --- */

/* Has source and destinations in a registered buffer, which begins in the middle of a page. */
static void many_register(struct many *many)
{
	const size_t bytes = (many->count + 1) * TEXT_BYTES;
	struct iovec vector;
	uint32_t at;

	many->area = mmap(NULL, bytes + 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_TRUE(many->area != MAP_FAILED);
	many->area += 100;
	memcpy(many->area, many->ran.src, TEXT_BYTES);
	many->dst = (void *)(many->area + TEXT_BYTES);
	memset(many->dst, UNTOUCHED, many->count * TEXT_BYTES);
	for (at = 0; at < many->count; at++) {
		many->requests[at].src = address_of(many->area);
		many->requests[at].dst = address_of(many->dst[at]);
	}
	vector = (struct iovec){ many->area, bytes };
	ASSERT_EQ(0, io_uring_register_buffers(&many->ring, &vector, 1));
}

static struct many *many_fixed(uint32_t count, unsigned int ring_flags)
{
	struct many *many = many_new(cipher, count);

	ring_open(&many->ring, count, ring_flags);
	many_register(many);
	return many;
}

TEST_EACH(registered_buffer, kinds)
{
	struct many *many;
	long long copied;
	uint32_t at;

	arrange(4);
	set("order", LAST);
	many = many_fixed(200, row->flags);
	copied = fdinfo_of(many->fd, "devcrypto-bytes-copied");
	set("paused", 1);
	many_put(many, 0);
	usleep(20000);
	EXPECT_TRUE(ring_is_silent(&many->ring));
	set("paused", 0);
	EXPECT_EQ(0, many_wait(many, 200, 0));
	for (at = 0; at < many->count; at++)
		EXPECT_EQ(DEVCRYPTO_OUT_ZEROCOPY, many->requests[at].out_flags);
	EXPECT_EQ(copied, fdinfo_of(many->fd, "devcrypto-bytes-copied"));
	expect_all_ended(many);
}

static void *release_soon(void *argument)
{
	usleep(50000);
	set("paused", 0);
	return argument;
}

/*
 * Some kernels have that wait until nobody uses it, and so for the engine. With DEFER_TASKRUN
 * that of 6.1 does not notice when it is so.
 */
static const struct ring_kind unregister_kinds[] = {
	{ "plain", 0 },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

TEST_EACH(registered_buffer_is_unregistered, unregister_kinds)
{
	pthread_t thread;
	struct many *many;

	arrange(4);
	many = many_fixed(100, row->flags);
	set("paused", 1);
	many_put(many, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, release_soon, NULL));
	ASSERT_EQ(0, io_uring_unregister_buffers(&many->ring));
	EXPECT_EQ(0, many_wait(many, 100, 0));
	pthread_join(thread, NULL);
	expect_all_ended(many);
}

/* The pages stay until the last command has ended; nobody sees what is written there. */
TEST_EACH(registered_buffer_is_unmapped, kinds)
{
	struct many *many;
	int at;

	arrange(4);
	many = many_fixed(100, row->flags);
	set("paused", 1);
	many_put(many, 0);
	ASSERT_OK(munmap(many->area - 100, 101 * TEXT_BYTES + 100));
	set("paused", 0);
	for (at = 0; at < 100; at++)
		EXPECT_EQ(TEXT_BYTES, ring_wait(&many->ring).res);
	expect_all_ended(many);
}

/* --- the end of ring and process, while the engine has commands --- */

static const struct end_row {
	const char *name;
	unsigned int ring_flags, depth;
	bool fixed;
} ends[] = {
	{ "one_in_the_engine", 0, 1, false },
	{ "all_in_the_engine", 0, THOUSANDS, false },
	{ "defer_taskrun", DEFER_TASKRUN, 16, false },
	{ "sqpoll", IORING_SETUP_SQPOLL, 16, false },
	{ "registered_buffer", 0, 16, true },
};

#define END_SECONDS 3.0

static void begin_of_the_end(struct many *many, const struct end_row *row)
{
	ring_open(&many->ring, many->count, row->ring_flags);
	if (row->fixed)
		many_register(many);
	many_put(many, 0);
}

/* It takes no time, and all comes back once the engine has answered. */
TEST_EACH(ring_exits, ends)
{
	struct counts before;
	struct many *many;
	uint32_t at;
	double began;

	arrange(row->depth);
	before = counts_now();
	many = many_new(cipher, THOUSANDS);
	set("paused", 1);
	begin_of_the_end(many, row);
	began = now();
	io_uring_queue_exit(&many->ring);
	EXPECT_EQ(0, close(many->fd));
	harness_note("closed after %.3f s", now() - began);
	EXPECT_TRUE(now() - began < END_SECONDS);
	/* What the engine has keeps the context. */
	EXPECT_EQ(row->depth, get("in_engine"));
	EXPECT_EQ(before.contexts + 1, counts_now().contexts);
	EXPECT_TRUE(counts_now().engine_uses > before.engine_uses);
	set("paused", 0);
	expect_returned(&before);
	/* Whole results or none. */
	for (at = 0; at < THOUSANDS; at++) {
		unsigned char expected[TEXT_BYTES];

		if (many->dst[at][0] == UNTOUCHED)
			memset(expected, UNTOUCHED, TEXT_BYTES);
		else
			memcpy(expected, many->ran.dst, TEXT_BYTES);
		ASSERT_MEM(expected, many->dst[at], TEXT_BYTES);
	}
}

/* A child that begins, and waits or exits. */
static pid_t child_begins(struct many *many, const struct end_row *row, bool waits)
{
	int ready[2];
	pid_t child;
	char byte;

	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		begin_of_the_end(many, row);
		_exit(write(ready[1], "", 1) != 1 || (waits && pause()));
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	return child;
}

/* Waits until all commands but @left have ended, whatever became of them. */
static void wait_for_the_rest(const struct many *many, uint32_t left)
{
	const double began = now();

	while (fdinfo_of(many->fd, "devcrypto-in-flight") != left &&
	       now() - began < PATIENCE_SECONDS)
		usleep(1000);
	ASSERT_EQ(left, fdinfo_of(many->fd, "devcrypto-in-flight"));
}

/*
 * What has not begun ends without the engine, which keeps the rest. A ring that a thread of the
 * kernel looks after keeps the process, too.
 */
static void end_of_the_process(const struct end_row *row, int signal)
{
	const bool kept = row->ring_flags & IORING_SETUP_SQPOLL;
	struct counts before;
	struct many *many;
	int status = -1;
	double began;
	pid_t child;

	arrange(row->depth);
	before = counts_now();
	many = many_new(cipher, THOUSANDS);
	set("paused", 1);
	child = child_begins(many, row, signal);
	began = now();
	if (signal)
		ASSERT_OK(kill(child, signal));
	if (!kept)
		ASSERT_EQ(child, waitpid(child, &status, 0));
	harness_note("gone after %.3f s", now() - began);
	EXPECT_TRUE(now() - began < END_SECONDS);
	wait_for_the_rest(many, row->depth);
	EXPECT_EQ(THOUSANDS - row->depth, fdinfo_of(many->fd, "devcrypto-cancelled"));
	EXPECT_EQ(row->depth, get("in_engine"));
	if (kept)
		EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	set("paused", 0);
	if (kept)
		ASSERT_EQ(child, waitpid(child, &status, 0));
	if (signal)
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
	else
		EXPECT_EQ(0, status);
	wait_for_the_rest(many, 0);
	EXPECT_EQ(0, fdinfo_of(many->fd, "devcrypto-bytes-pinned"));
	ASSERT_EQ(0, close(many->fd));
	expect_returned(&before);
}

static const struct {
	const char *name;
	int signal;
} victims[] = {
	{ "exit", 0 },
	{ "SIGKILL", SIGKILL },
};

TEST_EACH(exit, ends)
{
	end_of_the_process(row, 0);
}

TEST_EACH(killed, ends)
{
	end_of_the_process(row, SIGKILL);
}

/*
 * One that is never answered keeps the context and the modules, but no process; this engine
 * answers in the end, so that the tests behind this one have it.
 */
TEST_EACH(engine_never_answers_one_and_the_process_ends, victims)
{
	const struct end_row end = { 0 };
	struct counts before, counts;
	struct many *many;
	int status;
	pid_t child;

	arrange(16);
	before = counts_now();
	many = many_new(cipher, 100);
	set("never", 1);
	child = child_begins(many, &end, row->signal);
	wait_for_the_rest(many, 1);
	if (row->signal)
		ASSERT_OK(kill(child, row->signal));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, close(many->fd));
	usleep(200000);
	counts = counts_now();
	EXPECT_EQ(1, get("in_engine"));
	EXPECT_EQ(before.contexts + 1, counts.contexts);
	EXPECT_TRUE(counts.uses > before.uses);
	EXPECT_TRUE(counts.engine_uses > before.engine_uses);
	set("never", 0);
	expect_returned(&before);
}

static unsigned long long slab_bytes(void)
{
	unsigned long long kib = 0;
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];

	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SUnreclaim: %llu", &kib) == 1)
			break;
	fclose(file);
	return kib << 10;
}

/* Rounds with 64 commands, of which each has some KiB in the kernel. */
#define ROUNDS		60
#define SLAB_MOST	(1U << 20)

/* Again and again, with whatever engine and kernel are just about. */
TEST_SECONDS(ring_exits_at_any_moment, 90)
{
	const struct engine *rows[] = { cipher, hash, &engines[3], &engines[5] };
	unsigned long long slab = 0;
	struct devcrypto_cancel answer;
	struct counts before;
	uint32_t round;

	arrange(8);
	before = counts_now();
	set("delay_us", 30);
	set("order", ANY);
	for (round = 0; round < ROUNDS; round++) {
		struct many *many = many_new(rows[round % 4], 64);

		if (round == ROUNDS / 4)
			slab = slab_bytes();
		set("context", round % 3);
		set("paused", round % 5 == 1);
		ring_open(&many->ring, many->count, kinds[round / 4 % 3].flags);
		many_put(many, round % 7 == 1 ? IOSQE_IO_LINK : round % 7 == 2 ? IOSQE_ASYNC : 0);
		if (round / 3 % 4 == 1 && round % 5 != 1)
			ring_wait(&many->ring);
		if (round / 3 % 4 == 2)
			ASSERT_TRUE(!cancel_all(many->fd, &answer) || errno == EALREADY);
		if (round / 3 % 4 == 3)
			usleep(round * 10);
		if (round % 2)
			ASSERT_EQ(0, close(many->fd));
		io_uring_queue_exit(&many->ring);
		set("paused", 0);
		if (!(round % 2))
			ASSERT_EQ(0, close(many->fd));
	}
	expect_returned(&before);
	harness_note("slab %lld KiB more", (long long)(slab_bytes() - slab) >> 10);
	EXPECT_TRUE(slab_bytes() < slab + SLAB_MOST);
}
