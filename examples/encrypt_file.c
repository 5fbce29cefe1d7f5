// SPDX-License-Identifier: MIT
/* Encrypt or decrypt a file with AES-CBC, as `openssl enc -aes-256-cbc -K … -iv …` does. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

#define BLOCK	16
#define CHUNK	(1 << 20)

static int open_cbc(const char *key_file)
{
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_SKCIPHER,
		.name = "cbc(aes)",
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

/* Works in place; the IV becomes the one of the next chunk. */
static void crypt_chunk(int fd, int op, unsigned char *iv, unsigned char *data, size_t bytes)
{
	struct devcrypto_request request = {
		.op = op, .flags = DEVCRYPTO_REQUEST_IV_OUT,
		.src = (uintptr_t)data, .src_bytes = bytes,
		.dst = (uintptr_t)data, .dst_bytes = bytes,
		.iv = (uintptr_t)iv, .iv_bytes = BLOCK,
	};
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request.out_result)
		errx(1, "request: %s", strerror(-request.out_result));
}

int main(int argc, char **argv)
{
	static unsigned char chunk[CHUNK + BLOCK];
	unsigned char iv[BLOCK];
	FILE *in, *out;
	size_t bytes;
	int fd, encrypt, i, last;

	if (argc != 6 || strlen(argv[3]) != 2 * BLOCK)
		errx(2, "usage: encrypt_file enc|dec KEY_FILE IV_IN_HEX INPUT OUTPUT");
	encrypt = !strcmp(argv[1], "enc");
	for (i = 0; i < BLOCK; i++)
		if (sscanf(argv[3] + 2 * i, "%2hhx", &iv[i]) != 1)
			errx(2, "the IV is not hexadecimal");
	fd = open_cbc(argv[2]);
	in = fopen(argv[4], "rb");
	out = fopen(argv[5], "wb");
	if (!in || !out)
		err(1, "%s", in ? argv[5] : argv[4]);
	do {
		bytes = fread(chunk, 1, CHUNK, in);
		last = ungetc(getc(in), in) == EOF;
		if (last && encrypt) {	/* the padding of PKCS #7 */
			memset(chunk + bytes, BLOCK - bytes % BLOCK, BLOCK);
			bytes += BLOCK - bytes % BLOCK;
		}
		crypt_chunk(fd, encrypt ? DEVCRYPTO_OP_ENCRYPT : DEVCRYPTO_OP_DECRYPT, iv, chunk,
			    bytes);
		if (last && !encrypt) {
			if (!bytes || !chunk[bytes - 1] || chunk[bytes - 1] > BLOCK)
				errx(1, "wrong key, or not encrypted like this");
			bytes -= chunk[bytes - 1];
		}
		if (fwrite(chunk, 1, bytes, out) != bytes)
			err(1, "%s", argv[5]);
	} while (!last);
	if (ferror(in) || fclose(out))
		err(1, "%s", ferror(in) ? argv[4] : argv[5]);
	return 0;
}
