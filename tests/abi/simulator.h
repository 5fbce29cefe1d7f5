/* SPDX-License-Identifier: MIT */
/*
 * The simulated engine of tests/kmod/devcrypto_sim.c for tests that need the administrator's
 * rights, and a context and a request in each of its classes.
 */
#ifndef SIMULATOR_H
#define SIMULATOR_H

#include <stdint.h>

#include "device.h"

#define THOUSANDS	4096U

/* Seconds, long enough for a machine that is emulated and busy. */
#define PATIENCE_SECONDS 20.0

/* Values of "order". */
enum order { FIRST, LAST, ANY };

/* Parameters and counters, by their names. */
void set(const char *name, unsigned int value);
unsigned int get(const char *name);
/* Waits until a counter has the value, which it has to have in the end. */
void wait_until(const char *name, unsigned int value);

/**
 * arrange() - the engine as it is for the test, whatever the one before has left
 * @depth: requests that its queue takes
 */
void arrange(unsigned int depth);

/* An operation that the engine has, with the key that it takes if that is not test_key. */
struct engine {
	const char *name, *driver, *key;
	enum base base;
	uint32_t alg_class, key_bytes, flags;
};

#define ENGINES	9
extern const struct engine engines[ENGINES];
extern const struct engine * const cipher;
extern const struct engine * const hash;
extern const struct engine * const compression;

int engine_context(const struct engine *engine);

/**
 * engine_fixture() - a request that the engine is given
 * @engine: the operation
 * @ran: the same with what a processor makes of it
 */
struct fixture *engine_fixture(const struct engine *engine, struct fixture *ran);

/* Both have written the same. */
void expect_same(const struct fixture *ran, const struct fixture *fixture);

/* What there is of contexts, of their memory, and of users of the two modules. */
struct counts {
	uint64_t contexts, memory;
	unsigned int uses, engine_uses;
};

struct counts counts_now(void);
/* All of it comes back, once the engine has answered. */
void expect_returned(const struct counts *before);

#endif /* SIMULATOR_H */
