// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashes and keyed hashes: of one message, and of a stream.
 *
 * The stream's state lives in a request of the crypto API's that belongs to
 * the context. The dc_request that operates on the stream holds the busy bit
 * from claim() to release(), and until then nobody else touches it. What run.c
 * cannot write the digest of has failed like any other operation; of a submitted
 * one the digest is lost, and the stream is what comes behind it.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/hash.h>

#include "private.h"

/* dc_stream.state */
enum {
	DC_STREAM_FRESH,	/* nothing hashed yet */
	DC_STREAM_RUNNING,
	DC_STREAM_LOST,		/* an operation failed half-way */
};

/**
 * struct dc_saved - what STREAM_SAVE seals
 * @kind: DC_STREAM_FRESH or DC_STREAM_RUNNING
 * @state: what the algorithm exports; zero of a fresh stream
 */
struct dc_saved {
	__le64 kind;
	u8 state[];
};

/*
 * Can the state be had as bytes? An engine may keep in it what must not be
 * copied. The CPU's implementations keep nothing else; they all are a shash, or
 * an instance of the kernel's own HMAC, which from 6.16 on may be none.
 */
static bool dc_hash_exports(const struct dc_tfm *tfm)
{
	const struct crypto_alg *alg =
		crypto_ahash_tfm(tfm->ahash)->__crt_alg;

	if (alg->cra_flags & (CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY))
		return false;
	return (alg->cra_flags & CRYPTO_ALG_TYPE_MASK) == CRYPTO_ALG_TYPE_SHASH ||
	       !strncmp(alg->cra_driver_name, "hmac(", 5);
}

/*
 * Does the digest not give the key away? Of checksums with a key, and of
 * universal hashes, it does.
 */
static bool dc_hash_hides_key(const char *name)
{
	static const char * const begins[] = {
		"hmac(", "cmac(", "xcbc(", "blake2b-", "blake2s-",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static u32 dc_saved_text_bytes(const struct dc_tfm *tfm)
{
	return sizeof(struct dc_saved) + tfm->alg.out_state_bytes;
}

static int dc_hash_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_ahash *ahash = crypto_alloc_ahash(name, 0, 0);
	struct devcrypto_config *alg = &tfm->alg;

	if (IS_ERR(ahash))
		return PTR_ERR(ahash);
	tfm->ahash = ahash;
	tfm->request_bytes = sizeof(struct ahash_request) +
			     crypto_ahash_reqsize(ahash);
	dc_tfm_describe(tfm, crypto_ahash_tfm(ahash));
	if (tfm->flags & DEVCRYPTO_CONFIG_KEYRING &&
	    !dc_hash_hides_key(alg->out_name)) {
		crypto_free_ahash(ahash);
		return -EOPNOTSUPP;
	}
	alg->out_digest_bytes = crypto_ahash_digestsize(ahash);
	alg->out_state_bytes = crypto_ahash_statesize(ahash);
	if (dc_hash_exports(tfm))
		alg->out_saved_bytes = dc_seal_bytes(dc_saved_text_bytes(tfm));
	return 0;
}

static void dc_hash_close(struct dc_tfm *tfm)
{
	crypto_free_ahash(tfm->ahash);
}

static int dc_hash_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	const struct dc_key *key = &keys->key;
	int err;

	if (!key->bytes)
		return 0;
	err = crypto_ahash_setkey(tfm->ahash, key->data, key->bytes);
	return err ?: dc_seal_key_mac(tfm->key_mac, key);
}

static int dc_hash_attach(struct dc_context *ctx, struct dc_tfm *tfm)
{
	ctx->stream.state = DC_STREAM_FRESH;
	ctx->stream.req = kzalloc(tfm->request_bytes, GFP_KERNEL_ACCOUNT);
	return ctx->stream.req ? 0 : -ENOMEM;
}

static void dc_hash_detach(struct dc_context *ctx)
{
	kfree_sensitive(ctx->stream.req);
}

/* Takes the state of another stream out, while nobody works on that. */
static int dc_stream_export(struct dc_stream *from, void *state, int *kind)
{
	int err = 0;

	if (test_and_set_bit_lock(0, &from->busy))
		return -EBUSY;
	*kind = from->state;
	if (*kind == DC_STREAM_LOST)
		err = -ESTALE;
	else if (*kind == DC_STREAM_RUNNING &&
		 crypto_ahash_export(from->req, state))
		err = -EIO;
	clear_bit_unlock(0, &from->busy);
	return err;
}

static int dc_hash_copy(struct dc_context *ctx, struct dc_tfm *tfm,
			struct dc_context *from)
{
	struct dc_stream *stream = &ctx->stream;
	void *state;
	int err;

	if (!dc_hash_exports(tfm))
		return -EOPNOTSUPP;
	state = kzalloc(tfm->alg.out_state_bytes, GFP_KERNEL_ACCOUNT);
	if (!state)
		return -ENOMEM;
	err = dc_stream_export(&from->stream, state, &stream->state);
	if (!err && stream->state == DC_STREAM_RUNNING) {
		ahash_request_set_tfm(stream->req, tfm->ahash);
		if (crypto_ahash_import(stream->req, state))
			err = -EIO;
	}
	kfree_sensitive(state);
	return err;
}

static bool dc_hash_is_stream(const struct dc_request *rq)
{
	return rq->packet.op != DEVCRYPTO_OP_DIGEST;
}

static bool dc_hash_is_saved(const struct dc_request *rq)
{
	return rq->packet.op == DEVCRYPTO_OP_STREAM_SAVE ||
	       rq->packet.op == DEVCRYPTO_OP_STREAM_RESTORE;
}

/* How much is written to the caller. */
static u32 dc_hash_output_bytes(const struct dc_request *rq)
{
	const struct devcrypto_config *alg = &rq->ctx->tfm->alg;

	switch (rq->packet.op) {
	case DEVCRYPTO_OP_DIGEST:
	case DEVCRYPTO_OP_STREAM_FINAL:
		return alg->out_digest_bytes;
	case DEVCRYPTO_OP_STREAM_SAVE:
		return alg->out_saved_bytes;
	default:
		return 0;
	}
}

/*
 * Takes the stream for this request. An update of a fresh stream takes two
 * steps, because an engine may answer to either of them later.
 */
static int dc_hash_claim(struct dc_request *rq)
{
	struct dc_stream *stream = &rq->ctx->stream;

	if (!dc_hash_is_stream(rq))
		return 0;
	if (test_and_set_bit_lock(0, &stream->busy))
		return -EBUSY;
	if (stream->state == DC_STREAM_LOST &&
	    rq->packet.op != DEVCRYPTO_OP_STREAM_INIT &&
	    rq->packet.op != DEVCRYPTO_OP_STREAM_RESTORE) {
		clear_bit_unlock(0, &stream->busy);
		return -ESTALE;
	}
	rq->steps = rq->packet.op == DEVCRYPTO_OP_STREAM_UPDATE &&
		    stream->state == DC_STREAM_FRESH ? 2 : 1;
	return 0;
}

static int dc_hash_check(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	const u32 bytes = dc_hash_output_bytes(rq);

	if (dc_packet_has_cipher_operands(packet))
		return -EINVAL;
	if ((packet->op == DEVCRYPTO_OP_STREAM_INIT ||
	     packet->op == DEVCRYPTO_OP_STREAM_SAVE) &&
	    packet->src | packet->src_bytes | packet->src_segments)
		return -EINVAL;
	if (!bytes)
		return packet->dst | packet->dst_bytes | packet->dst_segments ?
		       -EINVAL : 0;
	return dc_request_room(rq, bytes);
}

static struct dc_saved *dc_request_saved(const struct dc_request *rq)
{
	return dc_buffer_at(&rq->in, DC_SEAL_HEAD_BYTES);
}

/*
 * Of a state that is restored the seal is opened here, where nothing of the
 * stream is at stake yet.
 */
static int dc_saved_load(struct dc_request *rq)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 bytes = tfm->alg.out_saved_bytes;
	const bool restore = rq->packet.op == DEVCRYPTO_OP_STREAM_RESTORE;
	int err;

	if (restore && rq->packet.src_bytes != bytes)
		return -EBADMSG;
	/* The crypto API wants the state in one run. */
	err = dc_buffer_reserve_run(&rq->in, bytes);
	if (err || !restore)
		return err;
	rq->copied = bytes;
	err = dc_buffer_read(&rq->in, 0, &rq->src, bytes);
	if (err)
		return err;
	return dc_unseal(tfm, dc_buffer_at(&rq->in, 0),
			 dc_saved_text_bytes(tfm));
}

static int dc_text_load(struct dc_request *rq)
{
	const u32 bytes = rq->packet.src_bytes;
	const struct dc_part part = { &rq->src, bytes };
	int err;

	if (dc_request_pin_source(rq))
		return 0;
	if (rq->ctx->tfm->flags & DEVCRYPTO_CONFIG_LAYOUT)
		err = dc_buffer_shape(&rq->in, &part, 1);
	else
		err = dc_buffer_reserve(&rq->in, bytes);
	return err ?: dc_request_read_text(rq, 0);
}

static int dc_hash_load(struct dc_request *rq)
{
	int err;

	if (dc_hash_is_saved(rq) && !rq->ctx->tfm->alg.out_saved_bytes)
		return -EOPNOTSUPP;
	err = dc_hash_check(rq);
	if (!err)
		err = dc_request_buffers(rq);
	if (!err)
		err = dc_hash_is_saved(rq) ? dc_saved_load(rq) :
					     dc_text_load(rq);
	return err;
}

static int dc_stream_save(struct dc_request *rq, struct ahash_request *req)
{
	const struct dc_tfm *tfm = rq->ctx->tfm;
	const u32 bytes = dc_saved_text_bytes(tfm);
	struct dc_saved *saved = dc_request_saved(rq);
	int err = 0;

	memset(saved, 0, bytes);
	saved->kind = cpu_to_le64(rq->ctx->stream.state);
	if (rq->ctx->stream.state == DC_STREAM_RUNNING)
		err = crypto_ahash_export(req, saved->state);
	return err ?: dc_seal(tfm, dc_buffer_at(&rq->in, 0), bytes);
}

static int dc_stream_restore(struct dc_request *rq, struct ahash_request *req)
{
	const struct dc_saved *saved = dc_request_saved(rq);

	if (le64_to_cpu(saved->kind) == DC_STREAM_FRESH)
		return 0;
	return crypto_ahash_import(req, saved->state);
}

static int dc_stream_start(struct dc_request *rq, struct ahash_request *req)
{
	struct dc_stream *stream = &rq->ctx->stream;

	switch (rq->packet.op) {
	case DEVCRYPTO_OP_STREAM_UPDATE:
		return rq->step < rq->steps - 1 ? crypto_ahash_init(req) :
						  crypto_ahash_update(req);
	case DEVCRYPTO_OP_STREAM_FINAL:
		return stream->state == DC_STREAM_FRESH ?
		       crypto_ahash_digest(req) : crypto_ahash_finup(req);
	case DEVCRYPTO_OP_STREAM_SAVE:
		return dc_stream_save(rq, req);
	case DEVCRYPTO_OP_STREAM_RESTORE:
		return dc_stream_restore(rq, req);
	default:
		return 0;
	}
}

/* Where the algorithm writes the digest. */
static u8 *dc_hash_result(const struct dc_request *rq)
{
	u32 shift = 0;

	if (rq->ctx->tfm->flags & DEVCRYPTO_CONFIG_LAYOUT && !rq->dst.nr)
		shift = rq->packet.dst & (DC_LAYOUT_ALIGN - 1);
	return rq->result + shift;
}

static int dc_hash_start(struct dc_request *rq)
{
	struct dc_context *ctx = rq->ctx;
	struct ahash_request *req = rq->handle;

	if (dc_hash_is_stream(rq))
		req = ctx->stream.req;
	ahash_request_set_tfm(req, ctx->tfm->ahash);
	ahash_request_set_callback(req, rq->callback_flags, dc_request_callback,
				   rq);
	ahash_request_set_crypt(req, rq->in.sg, dc_hash_result(rq),
				rq->packet.src_bytes);
	return dc_hash_is_stream(rq) ? dc_stream_start(rq, req) :
				       crypto_ahash_digest(req);
}

/* What the stream is after an operation that had begun. */
static int dc_stream_next_state(const struct dc_request *rq)
{
	/* A state that could not be saved is still there. */
	if (rq->packet.op == DEVCRYPTO_OP_STREAM_SAVE || rq->error == -EAGAIN)
		return rq->ctx->stream.state;
	if (rq->error)
		return DC_STREAM_LOST;
	switch (rq->packet.op) {
	case DEVCRYPTO_OP_STREAM_UPDATE:
		return DC_STREAM_RUNNING;
	case DEVCRYPTO_OP_STREAM_RESTORE:
		return le64_to_cpu(dc_request_saved(rq)->kind);
	default:
		return DC_STREAM_FRESH;
	}
}

static void dc_hash_release(struct dc_request *rq)
{
	struct dc_stream *stream = &rq->ctx->stream;

	if (!dc_hash_is_stream(rq))
		return;
	stream->state = dc_stream_next_state(rq);
	clear_bit_unlock(0, &stream->busy);
}

/* A state says of what is hashed, or of the key, what a digest does not. */
static void dc_hash_end(struct dc_request *rq)
{
	if (dc_hash_is_saved(rq))
		memzero_explicit(dc_buffer_at(&rq->in, 0),
				 rq->ctx->tfm->alg.out_saved_bytes);
}

static int dc_hash_store(struct dc_request *rq)
{
	const u32 bytes = dc_hash_output_bytes(rq);
	const void *from = dc_hash_result(rq);
	int err;

	if (rq->packet.op == DEVCRYPTO_OP_STREAM_SAVE) {
		from = dc_buffer_at(&rq->in, 0);
		rq->copied = bytes;
	}
	err = dc_span_put(&rq->dst, from, bytes);
	if (!err)
		rq->out_bytes = bytes;
	return err;
}

const struct dc_class dc_hash_class = {
	.id = DEVCRYPTO_CLASS_HASH,
	.name = "hash",
	.ops = BIT(DEVCRYPTO_OP_DIGEST) | BIT(DEVCRYPTO_OP_STREAM_INIT) |
	       BIT(DEVCRYPTO_OP_STREAM_UPDATE) |
	       BIT(DEVCRYPTO_OP_STREAM_FINAL) | BIT(DEVCRYPTO_OP_STREAM_SAVE) |
	       BIT(DEVCRYPTO_OP_STREAM_RESTORE),
	.config_flags = DEVCRYPTO_CONFIG_LAYOUT | DEVCRYPTO_CONFIG_STREAM |
			DEVCRYPTO_CONFIG_KEYRING | DEVCRYPTO_CONFIG_ZEROCOPY,
	.config_fields = DC_USES_KEY,
	.cost_is_size = true,
	.open = dc_hash_open,
	.close = dc_hash_close,
	.setkey = dc_hash_setkey,
	.attach = dc_hash_attach,
	.detach = dc_hash_detach,
	.copy = dc_hash_copy,
	.load = dc_hash_load,
	.claim = dc_hash_claim,
	.start = dc_hash_start,
	.release = dc_hash_release,
	.store = dc_hash_store,
	.end = dc_hash_end,
};
