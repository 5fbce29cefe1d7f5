// SPDX-License-Identifier: MIT
/*
 * What a process of the soak does until it is told to stop, or killed: two threads
 * share one context of each kind, and in between use contexts of their own.
 *
 * A request has a slot for what it writes. Its number and how often it was used
 * are the request's user_data, so that a second completion does not go unseen,
 * whichever thread takes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"

#define THREADS		2U
#define SLOTS		384U
#define BATCH		64U
#define NUMBER_BITS	16U

/**
 * struct context - an open file, and what was done with it
 * @submitted: requests accepted
 * @completed: completions taken
 * @cancelled: of them, those that were cancelled
 * @told: requests that DEVCRYPTO_IOC_CANCEL said it had cancelled
 */
struct context {
	int fd;
	const struct kind *kind;
	uint64_t submitted, completed, cancelled, told;
};

/**
 * struct slot - a request on its way
 * @busy: submitted and not completed
 * @used: how often it was used
 */
struct slot {
	bool busy;
	uint64_t used;
	struct context *context;
	const struct variant *variant;
	bool zerocopy;
	unsigned char *dst, tag[16];
};

struct thread {
	pthread_t thread;
	uint64_t random;
	/* What nobody looks at is written there. */
	unsigned char *scratch;
};

static unsigned int own_index;
static struct context contexts[MAX_KINDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by it: the slots that are free, and the opening of contexts. */
static unsigned int free_slots[SLOTS], nr_free;
static struct slot slots[SLOTS];

#define add(field, by) ((void)__atomic_add_fetch(&(field), by, __ATOMIC_SEQ_CST))
#define read_once(field) __atomic_load_n(&(field), __ATOMIC_SEQ_CST)

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

/* --- slots --- */

static void slots_new(void)
{
	unsigned int at;

	for (at = 0; at < SLOTS; at++) {
		slots[at].dst = aligned_alloc(4096, 20480);
		free_slots[nr_free++] = at;
	}
}

static unsigned int slots_take(unsigned int *numbers, unsigned int most)
{
	unsigned int nr = 0;

	pthread_mutex_lock(&lock);
	while (nr < most && nr_free)
		numbers[nr++] = free_slots[--nr_free];
	pthread_mutex_unlock(&lock);
	return nr;
}

static void slot_give(unsigned int number)
{
	pthread_mutex_lock(&lock);
	free_slots[nr_free++] = number;
	pthread_mutex_unlock(&lock);
}

static struct devcrypto_request slot_request(unsigned int number, struct context *context,
					     const struct variant *variant, bool zerocopy)
{
	struct slot *slot = &slots[number];
	struct devcrypto_request request;

	slot->context = context;
	slot->variant = variant;
	slot->zerocopy = zerocopy && context->kind->zerocopy;
	slot->used++;
	memset(slot->dst, UNTOUCHED, variant->dst_bytes + GUARD_BYTES);
	memset(slot->tag, UNTOUCHED, sizeof(slot->tag));
	request = kind_request(context->kind, variant, slot->dst, slot->tag);
	request.user_data = number | slot->used << NUMBER_BITS;
	request.flags = slot->zerocopy ? DEVCRYPTO_REQUEST_ZEROCOPY : 0;
	__atomic_store_n(&slot->busy, true, __ATOMIC_SEQ_CST);
	return request;
}

static bool is_untouched(const unsigned char *memory, size_t bytes)
{
	while (bytes && *memory == UNTOUCHED) {
		memory++;
		bytes--;
	}
	return !bytes;
}

/* What came of a request that was executed. */
static void check_output(const struct kind *kind, const struct variant *variant, int result,
			 uint32_t out_bytes, const unsigned char *dst, const unsigned char *tag)
{
	const char *wrong = NULL;

	if (result != variant->result)
		wrong = "result";
	else if (out_bytes != (result ? 0 : variant->expected_bytes))
		wrong = "length";
	else if (!result && variant->expected && memcmp(dst, variant->expected, out_bytes))
		wrong = "output";
	else if (!result && !variant->expected && is_untouched(dst, out_bytes))
		wrong = "generator";
	else if (!result && kind->alg_class == DEVCRYPTO_CLASS_AEAD &&
		 kind->op == DEVCRYPTO_OP_ENCRYPT && memcmp(tag, variant->tag, 16))
		wrong = "tag";
	else if (result && !is_untouched(dst, variant->dst_bytes))
		wrong = "output of a failure";
	else if (!is_untouched(dst + variant->dst_bytes, GUARD_BYTES))
		wrong = "what follows the output";
	if (wrong)
		fail("%s op %u, %u bytes: wrong %s (result %d, %u bytes)", kind->name, kind->op,
		     variant->src_bytes, wrong, result, out_bytes);
}

/* --- completions --- */

static void complete_one(struct context *context, const struct devcrypto_completion *completion)
{
	const unsigned int number = completion->user_data & ((1U << NUMBER_BITS) - 1);
	struct slot *slot = &slots[number];

	add(context->completed, 1);
	if (number >= SLOTS || completion->user_data >> NUMBER_BITS != slot->used ||
	    slot->context != context || !__atomic_exchange_n(&slot->busy, false, __ATOMIC_SEQ_CST)) {
		fail("%s: a completion of nothing: %#llx", context->kind->name,
		     (unsigned long long)completion->user_data);
		return;
	}
	if (completion->result == -ECANCELED) {
		add(context->cancelled, 1);
		count(cancelled, 1);
		if (!is_untouched(slot->dst, slot->variant->dst_bytes + GUARD_BYTES))
			fail("%s: a cancelled request has output", context->kind->name);
	} else {
		check_output(context->kind, slot->variant, completion->result,
			     completion->out_bytes, slot->dst, slot->tag);
	}
	if (completion->flags & DEVCRYPTO_OUT_ZEROCOPY) {
		count(zerocopies, 1);
		if (!slot->zerocopy)
			fail("%s: not copied, unasked for", context->kind->name);
	}
	count(requests, 1);
	slot_give(number);
}

/* Takes completions; how many, or -1. */
static int reap(struct context *context, uint32_t most, uint32_t least, uint64_t timeout_ns)
{
	struct devcrypto_completion completions[BATCH];
	struct devcrypto_submit submit = {
		.completions = address_of(completions),
		.max_completions = most,
		.completion_bytes = sizeof(completions[0]),
		.min_completions = least,
		.timeout_ns = timeout_ns,
	};
	uint32_t at;

	if (ioctl(context->fd, DEVCRYPTO_IOC_SUBMIT, &submit)) {
		if (errno != ETIME && errno != EINTR)
			fail("%s: reap: %s", context->kind->name, strerrorname_np(errno));
		return -1;
	}
	for (at = 0; at < submit.out_completed; at++)
		complete_one(context, &completions[at]);
	__atomic_sub_fetch(&shared->in_flight[own_index], submit.out_completed, __ATOMIC_SEQ_CST);
	return submit.out_completed;
}

/* --- submitting --- */

/* Submits so many random requests of a context; how many it became. */
static unsigned int submit_some(struct thread *self, struct context *context, unsigned int nr,
				uint64_t *user_data)
{
	struct devcrypto_request requests[BATCH];
	struct devcrypto_submit submit = {
		.requests = address_of(requests), .request_bytes = sizeof(requests[0]),
	};
	const bool zerocopy = draw_below(&self->random, 3) == 0;
	const bool chained = draw_below(&self->random, 8) == 0;
	unsigned int numbers[BATCH], at;

	nr = slots_take(numbers, nr);
	if (!nr)
		return 0;
	for (at = 0; at < nr; at++) {
		const struct variant *variant;

		/* A failure would cancel the rest of the chain. */
		do {
			variant = &context->kind->variants[draw_below(&self->random, VARIANTS)];
		} while (chained && variant->result);
		requests[at] = slot_request(numbers[at], context, variant, zerocopy);
		requests[at].flags |= chained ? DEVCRYPTO_REQUEST_CHAIN : 0;
		if (user_data)
			user_data[at] = requests[at].user_data;
	}
	submit.count = nr;
	add(context->submitted, nr);
	__atomic_add_fetch(&shared->in_flight[own_index], nr, __ATOMIC_SEQ_CST);
	if (ioctl(context->fd, DEVCRYPTO_IOC_SUBMIT, &submit) || submit.out_submitted != nr)
		fail("%s: submitted %u of %u: %s", context->kind->name, submit.out_submitted, nr,
		     strerrorname_np(errno));
	count(chains, chained);
	return nr;
}

/* One of those, or everything that this process has there. */
static void cancel_some(struct thread *self, struct context *context, const uint64_t *user_data,
			unsigned int nr)
{
	struct devcrypto_cancel cancel = { 0 };
	int result;

	if (draw_below(&self->random, 4))
		cancel.user_data = user_data[draw_below(&self->random, nr)];
	else
		cancel.flags = DEVCRYPTO_CANCEL_ALL;
	result = ioctl(context->fd, DEVCRYPTO_IOC_CANCEL, &cancel);
	if (result && (errno != EALREADY || cancel.out_cancelled || !cancel.out_running))
		fail("%s: cancel: %s, %u cancelled, %u running", context->kind->name,
		     strerrorname_np(errno), cancel.out_cancelled, cancel.out_running);
	if (!result && cancel.out_running && !cancel.out_cancelled)
		fail("%s: cancel: all %u are running, unsaid", context->kind->name,
		     cancel.out_running);
	add(context->told, cancel.out_cancelled);
	count(cancels, 1);
}

/* The context of a kind that the threads share. */
static struct context *context_any(struct thread *self)
{
	const struct kind *kind = kind_any(&self->random);
	struct context *context = &contexts[kind - kinds];

	pthread_mutex_lock(&lock);
	if (!context->kind) {
		context->fd = kind_open(kind);
		if (context->fd < 0)
			fail("%s cannot be opened: %s", kind->name, strerrorname_np(errno));
		else
			context->kind = kind;
	}
	pthread_mutex_unlock(&lock);
	return context->kind ? context : NULL;
}

static void round_submit(struct thread *self)
{
	struct context *context = context_any(self);
	struct pollfd readable = { .events = POLLIN };
	uint64_t user_data[BATCH];
	unsigned int nr;

	if (!context)
		return;
	nr = submit_some(self, context, 1 + draw_below(&self->random, context->kind->most),
			 user_data);
	if (nr && draw_below(&self->random, 3) == 0)
		cancel_some(self, context, user_data, nr);
	if (draw_below(&self->random, 4) == 0) {
		readable.fd = context->fd;
		poll(&readable, 1, 1);
	}
	/* Without a slot something has to come back, of whatever context it is. */
	if (!nr)
		for (context = contexts; context < contexts + nr_kinds; context++)
			if (context->kind)
				reap(context, BATCH, 0, 0);
	if (nr)
		reap(context, BATCH, draw_below(&self->random, nr + 1), 50000000);
}

static void round_run(struct thread *self)
{
	struct context *context = context_any(self);
	struct devcrypto_request requests[8];
	const struct variant *variants[8];
	struct devcrypto_run run = {
		.requests = address_of(requests), .request_bytes = sizeof(requests[0]),
	};
	unsigned char tags[8][16];
	unsigned int at;
	int ran;

	if (!context)
		return;
	run.count = 1 + draw_below(&self->random, context->kind->most < 8 ? 2 : 8);
	for (at = 0; at < run.count; at++) {
		unsigned char *dst = self->scratch + at * 20480;

		variants[at] = &context->kind->variants[draw_below(&self->random, VARIANTS)];
		memset(dst, UNTOUCHED, variants[at]->dst_bytes + GUARD_BYTES);
		requests[at] = kind_request(context->kind, variants[at], dst, tags[at]);
		if (context->kind->zerocopy && draw_below(&self->random, 3) == 0)
			requests[at].flags = DEVCRYPTO_REQUEST_ZEROCOPY;
	}
	ran = ioctl(context->fd, DEVCRYPTO_IOC_RUN, &run);
	if (ran != (int)run.count)
		fail("%s: ran %d of %u", context->kind->name, ran, run.count);
	for (at = 0; at < run.count && ran == (int)run.count; at++)
		check_output(context->kind, variants[at], requests[at].out_result,
			     requests[at].out_bytes, self->scratch + at * 20480, tags[at]);
	count(requests, run.count);
}

/* --- contexts of a thread's own --- */

/* Every other time it shares the key of the other context. */
static bool open_own(struct thread *self, struct context *own)
{
	struct context *other = context_any(self);
	struct devcrypto_config share = { .flags = DEVCRYPTO_CONFIG_SOURCE };

	if (!other)
		return false;
	*own = (struct context){ .kind = other->kind };
	if (draw_below(&self->random, 2)) {
		own->fd = kind_open(other->kind);
	} else {
		share.source = other->fd;
		own->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
		if (own->fd >= 0 && ioctl(own->fd, DEVCRYPTO_IOC_CONFIG, &share)) {
			close(own->fd);
			own->fd = -1;
		}
	}
	if (own->fd < 0)
		fail("%s cannot be opened once more: %s", own->kind->name, strerrorname_np(errno));
	return own->fd >= 0;
}

static void settle(struct context *context)
{
	while (reap(context, BATCH, 1, 0) > 0)
		;
	if (context->submitted != context->completed)
		fail("%s: %llu submitted, %llu completed", context->kind->name,
		     (unsigned long long)context->submitted,
		     (unsigned long long)context->completed);
}

/* Closed with requests in flight, which nobody hears of any more. */
static void round_close(struct thread *self)
{
	struct devcrypto_request requests[BATCH];
	struct devcrypto_submit submit = {
		.requests = address_of(requests), .request_bytes = sizeof(requests[0]),
	};
	struct context own;
	unsigned int at;

	if (!open_own(self, &own))
		return;
	submit.count = 1 + draw_below(&self->random, own.kind->most);
	for (at = 0; at < submit.count; at++) {
		const struct variant *variant =
			&own.kind->variants[draw_below(&self->random, VARIANTS)];

		requests[at] = kind_request(own.kind, variant, self->scratch + 8 * 20480,
					    self->scratch);
		if (own.kind->zerocopy && draw_below(&self->random, 2))
			requests[at].flags = DEVCRYPTO_REQUEST_ZEROCOPY;
		requests[at].flags |= draw_below(&self->random, 2) ? DEVCRYPTO_REQUEST_CHAIN : 0;
	}
	if (ioctl(own.fd, DEVCRYPTO_IOC_SUBMIT, &submit))
		fail("%s: submit: %s", own.kind->name, strerrorname_np(errno));
	close(own.fd);
	count(dropped, submit.out_submitted);
}

/* In the child: it is given completions of its parent's requests, and nothing with them. */
static int reap_as_a_stranger(const struct context *own, uint32_t some)
{
	struct devcrypto_completion completions[BATCH];
	struct devcrypto_submit submit = {
		.completions = address_of(completions),
		.max_completions = some,
		.completion_bytes = sizeof(completions[0]),
		.min_completions = some,
	};
	uint32_t at;

	if (some && ioctl(own->fd, DEVCRYPTO_IOC_SUBMIT, &submit))
		return 255;
	for (at = 0; at < submit.out_completed; at++)
		if (completions[at].result != -ECANCELED)
			return 254;
	for (at = 0; at < SLOTS; at++)
		if (slots[at].busy && slots[at].context == own && !slots[at].zerocopy &&
		    !is_untouched(slots[at].dst, slots[at].variant->dst_bytes))
			return 253;
	return submit.out_completed;
}

/* What the child was given never comes to the parent. */
static void forget(struct context *own, unsigned int nr)
{
	unsigned int at;

	add(own->completed, nr);
	count(cancelled, nr);
	__atomic_sub_fetch(&shared->in_flight[own_index], nr, __ATOMIC_SEQ_CST);
	for (at = 0; at < SLOTS; at++) {
		if (read_once(slots[at].busy) && slots[at].context == own) {
			__atomic_store_n(&slots[at].busy, false, __ATOMIC_SEQ_CST);
			slot_give(at);
			nr--;
		}
	}
	if (nr)
		fail("%s: %u completions of nothing", own->kind->name, nr);
}

static void round_fork(struct thread *self)
{
	struct context own;
	unsigned int nr, some;
	int status;
	pid_t child;

	if (!open_own(self, &own))
		return;
	nr = submit_some(self, &own, own.kind->most, NULL);
	some = draw_below(&self->random, nr + 1);
	child = fork();
	if (!child)
		_exit(reap_as_a_stranger(&own, some));
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != some)
		fail("%s: a child took %#x of %u", own.kind->name, status, some);
	while (reap(&own, BATCH, 1, 0) > 0)
		;
	forget(&own, some);
	settle(&own);
	close(own.fd);
	count(forks, 1);
	count(requests, some);
}

/* A hash in parts, each of which waits for the one before. */
static void round_stream(struct thread *self)
{
	const unsigned int parts = 1 + draw_below(&self->random, 6);
	const struct kind *kind = kind_any(&self->random);
	const struct variant *variant = &kind->variants[draw_below(&self->random, VARIANTS)];
	const uint32_t each = variant->src_bytes / parts;
	struct devcrypto_completion completions[8];
	struct devcrypto_request requests[8] = { { .op = DEVCRYPTO_OP_STREAM_INIT } };
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.request_bytes = sizeof(requests[0]),
		.count = parts + 2,
		.completions = address_of(completions),
		.completion_bytes = sizeof(completions[0]),
		.max_completions = parts + 2,
		.min_completions = parts + 2,
	};
	unsigned char digest[32];
	unsigned int at;
	int fd;

	if (kind->alg_class != DEVCRYPTO_CLASS_HASH)
		return;
	fd = kind_open(kind);
	for (at = 0; at < parts; at++)
		requests[at + 1] = (struct devcrypto_request){
			.op = DEVCRYPTO_OP_STREAM_UPDATE,
			.src = address_of(variant->src + at * each),
			.src_bytes = at == parts - 1 ? variant->src_bytes - at * each : each,
		};
	requests[parts + 1] = (struct devcrypto_request){
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = address_of(digest), .dst_bytes = sizeof(digest),
	};
	for (at = 0; at < parts + 1; at++)
		requests[at].flags = DEVCRYPTO_REQUEST_CHAIN;
	__atomic_add_fetch(&shared->in_flight[own_index], submit.count, __ATOMIC_SEQ_CST);
	if (ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit) || submit.out_completed != parts + 2)
		fail("%s: a stream: %u of %u: %s", kind->name, submit.out_completed, parts + 2,
		     strerrorname_np(errno));
	__atomic_sub_fetch(&shared->in_flight[own_index], submit.count, __ATOMIC_SEQ_CST);
	if (memcmp(digest, variant->expected, sizeof(digest)))
		fail("%s: a stream of %u bytes in %u parts: wrong digest", kind->name,
		     variant->src_bytes, parts);
	close(fd);
	count(requests, parts + 2);
	count(chains, 1);
}

static void *run_thread(void *argument)
{
	struct thread *self = argument;

	while (!stopped()) {
		const unsigned int choice = draw_below(&self->random, 100);

		if (choice < 70)
			round_submit(self);
		else if (choice < 85)
			round_run(self);
		else if (choice < 95)
			round_stream(self);
		else if (choice < 98)
			round_close(self);
		else
			round_fork(self);
	}
	return NULL;
}

/* A line of the descriptor's fdinfo. */
static unsigned long long fdinfo(int fd, const char *name)
{
	unsigned long long value = ~0ULL;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static void finish_context(struct context *context)
{
	settle(context);
	if (context->cancelled != context->told)
		fail("%s: %llu cancelled, but %llu told", context->kind->name,
		     (unsigned long long)context->cancelled, (unsigned long long)context->told);
	if (fdinfo(context->fd, "devcrypto-bytes-pinned:\t") ||
	    fdinfo(context->fd, "devcrypto-in-flight:\t"))
		fail("%s: something is pinned or in flight", context->kind->name);
	close(context->fd);
}

void work(unsigned int index, uint64_t seed)
{
	struct thread threads[THREADS];
	unsigned int at;

	own_index = index;
	slots_new();
	for (at = 0; at < THREADS; at++) {
		threads[at].random = seed + at;
		threads[at].scratch = aligned_alloc(4096, 9 * 20480);
		pthread_create(&threads[at].thread, NULL, run_thread, &threads[at]);
	}
	for (at = 0; at < THREADS; at++)
		pthread_join(threads[at].thread, NULL);
	for (at = 0; at < nr_kinds; at++)
		if (contexts[at].kind)
			finish_context(&contexts[at]);
	if (nr_free != SLOTS)
		fail("%u requests had no completion", SLOTS - nr_free);
	_exit(0);
}
