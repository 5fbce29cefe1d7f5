// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zero copy: the caller's own pages as the buffers of a request.
 *
 * Pages are pinned for writing, the source's too: what its caller may not write
 * never stands in a scatterlist, so that no mistake of an algorithm can change
 * it. Whatever cannot be pinned is copied, and an address that is wrong is
 * found out there. Around the text stand head and tail, for associated data and
 * tag, in memory of the driver.
 */
#include <linux/bvec.h>
#include <linux/capability.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "private.h"

/* What a driver may expect of an entry, whatever its device can do. */
#define DC_ENGINE_ENTRY_BYTES	SZ_64K

/* Longer arrays are not kept between requests. */
#define DC_KEEP_ENTRIES		64U

static bool dc_tfm_is_engine(const struct dc_tfm *tfm)
{
	return tfm->alg.out_properties & DEVCRYPTO_ALG_HARDWARE ||
	       dc_tfm_answers_later(tfm);
}

/* Whole cache lines, where a device does not see what the CPU has in its own. */
static bool dc_pin_is_aligned(u64 addr, u32 bytes)
{
	return !((addr | bytes) & (dma_get_cache_alignment() - 1));
}

/* The @i-th piece of a span of which @left bytes are left from there on. */
static u32 dc_span_piece(const struct dc_span *span, u32 i, u32 left, u64 *addr)
{
	if (!span->nr) {
		*addr = span->addr;
		return left;
	}
	*addr = span->segments[i].addr;
	return min(left, span->segments[i].bytes);
}

static unsigned int dc_run_pages(u64 addr, u32 bytes)
{
	return bytes ? DIV_ROUND_UP(offset_in_page(addr) + (u64)bytes,
				    PAGE_SIZE) : 0;
}

/* The number of pages that a span touches; 0 if it has to be copied. */
static unsigned int dc_span_pages(const struct dc_span *span, u32 bytes)
{
	unsigned int nr = 0;
	u32 i, part;
	u64 addr;

	for (i = 0; bytes; i++, bytes -= part) {
		part = dc_span_piece(span, i, bytes, &addr);
		if (addr != (uintptr_t)addr || !dc_pin_is_aligned(addr, part))
			return 0;
		nr += dc_run_pages(addr, part);
	}
	return nr;
}

/* The least range that holds all of a span. */
struct dc_hull {
	u64 from;
	u64 to;
};

static struct dc_hull dc_span_hull(const struct dc_span *span, u32 bytes)
{
	struct dc_hull hull = { U64_MAX, 0 };
	u32 i, part;
	u64 addr;

	for (i = 0; bytes; i++, bytes -= part) {
		part = dc_span_piece(span, i, bytes, &addr);
		hull.from = min(hull.from, addr);
		hull.to = max(hull.to, addr + part);
	}
	return hull;
}

/* Could a byte be read after it has been written? */
static bool dc_pin_overlaps(const struct dc_request *rq)
{
	const u32 bytes = rq->packet.src_bytes;
	const struct dc_hull src = dc_span_hull(&rq->src, bytes);
	const struct dc_hull dst = dc_span_hull(&rq->dst, bytes);

	return src.from < dst.to && dst.from < src.to;
}

/* Counts pages against the submitter's RLIMIT_MEMLOCK. */
static bool dc_pin_charge(struct dc_request *rq, unsigned int nr)
{
	const unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long locked;

	if (!rq->payer)
		rq->payer = get_uid(current_user());
	locked = atomic_long_add_return(nr, &rq->payer->locked_vm);
	/* Whoever lacks it does nothing wrong, and no audit says so. */
	if (locked <= limit ||
	    ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK)) {
		atomic64_add(nr, &rq->ctx->pages_pinned);
		return true;
	}
	atomic_long_sub(nr, &rq->payer->locked_vm);
	return false;
}

static void dc_pin_uncharge(struct dc_request *rq, unsigned int nr)
{
	atomic64_sub(nr, &rq->ctx->pages_pinned);
	atomic_long_sub(nr, &rq->payer->locked_vm);
}

/*
 * Anonymous and shared memory. Pages of a file are copied: its file system may
 * not know that they change as long as they are pinned.
 */
static bool dc_pages_are_memory(struct page **pages, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct folio *folio = page_folio(pages[i]);

		if (!folio_test_swapbacked(folio) && !folio_test_hugetlb(folio))
			return false;
	}
	return true;
}

static bool dc_pin_run(struct dc_buffer *buf, unsigned long addr, u32 bytes)
{
	unsigned int nr = dc_run_pages(addr, bytes);

	while (nr) {
		struct page **pages = buf->pages + buf->nr_pages;
		/* An engine has them for as long as it likes. */
		int got = pin_user_pages_fast(addr & PAGE_MASK, nr,
					      FOLL_WRITE | FOLL_LONGTERM,
					      pages);

		if (got <= 0)
			return false;
		buf->nr_pages += got;
		if (!dc_pages_are_memory(pages, got))
			return false;
		addr += got * PAGE_SIZE;
		nr -= got;
	}
	return true;
}

static bool dc_pin_pages(struct dc_buffer *buf, const struct dc_span *span,
			 u32 bytes)
{
	u32 i, part;
	u64 addr;

	for (i = 0; bytes; i++, bytes -= part) {
		part = dc_span_piece(span, i, bytes, &addr);
		if (!dc_pin_run(buf, addr, part))
			return false;
	}
	return true;
}

/* State of building a scatterlist: the last entry, and how long one may be. */
struct dc_pin_sg {
	struct dc_buffer *buf;
	u32 max_bytes;
	bool last_is_user;
};

static void dc_pin_sg_page(struct dc_pin_sg *to, struct page *page,
			   u32 offset, u32 bytes)
{
	struct dc_buffer *buf = to->buf;
	struct scatterlist *sg = buf->sg + buf->nr_sg - 1;

	/* A page that follows the last one, as those of a huge page do. */
	if (to->last_is_user && !offset &&
	    PAGE_ALIGNED(sg->offset + sg->length) &&
	    page == sg_page(sg) + PFN_DOWN(sg->offset + sg->length) &&
	    page_to_pfn(page) == page_to_pfn(sg_page(sg)) +
				 PFN_DOWN(sg->offset + sg->length) &&
	    sg->length + bytes <= to->max_bytes) {
		sg->length += bytes;
		return;
	}
	sg_set_page(&buf->sg[buf->nr_sg++], page, bytes, offset);
	to->last_is_user = true;
}

/* A run of pages, in entries that are not too long and end with a page. */
static void dc_pin_sg_vec(struct dc_pin_sg *to, struct page *page, size_t from,
			  size_t bytes)
{
	while (bytes) {
		const u32 offset = offset_in_page(from);
		const u32 part = min_t(size_t, bytes,
				       round_down(to->max_bytes, PAGE_SIZE) -
				       offset);

		dc_pin_sg_page(to, page + PFN_DOWN(from), offset, part);
		from += part;
		bytes -= part;
	}
}

static void dc_pin_sg_span(struct dc_pin_sg *to, const struct dc_span *span,
			   u32 bytes)
{
	struct page **page = to->buf->pages;
	u32 i, part;
	u64 addr;

	for (i = 0; bytes; i++) {
		u32 left = dc_span_piece(span, i, bytes, &addr);
		u32 offset = offset_in_page(addr);

		bytes -= left;
		for (; left; left -= part, offset = 0) {
			part = min_t(u32, left, PAGE_SIZE - offset);
			dc_pin_sg_page(to, *page++, offset, part);
		}
	}
}

static bool dc_pin_need_pages(struct dc_buffer *buf, unsigned int nr)
{
	struct page **pages;

	if (nr <= buf->max_pages)
		return true;
	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return false;
	kvfree(buf->pages);
	buf->pages = pages;
	buf->max_pages = nr;
	return true;
}

static void dc_buffer_unpin(struct dc_request *rq, struct dc_buffer *buf,
			    bool dirty)
{
	if (buf->nr_pages) {
		unpin_user_pages_dirty_lock(buf->pages, buf->nr_pages, dirty);
		dc_pin_uncharge(rq, buf->nr_pages);
		buf->nr_pages = 0;
	}
	if (buf->max_pages > DC_KEEP_ENTRIES) {
		kvfree(buf->pages);
		buf->pages = NULL;
		buf->max_pages = 0;
	}
	if (rq->zerocopy && buf->max_sg > DC_KEEP_ENTRIES) {
		kvfree(buf->sg);
		buf->sg = NULL;
		buf->max_sg = 0;
	}
}

/* What stands around the text, in one piece, the tail in lines of its own. */
struct dc_frame {
	u32 head;
	u32 tail;
};

static u32 dc_frame_tail_at(const struct dc_frame *frame)
{
	return ALIGN(frame->head, DC_LAYOUT_ALIGN);
}

/* Begins a scatterlist of the frame and up to @nr entries. */
static bool dc_frame_open(struct dc_pin_sg *to, const struct dc_frame *frame,
			  unsigned int nr)
{
	struct dc_buffer *buf = to->buf;
	const u32 bytes = dc_frame_tail_at(frame) + frame->tail;

	if (bytes && dc_buffer_reserve_run(buf, bytes))
		return false;
	if (dc_buffer_need_sg(buf, nr + 2))
		return false;
	sg_init_table(buf->sg, nr + 2);
	buf->nr_sg = 0;
	if (frame->head)
		sg_set_buf(&buf->sg[buf->nr_sg++], buf->pieces[0].addr,
			   frame->head);
	return true;
}

static void dc_frame_close(struct dc_pin_sg *to, const struct dc_frame *frame)
{
	struct dc_buffer *buf = to->buf;

	if (frame->tail)
		sg_set_buf(&buf->sg[buf->nr_sg++], buf->pieces[0].addr +
			   dc_frame_tail_at(frame), frame->tail);
	sg_mark_end(&buf->sg[buf->nr_sg - 1]);
}

/* Pages that io_uring has pinned already, for as long as the command lasts. */
static bool dc_buffer_borrow(struct dc_request *rq, struct dc_pin_sg *to,
			     const struct dc_span *span,
			     const struct dc_frame *frame)
{
	const struct bio_vec *vec;
	struct iov_iter iter;
	unsigned int nr = 0;
	size_t left, skip, part;

	if (!dc_uring_is_fixed(rq) || span->nr ||
	    !dc_pin_is_aligned(span->addr, rq->packet.src_bytes) ||
	    dc_uring_import(rq, span->addr, rq->packet.src_bytes, &iter))
		return false;
	skip = iter.iov_offset;
	for (vec = iter.bvec, left = iter.count; left; vec++, left -= part) {
		part = min(left, vec->bv_len - skip);
		/* Its first entry and its last may be shorter. */
		nr += 2 + part / to->max_bytes;
		skip = 0;
	}
	if (!dc_frame_open(to, frame, nr))
		return false;
	skip = iter.iov_offset;
	for (vec = iter.bvec, left = iter.count; left; vec++, left -= part) {
		part = min(left, vec->bv_len - skip);
		dc_pin_sg_vec(to, vec->bv_page, vec->bv_offset + skip, part);
		skip = 0;
	}
	dc_frame_close(to, frame);
	return true;
}

static bool dc_buffer_pin(struct dc_request *rq, struct dc_pin_sg *to,
			  const struct dc_span *span,
			  const struct dc_frame *frame)
{
	const u32 bytes = rq->packet.src_bytes;
	const unsigned int nr = dc_span_pages(span, bytes);
	struct dc_buffer *buf = to->buf;

	if (!nr || !dc_pin_need_pages(buf, nr) ||
	    !dc_frame_open(to, frame, nr) || !dc_pin_charge(rq, nr))
		return false;
	if (!dc_pin_pages(buf, span, bytes)) {
		/* Those that were not pinned are not charged any more. */
		dc_pin_uncharge(rq, nr - buf->nr_pages);
		dc_buffer_unpin(rq, buf, false);
		return false;
	}
	dc_pin_sg_span(to, span, bytes);
	dc_frame_close(to, frame);
	return true;
}

/* Makes @buf the text where the caller has it, in its frame. */
static bool dc_buffer_take(struct dc_request *rq, struct dc_buffer *buf,
			   const struct dc_span *span,
			   const struct dc_frame *frame)
{
	const bool engine = dc_tfm_is_engine(rq->ctx->tfm);
	struct dc_pin_sg to = {
		.buf = buf,
		.max_bytes = engine ? DC_ENGINE_ENTRY_BYTES : U32_MAX,
	};

	if (!dc_buffer_borrow(rq, &to, span, frame) &&
	    !dc_buffer_pin(rq, &to, span, frame))
		return false;
	if (!engine || buf->nr_sg <= DC_STEP_ENTRIES)
		return true;
	dc_buffer_unpin(rq, buf, false);
	return false;
}

static bool dc_pin_is_wanted(const struct dc_request *rq)
{
	const u32 flags = rq->ctx->tfm->flags;

	return (flags & DEVCRYPTO_CONFIG_ZEROCOPY ||
		rq->packet.flags & DEVCRYPTO_REQUEST_ZEROCOPY ||
		dc_uring_is_fixed(rq)) &&
	       !(flags & DEVCRYPTO_CONFIG_LAYOUT) && rq->packet.src_bytes;
}

/**
 * dc_request_pin_source() - take the caller's source as it is
 * @rq: a request whose buffers were taken in
 *
 * Return: false if it has to be copied.
 */
bool dc_request_pin_source(struct dc_request *rq)
{
	const struct dc_frame none = {};

	rq->zerocopy = dc_pin_is_wanted(rq) &&
		       dc_buffer_take(rq, &rq->in, &rq->src, &none);
	return rq->zerocopy;
}

/**
 * dc_request_pin() - take the caller's source and destination as they are
 * @rq: a request whose buffers were taken in, of as much output as input
 * @head: bytes in front of the text, in memory of the driver
 * @tail: bytes behind it
 *
 * The algorithm works in place where source and destination are the same.
 *
 * Return: false if they have to be copied.
 */
bool dc_request_pin(struct dc_request *rq, u32 head, u32 tail)
{
	const bool in_place = dc_request_in_place(rq);
	const struct dc_frame frame = { head, tail };

	if (!dc_pin_is_wanted(rq) || (!in_place && dc_pin_overlaps(rq)) ||
	    !dc_buffer_take(rq, &rq->in, &rq->src, &frame))
		return false;
	if (!in_place && !dc_buffer_take(rq, &rq->out, &rq->dst, &frame)) {
		dc_buffer_unpin(rq, &rq->in, false);
		return false;
	}
	rq->work_in_place = in_place;
	rq->zerocopy = true;
	return true;
}

/* Lets go of all pages; in process context. */
void dc_request_unpin(struct dc_request *rq)
{
	dc_buffer_unpin(rq, &rq->in, rq->work_in_place);
	dc_buffer_unpin(rq, &rq->out, true);
	if (rq->payer)
		free_uid(rq->payer);
	rq->payer = NULL;
}
