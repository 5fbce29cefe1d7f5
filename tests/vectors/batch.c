/* SPDX-License-Identifier: MIT */
/* Requests of one batch, their execution and the verdict on them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "runner.h"

#define SHOWN_BYTES 24

/* Keeps what went wrong first. */
void fail(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (verdict->failed)
		return;
	verdict->failed = true;
	va_start(arguments, format);
	vsnprintf(verdict->text, sizeof(verdict->text), format, arguments);
	va_end(arguments);
}

void batch_reset(struct batch *batch)
{
	arena_reset(&batch->arena);
	batch->requests = 0;
	batch->segments = 0;
}

/* Adds a request that is expected to succeed and to write nothing to @dst. */
struct devcrypto_request *batch_add(struct batch *batch, uint32_t op,
				    const char *layout, const char *direction)
{
	unsigned int number = batch->requests++;
	struct devcrypto_request *request;

	if (number == MAX_REQUESTS)
		die("more than %d requests in a batch", MAX_REQUESTS);
	request = &batch->request[number];
	memset(request, 0, sizeof(*request));
	request->op = op;
	batch->expected[number] = (struct expected){
		.layout = layout, .direction = direction,
	};
	return request;
}

/* Takes memory for one side of the last request. */
void span_take(struct batch *batch, struct span *span, const struct piece *piece,
	       unsigned int pieces, size_t bytes)
{
	unsigned int owner = batch->requests - 1;
	size_t left = bytes;

	span->array = pieces;
	span->pieces = pieces ? pieces : 1;
	for (unsigned int i = 0; i < span->pieces; i++) {
		size_t part = bytes * piece[i].share / SHARES;

		if (i == span->pieces - 1)
			part = left;
		span->bytes[i] = part;
		span->at[i] = arena_take(&batch->arena, &piece[i], part, owner);
		left -= part;
	}
}

void span_input(struct batch *batch, const struct span *span, const uint8_t *data)
{
	for (unsigned int i = 0; i < span->pieces; i++) {
		arena_input(&batch->arena, span->at[i], data, span->bytes[i]);
		data += span->bytes[i];
	}
}

/* What the device has to write: the first @bytes of the span. */
void span_output(struct batch *batch, const struct span *span,
		 const uint8_t *data, size_t bytes)
{
	for (unsigned int i = 0; i < span->pieces && bytes; i++) {
		size_t part = span->bytes[i] < bytes ? span->bytes[i] : bytes;

		arena_output(&batch->arena, span->at[i], data, part);
		data += part;
		bytes -= part;
	}
}

/* Of the first @bytes, whatever is there behind @skip is as it should be. */
void span_accept(struct batch *batch, const struct span *span,
			size_t skip, size_t bytes)
{
	for (unsigned int i = 0; i < span->pieces && bytes; i++) {
		size_t part = span->bytes[i];

		if (part <= skip) {
			skip -= part;
			bytes -= part < bytes ? part : bytes;
			continue;
		}
		if (part > bytes)
			part = bytes;
		if (part > skip)
			arena_accept(&batch->arena, span->at[i] + skip, part - skip);
		bytes -= part;
		skip = 0;
	}
}

/* Whether the device's output begins with the published one. */
bool span_holds(const struct batch *batch, const struct span *span,
			const uint8_t *tag, size_t bytes)
{
	for (unsigned int i = 0; i < span->pieces && bytes; i++) {
		size_t part = span->bytes[i] < bytes ? span->bytes[i] : bytes;

		if (memcmp(batch->arena.work + span->at[i], tag, part))
			return false;
		tag += part;
		bytes -= part;
	}
	return true;
}

uint64_t batch_address(const struct batch *batch, size_t at)
{
	return (uintptr_t)(batch->arena.work + at);
}

static uint64_t segments_of(struct batch *batch, const struct span *span)
{
	struct devcrypto_segment *first = &batch->segment[batch->segments];

	if (batch->segments + span->pieces > MAX_SEGMENTS)
		die("too many segments in a batch");
	batch->segments += span->pieces;
	for (unsigned int i = 0; i < span->pieces; i++)
		first[i] = (struct devcrypto_segment){
			.addr = batch_address(batch, span->at[i]),
			.bytes = (uint32_t)span->bytes[i],
		};
	return (uintptr_t)first;
}

void batch_source(struct batch *batch, const struct span *span, size_t bytes)
{
	struct devcrypto_request *request = &batch->request[batch->requests - 1];

	request->src_bytes = (uint32_t)bytes;
	request->src_segments = span->array ? span->pieces : 0;
	request->src = span->array ? segments_of(batch, span) :
				     batch_address(batch, span->at[0]);
}

void batch_destination(struct batch *batch, const struct span *span, size_t bytes)
{
	struct devcrypto_request *request = &batch->request[batch->requests - 1];

	request->dst_bytes = (uint32_t)bytes;
	request->dst_segments = span->array ? span->pieces : 0;
	request->dst = span->array ? segments_of(batch, span) :
				     batch_address(batch, span->at[0]);
}

/* One system call, or as many as the device's limit asks for. */
bool batch_run(struct batch *batch, int fd, struct verdict *verdict)
{
	for (unsigned int done = 0; done < batch->requests;) {
		unsigned int count = batch->requests - done;
		struct devcrypto_run run = {
			.requests = (uintptr_t)&batch->request[done],
			.request_bytes = sizeof(struct devcrypto_request),
		};
		int result;

		if (count > device_info.max_batch)
			count = device_info.max_batch;
		run.count = count;
		result = ioctl(fd, DEVCRYPTO_IOC_RUN, &run);
		if (result < 0) {
			fail(verdict, "DEVCRYPTO_IOC_RUN: %s", strerror(errno));
			return false;
		}
		if ((unsigned int)result != count) {
			fail(verdict, "DEVCRYPTO_IOC_RUN: %d of %u executed",
			     result, count);
			return false;
		}
		done += count;
	}
	return true;
}

static void hex(char *text, const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	text[2 * bytes] = '\0';
}

static void fail_extent(const struct batch *batch, const struct extent *extent,
			size_t differs, struct verdict *verdict)
{
	const struct expected *expected = &batch->expected[extent->owner];
	size_t start = extent->at + GUARD;
	size_t end = extent->at + extent->bytes;
	size_t shown = end - differs < SHOWN_BYTES ? end - differs : SHOWN_BYTES;
	char want[2 * SHOWN_BYTES + 1], got[2 * SHOWN_BYTES + 1];

	hex(want, batch->arena.want + differs, shown);
	hex(got, batch->arena.work + differs, shown);
	fail(verdict, "%s, %s: at byte %ld of a buffer of %zu expected %s, got %s",
	     expected->layout, expected->direction,
	     (long)differs - (long)start, extent->bytes - 2 * GUARD, want, got);
}

/* Compares results and memory with what was expected. */
bool batch_judge(struct batch *batch, struct verdict *verdict)
{
	const struct extent *extent;
	size_t differs;

	for (unsigned int i = 0; i < batch->requests; i++) {
		const struct devcrypto_request *request = &batch->request[i];
		const struct expected *expected = &batch->expected[i];

		if (request->out_result != expected->result) {
			fail(verdict, "%s, %s: expected result %d, got %d",
			     expected->layout, expected->direction,
			     expected->result, request->out_result);
			return false;
		}
		if (request->out_bytes != expected->bytes) {
			fail(verdict, "%s, %s: expected %u bytes, got %u",
			     expected->layout, expected->direction,
			     expected->bytes, request->out_bytes);
			return false;
		}
	}
	extent = arena_compare(&batch->arena, &differs);
	if (!extent)
		return true;
	fail_extent(batch, extent, differs, verdict);
	return false;
}
