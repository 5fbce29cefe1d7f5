// SPDX-License-Identifier: MIT
/* Print the digests of files or of standard input, as sha256sum does: hash_file NAME [FILE…]. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/devcrypto.h>

static void run_request(int fd, struct devcrypto_request *request)
{
	struct devcrypto_run run = {
		.requests = (uintptr_t)request, .count = 1, .request_bytes = sizeof(*request),
	};

	if (ioctl(fd, DEVCRYPTO_IOC_RUN, &run) != 1)
		err(1, "DEVCRYPTO_IOC_RUN");
	if (request->out_result)
		errx(1, "request: %s", strerror(-request->out_result));
}

/* The context's stream is empty before and after. */
static void hash_file(int fd, FILE *file, const char *name)
{
	static unsigned char chunk[1 << 18], digest[128];
	struct devcrypto_request update = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE, .src = (uintptr_t)chunk,
	};
	struct devcrypto_request final = {
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = (uintptr_t)digest, .dst_bytes = sizeof(digest),
	};
	unsigned int i;

	while ((update.src_bytes = fread(chunk, 1, sizeof(chunk), file)))
		run_request(fd, &update);
	if (ferror(file))
		err(1, "%s", name);
	run_request(fd, &final);
	for (i = 0; i < final.out_bytes; i++)
		printf("%02x", digest[i]);
	printf("  %s\n", name);
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_HASH };
	int fd, i;

	if (argc < 2 || strlen(argv[1]) >= sizeof(config.name))
		errx(2, "usage: hash_file NAME [FILE...]");
	memcpy(config.name, argv[1], strlen(argv[1]));
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	if (argc == 2)
		hash_file(fd, stdin, "-");
	for (i = 2; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (!file)
			err(1, "%s", argv[i]);
		hash_file(fd, file, argv[i]);
		fclose(file);
	}
	close(fd);
	return 0;
}
