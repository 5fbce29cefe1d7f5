// SPDX-License-Identifier: MIT
/*
 * Hash a file a part at a time, each in a process of its own: resume_hash NAME FILE STATE BYTES.
 *
 * Hashes at most BYTES more of FILE. Where there is more the stream's state is saved in STATE, for
 * the next call, else STATE is removed and the digest printed, as sha256sum does.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/devcrypto.h>

/* What a state file holds: how far it went, and the sealed state of the stream, as long as it is. */
struct progress {
	uint64_t hashed;
	unsigned char state[4096];
};

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

/* Goes on where the last call stopped; a state that was tampered with is refused. */
static uint64_t restore(int fd, const char *path)
{
	struct progress progress;
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_RESTORE, .src = (uintptr_t)progress.state,
	};
	FILE *file = fopen(path, "rb");
	size_t bytes;

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		err(1, "%s", path);
	bytes = fread(&progress, 1, sizeof(progress), file);
	if (bytes < sizeof(progress.hashed))
		errx(1, "%s: no state", path);
	fclose(file);
	request.src_bytes = bytes - sizeof(progress.hashed);
	run_request(fd, &request);
	return progress.hashed;
}

static void save(int fd, const char *path, uint64_t hashed)
{
	struct progress progress = { .hashed = hashed };
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_STREAM_SAVE,
		.dst = (uintptr_t)progress.state, .dst_bytes = sizeof(progress.state),
	};
	size_t bytes;
	FILE *file;

	run_request(fd, &request);
	bytes = sizeof(progress.hashed) + request.out_bytes;
	file = fopen(path, "wb");
	if (!file || fwrite(&progress, 1, bytes, file) != bytes || fclose(file))
		err(1, "%s", path);
}

/* Hashes at most @most bytes; returns how many there were. */
static uint64_t hash(int fd, FILE *file, const char *name, uint64_t most)
{
	static unsigned char chunk[1 << 18];
	struct devcrypto_request update = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE, .src = (uintptr_t)chunk,
	};
	uint64_t left = most;

	while (left) {
		update.src_bytes = fread(chunk, 1, left < sizeof(chunk) ? left : sizeof(chunk), file);
		if (!update.src_bytes)
			break;
		run_request(fd, &update);
		left -= update.src_bytes;
	}
	if (ferror(file))
		err(1, "%s", name);
	return most - left;
}

static void print_digest(int fd, const char *name)
{
	unsigned char digest[128];
	struct devcrypto_request final = {
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = (uintptr_t)digest, .dst_bytes = sizeof(digest),
	};
	unsigned int i;

	run_request(fd, &final);
	for (i = 0; i < final.out_bytes; i++)
		printf("%02x", digest[i]);
	printf("  %s\n", name);
}

int main(int argc, char **argv)
{
	struct devcrypto_config config = { .alg_class = DEVCRYPTO_CLASS_HASH };
	uint64_t hashed;
	FILE *file;
	int fd;

	if (argc != 5 || strlen(argv[1]) >= sizeof(config.name))
		errx(2, "usage: resume_hash NAME FILE STATE BYTES");
	memcpy(config.name, argv[1], strlen(argv[1]));
	fd = open("/dev/crypto", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/crypto");
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config))
		err(1, "%s", config.name);
	hashed = restore(fd, argv[3]);
	file = fopen(argv[2], "rb");
	if (!file || fseeko(file, hashed, SEEK_SET))
		err(1, "%s", argv[2]);
	hashed += hash(fd, file, argv[2], strtoull(argv[4], NULL, 10));
	if (getc(file) != EOF) {
		save(fd, argv[3], hashed);
	} else {
		print_digest(fd, argv[2]);
		unlink(argv[3]);
	}
	fclose(file);
	close(fd);
	return 0;
}
