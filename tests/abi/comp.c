// SPDX-License-Identifier: MIT
/*
 * Compression: blocks there and back, what does not fit, what is corrupt, and
 * what it costs.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define COMPRESS	DEVCRYPTO_OP_COMPRESS
#define DECOMPRESS	DEVCRYPTO_OP_DECOMPRESS

#define MOST_BYTES	131072
#define SHORT_BYTES	200
/* No codec writes more for what it cannot compress. */
#define EXPANDED(bytes)	((bytes) + (bytes) / 7 + 80)
/* A codec may ask for so much more room than it then uses. */
#define SLACK		64

static const struct codec {
	const char *name;
	/* The end of a block cannot be missed. */
	bool ends;
} codecs[] = {
	{ "842", true },
	/* Kernels before 7 read a zero behind the end, which may be the last symbol. */
	{ "deflate", false },
	{ "lz4", false },
	{ "lz4hc", false },
	{ "lzo", true },
	{ "lzo-rle", true },
	{ "zlib-deflate", true },
	{ "zstd", true },
};

static int codec_open(const char *name)
{
	return context_new(DEVCRYPTO_CLASS_COMP, name, 0);
}

/* What decompression says if the output does not fit. */
static int no_room_error(const char *name)
{
	struct utsname system;
	int major, minor;

	ASSERT_OK(uname(&system));
	ASSERT_EQ(2, sscanf(system.release, "%d.%d", &major, &minor));
	if (!strcmp(name, "842"))
		return -EMSGSIZE;
	return !strcmp(name, "deflate") && major >= 7 ? -EMSGSIZE : -EILSEQ;
}

static struct devcrypto_request request_of(uint32_t op, const void *src, uint32_t src_bytes,
					   void *dst, uint32_t dst_bytes)
{
	return (struct devcrypto_request){
		.op = op,
		.src = address_of(src), .src_bytes = src_bytes,
		.dst = address_of(dst), .dst_bytes = dst_bytes,
	};
}

/* Runs one request; its result, and the bytes it wrote. */
static int run_comp(int fd, uint32_t op, const void *src, uint32_t src_bytes, void *dst,
		    uint32_t dst_bytes, uint32_t *out_bytes)
{
	struct devcrypto_request request = request_of(op, src, src_bytes, dst, dst_bytes);
	int result = run_request(fd, &request);

	*out_bytes = request.out_bytes;
	return result;
}

static void fill_text(unsigned char *data, size_t bytes)
{
	size_t at;

	/* Words that come again, and numbers that do not. */
	for (at = 0; at < bytes; at++) {
		size_t line = at / 32;

		data[at] = at % 32 < 24 ? (unsigned char)"the quick brown fox jumps "[at % 32] :
					  '0' + line % 10;
		if (at % 32 == 30)
			data[at] = line * 131 >> 3;
	}
}

static void fill_zeros(unsigned char *data, size_t bytes)
{
	memset(data, 0, bytes);
}

static void fill_random(unsigned char *data, size_t bytes)
{
	fill_pattern(data, bytes, bytes);
}

static void expect_filled(const unsigned char *data, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at++)
		if (data[at] != UNTOUCHED)
			break;
	EXPECT_EQ(bytes, at);
}

/* A block compressed, with room to spare. */
struct block {
	int fd;
	unsigned char *text, *packed;
	uint32_t text_bytes, packed_bytes;
};

static struct block block_new(const char *name, uint32_t bytes,
			      void (*fill)(unsigned char *data, size_t bytes))
{
	struct block block = {
		.fd = codec_open(name),
		.text = malloc(bytes), .packed = malloc(EXPANDED(bytes)), .text_bytes = bytes,
	};

	fill(block.text, bytes);
	ASSERT_EQ(0, run_comp(block.fd, COMPRESS, block.text, bytes, block.packed,
			      EXPANDED(bytes), &block.packed_bytes));
	ASSERT_TRUE(block.packed_bytes > 0);
	ASSERT_TRUE(block.packed_bytes <= EXPANDED(bytes));
	return block;
}

/* --- there and back --- */

static void there_and_back(int fd, void (*fill)(unsigned char *data, size_t bytes), uint32_t bytes)
{
	static unsigned char text[MOST_BYTES], packed[MOST_BYTES + 1], back[MOST_BYTES + 1];
	uint32_t packed_bytes, back_bytes;

	fill(text, bytes);
	memset(packed, UNTOUCHED, sizeof(packed));
	memset(back, UNTOUCHED, sizeof(back));
	ASSERT_EQ(0, run_comp(fd, COMPRESS, text, bytes, packed, MOST_BYTES, &packed_bytes));
	ASSERT_TRUE(packed_bytes > 0 && packed_bytes <= MOST_BYTES);
	expect_filled(packed + packed_bytes, sizeof(packed) - packed_bytes);
	ASSERT_EQ(0, run_comp(fd, DECOMPRESS, packed, packed_bytes, back, bytes, &back_bytes));
	ASSERT_EQ(bytes, back_bytes);
	ASSERT_MEM(text, back, bytes);
	ASSERT_EQ(UNTOUCHED, back[bytes]);
}

TEST_EACH(short_blocks, codecs)
{
	int fd = codec_open(row->name);
	uint32_t bytes;

	for (bytes = 1; bytes <= 128; bytes++) {
		there_and_back(fd, fill_text, bytes);
		there_and_back(fd, fill_zeros, bytes);
		there_and_back(fd, fill_random, bytes);
	}
}

TEST_EACH(long_blocks, codecs)
{
	static const uint32_t sizes[] = {
		255, 256, 1000, 4095, 4096, 4097, 32767, 32768, 32769, 65535, 65536, 65537,
		100000, MOST_BYTES - 1, MOST_BYTES,
	};
	int fd = codec_open(row->name);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(sizes); at++) {
		there_and_back(fd, fill_text, sizes[at]);
		there_and_back(fd, fill_zeros, sizes[at]);
		if (EXPANDED(sizes[at]) <= MOST_BYTES)
			there_and_back(fd, fill_random, sizes[at]);
	}
}

/* --- lengths --- */

TEST_EACH(empty_source, codecs)
{
	unsigned char dst[SHORT_BYTES];
	int fd = codec_open(row->name);
	uint32_t out;

	memset(dst, UNTOUCHED, sizeof(dst));
	EXPECT_EQ(-EINVAL, run_comp(fd, COMPRESS, NULL, 0, dst, sizeof(dst), &out));
	EXPECT_EQ(-EINVAL, run_comp(fd, DECOMPRESS, NULL, 0, dst, sizeof(dst), &out));
	expect_filled(dst, sizeof(dst));
}

TEST_EACH(source_beyond_the_limit, codecs)
{
	const uint32_t most = info_now().max_comp_bytes;
	unsigned char *src = calloc(1, most + 1), dst[SHORT_BYTES];
	int fd = codec_open(row->name);
	uint32_t out;

	memset(dst, UNTOUCHED, sizeof(dst));
	EXPECT_EQ(MOST_BYTES, most);
	EXPECT_EQ(-EDQUOT, run_comp(fd, COMPRESS, src, most + 1, dst, sizeof(dst), &out));
	EXPECT_EQ(-EDQUOT, run_comp(fd, DECOMPRESS, src, most + 1, dst, sizeof(dst), &out));
	expect_filled(dst, sizeof(dst));
}

/* Of more room than there can be output only what is needed is touched. */
TEST_EACH(room_beyond_the_limit, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char *dst = memory_before_hole(SHORT_BYTES);
	uint32_t out;

	EXPECT_EQ(0, run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
			      UINT32_MAX, &out));
	EXPECT_EQ(SHORT_BYTES, out);
	EXPECT_MEM(block.text, dst, SHORT_BYTES);
	dst += SHORT_BYTES - block.packed_bytes;
	EXPECT_EQ(0, run_comp(block.fd, COMPRESS, block.text, SHORT_BYTES, dst, UINT32_MAX, &out));
	EXPECT_EQ(block.packed_bytes, out);
	EXPECT_MEM(block.packed, dst, out);
}

/* --- what does not fit --- */

TEST_EACH(too_little_room_to_compress, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char dst[EXPANDED(SHORT_BYTES)], back[SHORT_BYTES];
	uint32_t bytes, out, fits = 0;

	for (bytes = 0; bytes <= block.packed_bytes + SLACK; bytes++) {
		int result;

		memset(dst, UNTOUCHED, sizeof(dst));
		result = run_comp(block.fd, COMPRESS, block.text, SHORT_BYTES, dst, bytes, &out);
		if (result) {
			ASSERT_EQ(-EMSGSIZE, result);
			ASSERT_EQ(0, out);
			expect_filled(dst, sizeof(dst));
			/* Once there is room enough there is. */
			ASSERT_EQ(0, fits);
			continue;
		}
		fits = fits ?: bytes;
		ASSERT_TRUE(out <= bytes);
		expect_filled(dst + out, sizeof(dst) - out);
		ASSERT_EQ(0, run_comp(block.fd, DECOMPRESS, dst, out, back, SHORT_BYTES, &out));
		ASSERT_EQ(SHORT_BYTES, out);
		ASSERT_MEM(block.text, back, SHORT_BYTES);
	}
	harness_note("%u bytes, and room for %u", block.packed_bytes, fits);
	EXPECT_TRUE(fits > 0);
}

TEST_EACH(too_little_room_to_decompress, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char dst[SHORT_BYTES + 1];
	uint32_t bytes, out;

	memset(dst, UNTOUCHED, sizeof(dst));
	for (bytes = 0; bytes < SHORT_BYTES; bytes++) {
		ASSERT_EQ(no_room_error(row->name),
			  run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
				   bytes, &out));
		ASSERT_EQ(0, out);
		expect_filled(dst, sizeof(dst));
	}
	EXPECT_EQ(0, run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
			      SHORT_BYTES, &out));
	EXPECT_EQ(SHORT_BYTES, out);
	EXPECT_MEM(block.text, dst, SHORT_BYTES);
}

/* Of many pages, too, no part passes for the whole. */
TEST_EACH(long_block_into_less_room, codecs)
{
	static const uint32_t rooms[] = { 0, 1, 4095, 4096, 4097, 32768, 65536, 99999 };
	static unsigned char dst[100000];
	struct block block = block_new(row->name, sizeof(dst), fill_random);
	uint32_t out;
	size_t at;

	memset(dst, UNTOUCHED, sizeof(dst));
	for (at = 0; at < ARRAY_SIZE(rooms); at++) {
		EXPECT_EQ(no_room_error(row->name),
			  run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
				   rooms[at], &out));
		EXPECT_EQ(0, out);
		EXPECT_EQ(-EMSGSIZE, run_comp(block.fd, COMPRESS, block.text, sizeof(dst), dst,
					      rooms[at], &out));
		EXPECT_EQ(0, out);
		expect_filled(dst, sizeof(dst));
	}
	EXPECT_EQ(0, run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
			      sizeof(dst), &out));
	EXPECT_EQ(sizeof(dst), out);
	EXPECT_MEM(block.text, dst, sizeof(dst));
}

/* Output that the driver sees whole and the caller has no room for. */
TEST_EACH(less_room_than_the_least, codecs)
{
	struct block block = block_new(row->name, 8, fill_random);
	unsigned char dst[8];
	uint32_t bytes, out;

	memset(dst, UNTOUCHED, sizeof(dst));
	for (bytes = 0; bytes < 8; bytes++) {
		EXPECT_EQ(-EMSGSIZE, run_comp(block.fd, DECOMPRESS, block.packed,
					      block.packed_bytes, dst, bytes, &out));
		EXPECT_EQ(0, out);
		EXPECT_EQ(-EMSGSIZE, run_comp(block.fd, COMPRESS, block.text, 8, dst, bytes,
					      &out));
		EXPECT_EQ(0, out);
		expect_filled(dst, sizeof(dst));
	}
}

/* As long as it may be, not to be compressed, and room for nearly nothing. */
TEST_EACH(longest_block_without_room, codecs)
{
	static const uint32_t rooms[] = { 0, 1, 2, 3, 7, 8, 9, 17, 100, 4096, 65537, MOST_BYTES };
	static unsigned char src[MOST_BYTES], dst[MOST_BYTES];
	int fd = codec_open(row->name);
	uint32_t out;
	size_t at;

	fill_random(src, sizeof(src));
	memset(dst, UNTOUCHED, sizeof(dst));
	for (at = 0; at < ARRAY_SIZE(rooms); at++) {
		EXPECT_EQ(-EMSGSIZE, run_comp(fd, COMPRESS, src, sizeof(src), dst, rooms[at],
					      &out));
		EXPECT_EQ(0, out);
		expect_filled(dst, sizeof(dst));
	}
}

/* Blocks that hold nothing, as the formats' descriptions have them. */
static const struct empty {
	const char *name;
	const char *block;
} empties[] = {
	{ "deflate", "0300" },
	{ "lz4", "00" },
	{ "lz4hc", "00" },
	{ "lzo", "110000" },
	{ "lzo-rle", "110000" },
	{ "zlib-deflate", "789c030000000001" },
	{ "zstd", "28b52ffd2000010000" },
};

TEST_EACH(block_of_nothing, empties)
{
	unsigned char block[16], dst = UNTOUCHED;
	const uint32_t bytes = from_hex(row->block, block);
	int fd = codec_open(row->name);
	uint32_t out;

	EXPECT_EQ(0, run_comp(fd, DECOMPRESS, block, bytes, NULL, 0, &out));
	EXPECT_EQ(0, out);
	EXPECT_EQ(0, run_comp(fd, DECOMPRESS, block, bytes, &dst, 1, &out));
	EXPECT_EQ(0, out);
	EXPECT_EQ(UNTOUCHED, dst);
}

/* --- what is corrupt --- */

/* Whatever is wrong, it is one of two errors, and nothing is written. */
static void expect_refused(const char *name, int result, uint32_t out)
{
	if (result != -EILSEQ)
		ASSERT_EQ(no_room_error(name), result);
	ASSERT_EQ(0, out);
}

TEST_EACH(cut_off, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char dst[2 * SHORT_BYTES];
	uint32_t bytes, out, refused = 0;

	for (bytes = 1; bytes < block.packed_bytes; bytes++) {
		int result;

		memset(dst, UNTOUCHED, sizeof(dst));
		result = run_comp(block.fd, DECOMPRESS, block.packed, bytes, dst, sizeof(dst),
				  &out);
		if (result) {
			refused++;
			ASSERT_EQ(-EILSEQ, result);
			ASSERT_EQ(0, out);
		} else {
			/* What there is of it is right. */
			ASSERT_TRUE(out <= SHORT_BYTES);
			ASSERT_MEM(block.text, dst, out);
		}
		expect_filled(dst + out, sizeof(dst) - out);
	}
	harness_note("%u of %u refused", refused, block.packed_bytes - 1);
	/*
	 * The first three bytes of lzo-rle may be the end of lzo, and 842 is
	 * filled up to eight.
	 */
	EXPECT_TRUE(refused >= (row->ends ? block.packed_bytes - 8 : 1));
}

TEST_EACH(long_block_cut_off, codecs)
{
	static const uint32_t cuts[] = { 1, 4095, 4096, 4097, 32768, 65536, 90000, 100000 };
	static unsigned char dst[MOST_BYTES];
	struct block block = block_new(row->name, 100000, fill_random);
	uint32_t out;
	size_t at;

	for (at = 0; at < ARRAY_SIZE(cuts); at++) {
		int result;

		ASSERT_TRUE(cuts[at] < block.packed_bytes);
		memset(dst, UNTOUCHED, sizeof(dst));
		result = run_comp(block.fd, DECOMPRESS, block.packed, cuts[at], dst, sizeof(dst),
				  &out);
		if (row->ends || result) {
			EXPECT_EQ(-EILSEQ, result);
			EXPECT_EQ(0, out);
		} else {
			EXPECT_TRUE(out < 100000);
			EXPECT_MEM(block.text, dst, out);
		}
		expect_filled(dst + out, sizeof(dst) - out);
	}
}

TEST_EACH(each_bit_flipped, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char dst[2 * SHORT_BYTES];
	uint32_t bit, out, refused = 0;

	for (bit = 0; bit < block.packed_bytes * 8; bit++) {
		int result;

		memset(dst, UNTOUCHED, sizeof(dst));
		block.packed[bit / 8] ^= 1 << bit % 8;
		result = run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
				  sizeof(dst), &out);
		block.packed[bit / 8] ^= 1 << bit % 8;
		if (result) {
			refused++;
			expect_refused(row->name, result, out);
			expect_filled(dst, sizeof(dst));
		} else {
			ASSERT_TRUE(out <= sizeof(dst));
			expect_filled(dst + out, sizeof(dst) - out);
		}
	}
	harness_note("%u of %u refused", refused, block.packed_bytes * 8);
	EXPECT_TRUE(refused > 0);
	EXPECT_EQ(0, run_comp(block.fd, DECOMPRESS, block.packed, block.packed_bytes, dst,
			      SHORT_BYTES, &out));
	EXPECT_MEM(block.text, dst, SHORT_BYTES);
}

TEST_EACH(noise, codecs)
{
	static unsigned char src[MOST_BYTES], dst[MOST_BYTES + 1];
	int fd = codec_open(row->name);
	uint32_t bytes, out, refused = 0, round = 0;

	for (bytes = 1; bytes <= MOST_BYTES; bytes += 1 + bytes / 8) {
		int result;

		fill_pattern(src, bytes, ++round);
		memset(dst, UNTOUCHED, sizeof(dst));
		result = run_comp(fd, DECOMPRESS, src, bytes, dst, MOST_BYTES, &out);
		if (result) {
			refused++;
			expect_refused(row->name, result, out);
		}
		expect_filled(dst + out, sizeof(dst) - out);
	}
	harness_note("%u of %u refused", refused, round);
	EXPECT_TRUE(refused > 0);
}

/* --- bombs --- */

/* One byte and then matches of it: 255 bytes for each byte of length. */
static uint32_t lz4_bomb(unsigned char *bomb)
{
	memset(bomb, 0xff, MOST_BYTES);
	memcpy(bomb, "\x1f" "a" "\x01\x00", 4);
	memcpy(bomb + MOST_BYTES - 8, "\x00\x50" "aaaaa", 7);
	return MOST_BYTES - 1;
}

/* A frame of blocks of one byte 131072 times: RFC 8878 section 3.1.1.2. */
static uint32_t zstd_bomb(unsigned char *bomb)
{
	const uint32_t blocks = 4096;
	uint32_t at;

	memcpy(bomb, "\x28\xb5\x2f\xfd\x00\x38", 6);
	for (at = 0; at < blocks; at++) {
		const uint32_t header = MOST_BYTES << 3 | 1 << 1 | (at == blocks - 1);

		bomb[6 + at * 4] = header;
		bomb[7 + at * 4] = header >> 8;
		bomb[8 + at * 4] = header >> 16;
		bomb[9 + at * 4] = 'a';
	}
	return 6 + blocks * 4;
}

/*
 * A literal, then matches of 258 bytes at distance 1 in the fixed codes of RFC
 * 1951 section 3.2.6: 11000101 and 00000, the first bit lowest.
 */
static uint32_t deflate_bomb(unsigned char *bomb)
{
	uint32_t bit = 0, at, match;

	memset(bomb, 0, MOST_BYTES);
#define PUT(value) (bomb[bit / 8] |= (value) << bit % 8, bit++)
	PUT(1); PUT(1); PUT(0);
	/* 'a' is 0x30 + 0x61 = 10010001. */
	for (at = 0; at < 8; at++)
		PUT(0x91 >> (7 - at) & 1);
	for (match = 0; match < 40000; match++) {
		for (at = 0; at < 8; at++)
			PUT(0xc5 >> (7 - at) & 1);
		bit += 5;
	}
	/* The end of the block is seven zeros. */
	bit += 7;
#undef PUT
	return (bit + 7) / 8;
}

static const struct bomb {
	const char *name;
	uint32_t (*make)(unsigned char *bomb);
} bombs[] = {
	{ "deflate", deflate_bomb },
	{ "lz4", lz4_bomb },
	{ "lz4hc", lz4_bomb },
	{ "zstd", zstd_bomb },
};

TEST_EACH(bomb, bombs)
{
	static const uint32_t rooms[] = { 1, 100, 4096, MOST_BYTES, 16 * MOST_BYTES, UINT32_MAX };
	static unsigned char src[MOST_BYTES], dst[16 * MOST_BYTES];
	const uint32_t bytes = row->make(src);
	const uint64_t before = info_now().memory_of_user;
	int fd = codec_open(row->name);
	uint32_t out;
	size_t at;

	memset(dst, UNTOUCHED, sizeof(dst));
	for (at = 0; at < ARRAY_SIZE(rooms); at++) {
		EXPECT_EQ(no_room_error(row->name),
			  run_comp(fd, DECOMPRESS, src, bytes, dst, rooms[at], &out));
		EXPECT_EQ(0, out);
		expect_filled(dst, sizeof(dst));
		EXPECT_TRUE(info_now().memory_of_user - before <= 3 * 65536);
	}
}

/* --- the caller's memory --- */

#define SPAN 256

TEST_EACH(any_alignment, codecs)
{
	static unsigned char src[2 * SPAN + 64], dst[2 * SPAN + 64];
	struct block block = block_new(row->name, SPAN, fill_text);
	uint32_t shift, out;

	for (shift = 0; shift < 64; shift++) {
		unsigned char *from = src + shift, *to = dst + 63 - shift;

		memset(dst, UNTOUCHED, sizeof(dst));
		memcpy(from, block.text, SPAN);
		ASSERT_EQ(0, run_comp(block.fd, COMPRESS, from, SPAN, to, 2 * SPAN, &out));
		ASSERT_EQ(block.packed_bytes, out);
		ASSERT_MEM(block.packed, to, out);
		expect_filled(dst, to - dst);
		memset(dst, UNTOUCHED, sizeof(dst));
		memcpy(from, block.packed, block.packed_bytes);
		ASSERT_EQ(0, run_comp(block.fd, DECOMPRESS, from, block.packed_bytes, to, SPAN,
				      &out));
		ASSERT_MEM(block.text, to, SPAN);
		expect_filled(dst, to - dst);
		expect_filled(to + SPAN, dst + sizeof(dst) - to - SPAN);
	}
}

TEST_EACH(any_overlap, codecs)
{
	static unsigned char memory[3 * SPAN], before[3 * SPAN];
	struct block block = block_new(row->name, SPAN, fill_text);
	int distance, op;
	uint32_t out;

	ASSERT_TRUE(block.packed_bytes <= SPAN);
	for (op = 0; op < 2; op++) {
		fill_pattern(before, sizeof(before), 8);
		memcpy(before + SPAN, op ? block.packed : block.text,
		       op ? block.packed_bytes : SPAN);
		for (distance = -SPAN; distance <= SPAN; distance += 8) {
			unsigned char *dst = memory + SPAN + distance;

			memcpy(memory, before, sizeof(memory));
			ASSERT_EQ(0, run_comp(block.fd, op ? DECOMPRESS : COMPRESS, memory + SPAN,
					      op ? block.packed_bytes : SPAN, dst, SPAN, &out));
			ASSERT_EQ(op ? SPAN : block.packed_bytes, out);
			ASSERT_MEM(op ? block.text : block.packed, dst, out);
			/* All but the output is as it was. */
			memcpy(dst, before + SPAN + distance, out);
			ASSERT_MEM(before, memory, sizeof(memory));
		}
	}
}

/* Cuts @bytes at @data into pieces of growing length, the first of them empty. */
static uint32_t cut(struct devcrypto_segment *segments, unsigned char *data, uint32_t bytes)
{
	uint32_t count = 0, at = 0;

	while (at < bytes) {
		const uint32_t piece = count * 3 > bytes - at ? bytes - at : count * 3;

		segments[count] = (struct devcrypto_segment){ address_of(data + at), piece, 0 };
		at += piece;
		count++;
	}
	return count;
}

TEST_EACH(segments, codecs)
{
	struct devcrypto_segment in[32], out[32];
	struct block block = block_new(row->name, SPAN, fill_text);
	unsigned char dst[SPAN];
	struct devcrypto_request request;

	request = request_of(COMPRESS, in, SPAN, out, SPAN);
	request.src_segments = cut(in, block.text, SPAN);
	request.dst_segments = cut(out, dst, SPAN);
	memset(dst, UNTOUCHED, sizeof(dst));
	EXPECT_EQ(0, run_request(block.fd, &request));
	EXPECT_EQ(block.packed_bytes, request.out_bytes);
	EXPECT_MEM(block.packed, dst, block.packed_bytes);
	expect_filled(dst + block.packed_bytes, SPAN - block.packed_bytes);

	request = request_of(DECOMPRESS, in, block.packed_bytes, out, SPAN);
	request.src_segments = cut(in, block.packed, block.packed_bytes);
	request.dst_segments = cut(out, dst, SPAN);
	EXPECT_EQ(0, run_request(block.fd, &request));
	EXPECT_EQ(SPAN, request.out_bytes);
	EXPECT_MEM(block.text, dst, SPAN);
}

/* A piece that the output does not reach is not looked at. */
TEST(segment_behind_the_output)
{
	struct block block = block_new("lzo", SPAN, fill_zeros);
	unsigned char dst[SPAN];
	struct devcrypto_segment out[] = {
		{ address_of(dst), SPAN, 0 },
		{ address_of(memory_hole()), SPAN, 0 },
	};
	struct devcrypto_request request = request_of(DECOMPRESS, block.packed,
						      block.packed_bytes, out, 2 * SPAN);

	request.dst_segments = 2;
	EXPECT_EQ(0, run_request(block.fd, &request));
	EXPECT_EQ(SPAN, request.out_bytes);
	EXPECT_MEM(block.text, dst, SPAN);
	out[0].bytes--;
	out[1].bytes++;
	EXPECT_EQ(-EFAULT, run_request(block.fd, &request));
	EXPECT_EQ(0, request.out_bytes);
}

/* --- configuration --- */

TEST_EACH(what_is_told_of_a_codec, codecs)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_COMP, row->name, 0);
	struct devcrypto_config told = config;
	int fd;

	need_algorithm(DEVCRYPTO_CLASS_COMP, row->name);
	fd = device_open();
	told.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &told));
	EXPECT_EQ(0, strcmp(row->name, told.out_name));
	EXPECT_EQ(DEVCRYPTO_ALG_TESTED, told.out_properties);
	EXPECT_EQ(0, told.out_iv_bytes | told.out_tag_bytes | told.out_digest_bytes |
		     told.out_key_max_bytes | told.out_seed_bytes | told.out_output_bytes);
	/* By the driver's name it is the same one. */
	memcpy(config.name, told.out_driver, sizeof(config.name));
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_EQ(0, strcmp(told.out_driver, config.out_driver));
	EXPECT_EQ(0, strcmp(row->name, config.out_name));
}

TEST(neither_key_nor_tag_nor_layout)
{
	const struct devcrypto_config good = config_of(DEVCRYPTO_CLASS_COMP, "deflate", 0);
	struct devcrypto_config config = good;
	int fd = device_open();

	config.key = address_of(test_key);
	config.key_bytes = 16;
	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	config = good;
	config.auth_key = address_of(test_key);
	config.auth_key_bytes = 16;
	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	config = good;
	config.tag_bytes = 16;
	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	config = good;
	config.flags = DEVCRYPTO_CONFIG_LAYOUT;
	EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	config = good;
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
}

/* --- several requests --- */

TEST_EACH(batch_goes_on_behind_a_failure, codecs)
{
	struct block block = block_new(row->name, SHORT_BYTES, fill_text);
	unsigned char back[SHORT_BYTES], untouched[SHORT_BYTES], again[SHORT_BYTES];
	struct devcrypto_request batch[] = {
		request_of(DECOMPRESS, block.packed, block.packed_bytes, back, SHORT_BYTES),
		request_of(DECOMPRESS, block.packed, 1, untouched, SHORT_BYTES),
		request_of(COMPRESS, block.text, SHORT_BYTES, untouched, 3),
		request_of(COMPRESS, block.text, SHORT_BYTES, untouched, 0),
		request_of(DECOMPRESS, block.packed, block.packed_bytes, again, SHORT_BYTES),
	};

	memset(untouched, UNTOUCHED, sizeof(untouched));
	EXPECT_EQ(5, run_batch(block.fd, batch, 5));
	EXPECT_EQ(0, batch[0].out_result);
	EXPECT_MEM(block.text, back, SHORT_BYTES);
	if (row->ends || batch[1].out_result)
		EXPECT_EQ(-EILSEQ, batch[1].out_result);
	EXPECT_EQ(-EMSGSIZE, batch[2].out_result);
	EXPECT_EQ(-EMSGSIZE, batch[3].out_result);
	expect_filled(untouched, sizeof(untouched));
	EXPECT_EQ(0, batch[4].out_result);
	EXPECT_MEM(block.text, again, SHORT_BYTES);
}

#define THREADS 4

struct worker {
	pthread_t thread;
	int fd;
	unsigned int seed;
	int wrong;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	unsigned char text[3000], packed[4000], back[3000];
	uint32_t out;
	int round;

	for (round = 0; round < 60; round++) {
		const uint32_t bytes = sizeof(text) - 31 * round;

		fill_pattern(text, bytes / 2, worker->seed + round);
		memcpy(text + bytes / 2, text, bytes - bytes / 2 - 1);
		text[bytes - 1] = round;
		memset(back, 0, sizeof(back));
		worker->wrong += !!run_comp(worker->fd, COMPRESS, text, bytes, packed,
					    sizeof(packed), &out);
		worker->wrong += run_comp(worker->fd, COMPRESS, text, bytes, back, 5, &out) !=
				 -EMSGSIZE;
		worker->wrong += !!run_comp(worker->fd, COMPRESS, text, bytes, packed,
					    sizeof(packed), &out);
		worker->wrong += !!run_comp(worker->fd, DECOMPRESS, packed, out, back,
					    sizeof(back), &out);
		worker->wrong += out != bytes || memcmp(text, back, bytes);
	}
	return NULL;
}

TEST_EACH(threads_on_one_context, codecs)
{
	const uint64_t before = info_now().memory_of_user;
	struct worker workers[THREADS];
	int fd = codec_open(row->name), at;

	for (at = 0; at < THREADS; at++) {
		workers[at] = (struct worker){ .fd = fd, .seed = at * 1000 };
		ASSERT_EQ(0, pthread_create(&workers[at].thread, NULL, work, &workers[at]));
	}
	for (at = 0; at < THREADS; at++) {
		pthread_join(workers[at].thread, NULL);
		EXPECT_EQ(0, workers[at].wrong);
	}
	close(fd);
	EXPECT_EQ(before, info_now().memory_of_user);
}

/* --- memory --- */

/* A batch that takes seconds. */
struct long_batch {
	int fd;
	uint32_t count;
	struct devcrypto_request *requests;
	int returned;
};

static struct long_batch long_batch_new(const char *name)
{
	struct long_batch batch = { .fd = codec_open(name), .count = 4096 };
	unsigned char *text = malloc(MOST_BYTES), *dst = malloc(MOST_BYTES);
	uint32_t at;

	fill_text(text, MOST_BYTES);
	batch.requests = calloc(batch.count, sizeof(*batch.requests));
	for (at = 0; at < batch.count; at++) {
		batch.requests[at] = request_of(COMPRESS, text, MOST_BYTES, dst, MOST_BYTES);
		batch.requests[at].out_result = 1;
	}
	return batch;
}

static void run_and_exit(const struct long_batch *batch)
{
	run_batch(batch->fd, batch->requests, batch->count);
	_exit(0);
}

/* While a batch runs its memory counts, and a killed caller leaves none behind. */
TEST_EACH(killed_in_a_batch, codecs)
{
	const uint64_t before = info_now().memory_of_user;
	struct long_batch batch = long_batch_new(row->name);
	int status, round;
	uint64_t most = 0;
	pid_t child = fork();

	ASSERT_OK(child);
	if (!child)
		run_and_exit(&batch);
	close(batch.fd);
	for (round = 0; round < 100 && most < 2 * MOST_BYTES; round++) {
		const uint64_t memory = info_now().memory_of_user - before;

		most = memory > most ? memory : most;
		usleep(10000);
	}
	ASSERT_OK(kill(child, SIGKILL));
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	harness_note("%llu bytes while it ran", (unsigned long long)most);
	EXPECT_TRUE(most >= 2 * MOST_BYTES);
	EXPECT_TRUE(most <= 2 * MOST_BYTES + (2 << 20));
	EXPECT_EQ(before, info_now().memory_of_user);
}

/* A context at rest keeps at most what one of any class does, and one codec's little. */
TEST_EACH(context_at_rest, codecs)
{
	const uint64_t before = info_now().memory_of_user;
	struct block block = block_new(row->name, 65536, fill_text);
	uint64_t memory = info_now().memory_of_user - before;
	uint32_t out;

	harness_note("%llu bytes", (unsigned long long)memory);
	EXPECT_TRUE(memory <= 3 * 65536);
	/* Nor does it keep more after more. */
	EXPECT_EQ(0, run_comp(block.fd, COMPRESS, block.text, 65536, block.packed, 65536, &out));
	EXPECT_TRUE(info_now().memory_of_user - before <= 3 * 65536);
	close(block.fd);
	EXPECT_EQ(before, info_now().memory_of_user);
}
