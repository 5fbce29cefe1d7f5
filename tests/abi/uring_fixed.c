// SPDX-License-Identifier: MIT
/* Requests by io_uring in registered buffers. */
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "device.h"
#include "harness.h"
#include "ring.h"

#define AREA_BYTES	(1U << 20)
#define TEXT_MOST	(1U << 17)

/* A context and a registered buffer, which begins in the middle of a page. */
struct fixed {
	struct io_uring ring;
	struct fixture *fixture;
	struct devcrypto_request *request;
	unsigned char *area;
	size_t area_bytes;
	unsigned char *text, *expected;
	unsigned char tag[TAG_BYTES];
	uint32_t bytes;
	long long copied, zerocopy;
};

static void area_register(struct fixed *fixed, unsigned char *area, size_t bytes)
{
	const struct iovec vector = { area, bytes };

	fixed->area = area;
	fixed->area_bytes = bytes;
	ASSERT_EQ(0, io_uring_register_buffers(&fixed->ring, &vector, 1));
}

static void *pages_new(size_t bytes)
{
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(pages != MAP_FAILED);
	return pages;
}

/* What DEVCRYPTO_IOC_RUN makes of so many bytes is what is expected. */
static struct fixed *fixed_on(int fd, enum base base, uint32_t bytes, unsigned int ring_flags)
{
	struct fixed *fixed = calloc(1, sizeof(*fixed));

	fixed->fixture = fixture_new(base, 0);
	if (fd >= 0)
		fixed->fixture->fd = fd;
	fixed->request = &fixed->fixture->request;
	fixed->bytes = bytes;
	fixed->text = malloc(bytes);
	fixed->expected = malloc(bytes + DIGEST_BYTES);
	fill_pattern(fixed->text, bytes, 9);
	fixed->request->src = address_of(fixed->text);
	fixed->request->src_bytes = bytes;
	fixed->request->dst = address_of(fixed->expected);
	fixed->request->dst_bytes = base == HASH_DIGEST ? DIGEST_BYTES : bytes;
	ASSERT_EQ(0, run_request(fixed->fixture->fd, fixed->request));
	memcpy(fixed->tag, fixed->fixture->tag, TAG_BYTES);
	ring_open(&fixed->ring, 64, ring_flags);
	area_register(fixed, (unsigned char *)pages_new(AREA_BYTES) + 100, AREA_BYTES - 200);
	return fixed;
}

static struct fixed *fixed_new(enum base base, uint32_t bytes, unsigned int ring_flags)
{
	return fixed_on(-1, base, bytes, ring_flags);
}

static void take_counts(struct fixed *fixed)
{
	fixed->copied = fdinfo_of(fixed->fixture->fd, "devcrypto-bytes-copied");
	fixed->zerocopy = fdinfo_of(fixed->fixture->fd, "devcrypto-bytes-zerocopy");
}

/* Has the text at @src and its result at @dst, by a command with @sqe_flags. */
static int run_fixed(struct fixed *fixed, unsigned char *src, unsigned char *dst,
		     unsigned int sqe_flags)
{
	struct ring_command command = ring_command_of(fixed->request);
	struct io_uring_sqe *sqe;

	memcpy(src, fixed->text, fixed->bytes);
	if (src != dst)
		memset(dst, UNTOUCHED, fixed->request->dst_bytes);
	if (fixed->request->op == DEVCRYPTO_OP_ENCRYPT)
		memset(fixed->fixture->tag, 0, TAG_BYTES);
	fixed->request->src = address_of(src);
	fixed->request->dst = address_of(dst);
	fixed->request->out_flags = 0xffff;
	command.flags = RING_COMMAND_FIXED;
	sqe = ring_put(&fixed->ring, fixed->fixture->fd, &command);
	sqe->flags = sqe_flags;
	take_counts(fixed);
	ring_submit(&fixed->ring, 1);
	return ring_wait(&fixed->ring).res;
}

static void expect_right(struct fixed *fixed, unsigned char *src, unsigned char *dst,
			 unsigned int sqe_flags)
{
	EXPECT_EQ(fixed->request->dst_bytes, run_fixed(fixed, src, dst, sqe_flags));
	EXPECT_MEM(fixed->expected, dst, fixed->request->dst_bytes);
	EXPECT_MEM(fixed->tag, fixed->fixture->tag, TAG_BYTES);
	EXPECT_EQ(0, fixed->request->out_result);
	EXPECT_EQ(0, fdinfo_of(fixed->fixture->fd, "devcrypto-bytes-pinned"));
}

/* @copied bytes were, beside the text. */
static void expect_zerocopy(struct fixed *fixed, unsigned char *src, unsigned char *dst,
			    unsigned int sqe_flags, uint32_t copied)
{
	const int fd = fixed->fixture->fd;

	expect_right(fixed, src, dst, sqe_flags);
	EXPECT_EQ(DEVCRYPTO_OUT_ZEROCOPY, fixed->request->out_flags);
	EXPECT_EQ(fixed->copied + copied, fdinfo_of(fd, "devcrypto-bytes-copied"));
	EXPECT_EQ(fixed->zerocopy + fixed->bytes, fdinfo_of(fd, "devcrypto-bytes-zerocopy"));
}

/* --- zero copy --- */

static const struct row {
	const char *name;
	enum base base;
	uint32_t bytes, copied;
} rows[] = {
	{ "cipher_small", SKCIPHER_ENCRYPT, 16, 0 },
	{ "cipher_page", SKCIPHER_ENCRYPT, 4096, 0 },
	{ "cipher_large", SKCIPHER_ENCRYPT, TEXT_MOST, 0 },
	{ "decipher_small", SKCIPHER_DECRYPT, 16, 0 },
	{ "decipher_large", SKCIPHER_DECRYPT, TEXT_MOST, 0 },
	/* Associated data stand in front of the text, in memory of the driver. */
	{ "aead_small", AEAD_ENCRYPT, 50, ASSOC_BYTES },
	{ "aead_large", AEAD_ENCRYPT, TEXT_MOST - 3, ASSOC_BYTES },
	{ "hash_small", HASH_DIGEST, 10, 0 },
	{ "hash_large", HASH_DIGEST, TEXT_MOST - 1, 0 },
};

/* At any address, in rings of each kind, in threads of io_uring and of the kernel. */
TEST_EACH(zero_copy, rows)
{
	static const unsigned int places[] = { 0, 1, 3996, 4080, 5000 };
	size_t kind, place;

	for (kind = 0; kind < RING_KINDS; kind++) {
		struct fixed *fixed = fixed_new(row->base, row->bytes, ring_kinds[kind].flags);

		for (place = 0; place < ARRAY_SIZE(places); place++) {
			unsigned char *src = fixed->area + places[place];

			expect_zerocopy(fixed, src, fixed->area + 4 * TEXT_MOST + place,
					place % 2 ? IOSQE_ASYNC : 0, row->copied);
			EXPECT_MEM(fixed->text, src, row->bytes);
		}
		io_uring_queue_exit(&fixed->ring);
	}
}

static const struct row in_place_rows[] = {
	{ "cipher_small", SKCIPHER_ENCRYPT, 16, 0 },
	{ "cipher_large", SKCIPHER_ENCRYPT, TEXT_MOST, 0 },
	{ "aead_large", AEAD_ENCRYPT, TEXT_MOST - 3, ASSOC_BYTES },
};

TEST_EACH(in_place, in_place_rows)
{
	struct fixed *fixed = fixed_new(row->base, row->bytes, 0);

	expect_zerocopy(fixed, fixed->area + 77, fixed->area + 77, 0, row->copied);
	expect_zerocopy(fixed, fixed->area, fixed->area, IOSQE_ASYNC, row->copied);
}

/* The first and the last byte that are registered, and no other one changes. */
TEST(edges_of_the_buffer)
{
	struct fixed *fixed = fixed_new(SKCIPHER_ENCRYPT, 8192, 0);
	unsigned char *last = fixed->area + fixed->area_bytes - 8192;

	expect_zerocopy(fixed, fixed->area, last, 0, 0);
	EXPECT_EQ(0, last[8192]);
	expect_zerocopy(fixed, last, fixed->area, 0, 0);
	EXPECT_EQ(0, fixed->area[-1]);
}

/* Pages that io_uring may have joined. */
TEST(huge_pages)
{
	const size_t huge = 2U << 20;
	struct fixed *fixed = fixed_new(SKCIPHER_ENCRYPT, TEXT_MOST, 0);
	unsigned char *pages = pages_new(3 * huge);

	pages += huge - (uintptr_t)pages % huge;
	madvise(pages, 2 * huge, MADV_HUGEPAGE);
	memset(pages, 0, 2 * huge);
	ASSERT_EQ(0, io_uring_unregister_buffers(&fixed->ring));
	area_register(fixed, pages + 4096, 2 * huge - 4096);
	expect_zerocopy(fixed, pages + 4096, pages + huge + 5, 0, 0);
	expect_zerocopy(fixed, pages + huge - 6000, pages + 6000, 0, 0);
}

TEST(engine)
{
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, "virtio_crypto_aes_cbc", KEY_BYTES);
	struct fixed *fixed = fixed_on(fd, SKCIPHER_ENCRYPT, 16384, 0);

	expect_zerocopy(fixed, fixed->area, fixed->area + TEXT_MOST, 0, 0);
	expect_zerocopy(fixed, fixed->area, fixed->area, IOSQE_ASYNC, 0);
}

/* --- what has to be copied, or pinned --- */

/* A tag may be wrong, and nobody is to see the text then. */
TEST(decryption_of_an_aead)
{
	struct fixed *fixed = fixed_new(AEAD_ENCRYPT, 5000, 0);
	unsigned char *plain = fixed->text, untouched[5000];

	memset(untouched, UNTOUCHED, sizeof(untouched));
	fixed->text = fixed->expected;
	fixed->expected = plain;
	fixed->request->op = DEVCRYPTO_OP_DECRYPT;
	expect_right(fixed, fixed->area, fixed->area + 9000, 0);
	EXPECT_EQ(0, fixed->request->out_flags);
	EXPECT_EQ(fixed->zerocopy, fdinfo_of(fixed->fixture->fd, "devcrypto-bytes-zerocopy"));
	EXPECT_TRUE(fdinfo_of(fixed->fixture->fd, "devcrypto-bytes-copied") >= fixed->copied + 10000);
	fixed->fixture->tag[0] ^= 1;
	EXPECT_EQ(-EBADMSG, run_fixed(fixed, fixed->area, fixed->area + 9000, 0));
	EXPECT_MEM(untouched, fixed->area + 9000, sizeof(untouched));
}

static const struct {
	const char *name;
	enum base base;
} others[] = {
	{ "cipher", SKCIPHER_ENCRYPT },
	{ "aead", AEAD_ENCRYPT },
};

/* Beside the buffer, and across its ends. */
TEST_EACH(outside_of_the_buffer, others)
{
	struct fixed *fixed = fixed_new(row->base, 8192, 0);
	unsigned char *other = pages_new(1 << 16), *end = fixed->area + fixed->area_bytes;

	expect_right(fixed, other, other + 10000, 0);
	expect_right(fixed, fixed->area, other, 0);
	expect_right(fixed, other, fixed->area, 0);
	expect_right(fixed, end - 8191, fixed->area + 100, 0);
	expect_right(fixed, fixed->area + 100, end - 8100, 0);
	expect_right(fixed, fixed->area - 1, fixed->area + 10000, IOSQE_ASYNC);
}

TEST_EACH(overlapping, others)
{
	static const int shifts[] = { -16, -1, 1, 7, 16 };
	struct fixed *fixed = fixed_new(row->base, 8192, 0);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(shifts); at++) {
		unsigned char *src = fixed->area + 500;

		/* The destination is not filled, as that is the source, too. */
		memcpy(src, fixed->text, fixed->bytes);
		fixed->request->dst_bytes = fixed->bytes;
		fixed->request->src = address_of(src);
		fixed->request->dst = address_of(src + shifts[at]);
		EXPECT_EQ(8192, ring_run(&fixed->ring, fixed->fixture->fd, fixed->request));
		EXPECT_MEM(fixed->expected, src + shifts[at], 8192);
	}
}

TEST(source_that_cannot_be_read)
{
	struct fixed *fixed = fixed_new(SKCIPHER_ENCRYPT, 8192, 0);
	struct ring_command command = ring_command_of(fixed->request);

	command.flags = RING_COMMAND_FIXED;
	fixed->request->dst = address_of(fixed->area);
	fixed->request->src = address_of(memory_hole());
	EXPECT_EQ(-EFAULT, ring_run_command(&fixed->ring, fixed->fixture->fd, &command));
	EXPECT_EQ(-EFAULT, fixed->request->out_result);
	EXPECT_EQ(0, fixed->area[0]);
}

/*
 * Nothing is registered, or not so much: io_uring says so itself up to 6.12; for later
 * kernels it is a buffer that the request does not lie in.
 */
static const struct {
	const char *name;
	unsigned int index;
	bool registered;
} indexes[] = {
	{ "behind_the_last", 1, true },
	{ "highest", 0xffff, true },
	{ "of_none", 0, false },
};

TEST_EACH(no_such_buffer, indexes)
{
	struct fixed *fixed = fixed_new(SKCIPHER_ENCRYPT, 8192, 0);
	struct ring_command command = ring_command_of(fixed->request);
	unsigned char *dst = fixed->area + 10000;
	int res;

	if (!row->registered)
		ASSERT_EQ(0, io_uring_unregister_buffers(&fixed->ring));
	command.flags = RING_COMMAND_FIXED;
	fixed->request->dst = address_of(dst);
	ring_put(&fixed->ring, fixed->fixture->fd, &command)->buf_index = row->index;
	ring_submit(&fixed->ring, 1);
	res = ring_wait(&fixed->ring).res;
	harness_note("%d", res);
	if (res == -EFAULT)
		EXPECT_EQ(0, dst[0]);
	else
		EXPECT_MEM(fixed->expected, dst, 8192);
	EXPECT_TRUE(res == 8192 || res == -EFAULT);
}

/* --- buffers that go while they are used --- */

#define MANY	64

static void put_many(struct fixed *fixed, struct devcrypto_request *requests)
{
	int at;

	memcpy(fixed->area, fixed->text, fixed->bytes);
	for (at = 0; at < MANY; at++) {
		struct ring_command command;

		requests[at] = *fixed->request;
		requests[at].src = address_of(fixed->area);
		requests[at].dst = address_of(fixed->area + (at + 1) * fixed->bytes);
		command = ring_command_of(&requests[at]);
		command.flags = RING_COMMAND_FIXED;
		ring_put(&fixed->ring, fixed->fixture->fd, &command);
	}
	ring_submit(&fixed->ring, MANY);
}

static const struct {
	const char *name;
	const char *algorithm;
} engines[] = {
	{ "software", "cbc(aes)" },
	{ "engine", "virtio_crypto_aes_cbc" },
};

TEST_EACH(buffer_is_unregistered, engines)
{
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, row->algorithm, KEY_BYTES), at;
	struct fixed *fixed = fixed_on(fd, SKCIPHER_ENCRYPT, 8192, 0);
	struct devcrypto_request requests[MANY];

	put_many(fixed, requests);
	ASSERT_EQ(0, io_uring_unregister_buffers(&fixed->ring));
	for (at = 0; at < MANY; at++)
		EXPECT_EQ(8192, ring_wait(&fixed->ring).res);
	for (at = 0; at < MANY; at++)
		EXPECT_MEM(fixed->expected, fixed->area + (at + 1) * 8192, 8192);
}

/* The pages stay until the last command has ended; nobody sees what was written. */
TEST_EACH(buffer_is_unmapped, engines)
{
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, row->algorithm, KEY_BYTES), at;
	struct fixed *fixed = fixed_on(fd, SKCIPHER_ENCRYPT, 8192, 0);
	struct devcrypto_request requests[MANY];

	put_many(fixed, requests);
	ASSERT_OK(munmap(fixed->area - 100, AREA_BYTES));
	for (at = 0; at < MANY; at++)
		EXPECT_EQ(8192, ring_wait(&fixed->ring).res);
}

TEST_EACH(ring_exits, engines)
{
	int fd = context_new(DEVCRYPTO_CLASS_SKCIPHER, row->algorithm, KEY_BYTES);
	struct fixed *fixed = fixed_on(fd, SKCIPHER_ENCRYPT, 8192, 0);
	struct devcrypto_request requests[MANY];

	put_many(fixed, requests);
	io_uring_queue_exit(&fixed->ring);
	/* The context is none the worse for it. */
	fixed->request->src = address_of(fixed->text);
	fixed->request->dst = address_of(fixed->area);
	EXPECT_EQ(0, run_request(fd, fixed->request));
	EXPECT_MEM(fixed->expected, fixed->area, 8192);
}
