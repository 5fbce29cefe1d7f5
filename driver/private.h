/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver share.
 *
 * WAY OF A REQUEST
 *
 * main.c finds the ioctl's handler; dc_ioctl_run() (request.c) reads one
 * packet after the other into a struct dc_request, the owner of everything
 * that the operation uses, waits for engines in dc_request_wait(), writes the
 * result in dc_packet_answer(), and calls the class of the context's algorithm:
 *
 *	load()	checks the operands and copies the input into driver memory
 *	start()	hands the request to the crypto API, once per step
 *	store()	copies the output to the caller
 *	end()	lets go of what load() claimed in the context
 *
 * LIFETIME
 *
 * A file holds its context, a request that an engine still works on holds it
 * too, and the context holds the tfm: whoever comes last frees. A request
 * belongs to the thread that runs it until that thread is killed while an
 * engine has the request; from then on it belongs to its own completion.
 *
 * LOCK ORDER, outermost first
 *
 *	dc_context.config_lock
 *	key.sem, of the keyring
 *	policy_lock (policy.c)		users_lock (limits.c)
 *	dc_context.idle_lock
 */
#ifndef DC_PRIVATE_H
#define DC_PRIVATE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"

#include <linux/devcrypto.h>

struct crypto_acomp;
struct crypto_aead;
struct crypto_ahash;
struct crypto_akcipher;
struct crypto_kpp;
struct crypto_rng;
struct crypto_skcipher;
struct ahash_request;

#define DC_MAX_BATCH		4096U
#define DC_MAX_ELEMENT_BYTES	4096U
#define DC_MAX_SEGMENTS		256U
#define DC_MAX_KEY_BYTES	16384U

/* With the segments' padding this fits into one piece of driver memory. */
#define DC_MAX_LAYOUT_BYTES	16384U

/*
 * Associated data: small enough that a driver which wants it in one run can
 * have it from kmalloc() at any time.
 */
#define DC_MAX_ASSOC_BYTES	SZ_32K

/* What the crypto API's own buffers for compression hold on kernels before 7. */
#define DC_MAX_COMP_BYTES	SZ_128K

/*
 * Entries of a scatterlist in one step of a request that is done in steps, and
 * in one that keeps the caller's shape. virtio_crypto of 6.1 hands each entry
 * over with all that follow it, and the device takes 1024 of them.
 */
#define DC_STEP_ENTRIES		16U

/* Addresses keep their value modulo this under DEVCRYPTO_CONFIG_LAYOUT. */
#define DC_LAYOUT_ALIGN		64U

/* Driver memory that an idle request keeps for the next one. */
#define DC_KEEP_BYTES		SZ_64K

/* Of the nonce in front of a sealed text. */
#define DC_SEAL_HEAD_BYTES	8U

/* Of what tells one key from another. */
#define DC_KEY_MAC_BYTES	32U

struct dc_class;
struct dc_context;
struct dc_request;
struct dc_user;

/**
 * struct dc_call - one ioctl() of a caller's
 * @file: the open file
 * @user: address of the structure
 * @bytes: size of the structure as the caller knows it
 */
struct dc_call {
	struct file *file;
	void __user *user;
	u32 bytes;
};

/**
 * struct dc_tfm - an algorithm with its key
 * @ref: one for each context that uses it
 * @class: operations of its class
 * @flags: DEVCRYPTO_CONFIG_* it was made with
 * @request_bytes: the crypto API's request with the algorithm's part
 * @step_bytes: rng: most bytes of one call of the generator
 * @request_memory: comp: what the algorithm allocates for each request
 * @key_mac: hash: MAC of the key, see seal.c; zero if it has none
 * @dh_last: kpp: p - 1 of a group of DH, the least value that is too large for
 *	a public key; else NULL
 * @alg: what DEVCRYPTO_IOC_CONFIG answers, and the name that was asked for;
 *	the other input fields are zero
 *
 * Immutable once it stands in a context, but for the state of a generator.
 */
struct dc_tfm {
	struct kref ref;
	const struct dc_class *class;
	union {
		struct crypto_skcipher *skcipher;
		struct crypto_aead *aead;
		struct crypto_ahash *ahash;
		struct crypto_rng *rng;
		struct crypto_acomp *acomp;
		struct crypto_akcipher *akcipher;
		struct dc_sig_tfm *sig;
		struct crypto_kpp *kpp;
	};
	u8 *dh_last;
	u32 flags;
	unsigned int request_bytes;
	unsigned int step_bytes;
	u32 request_memory;
	u8 key_mac[DC_KEY_MAC_BYTES];
	struct devcrypto_config alg;
};

/**
 * struct dc_key - key material on its way to an algorithm
 * @data: the key, NULL if there is none
 * @bytes: its length
 * @base: the allocation that @data lies in
 */
struct dc_key {
	u8 *data;
	u32 bytes;
	void *base;
};

/**
 * struct dc_keys - what the caller gives an algorithm before the first request
 * @key: the key
 * @auth_key: of "authenc(…)"
 * @params: parameters of an "ecrdsa" key
 * @dh_p: prime of "dh"
 * @dh_g: generator of "dh"
 * @tag_bytes: length of an AEAD's tag, 0 = the longest
 */
struct dc_keys {
	struct dc_key key;
	struct dc_key auth_key;
	struct dc_key params;
	struct dc_key dh_p;
	struct dc_key dh_g;
	u32 tag_bytes;
};

/* Fields of struct devcrypto_config that a class uses. */
#define DC_USES_KEY		BIT(0)
#define DC_USES_AUTH_KEY	BIT(1)
#define DC_USES_TAG_BYTES	BIT(2)
#define DC_USES_KEY_PARAMS	BIT(3)
#define DC_USES_DH		BIT(4)

/**
 * struct dc_class - a class of algorithms
 * @id: DEVCRYPTO_CLASS_*
 * @name: for fdinfo
 * @ops: bit (1 << DEVCRYPTO_OP_*) for each operation
 * @config_flags: DEVCRYPTO_CONFIG_* that it knows, besides QUERY
 * @config_fields: DC_USES_*
 * @open: allocates the crypto API's tfm of that name and fills @tfm in
 * @close: frees the crypto API's tfm
 * @setkey: sets key and tag size, or the seed; called once before the first
 *	request
 * @attach: makes what one context needs apart from the tfm, before the
 *	context is configured with it
 * @detach: undoes @attach
 * @copy: with DEVCRYPTO_CONFIG_STREAM, between @attach and configuration: takes
 *	over the state of another context that has the same @tfm
 * @load: checks the operands of a request and copies its input. On error
 *	nothing is held.
 * @start: hands one step of the request to the algorithm; 0, -EINPROGRESS or
 *	-EBUSY (in the engine's backlog), or an error
 * @store: copies the output of a successful request to the caller and sets
 *	its out_bytes; in the caller's context
 * @end: lets go of what @load claimed, whatever the result. The algorithm is
 *	done with the request; the caller may be gone.
 * @error: what an error of the algorithm means in this class, as the header's
 *	table has it
 * @trim: gives back what @load left with the request for the next one, of which
 *	@keep bytes at most may stay; 0 = all of it
 *
 * @attach, @detach, @end, @error, @trim and, where it does not know
 * DEVCRYPTO_CONFIG_STREAM, @copy may be NULL.
 */
struct dc_class {
	u32 id;
	const char *name;
	u32 ops;
	u32 config_flags;
	u32 config_fields;
	int (*open)(struct dc_tfm *tfm, const char *name);
	void (*close)(struct dc_tfm *tfm);
	int (*setkey)(struct dc_tfm *tfm, const struct dc_keys *keys);
	int (*attach)(struct dc_context *ctx, struct dc_tfm *tfm);
	void (*detach)(struct dc_context *ctx);
	int (*copy)(struct dc_context *ctx, struct dc_tfm *tfm,
		    struct dc_context *from);
	int (*load)(struct dc_request *rq);
	int (*start)(struct dc_request *rq);
	int (*store)(struct dc_request *rq);
	void (*end)(struct dc_request *rq);
	int (*error)(const struct dc_request *rq, int err);
	void (*trim)(struct dc_request *rq, u32 keep);
};

extern const struct dc_class dc_skcipher_class;
extern const struct dc_class dc_aead_class;
extern const struct dc_class dc_hash_class;
extern const struct dc_class dc_rng_class;
extern const struct dc_class dc_comp_class;
extern const struct dc_class dc_akcipher_class;
extern const struct dc_class dc_sig_class;
extern const struct dc_class dc_kpp_class;

/**
 * struct dc_stream - the hash stream of a context
 * @busy: bit 0 is held by the request that operates on the stream; it guards
 *	the other fields
 * @state: see hash.c
 * @req: the crypto API's request that carries the running state
 */
struct dc_stream {
	unsigned long busy;
	int state;
	struct ahash_request *req;
};

/**
 * struct dc_context - an open file
 * @ref: one for the file, one for each request that lost its thread
 * @id: names the context in traces
 * @config_lock: serialises configuration
 * @tfm: NULL until configured; set once, with release semantics
 * @user: whom the context is charged to; set with @tfm
 * @idle_lock: guards @idle, @nr_idle and @nr_kept
 * @idle: requests that wait for their next use
 * @nr_idle: length of @idle
 * @nr_kept: those of them that have kept memory
 * @stream: hash contexts only
 * @entropy_lock: with DEVCRYPTO_CONFIG_ENTROPY: held by the request that
 *	operates on the generator, which is this context's alone
 * @instantiated: the generator has had entropy; guarded by @entropy_lock
 * @done: requests that succeeded
 * @failed: requests that did not
 * @bytes_copied: payload copied between the caller and the driver
 */
struct dc_context {
	struct kref ref;
	u64 id;
	struct mutex config_lock; /* configuration */
	struct dc_tfm *tfm;
	struct dc_user *user;
	spinlock_t idle_lock; /* the idle requests */
	struct list_head idle;
	unsigned int nr_idle;
	unsigned int nr_kept;
	struct dc_stream stream;
	struct mutex entropy_lock; /* one operation at a time */
	bool instantiated;
	atomic64_t done;
	atomic64_t failed;
	atomic64_t bytes_copied;
};

/* The algorithm of a context, with all it points to; NULL until configured. */
static inline struct dc_tfm *dc_context_tfm(const struct dc_context *ctx)
{
	/* Pairs with the release in dc_context_configure(). */
	return smp_load_acquire(&ctx->tfm);
}

/**
 * struct dc_span - a buffer of the caller's
 * @addr: its address, if @nr is 0
 * @nr: number of segments
 * @segments: the driver's copy of them
 * @max: entries allocated at @segments
 */
struct dc_span {
	u64 addr;
	u32 nr;
	u32 max;
	struct devcrypto_segment *segments;
};

/* A run of pages that belongs to a struct dc_buffer. */
struct dc_piece {
	void *addr;
	u32 bytes;
};

/**
 * struct dc_buffer - driver memory for one side of a request
 * @sg: the bytes of this request as the algorithm sees them
 * @nr_sg: used entries at @sg
 * @max_sg: entries allocated at @sg
 * @pieces: memory; kept between requests
 * @nr_pieces: used entries at @pieces
 * @max_pieces: entries allocated at @pieces
 * @capacity: bytes in all pieces
 * @user: whom the pieces are charged to
 */
struct dc_buffer {
	struct scatterlist *sg;
	unsigned int nr_sg;
	unsigned int max_sg;
	struct dc_piece *pieces;
	unsigned int nr_pieces;
	unsigned int max_pieces;
	u32 capacity;
	struct dc_user *user;
};

/**
 * struct dc_request - one operation and all it needs
 * @packet: the caller's request, read once
 * @ctx: context it runs on
 * @src: the caller's source
 * @dst: the caller's destination
 * @in: what the algorithm reads
 * @out: what it writes, where that is not @in
 * @work_in_place: the algorithm works in place on @in
 * @segment_bytes: distance of two segments in the caller's arrays
 * @callback_flags: CRYPTO_TFM_REQ_* with which the request is handed over
 * @copied: payload bytes copied so far
 * @out_bytes: see struct devcrypto_request
 * @step: number of the step to start next
 * @steps: how many steps the operation takes
 * @iv: block for the IV, of its own cache lines
 * @iv_now: the IV in that block
 * @result: block for a digest, of its own cache lines
 * @handle: the crypto API's request, or what the class has of it
 * @base: the allocation
 * @owner: DC_OWNED_*; decides who frees when thread and engine part
 * @done: completed by the engine's callback
 * @error: result of the step that the callback completed
 * @idle: entry in dc_context.idle
 * @orphan: frees a request whose thread is gone
 */
struct dc_request {
	struct devcrypto_request packet;
	struct dc_context *ctx;
	struct dc_span src;
	struct dc_span dst;
	struct dc_buffer in;
	struct dc_buffer out;
	bool work_in_place;
	u32 segment_bytes;
	u32 callback_flags;
	u32 copied;
	u32 out_bytes;
	u32 step;
	u32 steps;
	u8 *iv;
	u8 *iv_now;
	u8 *result;
	void *handle;
	void *base;
	atomic_t owner;
	struct completion done;
	int error;
	struct list_head idle;
	struct work_struct orphan;
};

/* main.c */
bool dc_file_is_ours(const struct file *file);
int dc_call_answer(const struct dc_call *call, const void *arg, u32 bytes);

/* memory.c */
int dc_get_words(void *to, const void __user *from, size_t bytes);
int dc_get_bytes(void *to, u64 from, u32 bytes);
int dc_put_bytes(u64 to, const void *from, u32 bytes);
int dc_span_set(struct dc_span *span, u64 addr, u32 nr, u32 bytes,
		u32 segment_bytes);
int dc_span_put(const struct dc_span *span, const void *from, u32 bytes);
void dc_span_free(struct dc_span *span);
int dc_buffer_reserve(struct dc_buffer *buf, u32 bytes);
int dc_buffer_reserve_run(struct dc_buffer *buf, u32 bytes);
unsigned int dc_buffer_split(struct dc_buffer *buf);
struct scatterlist *dc_buffer_step(struct dc_buffer *buf, u32 step, u32 *bytes);
void *dc_buffer_at(const struct dc_buffer *buf, u32 at);
void dc_buffer_trim(struct dc_buffer *buf, u32 keep);
void dc_buffer_free(struct dc_buffer *buf);

/* One part of a buffer that keeps the caller's shape. */
struct dc_part {
	const struct dc_span *span;
	u32 bytes;
};

int dc_buffer_shape(struct dc_buffer *buf, const struct dc_part *parts,
		    unsigned int nr);
int dc_buffer_read(struct dc_buffer *buf, u32 at, const struct dc_span *span,
		   u32 bytes);
int dc_buffer_write(struct dc_buffer *buf, u32 at, const struct dc_span *span,
		    u32 bytes);

/* request.c */
extern struct workqueue_struct *dc_workqueue;
long dc_ioctl_run(struct dc_context *ctx, const struct devcrypto_run *run);
int dc_request_buffers(struct dc_request *rq);
int dc_request_iv(struct dc_request *rq);
int dc_request_iv_out(struct dc_request *rq);
void dc_request_callback(dc_callback_arg *arg, int err);
void dc_request_free(struct dc_request *rq);
int dc_request_init(void);
void dc_request_exit(void);

/* Is there an operand that ciphers and AEADs alone take? */
static inline bool
dc_packet_has_cipher_operands(const struct devcrypto_request *packet)
{
	return packet->iv | packet->iv_bytes | packet->assoc |
	       packet->assoc_bytes | packet->tag | packet->tag_bytes;
}

/* Do source and destination name the same buffer? */
static inline bool dc_request_in_place(const struct dc_request *rq)
{
	const struct devcrypto_request *packet = &rq->packet;

	return packet->src == packet->dst &&
	       packet->src_segments == packet->dst_segments;
}

/* Where the algorithm's output is. */
static inline struct dc_buffer *dc_request_output(struct dc_request *rq)
{
	return rq->work_in_place ? &rq->in : &rq->out;
}

/* context.c */
struct dc_context *dc_context_new(void);
void dc_context_get(struct dc_context *ctx);
void dc_context_put(struct dc_context *ctx);
int dc_ioctl_config(const struct dc_call *call,
		    struct devcrypto_config *config);
void dc_tfm_describe(struct dc_tfm *tfm, struct crypto_tfm *base);
int dc_key_alloc(struct dc_key *key, u32 bytes, u32 shift);

/* keyring.c */
#ifdef CONFIG_KEYS
int dc_keyring_get(struct dc_key *to, s32 serial);
#else
static inline int dc_keyring_get(struct dc_key *to, s32 serial)
{
	return -EOPNOTSUPP;
}
#endif

/* pubkey.c */
bool dc_pubkey_is_rsa(const struct dc_tfm *tfm);
bool dc_pubkey_is_padded(const struct dc_tfm *tfm);
int dc_pubkey_pack(const struct dc_tfm *tfm, const struct dc_keys *keys,
		   struct dc_key *packed);
bool dc_pubkey_load_home(const char *name);
bool dc_pubkey_is_stuck(const struct dc_tfm *tfm, int err);
extern const struct dc_key dc_pubkey_placeholder;

/* A number, unsigned, the most significant byte first and not zero. */
struct dc_number {
	const u8 *data;
	u32 bytes;
};

struct dc_number dc_number_of(const u8 *data, u32 bytes);
int dc_number_cmp(struct dc_number a, struct dc_number b);

/* policy.c */
int dc_name_check(const char *name);
bool dc_policy_overridden(const struct file *file);
int dc_policy_check(const char *name, const struct file *file);
int dc_policy_check_chosen(const struct dc_tfm *tfm, const struct file *file);
int dc_policy_init(void);
void dc_policy_exit(void);
extern const struct attribute_group *dc_policy_groups[];

/* seal.c */
u32 dc_seal_bytes(u32 text_bytes);
int dc_seal_key_mac(u8 *mac, const struct dc_key *key);
int dc_seal(const struct dc_tfm *tfm, u8 *sealed, u32 text_bytes);
int dc_unseal(const struct dc_tfm *tfm, u8 *sealed, u32 text_bytes);
int dc_seal_init(void);
void dc_seal_exit(void);

/* limits.c */
extern unsigned int dc_max_request_bytes;
extern unsigned int dc_max_contexts_per_user;
extern unsigned long dc_max_memory_per_user;
struct dc_user *dc_user_charge_context(void);
void dc_user_uncharge_context(struct dc_user *user);
int dc_user_charge_memory(struct dc_user *user, u32 bytes);
void dc_user_uncharge_memory(struct dc_user *user, u32 bytes);
void dc_user_describe(struct devcrypto_info *info);

#endif
