// SPDX-License-Identifier: MIT
/*
 * Requests of all classes at once, from threads and processes, synchronous,
 * submitted, chained and without a copy, to processors and engines, while others
 * cancel, fork, close, and are killed. Every result is held against one that was
 * computed before, every request has to have one completion, and at the end all
 * that was taken has to be back.
 *
 *	soak [--requests N] [--cancels N] [--kills N] [--seed N] [--slab MIB]
 *
 * The seed, which is printed, decides what is asked for and what the engine does;
 * in which order things happen nobody decides. As root, with the simulated engine
 * of tests/kmod/devcrypto_sim.c where it is loaded.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

/* Of the processes, those that are killed and replaced. */
#define VICTIMS		2U
#define TICK_US		4000
#define PROGRESS_SECONDS 5.0
/* Nothing has completed for so long: it hangs. */
#define HANG_SECONDS	90.0
#define MOST_MESSAGES	20U
/* More slab than before: what the kernel keeps for the next time. */
#define SLAB_MIB	4

struct shared *shared;

/**
 * struct goal - what a phase has to reach
 */
struct goal {
	uint64_t requests, cancels, kills;
};

/**
 * struct run - a phase
 * @random: decides what happens
 * @kills: processes that were killed with requests in flight
 * @idle_kills: those that had none
 * @pids: of the processes, 0 = none
 */
struct run {
	uint64_t random, kills, idle_kills;
	pid_t pids[PROCESSES];
};

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
uint64_t draw(uint64_t *random)
{
	uint64_t value = *random += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

uint32_t draw_below(uint64_t *random, uint32_t below)
{
	return (draw(random) >> 32) % below;
}

void fail(const char *format, ...)
{
	va_list arguments;
	char text[256];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (__atomic_add_fetch(&shared->failures, 1, __ATOMIC_SEQ_CST) <= MOST_MESSAGES)
		fprintf(stderr, "soak: FAILED: %s\n", text);
}

static void start(struct run *run, unsigned int index)
{
	const uint64_t seed = draw(&run->random);

	shared->in_flight[index] = 0;
	run->pids[index] = fork();
	if (!run->pids[index])
		work(index, seed);
	if (run->pids[index] < 0) {
		fail("fork: %s", strerror(errno));
		exit(1);
	}
}

static void kill_one(struct run *run, unsigned int index)
{
	int status;

	kill(run->pids[index], SIGKILL);
	if (waitpid(run->pids[index], &status, 0) < 0 || !WIFSIGNALED(status))
		fail("a process was not killed, but ended with %#x", status);
	run->pids[index] = 0;
	if (shared->in_flight[index])
		run->kills++;
	else
		run->idle_kills++;
}

static void tell(const struct run *run, const struct goal *goal, double began)
{
	printf("soak: %3.0f s: %llu of %llu requests, %llu of %llu cancels (%llu cancelled), "
	       "%llu of %llu kills\n", now() - began,
	       (unsigned long long)counted(requests), (unsigned long long)goal->requests,
	       (unsigned long long)counted(cancels), (unsigned long long)goal->cancels,
	       (unsigned long long)counted(cancelled), (unsigned long long)run->kills,
	       (unsigned long long)goal->kills);
	fflush(stdout);
}

/* Ends the processes that are left; those that hang, too. */
static void stop(struct run *run)
{
	const double began = now();
	unsigned int at;
	int status;

	simulator_calm();
	__atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
	for (at = 0; at < PROCESSES; at++) {
		if (!run->pids[at])
			continue;
		while (!waitpid(run->pids[at], &status, WNOHANG)) {
			if (now() - began > HANG_SECONDS) {
				fail("process %u hangs", at);
				kill_one(run, at);
				status = 0;
				break;
			}
			usleep(TICK_US);
		}
		if (status)
			fail("a process ended with %#x", status);
		run->pids[at] = 0;
	}
}

/* One of the things that happen all the time. */
static void tick(struct run *run, const struct goal *goal)
{
	unsigned int at;
	int status;

	for (at = 0; at < PROCESSES; at++) {
		const bool victim = at < VICTIMS;

		if (run->pids[at] && waitpid(run->pids[at], &status, WNOHANG) > 0) {
			fail("a process ended with %#x", status);
			run->pids[at] = 0;
		}
		if (!run->pids[at])
			start(run, at);
		else if (victim && run->kills < goal->kills && shared->in_flight[at] &&
			 draw_below(&run->random, 8) == 0)
			kill_one(run, at);
	}
	if (draw_below(&run->random, 3) == 0)
		simulator_change(&run->random);
}

static void phase(uint64_t seed, const struct goal *goal)
{
	const double began = now();
	struct run run = { .random = seed };
	double told = began, moved = began;
	uint64_t seen = 0;

	memset(shared, 0, offsetof(struct shared, failures));
	shared->stop = 0;
	while (counted(requests) < goal->requests || counted(cancels) < goal->cancels ||
	       run.kills < goal->kills) {
		tick(&run, goal);
		if (counted(requests) != seen) {
			seen = counted(requests);
			moved = now();
		}
		if (now() - moved > HANG_SECONDS || counted(failures) > MOST_MESSAGES) {
			fail("no end in sight");
			break;
		}
		if (now() - told > PROGRESS_SECONDS) {
			told = now();
			tell(&run, goal, began);
		}
		usleep(TICK_US);
	}
	stop(&run);
	tell(&run, goal, began);
	printf("soak: %llu not copied, %llu chains, %llu forks, %llu closed in flight, "
	       "%llu killed with nothing in flight\n", (unsigned long long)counted(zerocopies),
	       (unsigned long long)counted(chains), (unsigned long long)counted(forks),
	       (unsigned long long)counted(dropped), (unsigned long long)run.idle_kills);
	fflush(stdout);
}

static void compare(const struct machine *before, const struct machine *after, uint64_t slab_mib)
{
	if (after->uses != before->uses || after->simulator_uses != before->simulator_uses)
		fail("modules are in use: %llu and %llu times", (unsigned long long)after->uses,
		     (unsigned long long)after->simulator_uses);
	if (after->contexts || after->memory)
		fail("%llu contexts and %llu bytes are left", (unsigned long long)after->contexts,
		     (unsigned long long)after->memory);
	if (after->pinned != before->pinned)
		fail("%lld pages are pinned", (long long)(after->pinned - before->pinned));
	if (after->slab_bytes > before->slab_bytes + (slab_mib << 20))
		fail("slab has grown by %llu KiB",
		     (unsigned long long)(after->slab_bytes - before->slab_bytes) >> 10);
	printf("soak: slab %lld KiB more, pinned %lld pages, %llu contexts, %llu bytes, "
	       "references %llu and %llu\n",
	       (long long)(after->slab_bytes - before->slab_bytes) / 1024,
	       (long long)after->pinned, (unsigned long long)after->contexts,
	       (unsigned long long)after->memory, (unsigned long long)after->uses,
	       (unsigned long long)after->simulator_uses);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "requests", required_argument, NULL, 'r' },
		{ "cancels", required_argument, NULL, 'c' },
		{ "kills", required_argument, NULL, 'k' },
		{ "seed", required_argument, NULL, 's' },
		{ "slab", required_argument, NULL, 'm' },
		{ 0 },
	};
	struct goal goal = { 100000, 1000, 100 }, warm_up;
	struct machine before, after;
	uint64_t seed = 0, slab_mib = SLAB_MIB;
	int option;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || getrandom(&seed, 4, 0) != 4)
		return 2;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return 2;
		*(option == 'r' ? &goal.requests : option == 'c' ? &goal.cancels :
		  option == 'k' ? &goal.kills : option == 'm' ? &slab_mib :
		  &seed) = strtoull(optarg, NULL, 0);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("soak: --seed %llu\n", (unsigned long long)seed);
	kinds_prepare();
	/* The kernel keeps memory for the next time, and loads what is missing. */
	warm_up = (struct goal){ goal.requests / 20, goal.cancels / 20, goal.kills / 20 };
	phase(draw(&seed), &warm_up);
	before = machine_settled();
	phase(draw(&seed), &goal);
	after = machine_settled();
	compare(&before, &after, slab_mib);
	return counted(failures) ? 1 : 0;
}
