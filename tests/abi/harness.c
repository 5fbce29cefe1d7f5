// SPDX-License-Identifier: MIT
/* The runner of the harness: harness.h says how tests are written. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

enum { EXIT_PASSED, EXIT_FAILED, EXIT_SKIPPED };

static struct harness_group *groups;
static struct harness_group **tail = &groups;
static bool failed;
/* Shared with the processes of the tests, which say there why they skip. */
static char *skip_reason;
#define SKIP_REASON_BYTES 256

void harness_add(struct harness_group *group)
{
	*tail = group;
	tail = &group->next;
}

void harness_note(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	printf("#     %s\n", line);
}

static void fail(const char *file, int line, const char *text)
{
	__atomic_store_n(&failed, true, __ATOMIC_RELAXED);
	printf("#   %s:%d: %s\n", file, line, text);
}

bool harness_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

bool harness_true(const char *file, int line, const char *text, bool seen)
{
	if (!seen)
		fail(file, line, text);
	return seen;
}

bool harness_equal(const char *file, int line, const char *text,
		   long long expected, long long seen)
{
	if (expected == seen)
		return true;
	fail(file, line, text);
	harness_note("expected %lld, seen %lld", expected, seen);
	return false;
}

bool harness_errno(const char *file, int line, const char *text,
		   int expected, long long returned, int seen)
{
	if (returned == -1 && expected == seen)
		return true;
	fail(file, line, text);
	harness_note("expected %s, seen %lld %s", strerrorname_np(expected), returned,
		     returned == -1 ? strerrorname_np(seen) : "");
	return false;
}

bool harness_memory(const char *file, int line, const char *text,
		    const void *expected, const void *seen, size_t bytes)
{
	const unsigned char *wanted = expected, *got = seen;
	size_t at = 0;

	while (at < bytes && wanted[at] == got[at])
		at++;
	if (at == bytes)
		return true;
	fail(file, line, text);
	harness_note("byte %zu of %zu: expected %02x, seen %02x", at, bytes, wanted[at], got[at]);
	return false;
}

void harness_exit(void)
{
	fflush(stdout);
	_exit(failed ? EXIT_FAILED : EXIT_PASSED);
}

void harness_skip(const char *reason)
{
	if (harness_failed())
		harness_exit();
	snprintf(skip_reason, SKIP_REASON_BYTES, "%s", reason);
	fflush(stdout);
	_exit(EXIT_SKIPPED);
}

static const void *row_of(const struct harness_group *group, size_t index)
{
	return (const char *)group->rows + index * group->row_bytes;
}

static void name_of(const struct harness_group *group, size_t index, char *name, size_t bytes)
{
	if (group->rows)
		snprintf(name, bytes, "%s.%s", group->name,
			 *(const char *const *)row_of(group, index));
	else
		snprintf(name, bytes, "%s", group->name);
}

static bool wanted(const char *name, char *const *patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, name, 0))
			return true;
	return false;
}

/* Wait for a child; false if it does not end in time. */
static bool wait_for(pid_t child, unsigned int seconds, int *status)
{
	struct timespec now, end, left;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (;;) {
		if (waitpid(child, status, WNOHANG) == child)
			return true;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec ||
		    (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec))
			return false;
		left.tv_sec = 1;
		left.tv_nsec = 0;
		sigtimedwait(&signals, NULL, &left);
	}
}

unsigned int harness_slower(void)
{
	const char *factor = getenv("DEVCRYPTO_SLOWER");

	return factor ? strtoul(factor, NULL, 10) : 1;
}

/* Where a test begins, for those who read in the kernel log of the guest what came of it. */
static void mark(const char *what, const char *name)
{
	int log = getenv("DEVCRYPTO_GUEST") ? open("/dev/kmsg", O_WRONLY | O_CLOEXEC) : -1;

	char line[256];
	int length = snprintf(line, sizeof(line), "<5>test %s: %s %s\n", what,
			      program_invocation_short_name, name);

	if (log < 0)
		return;
	/* One write is one message; that one is lost is no failure of the test. */
	if (write(log, line, (size_t)length) != length)
		harness_note("no mark in the kernel log");
	close(log);
}

static pid_t start(const struct harness_group *group, size_t index, const sigset_t *mask)
{
	pid_t child = fork();

	if (child < 0) {
		puts("Bail out! no process");
		exit(EXIT_FAILURE);
	}
	if (!child) {
		/* What a test starts ends with it, and with the runner. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, mask, NULL);
		group->run(group->rows ? row_of(group, index) : NULL);
		harness_exit();
	}
	setpgid(child, child);
	return child;
}

static bool run(const struct harness_group *group, size_t index, unsigned int number,
		const sigset_t *mask)
{
	bool in_time;
	char name[128];
	unsigned int limit_seconds;
	int status;
	pid_t child;

	name_of(group, index, name, sizeof(name));
	mark("begins", name);
	limit_seconds = group->limit_seconds * harness_slower();
	child = start(group, index, mask);
	in_time = wait_for(child, limit_seconds, &status);
	kill(-child, SIGKILL);
	mark("ends", name);
	if (!in_time && !wait_for(child, 10, &status)) {
		printf("not ok %u - %s\n", number, name);
		printf("Bail out! %s hangs in the kernel\n", name);
		exit(EXIT_FAILURE);
	}
	if (!in_time) {
		printf("#   no end in %u s\n", limit_seconds);
	} else if (WIFSIGNALED(status)) {
		printf("#   killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) == EXIT_SKIPPED) {
		printf("ok %u - %s # SKIP %s\n", number, name, skip_reason);
		return true;
	} else if (WEXITSTATUS(status) == EXIT_PASSED) {
		printf("ok %u - %s\n", number, name);
		return true;
	}
	printf("not ok %u - %s\n", number, name);
	return false;
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "--list");
	char *const *patterns = argv + 1;
	const struct harness_group *group;
	unsigned int total = 0, number = 0, bad = 0;
	sigset_t child, mask;
	char name[128];
	size_t index;

	if (argc > 1 && argv[1][0] == '-' && !list) {
		fprintf(stderr, "usage: %s [--list | PATTERN...]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (group = groups; group; group = group->next)
		for (index = 0; index < group->count; index++) {
			name_of(group, index, name, sizeof(name));
			if (list)
				puts(name);
			else
				total += wanted(name, patterns);
		}
	if (list)
		return 0;

	skip_reason = mmap(NULL, SKIP_REASON_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skip_reason == MAP_FAILED) {
		puts("Bail out! no memory");
		return EXIT_FAILURE;
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &mask);
	printf("TAP version 13\n1..%u\n", total);
	for (group = groups; group; group = group->next)
		for (index = 0; index < group->count; index++) {
			name_of(group, index, name, sizeof(name));
			if (wanted(name, patterns))
				bad += !run(group, index, ++number, &mask);
		}
	return bad || !total ? EXIT_FAILURE : EXIT_SUCCESS;
}
