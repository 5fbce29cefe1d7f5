// SPDX-License-Identifier: MIT
/* Requests by io_uring: the same results as of DEVCRYPTO_IOC_RUN, and every operand of a command. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "ring.h"

#define SLOW_SECONDS	60
#define REQUEST_BYTES	96	/* of the first published version */
#define SEGMENT_BYTES	16	/* likewise */

/* --- the same results as of DEVCRYPTO_IOC_RUN --- */

/* In a ring of each kind, without and with a thread of io_uring's own. */
TEST_EACH(same_as_run, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0), ran;
	const int random = row->base == RNG_GENERATE;
	struct io_uring ring;
	size_t kind;
	int async;

	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	ran = *fixture;
	for (kind = 0; kind < RING_KINDS; kind++) {
		ring_open(&ring, 8, ring_kinds[kind].flags);
		for (async = 0; async < 2; async++) {
			struct ring_result result;
			struct io_uring_sqe *sqe;

			memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
			if (row->base == AEAD_ENCRYPT)
				memset(fixture->tag, UNTOUCHED, TAG_BYTES);
			fixture->request.user_data = UINT64_C(0x0123456789abcdef);
			fixture->request.out_result = 1;
			fixture->request.out_bytes = 0xffff;
			fixture->request.out_flags = 0xffff;
			sqe = ring_put_request(&ring, fixture->fd, &fixture->request);
			sqe->flags = async ? IOSQE_ASYNC : 0;
			ring_submit(&ring, 1);
			result = ring_wait(&ring);
			EXPECT_EQ(ran.request.out_bytes, result.res);
			EXPECT_EQ(fixture->request.user_data, result.user_data);
			EXPECT_EQ(0, fixture->request.out_result);
			EXPECT_EQ(ran.request.out_bytes, fixture->request.out_bytes);
			EXPECT_EQ(0, fixture->request.out_flags);
			if (random)
				EXPECT_TRUE(memcmp(ran.dst, fixture->dst, TEXT_BYTES));
			else
				EXPECT_MEM(ran.dst, fixture->dst, TEXT_BYTES);
			EXPECT_MEM(ran.tag, fixture->tag, TAG_BYTES);
			EXPECT_MEM(ran.src, fixture->src, TEXT_BYTES);
			if (!random)
				EXPECT_MEM(fixture->expected, fixture->dst, fixture->expected_bytes);
		}
		io_uring_queue_exit(&ring);
	}
}

static const struct {
	const char *name;
	enum base base;
} sized[] = {
	{ "skcipher", SKCIPHER_ENCRYPT },
	{ "aead", AEAD_ENCRYPT },
	{ "hash", HASH_DIGEST },
	{ "comp", COMP_COMPRESS },
};

/* Executed at once, and by threads of the kernel. */
TEST_EACH(any_length, sized)
{
	static const uint32_t lengths[] = { 16, 1008, 1024, 1040, 4096, 4112, 65536, 122880 };
	struct fixture *fixture = fixture_new(row->base, 0);
	struct devcrypto_request *request = &fixture->request;
	unsigned char *src = malloc(122880);
	unsigned char *ran = malloc(140000), *submitted = malloc(140000);
	struct io_uring ring;
	size_t at, kind;

	fill_pattern(src, 122880, 77);
	for (kind = 0; kind < RING_KINDS; kind++) {
		ring_open(&ring, 8, ring_kinds[kind].flags);
		for (at = 0; at < ARRAY_SIZE(lengths); at++) {
			unsigned char tag[TAG_BYTES];
			uint32_t written;

			request->src = address_of(src);
			request->src_bytes = lengths[at];
			request->dst_bytes = lengths[at] + 8192;
			memset(ran, UNTOUCHED, 140000);
			memset(submitted, UNTOUCHED, 140000);
			request->dst = address_of(ran);
			EXPECT_EQ(0, run_request(fixture->fd, request));
			written = request->out_bytes;
			memcpy(tag, fixture->tag, TAG_BYTES);
			memset(fixture->tag, 0, TAG_BYTES);
			request->dst = address_of(submitted);
			EXPECT_EQ(written, ring_run(&ring, fixture->fd, request));
			EXPECT_MEM(tag, fixture->tag, TAG_BYTES);
			EXPECT_MEM(ran, submitted, 140000);
		}
		io_uring_queue_exit(&ring);
	}
}

TEST(iv_is_written_back)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	unsigned char before[BLOCK_BYTES], after[BLOCK_BYTES];
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	memcpy(before, fixture->iv, BLOCK_BYTES);
	fixture->request.flags = DEVCRYPTO_REQUEST_IV_OUT;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(after, fixture->iv, BLOCK_BYTES);
	memcpy(fixture->iv, before, BLOCK_BYTES);
	EXPECT_EQ(TEXT_BYTES, ring_run(&ring, fixture->fd, &fixture->request));
	EXPECT_MEM(after, fixture->iv, BLOCK_BYTES);
}

/* The request, and what it reads, may change when the SQE has been issued. */
TEST(input_changes_after_submission)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	unsigned char src[8192], ran[8192], dst[8192];
	struct devcrypto_request *request = &fixture->request, outcome;
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	fill_pattern(src, sizeof(src), 4);
	request->src = address_of(src);
	request->src_bytes = request->dst_bytes = sizeof(src);
	request->dst = address_of(ran);
	EXPECT_EQ(0, run_request(fixture->fd, request));
	request->dst = address_of(dst);
	ring_put_request(&ring, fixture->fd, request);
	ring_submit(&ring, 1);
	memset(src, 0, sizeof(src));
	memset(fixture->iv, 0, BLOCK_BYTES);
	/* It may have ended, and then these have been written. */
	outcome = *request;
	memset(request, 0xff, sizeof(*request));
	request->out_result = outcome.out_result;
	request->out_bytes = outcome.out_bytes;
	EXPECT_EQ(sizeof(src), ring_wait(&ring).res);
	EXPECT_MEM(ran, dst, sizeof(dst));
	EXPECT_EQ(0, request->out_result);
	EXPECT_EQ(sizeof(src), request->out_bytes);
	EXPECT_EQ(UINT64_MAX, request->src);
}

/* A file that the ring has registered. */
TEST(registered_file)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	ASSERT_EQ(0, io_uring_register_files(&ring, &fixture->fd, 1));
	close(fixture->fd);
	ring_put_request(&ring, 0, &fixture->request)->flags = IOSQE_FIXED_FILE;
	ring_submit(&ring, 1);
	EXPECT_EQ(TEXT_BYTES, ring_wait(&ring).res);
	EXPECT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
}

/* --- operands of a command --- */

static void expect_refused(int expected, struct fixture *fixture,
			   const struct ring_command *command)
{
	const struct devcrypto_request before = fixture->request;
	struct io_uring ring;
	size_t kind;

	for (kind = 0; kind < RING_KINDS; kind++) {
		ring_open(&ring, 8, ring_kinds[kind].flags);
		EXPECT_EQ(-expected, ring_run_command(&ring, fixture->fd, command));
		fixture_expect_untouched(fixture);
		EXPECT_MEM(&before, &fixture->request, sizeof(before));
		io_uring_queue_exit(&ring);
	}
	fixture_check(fixture);
}

#define WITH_SIZE(bytes)	_IOC(_IOC_READ | _IOC_WRITE, DEVCRYPTO_IOC_TYPE, 0x10, bytes)

static const struct {
	const char *name;
	uint32_t cmd_op;
	int expected;
} cmd_ops[] = {
	{ "zero", 0, EOPNOTSUPP },
	{ "number", WITH_SIZE(16) + 1, EOPNOTSUPP },
	{ "number_and_size", _IOC(_IOC_READ | _IOC_WRITE, DEVCRYPTO_IOC_TYPE, 0x11, 0), EOPNOTSUPP },
	{ "type", _IOC(_IOC_READ | _IOC_WRITE, DEVCRYPTO_IOC_TYPE + 1, 0x10, 16), EOPNOTSUPP },
	{ "direction_none", _IOC(_IOC_NONE, DEVCRYPTO_IOC_TYPE, 0x10, 16), EOPNOTSUPP },
	{ "direction_read", _IOC(_IOC_READ, DEVCRYPTO_IOC_TYPE, 0x10, 16), EOPNOTSUPP },
	{ "direction_write", _IOC(_IOC_WRITE, DEVCRYPTO_IOC_TYPE, 0x10, 16), EOPNOTSUPP },
	{ "an_ioctl", DEVCRYPTO_IOC_RUN, EOPNOTSUPP },
	{ "empty", WITH_SIZE(0), EINVAL },
	{ "half", WITH_SIZE(8), EINVAL },
	{ "short", WITH_SIZE(15), EINVAL },
	{ "long", WITH_SIZE(17), E2BIG },
	{ "longer", WITH_SIZE(24), E2BIG },
	{ "longest", WITH_SIZE(16383), E2BIG },
};

TEST_EACH(cmd_op, cmd_ops)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);

	command.cmd_op = row->cmd_op;
	expect_refused(row->expected, fixture, &command);
}

static const struct {
	const char *name;
	uint32_t bytes;
	int expected;
} sizes[] = {
	{ "zero", 0, EINVAL },
	{ "short", REQUEST_BYTES - 8, EINVAL },
	{ "odd", REQUEST_BYTES + 4, EINVAL },
	{ "odd_and_short", REQUEST_BYTES - 4, EINVAL },
	{ "huge", 1U << 20, E2BIG },
	{ "highest_bit", 0x80000000, E2BIG },
};

TEST_EACH(request_bytes, sizes)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);

	command.payload.request_bytes = row->bytes;
	expect_refused(row->expected, fixture, &command);
}

TEST(longer_request)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);
	struct {
		struct devcrypto_request request;
		uint64_t tail[2];
	} longer = { .request = fixture->request, .tail = { 0, 0 } };
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	command.payload.request = address_of(&longer);
	command.payload.request_bytes = sizeof(longer);
	EXPECT_EQ(TEXT_BYTES, ring_run_command(&ring, fixture->fd, &command));
	EXPECT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
	EXPECT_EQ(TEXT_BYTES, longer.request.out_bytes);
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	longer.tail[1] = 1;
	expect_refused(E2BIG, fixture, &command);
}

/* The out_ fields that it does not know are left alone. */
TEST(shortest_request)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);
	unsigned char *request = memory_before_hole(REQUEST_BYTES);
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	memcpy(request, &fixture->request, REQUEST_BYTES);
	command.payload.request = address_of(request);
	command.payload.request_bytes = REQUEST_BYTES;
	EXPECT_EQ(TEXT_BYTES, ring_run_command(&ring, fixture->fd, &command));
	EXPECT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
}

static const struct {
	const char *name;
	uint32_t bytes;
} segment_sizes[] = {
	{ "short", SEGMENT_BYTES - 8 },
	{ "odd", SEGMENT_BYTES + 4 },
	{ "least", 1 },
	{ "highest", UINT32_MAX },
};

TEST_EACH(segment_bytes, segment_sizes)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);

	command.payload.segment_bytes = row->bytes;
	expect_refused(EINVAL, fixture, &command);
}

TEST(segments)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct devcrypto_segment src[2] = {
		{ .addr = address_of(fixture->src), .bytes = 20 },
		{ .addr = address_of(fixture->src + 20), .bytes = TEXT_BYTES - 20 },
	};
	struct ring_command command = ring_command_of(&fixture->request);
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	fixture->request.src = address_of(src);
	fixture->request.src_segments = 2;
	command.payload.segment_bytes = sizeof(src[0]);
	EXPECT_EQ(TEXT_BYTES, ring_run_command(&ring, fixture->fd, &command));
	EXPECT_MEM(fixture->expected, fixture->dst, TEXT_BYTES);
}

static const struct {
	const char *name;
	uint64_t address;
} addresses[] = {
	{ "null", 0 },
	{ "kernel", UINT64_C(0xffff888000000000) },
	{ "highest", UINT64_MAX - 7 },
	{ "not_canonical", UINT64_C(1) << 62 },
};

TEST_EACH(request_address, addresses)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);

	command.payload.request = row->address;
	expect_refused(EFAULT, fixture, &command);
}

TEST(request_in_a_hole)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);

	command.payload.request = address_of(memory_hole());
	expect_refused(EFAULT, fixture, &command);
}

TEST(torn_request)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);
	unsigned char *torn = memory_torn(sizeof(fixture->request), 56);

	memcpy(torn, &fixture->request, 56);
	command.payload.request = address_of(torn);
	expect_refused(EFAULT, fixture, &command);
}

/* What became of it cannot be written there. */
TEST(request_that_cannot_be_written)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct devcrypto_request *request = (void *)memory_before_hole(sizeof(*request));
	struct io_uring ring;

	ring_open(&ring, 8, 0);
	*request = fixture->request;
	memory_read_only(request, sizeof(*request));
	EXPECT_EQ(-EFAULT, ring_run(&ring, fixture->fd, request));
	fixture_check(fixture);
}

TEST(context_that_is_not_configured)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct ring_command command = ring_command_of(&fixture->request);
	struct io_uring ring;
	int fd = device_open();

	ring_open(&ring, 8, 0);
	EXPECT_EQ(-ENOTCONN, ring_run_command(&ring, fd, &command));
	/* That is looked at before the command is. */
	command.cmd_op = 0;
	EXPECT_EQ(-ENOTCONN, ring_run_command(&ring, fd, &command));
	fixture_expect_untouched(fixture);
}

TEST(ring_that_polls_for_completions)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct io_uring ring;

	ring_open(&ring, 8, IORING_SETUP_IOPOLL);
	ring_put_request(&ring, fixture->fd, &fixture->request);
	ring_submit(&ring, 1);
	EXPECT_EQ(-EOPNOTSUPP, ring_wait(&ring).res);
	fixture_expect_untouched(fixture);
	fixture_check(fixture);
}

/* --- what is wrong with a request --- */

static void expect_error(struct fixture *fixture, int expected, uint32_t out_bytes)
{
	struct io_uring ring;
	size_t kind;

	for (kind = 0; kind < RING_KINDS; kind++) {
		fixture->request.out_result = 1;
		fixture->request.out_bytes = 0xffff;
		ring_open(&ring, 8, ring_kinds[kind].flags);
		EXPECT_EQ(-expected, ring_run(&ring, fixture->fd, &fixture->request));
		EXPECT_EQ(-expected, fixture->request.out_result);
		EXPECT_EQ(out_bytes, fixture->request.out_bytes);
		EXPECT_EQ(0, fixture->request.out_flags);
		fixture_expect_untouched(fixture);
		io_uring_queue_exit(&ring);
	}
}

TEST_EACH(reserved_field_of_a_request, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	fixture->request.reserved = 1;
	expect_error(fixture, EINVAL, 0);
}

TEST_EACH(unknown_flag_of_a_request, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	fixture->request.flags = 1U << 31;
	expect_error(fixture, EINVAL, 0);
}

TEST_EACH(operation_of_another_class, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	fixture->request.op = 99;
	expect_error(fixture, EOPNOTSUPP, 0);
}

TEST_EACH(unreadable_source, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	if (!fixture->request.src_bytes)
		return;
	fixture->request.src = address_of(memory_hole());
	expect_error(fixture, EFAULT, 0);
}

TEST_EACH(unwritable_destination, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	if (!fixture->request.dst_bytes)
		return;
	fixture->request.dst = address_of(memory_hole());
	expect_error(fixture, EFAULT, 0);
}

TEST_EACH(small_destination, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);
	int result;

	/* A generator fills what there is. */
	if (!fixture->request.dst_bytes || row->base == RNG_GENERATE)
		return;
	fixture->request.dst_bytes = 1;
	result = run_request(fixture->fd, &fixture->request);
	/* Not every codec tells it from corrupt input. */
	if (row->base != COMP_DECOMPRESS)
		EXPECT_EQ(-EMSGSIZE, result);
	expect_error(fixture, -result, fixture->request.out_bytes);
}

TEST(wrong_tag)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);

	fixture->tag[3] ^= 1;
	expect_error(fixture, EBADMSG, 0);
}

TEST(wrong_signature)
{
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);

	fixture->signature[9] ^= 1;
	expect_error(fixture, EKEYREJECTED, 0);
}

TEST(request_beyond_a_limit)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);

	fixture->request.src_bytes = 0x80000000;
	expect_error(fixture, EDQUOT, 0);
}

/* --- order --- */

static const struct {
	const char *name;
	uint32_t bytes;
	unsigned int flags;
} orders[] = {
	{ "at_once", 64, 0 },
	{ "by_threads_of_the_kernel", 8192, 0 },
	{ "of_io_uring_at_once", 64, IOSQE_ASYNC },
	{ "of_io_uring_and_of_the_kernel", 8192, IOSQE_ASYNC },
};

#define LINKS	5
#define MOST	8192

/* Each encrypts what the one before it has written. */
TEST_EACH(linked, orders)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	static unsigned char text[MOST], expected[MOST], data[MOST];
	struct devcrypto_request requests[LINKS];
	struct io_uring ring;
	size_t kind;
	int at;

	fill_pattern(text, sizeof(text), 6);
	memcpy(expected, text, sizeof(text));
	for (at = 0; at < LINKS; at++) {
		requests[at] = fixture->request;
		requests[at].src = requests[at].dst = address_of(expected);
		requests[at].src_bytes = requests[at].dst_bytes = row->bytes;
		EXPECT_EQ(0, run_request(fixture->fd, &requests[at]));
		requests[at].src = requests[at].dst = address_of(data);
		requests[at].user_data = at;
		/* Nothing to io_uring. */
		requests[at].flags = DEVCRYPTO_REQUEST_CHAIN;
	}
	for (kind = 0; kind < RING_KINDS; kind++) {
		ring_open(&ring, 8, ring_kinds[kind].flags);
		memcpy(data, text, sizeof(text));
		for (at = 0; at < LINKS; at++)
			ring_put_request(&ring, fixture->fd, &requests[at])->flags =
				row->flags | (at < LINKS - 1 ? IOSQE_IO_LINK : 0);
		ring_submit(&ring, LINKS);
		for (at = 0; at < LINKS; at++) {
			const struct ring_result result = ring_wait(&ring);

			EXPECT_EQ(at, result.user_data);
			EXPECT_EQ(row->bytes, result.res);
		}
		EXPECT_MEM(expected, data, sizeof(data));
		io_uring_queue_exit(&ring);
	}
}

/* The first that fails ends the rest, of which the driver hears nothing. */
TEST_EACH(linked_behind_a_failure, orders)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);
	static unsigned char data[MOST], dst[LINKS][MOST], untouched[MOST];
	struct devcrypto_request requests[LINKS];
	struct io_uring ring;
	size_t kind;
	int at;

	memset(untouched, UNTOUCHED, sizeof(untouched));
	for (kind = 0; kind < RING_KINDS; kind++) {
		ring_open(&ring, 8, ring_kinds[kind].flags);
		memset(dst, UNTOUCHED, sizeof(dst));
		for (at = 0; at < LINKS; at++) {
			requests[at] = fixture->request;
			requests[at].op = at == 2 ? DEVCRYPTO_OP_DECRYPT : DEVCRYPTO_OP_ENCRYPT;
			requests[at].src = address_of(data);
			requests[at].dst = address_of(dst[at]);
			requests[at].src_bytes = requests[at].dst_bytes = row->bytes;
			requests[at].user_data = at;
			requests[at].out_result = 77;
			ring_put_request(&ring, fixture->fd, &requests[at])->flags =
				row->flags | (at < LINKS - 1 ? IOSQE_IO_LINK : 0);
		}
		/* The tag that the second leaves is that of another text. */
		ring_submit(&ring, LINKS);
		for (at = 0; at < LINKS; at++) {
			const struct ring_result result = ring_wait(&ring);

			ASSERT_TRUE(result.user_data < LINKS);
			if (result.user_data < 2)
				EXPECT_EQ(row->bytes, result.res);
			else
				EXPECT_EQ(result.user_data == 2 ? -EBADMSG : -ECANCELED, result.res);
		}
		for (at = 2; at < LINKS; at++)
			EXPECT_MEM(untouched, dst[at], sizeof(untouched));
		EXPECT_EQ(-EBADMSG, requests[2].out_result);
		EXPECT_EQ(77, requests[3].out_result);
		io_uring_queue_exit(&ring);
	}
}

/* --- what a context tells of itself --- */

/* Nor does DEVCRYPTO_IOC_SUBMIT: there is nothing to wait for. */
TEST_SECONDS(poll_and_eventfd_do_not_count_them, SLOW_SECONDS)
{
	unsigned char *data = calloc(1, SLOW_BYTES), digest[DIGEST_BYTES];
	struct devcrypto_request request = digest_request(data, SLOW_BYTES, digest);
	int fd = hashing_context(), event = ASSERT_OK(eventfd(0, EFD_NONBLOCK)), round;
	struct pollfd states = { .fd = fd, .events = POLLIN | POLLOUT };
	struct devcrypto_completion completion;
	struct io_uring ring;
	uint64_t number;

	ring_open(&ring, 8, 0);
	ASSERT_OK(signal_to(fd, event));
	for (round = 0; round < 2; round++) {
		ring_put_request(&ring, fd, &request);
		ring_submit(&ring, 1);
		EXPECT_EQ(1, poll(&states, 1, 0));
		EXPECT_EQ(POLLOUT, states.revents);
		EXPECT_EQ(0, reap(fd, &completion, 1, 1));
		EXPECT_EQ(!round, fdinfo_of(fd, "devcrypto-in-flight"));
		EXPECT_EQ(DIGEST_BYTES, ring_wait(&ring).res);
		EXPECT_EQ(1, poll(&states, 1, 0));
		EXPECT_EQ(POLLOUT, states.revents);
		EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-finished"));
		EXPECT_EQ(round + 1, fdinfo_of(fd, "devcrypto-done"));
		EXPECT_ERRNO(EAGAIN, read(event, &number, 8));
		/* At once. */
		request.src_bytes = 10;
	}
}

/* --- cancel --- */

/* More work than copying is, also where each access to memory is looked at. */
#define SLOW_ONES	8
#define SLOW_ONE	"sha3-256"
#define SLOW_ONE_BYTES	(4U << 20)

struct slow {
	struct io_uring ring;
	int fd;
	struct devcrypto_request requests[SLOW_ONES];
	unsigned char digests[SLOW_ONES][DIGEST_BYTES];
};

/* The SQEs have other names than the requests. */
static struct slow *slow_new(unsigned int flags)
{
	struct slow *slow = calloc(1, sizeof(*slow));
	unsigned char *data = calloc(1, SLOW_ONE_BYTES);
	int at;

	slow->fd = context_new(DEVCRYPTO_CLASS_HASH, SLOW_ONE, 0);
	ring_open(&slow->ring, SLOW_ONES, flags);
	memset(slow->digests, UNTOUCHED, sizeof(slow->digests));
	for (at = 0; at < SLOW_ONES; at++) {
		slow->requests[at] = digest_request(data, SLOW_ONE_BYTES, slow->digests[at]);
		slow->requests[at].user_data = 100 + at;
		ring_put_request(&slow->ring, slow->fd, &slow->requests[at])->user_data = at;
	}
	ring_submit(&slow->ring, SLOW_ONES);
	/* The thread of the kernel takes what it finds when it likes. */
	while (flags & IORING_SETUP_SQPOLL && *slow->ring.sq.khead != SLOW_ONES)
		usleep(1000);
	return slow;
}

/* Takes all results; how many were cancelled. */
static uint32_t slow_wait(struct slow *slow, const unsigned char *digest)
{
	unsigned char untouched[DIGEST_BYTES];
	uint32_t cancelled = 0;
	int at;

	memset(untouched, UNTOUCHED, DIGEST_BYTES);
	for (at = 0; at < SLOW_ONES; at++) {
		const struct ring_result result = ring_wait(&slow->ring);

		ASSERT_TRUE(result.user_data < SLOW_ONES);
		cancelled += result.res == -ECANCELED;
		EXPECT_EQ(result.res < 0 ? -ECANCELED : 0,
			  slow->requests[result.user_data].out_result);
		EXPECT_MEM(result.res < 0 ? untouched : digest,
			   slow->digests[result.user_data], DIGEST_BYTES);
		if (result.res >= 0)
			EXPECT_EQ(DIGEST_BYTES, result.res);
	}
	EXPECT_TRUE(ring_is_silent(&slow->ring));
	return cancelled;
}

static void slow_digest(const struct slow *slow, unsigned char *digest)
{
	struct devcrypto_request request = slow->requests[0];

	request.dst = address_of(digest);
	ASSERT_EQ(0, run_request(slow->fd, &request));
}

static const struct ring_kind cancel_kinds[] = {
	{ "plain", 0 },
	{ "defer_taskrun", 1U << 13 | IORING_SETUP_SINGLE_ISSUER },
	{ "sqpoll", IORING_SETUP_SQPOLL },
};

TEST_EACH(cancel_all, cancel_kinds)
{
	unsigned char digest[DIGEST_BYTES];
	struct slow *slow = slow_new(row->flags);
	struct devcrypto_cancel answer;

	EXPECT_EQ(0, cancel_all(slow->fd, &answer));
	EXPECT_TRUE(answer.out_cancelled > 0);
	/* The others have ended. */
	EXPECT_TRUE(answer.out_cancelled + answer.out_running <= SLOW_ONES);
	slow_digest(slow, digest);
	EXPECT_EQ(answer.out_cancelled, slow_wait(slow, digest));
	EXPECT_EQ(answer.out_cancelled, fdinfo_of(slow->fd, "devcrypto-cancelled"));
}

/* By the name that the request has, not that of the SQE. */
TEST_EACH(cancel_one, cancel_kinds)
{
	unsigned char digest[DIGEST_BYTES];
	struct slow *slow = slow_new(row->flags);
	struct devcrypto_cancel answer;

	EXPECT_EQ(0, cancel(slow->fd, SLOW_ONES - 1, &answer));
	EXPECT_EQ(0, answer.out_cancelled + answer.out_running);
	EXPECT_EQ(0, cancel(slow->fd, 100 + SLOW_ONES - 1, &answer));
	EXPECT_EQ(1, answer.out_cancelled);
	EXPECT_EQ(0, answer.out_running);
	slow_digest(slow, digest);
	EXPECT_EQ(1, slow_wait(slow, digest));
	EXPECT_EQ(-ECANCELED, slow->requests[SLOW_ONES - 1].out_result);
}
