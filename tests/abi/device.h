/* SPDX-License-Identifier: MIT */
/* What the tests of the device share: contexts, valid requests, awkward memory. */
#ifndef DEVICE_H
#define DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/devcrypto.h>

#define DEVICE "/dev/crypto"

/* Lengths of the valid requests below. */
#define TEXT_BYTES	64
#define ASSOC_BYTES	20
#define BLOCK_BYTES	16
#define NONCE_BYTES	12
#define TAG_BYTES	16
#define DIGEST_BYTES	32
#define KEY_BYTES	16
#define PACKED_BYTES	19

/* What fills memory that must stay as it is. */
#define UNTOUCHED	0xA5

/* The key of every context whose key does not matter. */
extern const unsigned char test_key[64];

#define address_of(pointer) ((uint64_t)(uintptr_t)(pointer))

/**
 * device_open() - a new context
 *
 * Without the device the test is skipped, except in the guest, where it fails.
 */
int device_open(void);

struct devcrypto_config config_of(uint32_t alg_class, const char *name, uint32_t key_bytes);

/* What shares algorithm and key with @source. */
struct devcrypto_config share_of(int source, uint32_t flags);

/**
 * need_algorithm() - skip the test if the kernel does not have an algorithm
 */
void need_algorithm(uint32_t alg_class, const char *name);

/**
 * generator_name() - stdrng, or a generator that the kernel has in its place
 */
const char *generator_name(void);

/**
 * signature_name() - RSASSA-PKCS1-v1_5 with SHA-256, as the kernel calls it
 */
const char *signature_name(void);

/* The test is skipped if the kernel does not have the algorithm. */
int context_of(const struct devcrypto_config *config);
/* A context with the first @key_bytes of test_key, configured with @flags. */
int context_flags(uint32_t alg_class, const char *name, uint32_t key_bytes, uint32_t flags);
int context_new(uint32_t alg_class, const char *name, uint32_t key_bytes);
int context_sharing(int source, uint32_t flags);
struct devcrypto_info info_now(void);

/* Runs @count requests; what the ioctl returns. */
int run_batch(int fd, struct devcrypto_request *requests, uint32_t count);
/* Runs one request, which has to be executed; its out_result. */
int run_request(int fd, struct devcrypto_request *request);

/* Submits @count requests; how many were accepted, or -1. */
int submit(int fd, struct devcrypto_request *requests, uint32_t count);
/* Waits for @min completions and takes @max at most; how many, or -1. */
int reap(int fd, struct devcrypto_completion *completions, uint32_t max, uint32_t min);
/* As reap(), but waits no longer than this. */
int reap_within(int fd, struct devcrypto_completion *completions, uint32_t max, uint32_t min,
		uint64_t timeout_ns);
/* Submits one request, which has to be accepted, and takes its completion. */
struct devcrypto_completion submit_request(int fd, struct devcrypto_request *request);
/* Cancels what matches; what the ioctl returns. */
int cancel(int fd, uint64_t user_data, struct devcrypto_cancel *answer);
int cancel_all(int fd, struct devcrypto_cancel *answer);

/**
 * struct canceller - a thread that cancels everything of a context all the time
 * @fd: the context
 * @stop: it is to end
 * @cancelled: requests that it was told to have cancelled
 * @wrong: answers that cannot be; known, as @cancelled is, when it has been stopped
 */
struct canceller {
	pthread_t thread;
	int fd;
	bool stop;
	uint32_t cancelled, wrong;
};

void canceller_start(struct canceller *canceller, int fd);
void canceller_stop(struct canceller *canceller);
/* Completions of @fd are told to an eventfd, or with -1 to none. */
int signal_to(int fd, int eventfd);
void set_nonblocking(int fd);
/* A number in the fdinfo of a context. */
long long fdinfo_of(int fd, const char *name);

/* A context of sha256, and a request to hash so many bytes. */
int hashing_context(void);
struct devcrypto_request digest_request(const void *src, uint32_t bytes, unsigned char *digest);

/*
 * Hashing so much takes so long that the request is under way for the next
 * system calls at least.
 */
#define SLOW_BYTES	(16U << 20)
/* Submits such a request; nobody looks at what it writes. */
void submit_slow(int fd, uint64_t user_data);
/* A hash context with as many requests as there may be, @but so many, all unreaped. */
int full_context(uint32_t but);

/* One of each operation of each class. */
enum base {
	SKCIPHER_ENCRYPT,
	SKCIPHER_DECRYPT,
	AEAD_ENCRYPT,
	AEAD_DECRYPT,
	HASH_DIGEST,
	HASH_STREAM_INIT,
	HASH_STREAM_UPDATE,
	HASH_STREAM_FINAL,
	RNG_GENERATE,
	RNG_RESEED,
	COMP_COMPRESS,
	COMP_DECOMPRESS,
	AKCIPHER_ENCRYPT,
	AKCIPHER_DECRYPT,
	SIG_SIGN,
	SIG_VERIFY,
	KPP_PUBLIC_KEY,
	KPP_SHARED_SECRET,
	BASES
};

/* Each of them, with its name. */
struct base_row {
	const char *name;
	enum base base;
};

extern const struct base_row every_base[BASES];

/**
 * struct fixture - a context and a request that succeeds on it
 * @fd: the context: cbc(aes), gcm(aes), sha256, a generator, deflate, rsa,
 *	RSASSA-PKCS1 with SHA-256, or ecdh-nist-p256
 * @request: uses the buffers below
 * @expected: what is at @dst afterwards, where that is known
 * @expected_bytes: its length
 */
struct fixture {
	int fd;
	struct devcrypto_request request;
	unsigned char src[TEXT_BYTES];
	unsigned char dst[TEXT_BYTES];
	unsigned char iv[BLOCK_BYTES];
	unsigned char assoc[ASSOC_BYTES];
	unsigned char tag[TAG_BYTES];
	unsigned char signature[TEXT_BYTES];
	unsigned char expected[TEXT_BYTES];
	size_t expected_bytes;
};

struct fixture *fixture_new(enum base base, uint32_t config_flags);
/* What its context is configured with; the key is good until the next call. */
struct devcrypto_config fixture_config(enum base base, uint32_t config_flags);
/* The request once more as it was, with its buffers; it has to succeed. */
void fixture_check(struct fixture *fixture);
/* @dst holds what it held before the request. */
void fixture_expect_untouched(const struct fixture *fixture);

/*
 * Memory between two pages that cannot be accessed: @bytes that end at the
 * second, or begin behind the first.
 */
unsigned char *memory_before_hole(size_t bytes);
unsigned char *memory_after_hole(size_t bytes);
/* Of @bytes the first @good can be accessed. */
unsigned char *memory_torn(size_t bytes, size_t good);
void memory_read_only(void *address, size_t bytes);
/* Address of nothing. */
void *memory_hole(void);
size_t page_bytes(void);

/* Hands a descriptor to whoever has the other end of a socket. */
void send_descriptor(int socket, int fd);
int receive_descriptor(int socket);

/* Seconds of a clock that only goes forward. */
double now(void);

void fill_pattern(void *data, size_t bytes, unsigned int seed);
size_t from_hex(const char *hex, unsigned char *bytes);

#endif /* DEVICE_H */
