// SPDX-License-Identifier: MIT
/*
 * The caller's memory: addresses that cannot be used, buffers up against
 * memory that cannot, any alignment, overlap, scatter/gather.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define PLAIN	0
#define LAYOUT	DEVCRYPTO_CONFIG_LAYOUT

/* --- addresses that cannot be read or written --- */

/* A pointer of a request that must be usable. */
static const struct pointer {
	const char *name;
	enum base base;
	size_t offset;
	uint32_t bytes;
	bool written;
	uint32_t request_flags;
} pointers[] = {
#define POINTER(base, field, bytes, written, flags) \
	{ #base "." #field, base, offsetof(struct devcrypto_request, field), bytes, written, flags }
	POINTER(SKCIPHER_ENCRYPT, src, TEXT_BYTES, false, 0),
	POINTER(SKCIPHER_ENCRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(SKCIPHER_ENCRYPT, iv, BLOCK_BYTES, false, 0),
	POINTER(SKCIPHER_DECRYPT, src, TEXT_BYTES, false, 0),
	POINTER(SKCIPHER_DECRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(SKCIPHER_DECRYPT, iv, BLOCK_BYTES, true, DEVCRYPTO_REQUEST_IV_OUT),
	POINTER(AEAD_ENCRYPT, src, TEXT_BYTES, false, 0),
	POINTER(AEAD_ENCRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(AEAD_ENCRYPT, iv, NONCE_BYTES, false, 0),
	POINTER(AEAD_ENCRYPT, assoc, ASSOC_BYTES, false, 0),
	POINTER(AEAD_ENCRYPT, tag, TAG_BYTES, true, 0),
	POINTER(AEAD_DECRYPT, src, TEXT_BYTES, false, 0),
	POINTER(AEAD_DECRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(AEAD_DECRYPT, iv, NONCE_BYTES, false, 0),
	POINTER(AEAD_DECRYPT, assoc, ASSOC_BYTES, false, 0),
	POINTER(AEAD_DECRYPT, tag, TAG_BYTES, false, 0),
	POINTER(HASH_DIGEST, src, TEXT_BYTES, false, 0),
	POINTER(HASH_DIGEST, dst, DIGEST_BYTES, true, 0),
	POINTER(HASH_STREAM_UPDATE, src, TEXT_BYTES, false, 0),
	POINTER(HASH_STREAM_FINAL, src, TEXT_BYTES, false, 0),
};

/* Of classes that have no layout. */
static const struct pointer plain_pointers[] = {
	POINTER(RNG_GENERATE, dst, TEXT_BYTES, true, 0),
	POINTER(RNG_GENERATE, src, KEY_BYTES, false, 0),
	POINTER(RNG_RESEED, src, KEY_BYTES, false, 0),
	POINTER(AKCIPHER_ENCRYPT, src, TEXT_BYTES, false, 0),
	POINTER(AKCIPHER_ENCRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(AKCIPHER_DECRYPT, src, TEXT_BYTES, false, 0),
	POINTER(AKCIPHER_DECRYPT, dst, TEXT_BYTES, true, 0),
	POINTER(SIG_SIGN, src, DIGEST_BYTES, false, 0),
	POINTER(SIG_SIGN, dst, TEXT_BYTES, true, 0),
	POINTER(SIG_VERIFY, src, DIGEST_BYTES, false, 0),
	POINTER(SIG_VERIFY, signature, TEXT_BYTES, false, 0),
	POINTER(KPP_PUBLIC_KEY, dst, TEXT_BYTES, true, 0),
	POINTER(KPP_SHARED_SECRET, src, TEXT_BYTES, false, 0),
	POINTER(KPP_SHARED_SECRET, dst, DIGEST_BYTES, true, 0),
};

static const struct pointer comp_pointers[] = {
	POINTER(COMP_COMPRESS, src, TEXT_BYTES, false, 0),
	POINTER(COMP_COMPRESS, dst, PACKED_BYTES, true, 0),
	POINTER(COMP_DECOMPRESS, src, TEXT_BYTES, false, 0),
	POINTER(COMP_DECOMPRESS, dst, TEXT_BYTES, true, 0),
};

static __u64 *pointer_in(struct fixture *fixture, const struct pointer *pointer)
{
	return (__u64 *)((char *)&fixture->request + pointer->offset);
}

static struct fixture *fixture_with(const struct pointer *pointer, uint32_t config_flags)
{
	struct fixture *fixture = fixture_new(pointer->base, config_flags);

	fixture->request.flags = pointer->request_flags;
	if (pointer->bytes == KEY_BYTES &&
	    (pointer->base == RNG_GENERATE || pointer->base == RNG_RESEED))
		fixture->request.src_bytes = KEY_BYTES;
	if (fixture->request.dst_bytes)
		fixture->request.dst_bytes = pointer->base == HASH_DIGEST ||
					     pointer->base == HASH_STREAM_FINAL ?
					     DIGEST_BYTES : TEXT_BYTES;
	return fixture;
}

static void expect_fault(struct fixture *fixture)
{
	EXPECT_EQ(-EFAULT, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(0, fixture->request.out_bytes);
}

static void check_bad_addresses(const struct pointer *pointer, uint32_t config_flags)
{
	struct fixture *fixture = fixture_with(pointer, config_flags);
	__u64 *address = pointer_in(fixture, pointer), good = *address;
	const uint64_t bad[] = {
		0,
		address_of(memory_hole()),
		UINT64_MAX,
		/* Wraps. */
		UINT64_MAX - pointer->bytes / 2,
		UINT64_C(1) << 63,
		/* Not canonical; the low half alone would be an address. */
		good | UINT64_C(1) << 52,
		/* As a kernel would use. */
		UINT64_C(0xffff888000001000),
	};
	unsigned char *torn = memory_torn(pointer->bytes, pointer->bytes - 1);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		*address = bad[at];
		expect_fault(fixture);
	}
	memcpy(torn, (void *)(uintptr_t)good, pointer->bytes - 1);
	*address = address_of(torn);
	expect_fault(fixture);
	if (pointer->written) {
		unsigned char *fixed = memory_before_hole(pointer->bytes);

		memcpy(fixed, (void *)(uintptr_t)good, pointer->bytes);
		memory_read_only(fixed, pointer->bytes);
		*address = address_of(fixed);
		expect_fault(fixture);
	}
	*address = good;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
}

TEST_EACH(bad_address, pointers)
{
	check_bad_addresses(row, PLAIN);
}

TEST_EACH(bad_address_without_layout, plain_pointers)
{
	check_bad_addresses(row, PLAIN);
}

TEST_EACH(bad_address_of_compression, comp_pointers)
{
	check_bad_addresses(row, PLAIN);
}

TEST_EACH(bad_address_in_layout, pointers)
{
	check_bad_addresses(row, LAYOUT);
}

/*
 * Exactly the named bytes are touched: a buffer may end where the memory ends
 * and begin where it begins, and what is only read may be read-only.
 */
static void check_edges(const struct pointer *pointer, uint32_t config_flags)
{
	int side;

	for (side = 0; side < 2; side++) {
		struct fixture *fixture = fixture_with(pointer, config_flags);
		__u64 *address = pointer_in(fixture, pointer);
		unsigned char *edge = side ? memory_before_hole(pointer->bytes) :
					     memory_after_hole(pointer->bytes);

		memcpy(edge, (void *)(uintptr_t)*address, pointer->bytes);
		*address = address_of(edge);
		if (!pointer->written)
			memory_read_only(edge, pointer->bytes);
		EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
		if (fixture->expected_bytes)
			EXPECT_MEM(fixture->expected,
				   (void *)(uintptr_t)fixture->request.dst,
				   fixture->expected_bytes);
		close(fixture->fd);
	}
}

TEST_EACH(edge_of_memory, pointers)
{
	check_edges(row, PLAIN);
}

TEST_EACH(edge_of_memory_without_layout, plain_pointers)
{
	check_edges(row, PLAIN);
}

TEST_EACH(edge_of_memory_of_compression, comp_pointers)
{
	check_edges(row, PLAIN);
}

TEST_EACH(edge_of_memory_in_layout, pointers)
{
	check_edges(row, LAYOUT);
}

/* --- any alignment, any overlap --- */

#define SPAN 256

/* Algorithms of each way of working; the oracle is the same request with buffers apart. */
static const struct algorithm {
	const char *name;
	const char *algorithm;
	uint32_t alg_class, key_bytes, iv_bytes, op, flags;
} algorithms[] = {
#define SK DEVCRYPTO_CLASS_SKCIPHER
#define AE DEVCRYPTO_CLASS_AEAD
#define ENC DEVCRYPTO_OP_ENCRYPT
#define DEC DEVCRYPTO_OP_DECRYPT
	{ "cbc-encrypt", "cbc(aes)", SK, 16, 16, ENC, PLAIN },
	{ "cbc-decrypt", "cbc(aes)", SK, 16, 16, DEC, PLAIN },
	{ "ctr-encrypt", "ctr(aes)", SK, 16, 16, ENC, PLAIN },
	{ "xts-decrypt", "xts(aes)", SK, 32, 16, DEC, PLAIN },
	{ "gcm-encrypt", "gcm(aes)", AE, 16, 12, ENC, PLAIN },
	{ "gcm-decrypt", "gcm(aes)", AE, 16, 12, DEC, PLAIN },
	{ "cbc-encrypt-layout", "cbc(aes)", SK, 16, 16, ENC, LAYOUT },
	{ "cbc-decrypt-layout", "cbc(aes)", SK, 16, 16, DEC, LAYOUT },
	{ "ctr-encrypt-layout", "ctr(aes)", SK, 16, 16, ENC, LAYOUT },
	{ "xts-decrypt-layout", "xts(aes)", SK, 32, 16, DEC, LAYOUT },
	{ "gcm-encrypt-layout", "gcm(aes)", AE, 16, 12, ENC, LAYOUT },
	{ "gcm-decrypt-layout", "gcm(aes)", AE, 16, 12, DEC, LAYOUT },
};

struct oracle {
	int fd;
	/* Valid but for src and dst. */
	struct devcrypto_request request;
	unsigned char iv[BLOCK_BYTES], assoc[ASSOC_BYTES], tag[TAG_BYTES];
	unsigned char in[SPAN], out[SPAN];
};

static void run_apart(struct oracle *oracle)
{
	struct devcrypto_request request = oracle->request;

	request.src = address_of(oracle->in);
	request.dst = address_of(oracle->out);
	ASSERT_EQ(0, run_request(oracle->fd, &request));
}

static struct oracle *oracle_new(const struct algorithm *algorithm)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	struct devcrypto_request *request = &oracle->request;

	oracle->fd = context_flags(algorithm->alg_class, algorithm->algorithm,
				   algorithm->key_bytes, algorithm->flags);
	fill_pattern(oracle->in, SPAN, 4);
	fill_pattern(oracle->iv, BLOCK_BYTES, 5);
	fill_pattern(oracle->assoc, ASSOC_BYTES, 6);
	request->op = ENC;
	request->src_bytes = request->dst_bytes = SPAN;
	request->iv = address_of(oracle->iv);
	request->iv_bytes = algorithm->iv_bytes;
	if (algorithm->alg_class == AE) {
		request->assoc = address_of(oracle->assoc);
		request->assoc_bytes = ASSOC_BYTES;
		request->tag = address_of(oracle->tag);
		request->tag_bytes = TAG_BYTES;
	}
	run_apart(oracle);
	ASSERT_TRUE(memcmp(oracle->in, oracle->out, SPAN));
	if (algorithm->op == DEC) {
		memcpy(oracle->in, oracle->out, SPAN);
		request->op = DEC;
		run_apart(oracle);
		fill_pattern(oracle->iv, BLOCK_BYTES, 5);
	}
	return oracle;
}

TEST_EACH(any_alignment, algorithms)
{
	static unsigned char src[SPAN + 128], dst[SPAN + 128], iv[BLOCK_BYTES + 64];
	static unsigned char assoc[ASSOC_BYTES + 64], tag[TAG_BYTES + 64];
	struct oracle *oracle = oracle_new(row);
	struct devcrypto_request request = oracle->request;
	unsigned int shift;

	for (shift = 0; shift < 64; shift++) {
		/* Different offsets, and each takes every value. */
		unsigned char *from = src + shift, *to = dst + 63 - shift;
		unsigned char *iv_now = iv + (shift + 7) % 64;
		unsigned char *assoc_now = assoc + (shift * 3) % 64;
		unsigned char *tag_now = tag + (shift * 5) % 64;

		memset(dst, UNTOUCHED, sizeof(dst));
		memcpy(from, oracle->in, SPAN);
		memcpy(iv_now, oracle->iv, BLOCK_BYTES);
		memcpy(assoc_now, oracle->assoc, ASSOC_BYTES);
		memcpy(tag_now, oracle->tag, TAG_BYTES);
		request.src = address_of(from);
		request.dst = address_of(to);
		request.iv = address_of(iv_now);
		if (request.tag_bytes) {
			request.assoc = address_of(assoc_now);
			request.tag = address_of(tag_now);
		}
		ASSERT_EQ(0, run_request(oracle->fd, &request));
		EXPECT_MEM(oracle->out, to, SPAN);
		EXPECT_MEM(oracle->tag, tag_now, TAG_BYTES);
		if (to > dst)
			EXPECT_EQ(UNTOUCHED, to[-1]);
		EXPECT_EQ(UNTOUCHED, to[SPAN]);
	}
}

/* Source and destination at every distance, in both directions. */
TEST_EACH(any_overlap, algorithms)
{
	static unsigned char memory[3 * SPAN], before[3 * SPAN];
	struct oracle *oracle = oracle_new(row);
	struct devcrypto_request request = oracle->request;
	int distance;

	fill_pattern(before, sizeof(before), 7);
	memcpy(before + SPAN, oracle->in, SPAN);
	for (distance = -SPAN; distance <= SPAN; distance++) {
		unsigned char *dst = memory + SPAN + distance;

		/* Near, and then in larger steps. */
		if (abs(distance) > 70 && distance % 31)
			continue;
		memcpy(memory, before, sizeof(memory));
		request.src = address_of(memory + SPAN);
		request.dst = address_of(dst);
		ASSERT_EQ(0, run_request(oracle->fd, &request));
		EXPECT_MEM(oracle->out, dst, SPAN);
		/* All but the destination is as it was. */
		memcpy(dst, before + SPAN + distance, SPAN);
		EXPECT_MEM(before, memory, sizeof(memory));
	}
}

/* --- scatter/gather --- */

#define PIECES		32
/* With associated data and tag as many as a LAYOUT context takes. */
#define LAYOUT_PIECES	14

/* Cuts @bytes at @data into pieces, at most @most and some of them empty; how many. */
static uint32_t cut(struct devcrypto_segment *segments, uint32_t most, unsigned char *data,
		    uint32_t bytes, unsigned int seed)
{
	uint32_t count = 0, left = bytes;

	memset(segments, 0, most * sizeof(*segments));
	while (left) {
		uint32_t piece = (seed * 7 + count * 13) % 23;

		if (count == most - 1 || piece > left)
			piece = left;
		segments[count].addr = address_of(data + bytes - left);
		segments[count].bytes = piece;
		left -= piece;
		count++;
	}
	return count;
}

TEST_EACH(any_segments, algorithms)
{
	struct devcrypto_segment in[PIECES], out[PIECES];
	static unsigned char src[SPAN], dst[SPAN + 1];
	struct oracle *oracle = oracle_new(row);
	struct devcrypto_request request = oracle->request;
	const uint32_t most = row->flags & LAYOUT ? LAYOUT_PIECES : PIECES;
	unsigned int seed;

	memcpy(src, oracle->in, SPAN);
	for (seed = 0; seed < 23; seed++) {
		/* Source, destination, and both. */
		request.src_segments = seed % 3 != 1 ? cut(in, most, src, SPAN, seed) : 0;
		request.src = address_of(request.src_segments ? (void *)in : src);
		request.dst_segments = seed % 3 != 0 ? cut(out, most, dst, SPAN, seed + 5) : 0;
		request.dst = address_of(request.dst_segments ? (void *)out : dst);
		memset(dst, UNTOUCHED, sizeof(dst));
		ASSERT_EQ(0, run_request(oracle->fd, &request));
		EXPECT_EQ(SPAN, request.out_bytes);
		EXPECT_MEM(oracle->out, dst, SPAN);
		EXPECT_EQ(UNTOUCHED, dst[SPAN]);
	}
}

/* The pieces in another order in memory, and in place. */
TEST_EACH(segments_in_place, algorithms)
{
	struct devcrypto_segment pieces[2];
	static unsigned char memory[SPAN];
	struct oracle *oracle = oracle_new(row);
	struct devcrypto_request request = oracle->request;

	memcpy(memory + 100, oracle->in, SPAN - 100);
	memcpy(memory, oracle->in + SPAN - 100, 100);
	memset(pieces, 0, sizeof(pieces));
	pieces[0].addr = address_of(memory + 100);
	pieces[0].bytes = SPAN - 100;
	pieces[1].addr = address_of(memory);
	pieces[1].bytes = 100;
	request.src = request.dst = address_of(pieces);
	request.src_segments = request.dst_segments = 2;
	ASSERT_EQ(0, run_request(oracle->fd, &request));
	EXPECT_MEM(oracle->out, memory + 100, SPAN - 100);
	EXPECT_MEM(oracle->out + SPAN - 100, memory, 100);
}

/* Source and destination are interleaved in memory. */
TEST_EACH(segments_overlap, algorithms)
{
	struct devcrypto_segment in[4], out[4];
	static unsigned char memory[SPAN + 32], result[SPAN];
	struct oracle *oracle = oracle_new(row);
	struct devcrypto_request request = oracle->request;
	int at;

	for (at = 0; at < 4; at++) {
		in[at] = (struct devcrypto_segment){ address_of(memory + at * 64), 64, 0 };
		/* Each destination covers the ends of two sources. */
		out[at] = (struct devcrypto_segment){ address_of(memory + at * 64 + 32), 64, 0 };
	}
	memcpy(memory, oracle->in, SPAN);
	request.src = address_of(in);
	request.dst = address_of(out);
	request.src_segments = request.dst_segments = 4;
	ASSERT_EQ(0, run_request(oracle->fd, &request));
	memcpy(result, memory + 32, SPAN);
	EXPECT_MEM(oracle->out, result, SPAN);
}

/* The side of a request that consists of segments. */
static const struct side {
	const char *name;
	size_t address, segments, bytes;
	bool written;
} sides[] = {
	{ "src", offsetof(struct devcrypto_request, src),
	  offsetof(struct devcrypto_request, src_segments),
	  offsetof(struct devcrypto_request, src_bytes), false },
	{ "dst", offsetof(struct devcrypto_request, dst),
	  offsetof(struct devcrypto_request, dst_segments),
	  offsetof(struct devcrypto_request, dst_bytes), true },
};

/* A request in which one side is two segments of half the text each. */
struct pair {
	struct fixture *fixture;
	struct devcrypto_segment *segments;
	__u64 *address;
	__u32 *count;
	unsigned char *data;
};

static struct pair pair_new(const struct side *side)
{
	struct pair pair = { .fixture = fixture_new(SKCIPHER_DECRYPT, 0) };
	char *request = (char *)&pair.fixture->request;

	/* The array ends where the memory ends. */
	pair.segments = (void *)memory_before_hole(2 * sizeof(*pair.segments));
	pair.data = side->written ? pair.fixture->dst : pair.fixture->src;
	pair.segments[0].addr = address_of(pair.data);
	pair.segments[0].bytes = TEXT_BYTES / 2;
	pair.segments[1].addr = address_of(pair.data + TEXT_BYTES / 2);
	pair.segments[1].bytes = TEXT_BYTES / 2;
	pair.address = (__u64 *)(request + side->address);
	pair.count = (__u32 *)(request + side->segments);
	*pair.address = address_of(pair.segments);
	*pair.count = 2;
	return pair;
}

static void expect_segments_refused(const struct pair *pair, int expected)
{
	EXPECT_EQ(-expected, run_request(pair->fixture->fd, &pair->fixture->request));
	EXPECT_EQ(0, pair->fixture->request.out_bytes);
}

TEST_EACH(segments_reserved, sides)
{
	struct pair pair = pair_new(row);
	int at;

	for (at = 0; at < 2; at++) {
		pair.segments[at].reserved = 1;
		expect_segments_refused(&pair, EINVAL);
		pair.segments[at].reserved = 1U << 31;
		expect_segments_refused(&pair, EINVAL);
		pair.segments[at].reserved = 0;
	}
	fixture_expect_untouched(pair.fixture);
	fixture_check(pair.fixture);
}

TEST_EACH(segments_hold_too_little, sides)
{
	struct pair pair = pair_new(row);

	pair.segments[1].bytes--;
	expect_segments_refused(&pair, EINVAL);
	pair.segments[1].bytes = 0;
	expect_segments_refused(&pair, EINVAL);
	pair.segments[1].bytes = TEXT_BYTES / 2;
	*pair.count = 1;
	expect_segments_refused(&pair, EINVAL);
	*pair.count = 2;
	fixture_expect_untouched(pair.fixture);
	fixture_check(pair.fixture);
}

TEST_EACH(segments_hold_more, sides)
{
	struct pair pair = pair_new(row);

	pair.segments[1].bytes = 1000;
	fixture_check(pair.fixture);
}

TEST_EACH(segments_add_up_to_too_much, sides)
{
	struct pair pair = pair_new(row);

	pair.segments[0].bytes = UINT32_MAX;
	pair.segments[1].bytes = 1;
	expect_segments_refused(&pair, EOVERFLOW);
	pair.segments[1].bytes = UINT32_MAX;
	expect_segments_refused(&pair, EOVERFLOW);
	fixture_expect_untouched(pair.fixture);
}

TEST_EACH(segments_beyond_the_limit, sides)
{
	const uint32_t max = info_now().max_segments;
	const uint32_t counts[] = { max + 1, 1U << 28, 1U << 31, UINT32_MAX };
	struct pair pair = pair_new(row);
	struct devcrypto_segment *many = calloc(max + 1, sizeof(*many));
	size_t at;

	/* The two at the end of as many as there may be. */
	memcpy(&many[max - 2], pair.segments, 2 * sizeof(*many));
	*pair.address = address_of(many);
	*pair.count = max;
	fixture_check(pair.fixture);
	for (at = 0; at < ARRAY_SIZE(counts); at++) {
		*pair.count = counts[at];
		expect_segments_refused(&pair, EDQUOT);
	}
	fixture_expect_untouched(pair.fixture);
}

/* In a LAYOUT context associated data and tag count, too. */
TEST_EACH(segments_beyond_the_limit_of_layout, sides)
{
	const uint32_t max = info_now().max_layout_entries;
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, LAYOUT);
	struct devcrypto_segment *segments = calloc(max, sizeof(*segments));
	char *request = (char *)&fixture->request;
	__u32 *count = (__u32 *)(request + row->segments);
	uint32_t at;

	ASSERT_TRUE(max <= TEXT_BYTES);
	for (at = 0; at < max; at++) {
		segments[at].addr = address_of((row->written ? fixture->dst : fixture->src) + at);
		segments[at].bytes = 1;
	}
	*(__u64 *)(request + row->address) = address_of(segments);
	fixture->request.src_bytes = fixture->request.dst_bytes = max - 2;
	*count = max - 2;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	*count = max - 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
}

TEST_EACH(segments_that_are_empty, sides)
{
	struct devcrypto_segment pieces[5] = { 0 };
	struct pair pair = pair_new(row);

	/* An empty one may have any address. */
	pieces[0].addr = UINT64_MAX;
	pieces[1] = pair.segments[0];
	pieces[2].addr = address_of(memory_hole());
	pieces[3] = pair.segments[1];
	*pair.address = address_of(pieces);
	*pair.count = 5;
	fixture_check(pair.fixture);
}

TEST_EACH(segments_bad_address, sides)
{
	struct pair pair = pair_new(row);
	int at;

	for (at = 0; at < 2; at++) {
		const uint64_t good = pair.segments[at].addr;
		const uint64_t bad[] = { 0, address_of(memory_hole()), UINT64_MAX,
					 UINT64_C(1) << 63, good | UINT64_C(1) << 52 };
		size_t which;

		for (which = 0; which < ARRAY_SIZE(bad); which++) {
			pair.segments[at].addr = bad[which];
			expect_segments_refused(&pair, EFAULT);
		}
		pair.segments[at].addr = good;
	}
	memset(pair.fixture->dst, UNTOUCHED, TEXT_BYTES);
	fixture_check(pair.fixture);
}

TEST_EACH(segments_array_bad_address, sides)
{
	struct pair pair = pair_new(row);
	const uint64_t good = *pair.address;
	const uint64_t bad[] = {
		0, address_of(memory_hole()), UINT64_MAX, UINT64_C(1) << 63,
		good | UINT64_C(1) << 52, address_of(pair.segments + 1),
	};
	size_t at;

	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		*pair.address = bad[at];
		expect_segments_refused(&pair, EFAULT);
	}
	fixture_expect_untouched(pair.fixture);
	*pair.address = good;
	memory_read_only(pair.segments, 2 * sizeof(*pair.segments));
	fixture_check(pair.fixture);
}

/* --- the size of a segment --- */

#define SEGMENT_BYTES 16	/* of the first published version */

/* Spreads the two segments over entries of this size, up against a hole. */
static unsigned char *spread(const struct pair *pair, uint32_t bytes)
{
	unsigned char *entries = memory_before_hole(2 * bytes);

	memcpy(entries, &pair->segments[0], SEGMENT_BYTES);
	memcpy(entries + bytes, &pair->segments[1], SEGMENT_BYTES);
	*pair->address = address_of(entries);
	return entries;
}

static int run_sized(const struct pair *pair, uint32_t segment_bytes)
{
	struct devcrypto_run run = {
		.requests = address_of(&pair->fixture->request),
		.count = 1,
		.request_bytes = sizeof(pair->fixture->request),
		.segment_bytes = segment_bytes,
	};

	return ioctl(pair->fixture->fd, DEVCRYPTO_IOC_RUN, &run);
}

TEST_EACH(segments_with_zero_tail, sides)
{
	static const uint32_t sizes[] = { 16, 24, 32, 104, 4096 };
	struct pair pair = pair_new(row);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		spread(&pair, sizes[at]);
		memset(pair.fixture->dst, UNTOUCHED, TEXT_BYTES);
		EXPECT_EQ(1, run_sized(&pair, sizes[at]));
		EXPECT_EQ(0, pair.fixture->request.out_result);
		EXPECT_MEM(pair.fixture->expected, pair.fixture->dst, TEXT_BYTES);
	}
}

TEST_EACH(segments_with_dirty_tail, sides)
{
	static const uint32_t sizes[] = { 24, 32, 104, 4096 };
	struct pair pair = pair_new(row);
	size_t at;
	int dirty;

	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		for (dirty = 0; dirty < 2; dirty++) {
			unsigned char *entries = spread(&pair, sizes[at]);

			entries[dirty * sizes[at] + (dirty ? sizes[at] - 1 : SEGMENT_BYTES)] = 1;
			EXPECT_EQ(1, run_sized(&pair, sizes[at]));
			EXPECT_EQ(-E2BIG, pair.fixture->request.out_result);
		}
	}
	fixture_expect_untouched(pair.fixture);
}

TEST(segments_of_a_wrong_size)
{
	static const uint32_t big[] = { 4104, 8192, 1U << 31, UINT32_MAX - 7 };
	struct pair pair = pair_new(&sides[0]);
	uint32_t bytes;
	size_t at;

	spread(&pair, 8192);
	for (bytes = 1; bytes < 64; bytes++)
		if (bytes < SEGMENT_BYTES || bytes % 8)
			EXPECT_ERRNO(EINVAL, run_sized(&pair, bytes));
	for (at = 0; at < ARRAY_SIZE(big); at++)
		EXPECT_ERRNO(E2BIG, run_sized(&pair, big[at]));
	fixture_expect_untouched(pair.fixture);
}

/* Of a source that cannot be read to its end nothing is delivered. */
TEST(source_that_ends_too_soon)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	const uint32_t bytes = 4 * page_bytes();
	unsigned char *src = memory_torn(bytes, bytes - page_bytes() / 2);
	unsigned char *dst = malloc(bytes), *before = malloc(bytes);

	memset(dst, UNTOUCHED, bytes);
	memset(before, UNTOUCHED, bytes);
	fixture->request.src = address_of(src);
	fixture->request.dst = address_of(dst);
	fixture->request.src_bytes = fixture->request.dst_bytes = bytes;
	expect_fault(fixture);
	EXPECT_MEM(before, dst, bytes);
}

/* A mapping of a file that the caller may read but not write. */
TEST(destination_in_constant_memory)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);

	fixture->request.dst = address_of(test_key);
	fixture->request.dst_bytes = fixture->request.src_bytes;
	expect_fault(fixture);
}

/* --- size --- */

/* As large as it may be; hashed in one and in halves. */
TEST_SECONDS(largest_request, 120)
{
	const uint32_t max = info_now().max_request_bytes;
	unsigned char whole[DIGEST_BYTES], halves[DIGEST_BYTES];
	unsigned char *text = mmap(NULL, max, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(text), .src_bytes = max,
		.dst = address_of(whole), .dst_bytes = DIGEST_BYTES,
	};
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	ASSERT_TRUE(text != MAP_FAILED);
	fill_pattern(text, max, 8);
	ASSERT_EQ(0, run_request(fd, &request));
	request.op = DEVCRYPTO_OP_STREAM_UPDATE;
	request.dst = request.dst_bytes = 0;
	request.src_bytes = max / 2;
	ASSERT_EQ(0, run_request(fd, &request));
	request.op = DEVCRYPTO_OP_STREAM_FINAL;
	request.src += max / 2;
	request.dst = address_of(halves);
	request.dst_bytes = DIGEST_BYTES;
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_MEM(whole, halves, DIGEST_BYTES);
}

static const struct {
	const char *name;
	uint32_t bytes;
} lengths[] = {
	{ "page", 4096 },
	{ "page_and_block", 4096 + 16 },
	{ "piece_less_block", 32768 - 16 },
	{ "piece", 32768 },
	{ "piece_and_block", 32768 + 16 },
	{ "two_pieces", 65536 },
	{ "odd_pieces", 3 * 32768 + 4096 + 48 },
	{ "kept", 64 << 10 },
	{ "more_than_kept", (64 << 10) + 16 },
	/* Of pieces so many that the driver may take more than one step. */
	{ "many_pieces", (3 << 20) + 32 },
};

/* There and back across the seams of the driver's memory. */
static void check_long_text(enum base base, uint32_t bytes)
{
	unsigned char *text = malloc(bytes), *cipher = malloc(bytes + 64);
	struct fixture *fixture = fixture_new(base, 0);

	fill_pattern(text, bytes, 10);
	fixture->request.src = address_of(text);
	fixture->request.dst = address_of(cipher + 3);
	fixture->request.src_bytes = fixture->request.dst_bytes = bytes;
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_TRUE(memcmp(text, cipher + 3, bytes));
	fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	fixture->request.src = fixture->request.dst;
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(text, cipher + 3, bytes);
}

TEST_EACH(long_text_of_a_cipher, lengths)
{
	check_long_text(SKCIPHER_ENCRYPT, row->bytes);
}

TEST_EACH(long_text_of_an_aead, lengths)
{
	check_long_text(AEAD_ENCRYPT, row->bytes);
}

/* The same as in short requests, each with the IV that the last one gave. */
TEST_EACH(long_text_equals_its_parts, lengths)
{
	const uint32_t part = 16 * BLOCK_BYTES;
	unsigned char *text = malloc(row->bytes), *whole = malloc(row->bytes);
	unsigned char *parts = malloc(row->bytes), iv[BLOCK_BYTES];
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_request *request = &fixture->request;
	uint32_t at;

	fill_pattern(text, row->bytes, 13);
	memcpy(iv, fixture->iv, BLOCK_BYTES);
	request->flags = DEVCRYPTO_REQUEST_IV_OUT;
	for (at = 0; at < row->bytes; at += request->src_bytes) {
		request->src = address_of(text + at);
		request->dst = address_of(parts + at);
		request->src_bytes = row->bytes - at < part ? row->bytes - at : part;
		request->dst_bytes = request->src_bytes;
		ASSERT_EQ(0, run_request(fixture->fd, request));
	}
	request->src = address_of(text);
	request->dst = address_of(whole);
	request->src_bytes = request->dst_bytes = row->bytes;
	request->iv = address_of(iv);
	ASSERT_EQ(0, run_request(fixture->fd, request));
	EXPECT_MEM(parts, whole, row->bytes);
	EXPECT_MEM(fixture->iv, iv, BLOCK_BYTES);
}
