/* SPDX-License-Identifier: MIT */
/* What the files of the soak share; soak.c says what it does. */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/devcrypto.h>

#define DEVICE		"/dev/crypto"
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define address_of(pointer) ((uint64_t)(uintptr_t)(pointer))

#define MAX_BYTES	16384U
/* A codec may want more room than it uses, and behind that nothing is written. */
#define ROOM_BYTES	(MAX_BYTES + 1024U)
#define GUARD_BYTES	16U
#define UNTOUCHED	0xA5
#define MAX_KINDS	32U
#define VARIANTS	4U
#define PROCESSES	4U

/* --- kinds.c: what is asked for, and what has to come of it --- */

/**
 * struct variant - a request of a kind
 * @src: what it reads, @src_bytes of it
 * @expected: what it writes, @expected_bytes of it; NULL = nobody knows
 * @result: its result
 */
struct variant {
	unsigned char *src, *expected;
	uint32_t src_bytes, dst_bytes, expected_bytes;
	unsigned char iv[16], assoc[20], tag[16], signature[64];
	int result;
};

/**
 * struct kind - an algorithm with an operation
 * @name: of the algorithm or its driver
 * @reference: the algorithm that says what is right
 * @key: in hexadecimal; NULL = @key_bytes of a constant one
 * @weight: how often it is used, against the others
 * @most: requests of it in one call at most
 */
struct kind {
	const char *name, *reference, *key;
	uint32_t alg_class, op, key_bytes, flags;
	unsigned int weight, most;
	bool zerocopy, missing;
	uint32_t sizes[VARIANTS];
	struct variant variants[VARIANTS];
};

extern struct kind kinds[];
extern const unsigned int nr_kinds;

/* Finds out what the kernel has, and computes what is right; how many are missing. */
unsigned int kinds_prepare(void);
/* A configured context of a kind, or -1 with errno. */
int kind_open(const struct kind *kind);
/* A request of a kind whose output goes to @dst and @tag. */
struct devcrypto_request kind_request(const struct kind *kind, const struct variant *variant,
				      void *dst, void *tag);
const struct kind *kind_any(uint64_t *random);
void fill_pattern(void *data, size_t bytes, unsigned int seed);

/* --- soak.c --- */

/* What all processes count. */
struct shared {
	uint64_t requests, cancels, cancelled, dropped, forks, chains, zerocopies, failures;
	uint32_t stop;
	/* Submitted and not reaped, by process; what a killed one leaves stays. */
	uint64_t in_flight[PROCESSES];
};

extern struct shared *shared;

#define count(field, by) ((void)__atomic_add_fetch(&shared->field, by, __ATOMIC_RELAXED))
#define counted(field) __atomic_load_n(&shared->field, __ATOMIC_RELAXED)

uint64_t draw(uint64_t *random);
/* One of 0 to @below - 1. */
uint32_t draw_below(uint64_t *random, uint32_t below);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
double now(void);

/* --- work.c --- */

/* Works until told to stop; in a process of its own, whose number is @index. */
void work(unsigned int index, uint64_t seed) __attribute__((noreturn));

/* --- machine.c: the simulated engine, and what the machine has --- */

struct machine {
	uint64_t uses, simulator_uses, contexts, memory, pinned, slab_bytes;
};

bool simulator_is_there(void);
/* Another behaviour of the simulated engine. */
void simulator_change(uint64_t *random);
/* It answers all that it has, at once. */
void simulator_calm(void);
/* What is in use, once nothing more comes back or after some time. */
struct machine machine_settled(void);

#endif /* SOAK_H */
