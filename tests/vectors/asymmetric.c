/* SPDX-License-Identifier: MIT */
/* One record of a class with pairs of keys. */
#include <string.h>

#include "runner.h"

/* One operation of a record. */
struct step {
	const char *name;
	uint32_t op;
	struct vec_bytes in;
	struct vec_bytes out;
	/* A signature that is read. */
	struct vec_bytes signature;
	/* Where the output went, in case it must not be the published one. */
	struct span dst;
};

static unsigned int steps_of_akcipher(const struct vec_record *record,
				      struct step *step)
{
	unsigned int count = 0;

	if (record->directions & VEC_ENCRYPT)
		step[count++] = (struct step){
			.name = "encryption", .op = DEVCRYPTO_OP_ENCRYPT,
			.in = record->plain, .out = record->cipher,
		};
	if (record->directions & VEC_DECRYPT)
		step[count++] = (struct step){
			.name = "decryption", .op = DEVCRYPTO_OP_DECRYPT,
			.in = record->cipher, .out = record->plain,
		};
	return count;
}

static unsigned int steps_of_sig(const struct vec_record *record,
				 struct step *step)
{
	unsigned int count = 0;

	if (record->directions & VEC_SIGN)
		step[count++] = (struct step){
			.name = "signing", .op = DEVCRYPTO_OP_SIGN,
			.in = record->plain, .out = record->tag,
		};
	if (record->directions & VEC_VERIFY)
		step[count++] = (struct step){
			.name = "verification", .op = DEVCRYPTO_OP_VERIFY,
			.in = record->plain, .signature = record->tag,
		};
	return count;
}

static unsigned int steps_of_kpp(const struct vec_record *record,
				 struct step *step)
{
	unsigned int count = 0;

	if (record->directions & VEC_PUBLIC_KEY && record->tag.bytes)
		step[count++] = (struct step){
			.name = "public key", .op = DEVCRYPTO_OP_PUBLIC_KEY,
			.out = record->tag,
		};
	if (record->directions & VEC_SHARED_SECRET)
		step[count++] = (struct step){
			.name = "shared secret",
			.op = DEVCRYPTO_OP_SHARED_SECRET,
			.in = record->plain, .out = record->cipher,
		};
	return count;
}

static unsigned int steps_of(const struct row *row,
			     const struct vec_record *record, struct step *step)
{
	switch (row->algorithm->alg_class) {
	case DEVCRYPTO_CLASS_AKCIPHER:
		return steps_of_akcipher(record, step);
	case DEVCRYPTO_CLASS_SIG:
		return steps_of_sig(record, step);
	default:
		return steps_of_kpp(record, step);
	}
}

/* The last request's source, of which there is none for a public key. */
static void add_source(struct worker *worker, const struct run_layout *layout,
		       struct vec_bytes in)
{
	struct span span;

	if (!in.bytes)
		return;
	span_take(worker->batch, &span, layout->src, layout->src_pieces, in.bytes);
	span_input(worker->batch, &span, vec_at(worker->vectors, in));
	batch_source(worker->batch, &span, in.bytes);
}

static void add_signature(struct worker *worker, const struct run_layout *layout,
			  struct vec_bytes signature)
{
	struct batch *batch = worker->batch;
	unsigned int owner = batch->requests - 1;
	struct devcrypto_request *request = &batch->request[owner];
	size_t at;

	if (!signature.bytes)
		return;
	at = arena_take(&batch->arena, &layout->src[0], signature.bytes, owner);
	arena_input(&batch->arena, at, vec_at(worker->vectors, signature),
		    signature.bytes);
	request->signature = batch_address(batch, at);
	request->signature_bytes = signature.bytes;
}

static void add_destination(struct worker *worker,
			    const struct vec_record *record,
			    const struct run_layout *layout, struct step *step)
{
	size_t bytes = worker->contexts.output_bytes + layout->room;
	struct batch *batch = worker->batch;

	span_take(batch, &step->dst, layout->dst, layout->dst_pieces, bytes);
	batch_destination(batch, &step->dst, bytes);
	if (record->expect != VEC_REFUSED)
		span_output(batch, &step->dst, vec_at(worker->vectors, step->out),
			    step->out.bytes);
}

static void add_step(struct worker *worker, const struct vec_record *record,
		     const struct run_layout *layout, struct step *step)
{
	bool succeeds = record->expect != VEC_REFUSED;
	struct batch *batch = worker->batch;
	struct expected *expected;

	batch_add(batch, step->op, layout->name, step->name);
	add_source(worker, layout, step->in);
	if (step->op == DEVCRYPTO_OP_VERIFY)
		add_signature(worker, layout, step->signature);
	else
		add_destination(worker, record, layout, step);
	expected = &batch->expected[batch->requests - 1];
	expected->result = succeeds ? 0 : -(int)record->error;
	expected->bytes = succeeds ? step->out.bytes : 0;
}

/* The output has to differ from the published one, which was forged. */
static void judge_forgery(struct worker *worker, const struct run_layout *layout,
			  const struct step *step, struct verdict *verdict)
{
	struct batch *batch = worker->batch;

	if (span_holds(batch, &step->dst, vec_at(worker->vectors, step->out),
		       step->out.bytes))
		fail(verdict, "%s, %s: what was forged came out", layout->name,
		     step->name);
	span_accept(batch, &step->dst, 0, step->out.bytes);
}

/*
 * Runs the record in one of the layouts, in turn: the algorithm sees none of
 * them, and takes its time.
 */
void check_asymmetric(struct worker *worker, struct row *row,
		      const struct vec_record *record, struct verdict *verdict)
{
	const size_t turn = (size_t)(record - worker->vectors->records);
	const unsigned int number = turn % nr_run_layouts;
	const struct run_layout *layout = &run_layouts[number];
	struct batch *batch = worker->batch;
	struct step step[2];
	unsigned int steps = steps_of(row, record, step);

	batch_reset(batch);
	for (unsigned int i = 0; i < steps; i++)
		add_step(worker, record, layout, &step[i]);
	atomic_fetch_or(&row->layouts, 1u << number);
	atomic_fetch_add(&row->requests, batch->requests);
	if (!batch_run(batch, worker->contexts.plain, verdict))
		return;
	for (unsigned int i = 0; i < steps; i++)
		if (record->expect == VEC_DIFFERENT)
			judge_forgery(worker, layout, &step[i], verdict);
	batch_judge(batch, verdict);
}
