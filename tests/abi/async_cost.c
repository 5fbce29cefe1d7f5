// SPDX-License-Identifier: MIT
/* What requests cost their caller: system calls, and none of the algorithm's work. */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Behind <sys/ptrace.h>, which has some of it, too. */
#include <linux/ptrace.h>

#include "device.h"
#include "harness.h"

#define MANY		1000U
#define LARGE_BYTES	(64U << 10)
#define LARGE		64U
#define ROUNDS		3

/* --- system calls --- */

/* What the counted part of a child begins and ends with. */
#define MARK()		syscall(SYS_getppid)
#define MOST_CALLS	16U

struct calls {
	unsigned int count;
	long long numbers[MOST_CALLS];
};

/* Goes on to the next system call of a child's; its number, or -1 at the end. */
static long long next_call(pid_t child)
{
	struct ptrace_syscall_info info;
	int status;

	for (;;) {
		ASSERT_OK(ptrace(PTRACE_SYSCALL, child, NULL, NULL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		if (!WIFSTOPPED(status))
			return -1;
		ASSERT_TRUE(ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) > 0);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			return info.entry.nr;
	}
}

/* The system calls between the marks of a child. */
static struct calls calls_of(void (*run)(int fd), int fd)
{
	struct calls calls = { 0 };
	pid_t child = ASSERT_OK(fork());
	long long number;
	int status;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		run(fd);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_OK(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD));
	do {
		number = next_call(child);
	} while (number != SYS_getppid && number != -1);
	for (;;) {
		number = next_call(child);
		if (number == SYS_getppid || number == -1 || calls.count == MOST_CALLS)
			break;
		calls.numbers[calls.count++] = number;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	ASSERT_EQ(SYS_getppid, number);
	return calls;
}

static struct devcrypto_request requests[MANY];
static unsigned char digests[MANY][DIGEST_BYTES];

static void make_requests(const unsigned char *src, uint32_t bytes, uint32_t count)
{
	uint32_t at;

	for (at = 0; at < count; at++)
		requests[at] = digest_request(src, bytes, digests[at]);
}

static void run_many(int fd)
{
	make_requests(test_key, sizeof(test_key), MANY);
	MARK();
	run_batch(fd, requests, MANY);
	MARK();
}

static void submit_and_reap_many(int fd)
{
	static struct devcrypto_completion completions[MANY];
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = MANY,
		.request_bytes = sizeof(requests[0]),
		.completions = address_of(completions),
		.max_completions = MANY,
		.min_completions = MANY,
		.completion_bytes = sizeof(completions[0]),
	};

	make_requests(test_key, sizeof(test_key), MANY);
	MARK();
	ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit);
	MARK();
	if (submit.out_completed != MANY)
		_exit(1);
}

static const struct {
	const char *name;
	void (*run)(int fd);
} batches[] = {
	{ "run", run_many },
	{ "submit_and_reap", submit_and_reap_many },
};

TEST_EACH(one_call_for_a_batch, batches)
{
	const struct calls calls = calls_of(row->run, hashing_context());

	EXPECT_EQ(1, calls.count);
	EXPECT_EQ(SYS_ioctl, calls.numbers[0]);
}

/* --- the algorithm's work --- */

static double cpu_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Of a thread that waits until all is done, and of one that does not. */
TEST_SECONDS(submit_does_not_work, 90)
{
	struct devcrypto_completion completions[LARGE];
	unsigned char *data = calloc(1, LARGE_BYTES);
	double run = 1e9, submitted = 1e9;
	int fd = hashing_context(), round;

	for (round = 0; round < ROUNDS; round++) {
		double began;

		make_requests(data, LARGE_BYTES, LARGE);
		began = cpu_seconds();
		ASSERT_EQ(LARGE, run_batch(fd, requests, LARGE));
		if (run > cpu_seconds() - began)
			run = cpu_seconds() - began;
		began = cpu_seconds();
		ASSERT_EQ(LARGE, submit(fd, requests, LARGE));
		if (submitted > cpu_seconds() - began)
			submitted = cpu_seconds() - began;
		ASSERT_EQ(LARGE, reap(fd, completions, LARGE, LARGE));
	}
	harness_note("%.1f ms to submit, %.1f ms to run", submitted * 1e3, run * 1e3);
	/* Where faults are found, memory that is allocated costs more than the algorithm. */
	if (harness_slower() == 1)
		EXPECT_TRUE(submitted < run / 2);
}
