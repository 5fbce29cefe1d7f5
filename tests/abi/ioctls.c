// SPDX-License-Identifier: MIT
/*
 * Rules that hold for every ioctl: numbers, directions, sizes, addresses.
 *
 * The header's ioctls are listed in ioctl_list.h when the tests are built; one
 * that has no row here fails table_is_complete.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define LONGEST ((1U << _IOC_SIZEBITS) - 1)
#define ROOM	(LONGEST + 1)

/* An ioctl that is going to succeed. */
struct arranged {
	int fd;
	unsigned char *argument;
};

struct command {
	const char *name;
	unsigned int number;
	/* Size of the first published version. */
	unsigned int first_bytes;
	/* What the ioctl returns. */
	int success;
	/* Makes the context and the structure. */
	void (*arrange)(struct arranged *arranged);
};

static void arrange_info(struct arranged *arranged)
{
	arranged->fd = device_open();
}

static void arrange_config(struct arranged *arranged)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	memcpy(arranged->argument, &config, sizeof(config));
	arranged->fd = device_open();
}

static void arrange_run(struct arranged *arranged)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_run run = {
		.requests = address_of(&fixture->request),
		.count = 1,
		.request_bytes = sizeof(fixture->request),
	};

	memcpy(arranged->argument, &run, sizeof(run));
	arranged->fd = fixture->fd;
}

static void arrange_submit(struct arranged *arranged)
{
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);
	struct devcrypto_submit submit = {
		.requests = address_of(&fixture->request),
		.count = 1,
		.request_bytes = sizeof(fixture->request),
	};

	memcpy(arranged->argument, &submit, sizeof(submit));
	arranged->fd = fixture->fd;
}

static void arrange_cancel(struct arranged *arranged)
{
	struct devcrypto_cancel cancel = { .user_data = 1 };

	memcpy(arranged->argument, &cancel, sizeof(cancel));
	arranged->fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
}

static void arrange_eventfd(struct arranged *arranged)
{
	struct devcrypto_eventfd eventfd = { .fd = -1 };

	memcpy(arranged->argument, &eventfd, sizeof(eventfd));
	arranged->fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
}

static const struct command commands[] = {
	{ "DEVCRYPTO_IOC_INFO", DEVCRYPTO_IOC_INFO, 104, 0, arrange_info },
	{ "DEVCRYPTO_IOC_CONFIG", DEVCRYPTO_IOC_CONFIG, 472, 0, arrange_config },
	{ "DEVCRYPTO_IOC_RUN", DEVCRYPTO_IOC_RUN, 24, 1, arrange_run },
	{ "DEVCRYPTO_IOC_SUBMIT", DEVCRYPTO_IOC_SUBMIT, 64, 0, arrange_submit },
	{ "DEVCRYPTO_IOC_CANCEL", DEVCRYPTO_IOC_CANCEL, 24, 0, arrange_cancel },
	{ "DEVCRYPTO_IOC_EVENTFD", DEVCRYPTO_IOC_EVENTFD, 8, 0, arrange_eventfd },
};

static const struct {
	const char *name;
	unsigned int number;
} listed[] = {
#define IOCTL(command) { #command, command },
#include "ioctl_list.h"
};

/* The structure, longest possible, with nothing behind it. */
static struct arranged arrange(const struct command *command)
{
	struct arranged arranged = { .argument = memory_before_hole(ROOM) };

	command->arrange(&arranged);
	return arranged;
}

static void done(struct arranged *arranged)
{
	munmap(arranged->argument, ROOM);
	close(arranged->fd);
}

static unsigned int resized(const struct command *command, unsigned int bytes)
{
	return _IOC(_IOC_DIR(command->number), _IOC_TYPE(command->number),
		    _IOC_NR(command->number), bytes);
}

TEST(table_is_complete)
{
	size_t at, row;

	ASSERT_TRUE(ARRAY_SIZE(listed) > 0);
	for (at = 0; at < ARRAY_SIZE(listed); at++) {
		for (row = 0; row < ARRAY_SIZE(commands); row++)
			if (!strcmp(commands[row].name, listed[at].name))
				break;
		if (row == ARRAY_SIZE(commands)) {
			EXPECT_TRUE(row < ARRAY_SIZE(commands));
			harness_note("%s has no row", listed[at].name);
		} else {
			EXPECT_EQ(listed[at].number, commands[row].number);
		}
	}
}

TEST_EACH(number, commands)
{
	EXPECT_EQ(0xD5, _IOC_TYPE(row->number));
	EXPECT_EQ(_IOC_READ | _IOC_WRITE, _IOC_DIR(row->number));
	EXPECT_TRUE(_IOC_SIZE(row->number) >= row->first_bytes);
	EXPECT_EQ(0, _IOC_SIZE(row->number) % 8);
}

TEST_EACH(exact_size, commands)
{
	struct arranged arranged = arrange(row);

	EXPECT_EQ(row->success, ioctl(arranged.fd, row->number, arranged.argument));
	done(&arranged);
}

TEST_EACH(first_size, commands)
{
	struct arranged arranged = arrange(row);

	EXPECT_EQ(row->success,
		  ioctl(arranged.fd, resized(row, row->first_bytes), arranged.argument));
	done(&arranged);
}

TEST_EACH(shorter_than_first, commands)
{
	struct arranged arranged = arrange(row);
	unsigned int bytes;

	for (bytes = 0; bytes < row->first_bytes; bytes++)
		EXPECT_ERRNO(EINVAL, ioctl(arranged.fd, resized(row, bytes), arranged.argument));
	/* None of them has done anything. */
	EXPECT_EQ(row->success, ioctl(arranged.fd, row->number, arranged.argument));
	done(&arranged);
}

static const unsigned int extra_bytes[] = { 1, 4, 8, 12, 64, 1000, 4096 };

static void expect_longer_works(const struct command *command, unsigned int bytes)
{
	const unsigned int known = _IOC_SIZE(command->number);
	struct arranged arranged = arrange(command);
	unsigned char *exact = arranged.argument + ROOM - bytes;
	static const unsigned char zeros[LONGEST];

	/* Up against the hole behind: not a byte more is touched. */
	memmove(exact, arranged.argument, known);
	memset(exact + known, 0, bytes - known);
	EXPECT_EQ(command->success, ioctl(arranged.fd, resized(command, bytes), exact));
	EXPECT_MEM(zeros, exact + known, bytes - known);
	done(&arranged);
}

TEST_EACH(longer_with_zero_tail, commands)
{
	size_t at;

	for (at = 0; at < ARRAY_SIZE(extra_bytes); at++)
		expect_longer_works(row, _IOC_SIZE(row->number) + extra_bytes[at]);
	expect_longer_works(row, LONGEST);
}

static void expect_too_big(const struct command *command, unsigned int bytes, unsigned int dirty)
{
	struct arranged arranged = arrange(command);

	arranged.argument[dirty] = 1;
	EXPECT_ERRNO(E2BIG, ioctl(arranged.fd, resized(command, bytes), arranged.argument));
	arranged.argument[dirty] = 0;
	EXPECT_EQ(command->success,
		  ioctl(arranged.fd, resized(command, bytes), arranged.argument));
	done(&arranged);
}

TEST_EACH(longer_with_dirty_tail, commands)
{
	const unsigned int known = _IOC_SIZE(row->number);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(extra_bytes); at++) {
		expect_too_big(row, known + extra_bytes[at], known);
		expect_too_big(row, known + extra_bytes[at], known + extra_bytes[at] - 1);
	}
	expect_too_big(row, LONGEST, LONGEST - 1);
}

TEST_EACH(longer_with_unreadable_tail, commands)
{
	const unsigned int known = _IOC_SIZE(row->number);
	struct arranged arranged = arrange(row);
	unsigned char *torn = memory_torn(known + 8, known + 4);

	memcpy(torn, arranged.argument, known);
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, resized(row, known + 8), torn));
	done(&arranged);
}

TEST_EACH(other_directions, commands)
{
	static const unsigned int directions[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE };
	struct arranged arranged = arrange(row);
	size_t at;

	for (at = 0; at < ARRAY_SIZE(directions); at++)
		EXPECT_ERRNO(ENOTTY, ioctl(arranged.fd,
					   _IOC(directions[at], DEVCRYPTO_IOC_TYPE,
						_IOC_NR(row->number), _IOC_SIZE(row->number)),
					   arranged.argument));
	done(&arranged);
}

TEST_EACH(other_types, commands)
{
	struct arranged arranged = arrange(row);
	unsigned int type;

	for (type = 0; type < 256; type++) {
		if (type == DEVCRYPTO_IOC_TYPE)
			continue;
		EXPECT_ERRNO(ENOTTY, ioctl(arranged.fd,
					   _IOC(_IOC_READ | _IOC_WRITE, type,
						_IOC_NR(row->number), _IOC_SIZE(row->number)),
					   arranged.argument));
	}
	done(&arranged);
}

TEST(unknown_numbers)
{
	static unsigned char argument[LONGEST];
	unsigned int number, direction;
	int fd = device_open();
	size_t row;

	for (number = 0; number < 256; number++) {
		bool known = false;

		for (row = 0; row < ARRAY_SIZE(commands); row++)
			known |= _IOC_NR(commands[row].number) == number;
		for (direction = 0; direction < 4 && !known; direction++) {
			unsigned int bits = direction << _IOC_DIRSHIFT |
					    DEVCRYPTO_IOC_TYPE << _IOC_TYPESHIFT |
					    number << _IOC_NRSHIFT;

			EXPECT_ERRNO(ENOTTY, ioctl(fd, bits, argument));
			EXPECT_ERRNO(ENOTTY, ioctl(fd, bits | 24U << _IOC_SIZESHIFT, argument));
			EXPECT_ERRNO(ENOTTY, ioctl(fd, bits | LONGEST << _IOC_SIZESHIFT, argument));
		}
	}
}

/*
 * cryptodev-linux answers type 'c', numbers 100 to 112, with structures from 4
 * to 64 bytes; a program written for it has to notice that this is not it.
 */
TEST(numbers_of_cryptodev_linux)
{
	static unsigned char argument[LONGEST];
	unsigned int number, direction, bytes;
	int fd = device_open();

	for (number = 96; number < 128; number++)
		for (direction = 0; direction < 4; direction++)
			for (bytes = 0; bytes <= 128; bytes += 4)
				EXPECT_ERRNO(ENOTTY, ioctl(fd, _IOC(direction, 'c', number, bytes),
							   argument));
}

TEST_EACH(bad_address, commands)
{
	const unsigned int known = _IOC_SIZE(row->number);
	struct arranged arranged = arrange(row);
	unsigned char *torn = memory_torn(known, known - 1);

	memcpy(torn, arranged.argument, known - 1);
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, row->number, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, row->number, memory_hole()));
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, row->number, torn));
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, row->number, (void *)-8L));
	EXPECT_ERRNO(EFAULT, ioctl(arranged.fd, row->number, (void *)(UINTPTR_MAX / 2 + 1)));
	EXPECT_EQ(row->success, ioctl(arranged.fd, row->number, arranged.argument));
	done(&arranged);
}

TEST_EACH(any_alignment, commands)
{
	unsigned int shift;

	for (shift = 1; shift < 8; shift++) {
		struct arranged arranged = arrange(row);

		memmove(arranged.argument + shift, arranged.argument, _IOC_SIZE(row->number));
		EXPECT_EQ(row->success,
			  ioctl(arranged.fd, row->number, arranged.argument + shift));
		done(&arranged);
	}
}

/* An answer that cannot be delivered is no success: the context stays as it was. */
TEST(answer_to_read_only_memory)
{
	struct devcrypto_config *config = (void *)memory_before_hole(sizeof(*config));
	struct devcrypto_config writable = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	int fd = device_open();

	*config = writable;
	memory_read_only(config, sizeof(*config));
	EXPECT_ERRNO(EFAULT, ioctl(fd, DEVCRYPTO_IOC_INFO, config));
	EXPECT_ERRNO(EFAULT, ioctl(fd, DEVCRYPTO_IOC_CONFIG, config));
	EXPECT_EQ(0, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &writable));
}

/* The device is its ioctls; nothing else is offered. */
TEST(no_other_file_operations)
{
	unsigned char byte = 0;
	int fd = device_open();

	EXPECT_ERRNO(EINVAL, read(fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(fd, &byte, 1));
	EXPECT_TRUE(mmap(NULL, page_bytes(), PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	EXPECT_EQ(ENODEV, errno);
}
