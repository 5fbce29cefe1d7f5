// SPDX-License-Identifier: MIT
/*
 * How much sooner requests of one context are done when they are submitted than when
 * DEVCRYPTO_IOC_RUN executes them one after the other, in real time: what the
 * second CPU brings. Two threads that execute half of them each show what this
 * machine's second CPU is worth at all. Pins more than a user may by default.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/devcrypto.h>

#define TEXT_BYTES	(64U << 10)
#define COUNT		256U
#define ROUNDS		7U

#define address_of(pointer) ((uint64_t)(uintptr_t)(pointer))

static const struct algorithm {
	const char *name;
	uint32_t alg_class, op, key_bytes, iv_bytes, out_bytes;
} algorithms[] = {
	{ "sha256", DEVCRYPTO_CLASS_HASH, DEVCRYPTO_OP_DIGEST, 0, 0, 32 },
	{ "cbc(aes)", DEVCRYPTO_CLASS_SKCIPHER, DEVCRYPTO_OP_ENCRYPT, 16, 16, TEXT_BYTES },
};

static const struct way {
	const char *name;
	uint32_t flags;
} ways[] = {
	{ "copied", 0 },
	{ "zero copy", DEVCRYPTO_REQUEST_ZEROCOPY },
};

/* Each measurement in a column. */
enum { RUN, THREADS, SUBMIT, MEASUREMENTS };

static const unsigned char zeros[16];
static struct devcrypto_request requests[COUNT];
static struct devcrypto_completion completions[COUNT];

static void die(const char *what)
{
	fprintf(stderr, "two_cpus: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int open_context(const struct algorithm *algorithm)
{
	struct devcrypto_config config = {
		.alg_class = algorithm->alg_class,
		.key = address_of(zeros),
		.key_bytes = algorithm->key_bytes,
	};
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	if (!config.key_bytes)
		config.key = 0;
	snprintf(config.name, sizeof(config.name), "%s", algorithm->name);
	if (fd < 0 || ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		die(algorithm->name);
	return fd;
}

static void make_requests(const struct algorithm *algorithm, const struct way *way)
{
	static unsigned char *src, *dst;
	unsigned int at;

	if (!src)
		src = calloc(1, TEXT_BYTES);
	if (!dst)
		dst = calloc(COUNT, TEXT_BYTES);
	for (at = 0; at < COUNT; at++)
		requests[at] = (struct devcrypto_request){
			.op = algorithm->op,
			.flags = way->flags,
			.src = address_of(src),
			.src_bytes = TEXT_BYTES,
			.dst = address_of(dst + at * TEXT_BYTES),
			.dst_bytes = algorithm->out_bytes,
			.iv = algorithm->iv_bytes ? address_of(zeros) : 0,
			.iv_bytes = algorithm->iv_bytes,
		};
}

static void execute(int fd, unsigned int first, unsigned int count)
{
	struct devcrypto_run run = {
		.requests = address_of(&requests[first]),
		.count = count,
		.request_bytes = sizeof(requests[0]),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != (int)count)
		die("run");
}

static void *run_second_half(void *fd)
{
	execute(*(int *)fd, COUNT / 2, COUNT / 2);
	return NULL;
}

static void submit(int fd)
{
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = COUNT,
		.request_bytes = sizeof(requests[0]),
		.completions = address_of(completions),
		.max_completions = COUNT,
		.min_completions = COUNT,
		.completion_bytes = sizeof(completions[0]),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit) || submit.out_completed != COUNT)
		die("submit");
}

static double seconds(int fd, int measurement)
{
	const double began = now();
	pthread_t thread;

	switch (measurement) {
	case RUN:
		execute(fd, 0, COUNT);
		break;
	case THREADS:
		errno = pthread_create(&thread, NULL, run_second_half, &fd);
		if (errno)
			die("thread");
		execute(fd, 0, COUNT / 2);
		pthread_join(thread, NULL);
		break;
	default:
		submit(fd);
	}
	return now() - began;
}

static int compare(const void *first, const void *second)
{
	const double a = *(const double *)first, b = *(const double *)second;

	return (a > b) - (a < b);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

static void measure(const struct algorithm *algorithm, const struct way *way)
{
	double times[MEASUREMENTS][ROUNDS], run;
	int fd = open_context(algorithm), measurement;
	unsigned int round;

	make_requests(algorithm, way);
	for (measurement = 0; measurement < MEASUREMENTS; measurement++)
		seconds(fd, measurement);
	/* In turn, so that all have the same of what else the machine does. */
	for (round = 0; round < ROUNDS; round++)
		for (measurement = 0; measurement < MEASUREMENTS; measurement++)
			times[measurement][round] = seconds(fd, measurement);
	run = median(times[RUN]);
	printf("%-9s %-9s  run %7.1f ms, by two threads %.2f times as fast, submitted %.2f times\n",
	       algorithm->name, way->name, run * 1e3, run / median(times[THREADS]),
	       run / median(times[SUBMIT]));
	for (round = 0; round < COUNT; round++)
		if (way->flags && !(completions[round].flags & DEVCRYPTO_OUT_ZEROCOPY)) {
			fprintf(stderr, "two_cpus: %s: a request was copied\n", algorithm->name);
			exit(1);
		}
	close(fd);
}

int main(void)
{
	size_t algorithm, way;

	printf("%u requests of %u KiB, median of %u rounds, %ld CPUs\n", COUNT, TEXT_BYTES >> 10,
	       ROUNDS, sysconf(_SC_NPROCESSORS_ONLN));
	for (algorithm = 0; algorithm < sizeof(algorithms) / sizeof(algorithms[0]); algorithm++)
		for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
			measure(&algorithms[algorithm], &ways[way]);
	return 0;
}
