// SPDX-License-Identifier: MIT
/* Print the driver's limits, or which driver stands behind a name: info [NAME…]. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/devcrypto.h>

static void show_driver(int fd)
{
	struct devcrypto_info info;

	if (ioctl(fd, DEVCRYPTO_IOC_INFO, &info))
		err(1, "DEVCRYPTO_IOC_INFO");
	printf("version %s, ABI %u%s\n", info.version, info.abi_version,
	       info.fips_enabled ? ", FIPS mode" : "");
	printf("a request: at most %u bytes, %u segments\n", info.max_request_bytes,
	       info.max_segments);
	printf("a call: at most %u requests\n", info.max_batch);
	printf("contexts: %u of %u\n", info.contexts_of_user, info.max_contexts_per_user);
}

/* Asks for each class whether it has the name; 0 if none has. */
static int show_algorithm(int fd, const char *name)
{
	static const char *const classes[] = { "skcipher", "aead", "hash", "rng" };
	unsigned int i;
	int found = 0;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct devcrypto_config config = {
			.alg_class = DEVCRYPTO_CLASS_SKCIPHER + i,
			.flags = DEVCRYPTO_CONFIG_QUERY,
		};

		if (strlen(name) >= sizeof(config.name))
			errx(2, "%s: too long", name);
		memcpy(config.name, name, strlen(name));
		if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
			if (errno != ENOENT)
				err(1, "%s", name);
			continue;
		}
		found = 1;
		printf("%s: %s, driver %s, priority %d%s%s\n", config.out_name, classes[i],
		       config.out_driver, config.out_priority,
		       config.out_properties & DEVCRYPTO_ALG_HARDWARE ? ", hardware" : "",
		       config.out_properties & DEVCRYPTO_ALG_ASYNC ? ", asynchronous" : "");
		printf("  bytes: block %u, iv %u, tag %u, digest %u, key %u to %u\n",
		       config.out_block_bytes, config.out_iv_bytes, config.out_tag_max_bytes,
		       config.out_digest_bytes, config.out_key_min_bytes,
		       config.out_key_max_bytes);
	}
	return found;
}

int main(int argc, char **argv)
{
	int fd = open("/dev/crypto", O_RDWR | O_CLOEXEC), i;

	if (fd < 0)
		err(1, "/dev/crypto");
	if (argc == 1)
		show_driver(fd);
	for (i = 1; i < argc; i++)
		if (!show_algorithm(fd, argv[i]))
			errx(1, "%s: no such algorithm", argv[i]);
	return 0;
}
