// SPDX-License-Identifier: MIT
/*
 * Submitted requests and who has to do with them: threads, processes that inherit
 * the descriptor or are given it, close(), exit and SIGKILL.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define LONG_SECONDS	90
#define THOUSANDS	4096U

/* The descriptor that a program started by exec() is to reap from. */
#define REAP_ENV	"TEST_REAP_FROM"

/* --- threads --- */

struct reaper {
	pthread_t thread;
	int fd, returned;
	struct devcrypto_completion completion;
};

static void *reap_one(void *argument)
{
	struct reaper *reaper = argument;

	reaper->returned = reap(reaper->fd, &reaper->completion, 1, 1);
	return NULL;
}

static void start_reaper(struct reaper *reaper, int fd)
{
	*reaper = (struct reaper){ .fd = fd };
	ASSERT_EQ(0, pthread_create(&reaper->thread, NULL, reap_one, reaper));
}

TEST_SECONDS(reaped_by_another_thread, LONG_SECONDS)
{
	struct reaper reaper;
	int fd = hashing_context();

	submit_slow(fd, 5);
	start_reaper(&reaper, fd);
	pthread_join(reaper.thread, NULL);
	EXPECT_EQ(1, reaper.returned);
	EXPECT_EQ(5, reaper.completion.user_data);
	EXPECT_EQ(0, reaper.completion.result);
}

static void *submit_and_end(void *argument)
{
	submit_slow(*(int *)argument, 6);
	return NULL;
}

TEST_SECONDS(thread_that_submitted_is_gone, LONG_SECONDS)
{
	struct devcrypto_completion completion;
	int fd = hashing_context();
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_and_end, &fd));
	pthread_join(thread, NULL);
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(6, completion.user_data);
	EXPECT_EQ(0, completion.result);
}

/* Of two that wait one is given it, and for the other nothing is left to wait for. */
TEST_SECONDS(two_wait_for_one, LONG_SECONDS)
{
	struct reaper first, second;
	int fd = hashing_context();

	submit_slow(fd, 1);
	start_reaper(&first, fd);
	start_reaper(&second, fd);
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	EXPECT_EQ(1, first.returned + second.returned);
	EXPECT_EQ(0, first.returned * second.returned);
}

/* What is cancelled completes at once, and whoever waits is told. */
TEST_SECONDS(cancel_wakes_another_thread, LONG_SECONDS)
{
	unsigned char *data = calloc(1, SLOW_BYTES);
	struct devcrypto_request requests[2] = {
		{ .op = DEVCRYPTO_OP_STREAM_UPDATE, .flags = DEVCRYPTO_REQUEST_CHAIN,
		  .user_data = 1, .src = address_of(data), .src_bytes = SLOW_BYTES },
		{ .op = DEVCRYPTO_OP_STREAM_UPDATE, .user_data = 2 },
	};
	struct devcrypto_completion completion;
	struct devcrypto_cancel answer;
	struct reaper reaper;
	int fd = hashing_context();

	ASSERT_EQ(2, submit(fd, requests, 2));
	start_reaper(&reaper, fd);
	usleep(20000);
	EXPECT_EQ(0, cancel(fd, 2, &answer));
	EXPECT_EQ(1, answer.out_cancelled);
	pthread_join(reaper.thread, NULL);
	EXPECT_EQ(1, reaper.returned);
	EXPECT_EQ(2, reaper.completion.user_data);
	EXPECT_EQ(-ECANCELED, reaper.completion.result);
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
}

struct submitter {
	pthread_t thread;
	int fd, returned, error;
	bool done;
	struct devcrypto_request requests[10];
	unsigned char digest[DIGEST_BYTES];
};

static void *submit_ten(void *argument)
{
	struct submitter *submitter = argument;
	int at;

	for (at = 0; at < 10; at++)
		submitter->requests[at] = digest_request(test_key, 3, submitter->digest);
	submitter->returned = submit(submitter->fd, submitter->requests, 10);
	submitter->error = errno;
	__atomic_store_n(&submitter->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST(full_queue_is_relieved_by_another_thread)
{
	struct devcrypto_completion completions[20];
	struct submitter submitter = { .fd = full_context(0) };

	ASSERT_EQ(0, pthread_create(&submitter.thread, NULL, submit_ten, &submitter));
	usleep(50000);
	EXPECT_TRUE(!__atomic_load_n(&submitter.done, __ATOMIC_SEQ_CST));
	EXPECT_EQ(4, reap(submitter.fd, completions, 4, 4));
	usleep(50000);
	EXPECT_TRUE(!__atomic_load_n(&submitter.done, __ATOMIC_SEQ_CST));
	EXPECT_EQ(6, reap(submitter.fd, completions, 6, 6));
	pthread_join(submitter.thread, NULL);
	EXPECT_EQ(10, submitter.returned);
}

#define CROWD		4
#define ROUNDS		40
#define BATCH		50
#define CROWDED		(CROWD * ROUNDS * BATCH)

/* Threads that submit, reap whatever comes, and run, on one context. */
struct crowd {
	int fd;
	uint32_t bytes;
	unsigned char *text;
	unsigned char (*digests)[DIGEST_BYTES];
	unsigned char *seen;
	int next, wrong;
};

static void submit_round(struct crowd *crowd, int first)
{
	struct devcrypto_completion completions[BATCH];
	struct devcrypto_request requests[BATCH];
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = BATCH,
		.request_bytes = sizeof(*requests),
		.completions = address_of(completions),
		.max_completions = BATCH,
		.completion_bytes = sizeof(*completions),
		.min_completions = BATCH / 2,
	};
	uint32_t at;

	for (at = 0; at < BATCH; at++) {
		requests[at] = digest_request(crowd->text + first + at, crowd->bytes,
					 crowd->digests[first + at]);
		requests[at].user_data = first + at;
	}
	if (ioctl(crowd->fd, DEVCRYPTO_IOC_SUBMIT, &submit) || submit.out_submitted != BATCH)
		__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
	for (at = 0; at < submit.out_completed; at++) {
		if (completions[at].result || completions[at].user_data >= CROWDED)
			__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
		else
			__atomic_add_fetch(&crowd->seen[completions[at].user_data], 1,
					   __ATOMIC_SEQ_CST);
	}
}

static void *submit_rounds(void *argument)
{
	struct crowd *crowd = argument;
	int round;

	for (round = 0; round < ROUNDS; round++)
		submit_round(crowd, __atomic_fetch_add(&crowd->next, BATCH, __ATOMIC_SEQ_CST));
	return NULL;
}

static void *run_beside(void *argument)
{
	unsigned char digest[DIGEST_BYTES], first[DIGEST_BYTES];
	struct crowd *crowd = argument;
	struct devcrypto_request request = digest_request(crowd->text, crowd->bytes, digest);
	int round;

	for (round = 0; round < ROUNDS * 10; round++) {
		memset(digest, 0, DIGEST_BYTES);
		if (run_request(crowd->fd, &request) ||
		    (round && memcmp(first, digest, DIGEST_BYTES)))
			__atomic_add_fetch(&crowd->wrong, 1, __ATOMIC_SEQ_CST);
		memcpy(first, digest, DIGEST_BYTES);
	}
	return NULL;
}

static const struct {
	const char *name;
	uint32_t bytes;
} lengths[] = {
	{ "at_once", 10 },
	{ "by_threads_of_the_kernel", 2000 },
};

TEST_EACH(run_and_submit_at_the_same_time, lengths)
{
	struct crowd crowd = {
		.fd = hashing_context(),
		.bytes = row->bytes,
		.text = malloc(CROWDED + row->bytes),
		.digests = calloc(CROWDED, DIGEST_BYTES),
		.seen = calloc(CROWDED, 1),
	};
	struct devcrypto_completion *rest = calloc(CROWDED, sizeof(*rest));
	unsigned char digest[DIGEST_BYTES];
	pthread_t threads[CROWD + 1];
	int at, left;

	fill_pattern(crowd.text, CROWDED + row->bytes, 8);
	for (at = 0; at <= CROWD; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, at ? submit_rounds : run_beside,
					    &crowd));
	for (at = 0; at <= CROWD; at++)
		pthread_join(threads[at], NULL);
	EXPECT_EQ(0, crowd.wrong);
	left = reap(crowd.fd, rest, CROWDED, CROWDED);
	for (at = 0; at < left; at++)
		crowd.seen[rest[at].user_data]++;
	for (at = 0; at < CROWDED; at++) {
		struct devcrypto_request request = digest_request(crowd.text + at, row->bytes, digest);

		ASSERT_EQ(1, crowd.seen[at]);
		if (at % 16)
			continue;
		ASSERT_EQ(0, run_request(crowd.fd, &request));
		ASSERT_MEM(digest, crowd.digests[at], DIGEST_BYTES);
	}
}

/* Whether it is executed or cancelled, each completes once. */
TEST_SECONDS(cancel_at_any_moment, LONG_SECONDS)
{
	struct canceller canceller;
	unsigned char *text = calloc(1, 3000), digest[DIGEST_BYTES];
	uint32_t cancelled = 0, at;
	int round;

	canceller_start(&canceller, hashing_context());
	for (round = 0; round < 50; round++) {
		struct devcrypto_completion completions[200];
		struct devcrypto_request requests[200];
		unsigned char seen[200] = "";

		for (at = 0; at < 200; at++) {
			requests[at] = digest_request(text, 3000, digest);
			requests[at].flags = at % 4 == 1 ? DEVCRYPTO_REQUEST_CHAIN : 0;
			requests[at].user_data = at;
		}
		ASSERT_EQ(200, submit(canceller.fd, requests, 200));
		ASSERT_EQ(200, reap(canceller.fd, completions, 200, 200));
		for (at = 0; at < 200; at++) {
			ASSERT_TRUE(completions[at].user_data < 200);
			ASSERT_EQ(0, seen[completions[at].user_data]++);
			cancelled += completions[at].result == -ECANCELED;
			EXPECT_TRUE(!completions[at].result ||
				    completions[at].result == -ECANCELED);
		}
	}
	canceller_stop(&canceller);
	EXPECT_EQ(cancelled, canceller.cancelled);
	EXPECT_EQ(0, canceller.wrong);
	harness_note("%u of %u cancelled", cancelled, 50 * 200);
}

/* --- descriptors and contexts --- */

TEST_SECONDS(any_descriptor_of_the_context, LONG_SECONDS)
{
	struct devcrypto_completion completion;
	int fd = hashing_context(), copy = ASSERT_OK(dup(fd));

	submit_slow(fd, 3);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(1, reap(copy, &completion, 1, 1));
	EXPECT_EQ(3, completion.user_data);
	EXPECT_EQ(0, completion.result);
}

/* A context that shares the key shares nothing of this. */
TEST(shared_contexts_have_their_own_queues)
{
	struct devcrypto_completion completion;
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 3, digest);
	struct devcrypto_cancel answer;
	int first = full_context(0), second = context_sharing(first, 0);

	EXPECT_EQ(0, reap(second, &completion, 1, 1));
	EXPECT_EQ(0, cancel_all(second, &answer));
	EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
	request.user_data = 77;
	EXPECT_EQ(1, submit(second, &request, 1));
	EXPECT_EQ(1, reap(second, &completion, 1, 1));
	EXPECT_EQ(77, completion.user_data);
	EXPECT_EQ(1, reap(first, &completion, 1, 1));
	EXPECT_EQ(0, completion.user_data);
	/* It stays when the source is closed. */
	close(first);
	EXPECT_EQ(1, submit(second, &request, 1));
	EXPECT_EQ(1, reap(second, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
}

/* --- other address spaces --- */

/* Exit status of a process that was not asked for, or reaped something else. */
static int reap_cancelled(int fd, uint32_t count)
{
	struct devcrypto_completion completions[16];
	uint32_t at;

	memset(completions, UNTOUCHED, sizeof(completions));
	if (reap(fd, completions, 16, count) != (int)count)
		return 2;
	for (at = 0; at < count; at++)
		if (completions[at].result != -ECANCELED || completions[at].out_bytes ||
		    completions[at].user_data < 1000 || completions[at].user_data >= 1000 + count)
			return 3;
	return 0;
}

/* Before main(): the program that was started by exec_program(). */
__attribute__((constructor)) static void reap_after_exec(void)
{
	const char *from = getenv(REAP_ENV);

	if (from)
		_exit(reap_cancelled(strtol(from, NULL, 10), 2));
}

static void wait_for_success(pid_t child)
{
	int status;

	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* Two requests, of which nothing may be written. */
struct estranged {
	int fd;
	unsigned char text[3000], digests[2][DIGEST_BYTES];
};

static const struct estranged_row {
	const char *name;
	uint32_t bytes;
} estranged_rows[] = {
	{ "small", 10 },
	{ "large", 3000 },
};

static void submit_two(struct estranged *estranged, const struct estranged_row *row)
{
	struct devcrypto_request requests[2];
	int at;

	estranged->fd = hashing_context();
	memset(estranged->digests, UNTOUCHED, sizeof(estranged->digests));
	for (at = 0; at < 2; at++) {
		requests[at] = digest_request(estranged->text, row->bytes, estranged->digests[at]);
		requests[at].user_data = 1000 + at;
	}
	ASSERT_EQ(2, submit(estranged->fd, requests, 2));
}

static bool is_untouched(const struct estranged *estranged)
{
	unsigned char untouched[sizeof(estranged->digests)];

	memset(untouched, UNTOUCHED, sizeof(untouched));
	return !memcmp(untouched, estranged->digests, sizeof(untouched));
}

TEST_EACH(child_reaps, estranged_rows)
{
	static struct estranged estranged;
	struct devcrypto_completion completion;
	pid_t child;

	submit_two(&estranged, row);
	child = ASSERT_OK(fork());
	if (!child) {
		int result = reap_cancelled(estranged.fd, 2);

		_exit(result ? result : is_untouched(&estranged) ? 0 : 4);
	}
	wait_for_success(child);
	EXPECT_TRUE(is_untouched(&estranged));
	/* They have had their completion. */
	EXPECT_EQ(0, reap(estranged.fd, &completion, 1, 1));
}

/* That there is a child is nothing to the parent. */
TEST_EACH(parent_reaps_after_fork, estranged_rows)
{
	static struct estranged estranged;
	struct devcrypto_completion completions[2];
	pid_t child;

	submit_two(&estranged, row);
	child = ASSERT_OK(fork());
	if (!child) {
		pause();
		_exit(0);
	}
	ASSERT_EQ(2, reap(estranged.fd, completions, 2, 2));
	EXPECT_EQ(0, completions[0].result);
	EXPECT_EQ(0, completions[1].result);
	EXPECT_TRUE(!is_untouched(&estranged));
	EXPECT_MEM(estranged.digests[0], estranged.digests[1], DIGEST_BYTES);
	ASSERT_OK(kill(child, SIGKILL));
	ASSERT_OK(waitpid(child, NULL, 0));
}

TEST_EACH(parent_reaps_what_its_child_submitted, estranged_rows)
{
	static struct estranged estranged;
	int ends[2], fd = hashing_context();
	pid_t child;
	char byte;

	memset(estranged.digests, UNTOUCHED, sizeof(estranged.digests));
	ASSERT_OK(pipe(ends));
	child = ASSERT_OK(fork());
	if (!child) {
		struct devcrypto_request requests[2];
		int at;

		for (at = 0; at < 2; at++) {
			requests[at] = digest_request(estranged.text, row->bytes, estranged.digests[at]);
			requests[at].user_data = 1000 + at;
		}
		_exit(submit(fd, requests, 2) != 2 || write(ends[1], "", 1) != 1 || pause());
	}
	ASSERT_EQ(1, read(ends[0], &byte, 1));
	EXPECT_EQ(0, reap_cancelled(fd, 2));
	EXPECT_TRUE(is_untouched(&estranged));
	ASSERT_OK(kill(child, SIGKILL));
	ASSERT_OK(waitpid(child, NULL, 0));
}

/* When it has ended they are still in the queue. */
TEST_EACH(parent_reaps_what_its_dead_child_submitted, estranged_rows)
{
	static struct estranged estranged;
	int fd = hashing_context();
	pid_t child;

	memset(estranged.digests, UNTOUCHED, sizeof(estranged.digests));
	child = ASSERT_OK(fork());
	if (!child) {
		struct devcrypto_request requests[2];
		int at;

		for (at = 0; at < 2; at++) {
			requests[at] = digest_request(estranged.text, row->bytes, estranged.digests[at]);
			requests[at].user_data = 1000 + at;
		}
		_exit(submit(fd, requests, 2) != 2);
	}
	wait_for_success(child);
	EXPECT_EQ(0, reap_cancelled(fd, 2));
	EXPECT_TRUE(is_untouched(&estranged));
}

/* What it submits itself is its own. */
TEST_EACH(child_submits_and_reaps, lengths)
{
	int fd = hashing_context();
	pid_t child = ASSERT_OK(fork());

	if (!child) {
		unsigned char whole[DIGEST_BYTES], digest[DIGEST_BYTES];
		unsigned char *text = calloc(1, row->bytes);
		struct devcrypto_request request = digest_request(text, row->bytes, whole);

		EXPECT_EQ(0, run_request(fd, &request));
		request.dst = address_of(digest);
		EXPECT_EQ(0, submit_request(fd, &request).result);
		EXPECT_MEM(whole, digest, DIGEST_BYTES);
		harness_exit();
	}
	wait_for_success(child);
}

/* Nobody cancels what others have submitted. */
TEST_SECONDS(child_cancels_nothing, LONG_SECONDS)
{
	struct devcrypto_completion completions[8];
	int fd = hashing_context(), at;
	pid_t child;

	for (at = 0; at < 8; at++)
		submit_slow(fd, 9);
	child = ASSERT_OK(fork());
	if (!child) {
		struct devcrypto_cancel answer;

		EXPECT_EQ(0, cancel_all(fd, &answer));
		EXPECT_EQ(0, answer.out_cancelled);
		EXPECT_EQ(0, answer.out_running);
		EXPECT_EQ(0, cancel(fd, 9, &answer));
		EXPECT_EQ(0, answer.out_cancelled);
		EXPECT_EQ(0, answer.out_running);
		harness_exit();
	}
	wait_for_success(child);
	ASSERT_EQ(8, reap(fd, completions, 8, 8));
	for (at = 0; at < 8; at++)
		EXPECT_EQ(0, completions[at].result);
}

/* A completion that cannot be told stays as it was for the one whose it is. */
TEST_EACH(child_cannot_be_told, estranged_rows)
{
	static struct estranged estranged;
	struct devcrypto_completion completions[2];
	pid_t child;

	submit_two(&estranged, row);
	child = ASSERT_OK(fork());
	if (!child) {
		EXPECT_ERRNO(EFAULT, reap(estranged.fd, memory_hole(), 2, 2));
		harness_exit();
	}
	wait_for_success(child);
	ASSERT_EQ(2, reap(estranged.fd, completions, 2, 2));
	EXPECT_EQ(0, completions[0].result);
	EXPECT_EQ(0, completions[1].result);
	EXPECT_TRUE(!is_untouched(&estranged));
}

TEST_EACH(another_program_reaps, estranged_rows)
{
	static struct estranged estranged;
	pid_t child = ASSERT_OK(fork());

	if (!child) {
		char number[16];

		submit_two(&estranged, row);
		/* Without O_CLOEXEC. */
		snprintf(number, sizeof(number), "%lld", (long long)ASSERT_OK(dup(estranged.fd)));
		setenv(REAP_ENV, number, 1);
		execl("/proc/self/exe", "reap", NULL);
		_exit(5);
	}
	wait_for_success(child);
}

TEST_EACH(passed_descriptor, estranged_rows)
{
	static struct estranged estranged;
	int sockets[2], result;
	pid_t child;

	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	memset(estranged.digests, UNTOUCHED, sizeof(estranged.digests));
	child = ASSERT_OK(fork());
	if (!child) {
		result = reap_cancelled(receive_descriptor(sockets[1]), 2);
		_exit(result ? result : is_untouched(&estranged) ? 0 : 4);
	}
	submit_two(&estranged, row);
	send_descriptor(sockets[0], estranged.fd);
	wait_for_success(child);
	EXPECT_TRUE(is_untouched(&estranged));
}

/* --- the end, with thousands in flight --- */

/* What the user has comes back, once the threads of the kernel have let go of it. */
static void expect_returned(const struct devcrypto_info *before)
{
	struct devcrypto_info info;
	double began = now();

	do {
		info = info_now();
		usleep(10000);
	} while (now() - began < 20 && (info.contexts_of_user != before->contexts_of_user ||
					info.memory_of_user != before->memory_of_user));
	harness_note("returned after %.3f s", now() - began);
	EXPECT_EQ(before->contexts_of_user, info.contexts_of_user);
	EXPECT_EQ(before->memory_of_user, info.memory_of_user);
}

static const struct end_row {
	const char *name;
	uint32_t bytes;
	uint32_t flags;
} ends[] = {
	{ "finished", 10, 0 },
	{ "pending", 16384, 0 },
	{ "chained", 16384, DEVCRYPTO_REQUEST_CHAIN },
};

static int submit_thousands(const struct end_row *row)
{
	static unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request *requests = calloc(THOUSANDS, sizeof(*requests));
	unsigned char *text = calloc(1, row->bytes);
	int fd = hashing_context();
	uint32_t at;

	for (at = 0; at < THOUSANDS; at++) {
		requests[at] = digest_request(text, row->bytes, digest);
		requests[at].flags = row->flags;
	}
	ASSERT_EQ(THOUSANDS, submit(fd, requests, THOUSANDS));
	return fd;
}

/* Hashing all of it takes longer by far. */
#define END_SECONDS 3.0

TEST_EACH(close_with_thousands_in_flight, ends)
{
	const struct devcrypto_info before = info_now();
	double began;
	int fd;

	fd = submit_thousands(row);
	began = now();
	EXPECT_EQ(0, close(fd));
	harness_note("closed after %.3f s", now() - began);
	EXPECT_TRUE(now() - began < END_SECONDS);
	expect_returned(&before);
}

TEST_EACH(exit_with_thousands_in_flight, ends)
{
	const struct devcrypto_info before = info_now();
	int ready[2];
	double began;
	pid_t child;
	char byte;

	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		submit_thousands(row);
		_exit(write(ready[1], "", 1) != 1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	began = now();
	wait_for_success(child);
	harness_note("gone after %.3f s", now() - began);
	EXPECT_TRUE(now() - began < END_SECONDS);
	expect_returned(&before);
}

enum victim { IDLE, REAPING, SUBMITTING };

static const struct {
	const char *name;
	enum victim victim;
	struct end_row row;
} kills[] = {
	{ "idle", IDLE, { "", 16384, 0 } },
	{ "chained", IDLE, { "", 16384, DEVCRYPTO_REQUEST_CHAIN } },
	{ "reaping", REAPING, { "", 16384, 0 } },
	{ "reaping_a_chain", REAPING, { "", 16384, DEVCRYPTO_REQUEST_CHAIN } },
	{ "submitting", SUBMITTING, { "", 10, 0 } },
};

TEST_EACH(killed_with_thousands_in_flight, kills)
{
	const struct devcrypto_info before = info_now();
	struct devcrypto_completion *completions = calloc(THOUSANDS, sizeof(*completions));
	struct submitter submitter;
	int ready[2], status;
	double began;
	pid_t child;
	char byte;

	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		int fd = row->victim == SUBMITTING ? full_context(0) : submit_thousands(&row->row);

		ASSERT_EQ(1, write(ready[1], "", 1));
		if (row->victim == REAPING)
			reap(fd, completions, THOUSANDS, THOUSANDS);
		submitter.fd = fd;
		if (row->victim == SUBMITTING)
			submit_ten(&submitter);
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

/* A thread that waits has the context until it returns. */
TEST_SECONDS(closed_while_another_waits, LONG_SECONDS)
{
	const struct devcrypto_info before = info_now();
	struct reaper reaper;
	int fd = hashing_context();

	submit_slow(fd, 1);
	start_reaper(&reaper, fd);
	usleep(20000);
	EXPECT_EQ(0, close(fd));
	pthread_join(reaper.thread, NULL);
	EXPECT_EQ(1, reaper.returned);
	EXPECT_EQ(0, reaper.completion.result);
	expect_returned(&before);
}

/* Again and again, with whatever the kernel's threads are just about. */
TEST_SECONDS(closed_at_any_moment, LONG_SECONDS)
{
	const struct devcrypto_info before = info_now();
	unsigned char digest[DIGEST_BYTES], *text = calloc(1, 20000);
	struct devcrypto_completion completions[32];
	struct devcrypto_request requests[32];
	struct devcrypto_cancel answer;
	int round, at;

	for (round = 0; round < 500; round++) {
		int fd = hashing_context();

		for (at = 0; at < 32; at++) {
			requests[at] = digest_request(text, at * 613, digest);
			requests[at].flags = at % 3 ? DEVCRYPTO_REQUEST_CHAIN : 0;
		}
		ASSERT_EQ(32, submit(fd, requests, 32));
		if (round % 4 == 1)
			ASSERT_OK(reap(fd, completions, 32, round % 32));
		if (round % 4 == 2)
			ASSERT_TRUE(!cancel_all(fd, &answer) || errno == EALREADY);
		if (round % 4 == 3)
			usleep(round * 10);
		ASSERT_EQ(0, close(fd));
	}
	expect_returned(&before);
}
