// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compression.
 *
 * Source and destination are one run of bytes each. The crypto API of 7.x has
 * but a page of its own for a source of several scatterlist entries and none
 * for such a destination, and "zstd" there has another way for what it does not
 * get in one part, which ends without an error when the destination is full.
 *
 * No more memory than that of the request is ever used: the algorithm is told
 * how much room there is, and that is at most DC_MAX_COMP_BYTES.
 */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "private.h"

/**
 * struct dc_comp_request - what a request of this class has at its handle
 * @req: the crypto API's request, made for the first use
 */
struct dc_comp_request {
	struct acomp_req *req;
};

/*
 * What the algorithms of the kernel allocate for a request, where they do, for
 * both directions. Nobody else can tell.
 */
static const struct {
	const char *name;
	u32 bytes;
} dc_comp_memory[] = {
	{ "lzo", SZ_16K },
	{ "lzo-rle", SZ_16K },
	{ "lz4", SZ_16K },
	{ "842", SZ_64K },
	{ "lz4hc", SZ_256K + SZ_4K },
	{ "deflate", SZ_512K },
	{ "zlib-deflate", SZ_512K },
};

#define DC_COMP_LEAST_ROOM	8U

/* More than any of them, and what "zstd" takes. */
#define DC_COMP_MOST_MEMORY	SZ_2M

static u32 dc_comp_request_memory(const char *name)
{
	unsigned int i;

	if (!DC_COMP_REQUESTS_HAVE_MEMORY)
		return 0;
	for (i = 0; i < ARRAY_SIZE(dc_comp_memory); i++)
		if (!strcmp(dc_comp_memory[i].name, name))
			return dc_comp_memory[i].bytes;
	return DC_COMP_MOST_MEMORY;
}

/* A tfm that a worker allocates. */
struct dc_comp_opening {
	struct work_struct work;
	const char *name;
	struct crypto_acomp *acomp;
};

static void dc_comp_open_work(struct work_struct *work)
{
	struct dc_comp_opening *opening =
		container_of(work, struct dc_comp_opening, work);

	opening->acomp = crypto_alloc_acomp(opening->name, 0, 0);
}

/*
 * The first tfm of all allocates buffers that the others share. Where that
 * fails kernels before 7 take them for allocated all the same. The vmalloc()
 * behind it may fail for a task that is being killed, but not for a worker.
 */
static struct crypto_acomp *dc_comp_alloc(const char *name)
{
	struct dc_comp_opening opening = { .name = name };

	INIT_WORK_ONSTACK(&opening.work, dc_comp_open_work);
	queue_work(dc_workqueue, &opening.work);
	flush_work(&opening.work);
	destroy_work_on_stack(&opening.work);
	return opening.acomp;
}

static int dc_comp_open(struct dc_tfm *tfm, const char *name)
{
	struct crypto_acomp *acomp = dc_comp_alloc(name);

	if (IS_ERR(acomp))
		return PTR_ERR(acomp);
	tfm->acomp = acomp;
	tfm->request_bytes = sizeof(struct dc_comp_request);
	dc_tfm_describe(tfm, crypto_acomp_tfm(acomp));
	tfm->request_memory = dc_comp_request_memory(tfm->alg.out_name);
	return 0;
}

static void dc_comp_close(struct dc_tfm *tfm)
{
	crypto_free_acomp(tfm->acomp);
}

/* There are no keys. */
static int dc_comp_setkey(struct dc_tfm *tfm, const struct dc_keys *keys)
{
	return 0;
}

static int dc_comp_make(struct dc_request *rq)
{
	struct dc_comp_request *comp = rq->handle;
	struct dc_context *ctx = rq->ctx;
	int err;

	if (comp->req)
		return 0;
	err = dc_user_charge_memory(ctx->user, ctx->tfm->request_memory);
	if (err)
		return err;
	comp->req = acomp_request_alloc(ctx->tfm->acomp);
	if (comp->req)
		return 0;
	dc_user_uncharge_memory(ctx->user, ctx->tfm->request_memory);
	return -ENOMEM;
}

static void dc_comp_trim(struct dc_request *rq, u32 keep)
{
	struct dc_comp_request *comp = rq->handle;
	struct dc_context *ctx = rq->ctx;

	if (!comp->req || (keep && ctx->tfm->request_memory <= keep))
		return;
	acomp_request_free(comp->req);
	comp->req = NULL;
	dc_user_uncharge_memory(ctx->user, ctx->tfm->request_memory);
}

/*
 * Room for the output. The crypto API takes no empty destination, and "lzo-rle"
 * writes two bytes before it looks how many it may. If more comes out than the
 * caller has room for that is seen afterwards.
 */
static u32 dc_comp_room(const struct dc_request *rq)
{
	return clamp(rq->packet.dst_bytes, DC_COMP_LEAST_ROOM,
		     (u32)DC_MAX_COMP_BYTES);
}

static int dc_comp_load(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	int err;

	if (dc_packet_has_cipher_operands(packet))
		return -EINVAL;
	if (!packet->src_bytes)
		return -EINVAL;
	if (packet->src_bytes > DC_MAX_COMP_BYTES)
		return -EDQUOT;
	err = dc_request_buffers(rq);
	if (!err)
		err = dc_comp_make(rq);
	if (!err)
		err = dc_buffer_reserve_run(&rq->in, packet->src_bytes);
	if (!err)
		err = dc_buffer_reserve_run(&rq->out, dc_comp_room(rq));
	if (err)
		return err;
	rq->copied = packet->src_bytes;
	return dc_buffer_read(&rq->in, 0, &rq->src, packet->src_bytes);
}

static int dc_comp_start(struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;
	struct dc_comp_request *comp = rq->handle;
	int err;

	acomp_request_set_callback(comp->req, rq->callback_flags,
				   dc_request_callback, rq);
	dc_acomp_set_buffers(comp->req, rq->in.sg, packet->src_bytes,
			     rq->out.sg, dc_comp_room(rq));
	err = packet->op == DEVCRYPTO_OP_COMPRESS ?
	      crypto_acomp_compress(comp->req) :
	      crypto_acomp_decompress(comp->req);
	/* Of this class that is an answer: there is a backlog for a full queue. */
	return err == -ENOSPC ? -EMSGSIZE : err;
}

/*
 * What the algorithms say of their data differs. Any source can be compressed,
 * so if it was not, there was no room for the result.
 */
static int dc_comp_error(const struct dc_request *rq, int err)
{
	switch (err) {
	case -EMSGSIZE:
	case -ENOSPC:
		return -EMSGSIZE;
	case -EBADMSG:
	case -EINVAL:
	case -EOVERFLOW:
		return rq->packet.op == DEVCRYPTO_OP_COMPRESS ? -EMSGSIZE :
								-EILSEQ;
	default:
		return err;
	}
}

static int dc_comp_store(struct dc_request *rq)
{
	const struct dc_comp_request *comp = rq->handle;
	const u32 bytes = comp->req->dlen;

	if (bytes > rq->packet.dst_bytes)
		return -EMSGSIZE;
	if (WARN_ON_ONCE(bytes > dc_comp_room(rq)))
		return -EIO;
	return dc_request_give(rq, bytes);
}

const struct dc_class dc_comp_class = {
	.id = DEVCRYPTO_CLASS_COMP,
	.name = "comp",
	/* Without a backlog a full queue and a full buffer are the same error. */
	.queue_flags = CRYPTO_TFM_REQ_MAY_BACKLOG,
	.ops = BIT(DEVCRYPTO_OP_COMPRESS) | BIT(DEVCRYPTO_OP_DECOMPRESS),
	.open = dc_comp_open,
	.close = dc_comp_close,
	.setkey = dc_comp_setkey,
	.load = dc_comp_load,
	.start = dc_comp_start,
	.error = dc_comp_error,
	.store = dc_comp_store,
	.trim = dc_comp_trim,
};
