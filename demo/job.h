/* SPDX-License-Identifier: MIT */
/* What is done to a file, and the line that is printed of it. */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/devcrypto.h>

#include "device.h"

#define BLOCK 16

struct algorithm {
	const char *name;
	const char *openssl;
	size_t key_bytes;
	__u32 alg_class;
	/* CBC takes whole blocks. */
	bool padded;
};

/* A file in memory, with room for padding behind it. */
struct file {
	unsigned char *data;
	size_t bytes;
};

/* What one algorithm does to one file. */
struct job {
	const struct algorithm *algorithm;
	const struct file *file;
	struct device device;
	unsigned char key[64], iv[BLOCK];
	/* Of the text with its padding. */
	unsigned char *ours, *theirs;
	size_t bytes;
	int failed;
};

/* Of the monotonic clock, in seconds. */
double now(void);

/* The device has returned: the result, if there is one, is right or not. */
void report(struct job *job, const char *operation, double seconds, int result, bool right);

#endif /* JOB_H */
