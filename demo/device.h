/* SPDX-License-Identifier: MIT */
/* The device's side of the demonstration: whole files through /dev/crypto. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/devcrypto.h>

/* A configured context. */
struct device {
	int fd;
	struct devcrypto_config config;
	/* Most bytes of one request. */
	size_t max_bytes;
};

/* What an AEAD works on beside the text. */
struct sealed {
	const unsigned char *assoc;
	size_t assoc_bytes;
	unsigned char *tag;
};

struct device device_open(__u32 alg_class, const char *name, const unsigned char *key,
			  size_t key_bytes);
void device_close(struct device *device);

/*
 * Each returns 0 or the negated error. Longer than a request may be, a message
 * goes in several, where its mode chains; a hash goes as a stream.
 */
int device_crypt(struct device *device, bool encrypt, const unsigned char *iv,
		 const unsigned char *in, unsigned char *out, size_t bytes);
int device_seal(struct device *device, bool encrypt, const unsigned char *iv,
		const struct sealed *sealed, const unsigned char *in, unsigned char *out,
		size_t bytes);
int device_hash(struct device *device, const unsigned char *in, size_t bytes,
		unsigned char *digest);

#endif /* DEVICE_H */
