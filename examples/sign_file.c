// SPDX-License-Identifier: MIT
/*
 * Sign a file with RSA, or hold it against a signature (RSASSA-PKCS1-v1_5 with
 * SHA-256):
 *
 *	sign_file sign PRIVATE_KEY FILE SIGNATURE
 *	sign_file verify PUBLIC_KEY FILE SIGNATURE
 *
 * Keys are DER of RSAPrivateKey and RSAPublicKey, as "openssl rsa -traditional
 * -outform DER" and "openssl rsa -RSAPublicKey_out -outform DER" write them.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/devcrypto.h>

#define DIGEST_BYTES 32

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

static void write_file(const char *name, const void *data, size_t bytes)
{
	FILE *file = fopen(name, "w");

	if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file))
		err(1, "%s", name);
}

/* A context, or -1 with errno. */
static int context(struct devcrypto_config *config)
{
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "/dev/crypto");
	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, config) ? -1 : fd;
}

/* The request's result: 0 or a negated errno. */
static int execute(int fd, struct devcrypto_request *request)
{
	struct devcrypto_run run = {
		.requests = (uintptr_t)request, .count = 1, .request_bytes = sizeof(*request),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	return request->out_result;
}

static void hash_file(const char *name, unsigned char *digest)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_HASH, .name = "sha256" };
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.dst = (uintptr_t)digest, .dst_bytes = DIGEST_BYTES,
	};
	int fd = context(&config), result;

	if (fd < 0)
		err(1, "%s", config.name);
	request.src = (uintptr_t)map_file(name, &request.src_bytes);
	result = execute(fd, &request);
	if (result)
		errx(1, "%s: %s", name, strerror(-result));
	close(fd);
}

/* The name of the algorithm depends on the kernel. */
static int signature_context(struct devcrypto_config *config)
{
	static const char * const names[] = { "pkcs1(rsa,sha256)", "pkcs1pad(rsa,sha256)" };
	int fd = -1, at;

	for (at = 0; at < 2 && fd < 0; at++) {
		memset(config->name, 0, sizeof(config->name));
		strcpy(config->name, names[at]);
		fd = context(config);
		if (fd < 0 && errno != ENOENT)
			err(1, "%s", config->name);
	}
	if (fd < 0)
		err(1, "%s", config->name);
	return fd;
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_SIG };
	unsigned char digest[DIGEST_BYTES], signature[1024];
	struct devcrypto_request request = {
		.src = (uintptr_t)digest, .src_bytes = sizeof(digest),
	};
	int sign = argc == 5 && !strcmp(argv[1], "sign"), fd, result;

	if (argc != 5 || (!sign && strcmp(argv[1], "verify")))
		errx(2, "usage: sign_file sign|verify KEY FILE SIGNATURE");
	config.key = (uintptr_t)map_file(argv[2], &config.key_bytes);
	if (sign)
		config.flags = DEVCRYPTO_CONFIG_PRIVATE;
	fd = signature_context(&config);
	hash_file(argv[3], digest);

	if (sign) {
		request.op = DEVCRYPTO_OP_SIGN;
		request.dst = (uintptr_t)signature;
		request.dst_bytes = sizeof(signature);
	} else {
		request.op = DEVCRYPTO_OP_VERIFY;
		request.signature = (uintptr_t)map_file(argv[4], &request.signature_bytes);
	}
	result = execute(fd, &request);
	if (result == -EKEYREJECTED)
		errx(1, "the signature is not that of %s", argv[3]);
	if (result)
		errx(1, "request: %s", strerror(-result));
	if (sign)
		write_file(argv[4], signature, request.out_bytes);
	return 0;
}
