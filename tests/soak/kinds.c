// SPDX-License-Identifier: MIT
/* The algorithms, and their results as DEVCRYPTO_IOC_RUN has them on a processor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "keys.h"
#include "soak.h"

#define SKCIPHER	.alg_class = DEVCRYPTO_CLASS_SKCIPHER, .key_bytes = 16, .zerocopy = true
#define AEAD		.alg_class = DEVCRYPTO_CLASS_AEAD, .key_bytes = 16, .zerocopy = true
#define HASH		.alg_class = DEVCRYPTO_CLASS_HASH, .zerocopy = true
#define COMP		.alg_class = DEVCRYPTO_CLASS_COMP
#define AKCIPHER	.alg_class = DEVCRYPTO_CLASS_AKCIPHER
#define SIG		.alg_class = DEVCRYPTO_CLASS_SIG
#define KPP		.alg_class = DEVCRYPTO_CLASS_KPP
#define RNG		.alg_class = DEVCRYPTO_CLASS_RNG
#define ENCRYPT		.op = DEVCRYPTO_OP_ENCRYPT
#define DECRYPT		.op = DEVCRYPTO_OP_DECRYPT
#define DIGEST		.op = DEVCRYPTO_OP_DIGEST
#define COMPRESS	.op = DEVCRYPTO_OP_COMPRESS
#define DECOMPRESS	.op = DEVCRYPTO_OP_DECOMPRESS
#define SIZES		.sizes = { 16, 512, 4096, 16384 }
#define ODD_SIZES	.sizes = { 7, 333, 4099, 12345 }
#define SMALL_SIZES	.sizes = { 16, 64, 512, 4096 }

struct kind kinds[] = {
	{ "cbc(aes)", "cbc(aes)", SKCIPHER, ENCRYPT, SIZES, .weight = 8, .most = 64 },
	{ "cbc(aes)", "cbc(aes)", SKCIPHER, DECRYPT, SIZES, .weight = 4, .most = 64 },
	{ "gcm(aes)", "gcm(aes)", AEAD, ENCRYPT, ODD_SIZES, .weight = 4, .most = 48 },
	{ "gcm(aes)", "gcm(aes)", AEAD, DECRYPT, ODD_SIZES, .weight = 4, .most = 48 },
	{ "sha256", "sha256", HASH, DIGEST, ODD_SIZES, .weight = 6, .most = 64 },
	{ "deflate", "deflate", COMP, COMPRESS, SMALL_SIZES, .weight = 1, .most = 8 },
	{ "deflate", "deflate", COMP, DECOMPRESS, SMALL_SIZES, .weight = 1, .most = 8 },
	{ "rsa", "rsa", .key = RSA_PUBLIC, AKCIPHER, ENCRYPT, .weight = 2, .most = 16 },
	{ "pkcs1pad(rsa,sha256)", "pkcs1pad(rsa,sha256)", .key = RSA_PUBLIC, SIG,
	  .op = DEVCRYPTO_OP_VERIFY, .weight = 2, .most = 16 },
	{ "pkcs1(rsa,sha256)", "pkcs1(rsa,sha256)", .key = RSA_PUBLIC, SIG,
	  .op = DEVCRYPTO_OP_VERIFY, .weight = 2, .most = 16 },
	{ "ecdh-nist-p256", "ecdh-nist-p256", .key = ECDH_D, KPP,
	  .op = DEVCRYPTO_OP_SHARED_SECRET, .weight = 1, .most = 2 },
	{ "stdrng", "stdrng", RNG, .op = DEVCRYPTO_OP_GENERATE, .weight = 1, .most = 16 },
	{ "virtio_crypto_aes_cbc", "cbc(aes)", SKCIPHER, ENCRYPT, SIZES, .weight = 2,
	  .most = 24 },
	{ "sim-cbc-aes", "cbc(aes)", SKCIPHER, ENCRYPT, SIZES, .weight = 4, .most = 48 },
	{ "sim-ctr-aes", "ctr(aes)", SKCIPHER, DECRYPT, ODD_SIZES, .weight = 2, .most = 48 },
	{ "sim-gcm-aes", "gcm(aes)", AEAD, ENCRYPT, ODD_SIZES, .weight = 2, .most = 32 },
	{ "sim-gcm-aes", "gcm(aes)", AEAD, DECRYPT, ODD_SIZES, .weight = 2, .most = 32 },
	{ "sim-sha256", "sha256", HASH, DIGEST, ODD_SIZES, .weight = 3, .most = 48 },
	{ "sim-rsa", "rsa", .key = RSA_PUBLIC, AKCIPHER, ENCRYPT, .weight = 1, .most = 8 },
	{ "sim-deflate", "deflate", COMP, COMPRESS, SMALL_SIZES, .weight = 1, .most = 8 },
};

const unsigned int nr_kinds = ARRAY_SIZE(kinds);

static size_t from_hex(const char *hex, unsigned char *bytes)
{
	size_t at;
	unsigned int value;

	for (at = 0; sscanf(hex + 2 * at, "%2x", &value) == 1; at++)
		bytes[at] = value;
	return at;
}

void fill_pattern(void *data, size_t bytes, unsigned int seed)
{
	unsigned char *at = data;
	uint32_t state = seed * 2654435761U + 1;

	while (bytes--) {
		state = state * 1664525U + 1013904223U;
		*at++ = state >> 24;
	}
}

static int open_named(const struct kind *kind, const char *name)
{
	struct devcrypto_config config = { .alg_class = kind->alg_class, .flags = kind->flags };
	static const unsigned char constant[16] = "never a secret";
	unsigned char key[1024];
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), error;

	if (fd < 0)
		return -1;
	snprintf(config.name, sizeof(config.name), "%s", name);
	config.key_bytes = kind->key_bytes;
	config.key = kind->key_bytes ? address_of(constant) : 0;
	if (kind->key) {
		config.key_bytes = from_hex(kind->key, key);
		config.key = address_of(key);
	}
	if (!ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int kind_open(const struct kind *kind)
{
	return open_named(kind, kind->name);
}

struct devcrypto_request kind_request(const struct kind *kind, const struct variant *variant,
				      void *dst, void *tag)
{
	struct devcrypto_request request = {
		.op = kind->op,
		.src = variant->src_bytes ? address_of(variant->src) : 0,
		.src_bytes = variant->src_bytes,
		.dst = variant->dst_bytes ? address_of(dst) : 0,
		.dst_bytes = variant->dst_bytes,
	};

	switch (kind->alg_class) {
	case DEVCRYPTO_CLASS_SKCIPHER:
		request.iv = address_of(variant->iv);
		request.iv_bytes = sizeof(variant->iv);
		break;
	case DEVCRYPTO_CLASS_AEAD:
		request.iv = address_of(variant->iv);
		request.iv_bytes = 12;
		request.assoc = address_of(variant->assoc);
		request.assoc_bytes = sizeof(variant->assoc);
		request.tag = address_of(kind->op == DEVCRYPTO_OP_ENCRYPT ? tag : variant->tag);
		request.tag_bytes = sizeof(variant->tag);
		break;
	case DEVCRYPTO_CLASS_SIG:
		request.signature = address_of(variant->signature);
		request.signature_bytes = sizeof(variant->signature);
		break;
	}
	return request;
}

static int run_one(int fd, struct devcrypto_request *request)
{
	struct devcrypto_run run = {
		.requests = address_of(request), .count = 1, .request_bytes = sizeof(*request),
	};

	return ioctl(fd, DEVCRYPTO_IOC_RUN, &run) == 1 ? request->out_result : -errno;
}

/* The operands, before the reference is asked. */
static void set_operands(const struct kind *kind, struct variant *variant, unsigned int number)
{
	variant->src = aligned_alloc(4096, 20480);
	variant->expected = malloc(ROOM_BYTES);
	variant->src_bytes = kind->sizes[number];
	variant->dst_bytes = kind->sizes[number];
	fill_pattern(variant->src, MAX_BYTES, number + 1);
	fill_pattern(variant->iv, sizeof(variant->iv), number + 2);
	fill_pattern(variant->assoc, sizeof(variant->assoc), number + 3);
	switch (kind->alg_class) {
	case DEVCRYPTO_CLASS_HASH:
		variant->dst_bytes = 32;
		break;
	case DEVCRYPTO_CLASS_COMP:
		for (uint32_t at = 0; at < variant->src_bytes; at++)
			variant->src[at] = 'a' + at % (13 + number);
		variant->dst_bytes += 1024;
		break;
	case DEVCRYPTO_CLASS_AKCIPHER:
		/* A number below the modulus. */
		variant->src[0] = 1;
		variant->src_bytes = variant->dst_bytes = 64;
		break;
	case DEVCRYPTO_CLASS_SIG:
		fill_pattern(variant->src, 32, 1);
		variant->src_bytes = 32;
		variant->dst_bytes = 0;
		from_hex(RSA_SIGNATURE, variant->signature);
		break;
	case DEVCRYPTO_CLASS_KPP:
		variant->src_bytes = from_hex(ECDH_PEER, variant->src);
		variant->dst_bytes = 64;
		break;
	case DEVCRYPTO_CLASS_RNG:
		variant->src_bytes = 0;
		variant->dst_bytes = 16 << number;
		break;
	}
}

/* Has what is to be decrypted or decompressed made of the pattern. */
static int set_inverse(int fd, struct kind *kind, struct variant *variant, unsigned char *text)
{
	const bool cipher = kind->op == DEVCRYPTO_OP_DECRYPT;
	struct devcrypto_request request;
	const uint32_t op = kind->op;
	int result;

	memcpy(text, variant->src, variant->src_bytes);
	kind->op = cipher ? DEVCRYPTO_OP_ENCRYPT : DEVCRYPTO_OP_COMPRESS;
	request = kind_request(kind, variant, variant->expected, variant->tag);
	kind->op = op;
	result = run_one(fd, &request);
	if (result)
		return result;
	memcpy(variant->src, variant->expected, request.out_bytes);
	variant->dst_bytes = variant->src_bytes;
	variant->src_bytes = request.out_bytes;
	return 0;
}

static int prepare_variant(int fd, struct kind *kind, unsigned int number)
{
	const bool inverse = kind->op == DEVCRYPTO_OP_DECRYPT || kind->op == DEVCRYPTO_OP_DECOMPRESS;
	struct variant *variant = &kind->variants[number];
	unsigned char text[MAX_BYTES];
	struct devcrypto_request request;
	int result;

	set_operands(kind, variant, number);
	if (inverse && set_inverse(fd, kind, variant, text))
		return -1;
	/* The last of them is forged, where that can be. */
	if (number == VARIANTS - 1 && kind->alg_class == DEVCRYPTO_CLASS_AEAD && inverse) {
		variant->tag[1] ^= 1;
		variant->result = -EBADMSG;
	} else if (number == VARIANTS - 1 && kind->alg_class == DEVCRYPTO_CLASS_SIG) {
		variant->signature[9] ^= 1;
		variant->result = -EKEYREJECTED;
	}
	request = kind_request(kind, variant, variant->expected, variant->tag);
	result = run_one(fd, &request);
	variant->expected_bytes = request.out_bytes;
	if (result != variant->result) {
		fprintf(stderr, "soak: %s: %d\n", kind->reference, result);
		return -1;
	}
	if (kind->alg_class == DEVCRYPTO_CLASS_RNG)
		variant->expected = NULL;
	if (inverse && !result)
		return memcmp(text, variant->expected, request.out_bytes) ? -1 : 0;
	return 0;
}

static void prepare(struct kind *kind)
{
	unsigned int number;
	int fd = open_named(kind, kind->reference), own = kind_open(kind);

	if ((fd < 0 || own < 0) && errno == ENOENT) {
		kind->missing = true;
		printf("soak: this kernel has no %s\n", kind->name);
	} else if (fd < 0 || own < 0) {
		fail("%s cannot be configured: %s", kind->name, strerror(errno));
	}
	for (number = 0; number < VARIANTS && !kind->missing && fd >= 0; number++)
		if (prepare_variant(fd, kind, number))
			fail("%s has no reference %u", kind->name, number);
	if (fd >= 0)
		close(fd);
	if (own >= 0)
		close(own);
}

unsigned int kinds_prepare(void)
{
	unsigned int at, missing = 0;

	for (at = 0; at < nr_kinds; at++) {
		prepare(&kinds[at]);
		missing += kinds[at].missing;
	}
	return missing;
}

const struct kind *kind_any(uint64_t *random)
{
	unsigned int at, sum = 0, chosen;

	for (at = 0; at < nr_kinds; at++)
		sum += kinds[at].missing ? 0 : kinds[at].weight;
	chosen = draw_below(random, sum);
	for (at = 0;; at++) {
		const unsigned int weight = kinds[at].missing ? 0 : kinds[at].weight;

		if (chosen < weight)
			return &kinds[at];
		chosen -= weight;
	}
}
