// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "keys.h"

const struct base_row every_base[BASES] = {
	{ "SKCIPHER_ENCRYPT", SKCIPHER_ENCRYPT },
	{ "SKCIPHER_DECRYPT", SKCIPHER_DECRYPT },
	{ "AEAD_ENCRYPT", AEAD_ENCRYPT },
	{ "AEAD_DECRYPT", AEAD_DECRYPT },
	{ "HASH_DIGEST", HASH_DIGEST },
	{ "HASH_STREAM_INIT", HASH_STREAM_INIT },
	{ "HASH_STREAM_UPDATE", HASH_STREAM_UPDATE },
	{ "HASH_STREAM_FINAL", HASH_STREAM_FINAL },
	{ "RNG_GENERATE", RNG_GENERATE },
	{ "RNG_RESEED", RNG_RESEED },
	{ "COMP_COMPRESS", COMP_COMPRESS },
	{ "COMP_DECOMPRESS", COMP_DECOMPRESS },
	{ "AKCIPHER_ENCRYPT", AKCIPHER_ENCRYPT },
	{ "AKCIPHER_DECRYPT", AKCIPHER_DECRYPT },
	{ "SIG_SIGN", SIG_SIGN },
	{ "SIG_VERIFY", SIG_VERIFY },
	{ "KPP_PUBLIC_KEY", KPP_PUBLIC_KEY },
	{ "KPP_SHARED_SECRET", KPP_SHARED_SECRET },
};

const unsigned char test_key[64] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
	0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
	0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe,
	0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
	0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7,
	0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
	0x8e, 0x73, 0xb0, 0xf7, 0xda, 0x0e, 0x64, 0x52,
	0xc8, 0x10, 0xf3, 0x2b, 0x80, 0x90, 0x79, 0xe5,
};

int device_open(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && !getenv("DEVCRYPTO_GUEST"))
		SKIP("no " DEVICE " to use");
	ASSERT_OK(fd);
	return fd;
}

struct devcrypto_config config_of(uint32_t alg_class, const char *name, uint32_t key_bytes)
{
	struct devcrypto_config config = {
		.alg_class = alg_class,
		.key = key_bytes ? address_of(test_key) : 0,
		.key_bytes = key_bytes,
	};

	snprintf(config.name, sizeof(config.name), "%s", name);
	return config;
}

struct devcrypto_config share_of(int source, uint32_t flags)
{
	struct devcrypto_config config = {
		.flags = DEVCRYPTO_CONFIG_SOURCE | flags,
		.source = source,
	};

	return config;
}

static bool has_algorithm(uint32_t alg_class, const char *name)
{
	struct devcrypto_config config = config_of(alg_class, name, 0);
	int fd = device_open(), result;

	config.flags = DEVCRYPTO_CONFIG_QUERY;
	result = ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config);
	ASSERT_TRUE(result == 0 || errno == ENOENT);
	close(fd);
	return !result;
}

void need_algorithm(uint32_t alg_class, const char *name)
{
	char reason[DEVCRYPTO_NAME_BYTES + 32];

	if (has_algorithm(alg_class, name))
		return;
	snprintf(reason, sizeof(reason), "this kernel has no %s", name);
	SKIP(reason);
}

const char *generator_name(void)
{
	const bool standard = has_algorithm(DEVCRYPTO_CLASS_RNG, "stdrng");

	return standard ? "stdrng" : "jitterentropy_rng";
}

const char *signature_name(void)
{
	const char *name = "pkcs1(rsa,sha256)";

	return has_algorithm(DEVCRYPTO_CLASS_SIG, name) ? name : "pkcs1pad(rsa,sha256)";
}

int context_of(const struct devcrypto_config *config)
{
	struct devcrypto_config copy = *config;
	int fd = device_open(), result;

	result = ioctl(fd, DEVCRYPTO_IOC_CONFIG, &copy);
	if (result && errno == ENOENT)
		need_algorithm(config->alg_class, config->name);
	ASSERT_OK(result);
	return fd;
}

int context_flags(uint32_t alg_class, const char *name, uint32_t key_bytes, uint32_t flags)
{
	struct devcrypto_config config = config_of(alg_class, name, key_bytes);

	config.flags = flags;
	return context_of(&config);
}

int context_new(uint32_t alg_class, const char *name, uint32_t key_bytes)
{
	return context_flags(alg_class, name, key_bytes, 0);
}

int context_sharing(int source, uint32_t flags)
{
	struct devcrypto_config config = share_of(source, flags);
	int fd = device_open();

	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	return fd;
}

struct devcrypto_info info_now(void)
{
	struct devcrypto_info info = { 0 };
	int fd = device_open();

	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_INFO, &info));
	close(fd);
	return info;
}

int run_batch(int fd, struct devcrypto_request *requests, uint32_t count)
{
	struct devcrypto_run run = {
		.requests = address_of(requests),
		.count = count,
		.request_bytes = sizeof(*requests),
	};

	return ioctl(fd, DEVCRYPTO_IOC_RUN, &run);
}

int run_request(int fd, struct devcrypto_request *request)
{
	ASSERT_EQ(1, ASSERT_OK(run_batch(fd, request, 1)));
	return request->out_result;
}

int submit(int fd, struct devcrypto_request *requests, uint32_t count)
{
	struct devcrypto_submit submit = {
		.requests = address_of(requests),
		.count = count,
		.request_bytes = sizeof(*requests),
	};
	int result = ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit);

	return result ? result : (int)submit.out_submitted;
}

int reap_within(int fd, struct devcrypto_completion *completions, uint32_t max, uint32_t min,
		uint64_t timeout_ns)
{
	struct devcrypto_submit submit = {
		.completions = address_of(completions),
		.max_completions = max,
		.completion_bytes = sizeof(*completions),
		.min_completions = min,
		.timeout_ns = timeout_ns,
	};
	int result = ioctl(fd, DEVCRYPTO_IOC_SUBMIT, &submit);

	return result ? result : (int)submit.out_completed;
}

int reap(int fd, struct devcrypto_completion *completions, uint32_t max, uint32_t min)
{
	return reap_within(fd, completions, max, min, 0);
}

struct devcrypto_completion submit_request(int fd, struct devcrypto_request *request)
{
	struct devcrypto_completion completion = { .result = 1 };

	ASSERT_EQ(1, submit(fd, request, 1));
	ASSERT_EQ(1, reap(fd, &completion, 1, 1));
	EXPECT_EQ(request->user_data, completion.user_data);
	return completion;
}

int cancel(int fd, uint64_t user_data, struct devcrypto_cancel *answer)
{
	*answer = (struct devcrypto_cancel){ .user_data = user_data };
	return ioctl(fd, DEVCRYPTO_IOC_CANCEL, answer);
}

int cancel_all(int fd, struct devcrypto_cancel *answer)
{
	*answer = (struct devcrypto_cancel){ .flags = DEVCRYPTO_CANCEL_ALL };
	return ioctl(fd, DEVCRYPTO_IOC_CANCEL, answer);
}

static void *cancel_often(void *argument)
{
	struct canceller *canceller = argument;
	struct devcrypto_cancel answer;

	while (!__atomic_load_n(&canceller->stop, __ATOMIC_SEQ_CST)) {
		int result = cancel_all(canceller->fd, &answer);

		canceller->wrong += result && errno != EALREADY;
		canceller->wrong += (result != 0) != (answer.out_running && !answer.out_cancelled);
		canceller->cancelled += answer.out_cancelled;
		usleep(300);
	}
	return NULL;
}

void canceller_start(struct canceller *canceller, int fd)
{
	*canceller = (struct canceller){ .fd = fd };
	ASSERT_EQ(0, pthread_create(&canceller->thread, NULL, cancel_often, canceller));
}

void canceller_stop(struct canceller *canceller)
{
	__atomic_store_n(&canceller->stop, true, __ATOMIC_SEQ_CST);
	pthread_join(canceller->thread, NULL);
}

int signal_to(int fd, int eventfd)
{
	struct devcrypto_eventfd signal = { .fd = eventfd };

	return ioctl(fd, DEVCRYPTO_IOC_EVENTFD, &signal);
}

void set_nonblocking(int fd)
{
	ASSERT_OK(fcntl(fd, F_SETFL, ASSERT_OK(fcntl(fd, F_GETFL)) | O_NONBLOCK));
}

long long fdinfo_of(int fd, const char *name)
{
	char path[64], line[256];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoll(line + strlen(name) + 1, NULL, 10);
	fclose(file);
	ASSERT_TRUE(value >= 0);
	return value;
}

int hashing_context(void)
{
	return context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
}

struct devcrypto_request digest_request(const void *src, uint32_t bytes, unsigned char *digest)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(src),
		.src_bytes = bytes,
		.dst = address_of(digest),
		.dst_bytes = DIGEST_BYTES,
	};

	return request;
}

void submit_slow(int fd, uint64_t user_data)
{
	static unsigned char digest[DIGEST_BYTES];
	static unsigned char *data;
	struct devcrypto_request request;

	if (!data)
		data = calloc(1, SLOW_BYTES);
	request = digest_request(data, SLOW_BYTES, digest);
	request.user_data = user_data;
	ASSERT_EQ(1, submit(fd, &request, 1));
}

int full_context(uint32_t but)
{
	static unsigned char digest[DIGEST_BYTES];
	const struct devcrypto_info info = info_now();
	struct devcrypto_request *requests = calloc(info.max_batch, sizeof(*requests));
	uint32_t left = info.max_in_flight - but, at, count;
	int fd = hashing_context();

	for (at = 0; at < info.max_batch; at++)
		requests[at] = digest_request(test_key, 1, digest);
	for (; left; left -= count) {
		count = left < info.max_batch ? left : info.max_batch;
		ASSERT_EQ(count, submit(fd, requests, count));
	}
	free(requests);
	return fd;
}

static const struct {
	uint32_t alg_class;
	const char *name;
	uint32_t key_bytes;
	uint32_t op;
} bases[BASES] = {
	{ DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES, DEVCRYPTO_OP_ENCRYPT },
	{ DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES, DEVCRYPTO_OP_DECRYPT },
	{ DEVCRYPTO_CLASS_AEAD, "gcm(aes)", KEY_BYTES, DEVCRYPTO_OP_ENCRYPT },
	{ DEVCRYPTO_CLASS_AEAD, "gcm(aes)", KEY_BYTES, DEVCRYPTO_OP_DECRYPT },
	{ DEVCRYPTO_CLASS_HASH, "sha256", 0, DEVCRYPTO_OP_DIGEST },
	{ DEVCRYPTO_CLASS_HASH, "sha256", 0, DEVCRYPTO_OP_STREAM_INIT },
	{ DEVCRYPTO_CLASS_HASH, "sha256", 0, DEVCRYPTO_OP_STREAM_UPDATE },
	{ DEVCRYPTO_CLASS_HASH, "sha256", 0, DEVCRYPTO_OP_STREAM_FINAL },
	{ DEVCRYPTO_CLASS_RNG, NULL, 0, DEVCRYPTO_OP_GENERATE },
	{ DEVCRYPTO_CLASS_RNG, NULL, 0, DEVCRYPTO_OP_RESEED },
	{ DEVCRYPTO_CLASS_COMP, "deflate", 0, DEVCRYPTO_OP_COMPRESS },
	{ DEVCRYPTO_CLASS_COMP, "deflate", 0, DEVCRYPTO_OP_DECOMPRESS },
	{ DEVCRYPTO_CLASS_AKCIPHER, "rsa", 0, DEVCRYPTO_OP_ENCRYPT },
	{ DEVCRYPTO_CLASS_AKCIPHER, "rsa", 0, DEVCRYPTO_OP_DECRYPT },
	{ DEVCRYPTO_CLASS_SIG, NULL, 0, DEVCRYPTO_OP_SIGN },
	{ DEVCRYPTO_CLASS_SIG, NULL, 0, DEVCRYPTO_OP_VERIFY },
	{ DEVCRYPTO_CLASS_KPP, "ecdh-nist-p256", 0, DEVCRYPTO_OP_PUBLIC_KEY },
	{ DEVCRYPTO_CLASS_KPP, "ecdh-nist-p256", 0, DEVCRYPTO_OP_SHARED_SECRET },
};

/* RFC 1951: a block of TEXT_BYTES, the letters from a to n again and again. */
static const char packed_text[] = "4b4c4a4e494d4bcfc8cccacec9cd4b24990700";
/* The same block behind empty ones, TEXT_BYTES together. */
static const char empty_block[] = "000000ffff";

static void fill_comp(struct fixture *fixture, enum base base)
{
	unsigned char text[TEXT_BYTES], packed[TEXT_BYTES];
	size_t at;

	for (at = 0; at < TEXT_BYTES; at++)
		text[at] = 'a' + at % 14;
	for (at = 0; at < TEXT_BYTES - PACKED_BYTES;)
		at += from_hex(empty_block, packed + at);
	ASSERT_EQ(TEXT_BYTES, at + from_hex(packed_text, packed + at));
	if (base == COMP_COMPRESS) {
		memcpy(fixture->src, text, TEXT_BYTES);
		memcpy(fixture->expected, packed + at, PACKED_BYTES);
		fixture->expected_bytes = PACKED_BYTES;
	} else {
		memcpy(fixture->src, packed, TEXT_BYTES);
		memcpy(fixture->expected, text, TEXT_BYTES);
		fixture->expected_bytes = TEXT_BYTES;
	}
}

/* Keys that are no part of test_key. */
static const char * const base_keys[BASES] = {
	[AKCIPHER_ENCRYPT] = RSA_PUBLIC,
	[AKCIPHER_DECRYPT] = RSA_PRIVATE,
	[SIG_SIGN] = RSA_PRIVATE,
	[SIG_VERIFY] = RSA_PUBLIC,
	[KPP_PUBLIC_KEY] = ECDH_D,
	[KPP_SHARED_SECRET] = ECDH_D,
};

static const char *base_name(enum base base)
{
	if (bases[base].name)
		return bases[base].name;
	return bases[base].alg_class == DEVCRYPTO_CLASS_RNG ? generator_name() : signature_name();
}

struct devcrypto_config fixture_config(enum base base, uint32_t config_flags)
{
	struct devcrypto_config config = config_of(bases[base].alg_class, base_name(base),
						   bases[base].key_bytes);
	static unsigned char key[1024];

	config.flags = config_flags;
	if (base == AKCIPHER_DECRYPT || base == SIG_SIGN)
		config.flags |= DEVCRYPTO_CONFIG_PRIVATE;
	if (base_keys[base]) {
		config.key = address_of(key);
		config.key_bytes = from_hex(base_keys[base], key);
	}
	return config;
}

/* Fields that the operation at hand uses. */
static void point_to_buffers(struct fixture *fixture, enum base base)
{
	struct devcrypto_request *request = &fixture->request;

	memset(request, 0, sizeof(*request));
	request->op = bases[base].op;
	if (base != HASH_STREAM_INIT && base != KPP_PUBLIC_KEY) {
		request->src = address_of(fixture->src);
		request->src_bytes = base == RNG_RESEED ? 0 : TEXT_BYTES;
	}
	if (base == SIG_SIGN || base == SIG_VERIFY)
		request->src_bytes = DIGEST_BYTES;
	if (base == SIG_VERIFY) {
		request->signature = address_of(fixture->signature);
		request->signature_bytes = TEXT_BYTES;
	}
	if (base != HASH_STREAM_INIT && base != HASH_STREAM_UPDATE && base != RNG_RESEED &&
	    base != SIG_VERIFY) {
		request->dst = address_of(fixture->dst);
		request->dst_bytes = TEXT_BYTES;
	}
	if (base <= AEAD_DECRYPT) {
		request->iv = address_of(fixture->iv);
		request->iv_bytes = base <= SKCIPHER_DECRYPT ? BLOCK_BYTES : NONCE_BYTES;
	}
	if (base == AEAD_ENCRYPT || base == AEAD_DECRYPT) {
		request->assoc = address_of(fixture->assoc);
		request->assoc_bytes = ASSOC_BYTES;
		request->tag = address_of(fixture->tag);
		request->tag_bytes = TAG_BYTES;
	}
}

/* Input that was given, and what is known to come of it. */
static void known_answer(struct fixture *fixture, const char *src, const char *expected)
{
	if (src)
		from_hex(src, fixture->src);
	if (expected)
		fixture->expected_bytes = from_hex(expected, fixture->expected);
}

struct fixture *fixture_new(enum base base, uint32_t config_flags)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const struct devcrypto_config config = fixture_config(base, config_flags);

	ASSERT_TRUE(fixture);
	fixture->fd = context_of(&config);
	fill_pattern(fixture->src, TEXT_BYTES, 1);
	fill_pattern(fixture->iv, BLOCK_BYTES, 2);
	fill_pattern(fixture->assoc, ASSOC_BYTES, 3);
	from_hex(RSA_SIGNATURE, fixture->signature);
	if (base == SIG_SIGN)
		known_answer(fixture, NULL, RSA_SIGNATURE);
	else if (base == KPP_PUBLIC_KEY)
		known_answer(fixture, NULL, ECDH_PUBLIC);
	else if (base == KPP_SHARED_SECRET)
		known_answer(fixture, ECDH_PEER, ECDH_SECRET);
	if (base == SKCIPHER_DECRYPT || base == AEAD_DECRYPT || base == AKCIPHER_DECRYPT) {
		/* The ciphertext of the pattern is decrypted. */
		point_to_buffers(fixture, base - 1);
		ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
		memcpy(fixture->expected, fixture->src, TEXT_BYTES);
		memcpy(fixture->src, fixture->dst, TEXT_BYTES);
		fixture->expected_bytes = TEXT_BYTES;
	}
	if (base == COMP_COMPRESS || base == COMP_DECOMPRESS)
		fill_comp(fixture, base);
	point_to_buffers(fixture, base);
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	if (base == RNG_GENERATE)
		fixture->request.src_bytes = 0;
	return fixture;
}

void fixture_check(struct fixture *fixture)
{
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	ASSERT_MEM(fixture->expected, fixture->dst, fixture->expected_bytes);
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
}

void fixture_expect_untouched(const struct fixture *fixture)
{
	unsigned char before[TEXT_BYTES];

	memset(before, UNTOUCHED, TEXT_BYTES);
	EXPECT_MEM(before, fixture->dst, TEXT_BYTES);
}

size_t page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Whole pages for @bytes between two that cannot be accessed. */
static unsigned char *between_holes(size_t bytes, size_t *room)
{
	const size_t page = page_bytes();
	unsigned char *memory;

	*room = (bytes + page - 1) / page * page;
	memory = mmap(NULL, *room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(memory != MAP_FAILED);
	if (*room)
		ASSERT_OK(mprotect(memory + page, *room, PROT_READ | PROT_WRITE));
	return memory + page;
}

unsigned char *memory_before_hole(size_t bytes)
{
	size_t room;
	unsigned char *memory = between_holes(bytes, &room);

	return memory + room - bytes;
}

unsigned char *memory_after_hole(size_t bytes)
{
	size_t room;

	return between_holes(bytes, &room);
}

unsigned char *memory_torn(size_t bytes, size_t good)
{
	size_t room;
	unsigned char *memory = between_holes(bytes + page_bytes(), &room);
	/* The page boundary that separates the good bytes from the rest. */
	unsigned char *tear = memory + (good + page_bytes() - 1) / page_bytes() * page_bytes();

	ASSERT_OK(mprotect(tear, memory + room - tear, PROT_NONE));
	return tear - good;
}

void memory_read_only(void *address, size_t bytes)
{
	uintptr_t first = (uintptr_t)address & ~(page_bytes() - 1);

	ASSERT_OK(mprotect((void *)first, (uintptr_t)address + bytes - first, PROT_READ));
}

void *memory_hole(void)
{
	return memory_after_hole(0);
}

void send_descriptor(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	ASSERT_EQ(1, sendmsg(socket, &message, 0));
}

int receive_descriptor(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	ASSERT_EQ(1, recvmsg(socket, &message, 0));
	ASSERT_TRUE(CMSG_FIRSTHDR(&message) != NULL);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
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

size_t from_hex(const char *hex, unsigned char *bytes)
{
	size_t count = 0;
	unsigned int value;

	for (; hex[0] && hex[1]; hex += 2) {
		ASSERT_EQ(1, sscanf(hex, "%2x", &value));
		bytes[count++] = value;
	}
	return count;
}
