// SPDX-License-Identifier: MIT
/* Submitted requests: the same results as of DEVCRYPTO_IOC_RUN, told by completions. */
#include <poll.h>
#include <string.h>

#include "device.h"
#include "harness.h"

/* --- the same results as of DEVCRYPTO_IOC_RUN --- */

TEST_EACH(same_as_run, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0), ran;
	struct devcrypto_completion completion;
	const int random = row->base == RNG_GENERATE;

	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	ran = *fixture;
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	if (row->base == AEAD_ENCRYPT)
		memset(fixture->tag, UNTOUCHED, TAG_BYTES);
	fixture->request.user_data = UINT64_C(0x0123456789abcdef);
	completion = submit_request(fixture->fd, &fixture->request);
	EXPECT_EQ(0, completion.result);
	EXPECT_EQ(ran.request.out_bytes, completion.out_bytes);
	EXPECT_EQ(0, completion.flags);
	EXPECT_EQ(0, completion.reserved);
	if (random)
		EXPECT_TRUE(memcmp(ran.dst, fixture->dst, TEXT_BYTES));
	else
		EXPECT_MEM(ran.dst, fixture->dst, TEXT_BYTES);
	EXPECT_MEM(ran.tag, fixture->tag, TAG_BYTES);
	EXPECT_MEM(ran.src, fixture->src, TEXT_BYTES);
	if (!random)
		EXPECT_MEM(fixture->expected, fixture->dst, fixture->expected_bytes);
}

static const struct {
	const char *name;
	enum base base;
} sized[] = {
	{ "skcipher", SKCIPHER_ENCRYPT },
	{ "aead", AEAD_ENCRYPT },
	{ "hash", HASH_DIGEST },
	{ "rng", RNG_GENERATE },
	{ "comp", COMP_COMPRESS },
};

/* Executed at once, and by threads of the kernel. */
TEST_EACH(any_length, sized)
{
	static const uint32_t lengths[] = {
		16, 32, 1008, 1024, 1040, 4080, 4096, 4112, 16384, 65536, 122880,
	};
	struct fixture *fixture = fixture_new(row->base, 0);
	struct devcrypto_request *request = &fixture->request;
	unsigned char *src = malloc(122880);
	unsigned char *ran = malloc(140000), *submitted = malloc(140000);
	size_t at;

	fill_pattern(src, 122880, 77);
	for (at = 0; at < ARRAY_SIZE(lengths); at++) {
		unsigned char tag[TAG_BYTES];
		struct devcrypto_completion completion;

		if (row->base != RNG_GENERATE) {
			request->src = address_of(src);
			request->src_bytes = lengths[at];
		}
		request->dst_bytes = lengths[at] + 8192;
		/* Some generators are slow. */
		if (row->base == RNG_GENERATE)
			request->dst_bytes = lengths[at] / 256 + 1;
		memset(ran, UNTOUCHED, 140000);
		memset(submitted, UNTOUCHED, 140000);
		request->dst = address_of(ran);
		EXPECT_EQ(0, run_request(fixture->fd, request));
		memcpy(tag, fixture->tag, TAG_BYTES);
		memset(fixture->tag, 0, TAG_BYTES);
		request->dst = address_of(submitted);
		completion = submit_request(fixture->fd, request);
		EXPECT_EQ(0, completion.result);
		EXPECT_EQ(request->out_bytes, completion.out_bytes);
		if (row->base == AEAD_ENCRYPT)
			EXPECT_MEM(tag, fixture->tag, TAG_BYTES);
		if (row->base != RNG_GENERATE)
			EXPECT_MEM(ran, submitted, 140000);
		else
			EXPECT_MEM(ran + request->dst_bytes, submitted + request->dst_bytes,
				   140000 - request->dst_bytes);
	}
}

TEST(empty_messages)
{
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	unsigned char tag[TAG_BYTES], digest[DIGEST_BYTES], other[DIGEST_BYTES];
	struct devcrypto_request request;
	int fd = hashing_context();

	fixture->request.src = fixture->request.dst = address_of(memory_hole());
	fixture->request.src_bytes = fixture->request.dst_bytes = 0;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(tag, fixture->tag, TAG_BYTES);
	memset(fixture->tag, 0, TAG_BYTES);
	EXPECT_EQ(0, submit_request(fixture->fd, &fixture->request).result);
	EXPECT_MEM(tag, fixture->tag, TAG_BYTES);
	request = digest_request(memory_hole(), 0, digest);
	EXPECT_EQ(0, submit_request(fd, &request).result);
	request.dst = address_of(other);
	EXPECT_EQ(0, run_request(fd, &request));
	EXPECT_MEM(other, digest, DIGEST_BYTES);
}

TEST(iv_is_written_back)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	unsigned char before[BLOCK_BYTES], after[BLOCK_BYTES];

	memcpy(before, fixture->iv, BLOCK_BYTES);
	fixture->request.flags = DEVCRYPTO_REQUEST_IV_OUT;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(after, fixture->iv, BLOCK_BYTES);
	memcpy(fixture->iv, before, BLOCK_BYTES);
	EXPECT_EQ(0, submit_request(fixture->fd, &fixture->request).result);
	EXPECT_MEM(after, fixture->iv, BLOCK_BYTES);
}

/* --- where the buffers are --- */

static const struct {
	const char *name;
	uint32_t flags;
	uint32_t bytes;
} places[] = {
	{ "small", 0, 500 },
	{ "large", 0, 5000 },
	{ "small_with_layout", DEVCRYPTO_CONFIG_LAYOUT, 500 },
	{ "large_with_layout", DEVCRYPTO_CONFIG_LAYOUT, 5000 },
};

/* An AEAD encryption and what comes of it. */
struct place {
	struct fixture *fixture;
	uint32_t bytes;
	unsigned char text[5000], cipher[5000], tag[TAG_BYTES];
	unsigned char room[16384];
};

static struct place *place_new(uint32_t flags, uint32_t bytes)
{
	struct place *place = calloc(1, sizeof(*place));
	struct devcrypto_request *request;

	place->fixture = fixture_new(AEAD_ENCRYPT, flags);
	place->bytes = bytes;
	request = &place->fixture->request;
	fill_pattern(place->text, bytes, 5);
	request->src = address_of(place->text);
	request->dst = address_of(place->cipher);
	request->src_bytes = request->dst_bytes = bytes;
	ASSERT_EQ(0, run_request(place->fixture->fd, request));
	memcpy(place->tag, place->fixture->tag, TAG_BYTES);
	return place;
}

static void expect_encrypted(struct place *place, const unsigned char *dst)
{
	memset(place->fixture->tag, 0, TAG_BYTES);
	EXPECT_EQ(0, submit_request(place->fixture->fd, &place->fixture->request).result);
	EXPECT_MEM(place->cipher, dst, place->bytes);
	EXPECT_MEM(place->tag, place->fixture->tag, TAG_BYTES);
}

TEST_EACH(in_place, places)
{
	struct place *place = place_new(row->flags, row->bytes);

	memcpy(place->room, place->text, row->bytes);
	place->fixture->request.src = place->fixture->request.dst = address_of(place->room);
	expect_encrypted(place, place->room);
}

TEST_EACH(overlapping, places)
{
	struct place *place = place_new(row->flags, row->bytes);
	struct devcrypto_request *request = &place->fixture->request;
	static const int shifts[] = { -64, -16, -1, 1, 7, 16, 400 };
	size_t at;

	for (at = 0; at < ARRAY_SIZE(shifts); at++) {
		unsigned char *src = place->room + 512, *dst = src + shifts[at];

		memcpy(src, place->text, row->bytes);
		request->src = address_of(src);
		request->dst = address_of(dst);
		expect_encrypted(place, dst);
	}
}

/* The array may be changed, too, once the call has returned. */
TEST_EACH(segments, places)
{
	struct place *place = place_new(row->flags, row->bytes);
	struct devcrypto_request *request = &place->fixture->request;
	struct devcrypto_segment src[4] = {
		{ .addr = address_of(place->room), .bytes = 1 },
		{ .addr = address_of(memory_hole()), .bytes = 0 },
		{ .addr = address_of(place->room + 3), .bytes = 200 },
		{ .addr = address_of(place->room + 300), .bytes = row->bytes - 201 },
	};
	struct devcrypto_segment dst[2] = {
		{ .addr = address_of(place->room + 6001), .bytes = row->bytes - 13 },
		{ .addr = address_of(place->room + 12000), .bytes = 100 },
	};
	struct devcrypto_completion completion;

	memcpy(place->room, place->text, 1);
	memcpy(place->room + 3, place->text + 1, 200);
	memcpy(place->room + 300, place->text + 201, row->bytes - 201);
	memset(place->room + 12000, UNTOUCHED, 100);
	request->src = address_of(src);
	request->src_segments = ARRAY_SIZE(src);
	request->dst = address_of(dst);
	request->dst_segments = ARRAY_SIZE(dst);
	ASSERT_EQ(1, submit(place->fixture->fd, request, 1));
	memset(src, 0xff, sizeof(src));
	memset(dst, 0xff, sizeof(dst));
	ASSERT_EQ(1, reap(place->fixture->fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	EXPECT_MEM(place->cipher, place->room + 6001, row->bytes - 13);
	EXPECT_MEM(place->cipher + row->bytes - 13, place->room + 12000, 13);
	EXPECT_EQ(UNTOUCHED, place->room[12013]);
	EXPECT_MEM(place->tag, place->fixture->tag, TAG_BYTES);
}

TEST_EACH(input_changes_after_submission, places)
{
	struct place *place = place_new(row->flags, row->bytes);
	struct fixture *fixture = place->fixture;
	struct devcrypto_completion completion;
	unsigned char *dst = malloc(row->bytes);
	uint64_t text = fixture->request.src;

	fixture->request.dst = address_of(dst);
	ASSERT_EQ(1, submit(fixture->fd, &fixture->request, 1));
	memset(&fixture->request, 0xff, sizeof(fixture->request));
	memset((void *)(uintptr_t)text, 0, row->bytes);
	memset(fixture->iv, 0, BLOCK_BYTES);
	memset(fixture->assoc, 0, ASSOC_BYTES);
	ASSERT_EQ(1, reap(fixture->fd, &completion, 1, 1));
	EXPECT_EQ(0, completion.result);
	EXPECT_MEM(place->cipher, dst, row->bytes);
	EXPECT_MEM(place->tag, fixture->tag, TAG_BYTES);
}

/* It is written by the call that takes the completion, not before. */
TEST_EACH(output_waits_for_the_completion, places)
{
	struct place *place = place_new(row->flags, row->bytes);
	struct fixture *fixture = place->fixture;
	struct pollfd readable = { .fd = fixture->fd, .events = POLLIN };
	unsigned char untouched[5000], dst[5000], tag[TAG_BYTES];
	struct devcrypto_completion completion;

	memset(untouched, UNTOUCHED, sizeof(untouched));
	memset(dst, UNTOUCHED, sizeof(dst));
	memset(fixture->tag, UNTOUCHED, TAG_BYTES);
	memset(tag, UNTOUCHED, TAG_BYTES);
	fixture->request.dst = address_of(dst);
	ASSERT_EQ(1, submit(fixture->fd, &fixture->request, 1));
	ASSERT_EQ(1, poll(&readable, 1, -1));
	EXPECT_MEM(untouched, dst, sizeof(dst));
	EXPECT_MEM(tag, fixture->tag, TAG_BYTES);
	ASSERT_EQ(1, reap(fixture->fd, &completion, 1, 1));
	EXPECT_MEM(place->cipher, dst, row->bytes);
	EXPECT_MEM(place->tag, fixture->tag, TAG_BYTES);
}

/* --- what is wrong with a request is told by its completion --- */

static void expect_error(struct fixture *fixture, int expected, uint32_t out_bytes)
{
	struct devcrypto_completion completion;

	fixture->request.user_data = 42;
	completion = submit_request(fixture->fd, &fixture->request);
	EXPECT_EQ(-expected, completion.result);
	EXPECT_EQ(out_bytes, completion.out_bytes);
	EXPECT_EQ(42, completion.user_data);
	fixture_expect_untouched(fixture);
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

TEST_EACH(small_destination, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);
	const uint32_t room = fixture->request.dst_bytes;
	int result;

	/* A generator fills what there is. */
	if (!room || row->base == RNG_GENERATE)
		return;
	fixture->request.dst_bytes = 1;
	/* The same size that DEVCRYPTO_IOC_RUN names. */
	result = run_request(fixture->fd, &fixture->request);
	/* Not every codec tells it from corrupt input. */
	if (row->base != COMP_DECOMPRESS)
		EXPECT_EQ(-EMSGSIZE, result);
	expect_error(fixture, -result, fixture->request.out_bytes);
}

/* That shows only when it is reaped. */
TEST_EACH(unwritable_destination, every_base)
{
	struct fixture *fixture = fixture_new(row->base, 0);

	if (!fixture->request.dst_bytes)
		return;
	fixture->request.dst = address_of(memory_hole());
	expect_error(fixture, EFAULT, 0);
}

TEST(unwritable_tag)
{
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	struct devcrypto_completion completion;

	fixture->request.tag = address_of(memory_hole());
	completion = submit_request(fixture->fd, &fixture->request);
	EXPECT_EQ(-EFAULT, completion.result);
	EXPECT_EQ(0, completion.out_bytes);
}

TEST(wrong_tag)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);

	fixture->tag[3] ^= 1;
	expect_error(fixture, EBADMSG, 0);
}

TEST(wrong_tag_of_a_long_text)
{
	struct place *place = place_new(0, 5000);
	struct devcrypto_request *request = &place->fixture->request;
	unsigned char untouched[5000];

	memset(untouched, UNTOUCHED, sizeof(untouched));
	memset(place->room, UNTOUCHED, sizeof(place->room));
	request->op = DEVCRYPTO_OP_DECRYPT;
	request->src = address_of(place->cipher);
	request->dst = address_of(place->room);
	place->fixture->tag[0] ^= 1;
	EXPECT_EQ(-EBADMSG, submit_request(place->fixture->fd, request).result);
	EXPECT_MEM(untouched, place->room, sizeof(untouched));
}

TEST(wrong_signature)
{
	struct fixture *fixture = fixture_new(SIG_VERIFY, 0);

	fixture->signature[9] ^= 1;
	expect_error(fixture, EKEYREJECTED, 0);
}

TEST(corrupt_block)
{
	struct fixture *fixture = fixture_new(COMP_DECOMPRESS, 0);

	memset(fixture->src, 0xff, TEXT_BYTES);
	expect_error(fixture, EILSEQ, 0);
}

TEST(request_beyond_a_limit)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);

	fixture->request.src_bytes = 0x80000000;
	expect_error(fixture, EDQUOT, 0);
}

/* One wrong request is nothing to the others. */
TEST(every_request_has_its_result)
{
	static const int results[] = { -EINVAL, 0, -EOPNOTSUPP, -EMSGSIZE, 0, -EFAULT };
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct devcrypto_completion completions[ARRAY_SIZE(results)];
	struct devcrypto_request requests[ARRAY_SIZE(results)];
	unsigned char dst[ARRAY_SIZE(results)][TEXT_BYTES];
	uint32_t at, seen = 0;

	for (at = 0; at < ARRAY_SIZE(results); at++) {
		requests[at] = fixture->request;
		requests[at].user_data = at;
		requests[at].dst = address_of(dst[at]);
	}
	requests[0].reserved = 1;
	requests[2].op = DEVCRYPTO_OP_DIGEST;
	requests[3].dst_bytes = 1;
	requests[5].src = address_of(memory_hole());
	ASSERT_EQ(ARRAY_SIZE(results), submit(fixture->fd, requests, ARRAY_SIZE(results)));
	ASSERT_EQ(ARRAY_SIZE(results), reap(fixture->fd, completions, ARRAY_SIZE(results),
					    ARRAY_SIZE(results)));
	for (at = 0; at < ARRAY_SIZE(results); at++) {
		const uint64_t user_data = completions[at].user_data;

		ASSERT_TRUE(user_data < ARRAY_SIZE(results));
		seen |= 1U << user_data;
		EXPECT_EQ(results[user_data], completions[at].result);
		if (!completions[at].result)
			EXPECT_MEM(fixture->expected, dst[user_data], TEXT_BYTES);
	}
	EXPECT_EQ((1U << ARRAY_SIZE(results)) - 1, seen);
}

/* --- user_data --- */

/* It means nothing to the driver, and several may have the same. */
TEST(any_user_data)
{
	static const uint64_t values[] = { 0, 0, UINT64_MAX, 1, UINT64_MAX, UINT64_C(1) << 63 };
	struct devcrypto_completion completions[ARRAY_SIZE(values)];
	struct devcrypto_request requests[ARRAY_SIZE(values)];
	unsigned char digest[DIGEST_BYTES];
	int fd = hashing_context(), left[ARRAY_SIZE(values)];
	size_t at, other;

	for (at = 0; at < ARRAY_SIZE(values); at++) {
		requests[at] = digest_request(test_key, at, digest);
		requests[at].user_data = values[at];
		left[at] = 1;
	}
	ASSERT_EQ(ARRAY_SIZE(values), submit(fd, requests, ARRAY_SIZE(values)));
	ASSERT_EQ(ARRAY_SIZE(values), reap(fd, completions, ARRAY_SIZE(values),
					   ARRAY_SIZE(values)));
	for (at = 0; at < ARRAY_SIZE(values); at++) {
		for (other = 0; other < ARRAY_SIZE(values); other++)
			if (left[other] && values[other] == completions[at].user_data)
				break;
		ASSERT_TRUE(other < ARRAY_SIZE(values));
		left[other] = 0;
	}
}
