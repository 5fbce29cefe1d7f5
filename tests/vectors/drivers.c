/* SPDX-License-Identifier: MIT */
/* Which implementations of an algorithm there are. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static bool known(const struct results *results, const char *driver)
{
	for (unsigned int i = 0; i < results->rows; i++)
		if (!strcmp(results->row[i].driver, driver))
			return true;
	return false;
}

static void add(struct results *results, const struct vec_algorithm *algorithm,
		const struct devcrypto_config *config)
{
	struct row *row;

	if (known(results, config->out_driver))
		return;
	if (results->rows == results->max_rows)
		die("more than %u drivers", results->max_rows);
	row = &results->row[results->rows++];
	row->algorithm = algorithm;
	row->config = *config;
	memcpy(row->driver, config->out_driver, sizeof(row->driver));
}

/* Looks @driver up; it has to be what it is called, of the right algorithm. */
static int try(const struct vec_algorithm *algorithm, const char *name,
	       const char *driver, struct results *results)
{
	struct devcrypto_config config;
	int error = context_query(algorithm->alg_class, driver, &config);

	if (error)
		return error;
	if (strcmp(config.out_driver, driver) || strcmp(config.out_name, name))
		die("asked for %s of %s, got %s of %s", driver, name,
		    config.out_driver, config.out_name);
	add(results, algorithm, &config);
	return 0;
}

/* The entries of /proc/crypto, as far as they matter here. */
struct entry {
	char name[DEVCRYPTO_NAME_BYTES];
	char driver[DEVCRYPTO_NAME_BYTES];
	char type[32];
	bool internal;
	bool passed;
};

static bool fits(const struct entry *entry, uint32_t alg_class, const char *name)
{
	static const char *const types[][2] = {
		[DEVCRYPTO_CLASS_SKCIPHER] = { "skcipher", "lskcipher" },
		[DEVCRYPTO_CLASS_AEAD] = { "aead", "aead" },
		[DEVCRYPTO_CLASS_HASH] = { "shash", "ahash" },
		[DEVCRYPTO_CLASS_RNG] = { "rng", "rng" },
		[DEVCRYPTO_CLASS_AKCIPHER] = { "akcipher", "akcipher" },
		[DEVCRYPTO_CLASS_SIG] = { "sig", "akcipher" },
		[DEVCRYPTO_CLASS_KPP] = { "kpp", "kpp" },
	};

	return !strcmp(entry->name, name) && entry->passed && !entry->internal &&
	       (!strcmp(entry->type, types[alg_class][0]) ||
		!strcmp(entry->type, types[alg_class][1]));
}

static void copy_value(char *to, size_t bytes, const char *value)
{
	snprintf(to, bytes, "%s", value);
}

/*
 * Adds what is registered beside the drivers that were asked for by name. What
 * the policy does not allow is the administrator's and stays aside.
 */
static void add_registered(const struct vec_algorithm *algorithm,
			   const char *name, struct results *results)
{
	FILE *file = fopen("/proc/crypto", "r");
	struct entry entry = { .name = "" };
	char line[512];

	if (!file)
		die("/proc/crypto: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');
		char *value = colon ? colon + 2 : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (!colon) {
			if (fits(&entry, algorithm->alg_class, name))
				try(algorithm, name, entry.driver, results);
			memset(&entry, 0, sizeof(entry));
			continue;
		}
		for (char *c = colon; c >= line && (*c == ':' || isspace(*c)); c--)
			*c = '\0';
		if (!strcmp(line, "name"))
			copy_value(entry.name, sizeof(entry.name), value);
		else if (!strcmp(line, "driver"))
			copy_value(entry.driver, sizeof(entry.driver), value);
		else if (!strcmp(line, "type"))
			copy_value(entry.type, sizeof(entry.type), value);
		else if (!strcmp(line, "internal"))
			entry.internal = !strcmp(value, "yes");
		else if (!strcmp(line, "selftest"))
			entry.passed = !strcmp(value, "passed");
	}
	fclose(file);
}

/* Reads a file with a generic name and a driver of it in each line. */
void read_wanted(const char *path, struct wanted_list *list)
{
	FILE *file = fopen(path, "r");
	struct wanted one;
	char line[512];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %127s", one.name, one.driver) != 2)
			die("%s: no pair of names: %s", path, line);
		list->wanted = realloc(list->wanted, (list->count + 1) * sizeof(one));
		if (!list->wanted)
			die("no memory");
		list->wanted[list->count++] = one;
	}
	fclose(file);
}

/*
 * Adds a row for each implementation of @algorithm that the device gives.
 * Returns the number of entries put into @absent: drivers asked for that are
 * not there or not given.
 */
unsigned int find_drivers(const struct vectors *vectors,
			  const struct vec_algorithm *algorithm,
			  const struct wanted_list *list,
			  struct results *results, struct absent *absent,
			  unsigned int max_absent)
{
	const char *name = vec_at(vectors, algorithm->name);
	struct devcrypto_config config;
	unsigned int count = 0;
	int error;

	/* First by its generic name: that loads the modules that have it. */
	error = context_query(algorithm->alg_class, name, &config);
	if (error)
		absent[count++] = (struct absent){ name, name, error };
	else
		add(results, algorithm, &config);
	for (unsigned int i = 0; i < list->count; i++) {
		const char *driver = list->wanted[i].driver;

		if (strcmp(list->wanted[i].name, name))
			continue;
		error = try(algorithm, name, driver, results);
		if (!error)
			continue;
		if (count == max_absent)
			die("more than %u drivers are absent", max_absent);
		absent[count++] = (struct absent){ name, driver, error };
	}
	add_registered(algorithm, name, results);
	return count;
}
