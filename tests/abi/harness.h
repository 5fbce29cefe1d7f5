/* SPDX-License-Identifier: MIT */
/*
 * A small test harness: every test runs in a process of its own with a time
 * limit, and the results are printed as TAP.
 *
 *	TEST(name) { ... }
 *	TEST_EACH(name, rows) { ... row->field ... }
 *
 * TEST_EACH makes one test of every element of an array of structures whose
 * first member is the row's name (const char *).
 *
 * EXPECT_… notes a failure and goes on, ASSERT_… ends the test. The expected
 * value comes first.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct harness_group {
	const char *name;
	void (*run)(const void *row);
	const void *rows;
	size_t count;
	size_t row_bytes;
	unsigned int limit_seconds;
	struct harness_group *next;
};

void harness_add(struct harness_group *group);
bool harness_equal(const char *file, int line, const char *text,
		   long long expected, long long seen);
bool harness_errno(const char *file, int line, const char *text,
		   int expected, long long returned, int seen);
bool harness_memory(const char *file, int line, const char *text,
		    const void *expected, const void *seen, size_t bytes);
bool harness_true(const char *file, int line, const char *text, bool seen);
bool harness_failed(void);
void harness_exit(void) __attribute__((noreturn));
void harness_skip(const char *reason) __attribute__((noreturn));
/* How many times longer than others the running kernel may take; 1 unless it finds faults. */
unsigned int harness_slower(void);
void harness_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define HARNESS_REGISTER(test, call, all, number, bytes, seconds)	\
	__attribute__((constructor)) static void add_##test(void)	\
	{								\
		static struct harness_group group = {			\
			.name = #test, .run = call, .rows = all,	\
			.count = number, .row_bytes = bytes,		\
			.limit_seconds = seconds,			\
		};							\
									\
		harness_add(&group);					\
	}

#define HARNESS_SECONDS 30

/* A test that may take longer than others. */
#define TEST_SECONDS(test, seconds)					\
	static void test_##test(void);					\
	static void call_##test(const void *row)			\
	{								\
		(void)row;						\
		test_##test();						\
	}								\
	HARNESS_REGISTER(test, call_##test, NULL, 1, 0, seconds)	\
	static void test_##test(void)

#define TEST(test) TEST_SECONDS(test, HARNESS_SECONDS)

#define TEST_EACH(test, all)						\
	static void test_##test(const __typeof__((all)[0]) *row);	\
	static void call_##test(const void *row)			\
	{								\
		test_##test(row);					\
	}								\
	HARNESS_REGISTER(test, call_##test, all, ARRAY_SIZE(all),	\
			 sizeof((all)[0]), HARNESS_SECONDS)		\
	static void test_##test(const __typeof__((all)[0]) *row)

#define SKIP(reason) harness_skip(reason)

#define EXPECT_TRUE(condition)						\
	harness_true(__FILE__, __LINE__, #condition, condition)

#define EXPECT_EQ(expected, seen)					\
	harness_equal(__FILE__, __LINE__, #seen, expected, seen)

#define EXPECT_MEM(expected, seen, bytes)				\
	harness_memory(__FILE__, __LINE__, #seen, expected, seen, bytes)

/* A system call that has to fail with this errno. */
#define EXPECT_ERRNO(expected, call) __extension__ ({			\
	long long returned_;						\
									\
	errno = 0;							\
	returned_ = (call);						\
	harness_errno(__FILE__, __LINE__, #call, expected, returned_, errno); \
})

#define HARNESS_FATAL(passed) do {					\
	if (!(passed))							\
		harness_exit();						\
} while (0)

#define ASSERT_TRUE(condition) HARNESS_FATAL(EXPECT_TRUE(condition))
#define ASSERT_EQ(expected, seen) HARNESS_FATAL(EXPECT_EQ(expected, seen))
#define ASSERT_MEM(expected, seen, bytes) HARNESS_FATAL(EXPECT_MEM(expected, seen, bytes))

/* A system call that has to succeed; its value. */
#define ASSERT_OK(call) __extension__ ({				\
	long long returned_;						\
									\
	errno = 0;							\
	returned_ = (call);						\
	if (!harness_true(__FILE__, __LINE__, #call, returned_ >= 0)) {	\
		harness_note("%s", strerrorname_np(errno));		\
		harness_exit();						\
	}								\
	returned_;							\
})

#endif /* HARNESS_H */
