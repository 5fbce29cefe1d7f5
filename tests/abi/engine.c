// SPDX-License-Identifier: MIT
/*
 * Submitted requests in the simulated engine of tests/kmod/devcrypto_sim.c, which is
 * loaded: what of them cannot be seen unless an engine is slow, full, or paused.
 * Needs the administrator's rights.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "simulator.h"

#define CHAIN		DEVCRYPTO_REQUEST_CHAIN

/* --- one request of each class --- */

/* In whatever context it answers. */
TEST_EACH(same_as_software, engines)
{
	unsigned int context;

	for (context = 0; context <= 2; context++) {
		struct devcrypto_completion completion;
		struct fixture *fixture, ran;

		arrange(16);
		set("context", context);
		fixture = engine_fixture(row, &ran);
		completion = submit_request(fixture->fd, &fixture->request);
		EXPECT_EQ(0, completion.result);
		EXPECT_EQ(ran.request.out_bytes, completion.out_bytes);
		expect_same(&ran, fixture);
		close(fixture->fd);
	}
}

/* The call returns, the engine has the request, and nothing is written. */
TEST_EACH(paused, engines)
{
	struct devcrypto_completion completion = { .result = 1 };
	struct fixture *fixture, ran;
	struct pollfd readable = { .events = POLLIN };
	struct devcrypto_cancel answer;

	arrange(16);
	fixture = engine_fixture(row, &ran);
	readable.fd = fixture->fd;
	set("paused", 1);
	fixture->request.user_data = 8;
	ASSERT_EQ(1, submit(fixture->fd, &fixture->request, 1));
	wait_until("in_engine", 1);
	EXPECT_EQ(0, poll(&readable, 1, 10));
	EXPECT_EQ(0, reap(fixture->fd, &completion, 1, 0));
	EXPECT_ERRNO(ETIME, reap_within(fixture->fd, &completion, 1, 1, 1000000));
	/* It cannot be cancelled, and completes as if nothing had been said. */
	EXPECT_ERRNO(EALREADY, cancel(fixture->fd, 8, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	EXPECT_ERRNO(EALREADY, cancel_all(fixture->fd, &answer));
	EXPECT_EQ(1, answer.out_running);
	EXPECT_EQ(0, cancel(fixture->fd, 7, &answer));
	EXPECT_EQ(0, answer.out_running);
	fixture_expect_untouched(fixture);
	/* It has all that it reads. */
	memset(fixture->src, 0, TEXT_BYTES);
	memset(fixture->iv, 0, BLOCK_BYTES);
	memset(fixture->assoc, 0, ASSOC_BYTES);
	set("paused", 0);
	ASSERT_EQ(1, reap(fixture->fd, &completion, 1, 1));
	EXPECT_EQ(8, completion.user_data);
	EXPECT_EQ(0, completion.result);
	EXPECT_EQ(ran.request.out_bytes, completion.out_bytes);
	expect_same(&ran, fixture);
}

TEST(wrong_tag)
{
	struct fixture *fixture, ran;

	arrange(16);
	fixture = engine_fixture(&engines[3], &ran);
	fixture->tag[1] ^= 1;
	EXPECT_EQ(-EBADMSG, submit_request(fixture->fd, &fixture->request).result);
	fixture_expect_untouched(fixture);
}

/* Where it was to be written there is nothing any more. */
TEST(destination_vanishes)
{
	struct devcrypto_completion completion = { .result = 1 };
	unsigned char *dst = memory_before_hole(TEXT_BYTES);
	struct fixture *fixture, ran;

	arrange(16);
	fixture = engine_fixture(&engines[0], &ran);
	fixture->request.dst = address_of(dst);
	set("paused", 1);
	ASSERT_EQ(1, submit(fixture->fd, &fixture->request, 1));
	ASSERT_OK(munmap((void *)((uintptr_t)dst & ~(page_bytes() - 1)), page_bytes()));
	set("paused", 0);
	ASSERT_EQ(1, reap(fixture->fd, &completion, 1, 1));
	EXPECT_EQ(-EFAULT, completion.result);
	EXPECT_EQ(0, completion.out_bytes);
}

/* --- many --- */

struct many {
	int fd;
	uint32_t count;
	struct fixture ran;
	unsigned char (*dst)[TEXT_BYTES];
	struct devcrypto_request *requests;
	struct devcrypto_completion *completions;
	unsigned char *seen;
};

/* Requests that all have the same result. */
static struct many *many_new(const struct engine *engine, uint32_t count)
{
	struct many *many = calloc(1, sizeof(*many));
	struct fixture *fixture = engine_fixture(engine, &many->ran);
	uint32_t at;

	many->fd = fixture->fd;
	many->count = count;
	many->dst = calloc(count, TEXT_BYTES);
	many->requests = calloc(count, sizeof(*many->requests));
	many->completions = calloc(count + 1, sizeof(*many->completions));
	many->seen = calloc(count, 1);
	for (at = 0; at < count; at++) {
		many->requests[at] = fixture->request;
		many->requests[at].dst = address_of(many->dst[at]);
		many->requests[at].user_data = at;
	}
	return many;
}

/*
 * Reaps @count of them, which are all or at least that are to come for now. Each
 * comes once; returns how many were cancelled.
 */
static uint32_t expect_reaped(struct many *many, uint32_t count)
{
	uint32_t at, cancelled = 0;

	ASSERT_EQ(count, reap(many->fd, many->completions, count, count));
	for (at = 0; at < count; at++) {
		const struct devcrypto_completion *completion = &many->completions[at];

		ASSERT_TRUE(completion->user_data < many->count);
		ASSERT_EQ(0, many->seen[completion->user_data]++);
		if (completion->result == -ECANCELED) {
			cancelled++;
			continue;
		}
		ASSERT_EQ(0, completion->result);
		ASSERT_MEM(many->ran.dst, many->dst[completion->user_data],
			   many->ran.request.out_bytes);
	}
	return cancelled;
}

/* One thread holds as many in the engine, and no thread of the kernel waits for one. */
TEST(holds_thousands_at_once)
{
	struct many *many;

	arrange(THOUSANDS);
	many = many_new(cipher, THOUSANDS);
	set("paused", 1);
	ASSERT_EQ(THOUSANDS, submit(many->fd, many->requests, THOUSANDS));
	EXPECT_EQ(THOUSANDS, get("in_engine"));
	EXPECT_TRUE(get("high_water") >= THOUSANDS);
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, THOUSANDS));
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 1));
}

/* Of an engine that has room for one. */
TEST(cancel_all_but_the_running_one)
{
	struct devcrypto_cancel answer;
	struct many *many;

	arrange(1);
	many = many_new(cipher, THOUSANDS);
	set("paused", 1);
	ASSERT_EQ(THOUSANDS, submit(many->fd, many->requests, THOUSANDS));
	EXPECT_EQ(1, get("in_engine"));
	EXPECT_EQ(0, cancel_all(many->fd, &answer));
	EXPECT_EQ(THOUSANDS - 1, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	EXPECT_EQ(THOUSANDS - 1, expect_reaped(many, THOUSANDS - 1));
	EXPECT_EQ(0, many->seen[0]);
	EXPECT_ERRNO(EALREADY, cancel_all(many->fd, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, 1));
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 1));
}

/* Some of those that have the same user_data run, and some do not. */
TEST(cancel_what_matches)
{
	struct devcrypto_cancel answer;
	struct many *many;

	arrange(2);
	many = many_new(cipher, 10);
	set("paused", 1);
	many->requests[5].user_data = 0;
	many->requests[7].user_data = 0;
	ASSERT_EQ(10, submit(many->fd, many->requests, 10));
	EXPECT_EQ(0, cancel(many->fd, 3, &answer));
	EXPECT_EQ(1, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(0, cancel(many->fd, 0, &answer));
	EXPECT_EQ(2, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	EXPECT_ERRNO(EALREADY, cancel(many->fd, 0, &answer));
	EXPECT_EQ(0, cancel(many->fd, 3, &answer));
	EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
	ASSERT_EQ(3, reap(many->fd, many->completions, 10, 3));
	EXPECT_EQ(-ECANCELED, many->completions[0].result);
	EXPECT_EQ(-ECANCELED, many->completions[1].result);
	EXPECT_EQ(-ECANCELED, many->completions[2].result);
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, 7));
}

static const struct {
	const char *name;
	unsigned int depth, order, delay_us;
} crowds[] = {
	{ "depth_1", 1, FIRST, 0 },
	{ "depth_4", 4, FIRST, 20 },
	{ "last_first", 64, LAST, 20 },
	{ "any_order", 64, ANY, 20 },
};

/* That the engine is full is nothing to the caller. */
TEST_EACH(more_than_the_engine_takes, crowds)
{
	const unsigned int refused = get("refused");
	struct many *many;

	arrange(row->depth);
	set("order", row->order);
	set("delay_us", row->delay_us);
	many = many_new(cipher, 1000);
	ASSERT_EQ(1000, submit(many->fd, many->requests, 1000));
	EXPECT_EQ(0, expect_reaped(many, 1000));
	harness_note("refused %u times", get("refused") - refused);
}

/* Of a codec, whose error of a small buffer is that of a full queue. */
TEST(more_compression_than_the_engine_takes)
{
	struct many *many;

	arrange(1);
	many = many_new(compression, 100);
	set("paused", 1);
	ASSERT_EQ(100, submit(many->fd, many->requests, 100));
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, 100));
}

/* One that is full of the requests of others is asked again. */
TEST(engine_is_full_of_the_requests_of_another)
{
	struct many *first, *second;

	arrange(1);
	first = many_new(cipher, 10);
	second = many_new(hash, 10);
	set("paused", 1);
	ASSERT_EQ(10, submit(first->fd, first->requests, 10));
	ASSERT_EQ(10, submit(second->fd, second->requests, 10));
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(second, 10));
	EXPECT_EQ(0, expect_reaped(first, 10));
}

struct runner {
	pthread_t thread;
	struct fixture *fixture;
	const struct fixture *ran;
	int wrong;
};

static void *run_often(void *argument)
{
	struct runner *runner = argument;
	struct devcrypto_request request = runner->fixture->request;
	unsigned char dst[TEXT_BYTES];
	int round;

	request.dst = address_of(dst);
	for (round = 0; round < 100; round++) {
		memset(dst, 0, TEXT_BYTES);
		runner->wrong += run_request(runner->fixture->fd, &request) != 0;
		runner->wrong += memcmp(runner->ran->dst, dst, TEXT_BYTES) != 0;
	}
	return NULL;
}

TEST(run_and_submit_at_the_same_time)
{
	struct runner runner = { 0 };
	struct fixture ran;
	struct many *many;

	arrange(4);
	set("delay_us", 20);
	many = many_new(cipher, 1000);
	runner.fixture = engine_fixture(cipher, &ran);
	runner.fixture->fd = many->fd;
	runner.ran = &ran;
	ASSERT_EQ(0, pthread_create(&runner.thread, NULL, run_often, &runner));
	ASSERT_EQ(1000, submit(many->fd, many->requests, 1000));
	EXPECT_EQ(0, expect_reaped(many, 1000));
	pthread_join(runner.thread, NULL);
	EXPECT_EQ(0, runner.wrong);
}

/* An engine that answers at once is none, and its work is not the caller's. */
TEST(inline_answers)
{
	struct many *many;
	int round;

	arrange(16);
	set("inline_answers", 1);
	many = many_new(cipher, THOUSANDS);
	for (round = 0; round < 2; round++) {
		memset(many->seen, 0, THOUSANDS);
		ASSERT_EQ(THOUSANDS, submit(many->fd, many->requests, THOUSANDS));
		EXPECT_EQ(0, expect_reaped(many, THOUSANDS));
	}
}

/* It may change its mind. */
TEST(inline_answers_now_and_then)
{
	struct many *many;
	int round;

	arrange(16);
	many = many_new(cipher, 200);
	for (round = 0; round < 6; round++) {
		set("inline_answers", round % 2);
		memset(many->seen, 0, 200);
		ASSERT_EQ(200, submit(many->fd, many->requests, 200));
		EXPECT_EQ(0, expect_reaped(many, 200));
	}
}

/* Whichever comes first, the answer or the cancellation, each completes once. */
TEST_EACH(cancel_at_any_moment, crowds)
{
	struct canceller canceller;
	uint32_t cancelled = 0, at;
	struct many *many;
	int round;

	arrange(row->depth);
	set("order", row->order);
	set("delay_us", row->delay_us);
	many = many_new(cipher, 300);
	for (at = 0; at < 300; at++)
		many->requests[at].flags = at % 4 == 1 ? CHAIN : 0;
	canceller_start(&canceller, many->fd);
	for (round = 0; round < 20; round++) {
		set("context", round % 3);
		memset(many->seen, 0, 300);
		ASSERT_EQ(300, submit(many->fd, many->requests, 300));
		cancelled += expect_reaped(many, 300);
	}
	canceller_stop(&canceller);
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 1));
	EXPECT_EQ(cancelled, canceller.cancelled);
	EXPECT_EQ(0, canceller.wrong);
	harness_note("%u of %u cancelled", cancelled, 20 * 300);
}

TEST(eventfd_counts_answers)
{
	int event = ASSERT_OK(eventfd(0, EFD_NONBLOCK));
	struct many *many;
	uint64_t number;

	arrange(64);
	many = many_new(cipher, 40);
	ASSERT_OK(signal_to(many->fd, event));
	set("paused", 1);
	ASSERT_EQ(40, submit(many->fd, many->requests, 40));
	EXPECT_ERRNO(EAGAIN, read(event, &number, 8));
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, 40));
	EXPECT_EQ(8, read(event, &number, 8));
	EXPECT_EQ(40, number);
}

/* --- chains --- */

static void chain(struct many *many)
{
	uint32_t at;

	for (at = 0; at < many->count; at++)
		many->requests[at].flags = CHAIN;
}

/* One after the other, though the engine would take them all and turn them round. */
TEST(chain_keeps_the_order)
{
	struct many *many;
	uint32_t at;

	arrange(64);
	set("order", LAST);
	many = many_new(cipher, 50);
	chain(many);
	set("paused", 1);
	ASSERT_EQ(50, submit(many->fd, many->requests, 50));
	wait_until("in_engine", 1);
	usleep(20000);
	EXPECT_EQ(1, get("in_engine"));
	set("paused", 0);
	EXPECT_EQ(0, expect_reaped(many, 50));
	for (at = 0; at < 50; at++)
		EXPECT_EQ(at, many->completions[at].user_data);
}

TEST(cancel_in_the_middle_of_a_chain)
{
	struct devcrypto_cancel answer;
	struct many *many;

	arrange(64);
	many = many_new(cipher, 50);
	chain(many);
	set("paused", 1);
	ASSERT_EQ(50, submit(many->fd, many->requests, 50));
	wait_until("in_engine", 1);
	EXPECT_EQ(0, cancel(many->fd, 20, &answer));
	EXPECT_EQ(30, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(30, expect_reaped(many, 30));
	EXPECT_EQ(0, cancel_all(many->fd, &answer));
	EXPECT_EQ(19, answer.out_cancelled);
	EXPECT_EQ(1, answer.out_running);
	set("paused", 0);
	EXPECT_EQ(19, expect_reaped(many, 20));
	EXPECT_EQ(1, many->seen[0]);
}

TEST(chain_ends_with_the_first_failure)
{
	static const int expected[] = { 0, 0, -EIO, -ECANCELED, -ECANCELED };
	struct many *many;
	int at;

	arrange(64);
	many = many_new(cipher, 5);
	chain(many);
	set("fail_every", 3);
	ASSERT_EQ(5, submit(many->fd, many->requests, 5));
	ASSERT_EQ(5, reap(many->fd, many->completions, 5, 5));
	for (at = 0; at < 5; at++) {
		ASSERT_TRUE(many->completions[at].user_data < 5);
		EXPECT_EQ(expected[many->completions[at].user_data],
			  many->completions[at].result);
	}
}

/* What is cancelled with the head needs no room, nor waits behind what does. */
TEST(chain_fails_while_the_engine_is_full)
{
	const uint32_t links = 1000;
	struct many *many, *other;
	int round;
	uint32_t at;

	arrange(1);
	other = many_new(cipher, 1);
	many = many_new(cipher, links + 1);
	for (at = 0; at < links - 1; at++)
		many->requests[at].flags = CHAIN;
	many->requests[0].reserved = 1;
	for (round = 0; round < 20; round++) {
		set("paused", 1);
		ASSERT_EQ(1, submit(other->fd, other->requests, 1));
		wait_until("in_engine", 1);
		ASSERT_EQ(links + 1, submit(many->fd, many->requests, links + 1));
		ASSERT_EQ(links, reap_within(many->fd, many->completions, links, links,
					     UINT64_C(10000000000)));
		for (at = 0; at < links; at++) {
			const struct devcrypto_completion *completion = &many->completions[at];

			ASSERT_TRUE(completion->user_data < links);
			ASSERT_EQ(completion->user_data ? -ECANCELED : -EINVAL, completion->result);
		}
		set("paused", 0);
		ASSERT_EQ(1, reap(many->fd, many->completions, 1, 1));
		EXPECT_EQ(links, many->completions[0].user_data);
		EXPECT_EQ(0, many->completions[0].result);
		ASSERT_EQ(1, reap(other->fd, other->completions, 1, 1));
	}
}

static struct devcrypto_request update_of(const void *src, uint32_t bytes)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE,
		.src = address_of(src),
		.src_bytes = bytes,
	};

	return request;
}

/* Two operations on a stream that are not chained. */
TEST(stream_is_busy)
{
	struct devcrypto_request requests[2] = { update_of("abcd", 4), update_of("efgh", 4) };
	struct devcrypto_request other = update_of("ijkl", 4);
	struct devcrypto_completion completion;
	int fd;

	arrange(16);
	fd = engine_context(hash);
	set("paused", 1);
	requests[1].user_data = 1;
	ASSERT_EQ(2, submit(fd, requests, 2));
	wait_until("in_engine", 1);
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(1, completion.user_data);
	EXPECT_EQ(-EBUSY, completion.result);
	EXPECT_EQ(-EBUSY, run_request(fd, &other));
	set("paused", 0);
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	EXPECT_EQ(0, run_request(fd, &other));
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
	uint32_t at, failed = 0;

	arrange(16);
	many = many_new(cipher, 100);
	set("error", row->error);
	set("fail_every", 2);
	ASSERT_EQ(100, submit(many->fd, many->requests, 100));
	ASSERT_EQ(100, reap(many->fd, many->completions, 100, 100));
	for (at = 0; at < 100; at++) {
		const struct devcrypto_completion *completion = &many->completions[at];
		static const unsigned char untouched[TEXT_BYTES];

		ASSERT_TRUE(completion->user_data < 100);
		ASSERT_EQ(0, many->seen[completion->user_data]++);
		failed += completion->result == row->result;
		EXPECT_MEM(completion->result ? untouched : many->ran.dst,
			   many->dst[completion->user_data], TEXT_BYTES);
	}
	EXPECT_TRUE(failed > 0 && failed < 100);
	/* Afterwards it goes on as if nothing had been. */
	set("fail_every", 0);
	memset(many->seen, 0, 100);
	ASSERT_EQ(100, submit(many->fd, many->requests, 100));
	EXPECT_EQ(0, expect_reaped(many, 100));
}

/* One request that is not answered does not keep the others. */
TEST(engine_never_answers_one)
{
	struct many *many;

	arrange(16);
	many = many_new(cipher, 100);
	set("never", 1);
	ASSERT_EQ(100, submit(many->fd, many->requests, 100));
	EXPECT_EQ(0, expect_reaped(many, 99));
	EXPECT_EQ(1, get("in_engine"));
	EXPECT_ERRNO(ETIME, reap_within(many->fd, many->completions, 1, 1, 10000000));
	set("never", 0);
	EXPECT_EQ(0, expect_reaped(many, 1));
}

/* --- waiting, exactly --- */

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

TEST(signal_ends_the_wait)
{
	const struct itimerval soon = { .it_value = { 0, 20000 } };
	struct sigaction action = { .sa_handler = count_alarm };
	struct devcrypto_completion completion;
	struct many *many;

	arrange(1);
	many = many_new(cipher, 1);
	set("paused", 1);
	ASSERT_EQ(1, submit(many->fd, many->requests, 1));
	ASSERT_OK(sigaction(SIGALRM, &action, NULL));
	ASSERT_OK(setitimer(ITIMER_REAL, &soon, NULL));
	EXPECT_ERRNO(EINTR, reap(many->fd, &completion, 1, 1));
	EXPECT_EQ(1, alarms);
	set_nonblocking(many->fd);
	EXPECT_ERRNO(EAGAIN, reap(many->fd, &completion, 1, 1));
	set("paused", 0);
	wait_until("in_engine", 0);
	while (reap(many->fd, &completion, 1, 1) != 1)
		ASSERT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, completion.result);
}

/* The queue is full of what the engine has, so nothing can be reaped either. */
TEST(no_room_while_the_engine_has_all)
{
	const uint32_t max = info_now().max_in_flight;
	struct pollfd both = { .events = POLLIN | POLLOUT };
	struct many *many;
	uint32_t left;
	int count;

	arrange(16);
	many = many_new(cipher, max + 1);
	both.fd = many->fd;
	set("paused", 1);
	set_nonblocking(many->fd);
	for (left = max; left; left -= count) {
		count = ASSERT_OK(submit(many->fd, many->requests + (max - left),
					 left < THOUSANDS ? left : THOUSANDS));
		ASSERT_TRUE(count > 0);
	}
	EXPECT_ERRNO(EAGAIN, submit(many->fd, many->requests + max, 1));
	EXPECT_EQ(0, poll(&both, 1, 10));
	set("paused", 0);
	EXPECT_EQ(1, poll(&both, 1, -1));
	for (left = max; left; left -= count) {
		ASSERT_EQ(1, poll(&both, 1, -1));
		count = ASSERT_OK(reap(many->fd, many->completions, max, 0));
	}
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 0));
}

/* --- the end, while the engine has requests --- */

#define END_SECONDS 3.0

static const struct {
	const char *name;
	unsigned int depth;
	uint32_t flags;
} ends[] = {
	{ "one_in_the_engine", 1, 0 },
	{ "all_in_the_engine", THOUSANDS, 0 },
	{ "chained", THOUSANDS, CHAIN },
};

TEST_EACH(close_does_not_wait, ends)
{
	struct counts before;
	struct many *many;
	uint32_t at;
	double began;

	arrange(row->depth);
	before = counts_now();
	many = many_new(cipher, THOUSANDS);
	for (at = 0; at < THOUSANDS; at++)
		many->requests[at].flags = row->flags;
	set("paused", 1);
	ASSERT_EQ(THOUSANDS, submit(many->fd, many->requests, THOUSANDS));
	began = now();
	EXPECT_EQ(0, close(many->fd));
	EXPECT_TRUE(now() - began < END_SECONDS);
	/* What the engine has keeps its memory. */
	EXPECT_TRUE(get("in_engine") > 0);
	EXPECT_TRUE(info_now().memory_of_user > before.memory);
	set("paused", 0);
	wait_until("in_engine", 0);
	expect_returned(&before);
	for (at = 0; at < THOUSANDS; at++)
		ASSERT_EQ(0, many->dst[at][0]);
}

/* Again and again, with whatever the engine is just about. */
TEST_SECONDS(closed_at_any_moment, 60)
{
	const struct engine *rows[] = { cipher, hash, &engines[3], &engines[5] };
	struct counts before;
	struct devcrypto_cancel answer;
	int round;

	arrange(8);
	before = counts_now();
	set("delay_us", 30);
	set("order", ANY);
	for (round = 0; round < 200; round++) {
		struct many *many = many_new(rows[round % 4], 32);
		uint32_t at;

		set("context", round % 3);
		for (at = 0; at < 32; at++)
			many->requests[at].flags = (at + round) % 3 ? CHAIN : 0;
		ASSERT_EQ(32, submit(many->fd, many->requests, 32));
		if (round / 4 % 4 == 1)
			ASSERT_OK(reap(many->fd, many->completions, 32, round % 32));
		if (round / 4 % 4 == 2)
			ASSERT_TRUE(!cancel_all(many->fd, &answer) || errno == EALREADY);
		if (round / 4 % 4 == 3)
			usleep(round * 10);
		ASSERT_EQ(0, close(many->fd));
	}
	wait_until("in_engine", 0);
	expect_returned(&before);
}

static const struct {
	const char *name;
	int signal;
} victims[] = {
	{ "exit", 0 },
	{ "SIGKILL", SIGKILL },
};

TEST_EACH(end_of_the_process_does_not_wait, victims)
{
	struct counts before;
	int ready[2], status;
	double began;
	pid_t child;
	char byte;

	arrange(THOUSANDS / 2);
	before = counts_now();
	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		struct many *many = many_new(cipher, THOUSANDS);

		set("paused", 1);
		ASSERT_EQ(THOUSANDS, submit(many->fd, many->requests, THOUSANDS));
		ASSERT_EQ(1, write(ready[1], "", 1));
		if (row->signal)
			reap(many->fd, many->completions, 1, 1);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	began = now();
	if (row->signal) {
		usleep(10000);
		ASSERT_OK(kill(child, row->signal));
	}
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_TRUE(now() - began < END_SECONDS);
	EXPECT_EQ(THOUSANDS / 2, get("in_engine"));
	set("paused", 0);
	wait_until("in_engine", 0);
	expect_returned(&before);
}
