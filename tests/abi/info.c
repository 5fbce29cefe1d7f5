// SPDX-License-Identifier: MIT
/* DEVCRYPTO_IOC_INFO. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

TEST(before_and_after_configuration)
{
	struct devcrypto_info before = info_now(), after = { 0 };
	int fd = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_INFO, &after));
	EXPECT_EQ(before.contexts_of_user + 1, after.contexts_of_user);
	after.contexts_of_user = before.contexts_of_user;
	EXPECT_MEM(&before, &after, sizeof(before));
}

TEST(what_the_caller_had_there_is_ignored)
{
	struct devcrypto_info clean = info_now(), dirty;
	int fd = device_open();

	memset(&dirty, 0xff, sizeof(dirty));
	ASSERT_OK(ioctl(fd, DEVCRYPTO_IOC_INFO, &dirty));
	EXPECT_MEM(&clean, &dirty, sizeof(clean));
}

TEST(fields_make_sense)
{
	struct devcrypto_info info = info_now();
	size_t at;

	EXPECT_EQ(DEVCRYPTO_ABI_VERSION, info.abi_version);
	EXPECT_EQ(DEVCRYPTO_FEATURE_QUERY | DEVCRYPTO_FEATURE_LAYOUT | DEVCRYPTO_FEATURE_IV_OUT,
		  info.features & (DEVCRYPTO_FEATURE_QUERY | DEVCRYPTO_FEATURE_LAYOUT |
				   DEVCRYPTO_FEATURE_IV_OUT));
	EXPECT_EQ(1U << DEVCRYPTO_CLASS_SKCIPHER | 1U << DEVCRYPTO_CLASS_AEAD |
		  1U << DEVCRYPTO_CLASS_HASH | 1U << DEVCRYPTO_CLASS_RNG |
		  1U << DEVCRYPTO_CLASS_COMP, info.classes & 0x3e);
	EXPECT_EQ(128 << 10, info.max_comp_bytes);
	EXPECT_EQ(0, info.classes & 1);
	EXPECT_TRUE(info.max_batch >= 1024);
	EXPECT_TRUE(info.max_request_bytes >= 64 << 10);
	EXPECT_TRUE(info.max_segments >= 16);
	EXPECT_TRUE(info.max_key_bytes >= 64);
	EXPECT_TRUE(info.max_layout_bytes >= 4096);
	EXPECT_TRUE(info.max_layout_bytes <= info.max_request_bytes);
	EXPECT_TRUE(info.max_assoc_bytes >= 4096);
	EXPECT_TRUE(info.max_memory_per_user >= info.max_request_bytes);
	EXPECT_TRUE(info.max_layout_entries >= 8);
	EXPECT_TRUE(info.max_layout_entries <= info.max_segments);
	EXPECT_TRUE(info.max_contexts_per_user >= 1);
	EXPECT_EQ(DEVCRYPTO_FEATURE_SUBMIT | DEVCRYPTO_FEATURE_CHAIN,
		  info.features & (DEVCRYPTO_FEATURE_SUBMIT | DEVCRYPTO_FEATURE_CHAIN));
	EXPECT_TRUE(info.max_in_flight >= 4096);
	EXPECT_TRUE(info.inline_bytes <= info.max_request_bytes);
	EXPECT_EQ(0, info.out_reserved);

	EXPECT_TRUE(info.version[0]);
	at = strnlen(info.version, sizeof(info.version));
	ASSERT_TRUE(at < sizeof(info.version));
	/* Nothing of the kernel's memory stands behind the NUL. */
	for (; at < sizeof(info.version); at++)
		EXPECT_EQ(0, info.version[at]);
}

TEST(fips_mode_of_the_kernel)
{
	FILE *file = fopen("/proc/sys/crypto/fips_enabled", "r");
	unsigned int enabled = 0;

	if (file) {
		ASSERT_EQ(1, fscanf(file, "%u", &enabled));
		fclose(file);
	}
	EXPECT_EQ(enabled, info_now().fips_enabled);
}

TEST(contexts_are_counted)
{
	const unsigned int before = info_now().contexts_of_user;
	struct devcrypto_config query = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	int unconfigured = device_open(), first, second, copy;

	EXPECT_EQ(before, info_now().contexts_of_user);
	query.flags = DEVCRYPTO_CONFIG_QUERY;
	ASSERT_OK(ioctl(unconfigured, DEVCRYPTO_IOC_CONFIG, &query));
	EXPECT_EQ(before, info_now().contexts_of_user);
	first = context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	second = context_new(DEVCRYPTO_CLASS_RNG, generator_name(), 0);
	EXPECT_EQ(before + 2, info_now().contexts_of_user);
	close(first);
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	/* Two descriptors, one open file. */
	copy = ASSERT_OK(dup(second));
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	close(second);
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	close(copy);
	EXPECT_EQ(before, info_now().contexts_of_user);
}

TEST(failed_configuration_is_not_counted)
{
	const unsigned int before = info_now().contexts_of_user;
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", 15);
	int fd = device_open();

	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	EXPECT_EQ(before, info_now().contexts_of_user);
}

/* What a context keeps between requests is counted, and goes with it. */
TEST(memory_is_counted)
{
	const uint64_t before = info_now().memory_of_user;
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, 0);

	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_TRUE(info_now().memory_of_user > before);
	EXPECT_TRUE(info_now().memory_of_user - before <= 128 << 10);
	close(fixture->fd);
	EXPECT_EQ(before, info_now().memory_of_user);
}
