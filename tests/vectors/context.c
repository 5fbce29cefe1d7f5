/* SPDX-License-Identifier: MIT */
/* Configured descriptors of the device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runner.h"

const char *device_path = "/dev/crypto";
struct devcrypto_info device_info;

static int device_open(void)
{
	return open(device_path, O_RDWR | O_CLOEXEC);
}

/* Learns the limits; without a device there is nothing to do. */
void device_probe(void)
{
	int fd = device_open();

	if (fd < 0)
		die("%s: %s", device_path, strerror(errno));
	if (ioctl(fd, DEVCRYPTO_IOC_INFO, &device_info))
		die("DEVCRYPTO_IOC_INFO: %s", strerror(errno));
	close(fd);
}

/* Returns 0 and fills in @config, or the errno. */
int context_query(uint32_t alg_class, const char *name,
		  struct devcrypto_config *config)
{
	int fd = device_open();
	int error = 0;

	if (fd < 0)
		die("%s: %s", device_path, strerror(errno));
	memset(config, 0, sizeof(*config));
	config->alg_class = alg_class;
	config->flags = DEVCRYPTO_CONFIG_QUERY;
	strncpy(config->name, name, sizeof(config->name) - 1);
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, config))
		error = errno;
	close(fd);
	return error;
}

static void add_flags(const struct row *row, const struct vec_record *record,
		      struct devcrypto_config *config)
{
	if (record->private_key)
		config->flags |= DEVCRYPTO_CONFIG_PRIVATE;
	if (row->algorithm->alg_class == DEVCRYPTO_CLASS_RNG) {
		/* What is packed as a key goes into the first request. */
		config->flags |= DEVCRYPTO_CONFIG_ENTROPY;
		config->key = 0;
		config->key_bytes = 0;
	}
}

/*
 * Returns a context for the key and tag length of @record, and the longest
 * output of its requests, or -1 and @error.
 */
int context_open(const struct vectors *vectors, const struct row *row,
		 const struct vec_record *record, const uint8_t *key,
		 uint32_t flags, uint32_t *output_bytes, int *error)
{
	struct devcrypto_config config = {
		.alg_class = row->algorithm->alg_class,
		.flags = flags,
		.key = record->key.bytes ? (uintptr_t)key : 0,
		.key_bytes = record->key.bytes,
		.tag_bytes = record->tag_bytes,
	};
	int fd = device_open();

	if (fd < 0)
		die("%s: %s", device_path, strerror(errno));
	memcpy(config.name, row->driver, sizeof(config.name));
	add_flags(row, record, &config);
	if (row->algorithm->alg_class == DEVCRYPTO_CLASS_KPP && record->iv.bytes) {
		config.dh_p = (uintptr_t)vec_at(vectors, record->iv);
		config.dh_p_bytes = record->iv.bytes;
		config.dh_g = (uintptr_t)vec_at(vectors, record->assoc);
		config.dh_g_bytes = record->assoc.bytes;
	}
	*error = 0;
	if (!ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
		*output_bytes = config.out_output_bytes;
		return fd;
	}
	*error = errno;
	close(fd);
	return -1;
}
