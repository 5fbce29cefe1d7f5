// SPDX-License-Identifier: MIT
/*
 * What a request costs its caller: nanoseconds from the call to the return. In a
 * guest that counts instructions ("make bench") they are instructions.
 *
 * Two questions are answered. From which size on does zero copy cost less than
 * copies? And up to which size does it cost more to queue a submitted request than
 * to execute it? Root asks: others may not pin as much, nor set "inline_bytes".
 * 16 huge pages are needed ("hugepages=16").
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>
#include <linux/devcrypto.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define address_of(pointer) ((uint64_t)(uintptr_t)(pointer))

#define INLINE_BYTES	"/sys/module/devcrypto/parameters/inline_bytes"
#define ALL_BYTES	UINT32_MAX

#define KIB		1024U
#define MIB		(1024U * KIB)
#define MOST_BYTES	(16U * MIB)
#define PAGE_BYTES	4096U
/* Where malloc() begins a large block, and so most programs their data. */
#define MALLOC_OFFSET	16U

#define BATCH		32U
#define ROUNDS		5
#define MOST_CALLS	16U

/* Later than the header of Debian 12. */
#define RING_COMMAND_FIXED	1U

struct algorithm {
	const char *name;
	uint32_t alg_class, op, key_bytes, iv_bytes, tag_bytes, digest_bytes;
};

static const struct algorithm algorithms[] = {
	{ "cbc(aes)", DEVCRYPTO_CLASS_SKCIPHER, DEVCRYPTO_OP_ENCRYPT, 16, 16, 0, 0 },
	{ "ctr(aes)", DEVCRYPTO_CLASS_SKCIPHER, DEVCRYPTO_OP_ENCRYPT, 16, 16, 0, 0 },
	{ "gcm(aes)", DEVCRYPTO_CLASS_AEAD, DEVCRYPTO_OP_ENCRYPT, 16, 12, 16, 0 },
	{ "sha256", DEVCRYPTO_CLASS_HASH, DEVCRYPTO_OP_DIGEST, 0, 0, 0, 32 },
};

/* A source and a destination of MOST_BYTES each, in one piece for io_uring. */
struct memory {
	unsigned char *src, *dst;
};

/*
 * One way to have requests done, and what it is done with. @zerocopy is what
 * has to come of it, so that nothing else is measured by mistake.
 */
struct job {
	void (*execute)(struct job *job);
	int fd;
	bool zerocopy;
	uint32_t count;
	struct devcrypto_request requests[BATCH];
	struct devcrypto_completion completions[BATCH];
	struct io_uring *ring;
	uint32_t ring_flags;
};

static void die(const char *what)
{
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static uint32_t inline_bytes(void)
{
	FILE *file = fopen(INLINE_BYTES, "r");
	unsigned int bytes;

	if (!file || fscanf(file, "%u", &bytes) != 1)
		die(INLINE_BYTES);
	fclose(file);
	return bytes;
}

static void set_inline_bytes(uint32_t bytes)
{
	FILE *file = fopen(INLINE_BYTES, "w");

	if (!file || fprintf(file, "%u", bytes) < 0 || fclose(file))
		die(INLINE_BYTES);
}

/* --- having requests done --- */

static void check(const struct job *job, int result, uint32_t flags)
{
	if (result) {
		errno = -result;
		die("request");
	}
	if (!!(flags & DEVCRYPTO_OUT_ZEROCOPY) != job->zerocopy) {
		errno = 0;
		die(job->zerocopy ? "copied all the same" : "not copied");
	}
}

static void execute_nothing(struct job *job)
{
	(void)job;
	getppid();
}

static void execute_unknown(struct job *job)
{
	ioctl(job->fd, 0);
}

static void run(struct job *job)
{
	struct devcrypto_run run = {
		.requests = address_of(job->requests),
		.count = job->count,
		.request_bytes = sizeof(job->requests[0]),
	};

	if (ioctl(job->fd, DEVCRYPTO_IOC_RUN, &run) != (int)job->count)
		die("run");
}

static void execute_run(struct job *job)
{
	run(job);
	check(job, job->requests[0].out_result, job->requests[0].out_flags);
}

/* Requests that the driver reads and refuses. */
static void execute_refused(struct job *job)
{
	run(job);
	if (job->requests[0].out_result != -EOPNOTSUPP)
		die("not refused");
}

static void execute_submit(struct job *job)
{
	struct devcrypto_submit submit = {
		.requests = address_of(job->requests),
		.count = job->count,
		.request_bytes = sizeof(job->requests[0]),
		.completions = address_of(job->completions),
		.max_completions = job->count,
		.min_completions = job->count,
		.completion_bytes = sizeof(job->completions[0]),
	};

	if (ioctl(job->fd, DEVCRYPTO_IOC_SUBMIT, &submit) || submit.out_completed != job->count)
		die("submit");
	check(job, job->completions[0].result, job->completions[0].flags);
}

static void execute_ring(struct job *job)
{
	const struct devcrypto_uring payload = {
		.request = address_of(job->requests),
		.request_bytes = sizeof(job->requests[0]),
	};
	struct io_uring_sqe *sqe = io_uring_get_sqe(job->ring);
	struct io_uring_cqe *cqe;
	int result;

	if (!sqe)
		die("ring");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = job->fd;
	sqe->off = DEVCRYPTO_URING_REQUEST;
	sqe->rw_flags = job->ring_flags;
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, addr3), &payload, sizeof(payload));
	if (io_uring_submit_and_wait(job->ring, 1) != 1 || io_uring_peek_cqe(job->ring, &cqe))
		die("ring");
	result = cqe->res;
	io_uring_cqe_seen(job->ring, cqe);
	check(job, result < 0 ? result : 0, job->requests[0].out_flags);
}

/*
 * The least of some rounds, each of which is as long as that of few large requests,
 * so that the timer's interrupts spoil none of many small ones.
 */
static uint64_t cost_of(struct job *job)
{
	const uint32_t bytes = job->requests[0].src_bytes * job->count;
	uint32_t calls = bytes ? 256 * KIB / bytes : MOST_CALLS;
	uint64_t least = UINT64_MAX;
	uint32_t call;
	int round;

	calls = calls < 1 ? 1 : calls > MOST_CALLS ? MOST_CALLS : calls;
	for (round = 0; round < (bytes > MIB ? 2 : ROUNDS); round++) {
		const uint64_t began = now();
		uint64_t took;

		for (call = 0; call < calls; call++)
			job->execute(job);
		took = now() - began;
		least = took < least ? took : least;
	}
	return least / calls;
}

/* --- what they are about --- */

static struct memory map(size_t bytes, int flags)
{
	unsigned char *memory = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	size_t first, at;

	if (memory == MAP_FAILED)
		die(flags & MAP_HUGETLB ? "huge pages" : "memory");
	madvise(memory, 2 * bytes, MADV_NOHUGEPAGE);
	/* Every other page first, so that none adjoins the next: what long use makes of memory. */
	for (first = 0; first < 2 * PAGE_BYTES; first += PAGE_BYTES)
		for (at = first; at < 2 * bytes; at += 2 * PAGE_BYTES)
			memory[at] = 1;
	return (struct memory){ memory, memory + bytes };
}

static int open_context(const struct algorithm *algorithm)
{
	static const unsigned char key[32] = { 1 };
	struct devcrypto_config config = {
		.alg_class = algorithm->alg_class,
		.key = algorithm->key_bytes ? address_of(key) : 0,
		.key_bytes = algorithm->key_bytes,
	};
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	snprintf(config.name, sizeof(config.name), "%s", algorithm->name);
	if (fd < 0 || ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		die(algorithm->name);
	printf("\n%s is %s\n", algorithm->name, config.out_driver);
	return fd;
}

static void make_requests(struct job *job, const struct algorithm *algorithm,
			  const unsigned char *src, unsigned char *dst, uint32_t bytes)
{
	static unsigned char iv[16], assoc[16], tag[16], digest[32];
	const bool aead = algorithm->tag_bytes;
	uint32_t at;

	for (at = 0; at < job->count; at++)
		job->requests[at] = (struct devcrypto_request){
			.op = algorithm->op,
			.flags = job->zerocopy ? DEVCRYPTO_REQUEST_ZEROCOPY : 0,
			.src = address_of(src),
			.src_bytes = bytes,
			.dst = address_of(algorithm->digest_bytes ? digest : dst),
			.dst_bytes = algorithm->digest_bytes ? algorithm->digest_bytes : bytes,
			.iv = algorithm->iv_bytes ? address_of(iv) : 0,
			.iv_bytes = algorithm->iv_bytes,
			.assoc = aead ? address_of(assoc) : 0,
			.assoc_bytes = aead ? sizeof(assoc) : 0,
			.tag = aead ? address_of(tag) : 0,
			.tag_bytes = algorithm->tag_bytes,
		};
}

/* --- zero copy --- */

enum { COPIED, PAGES, MALLOC, HUGE, RING, FIXED, WAYS };

/* With a ring or without; what zero copy is to cost less than. */
static const struct way {
	const char *name;
	bool zerocopy, ring;
	int copied;
	uint32_t offset;
} ways[WAYS] = {
	[COPIED] = { "copied", .copied = COPIED },
	[PAGES] = { "pages", .copied = COPIED, .zerocopy = true },
	[MALLOC] = { "malloc", .copied = COPIED, .zerocopy = true, .offset = MALLOC_OFFSET },
	[HUGE] = { "huge", .copied = COPIED, .zerocopy = true },
	[RING] = { "ring", .copied = RING, .ring = true },
	[FIXED] = { "fixed", .copied = RING, .ring = true, .zerocopy = true },
};

static uint64_t cost_of_way(const struct way *way, int fd, struct io_uring *ring,
			    const struct algorithm *algorithm, const struct memory *memory,
			    bool in_place, uint32_t bytes)
{
	unsigned char *src = memory->src + way->offset;
	struct job job = {
		.execute = way->ring ? execute_ring : execute_run,
		.fd = fd,
		.zerocopy = way->zerocopy,
		.count = 1,
		.ring = ring,
		.ring_flags = way->ring && way->zerocopy ? RING_COMMAND_FIXED : 0,
	};

	make_requests(&job, algorithm, src, in_place ? src : memory->dst + way->offset, bytes);
	return cost_of(&job);
}

static void measure_zerocopy(int fd, struct io_uring *ring, const struct algorithm *algorithm,
			     const struct memory *small, const struct memory *huge, bool in_place)
{
	uint32_t pays[WAYS] = { 0 };
	uint32_t bytes;
	int at;

	printf("\n%-12s", in_place ? "in place" : "out of place");
	for (at = 0; at < WAYS; at++)
		printf("%11s", ways[at].name);
	for (bytes = KIB; bytes <= MOST_BYTES; bytes *= bytes < MIB ? 2 : MOST_BYTES / MIB) {
		uint64_t costs[WAYS];

		printf("\n%12u", bytes);
		for (at = 0; at < WAYS; at++) {
			costs[at] = cost_of_way(&ways[at], fd, ring, algorithm,
						at == HUGE ? huge : small, in_place, bytes);
			printf("%11llu", (unsigned long long)costs[at]);
			fflush(stdout);
			if (costs[at] >= costs[ways[at].copied])
				pays[at] = 0;
			else if (!pays[at])
				pays[at] = bytes;
		}
	}
	printf("\n%-12s", "pays from");
	for (at = 0; at < WAYS; at++)
		if (ways[at].zerocopy)
			printf("%11u", pays[at]);
		else
			printf("%11s", "");
	printf("\n");
}

/* --- executed at once, or queued --- */

/* Of each of @count requests that go in one call. */
static uint64_t cost_of_each(int fd, const struct algorithm *algorithm,
			     const struct memory *memory, uint32_t bytes, uint32_t count,
			     void (*execute)(struct job *job))
{
	struct job job = { .execute = execute, .fd = fd, .count = count };
	uint32_t at;

	make_requests(&job, algorithm, memory->src, memory->dst, bytes);
	for (at = 0; execute == execute_refused && at < count; at++)
		job.requests[at].op = 0;
	return cost_of(&job) / count;
}

static void measure_queueing(int fd, const struct algorithm *algorithm,
			     const struct memory *memory, uint32_t count)
{
	const int64_t refused = cost_of_each(fd, algorithm, memory, 64, count, execute_refused);
	uint32_t bytes, most = 0;

	printf("\n%-12s%11s%11s%11s%11s%11s\n", count == 1 ? "one" : "each of 32", "run",
	       "at once", "queued", "queueing", "doing");
	for (bytes = 16; bytes <= 8 * KIB; bytes *= 2) {
		int64_t run, at_once, queued;

		run = cost_of_each(fd, algorithm, memory, bytes, count, execute_run);
		set_inline_bytes(ALL_BYTES);
		at_once = cost_of_each(fd, algorithm, memory, bytes, count, execute_submit);
		set_inline_bytes(0);
		queued = cost_of_each(fd, algorithm, memory, bytes, count, execute_submit);
		printf("%12u%11lld%11lld%11lld%11lld%11lld\n", bytes, (long long)run,
		       (long long)at_once, (long long)queued, (long long)(queued - at_once),
		       (long long)(run - refused));
		fflush(stdout);
		if (run - refused < queued - at_once)
			most = bytes;
	}
	printf("queueing costs more than doing up to %u bytes\n", most);
}

static void measure(const struct algorithm *algorithm, struct io_uring *ring,
		    const struct memory *small, const struct memory *huge)
{
	const int fd = open_context(algorithm);
	struct job job = { .execute = execute_run, .fd = fd, .count = 1 };

	/* Some software says that it is asynchronous until it has answered. */
	make_requests(&job, algorithm, small->src, small->dst, 64);
	execute_run(&job);
	set_inline_bytes(ALL_BYTES);
	measure_zerocopy(fd, ring, algorithm, small, huge, false);
	if (!algorithm->digest_bytes)
		measure_zerocopy(fd, ring, algorithm, small, huge, true);
	measure_queueing(fd, algorithm, small, 1);
	measure_queueing(fd, algorithm, small, BATCH);
	close(fd);
}

int main(void)
{
	const uint32_t as_it_was = inline_bytes();
	/* What begins off a page ends on one more. */
	const struct memory small = map(MOST_BYTES + PAGE_BYTES, 0);
	const struct memory huge = map(MOST_BYTES, MAP_HUGETLB);
	const struct iovec registered = { small.src, 2 * (MOST_BYTES + PAGE_BYTES) };
	struct job nothing = { .execute = execute_nothing };
	struct job unknown = { .execute = execute_unknown, .fd = open("/dev/null", O_RDWR) };
	struct io_uring ring;
	size_t at;

	errno = -io_uring_queue_init(8, &ring, 0);
	if (errno)
		die("ring");
	errno = -io_uring_register_buffers(&ring, &registered, 1);
	if (errno)
		die("registered buffers");
	printf("a system call %llu, an ioctl %llu\n", (unsigned long long)cost_of(&nothing),
	       (unsigned long long)cost_of(&unknown));
	for (at = 0; at < ARRAY_SIZE(algorithms); at++)
		measure(&algorithms[at], &ring, &small, &huge);
	set_inline_bytes(as_it_was);
	return 0;
}
