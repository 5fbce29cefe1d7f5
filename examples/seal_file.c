// SPDX-License-Identifier: MIT
/* Seal a file with AES-GCM, or open it: magic number, nonce, ciphertext, tag. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include <linux/devcrypto.h>

static const char magic[8] = "sealed 1";	/* the associated data */

enum { NONCE = 12, TAG = 16, HEAD = sizeof(magic) + NONCE };

/* Leaves room for HEAD before the text and for TAG behind it. */
static unsigned char *read_file(const char *name, size_t *bytes)
{
	FILE *file = fopen(name, "rb");
	unsigned char *data;

	if (!file || fseek(file, 0, SEEK_END))
		err(1, "%s", name);
	*bytes = ftell(file);
	rewind(file);
	data = malloc(HEAD + *bytes + TAG);
	if (!data || fread(data + HEAD, 1, *bytes, file) != *bytes)
		err(1, "%s", name);
	fclose(file);
	return data;
}

static void crypt_text(const char *key_file, int op, unsigned char *nonce, unsigned char *text,
		       size_t bytes, unsigned char *tag)
{
	size_t key_bytes;
	unsigned char *key = read_file(key_file, &key_bytes);
	struct devcrypto_config config = {
		.alg_class = DEVCRYPTO_CLASS_AEAD, .name = "gcm(aes)",
		.key = (uintptr_t)(key + HEAD), .key_bytes = key_bytes,
	};
	struct devcrypto_request request = {
		.op = op,
		.src = (uintptr_t)text, .src_bytes = bytes,
		.dst = (uintptr_t)text, .dst_bytes = bytes,
		.iv = (uintptr_t)nonce, .iv_bytes = NONCE,
		.assoc = (uintptr_t)magic, .assoc_bytes = sizeof(magic),
		.tag = (uintptr_t)tag, .tag_bytes = TAG,
	};
	struct devcrypto_run run = {
		.requests = (uintptr_t)&request, .count = 1, .request_bytes = sizeof(request),
	};
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", fd < 0 ? "/dev/crypto" : config.name);
	explicit_bzero(key, HEAD + key_bytes);
	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request.out_result)		/* EBADMSG: forged, damaged, or another key */
		errx(1, "%s", strerror(-request.out_result));
}

int main(int argc, char **argv)
{
	unsigned char *data, *from;
	size_t bytes;
	FILE *out;

	if (argc != 5 || (strcmp(argv[1], "seal") && strcmp(argv[1], "open")))
		errx(2, "usage: seal_file seal|open KEY_FILE INPUT OUTPUT");
	data = from = read_file(argv[3], &bytes);
	if (!strcmp(argv[1], "seal")) {
		memcpy(data, magic, sizeof(magic));
		if (getrandom(data + sizeof(magic), NONCE, 0) != NONCE)
			err(1, "getrandom");
		crypt_text(argv[2], DEVCRYPTO_OP_ENCRYPT, data + sizeof(magic), data + HEAD, bytes,
			   data + HEAD + bytes);
		bytes += HEAD + TAG;
	} else {
		if (bytes < HEAD + TAG || memcmp(data + HEAD, magic, sizeof(magic)))
			errx(1, "%s: not a sealed file", argv[3]);
		bytes -= HEAD + TAG;
		from = data + 2 * HEAD;
		crypt_text(argv[2], DEVCRYPTO_OP_DECRYPT, from - NONCE, from, bytes, from + bytes);
	}
	out = fopen(argv[4], "wb");
	if (!out || fwrite(from, 1, bytes, out) != bytes || fclose(out))
		err(1, "%s", argv[4]);
	return 0;
}
