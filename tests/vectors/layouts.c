/* SPDX-License-Identifier: MIT */
/*
 * The layouts: those of the kernel's testmgr (default_cipher_testvec_configs,
 * default_hash_testvec_configs) under DEVCRYPTO_CONFIG_LAYOUT, where the
 * algorithm sees them, and in a context without the flag those that the
 * driver itself has to sort out.
 *
 * The kernel's "aligned only to the algorithm's mask" is 16 bytes here, the
 * largest mask that x86 has. Of the key, which is aligned in a context
 * without the flag, every record under the flag has another misalignment.
 */
#include "runner.h"

#define LAYOUT DEVCRYPTO_CONFIG_LAYOUT

/* The kernel's uneven, misaligned splits. */
#define UNEVEN { 1900, 33, 0 }, { 3300, 7, 0 }, { 4800, 18, 0 }
/* Its splits across the ends of pages. */
#define PAGES { 7500, 0, 32 }, { 2500, 0, 7 }
#define EVEN { 5000, 0, 0 }, { 5000, 0, 0 }
#define EMPTY_BETWEEN \
	{ 0, 3, 0 }, { 3000, 5, 0 }, { 0, 0, 0 }, { 0, 1, 0 }, { 7000, 9, 0 }, \
	{ 0, 2, 0 }

const struct cipher_layout cipher_layouts[] = {
	{ .name = "in place" , .place = IN_PLACE },
	{ .name = "out of place", .place = OUT_OF_PLACE },
	{ .name = "unaligned buffers, offset 1", .place = OUT_OF_PLACE,
	  .src = { { .offset = 1 } }, .dst = { { .offset = 1 } },
	  .iv_offset = 1 },
	{ .name = "segments with empty ones between", .place = OUT_OF_PLACE,
	  .src_pieces = 6, .src = { EMPTY_BETWEEN },
	  .dst_pieces = 6, .dst = { EMPTY_BETWEEN }, .iv_offset = 5 },
	{ .name = "overlapping, destination ahead", .place = OVERLAP_AHEAD },
	{ .name = "overlapping, destination behind", .place = OVERLAP_BEHIND },
	{ .name = "two chained requests", .place = CHAINED },

	{ .name = "layout: in place, one array", .flags = LAYOUT,
	  .place = IN_PLACE },
	{ .name = "layout: in place, two arrays", .flags = LAYOUT,
	  .place = IN_PLACE_TWICE, .src_pieces = 1, .dst_pieces = 1 },
	{ .name = "layout: out of place", .flags = LAYOUT,
	  .place = OUT_OF_PLACE },
	{ .name = "layout: unaligned buffers, offset 1", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src = { { .offset = 1 } },
	  .dst = { { .offset = 1 } }, .iv_offset = 1 },
	{ .name = "layout: aligned to 16 only", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src = { { .offset = 16 } },
	  .dst = { { .offset = 16 } }, .iv_offset = 16 },
	{ .name = "layout: two even splits", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src_pieces = 2, .src = { EVEN },
	  .dst_pieces = 2, .dst = { EVEN } },
	{ .name = "layout: uneven misaligned splits", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src_pieces = 3, .src = { UNEVEN },
	  .dst_pieces = 3, .dst = { UNEVEN }, .iv_offset = 3 },
	{ .name = "layout: misaligned splits crossing pages, in place",
	  .flags = LAYOUT, .place = IN_PLACE, .src_pieces = 2,
	  .src = { PAGES } },
	{ .name = "layout: split source", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src_pieces = 3, .src = { UNEVEN } },
	{ .name = "layout: split destination", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .dst_pieces = 3, .dst = { UNEVEN } },
	{ .name = "layout: segments with empty ones between", .flags = LAYOUT,
	  .place = OUT_OF_PLACE, .src_pieces = 6, .src = { EMPTY_BETWEEN },
	  .dst_pieces = 2, .dst = { EVEN }, .iv_offset = 7 },
};

const unsigned int nr_cipher_layouts = ARRAY_SIZE(cipher_layouts);

#define DIGEST { { DEVCRYPTO_OP_DIGEST, SHARES } }
#define UPDATE(part) { DEVCRYPTO_OP_STREAM_UPDATE, part }
#define FINAL(part) { DEVCRYPTO_OP_STREAM_FINAL, part }
#define INIT { DEVCRYPTO_OP_STREAM_INIT, 0 }

const struct hash_layout hash_layouts[] = {
	{ .name = "digest", .steps = DIGEST },
	{ .name = "digest, unaligned buffers, offset 1", .steps = DIGEST,
	  .src = { { .offset = 1 } }, .dst = { { .offset = 1 } }, .room = 7 },
	{ .name = "digest, segments with empty ones between", .steps = DIGEST,
	  .src_pieces = 6, .src = { EMPTY_BETWEEN },
	  .dst_pieces = 6, .dst = { EMPTY_BETWEEN }, .room = 3 },
	{ .name = "stream, final", .steps = { FINAL(SHARES) } },
	{ .name = "stream, init, update, update, final in even splits",
	  .steps = { INIT, UPDATE(5000), UPDATE(5000), FINAL(0) } },
	{ .name = "stream, empty update, update, final",
	  .steps = { UPDATE(0), UPDATE(1900), FINAL(8100) } },

	{ .name = "layout: digest", .flags = LAYOUT, .steps = DIGEST },
	{ .name = "layout: digest, aligned to 16 only", .flags = LAYOUT,
	  .steps = DIGEST, .src = { { .offset = 16 } },
	  .dst = { { .offset = 16 } } },
	{ .name = "layout: digest, uneven misaligned splits", .flags = LAYOUT,
	  .steps = DIGEST, .src_pieces = 3, .src = { UNEVEN } },
	{ .name = "layout: digest, misaligned splits crossing pages",
	  .flags = LAYOUT, .steps = DIGEST, .src_pieces = 2, .src = { PAGES } },
	{ .name = "layout: stream, update, final", .flags = LAYOUT,
	  .steps = { INIT, UPDATE(SHARES), FINAL(0) } },
	{ .name = "layout: stream, init, final", .flags = LAYOUT,
	  .steps = { INIT, FINAL(SHARES) } },
	{ .name = "layout: stream, update, final, unaligned, offset 1",
	  .flags = LAYOUT, .steps = { UPDATE(SHARES), FINAL(0) },
	  .src = { { .offset = 1 } }, .dst = { { .offset = 1 } } },
	{ .name = "layout: stream, update, update, final in even splits",
	  .flags = LAYOUT, .steps = { UPDATE(5000), UPDATE(5000), FINAL(0) } },
	{ .name = "layout: stream, updates of uneven misaligned splits",
	  .flags = LAYOUT, .steps = { UPDATE(6500), FINAL(3500) },
	  .src_pieces = 3, .src = { UNEVEN } },
};

const unsigned int nr_hash_layouts = ARRAY_SIZE(hash_layouts);

const struct run_layout run_layouts[] = {
	{ .name = "one buffer" },
	{ .name = "unaligned buffers, offset 1", .src = { { .offset = 1 } },
	  .dst = { { .offset = 1 } }, .room = 7 },
	{ .name = "segments with empty ones between", .src_pieces = 6,
	  .src = { EMPTY_BETWEEN }, .dst_pieces = 6, .dst = { EMPTY_BETWEEN },
	  .room = 3 },
};

const unsigned int nr_run_layouts = ARRAY_SIZE(run_layouts);
