// SPDX-License-Identifier: MIT
/* DEVCRYPTO_CONFIG_SOURCE: contexts that share algorithm and key. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define SOURCE DEVCRYPTO_CONFIG_SOURCE
#define STREAM DEVCRYPTO_CONFIG_STREAM

#define OUT offsetof(struct devcrypto_config, out_name)

static int configure(int fd, struct devcrypto_config *config)
{
	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, config);
}

/* Refused, nothing is written, and the context can still be configured. */
static void expect_refused(int expected, const struct devcrypto_config *config)
{
	struct devcrypto_config copy = *config;
	int fd = device_open();

	EXPECT_ERRNO(expected, configure(fd, &copy));
	EXPECT_MEM(config, &copy, sizeof(copy));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	copy = config_of(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES);
	EXPECT_EQ(0, configure(fd, &copy));
	close(fd);
}

static int hash_context(void)
{
	return context_new(DEVCRYPTO_CLASS_HASH, "sha256", 0);
}

/* --- what is shared --- */

static const struct {
	const char *name;
	enum base base;
	uint32_t flags;
} shared[] = {
	{ "SKCIPHER", SKCIPHER_DECRYPT, 0 },
	{ "SKCIPHER_LAYOUT", SKCIPHER_DECRYPT, DEVCRYPTO_CONFIG_LAYOUT },
	{ "AEAD", AEAD_DECRYPT, 0 },
	{ "AEAD_LAYOUT", AEAD_DECRYPT, DEVCRYPTO_CONFIG_LAYOUT },
	{ "HASH", HASH_DIGEST, 0 },
	{ "RNG", RNG_GENERATE, 0 },
};

TEST_EACH(works_like_its_source, shared)
{
	struct fixture *fixture = fixture_new(row->base, row->flags);
	int source = fixture->fd, chained;

	fixture->fd = context_sharing(source, 0);
	fixture_check(fixture);
	/* Also through one that itself shares, and when the others are gone. */
	chained = context_sharing(fixture->fd, 0);
	close(source);
	close(fixture->fd);
	fixture->fd = chained;
	fixture_check(fixture);
}

/* The message that the source makes is what the other one takes. */
TEST(has_the_same_key)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_AEAD, "gcm(aes)", KEY_BYTES);
	struct fixture *fixture = fixture_new(AEAD_ENCRYPT, 0);
	unsigned char key[KEY_BYTES];

	fill_pattern(key, sizeof(key), 77);
	config.key = address_of(key);
	config.tag_bytes = 12;
	fixture->fd = context_of(&config);
	fixture->request.tag_bytes = 12;
	ASSERT_EQ(0, run_request(fixture->fd, &fixture->request));
	fixture->fd = context_sharing(fixture->fd, 0);
	fixture->request.op = DEVCRYPTO_OP_DECRYPT;
	fixture->request.src = address_of(fixture->dst);
	EXPECT_EQ(0, run_request(fixture->fd, &fixture->request));
	EXPECT_MEM(fixture->src, fixture->dst, TEXT_BYTES);
	fixture->request.tag_bytes = TAG_BYTES;
	EXPECT_EQ(-EINVAL, run_request(fixture->fd, &fixture->request));
}

static const struct {
	const char *name;
	uint32_t alg_class;
	uint32_t key_bytes, tag_bytes;
} answers[] = {
	{ "cbc(aes)", DEVCRYPTO_CLASS_SKCIPHER, 16, 0 },
	{ "gcm(aes)", DEVCRYPTO_CLASS_AEAD, 16, 8 },
	{ "sha256", DEVCRYPTO_CLASS_HASH, 0, 0 },
	{ "hmac(sha256)", DEVCRYPTO_CLASS_HASH, 16, 0 },
	{ "jitterentropy_rng", DEVCRYPTO_CLASS_RNG, 0, 0 },
};

TEST_EACH(answers_like_its_source, answers)
{
	struct devcrypto_config config = config_of(row->alg_class, row->name, row->key_bytes);
	struct devcrypto_config share, before;
	int source = device_open(), fd = device_open();

	need_algorithm(row->alg_class, row->name);
	config.tag_bytes = row->tag_bytes;
	ASSERT_OK(configure(source, &config));
	share = before = share_of(source, 0);
	/* What the caller left in the answer is ignored. */
	memset(share.out_name, 0xff, offsetof(struct devcrypto_config, source) - OUT);
	share.out_output_bytes = share.out_saved_bytes = UINT32_MAX;
	ASSERT_OK(configure(fd, &share));
	EXPECT_MEM(config.out_name, share.out_name, offsetof(struct devcrypto_config, source) - OUT);
	EXPECT_EQ(config.out_output_bytes, share.out_output_bytes);
	EXPECT_EQ(config.out_saved_bytes, share.out_saved_bytes);
	EXPECT_MEM(&before, &share, OUT);
	EXPECT_EQ(source, share.source);
}

TEST(layout_goes_along)
{
	const uint32_t beyond = info_now().max_layout_bytes + BLOCK_BYTES;
	struct fixture *fixture = fixture_new(SKCIPHER_ENCRYPT, DEVCRYPTO_CONFIG_LAYOUT);

	fixture->fd = context_sharing(fixture->fd, 0);
	fixture->request.src = fixture->request.dst = address_of(calloc(1, beyond));
	fixture->request.src_bytes = fixture->request.dst_bytes = beyond;
	EXPECT_EQ(-EDQUOT, run_request(fixture->fd, &fixture->request));
}

TEST(zero_is_a_descriptor)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);

	ASSERT_OK(dup2(fixture->fd, 0));
	close(fixture->fd);
	fixture->fd = context_sharing(0, 0);
	close(0);
	fixture_check(fixture);
}

TEST(counts_for_its_user)
{
	const unsigned int before = info_now().contexts_of_user;
	int source = hash_context(), fd = context_sharing(source, 0);

	EXPECT_EQ(before + 2, info_now().contexts_of_user);
	close(source);
	EXPECT_EQ(before + 1, info_now().contexts_of_user);
	close(fd);
	EXPECT_EQ(before, info_now().contexts_of_user);
}

TEST(has_a_stream_of_its_own)
{
	unsigned char text[] = "shared", whole[DIGEST_BYTES], streamed[DIGEST_BYTES];
	struct devcrypto_request update = {
		.op = DEVCRYPTO_OP_STREAM_UPDATE,
		.src = address_of(text),
		.src_bytes = sizeof(text),
	};
	struct devcrypto_request digest = {
		.op = DEVCRYPTO_OP_DIGEST,
		.dst = address_of(whole),
		.dst_bytes = DIGEST_BYTES,
	};
	struct devcrypto_request final = {
		.op = DEVCRYPTO_OP_STREAM_FINAL,
		.dst = address_of(streamed),
		.dst_bytes = DIGEST_BYTES,
	};
	int source = hash_context(), fd;

	ASSERT_EQ(0, run_request(source, &update));
	fd = context_sharing(source, 0);
	ASSERT_EQ(0, run_request(fd, &digest));
	ASSERT_EQ(0, run_request(fd, &final));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
	digest.src = update.src;
	digest.src_bytes = update.src_bytes;
	ASSERT_EQ(0, run_request(fd, &digest));
	ASSERT_EQ(0, run_request(source, &final));
	EXPECT_MEM(whole, streamed, DIGEST_BYTES);
}

/* --- whose descriptor --- */

static void expect_no_source(int descriptor)
{
	struct devcrypto_config config = share_of(descriptor, 0);

	expect_refused(EINVAL, &config);
}

TEST(no_descriptor)
{
	int closed = device_open();

	close(closed);
	expect_no_source(-1);
	expect_no_source(INT32_MIN);
	expect_no_source(INT32_MAX);
	/* The next one that is opened has its number, so it is asked for first. */
	expect_no_source(closed + 100);
}

TEST(descriptor_of_something_else)
{
	static const struct {
		const char *path;
		int flags;
	} files[] = {
		{ "/dev/null", O_RDWR },
		{ "/dev/zero", O_RDWR },
		{ "/dev/urandom", O_RDONLY },
		{ "/proc/self/status", O_RDONLY },
		{ "/", O_RDONLY | O_DIRECTORY },
		/* The node itself, but not opened. */
		{ DEVICE, O_PATH },
	};
	int pair[2];
	size_t at;

	close(device_open());
	for (at = 0; at < ARRAY_SIZE(files); at++)
		expect_no_source(ASSERT_OK(open(files[at].path, files[at].flags)));
	ASSERT_OK(pipe(pair));
	expect_no_source(pair[0]);
	expect_no_source(pair[1]);
	ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	expect_no_source(pair[0]);
}

TEST(source_without_algorithm)
{
	struct devcrypto_config config = share_of(device_open(), 0);

	expect_refused(ENOTCONN, &config);
}

TEST(itself)
{
	int fd = device_open();
	struct devcrypto_config config = share_of(fd, 0);

	EXPECT_ERRNO(ENOTCONN, configure(fd, &config));
	config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	ASSERT_OK(configure(fd, &config));
	config = share_of(fd, 0);
	EXPECT_ERRNO(EBUSY, configure(fd, &config));
}

TEST(configured_already)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct devcrypto_config config = share_of(hash_context(), 0);

	EXPECT_ERRNO(EBUSY, configure(fixture->fd, &config));
	fixture_check(fixture);
}

/* --- fields --- */

static const struct {
	const char *name;
	size_t offset;
} unused[] = {
#define FIELD(field) { #field, offsetof(struct devcrypto_config, field) }
	FIELD(alg_class), FIELD(name), FIELD(key), FIELD(auth_key), FIELD(key_bytes),
	FIELD(auth_key_bytes), FIELD(tag_bytes), FIELD(reserved), FIELD(key_serial),
	FIELD(key_params), FIELD(dh_p), FIELD(dh_g), FIELD(key_params_bytes),
	FIELD(dh_p_bytes), FIELD(dh_g_bytes), FIELD(reserved2),
};

TEST_EACH(every_other_field_is_zero, unused)
{
	struct devcrypto_config config = share_of(hash_context(), 0);

	((unsigned char *)&config)[row->offset] = 1;
	expect_refused(EINVAL, &config);
	((unsigned char *)&config)[row->offset] = 0;
	close(context_sharing(config.source, 0));
}

TEST(garbage_in_the_name)
{
	struct devcrypto_config config = share_of(hash_context(), 0);

	config.name[DEVCRYPTO_NAME_BYTES - 1] = 1;
	expect_refused(EINVAL, &config);
}

TEST(other_flags)
{
	struct devcrypto_config config = share_of(hash_context(), 0);
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if ((1U << bit) & (SOURCE | STREAM))
			continue;
		config.flags = SOURCE | 1U << bit;
		expect_refused(EINVAL, &config);
	}
}

TEST(source_without_flag)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	config.source = hash_context();
	expect_refused(EINVAL, &config);
	config.source = -1;
	expect_refused(EINVAL, &config);
}

TEST(stream_without_source)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);

	config.flags = STREAM;
	expect_refused(EINVAL, &config);
	config = share_of(hash_context(), 0);
	config.flags = STREAM;
	expect_refused(EINVAL, &config);
}

TEST(unwritable_answer)
{
	struct devcrypto_config *config = (void *)memory_before_hole(sizeof(*config));
	int fd = device_open();

	*config = share_of(hash_context(), 0);
	memory_read_only(config, sizeof(*config));
	EXPECT_ERRNO(EFAULT, configure(fd, config));
	EXPECT_ERRNO(ENOTCONN, run_batch(fd, NULL, 0));
	EXPECT_EQ(1, info_now().contexts_of_user);
}

/* --- lives --- */

/* A child that has the descriptor shares, and outlives its parent's context. */
TEST(across_processes)
{
	struct fixture *fixture = fixture_new(AEAD_DECRYPT, 0);
	int closed[2], status;
	pid_t child;
	char byte;

	ASSERT_OK(pipe(closed));
	child = ASSERT_OK(fork());
	if (!child) {
		int source = fixture->fd;

		fixture->fd = context_sharing(source, 0);
		close(source);
		close(closed[1]);
		ASSERT_EQ(0, read(closed[0], &byte, 1));
		fixture_check(fixture);
		harness_exit();
	}
	close(fixture->fd);
	close(closed[1]);
	ASSERT_OK(waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

#define ROUNDS 300

struct mutual {
	pthread_barrier_t barrier;
	int fd[2];
	int results[2];
};

struct side {
	struct mutual *mutual;
	int index;
};

static void *share_from_other(void *argument)
{
	struct side *side = argument;
	struct mutual *mutual = side->mutual;
	struct devcrypto_config config = share_of(mutual->fd[!side->index], 0);

	pthread_barrier_wait(&mutual->barrier);
	mutual->results[side->index] = configure(mutual->fd[side->index], &config) ? errno : 0;
	return NULL;
}

static void *configure_plainly(void *argument)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_HASH, "sha256", 0);
	struct mutual *mutual = argument;

	pthread_barrier_wait(&mutual->barrier);
	if (configure(mutual->fd[0], &config))
		EXPECT_EQ(EBUSY, errno);
	return NULL;
}

/*
 * Two contexts name each other while one of them gets an algorithm: no side
 * waits for the other, and each has the algorithm or knows that it has not.
 */
TEST_SECONDS(contexts_that_name_each_other, 60)
{
	struct mutual mutual;
	struct side sides[2] = { { &mutual, 0 }, { &mutual, 1 } };
	pthread_t threads[3];
	int round, at, shared_at_once = 0;

	for (round = 0; round < ROUNDS; round++) {
		mutual = (struct mutual){ .fd = { device_open(), device_open() } };
		pthread_barrier_init(&mutual.barrier, NULL, 3);
		ASSERT_EQ(0, pthread_create(&threads[0], NULL, share_from_other, &sides[0]));
		ASSERT_EQ(0, pthread_create(&threads[1], NULL, share_from_other, &sides[1]));
		ASSERT_EQ(0, pthread_create(&threads[2], NULL, configure_plainly, &mutual));
		for (at = 0; at < 3; at++)
			pthread_join(threads[at], NULL);
		/* The first one has it by itself, and can have it from nowhere else. */
		EXPECT_TRUE(mutual.results[0] == EBUSY || mutual.results[0] == ENOTCONN);
		EXPECT_TRUE(!mutual.results[1] || mutual.results[1] == ENOTCONN);
		EXPECT_EQ(0, run_batch(mutual.fd[0], NULL, 0));
		if (mutual.results[1])
			EXPECT_ERRNO(ENOTCONN, run_batch(mutual.fd[1], NULL, 0));
		else
			EXPECT_EQ(0, run_batch(mutual.fd[1], NULL, 0));
		shared_at_once += !mutual.results[1];
		close(mutual.fd[0]);
		close(mutual.fd[1]);
	}
	harness_note("%d of %d found the algorithm", shared_at_once, ROUNDS);
	EXPECT_EQ(0, info_now().contexts_of_user);
}

#define SHARERS 4

static void *share_often(void *argument)
{
	const int source = *(int *)argument;
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	int round;

	for (round = 0; round < ROUNDS; round++) {
		close(fixture->fd);
		fixture->fd = context_sharing(source, 0);
		fixture_check(fixture);
	}
	close(fixture->fd);
	return NULL;
}

/* Sharing and closing from all sides, with requests on the source. */
TEST_SECONDS(many_at_once, 60)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	pthread_t threads[SHARERS];
	int at, round;

	for (at = 0; at < SHARERS; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, share_often, &fixture->fd));
	for (round = 0; round < ROUNDS; round++)
		fixture_check(fixture);
	for (at = 0; at < SHARERS; at++)
		pthread_join(threads[at], NULL);
	EXPECT_EQ(1, info_now().contexts_of_user);
}

static void *close_it(void *argument)
{
	struct mutual *mutual = argument;

	pthread_barrier_wait(&mutual->barrier);
	close(mutual->fd[1]);
	return NULL;
}

/* The source closes while another takes its algorithm: there or not there. */
TEST_SECONDS(source_that_closes, 60)
{
	struct fixture *fixture = fixture_new(SKCIPHER_DECRYPT, 0);
	struct mutual mutual;
	struct side side = { &mutual, 0 };
	pthread_t sharer, closer;
	int round, taken = 0;

	close(fixture->fd);
	for (round = 0; round < ROUNDS; round++) {
		mutual = (struct mutual){ .fd = { device_open() } };
		mutual.fd[1] = context_new(DEVCRYPTO_CLASS_SKCIPHER, "cbc(aes)", KEY_BYTES);
		pthread_barrier_init(&mutual.barrier, NULL, 2);
		ASSERT_EQ(0, pthread_create(&sharer, NULL, share_from_other, &side));
		ASSERT_EQ(0, pthread_create(&closer, NULL, close_it, &mutual));
		pthread_join(sharer, NULL);
		pthread_join(closer, NULL);
		EXPECT_TRUE(!mutual.results[0] || mutual.results[0] == EINVAL);
		fixture->fd = mutual.fd[0];
		if (!mutual.results[0])
			fixture_check(fixture);
		taken += !mutual.results[0];
		close(mutual.fd[0]);
	}
	harness_note("%d of %d were in time", taken, ROUNDS);
	EXPECT_EQ(0, info_now().contexts_of_user);
}
