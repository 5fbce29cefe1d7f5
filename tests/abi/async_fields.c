// SPDX-License-Identifier: MIT
/*
 * The operands of DEVCRYPTO_IOC_SUBMIT, CANCEL and EVENTFD: one of them wrong at
 * a time, everything else as in a call that succeeds.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define REQUEST_BYTES		96	/* of the first published version */
#define COMPLETION_BYTES	24	/* likewise */
#define SEGMENT_BYTES		16	/* likewise */
#define COUNT			5

/*
 * COUNT requests that succeed, each with a destination of its own, submitted and
 * reaped in one call. @submit has afterwards what the last call answered.
 */
struct submission {
	struct fixture *fixture;
	struct devcrypto_submit submit;
	struct devcrypto_request requests[COUNT];
	struct devcrypto_completion completions[COUNT];
	unsigned char dst[COUNT][TEXT_BYTES];
};

static void clean(struct submission *submission)
{
	memset(submission->dst, UNTOUCHED, sizeof(submission->dst));
	memset(submission->completions, UNTOUCHED, sizeof(submission->completions));
}

static struct submission *submission_new(void)
{
	struct submission *submission = calloc(1, sizeof(*submission));
	int at;

	submission->fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	for (at = 0; at < COUNT; at++) {
		submission->requests[at] = submission->fixture->request;
		submission->requests[at].dst = address_of(submission->dst[at]);
		submission->requests[at].user_data = 100 + at;
	}
	submission->submit = (struct devcrypto_submit){
		.requests = address_of(submission->requests),
		.count = COUNT,
		.request_bytes = sizeof(struct devcrypto_request),
		.completions = address_of(submission->completions),
		.max_completions = COUNT,
		.completion_bytes = sizeof(struct devcrypto_completion),
		.min_completions = COUNT,
	};
	clean(submission);
	return submission;
}

static int go(struct submission *submission)
{
	return ioctl(submission->fixture->fd, DEVCRYPTO_IOC_SUBMIT, &submission->submit);
}

/* The requests were accepted and have been reaped, every one that is in @expected. */
static void expect_reaped(const struct submission *submission,
			  const struct devcrypto_completion *completions, uint32_t expected)
{
	uint32_t at, seen = 0;
	unsigned char untouched[TEXT_BYTES];

	memset(untouched, UNTOUCHED, TEXT_BYTES);
	for (at = 0; at < (uint32_t)__builtin_popcount(expected); at++) {
		EXPECT_EQ(0, completions[at].result);
		EXPECT_EQ(TEXT_BYTES, completions[at].out_bytes);
		EXPECT_EQ(0, completions[at].flags);
		EXPECT_EQ(0, completions[at].reserved);
		ASSERT_TRUE(completions[at].user_data - 100 < COUNT);
		seen |= 1U << (completions[at].user_data - 100);
	}
	EXPECT_EQ(expected, seen);
	for (at = 0; at < COUNT; at++)
		EXPECT_MEM(expected & 1U << at ? submission->fixture->expected : untouched,
			   submission->dst[at], TEXT_BYTES);
}

/* The first @count of them. */
static void expect_first(struct submission *submission, uint32_t count)
{
	EXPECT_EQ(count, submission->submit.out_submitted);
	EXPECT_EQ(count, submission->submit.out_completed);
	expect_reaped(submission, submission->completions, (1U << count) - 1);
}

/* Nothing was written, and nothing is to come. */
static void expect_nothing(const struct submission *submission)
{
	struct devcrypto_completion untouched[COUNT];

	memset(untouched, UNTOUCHED, sizeof(untouched));
	EXPECT_MEM(untouched, submission->completions, sizeof(untouched));
	EXPECT_EQ(0, reap(submission->fixture->fd, untouched, COUNT, 1));
	expect_reaped(submission, untouched, 0);
}

static void expect_refused(struct submission *submission, int expected)
{
	const struct devcrypto_submit before = submission->submit;

	EXPECT_ERRNO(expected, go(submission));
	expect_nothing(submission);
	submission->submit = before;
}

TEST(all_in_one_call)
{
	struct submission *submission = submission_new();

	EXPECT_EQ(0, go(submission));
	expect_first(submission, COUNT);
}

TEST(what_is_written_is_not_read)
{
	struct submission *submission = submission_new();
	struct devcrypto_request before[COUNT];
	int at;

	submission->submit.out_submitted = UINT32_MAX;
	submission->submit.out_completed = UINT32_MAX;
	for (at = 0; at < COUNT; at++) {
		submission->requests[at].out_result = 0x12345678;
		submission->requests[at].out_bytes = UINT32_MAX;
	}
	memset(submission->completions, 0xff, sizeof(submission->completions));
	memcpy(before, submission->requests, sizeof(before));
	EXPECT_EQ(0, go(submission));
	expect_first(submission, COUNT);
	/* The results are in the completions only. */
	EXPECT_MEM(before, submission->requests, sizeof(before));
}

TEST(before_configuration)
{
	struct submission *submission = submission_new();

	close(submission->fixture->fd);
	submission->fixture->fd = device_open();
	EXPECT_ERRNO(ENOTCONN, go(submission));
	submission->submit.count = submission->submit.request_bytes = 0;
	submission->submit.requests = 0;
	EXPECT_ERRNO(ENOTCONN, go(submission));
}

TEST(unknown_flags)
{
	struct submission *submission = submission_new();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		submission->submit.flags = 1U << bit;
		expect_refused(submission, EINVAL);
	}
}

TEST(reserved_field)
{
	struct submission *submission = submission_new();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		submission->submit.reserved = 1U << bit;
		expect_refused(submission, EINVAL);
	}
}

TEST(more_waited_for_than_there_is_room)
{
	static const uint32_t counts[] = { COUNT + 1, 1U << 31, UINT32_MAX };
	struct submission *submission = submission_new();
	size_t at;

	for (at = 0; at < ARRAY_SIZE(counts); at++) {
		submission->submit.min_completions = counts[at];
		expect_refused(submission, EINVAL);
	}
	submission->submit.completions = submission->submit.max_completions = 0;
	submission->submit.completion_bytes = 0;
	submission->submit.min_completions = 1;
	expect_refused(submission, EINVAL);
}

TEST(beyond_max_batch)
{
	const uint32_t max = info_now().max_batch;
	const uint32_t counts[] = { max + 1, 1U << 31, UINT32_MAX };
	struct submission *submission = submission_new();
	size_t at;

	/* So many in memory: it is the count that is wrong. */
	submission->submit.requests = address_of(memory_before_hole((max + 1) * REQUEST_BYTES));
	for (at = 0; at < ARRAY_SIZE(counts); at++) {
		submission->submit.count = counts[at];
		expect_refused(submission, EDQUOT);
	}
}

/* There is no limit for the completions, only for what is in flight. */
TEST(room_for_more_completions_than_requests)
{
	static const uint32_t counts[] = { 4097, 1U << 31, UINT32_MAX };
	struct submission *submission;
	size_t at;

	for (at = 0; at < ARRAY_SIZE(counts); at++) {
		submission = submission_new();
		submission->submit.max_completions = counts[at];
		EXPECT_EQ(0, go(submission));
		expect_first(submission, COUNT);
	}
}

TEST(nothing_to_do)
{
	struct submission *submission = submission_new();

	submission->submit = (struct devcrypto_submit){ .out_submitted = 7, .out_completed = 7 };
	EXPECT_EQ(0, go(submission));
	EXPECT_EQ(0, submission->submit.out_submitted);
	EXPECT_EQ(0, submission->submit.out_completed);
	expect_nothing(submission);
}

/* Where the length of a buffer is 0 its address is not looked at. */
TEST(addresses_of_empty_arrays)
{
	struct submission *submission = submission_new();

	submission->submit = (struct devcrypto_submit){
		.requests = address_of(memory_hole()),
		.completions = address_of(memory_hole()),
	};
	EXPECT_EQ(0, go(submission));
	expect_nothing(submission);
}

TEST(any_timeout)
{
	static const uint64_t timeouts[] = { 1000000000, INT64_MAX, INT64_MAX + UINT64_C(1),
					     UINT64_MAX };
	struct submission *submission;
	size_t at;

	for (at = 0; at < ARRAY_SIZE(timeouts); at++) {
		submission = submission_new();
		submission->submit.timeout_ns = timeouts[at];
		EXPECT_EQ(0, go(submission));
		expect_first(submission, COUNT);
	}
}

/* --- the size of a completion --- */

TEST(completions_shorter_than_the_first_version)
{
	struct submission *submission = submission_new();
	uint32_t bytes;

	for (bytes = 0; bytes < COMPLETION_BYTES; bytes++) {
		submission->submit.completion_bytes = bytes;
		expect_refused(submission, EINVAL);
	}
}

TEST(completions_of_an_uneven_size)
{
	struct submission *submission = submission_new();
	uint32_t bytes;

	for (bytes = COMPLETION_BYTES + 1; bytes < 300; bytes++) {
		submission->submit.completion_bytes = bytes;
		if (bytes % 8)
			expect_refused(submission, EINVAL);
	}
}

static const uint32_t longer_completions[] = { 24, 32, 104, 4096 };

/* What an entry has more is not touched, nor what is behind the last one. */
TEST(longer_completions)
{
	struct devcrypto_completion completions[COUNT];
	struct submission *submission;
	unsigned char untouched[4096];
	size_t size;
	int at;

	memset(untouched, UNTOUCHED, sizeof(untouched));
	for (size = 0; size < ARRAY_SIZE(longer_completions); size++) {
		const uint32_t bytes = longer_completions[size];
		unsigned char *entries = memory_before_hole(COUNT * bytes);

		submission = submission_new();
		memset(entries, UNTOUCHED, COUNT * bytes);
		submission->submit.completions = address_of(entries);
		submission->submit.completion_bytes = bytes;
		EXPECT_EQ(0, go(submission));
		EXPECT_EQ(COUNT, submission->submit.out_completed);
		for (at = 0; at < COUNT; at++) {
			memcpy(&completions[at], entries + at * bytes, COMPLETION_BYTES);
			EXPECT_MEM(untouched, entries + at * bytes + COMPLETION_BYTES,
				   bytes - COMPLETION_BYTES);
		}
		expect_reaped(submission, completions, (1U << COUNT) - 1);
	}
}

TEST(entries_at_any_alignment)
{
	struct submission *submission = submission_new();
	struct devcrypto_completion completions[COUNT];
	unsigned char *requests = malloc(sizeof(submission->requests) + 8);
	unsigned char *room = malloc(sizeof(completions) + 8);
	int shift;

	for (shift = 1; shift < 8; shift++) {
		memcpy(requests + shift, submission->requests, sizeof(submission->requests));
		clean(submission);
		submission->submit.requests = address_of(requests + shift);
		submission->submit.completions = address_of(room + shift);
		EXPECT_EQ(0, go(submission));
		memcpy(completions, room + shift, sizeof(completions));
		expect_reaped(submission, completions, (1U << COUNT) - 1);
	}
}

/* --- the size of a request and of a segment --- */

TEST(requests_shorter_than_the_first_version)
{
	struct submission *submission = submission_new();
	uint32_t bytes;

	for (bytes = 0; bytes < REQUEST_BYTES; bytes++) {
		submission->submit.request_bytes = bytes;
		expect_refused(submission, EINVAL);
	}
}

TEST(requests_of_an_uneven_size)
{
	struct submission *submission = submission_new();
	uint32_t bytes;

	for (bytes = REQUEST_BYTES + 1; bytes < 300; bytes++) {
		submission->submit.request_bytes = bytes;
		if (bytes % 8)
			expect_refused(submission, EINVAL);
	}
}

TEST(requests_beyond_any_size)
{
	static const uint32_t sizes[] = { 4104, 8192, 1U << 31, UINT32_MAX - 7 };
	struct submission *submission = submission_new();
	unsigned char *entry = memory_before_hole(8192);
	size_t at;

	memcpy(entry, submission->requests, REQUEST_BYTES);
	submission->submit.requests = address_of(entry);
	submission->submit.count = 1;
	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		submission->submit.request_bytes = sizes[at];
		expect_refused(submission, E2BIG);
	}
}

/* Spreads the requests over entries of this size, up against a hole. */
static unsigned char *spread(struct submission *submission, uint32_t bytes)
{
	unsigned char *entries = memory_before_hole(COUNT * bytes);
	int at;

	clean(submission);
	for (at = 0; at < COUNT; at++)
		memcpy(entries + at * bytes, &submission->requests[at], REQUEST_BYTES);
	submission->submit.requests = address_of(entries);
	submission->submit.request_bytes = bytes;
	return entries;
}

static const uint32_t longer_requests[] = { 112, 120, 200, 4096 };

TEST(requests_with_zero_tail)
{
	struct submission *submission = submission_new();
	size_t at;

	for (at = 0; at < ARRAY_SIZE(longer_requests); at++) {
		spread(submission, longer_requests[at]);
		EXPECT_EQ(0, go(submission));
		expect_first(submission, COUNT);
	}
}

/* It ends the submission in front of it. */
TEST(request_with_dirty_tail)
{
	struct submission *submission = submission_new();
	size_t at;
	int dirty;

	for (at = 0; at < ARRAY_SIZE(longer_requests); at++) {
		const uint32_t bytes = longer_requests[at];

		for (dirty = 0; dirty < COUNT; dirty++) {
			unsigned char *entries = spread(submission, bytes);

			entries[dirty * bytes + (dirty & 1 ? sizeof(submission->requests[0]) :
							     bytes - 1)] = 1;
			if (dirty) {
				EXPECT_EQ(0, go(submission));
				expect_first(submission, dirty);
			} else {
				expect_refused(submission, E2BIG);
			}
		}
	}
}

static struct devcrypto_segment *segmented(struct submission *submission, uint32_t bytes)
{
	unsigned char *entries = memory_before_hole(2 * bytes);
	struct devcrypto_segment *segments = (void *)entries;
	struct devcrypto_request *request = &submission->requests[0];

	segments->addr = request->src;
	segments->bytes = 7;
	segments = (void *)(entries + bytes);
	segments->addr = request->src + 7;
	segments->bytes = TEXT_BYTES - 7;
	request->src = address_of(entries);
	request->src_segments = 2;
	submission->submit.count = 1;
	submission->submit.segment_bytes = bytes;
	return segments;
}

TEST(segments_with_zero_tail)
{
	static const uint32_t sizes[] = { 16, 24, 104, 4096 };
	size_t at;

	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		struct submission *submission = submission_new();

		segmented(submission, sizes[at]);
		EXPECT_EQ(0, go(submission));
		expect_first(submission, 1);
	}
}

TEST(segment_with_dirty_tail)
{
	struct submission *submission = submission_new();
	struct devcrypto_segment *segment = segmented(submission, 24);

	((unsigned char *)segment)[SEGMENT_BYTES] = 1;
	EXPECT_EQ(0, go(submission));
	EXPECT_EQ(1, submission->submit.out_completed);
	EXPECT_EQ(-E2BIG, submission->completions[0].result);
	EXPECT_EQ(0, submission->completions[0].out_bytes);
}

TEST(segments_of_a_wrong_size)
{
	static const uint32_t big[] = { 4104, 8192, 1U << 31, UINT32_MAX - 7 };
	struct submission *submission = submission_new();
	uint32_t bytes;
	size_t at;

	segmented(submission, 8192);
	for (bytes = 1; bytes < 64; bytes++) {
		submission->submit.segment_bytes = bytes;
		if (bytes < SEGMENT_BYTES || bytes % 8)
			expect_refused(submission, EINVAL);
	}
	for (at = 0; at < ARRAY_SIZE(big); at++) {
		submission->submit.segment_bytes = big[at];
		expect_refused(submission, E2BIG);
	}
}

/* --- addresses --- */

TEST(bad_requests)
{
	struct submission *submission = submission_new();
	const uint64_t good = submission->submit.requests;
	const uint64_t bad[] = {
		0, address_of(memory_hole()), UINT64_MAX, UINT64_MAX - REQUEST_BYTES,
		UINT64_C(1) << 63, good | UINT64_C(1) << 52,
	};
	size_t at;

	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		submission->submit.requests = bad[at];
		expect_refused(submission, EFAULT);
	}
	submission->submit.requests = good;
	EXPECT_EQ(0, go(submission));
	expect_first(submission, COUNT);
}

/* It ends the submission in front of it. */
TEST(unreadable_request)
{
	struct submission *submission = submission_new();
	const size_t bytes = sizeof(submission->requests), entry = bytes / COUNT;
	int torn, part;

	for (torn = 0; torn < COUNT; torn++) {
		for (part = 0; part <= 1; part++) {
			/* All of the entry, or only its end, cannot be read. */
			size_t good = torn * entry + part * (entry - 8);
			unsigned char *entries = memory_torn(bytes, good);

			memcpy(entries, submission->requests, good);
			clean(submission);
			submission->submit.requests = address_of(entries);
			if (torn) {
				EXPECT_EQ(0, go(submission));
				expect_first(submission, torn);
			} else {
				expect_refused(submission, EFAULT);
			}
		}
	}
}

/* Requests are only read. */
TEST(requests_in_read_only_memory)
{
	struct submission *submission = submission_new();
	unsigned char *entries = memory_before_hole(sizeof(submission->requests));

	memcpy(entries, submission->requests, sizeof(submission->requests));
	memory_read_only(entries, sizeof(submission->requests));
	submission->submit.requests = address_of(entries);
	EXPECT_EQ(0, go(submission));
	expect_first(submission, COUNT);
}

/* What cannot be delivered stays where it is. */
TEST(bad_completions)
{
	struct submission *submission = submission_new();
	const uint64_t good = submission->submit.completions;
	const uint64_t bad[] = {
		0, address_of(memory_hole()), UINT64_MAX, UINT64_MAX - COMPLETION_BYTES,
		UINT64_C(1) << 63, good | UINT64_C(1) << 52,
	};
	size_t at;

	ASSERT_EQ(COUNT, submit(submission->fixture->fd, submission->requests, COUNT));
	submission->submit.requests = 0;
	submission->submit.count = submission->submit.request_bytes = 0;
	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		submission->submit.completions = bad[at];
		EXPECT_ERRNO(EFAULT, go(submission));
	}
	submission->submit.completions = good;
	EXPECT_EQ(0, go(submission));
	EXPECT_EQ(COUNT, submission->submit.out_completed);
	expect_reaped(submission, submission->completions, (1U << COUNT) - 1);
}

/* Requests were accepted, so the call succeeds. */
TEST(bad_completions_of_submitted_requests)
{
	struct submission *submission = submission_new();

	submission->submit.completions = address_of(memory_hole());
	EXPECT_EQ(0, go(submission));
	EXPECT_EQ(COUNT, submission->submit.out_submitted);
	EXPECT_EQ(0, submission->submit.out_completed);
	EXPECT_EQ(COUNT, reap(submission->fixture->fd, submission->completions, COUNT, COUNT));
	expect_reaped(submission, submission->completions, (1U << COUNT) - 1);
}

TEST(torn_completions)
{
	int torn, part, rest;

	for (torn = 0; torn < COUNT; torn++) {
		for (part = 0; part <= 1; part++) {
			struct submission *submission = submission_new();
			struct devcrypto_completion all[COUNT];
			size_t good = torn * COMPLETION_BYTES + part * (COMPLETION_BYTES - 8);
			unsigned char *entries = memory_torn(sizeof(all), good);

			submission->submit.completions = address_of(entries);
			EXPECT_EQ(0, go(submission));
			EXPECT_EQ(COUNT, submission->submit.out_submitted);
			EXPECT_EQ(torn, submission->submit.out_completed);
			memcpy(all, entries, torn * COMPLETION_BYTES);
			rest = reap(submission->fixture->fd, all + torn, COUNT - torn,
				    COUNT - torn);
			EXPECT_EQ(COUNT - torn, rest);
			expect_reaped(submission, all, (1U << COUNT) - 1);
		}
	}
}

/* An answer that cannot be delivered is no success, and nothing has happened. */
TEST(answers_to_read_only_memory)
{
	struct submission *submission = submission_new();
	struct devcrypto_submit *submit = (void *)memory_before_hole(sizeof(*submit));
	struct devcrypto_cancel *cancel = (void *)memory_before_hole(sizeof(*cancel));
	int fd = submission->fixture->fd;

	*submit = submission->submit;
	memory_read_only(submit, sizeof(*submit));
	EXPECT_ERRNO(EFAULT, ioctl(fd, DEVCRYPTO_IOC_SUBMIT, submit));
	expect_nothing(submission);
	*cancel = (struct devcrypto_cancel){ .flags = DEVCRYPTO_CANCEL_ALL };
	memory_read_only(cancel, sizeof(*cancel));
	EXPECT_ERRNO(EFAULT, ioctl(fd, DEVCRYPTO_IOC_CANCEL, cancel));
}

/* --- DEVCRYPTO_IOC_CANCEL --- */

static int cancel_as(int fd, const struct devcrypto_cancel *cancel)
{
	struct devcrypto_cancel copy = *cancel;

	return ioctl(fd, DEVCRYPTO_IOC_CANCEL, &copy);
}

TEST(cancel_before_configuration)
{
	struct devcrypto_cancel answer;
	int fd = device_open();

	EXPECT_ERRNO(ENOTCONN, cancel(fd, 1, &answer));
	EXPECT_ERRNO(ENOTCONN, cancel_all(fd, &answer));
}

TEST(cancel_nothing)
{
	struct devcrypto_cancel answer = { .out_cancelled = 7, .out_running = 7 };
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_CANCEL, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(0, cancel_all(fd, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
}

/* What has completed is not looked at. */
TEST(cancel_what_has_completed)
{
	struct submission *submission = submission_new();
	struct devcrypto_cancel answer;
	int fd = submission->fixture->fd;

	ASSERT_EQ(COUNT, submit(fd, submission->requests, COUNT));
	ASSERT_EQ(1, reap(fd, submission->completions, 1, 1));
	EXPECT_EQ(0, cancel(fd, submission->completions[0].user_data, &answer));
	EXPECT_EQ(0, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	EXPECT_EQ(COUNT - 1, reap(fd, submission->completions + 1, COUNT, COUNT));
	expect_reaped(submission, submission->completions, (1U << COUNT) - 1);
}

TEST(cancel_unknown_flags)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0), bit;

	for (bit = 1; bit < 32; bit++) {
		struct devcrypto_cancel cancel = { .flags = 1U << bit };

		EXPECT_ERRNO(EINVAL, cancel_as(fd, &cancel));
	}
}

TEST(cancel_reserved_field)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0), bit;

	for (bit = 0; bit < 32; bit++) {
		struct devcrypto_cancel cancel = { .reserved = 1U << bit };

		EXPECT_ERRNO(EINVAL, cancel_as(fd, &cancel));
	}
}

TEST(cancel_all_and_one)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0), bit;

	for (bit = 0; bit < 64; bit++) {
		struct devcrypto_cancel cancel = {
			.flags = DEVCRYPTO_CANCEL_ALL,
			.user_data = UINT64_C(1) << bit,
		};

		EXPECT_ERRNO(EINVAL, cancel_as(fd, &cancel));
	}
}

/* --- DEVCRYPTO_IOC_EVENTFD --- */

TEST(eventfd_before_configuration)
{
	int fd = device_open();

	EXPECT_ERRNO(ENOTCONN, signal_to(fd, ASSERT_OK(eventfd(0, 0))));
	EXPECT_ERRNO(ENOTCONN, signal_to(fd, -1));
}

TEST(eventfd_that_is_none)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	int closed = ASSERT_OK(eventfd(0, 0)), ends[2];

	close(closed);
	ASSERT_OK(pipe(ends));
	EXPECT_ERRNO(EINVAL, signal_to(fd, ends[1]));
	EXPECT_ERRNO(EINVAL, signal_to(fd, fd));
	EXPECT_ERRNO(EINVAL, signal_to(fd, ASSERT_OK(open("/", O_RDONLY))));
	EXPECT_ERRNO(EINVAL, signal_to(fd, closed + 100));
	EXPECT_ERRNO(EINVAL, signal_to(fd, INT_MAX));
	EXPECT_ERRNO(EINVAL, signal_to(fd, -2));
	EXPECT_ERRNO(EINVAL, signal_to(fd, INT_MIN));
}

/* The eventfd before stays. */
TEST(eventfd_that_is_refused_changes_nothing)
{
	struct submission *submission = submission_new();
	struct devcrypto_eventfd wrong = { .fd = -1, .reserved = 1 };
	int fd = submission->fixture->fd, event = ASSERT_OK(eventfd(0, EFD_NONBLOCK));
	uint64_t number;

	ASSERT_OK(signal_to(fd, event));
	EXPECT_ERRNO(EINVAL, signal_to(fd, fd));
	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_EVENTFD, &wrong));
	EXPECT_EQ(0, go(submission));
	EXPECT_EQ(8, read(event, &number, 8));
	EXPECT_EQ(COUNT, number);
}

TEST(eventfd_reserved_field)
{
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0), bit;

	for (bit = 0; bit < 32; bit++) {
		struct devcrypto_eventfd wrong = { .fd = -1, .reserved = 1U << bit };

		EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_EVENTFD, &wrong));
	}
}

/* --- O_NONBLOCK --- */

/* Nothing is in flight, so there is nothing to wait for. */
TEST(nonblocking_with_nothing_in_flight)
{
	struct submission *submission = submission_new();

	set_nonblocking(submission->fixture->fd);
	expect_nothing(submission);
}

TEST(nonblocking_run_waits)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	set_nonblocking(fixture->fd);
	fixture_check(fixture);
}
