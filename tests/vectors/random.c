/* SPDX-License-Identifier: MIT */
/* One record of a random bit generator that is given its entropy. */
#include "runner.h"

/* The first or second half of some bytes. */
static struct vec_bytes half_of(struct vec_bytes whole, int second)
{
	return (struct vec_bytes){
		.offset = whole.offset + (second ? whole.bytes / 2 : 0),
		.bytes = whole.bytes / 2,
	};
}

/* The last request's source and entropy. */
static void add_input(struct worker *worker, const struct run_layout *layout,
		      struct vec_bytes in, struct vec_bytes entropy)
{
	struct batch *batch = worker->batch;
	unsigned int owner = batch->requests - 1;
	struct devcrypto_request *request = &batch->request[owner];
	struct span span;
	size_t at;

	if (in.bytes) {
		span_take(batch, &span, layout->src, layout->src_pieces, in.bytes);
		span_input(batch, &span, vec_at(worker->vectors, in));
		batch_source(batch, &span, in.bytes);
	}
	if (!entropy.bytes)
		return;
	at = arena_take(&batch->arena, &layout->src[0], entropy.bytes, owner);
	arena_input(&batch->arena, at, vec_at(worker->vectors, entropy),
		    entropy.bytes);
	request->entropy = batch_address(batch, at);
	request->entropy_bytes = entropy.bytes;
}

/*
 * Instantiation and two requests, of which the second one's output is
 * published. A generator is instantiated once, so each layout has its own.
 */
void check_random(struct worker *worker, struct row *row,
		  const struct vec_record *record, struct verdict *verdict)
{
	const struct vec_bytes tag = record->tag;
	struct batch *batch = worker->batch;

	for (unsigned int i = 0; i < nr_run_layouts; i++) {
		const struct run_layout *layout = &run_layouts[i];
		struct span dst[2];

		if (!open_contexts(worker, row, record, verdict))
			return;
		batch_reset(batch);
		batch_add(batch, DEVCRYPTO_OP_RESEED, layout->name,
			  "instantiation");
		add_input(worker, layout, record->iv, record->key);
		for (int second = 0; second < 2; second++) {
			batch_add(batch, DEVCRYPTO_OP_GENERATE, layout->name,
				  second ? "second request" : "first request");
			add_input(worker, layout, half_of(record->assoc, second),
				  half_of(record->cipher, second));
			span_take(batch, &dst[second], layout->dst,
				  layout->dst_pieces, tag.bytes);
			batch_destination(batch, &dst[second], tag.bytes);
			batch->expected[batch->requests - 1].bytes = tag.bytes;
		}
		span_output(batch, &dst[1], vec_at(worker->vectors, tag),
			    tag.bytes);
		atomic_fetch_or(&row->layouts, 1u << i);
		atomic_fetch_add(&row->requests, batch->requests);
		if (!batch_run(batch, worker->contexts.plain, verdict))
			return;
		span_accept(batch, &dst[0], 0, tag.bytes);
		if (!batch_judge(batch, verdict))
			return;
	}
}
