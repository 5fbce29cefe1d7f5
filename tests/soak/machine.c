// SPDX-License-Identifier: MIT
/* The knobs of the simulated engine, and the counters of kernel and driver. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "soak.h"

#define PARAMETERS	"/sys/module/devcrypto_sim/parameters/"
/* For what comes back late, on a machine that is emulated and busy. */
#define PATIENCE_SECONDS 60.0

bool simulator_is_there(void)
{
	return !access(PARAMETERS, F_OK);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* The depth cannot be changed at any time. */
	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		if (!strstr(path, "/depth"))
			fail("%s cannot be set", path);
	}
	if (fd >= 0)
		close(fd);
}

static void set(const char *name, unsigned int value)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	snprintf(text, sizeof(text), "%u", value);
	write_text(path, text);
}

void simulator_change(uint64_t *random)
{
	static const unsigned int delays[] = { 0, 0, 0, 30, 100, 300 };
	static const unsigned int depths[] = { 1, 2, 4, 16, 64, 256 };
	static bool stopped;

	if (!simulator_is_there())
		return;
	/* What stands still goes on with the next change. */
	if (stopped) {
		set("paused", 0);
		set("never", 0);
		stopped = false;
		return;
	}
	switch (draw_below(random, 10)) {
	case 0:
	case 1:
		set("order", draw_below(random, 3));
		break;
	case 2:
	case 3:
		set("context", draw_below(random, 3));
		break;
	case 4:
	case 5:
		set("delay_us", delays[draw_below(random, ARRAY_SIZE(delays))]);
		break;
	case 6:
		set("inline_answers", draw_below(random, 8) == 0);
		break;
	case 7:
		set("paused", 1);
		stopped = true;
		break;
	case 8:
		set("never", 1 + draw_below(random, 5));
		stopped = true;
		break;
	default:
		set("depth", depths[draw_below(random, ARRAY_SIZE(depths))]);
		break;
	}
}

void simulator_calm(void)
{
	static const char * const knobs[] = {
		"paused", "never", "delay_us", "order", "context", "inline_answers",
	};
	size_t at;

	if (!simulator_is_there())
		return;
	for (at = 0; at < ARRAY_SIZE(knobs); at++)
		set(knobs[at], 0);
}

/* The number behind a word in a file. */
static uint64_t number_in(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[256];
	uint64_t value = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, word, strlen(word))) {
			value = strtoull(line + strlen(word), NULL, 10);
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

static struct machine machine_now(void)
{
	struct devcrypto_info info = { 0 };
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	struct machine machine;

	if (fd < 0 || ioctl(fd, DEVCRYPTO_IOC_INFO, &info))
		fail("no answer of " DEVICE);
	close(fd);
	machine.contexts = info.contexts_of_user;
	machine.memory = info.memory_of_user;
	machine.uses = number_in("/sys/module/devcrypto/refcnt", "");
	machine.simulator_uses = number_in("/sys/module/devcrypto_sim/refcnt", "");
	machine.pinned = number_in("/proc/vmstat", "nr_foll_pin_acquired ") -
			 number_in("/proc/vmstat", "nr_foll_pin_released ");
	machine.slab_bytes = number_in("/proc/meminfo", "SUnreclaim:") << 10;
	return machine;
}

struct machine machine_settled(void)
{
	const double began = now();
	struct machine machine;

	do {
		usleep(200000);
		machine = machine_now();
	} while ((machine.contexts || machine.memory || machine.uses || machine.simulator_uses ||
		  machine.pinned) && now() - began < PATIENCE_SECONDS);
	write_text("/proc/sys/vm/drop_caches", "3");
	usleep(500000);
	machine.slab_bytes = machine_now().slab_bytes;
	return machine;
}
