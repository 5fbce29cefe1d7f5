/* SPDX-License-Identifier: MIT */
/* Memory of one batch, and what it has to look like after it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

#define ALIGN 64
#define POISON 0xfe

void arena_create(struct arena *arena, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	arena->bytes = bytes;
	arena->work = aligned_alloc(page, bytes);
	arena->want = aligned_alloc(page, bytes);
	if (!arena->work || !arena->want)
		die("no memory");
	arena_reset(arena);
}

void arena_reset(struct arena *arena)
{
	arena->next = 0;
	arena->extents = 0;
}

static size_t align_up(size_t at, size_t to)
{
	return (at + to - 1) / to * to;
}

/* Takes @bytes with guards around them, as far off alignment as @piece says. */
size_t arena_take(struct arena *arena, const struct piece *piece, size_t bytes,
		  unsigned int owner)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct extent *extent;
	size_t at;

	if (piece->before_page)
		at = align_up(arena->next + GUARD + piece->before_page, page) -
		     piece->before_page;
	else
		at = align_up(arena->next + GUARD, ALIGN) + piece->offset % ALIGN;
	if (at + bytes + GUARD > arena->bytes ||
	    arena->extents == ARRAY_SIZE(arena->extent))
		die("a batch is larger than the arena");

	extent = &arena->extent[arena->extents++];
	extent->at = at - GUARD;
	extent->bytes = bytes + 2 * GUARD;
	extent->owner = owner;
	memset(arena->work + extent->at, POISON, extent->bytes);
	memset(arena->want + extent->at, POISON, extent->bytes);
	arena->next = at + bytes + GUARD;
	return at;
}

void arena_input(struct arena *arena, size_t at, const void *data, size_t bytes)
{
	memcpy(arena->work + at, data, bytes);
	memcpy(arena->want + at, data, bytes);
}

void arena_output(struct arena *arena, size_t at, const void *data, size_t bytes)
{
	memcpy(arena->want + at, data, bytes);
}

/* Whatever is there now is as it should be. */
void arena_accept(struct arena *arena, size_t at, size_t bytes)
{
	memcpy(arena->want + at, arena->work + at, bytes);
}

/* Returns the first extent that is not as wanted, and where it differs. */
const struct extent *arena_compare(const struct arena *arena, size_t *differs)
{
	for (unsigned int i = 0; i < arena->extents; i++) {
		const struct extent *extent = &arena->extent[i];
		const uint8_t *work = arena->work + extent->at;
		const uint8_t *want = arena->want + extent->at;
		size_t at;

		if (!memcmp(work, want, extent->bytes))
			continue;
		for (at = 0; work[at] == want[at]; at++)
			;
		*differs = extent->at + at;
		return extent;
	}
	return NULL;
}
