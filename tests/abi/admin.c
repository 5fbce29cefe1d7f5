// SPDX-License-Identifier: MIT
/* What needs the administrator: limits that are set, names outside the policy. */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
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

/* Where each class asks for its key. */
static const enum base asking[] = {
	SKCIPHER_ENCRYPT, AEAD_ENCRYPT, AKCIPHER_ENCRYPT, AKCIPHER_DECRYPT, SIG_SIGN, SIG_VERIFY,
	KPP_SHARED_SECRET,
};

static int configure_base(enum base base, int32_t serial)
{
	struct devcrypto_config config = fixture_config(base, DEVCRYPTO_CONFIG_KEYRING);

	config.key = config.key_bytes = 0;
	config.key_serial = serial;
	return ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config);
}

static int configure_with(int32_t serial)
{
	return configure_base(SKCIPHER_ENCRYPT, serial);
}

static int32_t make_key(void)
{
	return ASSERT_OK(syscall(SYS_add_key, "user", "devcrypto:foreign", test_key, KEY_BYTES,
				 KEY_SPEC_PROCESS_KEYRING));
}

static void expect_key_refused(int fd)
{
	size_t at;

	(void)fd;
	for (at = 0; at < ARRAY_SIZE(asking); at++)
		EXPECT_ERRNO(EACCES, configure_base(asking[at], foreign_key));
}

static void expect_key_accepted(int fd)
{
	(void)fd;
	EXPECT_EQ(0, configure_with(foreign_key));
}

/* The first to ask for seven algorithms waits for their modules. */
TEST_SECONDS(key_of_another_user, 90)
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

/* --- test entropy of generators --- */

/*
 * SP 800-90A test vectors of NIST's CAVP (drbgvectors_no_reseed and
 * drbgvectors_pr_true, SHA-256 and AES-128 with derivation function).
 */
struct drbg {
	const char *name;
	const char *driver;
	/* Entropy with the nonce behind it, and the personalisation string. */
	const char *entropy, *personalisation;
	/* Of the first and the second output. */
	const char *entropy_again[2], *additional[2];
	/* The second output. */
	const char *expected;
};

static const struct drbg without_resistance[] = {
	{ "drbg_nopr_hmac_sha256.plain", "drbg_nopr_hmac_sha256",
	  "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"
	  "659ba96c601dc69fc902940805ec0ca8",
	  "",
	  { "",
	    "" },
	  { "",
	    "" },
	  "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
	  "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
	  "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
	  "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8" },
	{ "drbg_nopr_hmac_sha256.all_inputs", "drbg_nopr_hmac_sha256",
	  "c2a566a9a1817b15c5c3b778177ac87c24e797be0a845f11c2fe399dd37732f2"
	  "cb1894eb2b97b3c56e628329516f86ec",
	  "13ce4d8dd2db9796f94156c8e8f0769b0aa1c82c1323b61536603bca37c9ee29",
	  { "",
	    "" },
	  { "413dd83fe56835abd478cb9693d67635901c40239a266462d3133b83e49c820b",
	    "d5c4a71f9d6d95a1bedf0bd2247c277d1f84a4e57a4a8825b82a2d097de63ef1" },
	  "b3a3698d777699a0dd9fa3f0a9fa57832d3cefac5df24437c6d73a0fe41040f1"
	  "729038aef1e926352ea59de120bfb7b073183a34106efed6278ff8ad844ba044"
	  "8115dfddf3319a82de6bb11d80bd871a9acd35c73645e1270fb9fe4fa88ec0e4"
	  "65409ea0cba809fe2f45e04943a2e396bbb7dd2f4e0795303524cc9cc5ea54a1" },
	{ "drbg_nopr_sha256.plain", "drbg_nopr_sha256",
	  "a65ad0f345db4e0effe875c3a2e71f42c7129d620ff5c119a9ef55f05185e0fb"
	  "8581f9317517276e06e9607ddbcbcc2e",
	  "",
	  { "",
	    "" },
	  { "",
	    "" },
	  "d3e160c35b99f340b2628264d1751060e0045da383ff57a57d73a673d2b8d80d"
	  "aaf6a6c35a91bb4579d73fd0c8fed111b0391306828adfed528f018121b3febd"
	  "c343e797b87dbb63db1333ded9d1ece177cfa6b71fe8ab1da46624ed6415e51c"
	  "cde2c7ca86e283990eeaeb91120415528b2295910281b02dd431f4c9f70427df" },
	{ "drbg_nopr_sha256.all_inputs", "drbg_nopr_sha256",
	  "69ed82a9c57bbfe51d2fcb7ad3507d96b4b92b50775127743374baf130df8edf"
	  "871d87bc96b2c3a7ed605e614e51291a",
	  "74a6e008f927ee1d6e3c282087ddd7543147784be56da373a965b110c1dc777c",
	  { "",
	    "" },
	  { "74d36ddae8d6865f6301fdf27d06296d94d166f0d272674e77c53d9e03e3a578",
	    "f6b63df07c2604c58bcd3e6a9f9c3a2edb4787e58e005e2b747fa6f680cd9b21" },
	  "a571243111fe13e1a82412fb37a127a5ab77a19fae8faf1393f7538591b61bab"
	  "d46beab6efda4c906eef5fdee1c71036d567bd14b689210cc9926564d0f323e0"
	  "7fd1e875c28506eacac0cb792d2982fcaa9ac6957edc8865baec0e1687eca39e"
	  "d88c80ab3a64e0cb0e4598dd7c6c6c261113c8cea947a60657a266bb2d7ff3c1" },
	{ "drbg_nopr_ctr_aes128.plain", "drbg_nopr_ctr_aes128",
	  "87e1c532997f57a35c286de864bff264a39e98db6c10787f",
	  "",
	  { "",
	    "" },
	  { "",
	    "" },
	  "2c147e24119ad8d4b2ed61c153d050c924ff597515f1173a3df44b2c8428ef89"
	  "0eb9def3e47804b2fd9b357fe13f8a3e10c8670af9df2d6c96fbb2b8cb2dd6b0" },
	{ "drbg_nopr_ctr_aes128.all_inputs", "drbg_nopr_ctr_aes128",
	  "c0701f9250758fcdf2be739880db66eb1468b4a5879c2da6",
	  "8008aee8e96940c50873c79f8ecfe002",
	  { "",
	    "" },
	  { "f901f8167a1dffde8e3c83e24485e7fe",
	    "171c0938c2389f97876055b48216627f" },
	  "97c0c0e5a0ccf24f3363488adb130a3589bf806562ee13957c33d37df407777a"
	  "2b650b5f455c13f190777fc5043fcc1a38f8cd1bbbd557d14a4c2e8a2b491e5c" },
};

static const struct drbg with_resistance[] = {
	{ "drbg_pr_hmac_sha256.plain", "drbg_pr_hmac_sha256",
	  "9969e54b4703ff31785b879a7e5c0eae0d3e309559e9fe96b0676d49d591ea4d"
	  "07d20d46d064757d3023cac2376127ab",
	  "",
	  { "c60f2999100f738c10f74792676a3fc4a262d13721798046e29a295181569f54",
	    "c11d4524c9071bd3096015fcf7bc24a607f22fa065c937658a2a77a8699089f4" },
	  { "",
	    "" },
	  "abc015856094803a938dffd20da94843870ef935b82cfec17706b8f551b83850"
	  "44235dd44b599f94b39be78dd476e0cf11309c995a7334e0a78b37bc95862350"
	  "86fa3b637ba91cf8fb65efa22a589c137531aa7b2d4e2607aac27292b01c698e"
	  "6e01ae679eb87c01a89c7422d4372d6d754ababb4bf896fcb1cd09d692d0283f" },
	{ "drbg_pr_hmac_sha256.all_inputs", "drbg_pr_hmac_sha256",
	  "c7ccbc677e21661e272b63dd3a78dcdf666d3f24aecf3701a90d898aa7dc8158"
	  "aeb210157e18446d13eadf3785fe81fb",
	  "bc55ab3cf652b0113d7b90b824c9264e5a1e770d3d584adad181e9f8eb308f6f",
	  { "7ba1915b3c04c41b1d192f1a1881603c6c6291b7e9f5cb96bb816accb5ae55b6",
	    "992cc7787e3b8812efbed3d27d2aa586da8d58734a0ab22ebb4c7ee39ab681c1" },
	  { "18e817ffef39c7415c730303f63de85fc8abe4ab0fade8d686885528c169dd76",
	    "ac07fcbe870ed3ea1f7eb8e79dece8e7bcf3182577354aaa00992add0a005082" },
	  "956f95fc3bb7fe3ed04e1a146c347f7b1d0d635e489c69e64607d287f386523d"
	  "98275ed754e775504ffb4dfdac2f4b77cf9e8ecc16a224cd53de3ec5555dd526"
	  "3f89dfca8b4e1eb68878635ca263984e6f2559b15f2b23b04ba5185dc2157440"
	  "594cb41ecf9a36fd43e203b8599130892ac85a43237c7372da3fad2bba006bd1" },
	{ "drbg_pr_sha256.plain", "drbg_pr_sha256",
	  "72884ccd6c855770f70b8b86c1ebd24e3614ab18c49cc9cf1ae8f77b024973d7"
	  "f1427dc63f292decd366513f1d8d5b4e",
	  "",
	  { "389c91fac2a3468956083f6273d522a929633a1de55d5e4f67b0677a5e9e0c62",
	    "b28f36b2f68d3913fa6c66cf628a7e8c1233719c69e4a5f08ceeeb9cf5319831" },
	  { "",
	    "" },
	  "527ba3ad7177a449420461c7f0afa5fdd3b30d6a61ba3549bbaaafe4257db548"
	  "af5c183d338d9d45df98d594a8da92fec43c942acf7f7bf2eb28a9f1e08630a8"
	  "fef24890910c75b53c00f04d094f40a7a28c52df52ef17bf3dd1a231b4b8dce6"
	  "5b0d1f7836b4e64ba71125d594c69736abf0e531286abbce3081a68f2714f81c" },
	{ "drbg_pr_sha256.all_inputs", "drbg_pr_sha256",
	  "b6c18ddf9954be951048d9f6d748a8732d74de1ede577ef47b7b64ef887aa810"
	  "4be1c187bb0be1393950af689ca2bf5e",
	  "84c3739eceb3bc89f762b3e1d748458aa9cce9edd5818452824cdc19b8f8925c",
	  { "dc810a0158a72eceee488c7c779e3cf117247abbab9fca1219af972d5ff9fffc",
	    "affc4f988b9395c1b58b7f736da6be6d33eb2c82b1afc1b6b605e244aafde7db" },
	  { "15202ff6982863a2c44ebb6cb225926179c922c4615496ff4a85ca80fe0d1cd0",
	    "de298e034261a3285ec880c26dbfad13e18d2ac7e8c7188942589ed6ccad7b1e" },
	  "5179de1c0f58f3f4c9572e31a709a1536463a2c51d848865011bc6163c495b42"
	  "8e53f518ad94120d4f55cc455c980f42282f4711f9c401976ba09450a9d15e06"
	  "543fdfbbc498ee8bbaa9fa49ee1ddcfb50f6519f6c4a9a6f63a27dadaf3a24a0"
	  "d99f07eb15ee26e0d56339da3c59d6336c02e80571466844634a6872e9f555fe" },
	{ "drbg_pr_ctr_aes128.plain", "drbg_pr_ctr_aes128",
	  "d144c661816dca9d15288a4294d7289c437719291a6dc3a2",
	  "",
	  { "96d89e4532c9d2087a6d9715b4ec80b1",
	    "8bb672b5240b98659595e9c92807ebc2" },
	  { "",
	    "" },
	  "7019d04c4578d668a99aaafec1df279a1c0d0df7247546cc776bdf89c694dc74"
	  "501070189bdc96b48923401ace0987ced2f3d5e4516774115acc8b3b8af123a8" },
	{ "drbg_pr_ctr_aes128.all_inputs", "drbg_pr_ctr_aes128",
	  "92898f31fa1cff6d182f260643dff818c2a4d972c3b9b697",
	  "ea65ee60264e7eb60e8268c4373c5c0b",
	  { "20728a06f86f8dd441e272b7c42ce810",
	    "3db0f094f305503317863e2208f7a501" },
	  { "1a40fae3cc6c7ca0f8daba59236dad1d",
	    "9f72766cc746e5ed2e532012bc59318c" },
	  "5a3539870f4d22a40924ee71c96fac720ad6f08882d0832873ec3f93d8ab4523"
	  "f07eac45145e939fb1d676433db6e80888f6da89087742fe1af43fc423c51f68" },
};

#define LONGEST_OUTPUT 128

static int generator(const char *driver)
{
	struct devcrypto_config config = config_of(DEVCRYPTO_CLASS_RNG, driver, 0);

	config.flags = DEVCRYPTO_CONFIG_ENTROPY;
	return context_of(&config);
}

static int run_generator(int fd, uint32_t op, const char *entropy, const char *src,
			 unsigned char *dst, uint32_t dst_bytes)
{
	unsigned char entropy_bytes[64], src_bytes[64];
	struct devcrypto_request request = {
		.op = op,
		.entropy = address_of(entropy_bytes),
		.entropy_bytes = from_hex(entropy, entropy_bytes),
		.src = address_of(src_bytes),
		.src_bytes = from_hex(src, src_bytes),
		.dst = address_of(dst),
		.dst_bytes = dst_bytes,
	};
	const int result = run_request(fd, &request);

	/* The entropy is the generator's no longer. */
	memset(entropy_bytes, UNTOUCHED, sizeof(entropy_bytes));
	return result;
}

static int seed(int fd, const char *entropy, const char *src)
{
	return run_generator(fd, DEVCRYPTO_OP_RESEED, entropy, src, NULL, 0);
}

static int generate(int fd, const char *entropy, const char *src, unsigned char *dst, uint32_t bytes)
{
	return run_generator(fd, DEVCRYPTO_OP_GENERATE, entropy, src, dst, bytes);
}

static void check_drbg(const struct drbg *drbg)
{
	unsigned char expected[LONGEST_OUTPUT], output[LONGEST_OUTPUT];
	const size_t bytes = from_hex(drbg->expected, expected);
	int fd, round;

	need_root();
	need_algorithm(DEVCRYPTO_CLASS_RNG, drbg->driver);
	fd = generator(drbg->driver);
	ASSERT_EQ(0, seed(fd, drbg->entropy, drbg->personalisation));
	for (round = 0; round < 2; round++)
		ASSERT_EQ(0, generate(fd, drbg->entropy_again[round], drbg->additional[round], output,
				      bytes));
	EXPECT_MEM(expected, output, bytes);
}

TEST_EACH(drbg, without_resistance)
{
	check_drbg(row);
}

TEST_EACH(drbg_with_prediction_resistance, with_resistance)
{
	check_drbg(row);
}

/*
 * An output with prediction resistance is a reseed with the additional input and
 * an output without any (SP 800-90A section 9.3.1), so its vectors are vectors
 * of a reseed, too.
 */
TEST_EACH(drbg_reseed, with_resistance)
{
	unsigned char expected[LONGEST_OUTPUT], output[LONGEST_OUTPUT];
	const size_t bytes = from_hex(row->expected, expected);
	char driver[DEVCRYPTO_NAME_BYTES];
	int fd, round;

	need_root();
	snprintf(driver, sizeof(driver), "drbg_nopr_%s", row->driver + strlen("drbg_pr_"));
	need_algorithm(DEVCRYPTO_CLASS_RNG, driver);
	fd = generator(driver);
	ASSERT_EQ(0, seed(fd, row->entropy, row->personalisation));
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, seed(fd, row->entropy_again[round], row->additional[round]));
		ASSERT_EQ(0, generate(fd, "", "", output, bytes));
	}
	EXPECT_MEM(expected, output, bytes);
}

#define NOPR "drbg_nopr_hmac_sha256"
#define PR "drbg_pr_hmac_sha256"
#define ENTROPY "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"

static int need_generator(const char *driver)
{
	need_root();
	need_algorithm(DEVCRYPTO_CLASS_RNG, driver);
	return generator(driver);
}

TEST(generator_without_entropy)
{
	int fd = need_generator(NOPR);
	unsigned char output[32], untouched[32];

	memset(output, UNTOUCHED, sizeof(output));
	memset(untouched, UNTOUCHED, sizeof(output));
	EXPECT_EQ(-ENOKEY, generate(fd, "", "", output, sizeof(output)));
	EXPECT_EQ(-ENOKEY, generate(fd, ENTROPY, "", output, sizeof(output)));
	EXPECT_EQ(-EINVAL, seed(fd, "", ""));
	EXPECT_EQ(-EINVAL, seed(fd, "", ENTROPY));
	EXPECT_EQ(-ENOKEY, generate(fd, "", "", output, sizeof(output)));
	EXPECT_MEM(untouched, output, sizeof(output));
	EXPECT_EQ(0, seed(fd, ENTROPY, ""));
	EXPECT_EQ(0, generate(fd, "", "", output, sizeof(output)));
	EXPECT_EQ(-EINVAL, seed(fd, "", ""));
}

TEST(prediction_resistance_without_entropy)
{
	int fd = need_generator(PR);
	unsigned char output[32];

	ASSERT_EQ(0, seed(fd, ENTROPY, ""));
	EXPECT_EQ(-EINVAL, generate(fd, "", "", output, sizeof(output)));
	EXPECT_EQ(0, generate(fd, ENTROPY, "", output, sizeof(output)));
}

TEST(entropy_address)
{
	int fd = need_generator(NOPR);
	const uint32_t max = info_now().max_key_bytes;
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_RESEED,
		.entropy = address_of(memory_hole()),
		.entropy_bytes = 32,
	};

	EXPECT_EQ(-EFAULT, run_request(fd, &request));
	request.entropy = address_of(memory_before_hole(max));
	request.entropy_bytes = max + 1;
	EXPECT_EQ(-EDQUOT, run_request(fd, &request));
	request.entropy_bytes = max;
	EXPECT_EQ(0, run_request(fd, &request));
}

/* Output of several calls of the generator, which all have the entropy. */
TEST(long_output_from_test_entropy)
{
	static unsigned char first[20000], second[20000];
	int fd = need_generator(PR), other = generator(PR);

	ASSERT_EQ(0, seed(fd, ENTROPY, ""));
	ASSERT_EQ(0, generate(fd, ENTROPY, "", first, sizeof(first)));
	ASSERT_EQ(0, seed(other, ENTROPY, ""));
	ASSERT_EQ(0, generate(other, ENTROPY, "", second, sizeof(second)));
	EXPECT_MEM(first, second, sizeof(first));
}

static int configure_entropy(int fd, uint32_t alg_class, const char *name, uint32_t key_bytes)
{
	struct devcrypto_config config = config_of(alg_class, name, key_bytes);

	config.flags = DEVCRYPTO_CONFIG_ENTROPY;
	return ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config);
}

TEST(entropy_of_others)
{
	need_root();
	EXPECT_ERRNO(EOPNOTSUPP, configure_entropy(device_open(), DEVCRYPTO_CLASS_RNG,
						   "jitterentropy_rng", 0));
	EXPECT_ERRNO(EOPNOTSUPP, configure_entropy(device_open(), DEVCRYPTO_CLASS_HASH, "sha256", 0));
	EXPECT_ERRNO(EOPNOTSUPP, configure_entropy(device_open(), DEVCRYPTO_CLASS_SKCIPHER,
						   "cbc(aes)", KEY_BYTES));
}

static void expect_entropy_refused(int fd)
{
	const char *name = generator_name();

	EXPECT_ERRNO(EPERM, configure_entropy(fd, DEVCRYPTO_CLASS_RNG, name, 0));
	EXPECT_ERRNO(EPERM, configure_entropy(device_open(), DEVCRYPTO_CLASS_RNG, name, 0));
}

TEST(entropy_is_the_administrators)
{
	need_root();
	in_child(expect_entropy_refused, device_open());
}

TEST(generator_with_test_entropy_is_not_shared)
{
	int source = need_generator(NOPR);
	struct devcrypto_config config = share_of(source, 0);

	EXPECT_ERRNO(EOPNOTSUPP, ioctl(device_open(), DEVCRYPTO_IOC_CONFIG, &config));
}

static bool fdinfo_has(int fd, const char *wanted)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file))
		found |= !strcmp(line, wanted);
	fclose(file);
	return found;
}

TEST(fdinfo_tells_of_test_entropy)
{
	static const char line[] = "devcrypto-entropy:\ttest\n";

	EXPECT_TRUE(fdinfo_has(need_generator(NOPR), line));
	EXPECT_TRUE(!fdinfo_has(context_new(DEVCRYPTO_CLASS_RNG, NOPR, 0), line));
}

static void *seed_and_generate(void *argument)
{
	unsigned char output[100];
	int fd = *(int *)argument, round;

	for (round = 0; round < 500; round++) {
		ASSERT_EQ(0, seed(fd, ENTROPY, ""));
		ASSERT_EQ(0, generate(fd, ENTROPY, "", output, sizeof(output)));
	}
	return NULL;
}

/* Each has its own entropy, and the generator never that of one which is gone. */
TEST_SECONDS(many_with_test_entropy, 60)
{
	int fd = need_generator(PR), at;
	pthread_t threads[4];

	for (at = 0; at < 4; at++)
		ASSERT_EQ(0, pthread_create(&threads[at], NULL, seed_and_generate, &fd));
	for (at = 0; at < 4; at++)
		pthread_join(threads[at], NULL);
}
