// SPDX-License-Identifier: MIT
/* Print the SHA-256 of each line of standard input; many lines go to the kernel in one call. */
#include <err.h>
#include <fcntl.h>
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

static void hash_lines(int fd, unsigned int count)
{
	struct devcrypto_run run = {
		.requests = (uintptr_t)requests,
		.count = count,
		.request_bytes = sizeof(requests[0]),
	};
	unsigned int i, k;

	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != (int)count)
		err(1, "DEVCRYPTO_IOC_RUN");
	for (i = 0; i < count; i++) {
		/* Every request has a result of its own. */
		if (requests[i].out_result)
			errx(1, "line: %s", strerror(-requests[i].out_result));
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
