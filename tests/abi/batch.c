// SPDX-License-Identifier: MIT
/* DEVCRYPTO_IOC_RUN: the array, its entries, and how far it gets. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define REQUEST_BYTES	96	/* of the first published version */
#define COUNT		5

/* COUNT requests that succeed, each with a destination of its own. */
struct batch {
	struct fixture *fixture;
	struct devcrypto_run run;
	struct devcrypto_request requests[COUNT];
	unsigned char dst[COUNT][TEXT_BYTES];
};

static struct batch *batch_new(void)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	int at;

	batch->fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	for (at = 0; at < COUNT; at++) {
		batch->requests[at] = batch->fixture->request;
		batch->requests[at].dst = address_of(batch->dst[at]);
		batch->requests[at].out_result = 1;
	}
	batch->run = (struct devcrypto_run){
		.requests = address_of(batch->requests),
		.count = COUNT,
		.request_bytes = sizeof(struct devcrypto_request),
	};
	memset(batch->dst, UNTOUCHED, sizeof(batch->dst));
	return batch;
}

static int run(const struct batch *batch)
{
	struct devcrypto_run copy = batch->run;

	return ioctl(batch->fixture->fd, DEVCRYPTO_IOC_RUN, &copy);
}

/* The first @done were executed and no other. */
static void expect_done(const struct batch *batch, int done)
{
	unsigned char untouched[TEXT_BYTES];
	int at;

	memset(untouched, UNTOUCHED, TEXT_BYTES);
	for (at = 0; at < COUNT; at++)
		EXPECT_MEM(at < done ? batch->fixture->expected : untouched,
			   batch->dst[at], TEXT_BYTES);
}

static void expect_refused(const struct batch *batch, int expected)
{
	EXPECT_ERRNO(expected, run(batch));
	expect_done(batch, 0);
}

TEST(all_are_executed)
{
	struct batch *batch = batch_new();
	int at;

	EXPECT_EQ(COUNT, run(batch));
	expect_done(batch, COUNT);
	for (at = 0; at < COUNT; at++) {
		EXPECT_EQ(0, batch->requests[at].out_result);
		EXPECT_EQ(TEXT_BYTES, batch->requests[at].out_bytes);
	}
}

TEST(before_configuration)
{
	struct batch *batch = batch_new();
	struct devcrypto_request before = batch->requests[0];

	close(batch->fixture->fd);
	batch->fixture->fd = device_open();
	expect_refused(batch, ENOTCONN);
	EXPECT_MEM(&before, &batch->requests[0], sizeof(before));
	batch->run.count = 0;
	expect_refused(batch, ENOTCONN);
}

TEST(unknown_flags)
{
	struct batch *batch = batch_new();
	int bit;

	for (bit = 0; bit < 32; bit++) {
		batch->run.flags = 1U << bit;
		expect_refused(batch, EINVAL);
	}
}

TEST(no_requests)
{
	struct batch *batch = batch_new();

	batch->run.count = 0;
	EXPECT_EQ(0, run(batch));
	batch->run.requests = address_of(memory_hole());
	EXPECT_EQ(0, run(batch));
	expect_done(batch, 0);
}

TEST(beyond_max_batch)
{
	const uint32_t max = info_now().max_batch;
	const uint32_t counts[] = { max + 1, 1U << 31, UINT32_MAX };
	struct batch *batch = batch_new();
	size_t at;

	/* So many in memory: it is the count that is wrong. */
	batch->run.requests = address_of(memory_before_hole((max + 1) * REQUEST_BYTES));
	for (at = 0; at < ARRAY_SIZE(counts); at++) {
		batch->run.count = counts[at];
		expect_refused(batch, EDQUOT);
	}
}

TEST(as_many_as_there_may_be)
{
	const uint32_t max = info_now().max_batch;
	struct devcrypto_request *requests = calloc(max, sizeof(*requests));
	unsigned char (*digests)[DIGEST_BYTES] = calloc(max, DIGEST_BYTES);
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	uint32_t at, number;

	for (at = 0; at < max; at++) {
		requests[at].op = DEVCRYPTO_OP_DIGEST;
		requests[at].src = address_of(test_key);
		requests[at].src_bytes = at % 2;
		requests[at].dst = address_of(digests[at]);
		requests[at].dst_bytes = DIGEST_BYTES;
		requests[at].user_data = at;
		requests[at].out_result = 1;
	}
	EXPECT_EQ(max, run_batch(fd, requests, max));
	for (at = number = 0; at < max; at++)
		number += !requests[at].out_result && requests[at].user_data == at &&
			  !memcmp(digests[at], digests[at % 2], DIGEST_BYTES);
	EXPECT_EQ(max, number);
	EXPECT_TRUE(memcmp(digests[0], digests[1], DIGEST_BYTES));
}

/* --- the size of an entry --- */

TEST(entries_shorter_than_the_first_version)
{
	struct batch *batch = batch_new();

	for (batch->run.request_bytes = 0; batch->run.request_bytes < REQUEST_BYTES;
	     batch->run.request_bytes++)
		expect_refused(batch, EINVAL);
	batch->run.request_bytes = REQUEST_BYTES;
	EXPECT_EQ(COUNT, run(batch));
}

/* No structure of the interface has such a size. */
TEST(entries_of_an_uneven_size)
{
	struct batch *batch = batch_new();

	for (batch->run.request_bytes = REQUEST_BYTES + 1; batch->run.request_bytes < 4096;
	     batch->run.request_bytes++)
		if (batch->run.request_bytes % 8)
			expect_refused(batch, EINVAL);
}

/* Spreads the requests over entries of this size, up against a hole. */
static unsigned char *spread(struct batch *batch, uint32_t bytes)
{
	unsigned char *entries = memory_before_hole(COUNT * bytes);
	int at;

	memset(batch->dst, UNTOUCHED, sizeof(batch->dst));
	for (at = 0; at < COUNT; at++)
		memcpy(entries + at * bytes, &batch->requests[at], REQUEST_BYTES);
	batch->run.requests = address_of(entries);
	batch->run.request_bytes = bytes;
	return entries;
}

static const uint32_t longer[] = { 112, 120, 128, 200, 1000, 4096 };

TEST(entries_with_zero_tail)
{
	struct batch *batch = batch_new();
	size_t at;

	for (at = 0; at < ARRAY_SIZE(longer); at++) {
		spread(batch, longer[at]);
		EXPECT_EQ(COUNT, run(batch));
		expect_done(batch, COUNT);
	}
}

TEST(entry_with_dirty_tail)
{
	struct batch *batch = batch_new();
	size_t at;
	int dirty;

	for (at = 0; at < ARRAY_SIZE(longer); at++) {
		const uint32_t known = sizeof(struct devcrypto_request);

		for (dirty = 0; dirty < COUNT; dirty++) {
			unsigned char *entries = spread(batch, longer[at]);

			entries[dirty * longer[at] + (dirty & 1 ? known : longer[at] - 1)] = 1;
			if (dirty)
				EXPECT_EQ(dirty, run(batch));
			else
				EXPECT_ERRNO(E2BIG, run(batch));
			expect_done(batch, dirty);
		}
	}
}

TEST(entries_beyond_any_size)
{
	static const uint32_t sizes[] = { 4104, 8192, 1U << 31, UINT32_MAX - 7 };
	struct batch *batch = batch_new();
	size_t at;

	spread(batch, 8192);
	batch->run.count = 1;
	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		batch->run.request_bytes = sizes[at];
		expect_refused(batch, E2BIG);
	}
}

TEST(entries_at_any_alignment)
{
	struct batch *batch = batch_new();
	unsigned char *room = malloc(sizeof(batch->requests) + 8);
	int shift;

	for (shift = 1; shift < 8; shift++) {
		memcpy(room + shift, batch->requests, sizeof(batch->requests));
		memset(batch->dst, UNTOUCHED, sizeof(batch->dst));
		batch->run.requests = address_of(room + shift);
		EXPECT_EQ(COUNT, run(batch));
		expect_done(batch, COUNT);
	}
}

/* --- how far it gets --- */

TEST(bad_array)
{
	struct batch *batch = batch_new();
	const uint64_t good = batch->run.requests;
	const uint64_t bad[] = {
		0, address_of(memory_hole()), UINT64_MAX, UINT64_MAX - REQUEST_BYTES,
		UINT64_C(1) << 63, good | UINT64_C(1) << 52,
	};
	size_t at;

	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		batch->run.requests = bad[at];
		expect_refused(batch, EFAULT);
	}
	batch->run.requests = good;
	EXPECT_EQ(COUNT, run(batch));
}

TEST(unreadable_entry)
{
	struct batch *batch = batch_new();
	const size_t bytes = sizeof(batch->requests), entry = bytes / COUNT;
	int torn, part;

	for (torn = 0; torn < COUNT; torn++) {
		for (part = 0; part <= 1; part++) {
			/* All of the entry, or only its end, cannot be read. */
			size_t good = torn * entry + part * (entry - 8);
			unsigned char *entries = memory_torn(bytes, good);

			memcpy(entries, batch->requests, good);
			memset(batch->dst, UNTOUCHED, sizeof(batch->dst));
			batch->run.requests = address_of(entries);
			if (torn)
				EXPECT_EQ(torn, run(batch));
			else
				EXPECT_ERRNO(EFAULT, run(batch));
			expect_done(batch, torn);
		}
	}
}

/* An entry whose result cannot be written is not among those that count. */
TEST(unwritable_entry)
{
	struct batch *batch = batch_new();
	unsigned char *entries = memory_before_hole(sizeof(batch->requests));

	memcpy(entries, batch->requests, sizeof(batch->requests));
	memory_read_only(entries, sizeof(batch->requests));
	batch->run.requests = address_of(entries);
	EXPECT_ERRNO(EFAULT, run(batch));
}

/* --- results --- */

TEST(every_entry_has_its_result)
{
	static const int results[COUNT] = { -EINVAL, 0, -EOPNOTSUPP, -EMSGSIZE, 0 };
	static const uint32_t bytes[COUNT] = { 0, TEXT_BYTES, 0, TEXT_BYTES, TEXT_BYTES };
	struct batch *batch = batch_new();
	int at;

	batch->requests[0].reserved = 1;
	batch->requests[2].op = DEVCRYPTO_OP_DIGEST;
	batch->requests[3].dst_bytes = 1;
	EXPECT_EQ(COUNT, run(batch));
	for (at = 0; at < COUNT; at++) {
		EXPECT_EQ(results[at], batch->requests[at].out_result);
		EXPECT_EQ(bytes[at], batch->requests[at].out_bytes);
		if (!results[at])
			EXPECT_MEM(batch->fixture->expected, batch->dst[at], TEXT_BYTES);
	}
}

TEST(address_fault_in_the_middle)
{
	struct batch *batch = batch_new();
	int at;

	batch->requests[2].src = address_of(memory_hole());
	EXPECT_EQ(COUNT, run(batch));
	for (at = 0; at < COUNT; at++) {
		EXPECT_EQ(at == 2 ? -EFAULT : 0, batch->requests[at].out_result);
		EXPECT_EQ(at == 2 ? 0 : TEXT_BYTES, batch->requests[at].out_bytes);
	}
}

TEST(wrong_tag_in_the_middle)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);
	struct devcrypto_request requests[3] = {
		fixture->request, fixture->request, fixture->request
	};
	static unsigned char wrong[TAG_BYTES], dst[3][TEXT_BYTES], untouched[TEXT_BYTES];
	int at;

	memset(dst, UNTOUCHED, sizeof(dst));
	memset(untouched, UNTOUCHED, sizeof(untouched));
	for (at = 0; at < 3; at++)
		requests[at].dst = address_of(dst[at]);
	requests[1].tag = address_of(wrong);
	EXPECT_EQ(3, run_batch(fixture->fd, requests, 3));
	EXPECT_EQ(0, requests[0].out_result);
	EXPECT_EQ(-EBADMSG, requests[1].out_result);
	EXPECT_EQ(0, requests[2].out_result);
	EXPECT_MEM(fixture->expected, dst[0], TEXT_BYTES);
	EXPECT_MEM(untouched, dst[1], TEXT_BYTES);
	EXPECT_MEM(fixture->expected, dst[2], TEXT_BYTES);
}

/* Each request works on what the one before it has written. */
TEST(in_their_order)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_request requests[20];
	unsigned char text[TEXT_BYTES];
	size_t at;

	memcpy(text, fixture->src, TEXT_BYTES);
	for (at = 0; at < ARRAY_SIZE(requests); at++) {
		requests[at] = fixture->request;
		requests[at].dst = requests[at].src;
		if (at >= ARRAY_SIZE(requests) / 2)
			requests[at].op = DEVCRYPTO_OP_DECRYPT;
	}
	EXPECT_EQ(ARRAY_SIZE(requests), run_batch(fixture->fd, requests, ARRAY_SIZE(requests)));
	EXPECT_MEM(text, fixture->src, TEXT_BYTES);
	EXPECT_EQ(ARRAY_SIZE(requests) / 2,
		  run_batch(fixture->fd, requests, ARRAY_SIZE(requests) / 2));
	EXPECT_TRUE(memcmp(text, fixture->src, TEXT_BYTES));
}

/* The IV that one request gives back is the next one's. */
TEST(iv_from_one_to_the_next)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_request requests[TEXT_BYTES / BLOCK_BYTES];
	unsigned char whole[TEXT_BYTES];
	size_t at;

	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(whole, fixture->dst, TEXT_BYTES);
	memset(fixture->dst, 0, TEXT_BYTES);
	for (at = 0; at < ARRAY_SIZE(requests); at++) {
		requests[at] = fixture->request;
		requests[at].flags = DEVCRYPTO_REQUEST_IV_OUT;
		requests[at].src += at * BLOCK_BYTES;
		requests[at].dst += at * BLOCK_BYTES;
		requests[at].src_bytes = requests[at].dst_bytes = BLOCK_BYTES;
	}
	EXPECT_EQ(ARRAY_SIZE(requests), run_batch(fixture->fd, requests, ARRAY_SIZE(requests)));
	EXPECT_MEM(whole, fixture->dst, TEXT_BYTES);
}
