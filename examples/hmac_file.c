// SPDX-License-Identifier: MIT
/* Print a file's HMAC, made in one request: hmac_file hmac(sha256) KEY_FILE FILE. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/devcrypto.h>

static const void *map_file(const char *name, size_t *bytes)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	const void *data = "";
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		err(1, "%s", name);
	*bytes = stat.st_size;
	if (*bytes)
		data = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "%s", name);
	return data;
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_HASH };
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_DIGEST };
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};
	unsigned char digest[128];
	unsigned int i;
	size_t bytes;
	int fd;

	if (argc != 4 || strlen(argv[1]) >= sizeof(config.name))
		errx(2, "usage: hmac_file NAME KEY_FILE FILE");
	memcpy(config.name, argv[1], strlen(argv[1]));
	config.key = (uintptr_t)map_file(argv[2], &bytes);
	config.key_bytes = bytes;
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);

	request.src = (uintptr_t)map_file(argv[3], &bytes);
	request.src_bytes = bytes;
	request.dst = (uintptr_t)digest;
	request.dst_bytes = sizeof(digest);
	if (bytes > UINT32_MAX)
		errx(1, "%s is too long for one request", argv[3]);
	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request.out_result)
		errx(1, "request: %s", strerror(-request.out_result));
	for (i = 0; i < request.out_bytes; i++)
		printf("%02x", digest[i]);
	printf("  %s\n", argv[3]);
	return 0;
}
