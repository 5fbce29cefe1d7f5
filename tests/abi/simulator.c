// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "keys.h"
#include "simulator.h"

#define PARAMETERS	"/sys/module/devcrypto_sim/parameters/"

void set(const char *name, unsigned int value)
{
	char path[128], text[16];
	int fd, length = snprintf(text, sizeof(text), "%u", value);

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = ASSERT_OK(open(path, O_WRONLY | O_CLOEXEC));
	ASSERT_EQ(length, write(fd, text, length));
	close(fd);
}

static unsigned int number_in(const char *path)
{
	int fd = ASSERT_OK(open(path, O_RDONLY | O_CLOEXEC));
	char text[16] = "";

	ASSERT_OK(read(fd, text, sizeof(text) - 1));
	close(fd);
	return strtoul(text, NULL, 10);
}

unsigned int get(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return number_in(path);
}

void wait_until(const char *name, unsigned int value)
{
	const double began = now();
	unsigned int seen;

	while ((seen = get(name)) != value && now() - began < PATIENCE_SECONDS)
		usleep(1000);
	ASSERT_EQ(value, seen);
}

void arrange(unsigned int depth)
{
	static const char * const knobs[] = {
		"inline_answers", "fail_every", "delay_us", "order", "context", "never", "paused",
	};
	size_t at;

	if (access(PARAMETERS, F_OK) && !getenv("DEVCRYPTO_GUEST"))
		SKIP("no simulated engine");
	for (at = 0; at < ARRAY_SIZE(knobs); at++)
		set(knobs[at], 0);
	wait_until("in_engine", 0);
	set("depth", depth);
	set("error", EIO);
}

const struct engine engines[ENGINES] = {
	{ "skcipher_encrypt", "sim-cbc-aes", NULL, SKCIPHER_ENCRYPT, DEVCRYPTO_CLASS_SKCIPHER,
	  KEY_BYTES, 0 },
	{ "skcipher_decrypt", "sim-cbc-aes", NULL, SKCIPHER_DECRYPT, DEVCRYPTO_CLASS_SKCIPHER,
	  KEY_BYTES, 0 },
	{ "aead_encrypt", "sim-gcm-aes", NULL, AEAD_ENCRYPT, DEVCRYPTO_CLASS_AEAD, KEY_BYTES, 0 },
	{ "aead_decrypt", "sim-gcm-aes", NULL, AEAD_DECRYPT, DEVCRYPTO_CLASS_AEAD, KEY_BYTES, 0 },
	{ "hash", "sim-sha256", NULL, HASH_DIGEST, DEVCRYPTO_CLASS_HASH, 0, 0 },
	{ "stream", "sim-sha256", NULL, HASH_STREAM_FINAL, DEVCRYPTO_CLASS_HASH, 0, 0 },
	{ "akcipher", "sim-rsa", RSA_PUBLIC, AKCIPHER_ENCRYPT, DEVCRYPTO_CLASS_AKCIPHER, 0, 0 },
	{ "akcipher_private", "sim-rsa", RSA_PRIVATE, AKCIPHER_DECRYPT, DEVCRYPTO_CLASS_AKCIPHER,
	  0, DEVCRYPTO_CONFIG_PRIVATE },
	{ "comp", "sim-deflate", NULL, COMP_COMPRESS, DEVCRYPTO_CLASS_COMP, 0, 0 },
};

const struct engine * const cipher = &engines[0];
const struct engine * const hash = &engines[4];
const struct engine * const compression = &engines[8];

int engine_context(const struct engine *engine)
{
	struct devcrypto_config config = config_of(engine->alg_class, engine->driver,
						   engine->key_bytes);
	unsigned char key[1024];

	config.flags = engine->flags;
	if (engine->key) {
		config.key = address_of(key);
		config.key_bytes = from_hex(engine->key, key);
	}
	return context_of(&config);
}

struct fixture *engine_fixture(const struct engine *engine, struct fixture *ran)
{
	struct fixture *fixture = fixture_new(engine->base, 0);

	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	*ran = *fixture;
	memset(fixture->dst, UNTOUCHED, TEXT_BYTES);
	if (engine->base == AEAD_ENCRYPT)
		memset(fixture->tag, UNTOUCHED, TAG_BYTES);
	close(fixture->fd);
	fixture->fd = engine_context(engine);
	return fixture;
}

void expect_same(const struct fixture *ran, const struct fixture *fixture)
{
	EXPECT_MEM(ran->dst, fixture->dst, TEXT_BYTES);
	EXPECT_MEM(ran->tag, fixture->tag, TAG_BYTES);
}

struct counts counts_now(void)
{
	const struct devcrypto_info info = info_now();
	struct counts counts = {
		.contexts = info.contexts_of_user,
		.memory = info.memory_of_user,
		.uses = number_in("/sys/module/devcrypto/refcnt"),
		.engine_uses = number_in("/sys/module/devcrypto_sim/refcnt"),
	};

	return counts;
}

void expect_returned(const struct counts *before)
{
	const double began = now();
	struct counts counts;

	do {
		usleep(10000);
		counts = counts_now();
	} while (now() - began < PATIENCE_SECONDS && memcmp(&counts, before, sizeof(counts)));
	harness_note("returned after %.3f s", now() - began);
	EXPECT_EQ(before->contexts, counts.contexts);
	EXPECT_EQ(before->memory, counts.memory);
	EXPECT_EQ(before->uses, counts.uses);
	EXPECT_EQ(before->engine_uses, counts.engine_uses);
}
