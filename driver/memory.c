// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a request: the caller's buffers and the driver's copies of them.
 *
 * Payload lives in pieces of whole pages that belong to one request and stay
 * with it from one use to the next, up to DC_KEEP_BYTES. They are zeroed when
 * they are allocated and again before they return to the allocator, so what
 * an algorithm leaves unwritten is never somebody else's. A scatterlist over
 * the pieces is built for each use.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "private.h"

/* An order that the page allocator serves without much effort. */
#define DC_PIECE_ORDER	PAGE_ALLOC_COSTLY_ORDER
#define DC_PIECE_BYTES	(PAGE_SIZE << DC_PIECE_ORDER)

static_assert(DC_MAX_LAYOUT_BYTES + DC_STEP_ENTRIES * DC_LAYOUT_ALIGN <=
	      DC_PIECE_BYTES);

static void __user *dc_user_ptr(u64 addr)
{
	/* A 32-bit kernel must not find another address in the low half. */
	if (addr != (uintptr_t)addr)
		return (void __user *)~0UL;
	return u64_to_user_ptr(addr);
}

/**
 * dc_get_words() - copy a small structure from the caller
 * @to: destination, aligned to 8
 * @from: source
 * @bytes: multiple of 8
 *
 * Word by word within one access window; for the sizes of the ABI's
 * structures that costs a fraction of copy_from_user().
 *
 * Return: 0 or -EFAULT.
 */
int dc_get_words(void *to, const void __user *from, size_t bytes)
{
	const u64 __user *src = from;
	u64 *dst = to;
	size_t i;

	if (!user_read_access_begin(src, bytes))
		return -EFAULT;
	for (i = 0; i < bytes / sizeof(u64); i++)
		unsafe_get_user(dst[i], &src[i], fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/* With no bytes any address will do. */
int dc_get_bytes(void *to, u64 from, u32 bytes)
{
	return bytes && copy_from_user(to, dc_user_ptr(from), bytes) ? -EFAULT : 0;
}

int dc_put_bytes(u64 to, const void *from, u32 bytes)
{
	return bytes && copy_to_user(dc_user_ptr(to), from, bytes) ? -EFAULT : 0;
}

/* Copies an array of segments whose entries may be longer than ours. */
static int dc_segments_get(struct devcrypto_segment *to, u64 from, u32 nr,
			   u32 segment_bytes)
{
	u32 i;

	if (segment_bytes == sizeof(*to))
		return dc_get_bytes(to, from, nr * sizeof(*to));
	for (i = 0; i < nr; i++, from += segment_bytes) {
		int err = copy_struct_from_user(&to[i], sizeof(*to),
						dc_user_ptr(from),
						segment_bytes);

		if (err)
			return err;
	}
	return 0;
}

static int dc_span_read(struct dc_span *span, u64 addr, u32 nr, u32 bytes,
			u32 segment_bytes)
{
	u64 sum = 0;
	int err;
	u32 i;

	if (nr > DC_MAX_SEGMENTS)
		return -EDQUOT;
	if (nr > span->max) {
		void *segments = kvmalloc_array(nr, sizeof(*span->segments),
						GFP_KERNEL_ACCOUNT);

		if (!segments)
			return -ENOMEM;
		kvfree(span->segments);
		span->segments = segments;
		span->max = nr;
	}
	err = dc_segments_get(span->segments, addr, nr, segment_bytes);
	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		if (span->segments[i].reserved)
			return -EINVAL;
		sum += span->segments[i].bytes;
	}
	if (sum > U32_MAX)
		return -EOVERFLOW;
	return sum < bytes ? -EINVAL : 0;
}

/**
 * dc_span_set() - take a buffer of the caller's into a request
 * @span: owned by the request
 * @addr: address of the buffer or of its segments
 * @nr: number of segments; 0 = @addr is the buffer
 * @bytes: what the segments have to hold
 * @segment_bytes: distance of two segments
 *
 * The segments are copied; the caller cannot change them any more.
 *
 * Return: 0, -EDQUOT, -ENOMEM, -EFAULT, -E2BIG, -EINVAL or -EOVERFLOW.
 */
int dc_span_set(struct dc_span *span, u64 addr, u32 nr, u32 bytes,
		u32 segment_bytes)
{
	span->addr = addr;
	span->nr = nr;
	return nr ? dc_span_read(span, addr, nr, bytes, segment_bytes) : 0;
}

/* Copies a digest or the like to the caller; @span holds at least @bytes. */
int dc_span_put(const struct dc_span *span, const void *from, u32 bytes)
{
	u32 i;

	if (!span->nr)
		return dc_put_bytes(span->addr, from, bytes);
	for (i = 0; bytes; i++) {
		u32 part = min(bytes, span->segments[i].bytes);
		int err = dc_put_bytes(span->segments[i].addr, from, part);

		if (err)
			return err;
		from += part;
		bytes -= part;
	}
	return 0;
}

void dc_span_free(struct dc_span *span)
{
	kvfree(span->segments);
}

/*
 * A large piece is worth some reclaim but not the OOM killer: without it there
 * are single pages.
 */
static void *dc_pages_alloc(u32 *bytes)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO;
	void *addr = NULL;

	if (*bytes > PAGE_SIZE)
		addr = alloc_pages_exact(*bytes, gfp | __GFP_NOWARN |
					 __GFP_RETRY_MAYFAIL);
	if (!addr) {
		*bytes = PAGE_SIZE;
		addr = alloc_pages_exact(*bytes, gfp);
	}
	return addr;
}

static int dc_piece_alloc(struct dc_piece *piece, struct dc_user *user,
			  u32 want)
{
	u32 bytes = PAGE_ALIGN(want);
	int err = dc_user_charge_memory(user, bytes);
	u32 charged = bytes;

	if (err)
		return err;
	piece->addr = dc_pages_alloc(&bytes);
	piece->bytes = piece->addr ? bytes : 0;
	dc_user_uncharge_memory(user, charged - piece->bytes);
	return piece->addr ? 0 : -ENOMEM;
}

static void dc_piece_free(struct dc_piece *piece, struct dc_user *user)
{
	memzero_explicit(piece->addr, piece->bytes);
	free_pages_exact(piece->addr, piece->bytes);
	dc_user_uncharge_memory(user, piece->bytes);
}

static int dc_buffer_add_piece(struct dc_buffer *buf, u32 want)
{
	int err;

	if (buf->nr_pieces == buf->max_pieces) {
		unsigned int max = max(2 * buf->max_pieces, 1U);
		struct dc_piece *pieces;

		pieces = kvmalloc_array(max, sizeof(*pieces),
					GFP_KERNEL_ACCOUNT);
		if (!pieces)
			return -ENOMEM;
		if (buf->nr_pieces)
			memcpy(pieces, buf->pieces,
			       buf->nr_pieces * sizeof(*pieces));
		kvfree(buf->pieces);
		buf->pieces = pieces;
		buf->max_pieces = max;
	}

	err = dc_piece_alloc(&buf->pieces[buf->nr_pieces], buf->user, want);
	if (err)
		return err;
	buf->capacity += buf->pieces[buf->nr_pieces++].bytes;
	return 0;
}

/*
 * The first piece is made as large as pieces are, if that much is wanted:
 * whatever fits into one is one run.
 */
static int dc_buffer_grow(struct dc_buffer *buf, u32 bytes)
{
	if (buf->nr_pieces &&
	    buf->pieces[0].bytes < min_t(u32, bytes, DC_PIECE_BYTES))
		dc_buffer_trim(buf, 0);
	while (buf->capacity < bytes) {
		u32 want = min_t(u32, bytes - buf->capacity, DC_PIECE_BYTES);
		int err = dc_buffer_add_piece(buf, want);

		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err) {
			/* What a request could not use is nobody's to keep. */
			dc_buffer_trim(buf, 0);
			return err;
		}
		cond_resched();
	}
	return 0;
}

/* Makes room for a scatterlist: 0 or -ENOMEM. */
int dc_buffer_need_sg(struct dc_buffer *buf, unsigned int nr)
{
	struct scatterlist *sg;

	if (nr <= buf->max_sg)
		return 0;
	sg = kvmalloc_array(nr, sizeof(*sg), GFP_KERNEL_ACCOUNT);
	if (!sg)
		return -ENOMEM;
	kvfree(buf->sg);
	buf->sg = sg;
	buf->max_sg = nr;
	return 0;
}

/**
 * dc_buffer_reserve() - make @buf a run of driver memory
 * @buf: owned by the request
 * @bytes: length of the run; may be 0
 *
 * Return: 0, -EDQUOT, -ENOMEM or -EINTR.
 */
int dc_buffer_reserve(struct dc_buffer *buf, u32 bytes)
{
	unsigned int nr = 0;
	int err;

	err = dc_buffer_grow(buf, max(bytes, 1U));
	if (err)
		return err;
	err = dc_buffer_need_sg(buf, buf->nr_pieces);
	if (err)
		return err;

	if (bytes <= buf->pieces[0].bytes) {
		sg_init_one(buf->sg, buf->pieces[0].addr, bytes);
		buf->nr_sg = 1;
		return 0;
	}
	sg_init_table(buf->sg, buf->nr_pieces);
	do {
		u32 part = min(bytes, buf->pieces[nr].bytes);

		sg_set_buf(&buf->sg[nr], buf->pieces[nr].addr, part);
		bytes -= part;
		nr++;
	} while (bytes);
	sg_mark_end(&buf->sg[nr - 1]);
	buf->nr_sg = nr;
	return 0;
}

/**
 * dc_buffer_reserve_run() - make @buf one piece of driver memory
 * @buf: owned by the request
 * @bytes: its length; may be 0
 *
 * For algorithms that take an address, or several operands in one run.
 *
 * Return: 0, -EDQUOT or -ENOMEM.
 */
int dc_buffer_reserve_run(struct dc_buffer *buf, u32 bytes)
{
	int err = 0;

	if (!buf->nr_pieces || buf->pieces[0].bytes < bytes) {
		dc_buffer_trim(buf, 0);
		err = dc_buffer_add_piece(buf, max(bytes, 1U));
		if (!err && buf->pieces[0].bytes < bytes)
			err = -ENOMEM;
	}
	if (!err)
		err = dc_buffer_need_sg(buf, 1);
	if (err) {
		dc_buffer_trim(buf, 0);
		return err;
	}
	sg_init_one(buf->sg, buf->pieces[0].addr, bytes);
	buf->nr_sg = 1;
	return 0;
}

/**
 * dc_buffer_split() - divide a run into steps
 * @buf: reserved
 *
 * Each step is a scatterlist of its own of DC_STEP_ENTRIES entries; the driver
 * itself walks the entries as the array that they are.
 *
 * Return: the number of steps.
 */
unsigned int dc_buffer_split(struct dc_buffer *buf)
{
	unsigned int i;

	for (i = DC_STEP_ENTRIES; i < buf->nr_sg; i += DC_STEP_ENTRIES)
		sg_mark_end(&buf->sg[i - 1]);
	return DIV_ROUND_UP(buf->nr_sg, DC_STEP_ENTRIES);
}

/**
 * dc_buffer_step() - one step of a divided run
 * @buf: the run
 * @step: number of the step, from 0
 * @bytes: set to its length
 *
 * Return: its scatterlist.
 */
struct scatterlist *dc_buffer_step(struct dc_buffer *buf, u32 step, u32 *bytes)
{
	const unsigned int from = step * DC_STEP_ENTRIES;
	const unsigned int to = min(from + DC_STEP_ENTRIES, buf->nr_sg);
	unsigned int i;

	*bytes = 0;
	for (i = from; i < to; i++)
		*bytes += buf->sg[i].length;
	return &buf->sg[from];
}

/**
 * dc_buffer_at() - address of a byte of driver memory
 * @buf: reserved, not shaped
 * @at: its offset
 *
 * The rest of the page it lies in follows it.
 */
void *dc_buffer_at(const struct dc_buffer *buf, u32 at)
{
	const struct dc_piece *piece = buf->pieces;

	for (; at >= piece->bytes; piece++)
		at -= piece->bytes;
	return piece->addr + at;
}

/* State of dc_buffer_shape(): the next free byte and scatterlist entry. */
struct dc_shape {
	struct dc_buffer *buf;
	u8 *next;
	unsigned int nr;
};

static void dc_shape_add(struct dc_shape *shape, u64 addr, u32 bytes)
{
	/* The next byte that lies in its line as the caller's does. */
	u8 *at = shape->next +
		 ((addr - (uintptr_t)shape->next) & (DC_LAYOUT_ALIGN - 1));

	if (!bytes)
		return;
	sg_set_buf(&shape->buf->sg[shape->nr++], at, bytes);
	shape->next = at + bytes;
}

/**
 * dc_buffer_shape() - make @buf driver memory in the shape of the caller's
 * @buf: owned by the request
 * @parts: what the run consists of, one behind the other
 * @nr: number of parts
 *
 * One scatterlist entry per part or segment, each at the caller's address
 * modulo DC_LAYOUT_ALIGN.
 *
 * Return: 0, -EDQUOT, -ENOMEM or -EINTR.
 */
int dc_buffer_shape(struct dc_buffer *buf, const struct dc_part *parts,
		    unsigned int nr)
{
	struct dc_shape shape = { .buf = buf };
	u32 total = 0, entries = 0, i, k;
	int err;

	for (i = 0; i < nr; i++) {
		/* No part exceeds this, so the sum cannot overflow. */
		if (parts[i].bytes > DC_MAX_LAYOUT_BYTES)
			return -EDQUOT;
		total += parts[i].bytes;
		entries += parts[i].span->nr ?: 1;
	}
	if (total > DC_MAX_LAYOUT_BYTES || entries > DC_STEP_ENTRIES)
		return -EDQUOT;

	err = dc_buffer_grow(buf, DC_PIECE_BYTES);
	if (err)
		return err;
	if (buf->pieces[0].bytes < DC_PIECE_BYTES)
		return -ENOMEM;
	err = dc_buffer_need_sg(buf, entries);
	if (err)
		return err;

	shape.next = buf->pieces[0].addr;
	sg_init_table(buf->sg, entries);
	for (i = 0; i < nr; i++) {
		const struct dc_span *span = parts[i].span;
		u32 left = parts[i].bytes;

		if (!span->nr)
			dc_shape_add(&shape, span->addr, left);
		for (k = 0; k < span->nr; k++) {
			u32 bytes = min(left, span->segments[k].bytes);

			dc_shape_add(&shape, span->segments[k].addr, bytes);
			left -= bytes;
		}
	}
	if (!shape.nr)
		sg_set_buf(&buf->sg[shape.nr++], shape.next, 0);
	sg_mark_end(&buf->sg[shape.nr - 1]);
	buf->nr_sg = shape.nr;
	return 0;
}

/**
 * dc_buffer_trim() - give memory back
 * @buf: not in use by an algorithm
 * @keep: bytes to keep at most
 */
void dc_buffer_trim(struct dc_buffer *buf, u32 keep)
{
	while (buf->capacity > keep) {
		struct dc_piece *piece = &buf->pieces[--buf->nr_pieces];

		buf->capacity -= piece->bytes;
		dc_piece_free(piece, buf->user);
		cond_resched();
	}
}

void dc_buffer_free(struct dc_buffer *buf)
{
	dc_buffer_trim(buf, 0);
	kvfree(buf->pieces);
	kvfree(buf->pages);
	kvfree(buf->sg);
}

static int dc_copy(void *mem, u64 addr, u32 bytes, bool out)
{
	return out ? dc_put_bytes(addr, mem, bytes) :
		     dc_get_bytes(mem, addr, bytes);
}

/* Copies between @bytes at @addr and the scatterlist, from where @sg stands. */
static int dc_copy_run(struct scatterlist **sg, u32 *skip, u64 addr, u32 bytes,
		       bool out)
{
	while (bytes) {
		u32 part = min(bytes, (*sg)->length - *skip);
		int err;

		err = dc_copy(sg_virt(*sg) + *skip, addr, part, out);
		if (err)
			return err;
		addr += part;
		bytes -= part;
		*skip += part;
		if (*skip == (*sg)->length) {
			(*sg)++;
			*skip = 0;
			cond_resched();
		}
	}
	return 0;
}

static int dc_buffer_copy(struct dc_buffer *buf, u32 at,
			  const struct dc_span *span, u32 bytes, bool out)
{
	struct scatterlist *sg = buf->sg;
	u32 i;

	if (!bytes)
		return 0;
	while (at >= sg->length) {
		at -= sg->length;
		sg++;
	}
	if (!span->nr) {
		if (bytes <= sg->length - at)
			return dc_copy(sg_virt(sg) + at, span->addr, bytes, out);
		return dc_copy_run(&sg, &at, span->addr, bytes, out);
	}
	for (i = 0; bytes; i++) {
		u32 part = min(bytes, span->segments[i].bytes);
		int err;

		err = dc_copy_run(&sg, &at, span->segments[i].addr, part, out);
		if (err)
			return err;
		bytes -= part;
	}
	return 0;
}

/**
 * dc_buffer_read() - copy from the caller into driver memory
 * @buf: destination
 * @at: offset in @buf
 * @span: source
 * @bytes: how many
 *
 * Return: 0 or -EFAULT.
 */
int dc_buffer_read(struct dc_buffer *buf, u32 at, const struct dc_span *span,
		   u32 bytes)
{
	return dc_buffer_copy(buf, at, span, bytes, false);
}

/**
 * dc_buffer_write() - copy from driver memory to the caller
 * @buf: source
 * @at: offset in @buf
 * @span: destination
 * @bytes: how many
 *
 * Return: 0 or -EFAULT.
 */
int dc_buffer_write(struct dc_buffer *buf, u32 at, const struct dc_span *span,
		    u32 bytes)
{
	return dc_buffer_copy(buf, at, span, bytes, true);
}
