// SPDX-License-Identifier: MIT
/* Write random bytes of the kernel's default generator to standard output: random_bytes COUNT. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

int main(int argc, char **argv)
{
	static unsigned char chunk[1 << 16];
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_RNG,
		.name = "stdrng",
	};
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_GENERATE,
		.dst = (uintptr_t)chunk,
	};
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};
	unsigned long long left;
	int fd;

	if (argc != 2)
		errx(2, "usage: random_bytes COUNT");
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
		if (errno != ENOENT)
			err(1, "%s", config.name);
		/* A kernel without a default generator has this one. */
		snprintf(config.name, sizeof(config.name), "jitterentropy_rng");
		if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
			err(1, "%s", config.name);
	}
	for (left = strtoull(argv[1], NULL, 10); left; left -= request.out_bytes) {
		request.dst_bytes = left < sizeof(chunk) ? left : sizeof(chunk);
		if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
			err(1, "DEVCRYPTO_IOC_RUN");
		if (request.out_result)
			errx(1, "request: %s", strerror(-request.out_result));
		if (fwrite(chunk, 1, request.out_bytes, stdout) != request.out_bytes)
			err(1, "standard output");
	}
	return 0;
}
