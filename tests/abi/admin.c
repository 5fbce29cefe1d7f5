// SPDX-License-Identifier: MIT
/* What needs the administrator: limits that are set, names outside the policy. */
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define PARAMETERS	"/sys/module/devcrypto/parameters/"
#define NOBODY		65534

/* Well-formed, existing, and on no list: for the administrator only. */
#define UNLISTED	"ecb(cipher_null)"

static unsigned int read_parameter(const char *name)
{
	FILE *file = fopen(name, "r");
	unsigned int value = 0;

	ASSERT_TRUE(file);
	ASSERT_EQ(1, fscanf(file, "%u", &value));
	fclose(file);
	return value;
}

static int write_parameter(const char *name, unsigned int value)
{
	FILE *file = fopen(name, "w");
	int error;

	ASSERT_TRUE(file);
	fprintf(file, "%u\n", value);
	error = fclose(file) ? errno : 0;
	return error;
}

static void need_root(void)
{
	if (geteuid())
		SKIP("needs root");
	close(device_open());
}

/* From here on an ordinary user who may open the device. */
static void become_nobody(void)
{
	struct stat node;

	ASSERT_OK(stat(DEVICE, &node));
	ASSERT_OK(setgroups(1, &node.st_gid));
	ASSERT_OK(setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_OK(setresuid(NOBODY, NOBODY, NOBODY));
}

/* Runs @test in a process of its own, whose failures are this one's. */
static void in_child(void (*test)(int fd), int fd)
{
	pid_t child = ASSERT_OK(fork());
	int status;

	if (!child) {
		become_nobody();
		test(fd);
		harness_exit();
	}
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

/* --- limits --- */

#define CONTEXTS PARAMETERS "max_contexts_per_user"
#define REQUEST_BYTES PARAMETERS "max_request_bytes"

static void fill_up(int limit)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	struct devcrypto_config query = config;
	int fds[8], at, extra = device_open();

	query.flags = DEVCRYPTO_CONFIG_QUERY;
	for (at = 0; at < limit; at++)
		fds[at] = context_of(&config);
	EXPECT_EQ(limit, info_now().contexts_of_user);
	EXPECT_ERRNO(EDQUOT, ioctl(extra, DEVCRYPTO_IOC_CONFIG, &config));
	/* A question is no context. */
	EXPECT_EQ(0, ioctl(extra, DEVCRYPTO_IOC_CONFIG, &query));
	EXPECT_EQ(limit, info_now().contexts_of_user);
	close(fds[0]);
	EXPECT_EQ(0, ioctl(extra, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_EQ(limit, info_now().contexts_of_user);
}

TEST(contexts_of_one_user_are_limited)
{
	unsigned int before;

	need_root();
	before = read_parameter(CONTEXTS);
	ASSERT_EQ(0, write_parameter(CONTEXTS, 5));
	EXPECT_EQ(5, info_now().max_contexts_per_user);
	in_child(fill_up, 5);
	/* Those of another user leave this one's alone. */
	close(context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0));
	ASSERT_EQ(0, write_parameter(CONTEXTS, before));
	EXPECT_EQ(before, info_now().max_contexts_per_user);
}

/* A context counts for the user who configured it, until it is gone. */
TEST(contexts_count_until_closed)
{
	unsigned int before;
	int fd;

	need_root();
	before = info_now().contexts_of_user;
	fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	close(fd);
	EXPECT_EQ(before, info_now().contexts_of_user);
}

TEST(request_bytes_are_limited)
{
	const unsigned int limit = 64 << 10;
	struct fixture *fixture;
	unsigned int before;

	need_root();
	before = read_parameter(REQUEST_BYTES);
	fixture = fixture_new(HASH_DIGEST, 0);
	fixture->request.src = address_of(calloc(1, limit + 1));
	fixture->request.src_bytes = limit + 1;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	ASSERT_EQ(0, write_parameter(REQUEST_BYTES, limit));
	EXPECT_EQ(limit, info_now().max_request_bytes);
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
	fixture->request.src_bytes = limit;
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	ASSERT_EQ(0, write_parameter(REQUEST_BYTES, before));
	EXPECT_EQ(before, info_now().max_request_bytes);
}

/* Within these the driver's arithmetic holds. */
TEST(request_bytes_stay_in_range)
{
	static const unsigned int bad[] = { 0, 1, (64 << 10) - 1, (64U << 20) + 1, UINT32_MAX };
	unsigned int before;
	size_t at;

	need_root();
	before = read_parameter(REQUEST_BYTES);
	for (at = 0; at < ARRAY_SIZE(bad); at++) {
		EXPECT_EQ(EINVAL, write_parameter(REQUEST_BYTES, bad[at]));
		EXPECT_EQ(before, read_parameter(REQUEST_BYTES));
	}
}

/* --- policy --- */

static int use_unlisted(int fd)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_SKCIPHER, UNLISTED, 0);

	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config);
}

TEST(administrator_uses_unlisted_names)
{
	need_root();
	EXPECT_EQ(0, use_unlisted(device_open()));
}

static void expect_unlisted_refused(int fd)
{
	EXPECT_ERRNO(EPERM, use_unlisted(fd));
}

static void expect_unlisted_refused_everywhere(int fd)
{
	expect_unlisted_refused(fd);
	expect_unlisted_refused(device_open());
}

/* What the administrator opened gives no rights to who gets it. */
TEST(opener_alone_does_not_do)
{
	need_root();
	in_child(expect_unlisted_refused_everywhere, device_open());
}

/* What an ordinary user opened does not make the administrator a deputy. */
TEST(caller_alone_does_not_do)
{
	int fd;

	need_root();
	ASSERT_OK(setegid(NOBODY));
	ASSERT_OK(chmod(DEVICE, 0666));
	ASSERT_OK(seteuid(NOBODY));
	fd = device_open();
	ASSERT_OK(seteuid(0));
	ASSERT_OK(setegid(0));
	ASSERT_OK(chmod(DEVICE, 0660));
	expect_unlisted_refused(fd);
}

static int unlisted_source;

static int share_unlisted(int fd)
{
	struct devcrypto_config config = share_of(unlisted_source, 0);

	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config);
}

static void expect_sharing_refused(int fd)
{
	EXPECT_ERRNO(EPERM, share_unlisted(fd));
	fd = device_open();
	EXPECT_ERRNO(EPERM, share_unlisted(fd));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
}

/* A descriptor hands on a key, but no right to an algorithm. */
TEST(sharing_gives_no_right)
{
	need_root();
	unlisted_source = device_open();
	ASSERT_OK(use_unlisted(unlisted_source));
	in_child(expect_sharing_refused, device_open());
	EXPECT_EQ(0, share_unlisted(device_open()));
}

static void expect_sharing_allowed(int fd)
{
	close(context_sharing(fd, 0));
}

TEST(sharing_of_what_is_listed)
{
	need_root();
	in_child(expect_sharing_allowed, context_new(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES));
}

static void expect_sharing_limited(int fd)
{
	struct devcrypto_config config = share_of(fd, 0), before = config;
	int first = context_sharing(fd, 0), second = device_open();

	/* The source is charged to another user. */
	EXPECT_EQ(1, info_now().contexts_of_user);
	EXPECT_ERRNO(EDQUOT, ioctl(second, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_MEM(&before, &config, sizeof(config));
	EXPECT_ERRNO(ENOTCONN, run_batch(second, NULL, 0));
	close(first);
	EXPECT_EQ(0, ioctl(second, DEVCRYPTO_IOC_CONFIG, &config));
}

TEST(sharing_counts_for_who_shares)
{
	unsigned int before;
	int source;

	need_root();
	before = read_parameter(CONTEXTS);
	source = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	ASSERT_EQ(0, write_parameter(CONTEXTS, 1));
	in_child(expect_sharing_limited, source);
	ASSERT_EQ(0, write_parameter(CONTEXTS, before));
}

/* --- keys of the keyring --- */

static int32_t foreign_key;

static int configure_with(int32_t serial)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", 0);

	config.flags = DEVCRYPTO_CONFIG_KEYRING;
	config.key_serial = serial;
	return ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config);
}

static int32_t make_key(void)
{
	return ASSERT_OK(syscall(SYS_add_key, "user", "devcrypto:foreign", test_key, KEY_BYTES,
				 KEY_SPEC_PROCESS_KEYRING));
}

static void expect_key_refused(int fd)
{
	(void)fd;
	EXPECT_ERRNO(EACCES, configure_with(foreign_key));
}

static void expect_key_accepted(int fd)
{
	(void)fd;
	EXPECT_EQ(0, configure_with(foreign_key));
}

TEST(key_of_another_user)
{
	need_root();
	foreign_key = make_key();
	EXPECT_EQ(0, configure_with(foreign_key));
	in_child(expect_key_refused, 0);
	/* Anybody may search for it. */
	ASSERT_OK(syscall(SYS_keyctl, KEYCTL_SETPERM, foreign_key, 0x3f010008));
	in_child(expect_key_accepted, 0);
}

static void expect_key_refused_to_caller(int fd)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", 0);

	config.flags = DEVCRYPTO_CONFIG_KEYRING;
	config.key_serial = foreign_key;
	EXPECT_ERRNO(EACCES, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
}

/* The rights of the caller count, not those of who opened the file. */
TEST(key_by_a_file_of_its_owner)
{
	need_root();
	foreign_key = make_key();
	in_child(expect_key_refused_to_caller, device_open());
}

static const struct {
	const char *name;
	uint32_t alg_class;
	const char *algorithm;
} missing[] = {
	{ "unknown", DEVCRYPTO_CLASS_SKCIPHER, "nosuchalgorithm" },
	{ "unknown_template", DEVCRYPTO_CLASS_SKCIPHER, "nosuchtemplate(aes)" },
	{ "nested_template", DEVCRYPTO_CLASS_SKCIPHER, "cbc(ecb(blowfish-generic))" },
	/* Algorithms that the crypto API keeps for itself. */
	{ "internal", DEVCRYPTO_CLASS_SKCIPHER, "__cbc(aes)" },
	{ "internal_driver", DEVCRYPTO_CLASS_SKCIPHER, "__cbc-aes-aesni" },
	{ "internal_aead", DEVCRYPTO_CLASS_AEAD, "__gcm(aes)" },
};

TEST_EACH(what_does_not_exist, missing)
{
	struct devcrypto_config config = config_of(row->alg_class, row->algorithm, 0);

	need_root();
	EXPECT_ERRNO(ENOENT, ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config));
	config.flags = DEVCRYPTO_CONFIG_QUERY;
	EXPECT_ERRNO(ENOENT, ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config));
}
