// SPDX-License-Identifier: MIT
/* Compress a file for `zstd -d`, one frame a block, many blocks in one call: compress_file INPUT OUTPUT. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

enum { BLOCK = 65536, ROOM = BLOCK + 1024, BLOCKS = 16 };

/* RFC 8878: a frame of nothing, so that an empty file is one of zstd's too. */
static const unsigned char empty[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00 };

static unsigned char text[BLOCKS * BLOCK], packed[BLOCKS][ROOM];

static int open_zstd(void)
{
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_COMP, .name = "zstd",
	};
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	return fd;
}

/* Writes a frame for each BLOCK bytes of the text. */
static void compress(int fd, size_t bytes, FILE *out, const char *name)
{
	struct devcrypto_request requests[BLOCKS] = { 0 };
	struct devcrypto_run run = {
		.requests = (uintptr_t)requests, .request_bytes = sizeof(requests[0]),
	};
	size_t at;
	unsigned int i;

	for (at = 0; at < bytes; at += BLOCK, run.count++)
		requests[run.count] = (struct devcrypto_request) {
			.op = DEVCRYPTO_OP_COMPRESS,
			.src = (uintptr_t)(text + at),
			.src_bytes = bytes - at < BLOCK ? bytes - at : BLOCK,
			.dst = (uintptr_t)packed[run.count], .dst_bytes = ROOM,
		};
	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != (int)run.count)
		err(1, "DEVCRYPTO_IOC_RUN");
	for (i = 0; i < run.count; i++) {
		if (requests[i].out_result)
			errx(1, "request: %s", strerror(-requests[i].out_result));
		if (!fwrite(packed[i], requests[i].out_bytes, 1, out))
			err(1, "%s", name);
	}
}

int main(int argc, char **argv)
{
	FILE *in, *out;
	size_t bytes;
	int fd;

	if (argc != 3)
		errx(2, "usage: compress_file INPUT OUTPUT");
	fd = open_zstd();
	in = fopen(argv[1], "rb");
	if (!in)
		err(1, "%s", argv[1]);
	out = fopen(argv[2], "wb");
	if (!out || !fwrite(empty, sizeof(empty), 1, out))
		err(1, "%s", argv[2]);
	while ((bytes = fread(text, 1, sizeof(text), in)))
		compress(fd, bytes, out, argv[2]);
	if (ferror(in))
		err(1, "%s", argv[1]);
	if (fclose(out))
		err(1, "%s", argv[2]);
	return 0;
}
