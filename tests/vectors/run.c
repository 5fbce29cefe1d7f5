/* SPDX-License-Identifier: MIT */
/*
 * Runs the packed vectors through the device: every record, in every layout,
 * on every implementation of its algorithm.
 *
 *	run [-l] [-r REPORT] [-j WORKERS] [-f FAILURES] [-a ALGORITHM]
 *	    [-D DRIVER] [-i ID] [-w WANTED] [-e EVERY] [-s DRIVER=EVERY]
 *	    [-d DEVICE] VECTORS
 *
 * -l	list what would be run
 * -r	write the report there, one JSON object a line
 * -j	worker processes (default: one for each CPU)
 * -f	failures to report (default 1000)
 * -a	only this algorithm, by its generic name
 * -D	only this driver
 * -i	only records that come from this published vector
 * -w	look for the drivers in this file, which has a generic name and a driver
 *	name a line; the others that are registered are found without
 * -e	run one record out of so many
 * -s	of this driver, which is slow, run one record out of so many
 * -d	the device's node
 *
 * Exit status: 0 all passed, 1 something failed, 2 not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runner.h"

#define MAX_ROWS 512
#define MAX_ABSENT 512
#define MAX_WORKERS 64
/* Enough for contexts to be shared, few enough to keep all CPUs busy. */
#define TASK_RECORDS 64

struct options {
	const char *report;
	const char *algorithm;
	const char *driver;
	const char *id;
	const char *vectors;
	const char *wanted;
	const char *slow_driver;
	bool list;
	unsigned int workers;
	unsigned int failures;
	/* Every how many records one is run, and of the slow driver. */
	unsigned int every;
	unsigned int slow_every;
};

/* Some records of one row. */
struct task {
	unsigned int row;
	uint32_t first;
	uint32_t records;
};

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("run: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(2);
}

static void *shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

static void load(const char *path, struct vectors *vectors)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const uint8_t *map;
	struct stat status;
	uint64_t bytes;

	if (fd < 0 || fstat(fd, &status))
		die("%s: %s", path, strerror(errno));
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die("%s: %s", path, strerror(errno));
	close(fd);
	vectors->file = (const void *)map;
	if ((size_t)status.st_size < sizeof(*vectors->file) ||
	    memcmp(vectors->file->magic, "devcrypt", sizeof(vectors->file->magic)) ||
	    vectors->file->version != VEC_VERSION)
		die("%s: not packed vectors of version %d", path, VEC_VERSION);
	vectors->algorithms = (const void *)(vectors->file + 1);
	vectors->records = (const void *)(vectors->algorithms +
					  vectors->file->algorithms);
	vectors->bytes = (const void *)(vectors->records + vectors->file->records);
	bytes = sizeof(*vectors->file) +
		(uint64_t)vectors->file->algorithms * sizeof(*vectors->algorithms) +
		(uint64_t)vectors->file->records * sizeof(*vectors->records) +
		vectors->file->bytes;
	if (bytes != (uint64_t)status.st_size)
		die("%s: cut off", path);
}

/* --- work ----------------------------------------------------------------- */

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void note_failure(struct results *results, unsigned int row,
			 const struct vec_record *record,
			 const struct verdict *verdict)
{
	unsigned int number = atomic_fetch_add(&results->failures, 1);

	atomic_fetch_add(&results->row[row].failed_records, 1);
	atomic_fetch_add(&results->row[row].failed_cases, record->cases);
	if (number >= results->max_failures)
		return;
	results->failure[number].row = row;
	results->failure[number].record = record;
	memcpy(results->failure[number].text, verdict->text, sizeof(verdict->text));
}

static void work(const struct vectors *vectors, struct results *results,
		 const struct task *task, unsigned int tasks, const char *id)
{
	struct worker worker;
	unsigned int number;

	worker_create(&worker, vectors);
	while ((number = atomic_fetch_add(&results->next_task, 1)) < tasks) {
		struct row *row = &results->row[task[number].row];
		uint64_t start = now();

		for (uint32_t i = 0; i < task[number].records; i += row->every) {
			const struct vec_record *record =
				&vectors->records[task[number].first + i];
			struct verdict verdict = { .failed = false };

			if (id && strcmp(id, vec_at(vectors, record->id)))
				continue;
			check_record(&worker, row, record, &verdict);
			if (verdict.failed)
				note_failure(results, task[number].row, record,
					     &verdict);
		}
		atomic_fetch_add(&row->nanoseconds, now() - start);
	}
	worker_close(&worker);
}

static unsigned int make_tasks(const struct results *results, struct task **list)
{
	unsigned int count = 0, max = 0;
	struct task *task;

	for (unsigned int i = 0; i < results->rows; i++)
		max += results->row[i].algorithm->records / TASK_RECORDS + 1;
	task = calloc(max ? max : 1, sizeof(*task));
	if (!task)
		die("no memory");
	for (unsigned int i = 0; i < results->rows; i++) {
		const struct vec_algorithm *algorithm = results->row[i].algorithm;

		for (uint32_t at = 0; at < algorithm->records; at += TASK_RECORDS) {
			uint32_t left = algorithm->records - at;

			task[count++] = (struct task){
				.row = i,
				.first = algorithm->first_record + at,
				.records = left < TASK_RECORDS ? left : TASK_RECORDS,
			};
		}
	}
	*list = task;
	return count;
}

static void run_workers(const struct vectors *vectors, struct results *results,
			const struct options *options)
{
	struct task *task;
	unsigned int tasks = make_tasks(results, &task);
	pid_t pid[MAX_WORKERS];

	fflush(NULL);
	for (unsigned int i = 0; i < options->workers; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork: %s", strerror(errno));
		if (!pid[i]) {
			work(vectors, results, task, tasks, options->id);
			exit(0);
		}
	}
	for (unsigned int i = 0; i < options->workers; i++) {
		int status;

		if (waitpid(pid[i], &status, 0) != pid[i] || status)
			die("a worker ended with status %#x", status);
	}
	free(task);
}

/* --- report --------------------------------------------------------------- */

static const char *class_name(const struct row *row)
{
	static const char *const names[] = {
		[DEVCRYPTO_CLASS_SKCIPHER] = "skcipher",
		[DEVCRYPTO_CLASS_AEAD] = "aead",
		[DEVCRYPTO_CLASS_HASH] = "hash",
		[DEVCRYPTO_CLASS_RNG] = "rng",
		[DEVCRYPTO_CLASS_AKCIPHER] = "akcipher",
		[DEVCRYPTO_CLASS_SIG] = "sig",
		[DEVCRYPTO_CLASS_KPP] = "kpp",
	};

	return names[row->algorithm->alg_class];
}

static void print_row(const struct vectors *vectors, const struct row *row)
{
	unsigned long long cases = atomic_load(&row->cases);
	unsigned long long failed = atomic_load(&row->failed_cases);

	printf("%-8s %-26s %-44s %6llu cases %6llu records %2d layouts "
	       "%8llu requests, %llu cases passed, %llu records failed, "
	       "%.1f s\n",
	       class_name(row), (const char *)vec_at(vectors, row->algorithm->name),
	       row->driver, cases, atomic_load(&row->records),
	       __builtin_popcount(atomic_load(&row->layouts)),
	       atomic_load(&row->requests), cases - failed,
	       atomic_load(&row->failed_records),
	       (double)atomic_load(&row->nanoseconds) / 1e9);
}

/* Nothing that is written contains what JSON would have escaped. */
static void report_row(FILE *file, const struct vectors *vectors,
		       const struct row *row)
{
	unsigned long long cases = atomic_load(&row->cases);
	unsigned long long failed = atomic_load(&row->failed_cases);

	fprintf(file,
		"{\"row\": {\"class\": \"%s\", \"algorithm\": \"%s\", "
		"\"driver\": \"%s\", \"priority\": %d, \"properties\": %u, "
		"\"every\": %u, \"records\": %llu, \"long_records\": %llu, "
		"\"cases\": %llu, \"layouts\": %d, \"requests\": %llu, "
		"\"passed\": %llu, \"failed\": %llu, \"failed_records\": %llu, "
		"\"milliseconds\": %llu}}\n",
		class_name(row), (const char *)vec_at(vectors, row->algorithm->name),
		row->driver, row->config.out_priority, row->config.out_properties,
		row->every, atomic_load(&row->records),
		atomic_load(&row->long_records), cases,
		__builtin_popcount(atomic_load(&row->layouts)),
		atomic_load(&row->requests), cases - failed, failed,
		atomic_load(&row->failed_records),
		atomic_load(&row->nanoseconds) / 1000000);
}

static void report_failure(FILE *file, const struct vectors *vectors,
			   const struct results *results,
			   const struct failure *failure)
{
	const struct row *row = &results->row[failure->row];
	const char *name = vec_at(vectors, row->algorithm->name);
	const char *id = vec_at(vectors, failure->record->id);

	fprintf(stderr, "FAILED %s, %s: %s: %s\n", name, row->driver, id,
		failure->text);
	fprintf(file,
		"{\"failure\": {\"algorithm\": \"%s\", \"driver\": \"%s\", "
		"\"id\": \"%s\", \"text\": \"%s\"}}\n",
		name, row->driver, id, failure->text);
}

static int report(const struct vectors *vectors, const struct results *results,
		  const struct absent *absent, unsigned int nr_absent,
		  const struct options *options)
{
	unsigned int failures = atomic_load(&results->failures);
	FILE *file = fopen(options->report ? options->report : "/dev/null", "w");
	unsigned long long cases = 0, requests = 0, failed = 0;

	if (!file)
		die("%s: %s", options->report, strerror(errno));
	for (unsigned int i = 0; i < results->rows; i++) {
		print_row(vectors, &results->row[i]);
		report_row(file, vectors, &results->row[i]);
		cases += atomic_load(&results->row[i].cases);
		requests += atomic_load(&results->row[i].requests);
		failed += atomic_load(&results->row[i].failed_records);
	}
	for (unsigned int i = 0; i < nr_absent; i++)
		fprintf(file,
			"{\"absent\": {\"algorithm\": \"%s\", \"driver\": \"%s\", "
			"\"error\": %d}}\n",
			absent[i].algorithm, absent[i].driver, absent[i].error);
	for (unsigned int i = 0; i < failures && i < results->max_failures; i++)
		report_failure(file, vectors, results, &results->failure[i]);
	if (fclose(file))
		die("%s: %s", options->report, strerror(errno));
	printf("%u drivers, %llu cases, %llu requests, %llu records failed\n",
	       results->rows, cases, requests, failed);
	return failed ? 1 : 0;
}

/* --- command line ---------------------------------------------------------- */

static unsigned int number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || !value || value > max)
		die("%s: not a number from 1 to %lu", text, max);
	return (unsigned int)value;
}

static void parse_slow(char *text, struct options *options)
{
	char *equals = strrchr(text, '=');

	if (!equals)
		die("%s: not DRIVER=EVERY", text);
	*equals = '\0';
	options->slow_driver = text;
	options->slow_every = number(equals + 1, TASK_RECORDS);
}

static void parse(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "lr:j:f:a:D:i:w:e:s:d:")) != -1) {
		switch (option) {
		case 'l':
			options->list = true;
			break;
		case 'r':
			options->report = optarg;
			break;
		case 'j':
			options->workers = number(optarg, MAX_WORKERS);
			break;
		case 'f':
			options->failures = number(optarg, 1000000);
			break;
		case 'a':
			options->algorithm = optarg;
			break;
		case 'D':
			options->driver = optarg;
			break;
		case 'i':
			options->id = optarg;
			break;
		case 'w':
			options->wanted = optarg;
			break;
		case 'e':
			options->every = number(optarg, TASK_RECORDS);
			break;
		case 's':
			parse_slow(optarg, options);
			break;
		case 'd':
			device_path = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc - 1)
		die("one file of packed vectors is wanted");
	options->vectors = argv[optind];
}

/* Keeps the rows of the wanted driver and sets how much of each is run. */
static void choose_rows(struct results *results, const struct options *options)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < results->rows; i++) {
		struct row *row = &results->row[i];

		if (options->driver && strcmp(options->driver, row->driver))
			continue;
		row->every = options->every;
		if (options->slow_driver && !strcmp(options->slow_driver, row->driver))
			row->every = options->slow_every;
		if (kept != i)
			memcpy(&results->row[kept], row, sizeof(*row));
		kept++;
	}
	results->rows = kept;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct options options = {
		.workers = cpus < MAX_WORKERS ? (unsigned int)cpus : MAX_WORKERS,
		.failures = 1000,
		.every = 1,
	};
	static struct absent absent[MAX_ABSENT];
	struct wanted_list list = { .count = 0 };
	unsigned int nr_absent = 0;
	struct vectors vectors;
	struct results *results;

	parse(argc, argv, &options);
	device_probe();
	load(options.vectors, &vectors);
	if (options.wanted)
		read_wanted(options.wanted, &list);
	results = shared(sizeof(*results));
	results->max_rows = MAX_ROWS;
	results->row = shared(MAX_ROWS * sizeof(*results->row));
	results->max_failures = options.failures;
	results->failure = shared(options.failures * sizeof(*results->failure));
	for (uint32_t i = 0; i < vectors.file->algorithms; i++) {
		const struct vec_algorithm *algorithm = &vectors.algorithms[i];

		if (options.algorithm &&
		    strcmp(options.algorithm, vec_at(&vectors, algorithm->name)))
			continue;
		nr_absent += find_drivers(&vectors, algorithm, &list, results,
					  absent + nr_absent,
					  MAX_ABSENT - nr_absent);
	}
	choose_rows(results, &options);
	if (!results->rows)
		die("there is no driver to run");
	if (!options.list)
		run_workers(&vectors, results, &options);
	return report(&vectors, results, absent, nr_absent, &options);
}
