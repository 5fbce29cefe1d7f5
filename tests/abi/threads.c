// SPDX-License-Identifier: MIT
/* Threads, processes, signals, and memory that changes under a request. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define THREADS		4
#define LONG_BYTES	(1U << 20)

/* Pages that the kernel has handed out to anybody so far. */
static unsigned long allocated_pages(void)
{
	unsigned long sum = 0, value;
	char name[64];
	FILE *file = fopen("/proc/vmstat", "re");

	ASSERT_TRUE(file != NULL);
	while (fscanf(file, "%63s %lu", name, &value) == 2)
		if (!strncmp(name, "pgalloc_", 8))
			sum += value;
	fclose(file);
	return sum;
}

#define PAGEFUL_BYTES	16384U
#define PAGEFUL_RUNS	500
#define PAGEFUL_TRIES	20

static void *run_pagefuls(void *argument)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(calloc(1, PAGEFUL_BYTES)),
		.src_bytes = PAGEFUL_BYTES,
		.dst = address_of(calloc(1, 64)),
		.dst_bytes = 64,
	};
	int i;

	for (i = 0; i < PAGEFUL_RUNS; i++)
		EXPECT_EQ(0, run_request(*(int *)argument, &request));
	return NULL;
}

/* A context that threads have used serves a lone one from the memory it kept. */
TEST(memory_is_reused_after_threads)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "crc32c", 0);
	pthread_t thread[THREADS];
	unsigned long before, taken = ULONG_MAX;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, run_pagefuls, &fd));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	/* Others allocate too, but not at all times a page for each of these. */
	for (i = 0; i < PAGEFUL_TRIES && taken >= PAGEFUL_RUNS; i++) {
		before = allocated_pages();
		run_pagefuls(&fd);
		taken = allocated_pages() - before;
	}
	EXPECT_TRUE(taken < PAGEFUL_RUNS);
	close(fd);
}

/* A batch that takes many seconds: hashing is slow, and each request is long. */
struct long_batch {
	int fd;
	uint32_t count;
	struct devcrypto_request *requests;
	int returned;
};

static struct long_batch long_batch_new(uint32_t count)
{
	struct long_batch batch = {
		.fd = context_new(DEVCRYPTO_CLASS_HASH, "sha512", 0),
		.count = count,
		.requests = calloc(count, sizeof(*batch.requests)),
	};
	static unsigned char digest[64];
	void *data = calloc(1, LONG_BYTES);
	uint32_t at;

	for (at = 0; at < count; at++) {
		batch.requests[at].op = DEVCRYPTO_OP_DIGEST;
		batch.requests[at].src = address_of(data);
		batch.requests[at].src_bytes = LONG_BYTES;
		batch.requests[at].dst = address_of(digest);
		batch.requests[at].dst_bytes = sizeof(digest);
		batch.requests[at].out_result = 1;
	}
	return batch;
}

static void *run_long_batch(void *argument)
{
	struct long_batch *batch = argument;

	batch->returned = run_batch(batch->fd, batch->requests, batch->count);
	return NULL;
}

/* --- many on one context --- */

struct worker {
	pthread_t thread;
	const struct fixture *fixture;
	unsigned int seed;
	int wrong;
};

/* Each with a message of its own, there and back. */
static void *there_and_back(void *argument)
{
	struct worker *worker = argument;
	unsigned char text[500], cipher[500], back[500], tag[TAG_BYTES];
	struct devcrypto_request request = worker->fixture->request;
	int round;

	for (round = 0; round < 200; round++) {
		fill_pattern(text, sizeof(text), worker->seed + round);
		memset(back, 0, sizeof(back));
		request.op = DEVCRYPTO_OP_ENCRYPT;
		request.src = address_of(text);
		request.dst = address_of(cipher);
		request.src_bytes = request.dst_bytes = sizeof(text) - round;
		request.tag = address_of(tag);
		worker->wrong += !!run_request(worker->fixture->fd, &request);
		request.op = DEVCRYPTO_OP_DECRYPT;
		request.src = address_of(cipher);
		request.dst = address_of(back);
		worker->wrong += !!run_request(worker->fixture->fd, &request);
		worker->wrong += !!memcmp(text, back, request.src_bytes);
		tag[round % TAG_BYTES] ^= 1;
		worker->wrong += run_request(worker->fixture->fd, &request) != -EBADMSG;
	}
	return NULL;
}

TEST_SECONDS(threads_on_one_context, 60)
{
	const struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	struct worker workers[THREADS];
	int at;

	for (at = 0; at < THREADS; at++) {
		workers[at] = (struct worker){ .fixture = fixture, .seed = at * 1000 };
		ASSERT_EQ(0, pthread_create(&workers[at].thread, NULL, there_and_back,
					    &workers[at]));
	}
	for (at = 0; at < THREADS; at++) {
		pthread_join(workers[at].thread, NULL);
		EXPECT_EQ(0, workers[at].wrong);
	}
}

/* The same request again and again, with a destination of its own. */
static void *repeat(void *argument)
{
	struct worker *worker = argument;
	const struct fixture *fixture = worker->fixture;
	struct devcrypto_request request = fixture->request;
	unsigned char dst[TEXT_BYTES];
	int round;

	for (round = 0; round < 30; round++) {
		memset(dst, 0, sizeof(dst));
		if (request.dst)
			request.dst = address_of(dst);
		worker->wrong += !!run_request(fixture->fd, &request);
		worker->wrong += !!memcmp(fixture->expected, dst, fixture->expected_bytes);
	}
	return NULL;
}

static const struct {
	const char *name;
	enum base base;
} shared_keys[] = {
	{ "AKCIPHER_DECRYPT", AKCIPHER_DECRYPT },
	{ "SIG_SIGN", SIG_SIGN },
	{ "SIG_VERIFY", SIG_VERIFY },
	{ "KPP_PUBLIC_KEY", KPP_PUBLIC_KEY },
	{ "KPP_SHARED_SECRET", KPP_SHARED_SECRET },
};

TEST_EACH(threads_on_one_key, shared_keys)
{
	const struct fixture *fixture = fixture_new(row->base, 0);
	struct worker workers[THREADS];
	int at;

	for (at = 0; at < THREADS; at++) {
		workers[at] = (struct worker){ .fixture = fixture };
		ASSERT_EQ(0, pthread_create(&workers[at].thread, NULL, repeat, &workers[at]));
	}
	for (at = 0; at < THREADS; at++) {
		pthread_join(workers[at].thread, NULL);
		EXPECT_EQ(0, workers[at].wrong);
	}
}

static void *generate(void *argument)
{
	unsigned char *out = argument;
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_GENERATE,
		.dst_bytes = BLOCK_BYTES,
	};
	int fd = *(int *)out, round;

	for (round = 0; round < 100; round++) {
		request.dst = address_of(out + round * BLOCK_BYTES);
		EXPECT_EQ(0, run_request(fd, &request));
	}
	return NULL;
}

/* No two of them are given the same bytes. */
TEST_SECONDS(threads_on_one_generator, 60)
{
	static unsigned char out[THREADS][100][BLOCK_BYTES];
	int fd = context_new(DEVCRYPTO_CLASS_RNG, generator_name(), 0);
	unsigned char (*all)[BLOCK_BYTES] = out[0];
	pthread_t threads[THREADS];
	int at, other;

	for (at = 0; at < THREADS; at++) {
		memcpy(out[at], &fd, sizeof(fd));
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, generate, out[at]));
	}
	for (at = 0; at < THREADS; at++)
		pthread_join(threads[at], NULL);
	for (at = 0; at < THREADS * 100; at++)
		for (other = 0; other < at; other++)
			ASSERT_TRUE(memcmp(all[at], all[other], BLOCK_BYTES));
}

/* --- close --- */

TEST_SECONDS(close_while_a_batch_runs, 60)
{
	const unsigned int before = info_now().contexts_of_user;
	struct long_batch batch = long_batch_new(16);
	struct devcrypto_request request = batch.requests[0];
	pthread_t thread;
	uint32_t at;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_long_batch, &batch));
	while (__atomic_load_n(&batch.requests[0].out_result, __ATOMIC_SEQ_CST) == 1)
		usleep(100);
	EXPECT_EQ(0, close(batch.fd));
	EXPECT_ERRNO(EBADF, run_batch(batch.fd, &request, 1));
	pthread_join(thread, NULL);
	EXPECT_EQ(batch.count, batch.returned);
	for (at = 0; at < batch.count; at++)
		EXPECT_EQ(0, batch.requests[at].out_result);
	EXPECT_EQ(before, info_now().contexts_of_user);
}

struct swap {
	int fd;
	bool stop;
	long succeeded, failed;
};

static void *run_whatever_is_there(void *argument)
{
	struct swap *swap = argument;
	unsigned char digest[64];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(test_key), .src_bytes = sizeof(test_key),
		.dst = address_of(digest), .dst_bytes = sizeof(digest),
	};

	while (!__atomic_load_n(&swap->stop, __ATOMIC_RELAXED)) {
		int done = run_batch(swap->fd, &request, 1);

		if (done == 1 && !request.out_result)
			__atomic_add_fetch(&swap->succeeded, 1, __ATOMIC_RELAXED);
		else if (done != -1 || errno != ENOTCONN)
			__atomic_add_fetch(&swap->failed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The number changes its file all the time under those who use it. */
TEST_SECONDS(descriptor_is_replaced_while_others_run, 60)
{
	struct swap swap = { .fd = device_open() };
	pthread_t threads[2];
	int round, at;

	for (at = 0; at < 2; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, run_whatever_is_there, &swap));
	for (round = 0; round < 200; round++) {
		int fd = round % 3 ? context_new(DEVCRYPTO_CLASS_HASH,
						 round % 2 ? "sha256" : "sha512", 0) :
				     device_open();

		ASSERT_OK(dup2(fd, swap.fd));
		close(fd);
		if (round % 8 == 0)
			usleep(2000);
	}
	__atomic_store_n(&swap.stop, true, __ATOMIC_RELAXED);
	for (at = 0; at < 2; at++)
		pthread_join(threads[at], NULL);
	EXPECT_TRUE(swap.succeeded > 0);
	EXPECT_EQ(0, swap.failed);
}

static void *configure_slowly(void *argument)
{
	struct swap *swap = argument;
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	usleep(100);
	swap->failed += ioctl(swap->fd, DEVCRYPTO_IOC_CONFIG, &config) != 0;
	return NULL;
}

/* Before configuration there is ENOTCONN, afterwards success, and nothing between. */
TEST(run_while_another_configures)
{
	int round;

	for (round = 0; round < 50; round++) {
		struct swap swap = { .fd = device_open() };
		pthread_t runner, configurer;

		ASSERT_EQ(0, pthread_create(&runner, NULL, run_whatever_is_there, &swap));
		ASSERT_EQ(0, pthread_create(&configurer, NULL, configure_slowly, &swap));
		pthread_join(configurer, NULL);
		while (!__atomic_load_n(&swap.succeeded, __ATOMIC_RELAXED) &&
		       !__atomic_load_n(&swap.failed, __ATOMIC_RELAXED))
			usleep(100);
		__atomic_store_n(&swap.stop, true, __ATOMIC_RELAXED);
		pthread_join(runner, NULL);
		EXPECT_EQ(0, swap.failed);
		close(swap.fd);
	}
}

/* --- processes --- */

TEST(child_uses_what_it_inherited)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);
	pid_t child = fork();
	int status;

	if (!child) {
		fixture_check(fixture);
		harness_exit();
	}
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	fixture_check(fixture);
}

TEST_SECONDS(fork_while_a_batch_runs, 60)
{
	struct long_batch batch = long_batch_new(8);
	pthread_t thread;
	int round, status;
	uint32_t at;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_long_batch, &batch));
	while (__atomic_load_n(&batch.requests[0].out_result, __ATOMIC_SEQ_CST) == 1)
		usleep(100);
	for (round = 0; round < 10; round++) {
		pid_t child = fork();

		if (!child) {
			struct devcrypto_request request = batch.requests[0];
			unsigned char digest[64];

			request.src_bytes = 10;
			request.dst = address_of(digest);
			_exit(run_batch(batch.fd, &request, 1) != 1 || request.out_result);
		}
		ASSERT_OK(waitpid(child, &status, 0));
		EXPECT_EQ(0, status);
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(batch.count, batch.returned);
	for (at = 0; at < batch.count; at++)
		EXPECT_EQ(0, batch.requests[at].out_result);
}

/* --- signals --- */

/* The largest batch of the longest requests: it would take minutes. */
TEST_SECONDS(killed_in_a_long_batch, 60)
{
	const struct devcrypto_info before = info_now();
	int ready[2], status;
	double killed;
	pid_t child;
	char byte;

	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		struct long_batch batch = long_batch_new(before.max_batch);

		ASSERT_EQ(1, write(ready[1], "", 1));
		run_long_batch(&batch);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	usleep(100000);
	ASSERT_OK(kill(child, SIGKILL));
	killed = now();
	ASSERT_OK(waitpid(child, &status, 0));
	harness_note("gone after %.3f s", now() - killed);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(now() - killed < 10);
	EXPECT_EQ(before.contexts_of_user, info_now().contexts_of_user);
	fixture_check(fixture_new(AEAD_DECRYPT, 0));
}

/* One request alone, as long as it may be. */
TEST_SECONDS(killed_in_a_long_generation, 60)
{
	const struct devcrypto_info before = info_now();
	int ready[2], status;
	double killed;
	pid_t child;
	char byte;

	ASSERT_OK(pipe(ready));
	child = ASSERT_OK(fork());
	if (!child) {
		struct devcrypto_request request = {
			.op = DEVCRYPTO_OP_GENERATE,
			.dst = address_of(malloc(before.max_request_bytes)),
			.dst_bytes = before.max_request_bytes,
		};
		int fd = context_new(DEVCRYPTO_CLASS_RNG, "jitterentropy_rng", 0);

		ASSERT_EQ(1, write(ready[1], "", 1));
		run_batch(fd, &request, 1);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	usleep(100000);
	ASSERT_OK(kill(child, SIGKILL));
	killed = now();
	ASSERT_OK(waitpid(child, &status, 0));
	harness_note("gone after %.3f s", now() - killed);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_TRUE(now() - killed < 10);
	EXPECT_EQ(before.contexts_of_user, info_now().contexts_of_user);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

/* Signals that do not kill neither interrupt nor repeat anything. */
TEST_SECONDS(other_signals_do_not_interrupt, 60)
{
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = count_alarm };
	struct long_batch batch = long_batch_new(4);
	uint32_t at;

	ASSERT_OK(sigaction(SIGALRM, &action, NULL));
	/* Stream operations would show if a request ran twice. */
	for (at = 0; at < batch.count; at++) {
		batch.requests[at].op = DEVCRYPTO_OP_STREAM_UPDATE;
		batch.requests[at].dst = batch.requests[at].dst_bytes = 0;
	}
	ASSERT_OK(setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_EQ(batch.count, run_batch(batch.fd, batch.requests, batch.count));
	ASSERT_OK(setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_TRUE(alarms > 0);
	for (at = 0; at < batch.count; at++)
		EXPECT_EQ(0, batch.requests[at].out_result);
}

/* --- memory that changes under a request --- */

struct changing {
	struct fixture *fixture;
	bool stop;
};

static void *flip_ciphertext(void *argument)
{
	struct changing *changing = argument;

	while (!__atomic_load_n(&changing->stop, __ATOMIC_RELAXED))
		__atomic_xor_fetch(&changing->fixture->src[40], 0x10, __ATOMIC_RELAXED);
	return NULL;
}

/* What was authenticated is what is decrypted: nothing is read twice. */
TEST_SECONDS(ciphertext_changes, 60)
{
	struct changing changing = { .fixture = fixture_new(AEAD_DECRYPT, 0) };
	struct fixture *fixture = changing.fixture;
	int round, good = 0, bad = 0;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, flip_ciphertext, &changing));
	for (round = 0; round < 3000; round++) {
		memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
		if (!run_request(fixture->fd, &fixture->request)) {
			good++;
			ASSERT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
		} else {
			bad++;
			ASSERT_EQ(-EBADMSG, fixture->request.out_result);
			fixture_expect_untouched(fixture);
		}
		if (harness_failed())
			break;
	}
	__atomic_store_n(&changing.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	harness_note("%d accepted, %d refused", good, bad);
	EXPECT_TRUE(good > 0);
	EXPECT_TRUE(bad > 0);
}

static void *change_request(void *argument)
{
	struct changing *changing = argument;
	volatile struct devcrypto_request *request = &changing->fixture->request;
	unsigned int round = 0;

	while (!__atomic_load_n(&changing->stop, __ATOMIC_RELAXED)) {
		/* Every value but the first is refused, for a reason of its own. */
		request->src_bytes = round % 2 ? UINT32_MAX : TEXT_BYTES;
		request->assoc_bytes = round % 3 ? 1U << 31 : ASSOC_BYTES;
		request->src_segments = round % 5 == 4;
		request->reserved = round % 7 == 6;
		round++;
	}
	return NULL;
}

/* The fields are read once: checked and used values are the same. */
TEST_SECONDS(request_changes, 60)
{
	struct changing changing = { .fixture = fixture_new(AEAD_DECRYPT, 0) };
	struct fixture *fixture = changing.fixture;
	pthread_t thread;
	int round;

	ASSERT_EQ(0, pthread_create(&thread, NULL, change_request, &changing));
	for (round = 0; round < 3000; round++) {
		int result = run_request(fixture->fd, &fixture->request);

		if (!result)
			ASSERT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
		else
			ASSERT_TRUE(result == -EDQUOT || result == -EINVAL || result == -EFAULT ||
				    result == -EMSGSIZE || result == -EBADMSG);
		if (harness_failed())
			break;
	}
	__atomic_store_n(&changing.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

struct vanishing {
	unsigned char *memory;
	size_t bytes;
	bool stop;
};

static void *unmap_and_map(void *argument)
{
	struct vanishing *vanishing = argument;

	while (!__atomic_load_n(&vanishing->stop, __ATOMIC_RELAXED)) {
		mprotect(vanishing->memory, vanishing->bytes, PROT_NONE);
		mprotect(vanishing->memory, vanishing->bytes, PROT_READ | PROT_WRITE);
		/* Now and then a request gets through. */
		usleep(2000);
		madvise(vanishing->memory, vanishing->bytes, MADV_DONTNEED);
	}
	return NULL;
}

TEST_SECONDS(memory_vanishes, 60)
{
	struct vanishing vanishing = { .bytes = 1 << 14 };
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	int round, good = 0, bad = 0;
	pthread_t thread;

	vanishing.memory = memory_before_hole(vanishing.bytes);
	fixture->request.src = fixture->request.dst = address_of(vanishing.memory);
	fixture->request.src_bytes = fixture->request.dst_bytes = vanishing.bytes;
	ASSERT_EQ(0, pthread_create(&thread, NULL, unmap_and_map, &vanishing));
	for (round = 0; round < 500; round++) {
		int result = run_request(fixture->fd, &fixture->request);

		good += !result;
		bad += result == -EFAULT;
	}
	__atomic_store_n(&vanishing.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	harness_note("%d succeeded, %d faulted", good, bad);
	EXPECT_EQ(500, good + bad);
}
