// SPDX-License-Identifier: MIT
/*
 * Encrypt or decrypt a file with AES-CTR, as `openssl enc -aes-256-ctr -K … -iv …` does: many
 * requests at the same time by io_uring, in place in a registered buffer and without a copy.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <liburing.h>
#include <linux/devcrypto.h>

#define BLOCK	16
#define CHUNK	(64 << 10)
#define DEPTH	32

/* liburing of Debian 12 has no name for it. */
#define COMMAND_FIXED	1

static unsigned char chunks[DEPTH][CHUNK] __attribute__((aligned(4096)));
static unsigned char ivs[DEPTH][BLOCK];
static struct devcrypto_request requests[DEPTH];

static int open_ctr(const char *key_file)
{
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_SKCIPHER,
		.name = "ctr(aes)",
	};
	FILE *file = fopen(key_file, "rb");
	unsigned char key[32];
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	if (!file)
		err(1, "%s", key_file);
	if (fd < 0)
		err(1, "/dev/crypto");
	config.key = (uintptr_t)key;
	config.key_bytes = fread(key, 1, sizeof(key), file);
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	explicit_bzero(key, sizeof(key));
	fclose(file);
	return fd;
}

/* The counter goes on behind each chunk; it is one number, the most significant byte first. */
static void advance(unsigned char *counter, size_t bytes)
{
	size_t blocks = (bytes + BLOCK - 1) / BLOCK;
	int i;

	for (i = BLOCK - 1; i >= 0 && blocks; i--) {
		blocks += counter[i];
		counter[i] = blocks;
		blocks >>= 8;
	}
}

/* A request as a command of io_uring; the payload stands in the last 16 bytes of the SQE. */
static void put(struct io_uring *ring, int fd, struct devcrypto_request *request)
{
	struct devcrypto_uring payload = {
		.request = (uintptr_t)request, .request_bytes = sizeof(*request),
	};
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		errx(1, "io_uring: no room");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->off = DEVCRYPTO_URING_REQUEST;
	sqe->rw_flags = COMMAND_FIXED;
	memcpy(&sqe->addr3, &payload, sizeof(payload));
}

/* Waits for so many; they end in any order, and each has its result in its request. */
static void wait_for(struct io_uring *ring, unsigned int count)
{
	struct io_uring_cqe *cqe;
	int result;

	result = io_uring_submit_and_wait(ring, count);
	if (result < 0)
		errx(1, "io_uring: %s", strerror(-result));
	while (count--) {
		result = io_uring_wait_cqe(ring, &cqe);
		if (result)
			errx(1, "io_uring: %s", strerror(-result));
		if (cqe->res < 0)
			errx(1, "request: %s", strerror(-cqe->res));
		io_uring_cqe_seen(ring, cqe);
	}
}

int main(int argc, char **argv)
{
	struct iovec buffer = { chunks, sizeof(chunks) };
	unsigned char counter[BLOCK];
	struct io_uring ring;
	FILE *in, *out;
	unsigned int i, count;
	int fd, result, encrypt;

	if (argc != 6 || strlen(argv[3]) != 2 * BLOCK)
		errx(2, "usage: uring_file enc|dec KEY_FILE IV_IN_HEX INPUT OUTPUT");
	encrypt = !strcmp(argv[1], "enc");
	for (i = 0; i < BLOCK; i++)
		if (sscanf(argv[3] + 2 * i, "%2hhx", &counter[i]) != 1)
			errx(2, "the IV is not hexadecimal");
	fd = open_ctr(argv[2]);
	result = io_uring_queue_init(DEPTH, &ring, 0);
	if (!result)
		result = io_uring_register_buffers(&ring, &buffer, 1);
	if (result)
		errx(1, "io_uring: %s", strerror(-result));
	in = fopen(argv[4], "rb");
	out = fopen(argv[5], "wb");
	if (!in || !out)
		err(1, "%s", in ? argv[5] : argv[4]);
	do {
		for (count = 0; count < DEPTH; count++) {
			size_t bytes = fread(chunks[count], 1, CHUNK, in);

			if (!bytes)
				break;
			memcpy(ivs[count], counter, BLOCK);
			advance(counter, bytes);
			requests[count] = (struct devcrypto_request){
				.op = encrypt ? DEVCRYPTO_OP_ENCRYPT : DEVCRYPTO_OP_DECRYPT,
				.src = (uintptr_t)chunks[count], .src_bytes = bytes,
				.dst = (uintptr_t)chunks[count], .dst_bytes = bytes,
				.iv = (uintptr_t)ivs[count], .iv_bytes = BLOCK,
			};
			put(&ring, fd, &requests[count]);
		}
		if (count)
			wait_for(&ring, count);
		for (i = 0; i < count; i++)
			if (fwrite(chunks[i], 1, requests[i].src_bytes, out) != requests[i].src_bytes)
				err(1, "%s", argv[5]);
	} while (count == DEPTH);
	if (ferror(in) || fclose(out))
		err(1, "%s", ferror(in) ? argv[4] : argv[5]);
	io_uring_queue_exit(&ring);
	return 0;
}
