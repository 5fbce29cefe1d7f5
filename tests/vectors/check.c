/* SPDX-License-Identifier: MIT */
/* One record: the batches that it takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runner.h"

/*
 * Enough for the longest message of the packages in every layout; it costs
 * nothing where it is not used.
 */
#define ARENA_BYTES (16u << 20)
#define KEY_ALIGN 64
#define OVERLAP 8

static const struct piece aligned;

void worker_create(struct worker *worker, const struct vectors *vectors)
{
	memset(worker, 0, sizeof(*worker));
	worker->vectors = vectors;
	worker->contexts.plain = -1;
	worker->contexts.layout = -1;
	worker->batch = calloc(1, sizeof(*worker->batch));
	worker->key = aligned_alloc(KEY_ALIGN, 1 << 16);
	if (!worker->batch || !worker->key)
		die("no memory");
	arena_create(&worker->batch->arena, ARENA_BYTES);
}

void worker_close(struct worker *worker)
{
	struct contexts *contexts = &worker->contexts;

	if (contexts->plain >= 0)
		close(contexts->plain);
	if (contexts->layout >= 0)
		close(contexts->layout);
	contexts->plain = -1;
	contexts->layout = -1;
	contexts->of = NULL;
}

/* Whether the class knows DEVCRYPTO_CONFIG_LAYOUT. */
static bool keeps_layouts(const struct row *row)
{
	switch (row->algorithm->alg_class) {
	case DEVCRYPTO_CLASS_SKCIPHER:
	case DEVCRYPTO_CLASS_AEAD:
	case DEVCRYPTO_CLASS_HASH:
		return true;
	default:
		return false;
	}
}

static int configure(struct worker *worker, const struct row *row,
		     const struct vec_record *record, uint32_t flags, int *error)
{
	uint8_t *key = worker->key;

	if (record->key.bytes + KEY_ALIGN > 1 << 16)
		die("a key of %u bytes", record->key.bytes);
	if (flags & DEVCRYPTO_CONFIG_LAYOUT)
		key += 1 + worker->key_turn++ % (KEY_ALIGN - 1);
	memcpy(key, vec_at(worker->vectors, record->key), record->key.bytes);
	return context_open(worker->vectors, row, record, key, flags,
			    &worker->contexts.output_bytes, error);
}

static bool same_bytes(struct vec_bytes a, struct vec_bytes b)
{
	return a.offset == b.offset && a.bytes == b.bytes;
}

/* Whether the contexts of one record do for the other. */
static bool same_context(const struct row *row, const struct vec_record *a,
			 const struct vec_record *b)
{
	/* What a generator has been given stays with it. */
	if (row->algorithm->alg_class == DEVCRYPTO_CLASS_RNG ||
	    !same_bytes(a->key, b->key) || a->tag_bytes != b->tag_bytes ||
	    a->private_key != b->private_key)
		return false;
	return row->algorithm->alg_class != DEVCRYPTO_CLASS_KPP ||
	       (same_bytes(a->iv, b->iv) && same_bytes(a->assoc, b->assoc));
}

/* Opens the contexts of a record, unless they are those of the one before. */
bool open_contexts(struct worker *worker, const struct row *row,
		   const struct vec_record *record, struct verdict *verdict)
{
	struct contexts *contexts = &worker->contexts;
	int error;

	if (contexts->of && contexts->row == row &&
	    same_context(row, contexts->of, record))
		return true;
	worker_close(worker);
	contexts->row = row;
	contexts->plain = configure(worker, row, record, 0, &error);
	if (contexts->plain >= 0 && keeps_layouts(row))
		contexts->layout = configure(worker, row, record,
					     DEVCRYPTO_CONFIG_LAYOUT, &error);
	if (contexts->plain < 0 || (keeps_layouts(row) && contexts->layout < 0)) {
		fail(verdict, "DEVCRYPTO_IOC_CONFIG: %s", strerror(error));
		worker_close(worker);
		return false;
	}
	contexts->of = record;
	return true;
}

/* The configuration has to be refused, with the layout flag too. */
static void check_not_configured(struct worker *worker, struct row *row,
				 const struct vec_record *record,
				 struct verdict *verdict)
{
	static const uint32_t flags[] = { 0, DEVCRYPTO_CONFIG_LAYOUT };

	for (unsigned int i = 0; i < (keeps_layouts(row) ? 2 : 1); i++) {
		int error;
		int fd = configure(worker, row, record, flags[i], &error);

		if (fd >= 0) {
			close(fd);
			fail(verdict, "DEVCRYPTO_IOC_CONFIG: expected %s, got none",
			     strerror(record->error));
		} else if (error != record->error) {
			fail(verdict, "DEVCRYPTO_IOC_CONFIG: expected %s, got %s",
			     strerror(record->error), strerror(error));
		}
	}
}

/* --- ciphers and AEADs ---------------------------------------------------- */

/* One direction of a record. */
struct text {
	const char *direction;
	uint32_t op;
	struct vec_bytes in;
	struct vec_bytes out;
};

static unsigned int texts_of(const struct vec_record *record, struct text *text)
{
	unsigned int count = 0;

	if (record->directions & VEC_ENCRYPT)
		text[count++] = (struct text){ "encryption", DEVCRYPTO_OP_ENCRYPT,
					       record->plain, record->cipher };
	if (record->directions & VEC_DECRYPT)
		text[count++] = (struct text){ "decryption", DEVCRYPTO_OP_DECRYPT,
					       record->cipher, record->plain };
	return count;
}

/* Source and destination of the last request; in some layouts they are one. */
static void place_texts(struct batch *batch, const struct cipher_layout *layout,
			size_t bytes, struct span *src, struct span *dst)
{
	switch (layout->place) {
	case OUT_OF_PLACE:
		span_take(batch, src, layout->src, layout->src_pieces, bytes);
		span_take(batch, dst, layout->dst, layout->dst_pieces, bytes);
		break;
	case OVERLAP_AHEAD:
	case OVERLAP_BEHIND:
		span_take(batch, src, layout->src, 0, bytes + OVERLAP);
		*dst = *src;
		(layout->place == OVERLAP_AHEAD ? dst : src)->at[0] += OVERLAP;
		src->bytes[0] = bytes;
		dst->bytes[0] = bytes;
		break;
	default:
		span_take(batch, src, layout->src, layout->src_pieces, bytes);
		*dst = *src;
	}
}

/* IV, associated data and tag, all of them off alignment as the IV is. */
static void add_parameters(struct worker *worker, const struct vec_record *record,
			   const struct cipher_layout *layout,
			   const struct text *text, bool succeeds)
{
	const struct piece piece = { .offset = (unsigned short)layout->iv_offset };
	struct batch *batch = worker->batch;
	unsigned int owner = batch->requests - 1;
	struct devcrypto_request *request = &batch->request[owner];
	const void *tag = vec_at(worker->vectors, record->tag);
	size_t at;

	if (record->iv.bytes) {
		at = arena_take(&batch->arena, &piece, record->iv.bytes, owner);
		arena_input(&batch->arena, at, vec_at(worker->vectors, record->iv),
			    record->iv.bytes);
		request->iv = batch_address(batch, at);
		request->iv_bytes = record->iv.bytes;
	}
	if (record->assoc.bytes) {
		at = arena_take(&batch->arena, &piece, record->assoc.bytes, owner);
		arena_input(&batch->arena, at,
			    vec_at(worker->vectors, record->assoc),
			    record->assoc.bytes);
		request->assoc = batch_address(batch, at);
		request->assoc_bytes = record->assoc.bytes;
	}
	if (record->tag.bytes) {
		at = arena_take(&batch->arena, &piece, record->tag.bytes, owner);
		if (text->op == DEVCRYPTO_OP_DECRYPT)
			arena_input(&batch->arena, at, tag, record->tag.bytes);
		else if (succeeds)
			arena_output(&batch->arena, at, tag, record->tag.bytes);
		request->tag = batch_address(batch, at);
		request->tag_bytes = record->tag.bytes;
	}
}

static void add_cipher_request(struct worker *worker,
			       const struct vec_record *record,
			       const struct cipher_layout *layout,
			       const struct text *text)
{
	bool succeeds = record->expect == VEC_SAME;
	struct batch *batch = worker->batch;
	size_t bytes = text->in.bytes;
	struct span src, dst;

	batch_add(batch, text->op, layout->name, text->direction);
	place_texts(batch, layout, bytes, &src, &dst);
	span_input(batch, &src, vec_at(worker->vectors, text->in));
	if (succeeds)
		span_output(batch, &dst, vec_at(worker->vectors, text->out), bytes);
	batch_source(batch, &src, bytes);
	batch_destination(batch, &dst, bytes);
	if (layout->place == IN_PLACE && src.array) {
		struct devcrypto_request *request =
			&batch->request[batch->requests - 1];

		request->dst = request->src;
	}
	add_parameters(worker, record, layout, text, succeeds);
	batch->expected[batch->requests - 1].result =
		succeeds ? 0 : -(int)record->error;
	batch->expected[batch->requests - 1].bytes =
		succeeds ? (uint32_t)bytes : 0;
}

/*
 * The message in two requests, the second with the IV that the first one gave
 * back. Returns the place of that IV in @iv_at; its value is not published.
 */
static bool add_chained(struct worker *worker, const struct row *row,
			const struct vec_record *record,
			const struct cipher_layout *layout,
			const struct text *text, size_t *iv_at)
{
	const size_t chunk = row->config.out_chunk_bytes;
	const uint8_t *in = vec_at(worker->vectors, text->in);
	const uint8_t *out = vec_at(worker->vectors, text->out);
	struct batch *batch = worker->batch;
	size_t begin = 0, bytes = text->in.bytes;

	if (!(row->config.out_properties & DEVCRYPTO_ALG_CHAINS) ||
	    record->expect != VEC_SAME || bytes <= chunk)
		return false;
	for (int part = 0; part < 2; part++) {
		size_t half = bytes / 2 / chunk * chunk;
		size_t end = part ? bytes : half ? half : chunk;
		struct devcrypto_request *request;
		struct span span;

		request = batch_add(batch, text->op, layout->name, text->direction);
		span_take(batch, &span, &aligned, 0, end - begin);
		span_input(batch, &span, in + begin);
		span_output(batch, &span, out + begin, end - begin);
		batch_source(batch, &span, end - begin);
		batch_destination(batch, &span, end - begin);
		if (!part) {
			*iv_at = arena_take(&batch->arena, &aligned,
					    record->iv.bytes, batch->requests - 1);
			arena_input(&batch->arena, *iv_at,
				    vec_at(worker->vectors, record->iv),
				    record->iv.bytes);
		}
		if (record->iv.bytes) {
			request->iv = batch_address(batch, *iv_at);
			request->iv_bytes = record->iv.bytes;
		}
		request->flags = part ? 0 : DEVCRYPTO_REQUEST_IV_OUT;
		batch->expected[batch->requests - 1].bytes = (uint32_t)(end - begin);
		begin = end;
	}
	return true;
}

static void check_cipher_batch(struct worker *worker, struct row *row,
			       const struct vec_record *record, uint32_t flags,
			       struct verdict *verdict)
{
	int fd = flags ? worker->contexts.layout : worker->contexts.plain;
	struct batch *batch = worker->batch;
	unsigned int count, chained = 0;
	struct text text[2];
	size_t iv_at[2];

	batch_reset(batch);
	count = texts_of(record, text);
	for (unsigned int t = 0; t < count; t++) {
		for (unsigned int i = 0; i < nr_cipher_layouts; i++) {
			const struct cipher_layout *layout = &cipher_layouts[i];

			if (layout->flags != flags)
				continue;
			if (layout->place != CHAINED)
				add_cipher_request(worker, record, layout, &text[t]);
			else if (add_chained(worker, row, record, layout, &text[t],
					     &iv_at[chained]))
				chained++;
			else
				continue;
			atomic_fetch_or(&row->layouts, 1u << i);
		}
	}
	atomic_fetch_add(&row->requests, batch->requests);
	if (!batch_run(batch, fd, verdict))
		return;
	while (chained--)
		arena_accept(&batch->arena, iv_at[chained], record->iv.bytes);
	batch_judge(batch, verdict);
}

/* --- hashes --------------------------------------------------------------- */

/* Where a digest lies that must not be the published one. */
struct forgery {
	struct span span;
	const struct expected *of;
};

static void add_digest(struct worker *worker, const struct row *row,
		       const struct vec_record *record,
		       const struct hash_layout *layout, struct span *span)
{
	const uint32_t bytes = row->config.out_digest_bytes;
	struct batch *batch = worker->batch;

	span_take(batch, span, layout->dst, layout->dst_pieces,
		  bytes + layout->room);
	batch_destination(batch, span, bytes + layout->room);
	batch->expected[batch->requests - 1].bytes = bytes;
	/* What lies behind a published digest that is cut off is seen later. */
	span_output(batch, span, vec_at(worker->vectors, record->tag),
		    record->tag.bytes);
}

static void add_hash_requests(struct worker *worker, const struct row *row,
			      const struct vec_record *record,
			      const struct hash_layout *layout,
			      struct forgery *digest)
{
	const uint8_t *message = vec_at(worker->vectors, record->plain);
	struct batch *batch = worker->batch;
	size_t begin = 0, share = 0;

	for (unsigned int i = 0; layout->steps[i].op; i++) {
		const struct hash_step *step = &layout->steps[i];
		size_t end;

		batch_add(batch, step->op, layout->name, "hashing");
		if (step->op == DEVCRYPTO_OP_STREAM_INIT)
			continue;
		share += step->share;
		end = record->plain.bytes * share / SHARES;
		span_take(batch, &digest->span, layout->src, layout->src_pieces,
			  end - begin);
		span_input(batch, &digest->span, message + begin);
		batch_source(batch, &digest->span, end - begin);
		begin = end;
		if (step->op == DEVCRYPTO_OP_STREAM_UPDATE)
			continue;
		add_digest(worker, row, record, layout, &digest->span);
		digest->of = &batch->expected[batch->requests - 1];
	}
}

static void check_hash_batch(struct worker *worker, struct row *row,
			     const struct vec_record *record, uint32_t flags,
			     struct verdict *verdict)
{
	int fd = flags ? worker->contexts.layout : worker->contexts.plain;
	const uint32_t digest_bytes = row->config.out_digest_bytes;
	const uint8_t *tag = vec_at(worker->vectors, record->tag);
	struct batch *batch = worker->batch;
	struct forgery digest[32];
	unsigned int digests = 0;

	if (record->tag.bytes > digest_bytes) {
		fail(verdict, "a digest of %u bytes, not %u", digest_bytes,
		     record->tag.bytes);
		return;
	}
	batch_reset(batch);
	for (unsigned int i = 0; i < nr_hash_layouts; i++) {
		if (hash_layouts[i].flags != flags)
			continue;
		add_hash_requests(worker, row, record, &hash_layouts[i],
				  &digest[digests++]);
		atomic_fetch_or(&row->layouts, 1u << i);
	}
	atomic_fetch_add(&row->requests, batch->requests);
	if (!batch_run(batch, fd, verdict))
		return;
	for (unsigned int i = 0; i < digests; i++) {
		if (record->expect == VEC_DIFFERENT &&
		    span_holds(batch, &digest[i].span, tag, record->tag.bytes))
			fail(verdict, "%s: the digest of a forgery came out",
			     digest[i].of->layout);
		span_accept(batch, &digest[i].span,
			    record->expect == VEC_DIFFERENT ? 0 : record->tag.bytes,
			    digest_bytes);
	}
	batch_judge(batch, verdict);
}

/* --- Monte Carlo rounds --------------------------------------------------- */

#define ROUND_LAYOUT 31

/* A thousand requests, each of which takes what those before it have written. */
static void run_round(struct worker *worker, struct row *row,
		      const struct devcrypto_request *first, uint32_t step_bytes,
		      struct verdict *verdict)
{
	static struct devcrypto_request request[VEC_ROUND_OPERATIONS];
	unsigned int done = 0;

	for (unsigned int i = 0; i < VEC_ROUND_OPERATIONS; i++) {
		request[i] = *first;
		request[i].src += (uint64_t)i * step_bytes;
		request[i].dst += (uint64_t)i * step_bytes;
	}
	while (done < VEC_ROUND_OPERATIONS) {
		unsigned int count = VEC_ROUND_OPERATIONS - done;
		struct devcrypto_run run = {
			.requests = (uintptr_t)&request[done],
			.request_bytes = sizeof(struct devcrypto_request),
		};

		if (count > device_info.max_batch)
			count = device_info.max_batch;
		run.count = count;
		if (ioctl(worker->contexts.plain, DEVCRYPTO_IOC_RUN, &run) !=
		    (int)count) {
			fail(verdict, "round: not all requests were executed");
			return;
		}
		done += count;
	}
	for (unsigned int i = 0; i < VEC_ROUND_OPERATIONS; i++)
		if (request[i].out_result)
			fail(verdict, "round: request %u: expected result 0, got %d",
			     i, request[i].out_result);
	atomic_fetch_add(&row->requests, VEC_ROUND_OPERATIONS);
	atomic_fetch_or(&row->layouts, 1u << ROUND_LAYOUT);
}

static void judge_round(const uint8_t *last, const uint8_t *published,
			size_t bytes, struct verdict *verdict)
{
	if (memcmp(last, published, bytes))
		fail(verdict, "round: another result than the published one");
}

static void check_hash_round(struct worker *worker, struct row *row,
			     const struct vec_record *record,
			     struct verdict *verdict)
{
	const unsigned int before = record->form == VEC_ROUND_OF_THREE ? 3 : 1;
	const uint32_t bytes = row->config.out_digest_bytes;
	struct arena *arena = &worker->batch->arena;
	struct devcrypto_request first = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src_bytes = before * bytes,
		.dst_bytes = bytes,
	};
	size_t start;

	if (record->plain.bytes != bytes || record->tag.bytes != bytes) {
		fail(verdict, "round: digests of %u bytes, not %u", bytes,
		     record->tag.bytes);
		return;
	}
	batch_reset(worker->batch);
	start = arena_take(arena, &aligned,
			   (size_t)bytes * (before + VEC_ROUND_OPERATIONS), 0);
	for (unsigned int i = 0; i < before; i++)
		arena_input(arena, start + (size_t)i * bytes,
			    vec_at(worker->vectors, record->plain), bytes);
	first.src = batch_address(worker->batch, start);
	first.dst = first.src + (uint64_t)before * bytes;
	run_round(worker, row, &first, bytes, verdict);
	judge_round(arena->work + start +
			    (size_t)bytes * (before + VEC_ROUND_OPERATIONS - 1),
		    vec_at(worker->vectors, record->tag), bytes, verdict);
}

static void check_cipher_round(struct worker *worker, struct row *row,
			       const struct vec_record *record,
			       struct verdict *verdict)
{
	struct arena *arena = &worker->batch->arena;
	struct text text[2];
	struct devcrypto_request first;
	size_t start, iv, bytes;

	texts_of(record, text);
	bytes = text[0].in.bytes;
	batch_reset(worker->batch);
	start = arena_take(arena, &aligned, bytes * (2 + VEC_ROUND_OPERATIONS), 0);
	iv = arena_take(arena, &aligned, record->iv.bytes, 0);
	arena_input(arena, start, vec_at(worker->vectors, text[0].in), bytes);
	arena_input(arena, start + bytes, vec_at(worker->vectors, record->iv), bytes);
	arena_input(arena, iv, vec_at(worker->vectors, record->iv), bytes);
	first = (struct devcrypto_request){
		.op = text[0].op,
		.flags = DEVCRYPTO_REQUEST_IV_OUT,
		.src = batch_address(worker->batch, start),
		.dst = batch_address(worker->batch, start + 2 * bytes),
		.src_bytes = (uint32_t)bytes,
		.dst_bytes = (uint32_t)bytes,
		.iv = batch_address(worker->batch, iv),
		.iv_bytes = record->iv.bytes,
	};
	run_round(worker, row, &first, (uint32_t)bytes, verdict);
	judge_round(arena->work + start + bytes * (1 + VEC_ROUND_OPERATIONS),
		    vec_at(worker->vectors, text[0].out), bytes, verdict);
}

/* --- the record ----------------------------------------------------------- */

static bool fits_layout(const struct row *row, const struct vec_record *record)
{
	uint64_t bytes = (uint64_t)record->assoc.bytes + record->tag.bytes;

	bytes += record->plain.bytes > record->cipher.bytes ?
			 record->plain.bytes : record->cipher.bytes;
	if (row->algorithm->alg_class == DEVCRYPTO_CLASS_HASH)
		bytes = record->plain.bytes;
	return bytes <= device_info.max_layout_bytes;
}

/* A record of a class whose algorithms see what the caller's buffers look like. */
static void check_symmetric(struct worker *worker, struct row *row,
			    const struct vec_record *record,
			    struct verdict *verdict)
{
	bool hash = row->algorithm->alg_class == DEVCRYPTO_CLASS_HASH;

	if (record->form != VEC_PLAIN) {
		(hash ? check_hash_round : check_cipher_round)(worker, row, record,
							       verdict);
		return;
	}
	(hash ? check_hash_batch : check_cipher_batch)(worker, row, record, 0,
						       verdict);
	if (!fits_layout(row, record))
		atomic_fetch_add(&row->long_records, 1);
	else
		(hash ? check_hash_batch : check_cipher_batch)(
			worker, row, record, DEVCRYPTO_CONFIG_LAYOUT, verdict);
}

void check_record(struct worker *worker, struct row *row,
		  const struct vec_record *record, struct verdict *verdict)
{
	atomic_fetch_add(&row->records, 1);
	atomic_fetch_add(&row->cases, record->cases);
	if (record->expect == VEC_NOT_CONFIGURED) {
		check_not_configured(worker, row, record, verdict);
		return;
	}
	if (!open_contexts(worker, row, record, verdict) ||
	    record->expect == VEC_CONFIGURED)
		return;
	if (keeps_layouts(row))
		check_symmetric(worker, row, record, verdict);
	else if (row->algorithm->alg_class == DEVCRYPTO_CLASS_RNG)
		check_random(worker, row, record, verdict);
	else
		check_asymmetric(worker, row, record, verdict);
}
