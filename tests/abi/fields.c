// SPDX-License-Identifier: MIT
/*
 * The fields of a request: one of them wrong at a time, everything else as in
 * a request that succeeds.
 */
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define IV_OUT DEVCRYPTO_REQUEST_IV_OUT

/* --- values that are wrong whatever the rest --- */

struct wrong_field {
	const char *name;
	enum base base;
	size_t offset, bytes;
	uint64_t value;
	int expected;
};

#define WRONG(base, field, value, expected) {					\
	#base "." #field "=" #value, base,					\
	offsetof(struct devcrypto_request, field),				\
	sizeof(((struct devcrypto_request *)NULL)->field), value, expected	\
}

#define RESERVED(base)					\
	WRONG(base, reserved, 1, EINVAL),		\
	WRONG(base, reserved, 0x80000000, EINVAL),	\
	WRONG(base, flags, 0x100, EINVAL),		\
	WRONG(base, flags, 0x80000000, EINVAL)
#define NO_SRC(base)					\
	WRONG(base, src, 1, EINVAL),			\
	WRONG(base, src_bytes, 1, EINVAL),		\
	WRONG(base, src_segments, 1, EINVAL)
#define NO_DST(base)					\
	WRONG(base, dst, 1, EINVAL),			\
	WRONG(base, dst_bytes, 1, EINVAL),		\
	WRONG(base, dst_segments, 1, EINVAL)
#define NO_IV(base)					\
	WRONG(base, iv, 1, EINVAL),			\
	WRONG(base, iv_bytes, 1, EINVAL),		\
	WRONG(base, flags, IV_OUT, EOPNOTSUPP)
#define NO_ASSOC(base)					\
	WRONG(base, assoc, 1, EINVAL),			\
	WRONG(base, assoc_bytes, 1, EINVAL)
#define NO_TAG(base)					\
	WRONG(base, tag, 1, EINVAL),			\
	WRONG(base, tag_bytes, 1, EINVAL)
#define IV(base)					\
	WRONG(base, iv_bytes, 0, EINVAL),		\
	WRONG(base, iv_bytes, 1, EINVAL),		\
	WRONG(base, iv_bytes, 11, EINVAL),		\
	WRONG(base, iv_bytes, 13, EINVAL),		\
	WRONG(base, iv_bytes, 17, EINVAL),		\
	WRONG(base, iv_bytes, UINT32_MAX, EINVAL)
#define TAG(base)					\
	WRONG(base, tag_bytes, 0, EINVAL),		\
	WRONG(base, tag_bytes, 12, EINVAL),		\
	WRONG(base, tag_bytes, 15, EINVAL),		\
	WRONG(base, tag_bytes, 17, EINVAL),		\
	WRONG(base, tag_bytes, UINT32_MAX, EINVAL)
#define BEYOND(base, field)				\
	WRONG(base, field, 0x80000000, EDQUOT),		\
	WRONG(base, field, 0xfffffff0, EDQUOT),		\
	WRONG(base, field, UINT32_MAX, EDQUOT)

#define SKCIPHER(base)					\
	RESERVED(base), NO_ASSOC(base), NO_TAG(base),	\
	IV(base), BEYOND(base, src_bytes),		\
	WRONG(base, src_bytes, 1, EINVAL),		\
	WRONG(base, src_bytes, 15, EINVAL),		\
	WRONG(base, src_bytes, 63, EINVAL)
#define AEAD(base)					\
	RESERVED(base), IV(base), TAG(base),		\
	WRONG(base, flags, IV_OUT, EOPNOTSUPP),		\
	BEYOND(base, src_bytes), BEYOND(base, assoc_bytes)
#define HASH(base)					\
	RESERVED(base), NO_IV(base), NO_ASSOC(base), NO_TAG(base)
#define RNG(base) HASH(base)
#define COMP(base) HASH(base), BEYOND(base, src_bytes)

/* A length that is no digest's and no key's. */
#define LENGTH(base, field, right)			\
	WRONG(base, field, 0, EINVAL),			\
	WRONG(base, field, right-1, EINVAL),		\
	WRONG(base, field, right+1, EINVAL)

static const struct wrong_field wrong_fields[] = {
	SKCIPHER(SKCIPHER_ENCRYPT),
	SKCIPHER(SKCIPHER_DECRYPT),
	AEAD(AEAD_ENCRYPT),
	AEAD(AEAD_DECRYPT),
	HASH(HASH_DIGEST),
	BEYOND(HASH_DIGEST, src_bytes),
	HASH(HASH_STREAM_INIT),
	NO_SRC(HASH_STREAM_INIT),
	NO_DST(HASH_STREAM_INIT),
	HASH(HASH_STREAM_UPDATE),
	NO_DST(HASH_STREAM_UPDATE),
	BEYOND(HASH_STREAM_UPDATE, src_bytes),
	HASH(HASH_STREAM_FINAL),
	BEYOND(HASH_STREAM_FINAL, src_bytes),
	RNG(RNG_GENERATE),
	BEYOND(RNG_GENERATE, src_bytes),
	BEYOND(RNG_GENERATE, dst_bytes),
	RNG(RNG_RESEED),
	NO_DST(RNG_RESEED),
	BEYOND(RNG_RESEED, src_bytes),
	COMP(COMP_COMPRESS),
	WRONG(COMP_COMPRESS, src_bytes, 0, EINVAL),
	COMP(COMP_DECOMPRESS),
	WRONG(COMP_DECOMPRESS, src_bytes, 0, EINVAL),
	HASH(AKCIPHER_ENCRYPT),
	BEYOND(AKCIPHER_ENCRYPT, src_bytes),
	WRONG(AKCIPHER_ENCRYPT, src_bytes, 0, EINVAL),
	WRONG(AKCIPHER_ENCRYPT, src_bytes, TEXT_BYTES+1, EINVAL),
	HASH(AKCIPHER_DECRYPT),
	BEYOND(AKCIPHER_DECRYPT, src_bytes),
	WRONG(AKCIPHER_DECRYPT, src_bytes, 0, EINVAL),
	WRONG(AKCIPHER_DECRYPT, src_bytes, TEXT_BYTES+1, EINVAL),
	HASH(SIG_SIGN),
	BEYOND(SIG_SIGN, src_bytes),
	LENGTH(SIG_SIGN, src_bytes, DIGEST_BYTES),
	RESERVED(SIG_VERIFY), NO_IV(SIG_VERIFY), NO_ASSOC(SIG_VERIFY), NO_DST(SIG_VERIFY),
	BEYOND(SIG_VERIFY, src_bytes),
	BEYOND(SIG_VERIFY, signature_bytes),
	LENGTH(SIG_VERIFY, src_bytes, DIGEST_BYTES),
	HASH(KPP_PUBLIC_KEY),
	NO_SRC(KPP_PUBLIC_KEY),
	HASH(KPP_SHARED_SECRET),
	BEYOND(KPP_SHARED_SECRET, src_bytes),
	LENGTH(KPP_SHARED_SECRET, src_bytes, TEXT_BYTES),
};

TEST_EACH(wrong_field, wrong_fields)
{
	struct fixture *fixture = fixture_new(row->base, 0);
	struct devcrypto_request good = fixture->request;
	char *field = (char *)&fixture->request + row->offset;
	uint32_t narrow = row->value;

	if (row->bytes == sizeof(narrow))
		memcpy(field, &narrow, sizeof(narrow));
	else
		memcpy(field, &row->value, sizeof(row->value));
	EXPECT_EQ(-row->expected, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(0, fixture->request.out_bytes);
	fixture_expect_untouched(fixture);

	/* Without the fault the very same request succeeds. */
	fixture->request = good;
	fixture_check(fixture);
}

static const struct {
	const char *name;
	enum base base;
	/* Operations of its class. */
	uint32_t first, last;
} operations[] = {
	{ "SKCIPHER_ENCRYPT", SKCIPHER_ENCRYPT, DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT },
	{ "AEAD_ENCRYPT", AEAD_ENCRYPT, DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT },
	{ "HASH_DIGEST", HASH_DIGEST, DEVCRYPTO_OP_DIGEST, DEVCRYPTO_OP_STREAM_FINAL },
	{ "HASH_STREAM_INIT", HASH_STREAM_INIT, DEVCRYPTO_OP_DIGEST, DEVCRYPTO_OP_STREAM_FINAL },
	{ "RNG_GENERATE", RNG_GENERATE, DEVCRYPTO_OP_GENERATE, DEVCRYPTO_OP_RESEED },
	{ "RNG_RESEED", RNG_RESEED, DEVCRYPTO_OP_GENERATE, DEVCRYPTO_OP_RESEED },
	{ "COMP_COMPRESS", COMP_COMPRESS, DEVCRYPTO_OP_COMPRESS, DEVCRYPTO_OP_DECOMPRESS },
	{ "COMP_DECOMPRESS", COMP_DECOMPRESS, DEVCRYPTO_OP_COMPRESS, DEVCRYPTO_OP_DECOMPRESS },
	{ "AKCIPHER_ENCRYPT", AKCIPHER_ENCRYPT, DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT },
	{ "SIG_SIGN", SIG_SIGN, DEVCRYPTO_OP_SIGN, DEVCRYPTO_OP_VERIFY },
	{ "SIG_VERIFY", SIG_VERIFY, DEVCRYPTO_OP_SIGN, DEVCRYPTO_OP_VERIFY },
	{ "KPP_PUBLIC_KEY", KPP_PUBLIC_KEY, DEVCRYPTO_OP_PUBLIC_KEY, DEVCRYPTO_OP_SHARED_SECRET },
};

TEST_EACH(operation_of_no_or_another_class, operations)
{
	static const uint32_t beyond[] = { 31, 32, 33, 64, 0x80000001, UINT32_MAX };
	struct fixture *fixture = fixture_new(row->base, 0);
	const uint32_t good = fixture->request.op;
	uint32_t op;
	size_t at;

	for (op = 0; op <= DEVCRYPTO_OP_SHARED_SECRET; op++) {
		if (op >= row->first && op <= row->last)
			continue;
		if (row->last == DEVCRYPTO_OP_STREAM_FINAL &&
		    (op == DEVCRYPTO_OP_STREAM_SAVE || op == DEVCRYPTO_OP_STREAM_RESTORE))
			continue;
		fixture->request.op = op;
		EXPECT_EQ(-EOPNOTSUPP, run_request(fixture->fd, &fixture->request));
	}
	for (at = 0; at < ARRAY_SIZE(beyond); at++) {
		fixture->request.op = beyond[at];
		EXPECT_EQ(-EOPNOTSUPP, run_request(fixture->fd, &fixture->request));
	}
	fixture_expect_untouched(fixture);
	fixture->request.op = good;
	fixture_check(fixture);
}

TEST(beyond_the_limits_by_one)
{
	struct devcrypto_info info = info_now();
	struct fixture *fixture = fixture_new(HASH_DIGEST, 0);

	fixture->request.src_bytes = info.max_request_bytes + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
	fixture = fixture_new(AEAD_ENCRYPT, 0);
	fixture->request.assoc_bytes = info.max_assoc_bytes + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
	fixture = fixture_new(RNG_GENERATE, 0);
	fixture->request.dst_bytes = info.max_request_bytes + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
	fixture = fixture_new(RNG_RESEED, 0);
	fixture->request.src_bytes = info.max_key_bytes + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
}

TEST(longest_associated_data)
{
	const uint32_t max = info_now().max_assoc_bytes;
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	unsigned char *assoc = memory_before_hole(max);

	fixture->request.assoc = address_of(assoc);
	fixture->request.assoc_bytes = max;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	fixture->request.src = fixture->request.dst;
	assoc[max - 1] ^= 1;
	EXPECT_EQ(-EBADMSG, run_request(fixture->fd, &fixture->request));
	assoc[max - 1] ^= 1;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
}

/* In a LAYOUT context the limit is on all inputs, or all outputs, together. */
TEST(beyond_the_limit_of_layout)
{
	const uint32_t max = info_now().max_layout_bytes;
	unsigned char *src = memory_before_hole(max + BLOCK_BYTES);
	unsigned char *dst = memory_before_hole(max + BLOCK_BYTES);
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, DEVCRYPTO_CONFIG_LAYOUT);

	fixture->request.src = address_of(src);
	fixture->request.dst = address_of(dst);
	fixture->request.src_bytes = fixture->request.dst_bytes = max;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->request.src_bytes = fixture->request.dst_bytes = max + BLOCK_BYTES;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));

	fixture = fixture_new(AEAD_ENCRYPT, DEVCRYPTO_CONFIG_LAYOUT);
	fixture->request.src = address_of(src);
	fixture->request.dst = address_of(dst);
	fixture->request.src_bytes = fixture->request.dst_bytes = max - ASSOC_BYTES - TAG_BYTES;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->request.src_bytes = fixture->request.dst_bytes = max - ASSOC_BYTES + 1;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
}

/* --- the output's size --- */

static const struct sized {
	const char *name;
	enum base base;
	uint32_t needed;
} sized[] = {
	{ "SKCIPHER_ENCRYPT", SKCIPHER_ENCRYPT, TEXT_BYTES },
	{ "SKCIPHER_DECRYPT", SKCIPHER_DECRYPT, TEXT_BYTES },
	{ "AEAD_ENCRYPT", AEAD_ENCRYPT, TEXT_BYTES },
	{ "AEAD_DECRYPT", AEAD_DECRYPT, TEXT_BYTES },
	{ "HASH_DIGEST", HASH_DIGEST, DIGEST_BYTES },
	{ "HASH_STREAM_FINAL", HASH_STREAM_FINAL, DIGEST_BYTES },
};

static const struct sized key_sized[] = {
	{ "AKCIPHER_ENCRYPT", AKCIPHER_ENCRYPT, TEXT_BYTES },
	{ "AKCIPHER_DECRYPT", AKCIPHER_DECRYPT, TEXT_BYTES },
	{ "SIG_SIGN", SIG_SIGN, TEXT_BYTES },
	{ "KPP_PUBLIC_KEY", KPP_PUBLIC_KEY, TEXT_BYTES },
	{ "KPP_SHARED_SECRET", KPP_SHARED_SECRET, DIGEST_BYTES },
};

static void check_output_too_small(const struct sized *row)
{
	struct fixture *fixture = fixture_new(row->base, 0);
	unsigned char tag[TAG_BYTES];
	uint32_t bytes;

	memcpy(tag, fixture->tag, TAG_BYTES);
	for (bytes = 0; bytes < row->needed; bytes++) {
		fixture->request.dst_bytes = bytes;
		EXPECT_EQ(-EMSGSIZE, run_request(fixture->fd, &fixture->request));
		EXPECT_EQ(row->needed, fixture->request.out_bytes);
		fixture_expect_untouched(fixture);
		EXPECT_MEM(tag, fixture->tag, TAG_BYTES);
	}
	fixture->request.dst_bytes = row->needed;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(row->needed, fixture->request.out_bytes);
}

TEST_EACH(output_too_small, sized)
{
	check_output_too_small(row);
}

TEST_EACH(output_of_a_key_too_small, key_sized)
{
	check_output_too_small(row);
}

TEST_EACH(room_to_spare, sized)
{
	struct fixture *fixture = fixture_new(row->base, 0);
	unsigned char rest[TEXT_BYTES];
	uint32_t written;

	memset(rest, UNTOUCHED, sizeof(rest));
	if (row->needed == TEXT_BYTES)
		fixture->request.src_bytes = 32;
	if (row->base == AEAD_DECRYPT) {
		/* What is decrypted has to be of that length, too. */
		fixture->request.op = DEVCRYPTO_OP_ENCRYPT;
		ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
		memcpy(fixture->src, fixture->dst, 32);
		fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	}
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	written = fixture->request.out_bytes;
	ASSERT_EQ(32, written);
	EXPECT_MEM(rest, fixture->dst + written, TEXT_BYTES - written);
}

/* --- fields of the answer, and the caller's own --- */

TEST_EACH(only_the_answer_is_written, every_base)
{
	static const uint32_t written[] = {
		TEXT_BYTES, TEXT_BYTES, TEXT_BYTES, TEXT_BYTES, DIGEST_BYTES,
		0, 0, DIGEST_BYTES, TEXT_BYTES, 0, PACKED_BYTES, TEXT_BYTES,
		TEXT_BYTES, TEXT_BYTES, TEXT_BYTES, 0, TEXT_BYTES, DIGEST_BYTES,
	};
	struct fixture *fixture = fixture_new(row->base, 0);
	struct devcrypto_request before;

	fixture->request.user_data = UINT64_C(0xfedcba9876543210);
	fixture->request.out_result = INT32_MIN;
	fixture->request.out_bytes = UINT32_MAX;
	before = fixture->request;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(written[row->base], fixture->request.out_bytes);
	before.out_result = 0;
	before.out_bytes = written[row->base];
	EXPECT_MEM(&before, &fixture->request, sizeof(before));
}

/* --- the IV --- */

TEST(iv_is_not_written_unasked)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	unsigned char iv[BLOCK_BYTES];

	memcpy(iv, fixture->iv, sizeof(iv));
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(iv, fixture->iv, sizeof(iv));
}

static const struct chaining {
	const char *name;
	uint32_t key_bytes;
	/* A message may be cut at multiples of this. */
	uint32_t cut;
} chaining[] = {
	{ "cbc(aes)", 16, 16 },
	{ "ctr(aes)", 24, 16 },
	{ "ecb(aes)", 32, 16 },
};

/* The message in one request, and in two with the IV that the first gives back. */
TEST_EACH(iv_goes_on, chaining)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_request part;
	unsigned char whole[TEXT_BYTES], iv[BLOCK_BYTES];
	uint32_t op, cut;
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, row->name, row->key_bytes);

	if (!strcmp(row->name, "ecb(aes)"))
		fixture->request.iv = fixture->request.iv_bytes = 0;
	memcpy(iv, fixture->iv, sizeof(iv));
	for (op = DEVCRYPTO_OP_ENCRYPT; op <= DEVCRYPTO_OP_DECRYPT; op++) {
		fixture->request.op = op;
		fixture->request.flags = 0;
		ASSERT_EQ(0, run_request(fd, &fixture->request));
		memcpy(whole, fixture->dst, TEXT_BYTES);
		for (cut = 0; cut <= TEXT_BYTES; cut += row->cut) {
			memset(fixture->dst, 0, TEXT_BYTES);
			part = fixture->request;
			part.flags = IV_OUT;
			part.src_bytes = part.dst_bytes = cut;
			ASSERT_EQ(0, run_request(fd, &part));
			part.src += cut;
			part.dst += cut;
			part.src_bytes = part.dst_bytes = TEXT_BYTES - cut;
			ASSERT_EQ(0, run_request(fd, &part));
			EXPECT_MEM(whole, fixture->dst, TEXT_BYTES);
			memcpy(fixture->iv, iv, sizeof(iv));
		}
	}
}

/* SP 800-38A: the IV that continues a CBC message is its last block. */
TEST(iv_of_cbc_is_the_last_block)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);

	fixture->request.flags = IV_OUT;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(fixture->dst + TEXT_BYTES - BLOCK_BYTES, fixture->iv, BLOCK_BYTES);
}

TEST(iv_of_a_mode_that_does_not_chain)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, "xts(aes)", 64);

	EXPECT_EQ(0, run_request(fd, &fixture->request));
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	fixture->request.flags = IV_OUT;
	EXPECT_EQ(-EOPNOTSUPP, run_request(fd, &fixture->request));
	fixture_expect_untouched(fixture);
}

TEST(iv_length_of_a_mode_without_iv)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, "ecb(aes)", 16);

	EXPECT_EQ(-EINVAL, run_request(fd, &fixture->request));
	fixture_expect_untouched(fixture);
	fixture->request.iv = address_of(memory_hole());
	fixture->request.iv_bytes = 0;
	EXPECT_EQ(0, run_request(fd, &fixture->request));
}

/* XTS takes one block or more. */
TEST(message_shorter_than_the_mode_takes)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, "xts(aes)", 64);
	uint32_t bytes;

	for (bytes = 0; bytes < BLOCK_BYTES; bytes++) {
		fixture->request.src_bytes = bytes;
		EXPECT_EQ(-EINVAL, run_request(fd, &fixture->request));
		fixture_expect_untouched(fixture);
	}
	for (; bytes <= TEXT_BYTES; bytes++) {
		fixture->request.src_bytes = bytes;
		EXPECT_EQ(0, run_request(fd, &fixture->request));
	}
}

/* --- the tag --- */

static void expect_bad_message(struct fixture *fixture)
{
	EXPECT_EQ(-EBADMSG, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(0, fixture->request.out_bytes);
	fixture_expect_untouched(fixture);
}

static void flip_each(struct fixture *fixture, unsigned char *data, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at++) {
		data[at] ^= 1 << at % 8;
		expect_bad_message(fixture);
		data[at] ^= 1 << at % 8;
	}
}

static const struct {
	const char *name;
	uint32_t flags;
} layouts[] = {
	{ "plain", 0 },
	{ "layout", DEVCRYPTO_CONFIG_LAYOUT },
};

TEST_EACH(every_byte_is_authenticated, layouts)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, row->flags);

	flip_each(fixture, fixture->tag, TAG_BYTES);
	flip_each(fixture, fixture->assoc, ASSOC_BYTES);
	flip_each(fixture, fixture->src, TEXT_BYTES);
	flip_each(fixture, fixture->iv, NONCE_BYTES);
	fixture->request.assoc_bytes--;
	expect_bad_message(fixture);
	fixture->request.assoc_bytes++;
	fixture->request.src_bytes--;
	expect_bad_message(fixture);
	fixture->request.src_bytes++;
	fixture_check(fixture);
}

/* In place, too, the ciphertext stays and the plaintext does not appear. */
TEST_EACH(wrong_tag_in_place, layouts)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, row->flags);
	unsigned char before[TEXT_BYTES];

	memcpy(before, fixture->src, TEXT_BYTES);
	fixture->request.dst = fixture->request.src;
	fixture->tag[0] ^= 1;
	EXPECT_EQ(-EBADMSG, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(before, fixture->src, TEXT_BYTES);
}

TEST(short_tag)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_AEAD, "gcm(aes)", KEY_BYTES);
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	unsigned char full[TAG_BYTES], untouched[TAG_BYTES];

	memset(untouched, UNTOUCHED, TAG_BYTES);
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	memcpy(full, fixture->tag, TAG_BYTES);
	config.tag_bytes = 12;
	fixture->fd = context_of(&config);
	fixture->request.tag_bytes = 12;
	memset(fixture->tag, UNTOUCHED, TAG_BYTES);
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(full, fixture->tag, 12);
	EXPECT_MEM(untouched, fixture->tag + 12, TAG_BYTES - 12);
	fixture->request.tag_bytes = TAG_BYTES;
	EXPECT_EQ(-EINVAL, run_request(fixture->fd, &fixture->request));
}

/* --- nothing to do --- */

static const struct {
	const char *name;
	enum base base;
} empty[] = {
	{ "SKCIPHER_ENCRYPT", SKCIPHER_ENCRYPT },
	{ "SKCIPHER_DECRYPT", SKCIPHER_DECRYPT },
	{ "AEAD_ENCRYPT", AEAD_ENCRYPT },
	{ "HASH_DIGEST", HASH_DIGEST },
	{ "HASH_STREAM_UPDATE", HASH_STREAM_UPDATE },
	{ "HASH_STREAM_FINAL", HASH_STREAM_FINAL },
	{ "RNG_RESEED", RNG_RESEED },
};

/* Any address goes with a length of 0. */
TEST_EACH(empty_input, empty)
{
	const uint64_t addresses[] = { 0, 1, address_of(memory_hole()), UINT64_MAX };
	struct fixture *fixture = fixture_new(row->base, 0);
	const uint32_t digest = row->base == HASH_DIGEST || row->base == HASH_STREAM_FINAL ?
				DIGEST_BYTES : 0;
	size_t at;

	for (at = 0; at < ARRAY_SIZE(addresses); at++) {
		fixture->request.src = addresses[at];
		fixture->request.src_bytes = 0;
		if (row->base == AEAD_ENCRYPT) {
			fixture->request.assoc = addresses[at];
			fixture->request.assoc_bytes = 0;
		}
		if (row->base <= AEAD_DECRYPT) {
			fixture->request.dst = addresses[at];
			fixture->request.dst_bytes = 0;
		}
		EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
		EXPECT_EQ(digest, fixture->request.out_bytes);
	}
}

TEST(empty_output_of_a_generator)
{
	struct fixture *fixture = fixture_new(RNG_GENERATE, 0);

	fixture->request.dst = address_of(memory_hole());
	fixture->request.dst_bytes = 0;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_EQ(0, fixture->request.out_bytes);
}

/* Associated data alone: authenticated and refused like any other message. */
TEST(associated_data_alone)
{
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);

	fixture->request.src = fixture->request.dst = 0;
	fixture->request.src_bytes = fixture->request.dst_bytes = 0;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->assoc[0] ^= 1;
	EXPECT_EQ(-EBADMSG, run_request(fixture->fd, &fixture->request));
}

/* Unwrapping goes over its text in quadratic time. */
TEST(key_wrapping_takes_no_more_than_a_key)
{
	const uint32_t bytes = info_now().max_key_bytes;
	unsigned char *text = calloc(1, bytes + 8), iv[8] = { 0 };
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DECRYPT,
		.src = address_of(text), .src_bytes = bytes,
		.dst = address_of(text), .dst_bytes = bytes + 8,
		.iv = address_of(iv), .iv_bytes = sizeof(iv),
	};
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, "kw(aes)", KEY_BYTES);

	EXPECT_EQ(-EBADMSG, run_request(fd, &request));
	request.src_bytes += 8;
	EXPECT_EQ(-EDQUOT, run_request(fd, &request));
	free(text);
}
