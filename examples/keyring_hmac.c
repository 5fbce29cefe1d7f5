// SPDX-License-Identifier: MIT
/*
 * Print a file's HMAC with a key of the kernel's keyring, which this program need not read:
 * keyring_hmac hmac(sha256) SERIAL FILE.
 *
 * SERIAL is what "keyctl padd logon app:mac @u <key" prints.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/devcrypto.h>

static void *map_file(const char *name, uint32_t *bytes)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	void *data = "";
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		err(1, "%s", name);
	if (stat.st_size > UINT32_MAX)
		errx(1, "%s is too long for one request", name);
	*bytes = stat.st_size;
	if (*bytes)
		data = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "%s", name);
	return data;
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_HASH,
		.flags = DEVCRYPTO_CONFIG_KEYRING,
	};
	unsigned char digest[128];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.dst = (uintptr_t)digest, .dst_bytes = sizeof(digest),
	};
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};
	unsigned int i;
	int fd;

	if (argc != 4 || strlen(argv[1]) >= sizeof(config.name))
		errx(2, "usage: keyring_hmac NAME SERIAL FILE");
	memcpy(config.name, argv[1], strlen(argv[1]));
	config.key_serial = atoi(argv[2]);
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);

	request.src = (uintptr_t)map_file(argv[3], &request.src_bytes);
	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request.out_result)
		errx(1, "request: %s", strerror(-request.out_result));
	for (i = 0; i < request.out_bytes; i++)
		printf("%02x", digest[i]);
	printf("  %s\n", argv[3]);
	return 0;
}
