/* SPDX-License-Identifier: MIT */
/*
 * The runner of the packed vectors: what its files share.
 *
 *	run.c		command line, workers, report
 *	drivers.c	which implementations of an algorithm there are
 *	context.c	configured descriptors
 *	layouts.c	the layouts of buffers
 *	arena.c		memory of one batch, and what it has to look like after it
 *	batch.c		requests, their execution and the verdict
 *	check.c		one record: the batches that it takes
 *	asymmetric.c	the same of the classes with pairs of keys
 *	random.c	and of random bit generators
 */
#ifndef VECTORS_RUNNER_H
#define VECTORS_RUNNER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/devcrypto.h>

#include "packed.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* --- the packed file ----------------------------------------------------- */

struct vectors {
	const struct vec_file *file;
	const struct vec_algorithm *algorithms;
	const struct vec_record *records;
	const uint8_t *bytes;
};

static inline const void *vec_at(const struct vectors *vectors,
				 struct vec_bytes place)
{
	return vectors->bytes + place.offset;
}

/* --- what is run and what came of it; shared by all workers --------------- */

#define FAILURE_TEXT 600

struct failure {
	unsigned int row;
	const struct vec_record *record;
	char text[FAILURE_TEXT];
};

/* One implementation of one algorithm. */
struct row {
	const struct vec_algorithm *algorithm;
	char driver[DEVCRYPTO_NAME_BYTES];
	struct devcrypto_config config;
	/* Every how many records one is run. */
	unsigned int every;
	atomic_ullong records;
	atomic_ullong cases;
	atomic_ullong failed_cases;
	atomic_ullong failed_records;
	atomic_ullong requests;
	/* Too long for DEVCRYPTO_CONFIG_LAYOUT. */
	atomic_ullong long_records;
	atomic_ullong nanoseconds;
	atomic_uint layouts;
};

struct results {
	unsigned int rows;
	unsigned int max_rows;
	unsigned int max_failures;
	atomic_uint failures;
	atomic_uint next_task;
	struct failure *failure;
	struct row *row;
};

/* --- drivers.c ------------------------------------------------------------ */

struct absent {
	const char *algorithm;
	const char *driver;
	int error;
};

/* What is wrong with the machine rather than with a vector. */
void die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* A driver to look for. */
struct wanted {
	char name[DEVCRYPTO_NAME_BYTES];
	char driver[DEVCRYPTO_NAME_BYTES];
};

/* All that are to be looked for, of whatever algorithm. */
struct wanted_list {
	struct wanted *wanted;
	unsigned int count;
};

void read_wanted(const char *path, struct wanted_list *list);
unsigned int find_drivers(const struct vectors *vectors,
			  const struct vec_algorithm *algorithm,
			  const struct wanted_list *list,
			  struct results *results, struct absent *absent,
			  unsigned int max_absent);

/* --- context.c ------------------------------------------------------------ */

extern const char *device_path;
extern struct devcrypto_info device_info;

void device_probe(void);
int context_query(uint32_t alg_class, const char *name,
		  struct devcrypto_config *config);
int context_open(const struct vectors *vectors, const struct row *row,
		 const struct vec_record *record, const uint8_t *key,
		 uint32_t flags, uint32_t *output_bytes, int *error);

/* --- layouts.c ------------------------------------------------------------ */

#define MAX_PIECES 8
#define SHARES 10000

/* A part of a buffer, in the manner of the kernel's struct test_sg_division. */
struct piece {
	/* Length in SHARES of the whole; the last piece takes what is left. */
	unsigned short share;
	/* Address modulo 64. */
	unsigned short offset;
	/* Instead, how many bytes before the end of a page it begins. */
	unsigned short before_page;
};

enum place {
	IN_PLACE,
	/* Two arrays of segments for the same memory. */
	IN_PLACE_TWICE,
	OUT_OF_PLACE,
	/* The destination begins a little behind or before the source. */
	OVERLAP_AHEAD,
	OVERLAP_BEHIND,
	/* Two requests, of which the second goes on with the first's IV. */
	CHAINED,
};

struct cipher_layout {
	const char *name;
	/* DEVCRYPTO_CONFIG_LAYOUT or 0 */
	uint32_t flags;
	enum place place;
	unsigned int iv_offset;
	/* Without a piece the buffer is no array. */
	unsigned int src_pieces, dst_pieces;
	struct piece src[MAX_PIECES], dst[MAX_PIECES];
};

/* A message given to a hash in up to three operations. */
struct hash_step {
	/* DEVCRYPTO_OP_*, 0 = no more */
	uint32_t op;
	/* Share of the message that comes with it. */
	unsigned short share;
};

struct hash_layout {
	const char *name;
	uint32_t flags;
	struct hash_step steps[4];
	unsigned int src_pieces, dst_pieces;
	struct piece src[MAX_PIECES], dst[MAX_PIECES];
	/* Bytes of room behind the digest, which are not to be touched. */
	unsigned int room;
};

/* One run of bytes for the algorithm, whatever the caller's buffers look like. */
struct run_layout {
	const char *name;
	unsigned int src_pieces, dst_pieces;
	struct piece src[MAX_PIECES], dst[MAX_PIECES];
	/* Bytes of room behind what is needed, which are not to be touched. */
	unsigned int room;
};

extern const struct run_layout run_layouts[];
extern const unsigned int nr_run_layouts;
extern const struct cipher_layout cipher_layouts[];
extern const unsigned int nr_cipher_layouts;
extern const struct hash_layout hash_layouts[];
extern const unsigned int nr_hash_layouts;

/* --- arena.c -------------------------------------------------------------- */

#define MAX_EXTENTS 1024
#define GUARD 32

/*
 * Memory of one batch, twice: @work is what the device gets, @want is what it
 * has to look like afterwards, guards between the buffers included.
 */
struct arena {
	uint8_t *work;
	uint8_t *want;
	size_t bytes;
	size_t next;
	unsigned int extents;
	struct extent {
		size_t at;
		size_t bytes;
		unsigned int owner;
	} extent[MAX_EXTENTS];
};

void arena_create(struct arena *arena, size_t bytes);
void arena_reset(struct arena *arena);
size_t arena_take(struct arena *arena, const struct piece *piece, size_t bytes,
		  unsigned int owner);
void arena_input(struct arena *arena, size_t at, const void *data, size_t bytes);
void arena_output(struct arena *arena, size_t at, const void *data, size_t bytes);
void arena_accept(struct arena *arena, size_t at, size_t bytes);
const struct extent *arena_compare(const struct arena *arena, size_t *differs);

/* --- batch.c -------------------------------------------------------------- */

#define MAX_REQUESTS 128
#define MAX_SEGMENTS (2 * MAX_PIECES * MAX_REQUESTS)

/* One side of a request. */
struct span {
	bool array;
	unsigned int pieces;
	size_t at[MAX_PIECES];
	size_t bytes[MAX_PIECES];
};

struct batch {
	struct arena arena;
	unsigned int requests;
	unsigned int segments;
	struct devcrypto_request request[MAX_REQUESTS];
	struct devcrypto_segment segment[MAX_SEGMENTS];
	struct expected {
		const char *layout;
		const char *direction;
		int result;
		uint32_t bytes;
	} expected[MAX_REQUESTS];
};

/* The verdict on one record: the first thing that was wrong. */
struct verdict {
	bool failed;
	char text[FAILURE_TEXT];
};

void fail(struct verdict *verdict, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void batch_reset(struct batch *batch);
struct devcrypto_request *batch_add(struct batch *batch, uint32_t op,
				    const char *layout, const char *direction);
void span_take(struct batch *batch, struct span *span, const struct piece *piece,
	       unsigned int pieces, size_t bytes);
void span_input(struct batch *batch, const struct span *span, const uint8_t *data);
void span_output(struct batch *batch, const struct span *span,
		 const uint8_t *data, size_t bytes);
void span_accept(struct batch *batch, const struct span *span, size_t skip,
		 size_t bytes);
bool span_holds(const struct batch *batch, const struct span *span,
		const uint8_t *data, size_t bytes);
void batch_source(struct batch *batch, const struct span *span, size_t bytes);
void batch_destination(struct batch *batch, const struct span *span, size_t bytes);
uint64_t batch_address(const struct batch *batch, size_t at);
bool batch_run(struct batch *batch, int fd, struct verdict *verdict);
bool batch_judge(struct batch *batch, struct verdict *verdict);

/* --- check.c -------------------------------------------------------------- */

/* The contexts of one key, which neighbouring records share. */
struct contexts {
	const struct row *row;
	const struct vec_record *of;
	int plain;
	int layout;
	/* devcrypto_config.out_output_bytes */
	uint32_t output_bytes;
};

struct worker {
	const struct vectors *vectors;
	struct batch *batch;
	struct contexts contexts;
	/* Where the key lies for DEVCRYPTO_CONFIG_LAYOUT, and how far off. */
	uint8_t *key;
	unsigned int key_turn;
};

void worker_create(struct worker *worker, const struct vectors *vectors);
void worker_close(struct worker *worker);
bool open_contexts(struct worker *worker, const struct row *row,
		   const struct vec_record *record, struct verdict *verdict);
void check_record(struct worker *worker, struct row *row,
		  const struct vec_record *record, struct verdict *verdict);

/* --- asymmetric.c --------------------------------------------------------- */

void check_asymmetric(struct worker *worker, struct row *row,
		      const struct vec_record *record, struct verdict *verdict);

/* --- random.c ------------------------------------------------------------- */

void check_random(struct worker *worker, struct row *row,
		  const struct vec_record *record, struct verdict *verdict);

#endif
