// SPDX-License-Identifier: MIT
/*
 * Agree on a secret: the public key of a private value, and what it has in common
 * with the public key of somebody else.
 *
 *	derive NAME PRIVATE >PUBLIC
 *	derive NAME PRIVATE PEER >SECRET
 *
 * NAME is "ecdh-nist-p256", "ffdhe3072(dh)", "curve25519" or the like; the files
 * hold plain bytes. What comes of it goes through a key derivation function before
 * it is a key.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

/* More than any value of the groups has. */
#define MAX_BYTES 4096

static uint32_t read_file(const char *name, unsigned char *data)
{
	FILE *file = fopen(name, "r");
	size_t bytes;

	if (!file)
		err(1, "%s", name);
	bytes = fread(data, 1, MAX_BYTES, file);
	if (ferror(file))
		err(1, "%s", name);
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_KPP };
	unsigned char private[MAX_BYTES], peer[MAX_BYTES], out[MAX_BYTES];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_PUBLIC_KEY,
		.dst = (uintptr_t)out, .dst_bytes = sizeof(out),
	};
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};
	int fd;

	if (argc < 3 || argc > 4 || strlen(argv[1]) >= sizeof(config.name))
		errx(2, "usage: derive NAME PRIVATE [PEER]");
	memcpy(config.name, argv[1], strlen(argv[1]));
	config.key = (uintptr_t)private;
	config.key_bytes = read_file(argv[2], private);
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	explicit_bzero(private, sizeof(private));

	if (argc == 4) {
		request.op = DEVCRYPTO_OP_SHARED_SECRET;
		request.src = (uintptr_t)peer;
		request.src_bytes = read_file(argv[3], peer);
	}
	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request.out_result)
		errx(1, "request: %s", strerror(-request.out_result));
	if (fwrite(out, 1, request.out_bytes, stdout) != request.out_bytes || fflush(stdout))
		err(1, "standard output");
	return 0;
}
