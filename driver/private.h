/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver share.
 *
 * WAY OF A REQUEST
 *
 * main.c finds the ioctl's handler. A packet is read into a struct dc_request
 * (request.c), the owner of everything that the operation uses, and goes
 * through the class of the context's algorithm:
 *
 *	load()	  checks the operands and copies the input into driver memory
 *	claim()	  takes what one request at a time can have of the context
 *	start()	  hands the request to the crypto API, once per step
 *	store()	  copies the output to the caller
 *	release() lets go of what claim() took; of a submitted request before
 *		  store(), which may come much later
 *	end()	  wipes what must not stay in the request's memory
 *
 * run.c does all of it in one thread, which waits for engines. submit.c and
 * uring.c load, and store when it has ended; between the two a request stands in
 * the queue of its context (queue.c), from where an engine gets it, or a thread
 * of the user's workers (workers.c).
 *
 * LIFETIME
 *
 * A file holds its context, and the context holds the tfm. A request of run.c
 * belongs to the thread that runs it until that thread is killed while an engine
 * has the request; from then on it belongs to its own completion, and holds the
 * context. Requests of a queue belong to it. When the file is closed while some
 * are under way its hold on the context goes over to them.
 *
 * LOCK ORDER, outermost first
 *
 *	dc_context.config_lock		dc_context.entropy_lock
 *	key.sem, of the keyring
 *	policy_lock (policy.c)		users_lock (limits.c)
 *	dc_context.idle_lock		dc_queue.lock
 *					dc_workers.lock
 *
 * The last two are taken in interrupts.
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
#include <linux/wait.h>
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
struct dc_workers;
struct eventfd_ctx;
struct io_uring_cmd;

/* The structure that an ioctl's argument points to, in the driver's memory. */
union dc_argument {
	struct devcrypto_info info;
	struct devcrypto_config config;
	struct devcrypto_run run;
	struct devcrypto_submit submit;
	struct devcrypto_cancel cancel;
	struct devcrypto_eventfd eventfd;
};

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

/*
 * What CRYPTO_ALG_ASYNC announces many drivers do not do: until an engine has
 * answered later, one that answered at once counts as software.
 */
enum {
	DC_ANSWERS_UNKNOWN,
	DC_ANSWERS_AT_ONCE,
	DC_ANSWERS_LATER,	/* for good */
};

/**
 * struct dc_tfm - an algorithm with its key
 * @ref: one for each context that uses it
 * @class: operations of its class
 * @flags: DEVCRYPTO_CONFIG_* it was made with
 * @answers: how the algorithm answers submitted requests, DC_ANSWERS_*
 * @request_bytes: the crypto API's request with the algorithm's part
 * @step_bytes: rng: most bytes of one call of the generator
 * @request_memory: comp: what the algorithm allocates for each request
 * @key_mac: hash: MAC of the key, see seal.c; zero if it has none
 * @dh_last: kpp: p - 1 of a group of DH, the least value that is too large for
 *	a public key; else NULL
 * @alg: what DEVCRYPTO_IOC_CONFIG answers, and the name that was asked for;
 *	the other input fields are zero
 *
 * Immutable once it stands in a context, but for @answers and the state of a
 * generator.
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
	u32 answers;
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
 * @queue_flags: CRYPTO_TFM_REQ_* of submitted requests, besides MAY_SLEEP
 * @cost_is_size: what an operation costs depends on the length of its input
 * @open: allocates the crypto API's tfm of that name and fills @tfm in
 * @close: frees the crypto API's tfm
 * @setkey: sets key and tag size, or the seed; called once before the first
 *	request
 * @attach: makes what one context needs apart from the tfm, before the
 *	context is configured with it
 * @detach: undoes @attach
 * @copy: with DEVCRYPTO_CONFIG_STREAM, between @attach and configuration: takes
 *	over the state of another context that has the same @tfm
 * @load: checks the operands of a request and copies its input
 * @claim: takes what one request at a time can have, before the first step
 * @start: hands one step of the request to the algorithm; 0, -EINPROGRESS or
 *	-EBUSY (in the engine's backlog), or an error
 * @release: lets go of what @claim took, when the algorithm is done; rq->error
 *	is the result, -EAGAIN of a request that did not begin and will be tried
 *	again. In interrupts too, if the algorithm answers there.
 * @store: copies the output of a successful request to the caller and sets
 *	its out_bytes; in the caller's context
 * @end: the last of a request that was loaded, whatever became of it: wipes
 *	secrets. The caller may be gone.
 * @error: what an error of the algorithm means in this class, as the header's
 *	table has it
 * @trim: gives back what @load left with the request for the next one, of which
 *	@keep bytes at most may stay; 0 = all of it
 *
 * @attach, @detach, @claim with @release, @end, @error, @trim and, where it does
 * not know DEVCRYPTO_CONFIG_STREAM, @copy may be NULL.
 */
struct dc_class {
	u32 id;
	const char *name;
	u32 ops;
	u32 config_flags;
	u32 config_fields;
	u32 queue_flags;
	bool cost_is_size;
	int (*open)(struct dc_tfm *tfm, const char *name);
	void (*close)(struct dc_tfm *tfm);
	int (*setkey)(struct dc_tfm *tfm, const struct dc_keys *keys);
	int (*attach)(struct dc_context *ctx, struct dc_tfm *tfm);
	void (*detach)(struct dc_context *ctx);
	int (*copy)(struct dc_context *ctx, struct dc_tfm *tfm,
		    struct dc_context *from);
	int (*load)(struct dc_request *rq);
	int (*claim)(struct dc_request *rq);
	int (*start)(struct dc_request *rq);
	void (*release)(struct dc_request *rq);
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
 * @busy: bit 0 is held by the request that has claimed the stream; it guards
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
 * struct dc_queue - the submitted requests of a context
 * @lock: guards all fields but @ready
 * @pending: what waits to be executed; a chain by its first request
 * @doomed: what is cancelled because the request in front of it has failed; a
 *	chain by its first request
 * @running: what is being executed
 * @finished: what waits to be reaped
 * @nr_open: requests accepted that are not finished, chained ones included
 * @nr_uring: requests of io_uring whose end has not been told
 * @nr_finished: length of @finished
 * @stalled: the engine has no room; nothing is begun until it has answered, or
 *	some time has passed
 * @closed: the file is gone
 * @wait: for completions, and for room
 * @eventfd: signalled by each completion; NULL = none
 * @ready: entry among the queues for which the user's workers have something
 *	to do; guarded by dc_workers.lock
 * @retry: ends a stall
 * @cleanup: of a closed queue, when nothing is under way any more
 */
struct dc_queue {
	spinlock_t lock; /* see above */
	struct list_head pending;
	struct list_head doomed;
	struct list_head running;
	struct list_head finished;
	unsigned int nr_open;
	unsigned int nr_uring;
	unsigned int nr_finished;
	bool stalled;
	bool closed;
	wait_queue_head_t wait;
	struct eventfd_ctx *eventfd;
	struct list_head ready;
	struct delayed_work retry;
	struct work_struct cleanup;
};

/**
 * struct dc_context - an open file
 * @ref: one for the file, or what it left under way in the queue; one for each
 *	request of run.c that lost its thread; one for a worker that has a
 *	request of the queue
 * @id: names the context in traces
 * @config_lock: serialises configuration
 * @tfm: NULL until configured; set once, with release semantics
 * @user: whom the context is charged to; set with @tfm
 * @idle_lock: guards @idle, @nr_idle and @nr_kept
 * @idle: requests that wait for their next use
 * @nr_idle: length of @idle
 * @nr_kept: those of them that have kept memory
 * @queue: submitted requests
 * @stream: hash contexts only
 * @entropy_lock: with DEVCRYPTO_CONFIG_ENTROPY: held by the request that
 *	operates on the generator, which is this context's alone
 * @instantiated: the generator has had entropy; guarded by @entropy_lock
 * @done: requests that succeeded
 * @failed: requests that did not
 * @cancelled: requests that were cancelled
 * @pages_pinned: pages of callers that are pinned now
 * @bytes_zerocopy: payload that was read or written where the caller has it
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
	struct dc_queue queue;
	struct dc_stream stream;
	struct mutex entropy_lock; /* one operation at a time */
	bool instantiated;
	atomic64_t done;
	atomic64_t failed;
	atomic64_t cancelled;
	atomic64_t pages_pinned;
	atomic64_t bytes_zerocopy;
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
 * @pages: pinned pages of the caller's, see pin.c
 * @nr_pages: used entries at @pages
 * @max_pages: entries allocated at @pages
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
	struct page **pages;
	unsigned int nr_pages;
	unsigned int max_pages;
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
 * @zerocopy: the text is in pages of the caller's
 * @payer: whom the pinned pages are charged to, NULL = nobody yet
 * @segment_bytes: distance of two segments in the caller's arrays
 * @callback_flags: CRYPTO_TFM_REQ_* with which the request is handed over
 * @copied: payload bytes copied so far
 * @out_bytes: see struct devcrypto_request
 * @step: number of the step to start next
 * @steps: how many steps the operation takes
 * @loaded: the class has its operands
 * @begun: the class has claimed what it needs
 * @started: it has been traced that the algorithm was given the request
 * @iv: block for the IV, of its own cache lines
 * @iv_now: the IV in that block
 * @result: block for a digest, of its own cache lines
 * @handle: the crypto API's request, or what the class has of it
 * @base: the allocation
 * @error: result of the operation, or of the step that the engine answered
 * @list: entry in dc_context.idle or in a list of the queue
 * @answered: takes an answer of the engine, which stands in @error; in the
 *	context that the engine answers in
 * @owner: run.c: decides who frees when thread and engine part
 * @done: run.c: completed by the engine's answer
 * @orphan: run.c: frees a request whose thread is gone
 * @mm: queue.c: address space that submitted the request; compared, never used.
 *	NULL in run.c
 * @next: queue.c: next request of the chain
 * @stored: queue.c: the output has been copied, or there is none
 * @uring: uring.c: the command that the request came by; else NULL
 * @issue_flags: uring.c: with which that is being issued
 * @user: uring.c: where the packet came from
 * @user_bytes: uring.c: its length there
 */
struct dc_request {
	struct devcrypto_request packet;
	struct dc_context *ctx;
	struct dc_span src;
	struct dc_span dst;
	struct dc_buffer in;
	struct dc_buffer out;
	bool work_in_place;
	bool zerocopy;
	struct user_struct *payer;
	u32 segment_bytes;
	u32 callback_flags;
	u32 copied;
	u32 out_bytes;
	u32 step;
	u32 steps;
	bool loaded;
	bool begun;
	bool started;
	u8 *iv;
	u8 *iv_now;
	u8 *result;
	void *handle;
	void *base;
	int error;
	struct list_head list;
	void (*answered)(struct dc_request *rq);
	atomic_t owner;
	struct completion done;
	struct work_struct orphan;
	struct mm_struct *mm;
	struct dc_request *next;
	bool stored;
	struct io_uring_cmd *uring;
	unsigned int issue_flags;
	void __user *user;
	u32 user_bytes;
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
int dc_buffer_need_sg(struct dc_buffer *buf, unsigned int nr);
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

/* pin.c */
bool dc_request_pin_source(struct dc_request *rq);
bool dc_request_pin(struct dc_request *rq, u32 head, u32 tail);
void dc_request_unpin(struct dc_request *rq);

/* request.c */
extern struct workqueue_struct *dc_workqueue;
extern struct workqueue_struct *dc_worker_queue;
struct dc_request *dc_request_get(struct dc_context *ctx);
void dc_request_put(struct dc_request *rq);
void dc_request_free(struct dc_request *rq);
int dc_request_load(struct dc_request *rq);
int dc_request_begin(struct dc_request *rq);
void dc_request_release(struct dc_request *rq, int err);
int dc_request_error(const struct dc_request *rq, int err);
void dc_request_learn(const struct dc_request *rq, u32 answers);
bool dc_request_was_taken(u32 callback_flags, int err);
bool dc_request_was_refused(const struct dc_request *rq, int err);
void dc_request_end(struct dc_request *rq);
int dc_request_buffers(struct dc_request *rq);
int dc_request_iv(struct dc_request *rq);
int dc_request_iv_out(struct dc_request *rq);
int dc_request_room(struct dc_request *rq, u32 bytes);
int dc_request_give(struct dc_request *rq, u32 bytes);
int dc_request_read_text(struct dc_request *rq, u32 at);
int dc_request_write_text(struct dc_request *rq, u32 at);
void dc_request_callback(dc_callback_arg *arg, int err);
int dc_request_init(void);
void dc_request_exit(void);

/**
 * struct dc_packets - an array of requests in the caller's memory
 * @user: the next one
 * @left: how many there are
 * @bytes: distance of two
 * @segment_bytes: distance of two segments in their arrays
 */
struct dc_packets {
	void __user *user;
	u32 left;
	u32 bytes;
	u32 segment_bytes;
};

int dc_element_check(u32 bytes, u32 min);
int dc_packet_answer(const struct dc_request *rq,
		     struct devcrypto_request __user *user, u32 bytes);
void dc_request_submit(struct dc_request *rq);
void dc_request_let_go(struct dc_request *rq);
void dc_request_store_once(struct dc_request *rq);
int dc_packets_set(struct dc_packets *packets, u64 addr, u32 count, u32 bytes,
		   u32 segment_bytes);
int dc_packets_next(struct dc_packets *packets, struct dc_request *rq);

/* run.c */
long dc_ioctl_run(const struct dc_call *call, union dc_argument *arg);

/* queue.c */
void dc_queue_init(struct dc_queue *q);
void dc_queue_exit(struct dc_queue *q);
bool dc_queue_reserve(struct dc_queue *q, unsigned int *count,
		      unsigned int nr);
void dc_queue_unreserve(struct dc_queue *q, unsigned int *count,
			unsigned int nr);
bool dc_queue_add(struct dc_request *rq);
bool dc_queue_execute(struct dc_request *rq);
void dc_queue_finish(struct dc_request *rq);
void dc_queue_remove(struct dc_request *rq);
unsigned int dc_queue_take(struct dc_queue *q, struct list_head *to,
			   unsigned int max);
void dc_queue_put_back(struct dc_queue *q, struct list_head *from,
		       unsigned int nr);
void dc_queue_count(struct dc_queue *q, unsigned int *in_flight,
		    unsigned int *finished);
void dc_queue_cancel(struct dc_queue *q, struct devcrypto_cancel *cancel);
void dc_queue_set_eventfd(struct dc_queue *q, struct eventfd_ctx *eventfd);
void dc_queue_close(struct dc_queue *q);
void dc_queue_work(struct dc_queue *q);

/* Is there a completion to reap? */
static inline bool dc_queue_has_finished(const struct dc_queue *q)
{
	return READ_ONCE(q->nr_finished);
}

/* Can a completion still come? */
static inline bool dc_queue_is_open(const struct dc_queue *q)
{
	return READ_ONCE(q->nr_open);
}

bool dc_queue_has_room(const struct dc_queue *q, unsigned int nr);

static inline struct dc_context *dc_queue_context(struct dc_queue *q)
{
	return container_of(q, struct dc_context, queue);
}

/* workers.c */
struct dc_workers *dc_workers_new(void);
void dc_workers_put(struct dc_workers *workers);
void dc_workers_add(struct dc_workers *workers, struct dc_queue *q);
void dc_workers_remove(struct dc_workers *workers, struct dc_queue *q);

/* submit.c */
long dc_ioctl_submit(const struct dc_call *call, union dc_argument *arg);
long dc_ioctl_cancel(const struct dc_call *call, union dc_argument *arg);
long dc_ioctl_eventfd(const struct dc_call *call, union dc_argument *arg);
__poll_t dc_poll(struct file *file, struct poll_table_struct *wait);

/* uring.c */
#ifdef CONFIG_IO_URING
int dc_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void dc_uring_finished(struct dc_request *rq);
bool dc_uring_is_fixed(const struct dc_request *rq);
bool dc_uring_is_void(const struct dc_request *rq);
int dc_uring_import(const struct dc_request *rq, u64 addr, u32 bytes,
		    struct iov_iter *iter);
#else
static inline void dc_uring_finished(struct dc_request *rq)
{
}

static inline bool dc_uring_is_fixed(const struct dc_request *rq)
{
	return false;
}

static inline bool dc_uring_is_void(const struct dc_request *rq)
{
	return false;
}

static inline int dc_uring_import(const struct dc_request *rq, u64 addr,
				  u32 bytes, struct iov_iter *iter)
{
	return -EOPNOTSUPP;
}
#endif

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

/* What is told of a request beside its result. */
static inline u32 dc_request_out_flags(const struct dc_request *rq)
{
	return rq->zerocopy && !rq->error ? DEVCRYPTO_OUT_ZEROCOPY : 0;
}

/* Does the algorithm take requests to answer them later? */
static inline bool dc_tfm_answers_later(const struct dc_tfm *tfm)
{
	return tfm->alg.out_properties & DEVCRYPTO_ALG_ASYNC &&
	       READ_ONCE(tfm->answers) != DC_ANSWERS_AT_ONCE;
}

/* Where the algorithm's output is. */
static inline struct dc_buffer *dc_request_output(struct dc_request *rq)
{
	return rq->work_in_place ? &rq->in : &rq->out;
}

/* context.c */
struct dc_context *dc_context_new(void);
void dc_context_get(struct dc_context *ctx);
bool dc_context_get_live(struct dc_context *ctx);
void dc_context_put(struct dc_context *ctx);
long dc_ioctl_config(const struct dc_call *call, union dc_argument *arg);
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
extern unsigned int dc_max_in_flight;
extern unsigned int dc_max_workers_per_user;
extern unsigned int dc_inline_bytes;
extern unsigned long dc_max_memory_per_user;
struct dc_user *dc_user_charge_context(void);
void dc_user_uncharge_context(struct dc_user *user);
int dc_user_charge_memory(struct dc_user *user, u32 bytes);
void dc_user_uncharge_memory(struct dc_user *user, u32 bytes);
struct dc_workers *dc_user_workers(const struct dc_user *user);
void dc_user_describe(struct devcrypto_info *info);

#endif
