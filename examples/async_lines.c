// SPDX-License-Identifier: MIT
/* Print the SHA-256 of each line of standard input, submitted and taken back with poll(). */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

#define BATCH		256
#define LINE_BYTES	1000
#define DIGEST_BYTES	32

static char lines[BATCH][LINE_BYTES];
static unsigned char digests[BATCH][DIGEST_BYTES];
static struct devcrypto_request requests[BATCH];

/* Hands the requests over; what they read may change from then on, what they write may not. */
static void submit(int fd, unsigned int count)
{
	struct devcrypto_submit call = {
		.requests = (uintptr_t)requests,
		.count = count,
		.request_bytes = sizeof(requests[0]),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &call) || call.out_submitted != count)
		err(1, "DEVCRYPTO_IOC_SUBMIT");
}

/* Takes out what has ended, in any order; returns how many. */
static unsigned int reap(int fd)
{
	struct devcrypto_completion completions[BATCH];
	struct devcrypto_submit call = {
		.completions = (uintptr_t)completions,
		.max_completions = BATCH,
		.completion_bytes = sizeof(completions[0]),
	};
	unsigned int i;

	if (ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &call))
		err(1, "DEVCRYPTO_IOC_SUBMIT");
	for (i = 0; i < call.out_completed; i++)
		if (completions[i].result)
			errx(1, "line %llu: %s", (unsigned long long)completions[i].user_data,
			     strerror(-completions[i].result));
	return call.out_completed;
}

static void hash_lines(int fd, unsigned int count)
{
	struct pollfd events = { .fd = fd, .events = POLLIN };
	unsigned int done = 0, i, k;

	if (count)
		submit(fd, count);
	while (done < count) {
		/* A program with other descriptors waits for all of them here. */
		if (poll(&events, 1, -1) != 1)
			err(1, "poll");
		done += reap(fd);
	}
	for (i = 0; i < count; i++) {
		for (k = 0; k < DIGEST_BYTES; k++)
			printf("%02x", digests[i][k]);
		printf("  %s\n", lines[i]);
	}
}

int main(void)
{
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_HASH,
		.name = "sha256",
	};
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	unsigned int count = 0;

	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	while (fgets(lines[count], LINE_BYTES, stdin)) {
		if (strlen(lines[count]) == LINE_BYTES - 1)
			errx(1, "a line is longer than %d bytes", LINE_BYTES - 2);
		lines[count][strcspn(lines[count], "\n")] = '\0';
		requests[count] = (struct devcrypto_request){
			.op = DEVCRYPTO_OP_DIGEST,
			.user_data = count,
			.src = (uintptr_t)lines[count], .src_bytes = strlen(lines[count]),
			.dst = (uintptr_t)digests[count], .dst_bytes = DIGEST_BYTES,
		};
		if (++count == BATCH) {
			hash_lines(fd, count);
			count = 0;
		}
	}
	hash_lines(fd, count);
	return 0;
}
