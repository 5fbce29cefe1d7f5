// SPDX-License-Identifier: MIT
/* The queue of submitted requests: thousands, waiting, poll, eventfd, and when it is full. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SLOW_SECONDS	60

/* --- thousands --- */

/* Messages and their digests, a row of each; made by DEVCRYPTO_IOC_RUN. */
struct many {
	int fd;
	uint32_t count, bytes;
	unsigned char *text;
	unsigned char (*expected)[DIGEST_BYTES], (*digests)[DIGEST_BYTES];
	struct devcrypto_request *requests;
	struct devcrypto_completion *completions;
	unsigned char *seen;
};

static struct many *many_new(uint32_t count, uint32_t bytes)
{
	struct many *many = calloc(1, sizeof(*many));
	uint32_t at;

	many->fd = hashing_context();
	many->count = count;
	many->bytes = bytes;
	many->text = malloc(bytes + count);
	many->expected = calloc(count, DIGEST_BYTES);
	many->digests = calloc(count, DIGEST_BYTES);
	many->requests = calloc(count, sizeof(*many->requests));
	many->completions = calloc(count, sizeof(*many->completions));
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
	return many;
}

static void note_completions(struct many *many, uint32_t count)
{
	uint32_t at;

	for (at = 0; at < count; at++) {
		const struct devcrypto_completion *completion = &many->completions[at];

		ASSERT_EQ(0, completion->result);
		ASSERT_EQ(DIGEST_BYTES, completion->out_bytes);
		ASSERT_TRUE(completion->user_data < many->count);
		ASSERT_EQ(0, many->seen[completion->user_data]++);
	}
}

/* Each has completed once, and nothing more is to come. */
static void expect_all_done(struct many *many)
{
	uint32_t at;

	for (at = 0; at < many->count; at++)
		ASSERT_EQ(1, many->seen[at]);
	EXPECT_MEM(many->expected, many->digests, many->count * DIGEST_BYTES);
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 1));
}

static const struct {
	const char *name;
	uint32_t bytes;
} lengths[] = {
	{ "at_once", 10 },
	{ "by_threads_of_the_kernel", 2000 },
};

/* As many as one call takes, all of them before the first is reaped. */
TEST_EACH(thousands_in_flight, lengths)
{
	struct many *many = many_new(info_now().max_batch, row->bytes);
	uint32_t left = many->count;
	int taken;

	ASSERT_TRUE(many->count >= 4096);
	ASSERT_EQ(many->count, submit(many->fd, many->requests, many->count));
	while (left) {
		taken = ASSERT_OK(reap(many->fd, many->completions, 1000, 1));
		note_completions(many, taken);
		left -= taken;
	}
	expect_all_done(many);
}

/* More than fit into the queue: each call makes itself the room that it needs. */
TEST_EACH(more_than_fit, lengths)
{
	const struct devcrypto_info info = info_now();
	struct many *many = many_new(info.max_in_flight + 3000, row->bytes);
	uint32_t submitted = 0, completed = 0;

	while (completed < many->count) {
		const uint32_t left = many->count - submitted;
		struct devcrypto_submit submit = {
			.requests = address_of(many->requests + submitted),
			.count = left < 4000 ? left : 4000,
			.request_bytes = left ? sizeof(*many->requests) : 0,
			.completions = address_of(many->completions),
			.max_completions = many->count,
			.completion_bytes = sizeof(*many->completions),
			.min_completions = left ? 0 : 1,
		};

		if (!left)
			submit.requests = 0;
		ASSERT_OK(ioctl(many->fd, DEVCRYPTO_IOC_SUBMIT, &submit));
		submitted += submit.out_submitted;
		completed += submit.out_completed;
		note_completions(many, submit.out_completed);
	}
	EXPECT_EQ(many->count, submitted);
	EXPECT_EQ(many->count, completed);
	expect_all_done(many);
}

/* The completions say the same as the call. */
TEST_SECONDS(cancel_all_of_thousands, SLOW_SECONDS)
{
	struct many *many = many_new(4096, 2000);
	struct devcrypto_cancel answer;
	uint32_t at, cancelled = 0;
	int result;

	ASSERT_EQ(many->count, submit(many->fd, many->requests, many->count));
	result = cancel_all(many->fd, &answer);
	EXPECT_TRUE(!result || errno == EALREADY);
	EXPECT_EQ(result ? 1 : 0, answer.out_running && !answer.out_cancelled);
	ASSERT_EQ(many->count, reap(many->fd, many->completions, many->count, many->count));
	for (at = 0; at < many->count; at++) {
		const struct devcrypto_completion *completion = &many->completions[at];

		ASSERT_TRUE(completion->user_data < many->count);
		ASSERT_EQ(0, many->seen[completion->user_data]++);
		if (completion->result == -ECANCELED)
			cancelled++;
		else
			ASSERT_MEM(many->expected[completion->user_data],
				   many->digests[completion->user_data], DIGEST_BYTES);
	}
	harness_note("%u cancelled, %u running", answer.out_cancelled, answer.out_running);
	EXPECT_EQ(cancelled, answer.out_cancelled);
	EXPECT_TRUE(cancelled > 0);
	EXPECT_EQ(0, reap(many->fd, many->completions, 1, 1));
	/* The context is none the worse for it. */
	many->seen[0] = 0;
	ASSERT_EQ(1, submit(many->fd, many->requests, 1));
	ASSERT_EQ(1, reap(many->fd, many->completions, 1, 1));
	EXPECT_EQ(0, many->completions[0].result);
}

/* --- waiting --- */

TEST_SECONDS(no_wait_without_a_minimum, SLOW_SECONDS)
{
	struct devcrypto_completion completion;
	int fd = hashing_context();

	submit_slow(fd, 1);
	EXPECT_EQ(0, reap(fd, &completion, 1, 0));
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
}

TEST_SECONDS(submission_does_not_do_the_work, SLOW_SECONDS)
{
	const double began = now();
	struct devcrypto_completion completion;
	double submitted, done;
	int fd = hashing_context();

	submit_slow(fd, 1);
	submitted = now() - began;
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	done = now() - began;
	harness_note("submitted after %.3f s, done after %.3f s", submitted, done);
	EXPECT_TRUE(submitted < done);
}

TEST_SECONDS(timeout, SLOW_SECONDS)
{
	struct devcrypto_completion completion;
	int fd = hashing_context();
	double began;

	submit_slow(fd, 1);
	began = now();
	EXPECT_ERRNO(ETIME, reap_within(fd, &completion, 1, 1, 20000000));
	EXPECT_TRUE(now() - began >= 0.02);
	EXPECT_ERRNO(ETIME, reap_within(fd, &completion, 1, 1, 1));
	/* In time. */
	EXPECT_EQ(1, reap_within(fd, &completion, 1, 1, UINT64_C(60000000000)));
	EXPECT_EQ(0, completion.result);
}

/* What has happened counts for more than what has not. */
TEST_SECONDS(timeout_after_a_submission, SLOW_SECONDS)
{
	unsigned char *data = calloc(1, SLOW_BYTES), digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(data, SLOW_BYTES, digest);
	struct devcrypto_completion completion;
	struct devcrypto_submit submit = {
		.requests = address_of(&request),
		.count = 1,
		.request_bytes = sizeof(request),
		.completions = address_of(&completion),
		.max_completions = 1,
		.completion_bytes = sizeof(completion),
		.min_completions = 1,
		.timeout_ns = 1000000,
	};
	int fd = hashing_context();

	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit));
	EXPECT_EQ(1, submit.out_submitted);
	EXPECT_EQ(0, submit.out_completed);
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
}

TEST_SECONDS(timeout_after_a_completion, SLOW_SECONDS)
{
	struct devcrypto_completion completions[2];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 3, digest);
	int fd = hashing_context();

	submit_slow(fd, 1);
	ASSERT_EQ(1, submit(fd, &request, 1));
	EXPECT_EQ(1, reap_within(fd, completions, 2, 2, 20000000));
	EXPECT_EQ(0, completions[0].user_data);
	EXPECT_EQ(1, reap(fd, completions, 2, 2));
	EXPECT_EQ(1, completions[0].user_data);
}

/* Three cannot become five. */
TEST(wait_ends_with_what_is_in_flight)
{
	struct devcrypto_completion completions[5];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[3];
	int fd = hashing_context(), at;

	for (at = 0; at < 3; at++)
		requests[at] = digest_request(test_key, at * 20, digest);
	ASSERT_EQ(3, submit(fd, requests, 3));
	EXPECT_EQ(3, reap(fd, completions, 5, 5));
	EXPECT_EQ(0, reap(fd, completions, 5, 5));
}

/* However the end of the request and the beginning of the wait fall together. */
TEST_SECONDS(last_completion_is_waited_for, SLOW_SECONDS)
{
	unsigned char text[2000] = { 0 }, digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(text, sizeof(text), digest);
	struct devcrypto_completion completion;
	int fd = hashing_context(), at;

	for (at = 0; at < 10000; at++) {
		ASSERT_EQ(1, submit(fd, &request, 1));
		ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	}
}

TEST_SECONDS(nonblocking_does_not_wait, SLOW_SECONDS)
{
	struct pollfd readable = { .events = POLLIN };
	struct devcrypto_completion completion;
	int fd = hashing_context();

	set_nonblocking(fd);
	submit_slow(fd, 1);
	EXPECT_ERRNO(EAGAIN, reap(fd, &completion, 1, 1));
	EXPECT_ERRNO(EAGAIN, reap_within(fd, &completion, 1, 1, 1000000000));
	EXPECT_EQ(0, reap(fd, &completion, 1, 0));
	readable.fd = fd;
	ASSERT_EQ(1, poll(&readable, 1, -1));
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
}

/* Fewer than were asked for are no error. */
TEST_SECONDS(nonblocking_takes_what_there_is, SLOW_SECONDS)
{
	struct devcrypto_completion completions[2];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 3, digest);
	int fd = hashing_context();

	set_nonblocking(fd);
	submit_slow(fd, 1);
	ASSERT_EQ(1, submit(fd, &request, 1));
	EXPECT_EQ(1, reap(fd, completions, 2, 2));
	EXPECT_EQ(0, completions[0].user_data);
}

/* --- signals --- */

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static void alarm_soon(int flags)
{
	const struct itimerval soon = { .it_value = { 0, 50000 } };
	struct sigaction action = { .sa_handler = count_alarm, .sa_flags = flags };

	ASSERT_OK(sigaction(SIGALRM, &action, NULL));
	ASSERT_OK(setitimer(ITIMER_REAL, &soon, NULL));
}

static const struct {
	const char *name;
	int flags;
} handlers[] = {
	{ "once", 0 },
	{ "SA_RESTART", SA_RESTART },
};

TEST_EACH(signal_ends_the_wait, handlers)
{
	struct devcrypto_completion completion;
	int fd = hashing_context();

	submit_slow(fd, 1);
	alarm_soon(row->flags);
	EXPECT_ERRNO(EINTR, reap(fd, &completion, 1, 1));
	EXPECT_EQ(1, alarms);
	/* Nothing was lost. */
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
}

TEST_EACH(signal_after_a_completion, handlers)
{
	struct devcrypto_completion completions[2];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 3, digest);
	int fd = hashing_context();

	submit_slow(fd, 1);
	ASSERT_EQ(1, submit(fd, &request, 1));
	alarm_soon(row->flags);
	EXPECT_EQ(1, reap(fd, completions, 2, 2));
	EXPECT_EQ(1, alarms);
	EXPECT_EQ(0, completions[0].user_data);
	EXPECT_EQ(1, reap(fd, completions, 1, 1));
}

/* --- poll --- */

static int events_of(int fd)
{
	struct pollfd all = { .fd = fd, .events = POLLIN | POLLOUT };

	ASSERT_OK(poll(&all, 1, 0));
	return all.revents;
}

TEST(poll_before_configuration)
{
	EXPECT_EQ(POLLERR, events_of(device_open()));
}

TEST_SECONDS(poll_states, SLOW_SECONDS)
{
	struct devcrypto_completion completion;
	int fd = hashing_context();
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	EXPECT_EQ(POLLOUT, events_of(fd));
	submit_slow(fd, 1);
	EXPECT_EQ(POLLOUT, events_of(fd));
	EXPECT_EQ(0, poll(&readable, 1, 10));
	EXPECT_EQ(1, poll(&readable, 1, -1));
	EXPECT_EQ(POLLIN, readable.revents);
	EXPECT_EQ(POLLIN | POLLOUT, events_of(fd));
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(POLLOUT, events_of(fd));
}

/* What DEVCRYPTO_IOC_RUN executes has no completion. */
TEST(poll_and_run)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	fixture_check(fixture);
	EXPECT_EQ(POLLOUT, events_of(fixture->fd));
}

TEST_SECONDS(epoll_tells_of_completions, SLOW_SECONDS)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = hashing_context(), set = ASSERT_OK(epoll_create1(EPOLL_CLOEXEC)), round;
	struct devcrypto_completion completion;

	ASSERT_OK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	EXPECT_EQ(0, epoll_wait(set, &event, 1, 0));
	for (round = 0; round < 3; round++) {
		submit_slow(fd, 1);
		EXPECT_EQ(1, epoll_wait(set, &event, 1, -1));
		EXPECT_EQ(EPOLLIN, event.events);
		EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	}
}

TEST(epoll_before_configuration)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int fd = device_open(), set = ASSERT_OK(epoll_create1(EPOLL_CLOEXEC));
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	ASSERT_OK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
	EXPECT_EQ(1, epoll_wait(set, &event, 1, 0));
	EXPECT_EQ(EPOLLERR, event.events);
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_EQ(1, epoll_wait(set, &event, 1, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
}

/* --- eventfd --- */

static uint64_t signals_of(int eventfd)
{
	uint64_t number = 0;

	EXPECT_TRUE(read(eventfd, &number, 8) == 8 || errno == EAGAIN);
	return number;
}

static void complete_some(int fd, uint32_t count)
{
	struct devcrypto_completion completions[100];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[100];
	uint32_t at;

	for (at = 0; at < count; at++) {
		/* At once, by threads of the kernel, and not at all. */
		requests[at] = digest_request(memory_before_hole(2000), at % 3 ? 2000 : 20, digest);
		requests[at].reserved = at % 5 == 4;
	}
	ASSERT_EQ(count, submit(fd, requests, count));
	ASSERT_EQ(count, reap(fd, completions, count, count));
}

TEST(eventfd_counts_completions)
{
	int fd = hashing_context(), event = ASSERT_OK(eventfd(0, EFD_NONBLOCK));

	complete_some(fd, 7);
	ASSERT_OK(signal_to(fd, event));
	EXPECT_EQ(0, signals_of(event));
	complete_some(fd, 1);
	EXPECT_EQ(1, signals_of(event));
	complete_some(fd, 100);
	EXPECT_EQ(100, signals_of(event));
}

TEST(last_eventfd_holds)
{
	int fd = hashing_context();
	int first = ASSERT_OK(eventfd(0, EFD_NONBLOCK)), second = ASSERT_OK(eventfd(0, EFD_NONBLOCK));

	ASSERT_OK(signal_to(fd, first));
	ASSERT_OK(signal_to(fd, second));
	complete_some(fd, 3);
	EXPECT_EQ(0, signals_of(first));
	EXPECT_EQ(3, signals_of(second));
	ASSERT_OK(signal_to(fd, -1));
	complete_some(fd, 3);
	EXPECT_EQ(0, signals_of(first));
	EXPECT_EQ(0, signals_of(second));
}

TEST(eventfd_stays_when_its_descriptor_is_closed)
{
	int fd = hashing_context(), event = ASSERT_OK(eventfd(0, EFD_NONBLOCK));
	int copy = ASSERT_OK(dup(event));

	ASSERT_OK(signal_to(fd, event));
	close(event);
	complete_some(fd, 4);
	EXPECT_EQ(4, signals_of(copy));
	close(copy);
	complete_some(fd, 4);
}

/* Those that are cancelled complete, too. */
TEST_SECONDS(eventfd_counts_the_cancelled, SLOW_SECONDS)
{
	struct devcrypto_completion completions[16];
	struct devcrypto_cancel answer;
	int fd = hashing_context(), event = ASSERT_OK(eventfd(0, EFD_NONBLOCK)), at;

	ASSERT_OK(signal_to(fd, event));
	for (at = 0; at < 8; at++)
		submit_slow(fd, at);
	EXPECT_EQ(0, cancel_all(fd, &answer));
	EXPECT_TRUE(answer.out_cancelled > 0);
	EXPECT_EQ(8, reap(fd, completions, 16, 16));
	EXPECT_EQ(8, signals_of(event));
}

/* --- a full queue --- */

TEST(poll_of_a_full_queue)
{
	struct devcrypto_completion completion;
	int fd = full_context(0);
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	EXPECT_EQ(POLLIN, events_of(fd));
	EXPECT_EQ(0, poll(&writable, 1, 10));
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(1, poll(&writable, 1, -1));
	EXPECT_EQ(POLLIN | POLLOUT, events_of(fd));
}

TEST(nonblocking_submission_to_a_full_queue)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(test_key, 3, digest);
	struct devcrypto_completion completion;
	int fd = full_context(0);

	set_nonblocking(fd);
	EXPECT_ERRNO(EAGAIN, submit(fd, &request, 1));
	EXPECT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(1, submit(fd, &request, 1));
	EXPECT_ERRNO(EAGAIN, submit(fd, &request, 1));
}

TEST(nonblocking_submission_to_a_nearly_full_queue)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[5];
	int fd = full_context(3), at;

	set_nonblocking(fd);
	for (at = 0; at < 5; at++)
		requests[at] = digest_request(test_key, 3, digest);
	EXPECT_EQ(3, submit(fd, requests, 5));
}

/* A chain that does not fit is not begun. */
TEST(nonblocking_submission_of_a_chain_to_a_nearly_full_queue)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[5];
	int fd = full_context(3), at;

	set_nonblocking(fd);
	for (at = 0; at < 5; at++) {
		requests[at] = digest_request(test_key, 3, digest);
		requests[at].flags = at ? DEVCRYPTO_REQUEST_CHAIN : 0;
	}
	EXPECT_EQ(1, submit(fd, requests, 5));
	EXPECT_ERRNO(EAGAIN, submit(fd, requests + 1, 4));
	EXPECT_EQ(2, submit(fd, requests + 3, 2));
}

TEST(timeout_in_front_of_a_full_queue)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[5];
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = 5,
		.request_bytes = sizeof(*requests),
		.timeout_ns = 20000000,
	};
	int fd = full_context(2), at;
	double began = now();

	for (at = 0; at < 5; at++)
		requests[at] = digest_request(test_key, 3, digest);
	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit));
	EXPECT_EQ(2, submit.out_submitted);
	EXPECT_TRUE(now() - began >= 0.02);
	EXPECT_ERRNO(ETIME, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit));
}

TEST_EACH(signal_in_front_of_a_full_queue, handlers)
{
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[5];
	int fd = full_context(2), at;

	for (at = 0; at < 5; at++)
		requests[at] = digest_request(test_key, 3, digest);
	alarm_soon(row->flags);
	EXPECT_EQ(2, submit(fd, requests, 5));
	EXPECT_EQ(1, alarms);
	alarm_soon(row->flags);
	EXPECT_ERRNO(EINTR, submit(fd, requests, 5));
	EXPECT_EQ(2, alarms);
}

/* As far as there is room for completions, and no further. */
TEST(call_makes_room_itself)
{
	struct devcrypto_completion completions[10];
	unsigned char digest[DIGEST_BYTES];
	struct devcrypto_request requests[20];
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = 10,
		.request_bytes = sizeof(*requests),
		.completions = address_of(completions),
		.max_completions = 10,
		.completion_bytes = sizeof(*completions),
	};
	int fd = full_context(0), at;

	for (at = 0; at < 20; at++)
		requests[at] = digest_request(test_key, 3, digest);
	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit));
	EXPECT_EQ(10, submit.out_submitted);
	EXPECT_EQ(10, submit.out_completed);
	submit.count = 20;
	set_nonblocking(fd);
	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit));
	EXPECT_EQ(10, submit.out_submitted);
	EXPECT_EQ(10, submit.out_completed);
	EXPECT_EQ(POLLIN, events_of(fd));
}

/* Driver memory is limited, too: what is beyond it is told like any other failure. */
TEST_SECONDS(more_memory_than_a_user_may_have, SLOW_SECONDS)
{
	const struct devcrypto_info before = info_now();
	const uint32_t fit = before.max_memory_per_user / SLOW_BYTES, count = fit + 3;
	struct devcrypto_completion *completions = calloc(count, sizeof(*completions));
	struct devcrypto_cancel answer;
	uint32_t at, refused = 0;
	int fd = hashing_context();

	for (at = 0; at < count; at++)
		submit_slow(fd, at);
	EXPECT_EQ(0, cancel_all(fd, &answer));
	ASSERT_EQ(count, reap(fd, completions, count, count));
	for (at = 0; at < count; at++) {
		if (completions[at].result == -EDQUOT)
			refused++;
		else
			EXPECT_TRUE(!completions[at].result ||
				    completions[at].result == -ECANCELED);
	}
	/* The last of those that fit may be too much with all that goes along. */
	EXPECT_TRUE(refused == 3 || refused == 4);
	close(fd);
	EXPECT_EQ(before.memory_of_user, info_now().memory_of_user);
}
