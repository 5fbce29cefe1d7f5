// SPDX-License-Identifier: MIT
/*
 * Requests that are under way, in software and in the simulated engine, while their program
 * becomes another one by exec(), has a child, or hands the context on: nothing is written where
 * nobody asked for it. Needs the administrator's rights.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "ring.h"
#include "simulator.h"

/* Later than the header of Debian 12. */
#define DEFER_TASKRUN	(1U << 13 | IORING_SETUP_SINGLE_ISSUER)

/* Requests of a program, and where all programs have what they write. */
#define COUNT		8
#define AREA		((unsigned char *)0x20000000)
#define AREA_BYTES	4096U
/* The result of a request in the area. */
#define RESULT(at)	(AREA + (at) * TEXT_BYTES)
#define NAME(at)	(1000 + (at))
/* Hashing so much takes longer than exec(). */
#define SOFTWARE_BYTES	(4U << 20)

/* What the new program is told: descriptors of the context, or -1, and of two pipes. */
#define TOLD_ENV	"TEST_AFTER_EXEC"

static bool area_is_untouched(void)
{
	size_t at;

	for (at = 0; at < AREA_BYTES; at++)
		if (AREA[at] != UNTOUCHED)
			return false;
	return true;
}

static void area_new(int flags, int fd)
{
	ASSERT_TRUE(mmap(AREA, AREA_BYTES, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, fd,
			 0) == AREA);
	memset(AREA, UNTOUCHED, AREA_BYTES);
}

/* --- the new program --- */

/* It completes as cancelled, and the context serves who has it now. */
static void take_over(int fd)
{
	struct devcrypto_completion completions[COUNT + 1];
	struct devcrypto_cancel answer;
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request("abc", 3, digest);
	int at, count;

	EXPECT_EQ(0, cancel_all(fd, &answer));
	EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
	count = reap(fd, completions, COUNT + 1, COUNT);
	EXPECT_TRUE(count == 0 || count == COUNT);
	for (at = 0; at < count; at++) {
		EXPECT_EQ(-ECANCELED, completions[at].result);
		EXPECT_EQ(0, completions[at].out_bytes);
	}
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-in-flight"));
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
	/* What the class of the context is does not matter to whether it answers. */
	request.user_data = 7;
	EXPECT_EQ(1, submit(fd, &request, 1));
	EXPECT_EQ(1, reap(fd, completions, 1, 1));
	EXPECT_EQ(7, completions[0].user_data);
}

/* Before main(), in the new program. */
__attribute__((constructor)) static void after_exec(void)
{
	const char *told = getenv(TOLD_ENV);
	int fd, ready, go;
	char byte;

	if (!told)
		return;
	ASSERT_EQ(3, sscanf(told, "%d,%d,%d", &fd, &ready, &go));
	area_new(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_EQ(1, write(ready, "", 1));
	ASSERT_EQ(1, read(go, &byte, 1));
	if (fd >= 0)
		take_over(fd);
	EXPECT_TRUE(area_is_untouched());
	harness_exit();
}

/* --- the old program --- */

enum way { SUBMITTED, RING };

static const struct exec_row {
	const char *name;
	enum way way;
	unsigned int ring_flags;
	/* In the engine, which is paused; else in software. */
	bool engine;
	/* The new program has the context. */
	bool passed;
	uint32_t request_flags;
} execs[] = {
	{ "submitted", SUBMITTED, 0, true, true, 0 },
	{ "submitted_not_copied", SUBMITTED, 0, true, true, DEVCRYPTO_REQUEST_ZEROCOPY },
	{ "submitted_closed", SUBMITTED, 0, true, false, 0 },
	{ "submitted_to_software", SUBMITTED, 0, false, true, 0 },
	{ "submitted_to_software_closed", SUBMITTED, 0, false, false, 0 },
	{ "ring", RING, 0, true, true, 0 },
	{ "ring_not_copied", RING, 0, true, true, DEVCRYPTO_REQUEST_ZEROCOPY },
	{ "ring_closed", RING, 0, true, false, 0 },
	{ "ring_defer_taskrun", RING, DEFER_TASKRUN, true, true, 0 },
	{ "ring_sqpoll", RING, IORING_SETUP_SQPOLL, true, true, 0 },
	{ "ring_of_software", RING, 0, false, true, 0 },
	{ "ring_of_software_closed", RING, 0, false, false, 0 },
};

struct run {
	const struct exec_row *row;
	/* The context, and what a processor makes of each request. */
	struct fixture *fixture, ran;
	struct devcrypto_request requests[COUNT];
	/* Ends of the pipes by which new program and test tell each other of. */
	int ready[2], go[2];
	pid_t child;
};

/* Requests that take their time, or that the engine takes when it is told to. */
static void run_prepare(struct run *run, const struct exec_row *row)
{
	static unsigned char *data;
	int at;

	run->row = row;
	if (!data)
		data = calloc(1, SOFTWARE_BYTES);
	if (row->engine) {
		run->fixture = engine_fixture(cipher, &run->ran);
	} else {
		run->fixture = fixture_new(HASH_DIGEST, 0);
		run->fixture->request = digest_request(data, SOFTWARE_BYTES, run->fixture->dst);
		run->ran = *run->fixture;
		run->ran.request.dst = address_of(run->ran.dst);
		ASSERT_EQ(0, run_request(run->fixture->fd, &run->ran.request));
	}
	for (at = 0; at < COUNT; at++) {
		run->requests[at] = run->fixture->request;
		run->requests[at].dst = address_of(RESULT(at));
		run->requests[at].user_data = NAME(at);
		run->requests[at].flags = row->request_flags;
	}
	ASSERT_OK(pipe(run->ready));
	ASSERT_OK(pipe(run->go));
	set("paused", 1);
}

/* Has the requests under way on @ring, or without one. */
static void run_begin(struct run *run, struct io_uring *ring)
{
	int at;

	if (run->row->way == SUBMITTED) {
		ASSERT_EQ(COUNT, submit(run->fixture->fd, run->requests, COUNT));
		return;
	}
	for (at = 0; at < COUNT; at++)
		ring_put_request(ring, run->fixture->fd, &run->requests[at]);
	ring_submit(ring, COUNT);
	while (ring->flags & IORING_SETUP_SQPOLL && *ring->sq.khead != *ring->sq.ktail)
		usleep(1000);
}

/* Becomes the new program. */
static void run_exec(struct run *run)
{
	char told[64];
	int fd = -1;

	if (run->row->passed)
		fd = ASSERT_OK(dup(run->fixture->fd));
	snprintf(told, sizeof(told), "%d,%d,%d", fd, run->ready[1], run->go[0]);
	setenv(TOLD_ENV, told, 1);
	execl("/proc/self/exe", "after_exec", NULL);
	_exit(5);
}

/*
 * A child has the requests under way and becomes another program. Its area is @shared with the
 * test. With @ring that is the test's as well, else a ring is its own.
 */
static void run_start(struct run *run, int shared, struct io_uring *ring)
{
	run->child = ASSERT_OK(fork());
	if (run->child)
		return;
	if (shared >= 0)
		area_new(MAP_SHARED, shared);
	else
		area_new(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!ring) {
		ring = calloc(1, sizeof(*ring));
		if (run->row->way == RING)
			ring_open(ring, COUNT, run->row->ring_flags);
	}
	run_begin(run, ring);
	run_exec(run);
}

static void run_finish(struct run *run)
{
	int status;

	ASSERT_EQ(1, write(run->go[1], "", 1));
	ASSERT_EQ(run->child, waitpid(run->child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

static void wait_for_new_program(const struct run *run)
{
	char byte;

	ASSERT_EQ(1, read(run->ready[0], &byte, 1));
}

static bool new_program_is_there(const struct run *run, unsigned int wait_ms)
{
	struct pollfd ready = { .fd = run->ready[0], .events = POLLIN };

	return ASSERT_OK(poll(&ready, 1, wait_ms)) == 1;
}

static int memory_file(void)
{
	int fd = ASSERT_OK(memfd_create("area", MFD_CLOEXEC));

	ASSERT_OK(ftruncate(fd, AREA_BYTES));
	return fd;
}

/*
 * What was submitted does not keep exec(), and is ended for the new program; what a ring has does
 * keep it, and has ended before there is a new program.
 */
TEST_EACH(exec, execs)
{
	int shared = row->way == RING ? memory_file() : -1;
	struct counts before;
	struct run run;
	int at;

	arrange(1);
	before = counts_now();
	run_prepare(&run, row);
	run_start(&run, shared, NULL);
	if (!row->passed)
		ASSERT_OK(close(run.fixture->fd));
	if (row->engine && row->way == RING)
		EXPECT_TRUE(!new_program_is_there(&run, 200));
	else
		wait_for_new_program(&run);
	if (row->engine) {
		EXPECT_EQ(1, get("in_engine"));
		EXPECT_EQ(before.contexts + 1, counts_now().contexts);
	}
	set("paused", 0);
	if (row->engine && row->way == RING)
		wait_for_new_program(&run);
	if (row->way == RING && row->passed) {
		EXPECT_EQ(0, fdinfo_of(run.fixture->fd, "devcrypto-in-flight"));
		EXPECT_EQ(0, fdinfo_of(run.fixture->fd, "devcrypto-cancelled"));
	}
	if (row->way == RING) {
		ASSERT_TRUE(mmap(AREA, AREA_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE,
				 shared, 0) == AREA);
		for (at = 0; at < COUNT; at++)
			EXPECT_MEM(run.ran.dst, RESULT(at), run.ran.request.out_bytes);
	}
	run_finish(&run);
	if (row->passed)
		ASSERT_OK(close(run.fixture->fd));
	expect_returned(&before);
}

/* Each command has its one CQE, in a ring that somebody else has, too. */
TEST(exec_with_a_ring_of_the_parent)
{
	static const struct exec_row row = { "", RING, 0, true, true, 0 };
	bool seen[COUNT] = { false };
	struct io_uring ring;
	struct counts before;
	struct run run;
	int at;

	arrange(1);
	before = counts_now();
	run_prepare(&run, &row);
	ring_open(&ring, COUNT, 0);
	run_start(&run, -1, &ring);
	EXPECT_TRUE(!new_program_is_there(&run, 200));
	EXPECT_TRUE(ring_is_silent(&ring));
	set("paused", 0);
	wait_for_new_program(&run);
	for (at = 0; at < COUNT; at++) {
		const struct ring_result result = ring_wait(&ring);

		ASSERT_TRUE(result.user_data >= NAME(0) && result.user_data < NAME(COUNT));
		EXPECT_TRUE(!seen[result.user_data - NAME(0)]);
		seen[result.user_data - NAME(0)] = true;
		EXPECT_EQ(TEXT_BYTES, result.res);
	}
	EXPECT_TRUE(ring_is_silent(&ring));
	run_finish(&run);
	io_uring_queue_exit(&ring);
	ASSERT_OK(close(run.fixture->fd));
	expect_returned(&before);
}

static const struct {
	const char *name;
	unsigned int ring_flags;
} killed_rows[] = {
	{ "plain", 0 },
	{ "defer_taskrun", DEFER_TASKRUN },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

/* In exec(), which the ring keeps: what waits is given up, and the engine keeps the rest. */
TEST_EACH(killed_in_exec, killed_rows)
{
	const struct exec_row exec_row = { "", RING, row->ring_flags, true, true, 0 };
	const double began = now();
	struct counts before;
	struct run run;
	int status;

	arrange(1);
	before = counts_now();
	run_prepare(&run, &exec_row);
	run_start(&run, -1, NULL);
	EXPECT_TRUE(!new_program_is_there(&run, 200));
	EXPECT_EQ(COUNT, fdinfo_of(run.fixture->fd, "devcrypto-in-flight"));
	ASSERT_OK(kill(run.child, SIGKILL));
	while (get("in_engine") == 1 && now() - began < PATIENCE_SECONDS &&
	       fdinfo_of(run.fixture->fd, "devcrypto-in-flight") != 1)
		usleep(1000);
	EXPECT_EQ(1, fdinfo_of(run.fixture->fd, "devcrypto-in-flight"));
	EXPECT_EQ(COUNT - 1, fdinfo_of(run.fixture->fd, "devcrypto-cancelled"));
	EXPECT_EQ(1, get("in_engine"));
	set("paused", 0);
	ASSERT_EQ(run.child, waitpid(run.child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ASSERT_OK(close(run.fixture->fd));
	expect_returned(&before);
}

/* --- others who have the context --- */

/* Commands of one process on a context, each to memory that another process has, too. */
struct party {
	struct io_uring ring;
	int fd;
	struct fixture *fixture, ran;
	struct devcrypto_request requests[COUNT];
	unsigned char dst[COUNT][TEXT_BYTES];
};

static struct party *party_new(void)
{
	struct party *party = calloc(1, sizeof(*party));
	int at;

	party->fixture = engine_fixture(cipher, &party->ran);
	party->fd = party->fixture->fd;
	memset(party->dst, UNTOUCHED, sizeof(party->dst));
	for (at = 0; at < COUNT; at++) {
		party->requests[at] = party->fixture->request;
		party->requests[at].dst = address_of(party->dst[at]);
		party->requests[at].user_data = NAME(at);
	}
	return party;
}

static void party_begin(struct party *party)
{
	int at;

	ring_open(&party->ring, COUNT, 0);
	for (at = 0; at < COUNT; at++)
		ring_put_request(&party->ring, party->fd, &party->requests[at]);
	ring_submit(&party->ring, COUNT);
}

/* Takes all that end with @res; what they have written is theirs alone. */
static void party_finish(struct party *party, int res)
{
	unsigned char untouched[TEXT_BYTES];
	int at;

	memset(untouched, UNTOUCHED, TEXT_BYTES);
	for (at = 0; at < COUNT; at++)
		EXPECT_EQ(res, ring_wait(&party->ring).res);
	EXPECT_TRUE(ring_is_silent(&party->ring));
	for (at = 0; at < COUNT; at++)
		EXPECT_MEM(res < 0 ? untouched : party->ran.dst, party->dst[at], TEXT_BYTES);
}

/*
 * The child has the context by inheritance, or is given it: it cancels none but its own, and
 * neither of the two sees anything of the other.
 */
static const struct {
	const char *name;
	bool passed;
} heirs[] = {
	{ "inherited", false },
	{ "passed", true },
};

TEST_EACH(child_cancels_its_own, heirs)
{
	int sockets[2], status;
	struct counts before;
	struct party *party;
	pid_t child;
	char byte;

	arrange(1);
	before = counts_now();
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	party = party_new();
	set("paused", 1);
	child = ASSERT_OK(fork());
	if (!child) {
		struct devcrypto_cancel answer;

		if (row->passed) {
			close(party->fd);
			party->fd = receive_descriptor(sockets[1]);
		} else {
			ASSERT_EQ(1, read(sockets[1], &byte, 1));
		}
		EXPECT_EQ(0, cancel_all(party->fd, &answer));
		EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
		party_begin(party);
		EXPECT_EQ(0, cancel_all(party->fd, &answer));
		EXPECT_EQ(COUNT, answer.out_cancelled);
		EXPECT_EQ(0, answer.out_running);
		party_finish(party, -ECANCELED);
		/* Once more, and now they are not cancelled; the parent is told. */
		io_uring_queue_exit(&party->ring);
		party_begin(party);
		ASSERT_EQ(1, write(sockets[1], "", 1));
		party_finish(party, TEXT_BYTES);
		harness_exit();
	}
	party_begin(party);
	if (row->passed)
		send_descriptor(sockets[0], party->fd);
	else
		ASSERT_EQ(1, write(sockets[0], "", 1));
	ASSERT_EQ(1, read(sockets[0], &byte, 1));
	EXPECT_EQ(2 * COUNT, fdinfo_of(party->fd, "devcrypto-in-flight"));
	EXPECT_TRUE(ring_is_silent(&party->ring));
	set("paused", 0);
	party_finish(party, TEXT_BYTES);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	io_uring_queue_exit(&party->ring);
	ASSERT_OK(close(party->fd));
	expect_returned(&before);
}

/* The end of one process is nothing to the other one. */
TEST(child_is_killed)
{
	struct counts before;
	struct party *party;
	int ready[2];
	pid_t child;
	char byte;

	arrange(1);
	before = counts_now();
	ASSERT_OK(pipe(ready));
	party = party_new();
	set("paused", 1);
	child = ASSERT_OK(fork());
	if (!child) {
		party_begin(party);
		_exit(write(ready[1], "", 1) != 1 || pause());
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	party_begin(party);
	ASSERT_OK(kill(child, SIGKILL));
	ASSERT_OK(waitpid(child, NULL, 0));
	set("paused", 0);
	party_finish(party, TEXT_BYTES);
	io_uring_queue_exit(&party->ring);
	ASSERT_OK(close(party->fd));
	expect_returned(&before);
}
