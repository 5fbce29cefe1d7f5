// SPDX-License-Identifier: MIT
/*
 * Zero copy: what is used where it is, what is copied all the same, and that
 * nobody can tell but by the flag and the counters.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define ZEROCOPY	DEVCRYPTO_REQUEST_ZEROCOPY
#define USED		DEVCRYPTO_OUT_ZEROCOPY

/* Anonymous memory that begins with a page. */
static unsigned char *memory(size_t bytes)
{
	void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

	ASSERT_TRUE(address != MAP_FAILED);
	return address;
}

static const unsigned char iv[BLOCK_BYTES] = { 1 };

static struct devcrypto_request cipher_request(const void *src, void *dst, uint32_t bytes)
{
	return (struct devcrypto_request){
		.op = DEVCRYPTO_OP_ENCRYPT,
		.flags = ZEROCOPY,
		.src = address_of(src), .src_bytes = bytes,
		.dst = address_of(dst), .dst_bytes = bytes,
		.iv = address_of(iv), .iv_bytes = BLOCK_BYTES,
	};
}

/*
 * A context of software that the driver knows as such: some of it says that it
 * is asynchronous until it has answered.
 */
static int software_context(uint32_t alg_class, const char *name, uint32_t key_bytes)
{
	static unsigned char text[64], tag[TAG_BYTES];
	struct devcrypto_request request = cipher_request(text, text, sizeof(text));
	int fd = context_new(alg_class, name, key_bytes);

	if (alg_class == DEVCRYPTO_CLASS_AEAD) {
		request.iv_bytes = NONCE_BYTES;
		request.tag = address_of(tag);
		request.tag_bytes = TAG_BYTES;
	}
	ASSERT_EQ(0, run_request(fd, &request));
	return fd;
}

static int cipher_context(void)
{
	return software_context(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES);
}

/* --- the same bytes as with a copy --- */

static const struct place {
	const char *name;
	uint32_t bytes, src, dst;
} places[] = {
	{ "one_block", 16, 0, 0 },
	{ "one_page", 4096, 0, 0 },
	{ "unaligned_source", 4096, 1, 0 },
	{ "unaligned_destination", 4096, 0, 4095 },
	{ "split_block", 64, 4090, 8 },
	{ "many_pages", 65536, 24, 4000 },
	{ "megabyte", 1 << 20, 0, 16 },
	{ "megabytes", 3 << 20, 100, 100 },
};

TEST_EACH(cipher, places)
{
	unsigned char *src = memory(row->bytes + 8192) + row->src;
	unsigned char *dst = memory(row->bytes + 8192) + row->dst;
	unsigned char *expected = malloc(row->bytes);
	struct devcrypto_request request = cipher_request(src, dst, row->bytes);
	struct devcrypto_request copied = cipher_request(src, expected, row->bytes);
	int fd = cipher_context();

	fill_pattern(src, row->bytes, 1);
	dst[row->bytes] = UNTOUCHED;
	copied.flags = 0;
	ASSERT_EQ(0, run_request(fd, &copied));
	EXPECT_EQ(0, copied.out_flags);
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
	EXPECT_EQ(row->bytes, request.out_bytes);
	EXPECT_MEM(expected, dst, row->bytes);
	EXPECT_EQ(UNTOUCHED, dst[row->bytes]);
	/* And back, in place. */
	request.op = DEVCRYPTO_OP_DECRYPT;
	request.src = request.dst;
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
	EXPECT_MEM(src, dst, row->bytes);
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST_EACH(aead, places)
{
	unsigned char *src = memory(row->bytes + 8192) + row->src;
	unsigned char *dst = memory(row->bytes + 8192) + row->dst;
	unsigned char *expected = malloc(row->bytes), tags[2][TAG_BYTES], assoc[ASSOC_BYTES];
	struct devcrypto_request request = cipher_request(src, dst, row->bytes);
	struct devcrypto_request copied;
	int fd = software_context(DEVCRYPTO_CLASS_AEAD, "gcm(aes)", KEY_BYTES);

	fill_pattern(src, row->bytes, 1);
	fill_pattern(assoc, sizeof(assoc), 2);
	dst[row->bytes] = UNTOUCHED;
	request.iv_bytes = NONCE_BYTES;
	request.assoc = address_of(assoc);
	request.assoc_bytes = sizeof(assoc);
	request.tag_bytes = TAG_BYTES;
	copied = request;
	copied.flags = 0;
	copied.dst = address_of(expected);
	copied.tag = address_of(tags[0]);
	request.tag = address_of(tags[1]);
	ASSERT_EQ(0, run_request(fd, &copied));
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
	EXPECT_MEM(expected, dst, row->bytes);
	EXPECT_MEM(tags[0], tags[1], TAG_BYTES);
	EXPECT_EQ(UNTOUCHED, dst[row->bytes]);
	/* Decryption is copied. */
	request.op = DEVCRYPTO_OP_DECRYPT;
	request.src = request.dst;
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(0, request.out_flags);
	EXPECT_MEM(src, dst, row->bytes);
}

TEST_EACH(hash, places)
{
	unsigned char *src = memory(row->bytes + 8192) + row->src;
	unsigned char expected[DIGEST_BYTES], digest[DIGEST_BYTES];
	struct devcrypto_request copied = digest_request(src, row->bytes, expected);
	struct devcrypto_request request = digest_request(src, row->bytes, digest);
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	fill_pattern(src, row->bytes, 1);
	request.flags = ZEROCOPY;
	ASSERT_EQ(0, run_request(fd, &copied));
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
	EXPECT_MEM(expected, digest, DIGEST_BYTES);
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST(segments)
{
	unsigned char *src = memory(65536), *dst = memory(65536), expected[20000];
	struct devcrypto_segment from[] = {
		{ address_of(src + 5), 3, 0 }, { address_of(src), 0, 0 },
		{ address_of(src + 4096), 9997, 0 }, { address_of(src + 30000), 30000, 0 },
	};
	struct devcrypto_segment to[] = {
		{ address_of(dst + 4095), 15000, 0 }, { 1, 0, 0 },
		{ address_of(dst + 40000), 5000, 0 },
	};
	struct devcrypto_request request = cipher_request(from, to, 20000);
	struct devcrypto_request copied;
	int fd = cipher_context();

	fill_pattern(src, 65536, 3);
	request.src_segments = ARRAY_SIZE(from);
	request.dst_segments = ARRAY_SIZE(to);
	copied = request;
	copied.flags = 0;
	copied.dst = address_of(expected);
	copied.dst_segments = 0;
	ASSERT_EQ(0, run_request(fd, &copied));
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
	EXPECT_MEM(expected, dst + 4095, 15000);
	EXPECT_MEM(expected + 15000, dst + 40000, 5000);
	EXPECT_EQ(0, dst[45000]);
}

/* --- what is copied --- */

/* Runs a request that asks for zero copy; it succeeds with a copy. */
static void expect_copied(int fd, struct devcrypto_request *request)
{
	const long long zerocopy = fdinfo_of(fd, "devcrypto-bytes-zerocopy");

	ASSERT_EQ(0, run_request(fd, request));
	EXPECT_EQ(0, request->out_flags);
	EXPECT_EQ(zerocopy, fdinfo_of(fd, "devcrypto-bytes-zerocopy"));
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST(read_only_source)
{
	unsigned char *src = memory(8192), *dst = memory(8192), expected[8192];
	struct devcrypto_request request = cipher_request(src, expected, 8192);
	int fd = cipher_context();

	fill_pattern(src, 8192, 1);
	ASSERT_EQ(0, run_request(fd, &request));
	memory_read_only(src, 8192);
	request.dst = address_of(dst);
	expect_copied(fd, &request);
	EXPECT_MEM(expected, dst, 8192);
}

TEST(read_only_destination)
{
	unsigned char *src = memory(8192), *dst = memory(8192);
	struct devcrypto_request request = cipher_request(src, dst, 8192);
	int fd = cipher_context();

	memory_read_only(dst, 8192);
	EXPECT_EQ(-EFAULT, run_request(fd, &request));
	EXPECT_EQ(0, request.out_flags);
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST(torn_source)
{
	struct devcrypto_request request =
		cipher_request(memory_torn(8192, 4096), memory(8192), 8192);
	int fd = cipher_context();

	EXPECT_EQ(-EFAULT, run_request(fd, &request));
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST(overlapping_buffers)
{
	unsigned char *text = memory(16384), expected[8192];
	struct devcrypto_request request = cipher_request(text, expected, 8192);
	int fd = cipher_context();

	fill_pattern(text, 16384, 1);
	ASSERT_EQ(0, run_request(fd, &request));
	request.dst = address_of(text + 16);
	expect_copied(fd, &request);
	EXPECT_MEM(expected, text + 16, 8192);
}

/* Of a file that the caller may write, even. */
TEST(pages_of_a_file)
{
	/* A file system on what the host lends the guest; others may be memory. */
	char name[] = "build/out/zerocopy-XXXXXX";
	int file = ASSERT_OK(mkstemp(name)), fd = cipher_context();
	struct devcrypto_request request;
	unsigned char *text;

	ASSERT_OK(ftruncate(file, 8192));
	text = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	unlink(name);
	ASSERT_TRUE(text != MAP_FAILED);
	text[0] = 1;
	request = cipher_request(text, memory(8192), 8192);
	expect_copied(fd, &request);
}

TEST(shared_memory_is_not_copied)
{
	int file = ASSERT_OK(memfd_create("zerocopy", 0)), fd = cipher_context();
	struct devcrypto_request request;
	unsigned char *text;

	ASSERT_OK(ftruncate(file, 8192));
	text = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_TRUE(text != MAP_FAILED);
	request = cipher_request(text, text, 8192);
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
}

TEST(key_unwrapping)
{
	/* RFC 3394 section 4.1. */
	unsigned char kek[16], wrapped[24], expected[16], *text = memory(4096), *key = memory(4096);
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_SKCIPHER, "kw(aes)", 16);
	struct devcrypto_request request;
	int fd;

	from_hex("000102030405060708090a0b0c0d0e0f", kek);
	from_hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", wrapped);
	from_hex("00112233445566778899aabbccddeeff", expected);
	config.key = address_of(kek);
	fd = context_of(&config);
	memcpy(text, wrapped + 8, 16);
	request = cipher_request(text, key, 16);
	request.op = DEVCRYPTO_OP_DECRYPT;
	request.iv = address_of(wrapped);
	request.iv_bytes = 8;
	expect_copied(fd, &request);
	EXPECT_MEM(expected, key, 16);
}

/* Not for root, who may lock as much as there is. */
TEST(limit_of_locked_memory)
{
	const struct rlimit limit = { 4 * page_bytes(), 4 * page_bytes() };
	unsigned char *src = memory(65536), *dst = memory(65536), expected[65536];
	struct devcrypto_request request = cipher_request(src, expected, 65536);
	int fd = cipher_context();

	fill_pattern(src, 65536, 1);
	ASSERT_EQ(0, run_request(fd, &request));
	ASSERT_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	if (!geteuid())
		SKIP("root may lock as much as there is");
	request.dst = address_of(dst);
	expect_copied(fd, &request);
	EXPECT_MEM(expected, dst, 65536);
	/* What fits is not copied, again and again. */
	request = cipher_request(src, src, 8192);
	ASSERT_EQ(0, run_request(fd, &request));
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
}

TEST(empty_text)
{
	struct devcrypto_request request = cipher_request(NULL, NULL, 0);
	int fd = cipher_context();

	expect_copied(fd, &request);
}

/* --- configuration, counters, submission --- */

TEST(configured_context)
{
	int fd = context_flags(DEVCRYPTO_CLASS_SKCIPHER, "ctr(aes)", KEY_BYTES,
			       DEVCRYPTO_CONFIG_ZEROCOPY);
	unsigned char *text = memory(4096);
	struct devcrypto_request request = cipher_request(text, text, 4096);

	request.flags = 0;
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
}

/* What shares the key of such a context is one, too. */
TEST(context_that_shares)
{
	unsigned char *text = memory(8192);
	struct devcrypto_request request = cipher_request(text, text, 8192);
	int source = context_flags(DEVCRYPTO_CLASS_SKCIPHER, "ctr(aes)", KEY_BYTES,
				   DEVCRYPTO_CONFIG_ZEROCOPY);
	int fd = context_sharing(source, 0);

	request.flags = 0;
	ASSERT_EQ(0, run_request(fd, &request));
	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(USED, request.out_flags);
}

TEST(configuration_of_another_class)
{
	struct devcrypto_config config = fixture_config(COMP_COMPRESS, DEVCRYPTO_CONFIG_ZEROCOPY);

	EXPECT_ERRNO(EOPNOTSUPP, ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config));
}

TEST(other_classes_copy)
{
	struct fixture *fixture = fixture_new(COMP_COMPRESS, 0);

	fixture->request.flags = ZEROCOPY;
	expect_copied(fixture->fd, &fixture->request);
}

TEST(bytes_copied_stay_as_they_are)
{
	unsigned char *text = memory(65536);
	struct devcrypto_request request = cipher_request(text, text, 65536);
	int fd = cipher_context();
	const long long copied = fdinfo_of(fd, "devcrypto-bytes-copied");
	const long long zerocopy = fdinfo_of(fd, "devcrypto-bytes-zerocopy");

	ASSERT_EQ(0, run_request(fd, &request));
	EXPECT_EQ(0, submit_request(fd, &request).result);
	EXPECT_EQ(copied, fdinfo_of(fd, "devcrypto-bytes-copied"));
	EXPECT_EQ(zerocopy + 2 * 65536, fdinfo_of(fd, "devcrypto-bytes-zerocopy"));
}

#define IN_FLIGHT 64

TEST(submitted)
{
	struct devcrypto_completion completions[IN_FLIGHT];
	struct devcrypto_request requests[IN_FLIGHT];
	unsigned char *src = memory(65536), *dst = memory(IN_FLIGHT * 65536), expected[65536];
	struct devcrypto_request copied = cipher_request(src, expected, 65536);
	int fd = cipher_context(), at;

	fill_pattern(src, 65536, 1);
	copied.flags = 0;
	ASSERT_EQ(0, run_request(fd, &copied));
	for (at = 0; at < IN_FLIGHT; at++)
		requests[at] = cipher_request(src, dst + at * 65536, 65536);
	ASSERT_EQ(IN_FLIGHT, submit(fd, requests, IN_FLIGHT));
	EXPECT_TRUE(fdinfo_of(fd, "devcrypto-bytes-pinned") > 0);
	ASSERT_EQ(IN_FLIGHT, reap(fd, completions, IN_FLIGHT, IN_FLIGHT));
	for (at = 0; at < IN_FLIGHT; at++) {
		EXPECT_EQ(0, completions[at].result);
		EXPECT_MEM(expected, dst + at * 65536, 65536);
	}
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

/* The pages are the caller's, whatever becomes of its mapping. */
TEST(memory_unmapped_in_flight)
{
	unsigned char *text = memory(SLOW_BYTES);
	struct devcrypto_request request = cipher_request(text, text, SLOW_BYTES);
	struct devcrypto_completion completion;
	int fd = cipher_context();

	ASSERT_EQ(1, submit(fd, &request, 1));
	ASSERT_OK(munmap(text, SLOW_BYTES));
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(0, fdinfo_of(fd, "devcrypto-bytes-pinned"));
}

TEST(closed_in_flight)
{
	unsigned char *text = memory(65536);
	struct devcrypto_request requests[IN_FLIGHT];
	int at, round;

	for (round = 0; round < 20; round++) {
		int fd = cipher_context();

		for (at = 0; at < IN_FLIGHT; at++)
			requests[at] = cipher_request(text, text, 65536);
		ASSERT_EQ(IN_FLIGHT, submit(fd, requests, IN_FLIGHT));
		close(fd);
	}
	fixture_check(fixture_new(SKCIPHER_ENCRYPT, 0));
}
