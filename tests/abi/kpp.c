// SPDX-License-Identifier: MIT
/* Key agreement: known answers, generated keys, public keys that must be refused. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"
#include "keys.h"

#define KPP		DEVCRYPTO_CLASS_KPP
#define GENERATE	DEVCRYPTO_CONFIG_GENERATE
#define MAX_BYTES	1024

/* A number as the caller of the device writes it. */
struct number {
	unsigned char bytes[MAX_BYTES + 64];
	uint32_t length;
};

static struct number number_of(const char *hex)
{
	struct number number = { .length = 0 };

	number.length = from_hex(hex, number.bytes);
	return number;
}

static int configure(const char *name, const struct number *key, const struct number *p,
		     const struct number *g, uint32_t flags)
{
	struct devcrypto_config config = config_of(KPP, name, 0);
	int fd = device_open();

	need_algorithm(KPP, name);
	config.flags = flags;
	if (key) {
		config.key = address_of(key->bytes);
		config.key_bytes = key->length;
	}
	if (p) {
		config.dh_p = address_of(p->bytes);
		config.dh_p_bytes = p->length;
	}
	if (g) {
		config.dh_g = address_of(g->bytes);
		config.dh_g_bytes = g->length;
	}
	if (ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config)) {
		const int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int context_key(const char *name, const char *hex)
{
	const struct number key = number_of(hex);

	return ASSERT_OK(configure(name, &key, NULL, NULL, 0));
}

static int context_generated(const char *name)
{
	return ASSERT_OK(configure(name, NULL, NULL, NULL, GENERATE));
}

static struct number public_key(int fd)
{
	struct number public = { .length = 0 };
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_PUBLIC_KEY,
		.dst = address_of(public.bytes), .dst_bytes = MAX_BYTES,
	};

	ASSERT_EQ(0, run_request(fd, &request));
	public.length = request.out_bytes;
	return public;
}

static int share(int fd, const struct number *public, struct number *secret)
{
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_SHARED_SECRET,
		.src = address_of(public->bytes), .src_bytes = public->length,
		.dst = address_of(secret->bytes), .dst_bytes = MAX_BYTES,
	};
	int result;

	memset(secret->bytes, UNTOUCHED, sizeof(secret->bytes));
	result = run_request(fd, &request);
	secret->length = request.out_bytes;
	return result;
}

static void expect_number(const char *hex, const struct number *seen)
{
	const struct number expected = number_of(hex);

	ASSERT_EQ(expected.length, seen->length);
	EXPECT_MEM(expected.bytes, seen->bytes, expected.length);
}

static void expect_refused(int fd, const struct number *public)
{
	static unsigned char untouched[MAX_BYTES];
	struct number secret;

	memset(untouched, UNTOUCHED, sizeof(untouched));
	EXPECT_EQ(-EINVAL, share(fd, public, &secret));
	EXPECT_EQ(0, secret.length);
	EXPECT_MEM(untouched, secret.bytes, sizeof(untouched));
}

/* --- what is known --- */

static const struct agreement {
	const char *name;
	const char *private, *public, *peer, *secret;
} agreements[] = {
	{ "ecdh-nist-p256", ECDH_D, ECDH_PUBLIC, ECDH_PEER, ECDH_SECRET },
	/* NIST CAVP, KAS_ECC_CDH_PrimitiveTest, P-192 and P-384, COUNT = 0. */
	{ "ecdh-nist-p192",
	  "f17d3fea367b74d340851ca4270dcb24c271f445bed9d527",
	  "b15053401f57285637ec324c1cd2139e3a67de3739234b37"
	  "f269c158637482aad644cd692dd1d3ef2c8a7c49e389f7f6",
	  "42ea6dd9969dd2a61fea1aac7f8e98edcc896c6e55857cc0"
	  "dfbe5d7c61fac88b11811bde328e8a0d12bf01a9d204b523",
	  "803d8ab2e5b6e6fca715737c3a82f7ce3c783124f6d51cd0" },
	{ "ecdh-nist-p384",
	  "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
	  "ad463b205da88cf699ab4d43c9cf98a1",
	  "9803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d3"
	  "4fe4a97bef60cff548355c015dbb3e5f"
	  "ba26ca69ec2f5b5d9dad20cc9da711383a9dbe34ea3fa5a2af75b46502629ad5"
	  "4dd8b7d73a8abb06a3a3be47d650cc99",
	  "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272"
	  "734466b400091adbf2d68c58e0c50066"
	  "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915e"
	  "d0905a32b060992b468c64766fc8437a",
	  "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457"
	  "e5621e766c40a2e3d4d6a04b25e533f1" },
	/* RFC 7748 section 6.1: Alice's private and public key, Bob's, the secret. */
	{ "curve25519",
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	{ "ffdhe2048(dh)", DH_X, FFDHE2048_A, FFDHE2048_B, FFDHE2048_Z },
};

TEST_EACH(known_answer, agreements)
{
	int fd = context_key(row->name, row->private);
	struct number public = public_key(fd), secret;

	expect_number(row->public, &public);
	public = number_of(row->peer);
	EXPECT_EQ(0, share(fd, &public, &secret));
	expect_number(row->secret, &secret);
	/* The context is as it was. */
	public = public_key(fd);
	expect_number(row->public, &public);
}

static const struct number two = { { 2 }, 1 };

static int context_dh(const char *p_hex, const char *key_hex)
{
	const struct number p = number_of(p_hex), key = number_of(key_hex);

	return ASSERT_OK(configure("dh", &key, &p, &two, 0));
}

TEST(known_answer_of_dh)
{
	int fd = context_dh(MODP1536_P, DH_X);
	struct number public = public_key(fd), secret;

	expect_number(MODP1536_A, &public);
	public = number_of(MODP1536_B);
	EXPECT_EQ(0, share(fd, &public, &secret));
	expect_number(MODP1536_Z, &secret);
	fd = context_dh(FFDHE2048_P, DH_Y);
	public = number_of(FFDHE2048_A);
	EXPECT_EQ(0, share(fd, &public, &secret));
	expect_number(FFDHE2048_Z, &secret);
}

/* Zeros in front change nothing, and the output keeps its length. */
TEST(zeros_in_front)
{
	struct number p = number_of("00000000" MODP1536_P), g = number_of("0000000000000002");
	struct number key = number_of("000003"), public = number_of("000002"), secret;
	unsigned char expected[192] = { 0 };
	int fd;

	fd = ASSERT_OK(configure("dh", &key, &p, &g, 0));
	expected[191] = 8;
	EXPECT_EQ(0, share(fd, &public, &secret));
	ASSERT_EQ(192, secret.length);
	EXPECT_MEM(expected, secret.bytes, 192);
	secret = public_key(fd);
	ASSERT_EQ(192, secret.length);
	EXPECT_MEM(expected, secret.bytes, 192);
}

/* RFC 7748 section 5.2: a private key with bits that must be masked. */
TEST(masked_private_key)
{
	int fd = context_key("curve25519",
			     "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
	struct number public = number_of("e6db6867583030db3594c1a424b15f7c"
					 "726624ec26b3353b10a903a6d0ab1c4c"), secret;

	EXPECT_EQ(0, share(fd, &public, &secret));
	expect_number("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", &secret);
}

/* A private value that is shorter than the order of the group. */
TEST(short_private_value)
{
	int fd = context_key("ecdh-nist-p256", "03");
	struct number public = public_key(fd), other;

	other = public_key(context_key("ecdh-nist-p256",
				       "0000000000000000000000000000000000000000000000000000000000000003"));
	ASSERT_EQ(64, public.length);
	EXPECT_MEM(public.bytes, other.bytes, 64);
}

/* --- generated private values --- */

static const struct group {
	const char *name;
	uint32_t public_bytes, secret_bytes;
} groups[] = {
	{ "ecdh-nist-p256", 64, 32 },
	{ "ecdh-nist-p384", 96, 48 },
	{ "curve25519", 32, 32 },
	{ "ffdhe2048(dh)", 256, 256 },
	{ "ffdhe3072(dh)", 384, 384 },
	{ "ffdhe4096(dh)", 512, 512 },
	{ "ffdhe6144(dh)", 768, 768 },
	{ "ffdhe8192(dh)", 1024, 1024 },
};

TEST_EACH(generated, groups)
{
	int alice = context_generated(row->name), bob = context_generated(row->name);
	struct number from_alice = public_key(alice), from_bob = public_key(bob), one, other;

	ASSERT_EQ(row->public_bytes, from_alice.length);
	ASSERT_EQ(row->public_bytes, from_bob.length);
	EXPECT_TRUE(memcmp(from_alice.bytes, from_bob.bytes, from_bob.length));
	EXPECT_EQ(0, share(alice, &from_bob, &one));
	EXPECT_EQ(0, share(bob, &from_alice, &other));
	ASSERT_EQ(row->secret_bytes, one.length);
	ASSERT_EQ(row->secret_bytes, other.length);
	EXPECT_MEM(one.bytes, other.bytes, one.length);
}

TEST_EACH(neither_key_nor_generated, groups)
{
	EXPECT_EQ(-ENOKEY, configure(row->name, NULL, NULL, NULL, 0));
}

TEST_EACH(key_and_generated, groups)
{
	EXPECT_EQ(-EINVAL, configure(row->name, &two, NULL, NULL, GENERATE));
}

TEST_EACH(group_of_its_own, groups)
{
	const struct number p = number_of(FFDHE2048_P);

	EXPECT_EQ(-EINVAL, configure(row->name, NULL, &p, NULL, GENERATE));
	EXPECT_EQ(-EINVAL, configure(row->name, NULL, NULL, &two, GENERATE));
}

/* Later kernels generate keys of the curves of FIPS 186-5 only. */
TEST(p192_generates_on_6_1)
{
	struct utsname kernel;
	int fd, major, minor;

	need_algorithm(KPP, "ecdh-nist-p192");
	ASSERT_OK(uname(&kernel));
	ASSERT_EQ(2, sscanf(kernel.release, "%d.%d", &major, &minor));
	fd = configure("ecdh-nist-p192", NULL, NULL, NULL, GENERATE);
	if (major > 6 || minor > 1) {
		EXPECT_EQ(-EOPNOTSUPP, fd);
	} else {
		ASSERT_OK(fd);
		EXPECT_EQ(48, public_key(fd).length);
	}
}

TEST(dh_does_not_generate)
{
	const struct number p = number_of(FFDHE2048_P);

	EXPECT_EQ(-EOPNOTSUPP, configure("dh", NULL, &p, &two, GENERATE));
}

/* --- private values that are none --- */

static const struct private_value {
	const char *name;
	const char *algorithm;
	const char *hex;
} private_values[] = {
	{ "p256_zero", "ecdh-nist-p256", "00" },
	{ "p256_order", "ecdh-nist-p256",
	  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
	{ "p256_order_and_1", "ecdh-nist-p256",
	  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552" },
	{ "p256_all_ones", "ecdh-nist-p256",
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
	{ "p256_one_byte_too_many", "ecdh-nist-p256", "00" ECDH_D },
	{ "p192_order", "ecdh-nist-p192", "ffffffffffffffffffffffff99def836146bc9b1b4d22831" },
	{ "p384_order", "ecdh-nist-p384",
	  "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
	  "581a0db248b0a77aecec196accc52973" },
	{ "25519_zero", "curve25519",
	  "0000000000000000000000000000000000000000000000000000000000000000" },
	{ "25519_short", "curve25519",
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c" },
	{ "25519_long", "curve25519",
	  "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a00" },
	{ "ffdhe_zero", "ffdhe2048(dh)", "0000" },
	{ "ffdhe_one", "ffdhe2048(dh)", "0001" },
	{ "ffdhe_prime", "ffdhe2048(dh)", FFDHE2048_P },
	{ "ffdhe_longer_than_the_prime", "ffdhe2048(dh)", FFDHE2048_P "00" },
};

TEST_EACH(private_value_out_of_range, private_values)
{
	const struct number key = number_of(row->hex);

	EXPECT_EQ(-EINVAL, configure(row->algorithm, &key, NULL, NULL, 0));
}

/* The largest private value is taken, and its answer is right: d = n - 3 is -3. */
TEST(largest_private_value)
{
	struct number large = public_key(context_key("ecdh-nist-p256",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e"));
	struct number small = public_key(context_key("ecdh-nist-p256", "03"));

	/* The inverse of a point has the same X. */
	EXPECT_MEM(small.bytes, large.bytes, 32);
	EXPECT_TRUE(memcmp(small.bytes + 32, large.bytes + 32, 32));
}

/* --- groups of DH that are none --- */

static void expect_no_group(const struct number *key, const struct number *p,
			    const struct number *g)
{
	EXPECT_EQ(-EINVAL, configure("dh", key, p, g, 0));
}

static struct number filled(uint32_t length, unsigned char byte)
{
	struct number number = { .length = length };

	memset(number.bytes, byte, length);
	return number;
}

TEST(dh_prime)
{
	const struct number key = number_of(DH_X);
	struct number p = number_of(MODP1536_P);
	uint32_t bytes;

	expect_no_group(&key, NULL, &two);
	p.bytes[191] ^= 1;
	expect_no_group(&key, &p, &two);
	/* Zeros in front do not make it long enough. */
	memset(p.bytes, 0, 192);
	p.bytes[191] = 7;
	expect_no_group(&two, &p, &two);
	p.bytes[191] = 0;
	expect_no_group(&two, &p, &two);
	for (bytes = 1; bytes < 192; bytes += 19) {
		p = filled(bytes, 0xff);
		expect_no_group(&two, &p, &two);
	}
	/* No multiple of 64 bits, or longer than the longest. */
	p = filled(200 - 1, 0xff);
	expect_no_group(&two, &p, &two);
	p = filled(MAX_BYTES + 8, 0xff);
	expect_no_group(&two, &p, &two);
}

TEST(dh_generator)
{
	const struct number key = number_of(DH_X), p = number_of(MODP1536_P);
	const struct number zero = { { 0 }, 1 }, one = { { 1 }, 1 };
	struct number g = p;

	expect_no_group(&key, &p, NULL);
	expect_no_group(&key, &p, &zero);
	expect_no_group(&key, &p, &one);
	expect_no_group(&key, &p, &g);
	g.bytes[191] ^= 1;
	expect_no_group(&key, &p, &g);
	g = filled(MAX_BYTES, 0xff);
	expect_no_group(&key, &p, &g);
}

TEST(dh_private_value)
{
	const struct number p = number_of(MODP1536_P), zero = { { 0, 0 }, 2 }, one = { { 1 }, 1 };
	struct number key = p;

	EXPECT_EQ(-ENOKEY, configure("dh", NULL, &p, &two, 0));
	expect_no_group(&zero, &p, &two);
	expect_no_group(&one, &p, &two);
	expect_no_group(&key, &p, &two);
	key = filled(MAX_BYTES, 0xff);
	expect_no_group(&key, &p, &two);
}

static const struct too_long {
	const char *name;
	size_t offset;
} too_longs[] = {
	{ "dh_p", offsetof(struct devcrypto_config, dh_p) },
	{ "dh_g", offsetof(struct devcrypto_config, dh_g) },
};

TEST_EACH(dh_operand_beyond_the_limit_or_unreadable, too_longs)
{
	const uint32_t max = info_now().max_key_bytes;
	const struct number p = number_of(MODP1536_P), key = number_of(DH_X);
	struct devcrypto_config config = config_of(KPP, "dh", 0);
	const bool prime = row->offset == offsetof(struct devcrypto_config, dh_p);
	__u64 *address = (__u64 *)((char *)&config + row->offset);
	int fd = device_open();

	need_algorithm(KPP, "dh");
	config.key = address_of(key.bytes);
	config.key_bytes = key.length;
	config.dh_p = address_of(p.bytes);
	config.dh_p_bytes = p.length;
	config.dh_g = address_of(two.bytes);
	config.dh_g_bytes = two.length;
	*address = address_of(memory_hole());
	EXPECT_ERRNO(EFAULT, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	*address = address_of(memory_before_hole(max + 1));
	*(prime ? &config.dh_p_bytes : &config.dh_g_bytes) = max + 1;
	EXPECT_ERRNO(EDQUOT, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
	*(prime ? &config.dh_p_bytes : &config.dh_g_bytes) = max;
	EXPECT_ERRNO(EINVAL, ioctl(fd, DEVCRYPTO_IOC_CONFIG, &config));
}

/* --- public keys that are none --- */

static void check_dh_public_keys(int fd, const char *p_hex)
{
	struct number p = number_of(p_hex), public = { .length = p.length };
	const uint32_t last = p.length - 1;
	struct number secret;

	/* 0, 1 */
	expect_refused(fd, &public);
	public.bytes[last] = 1;
	expect_refused(fd, &public);
	/* p - 1, p, p + 2, and as large as there is room for */
	public = p;
	public.bytes[last] ^= 1;
	expect_refused(fd, &public);
	expect_refused(fd, &p);
	public = p;
	public.bytes[last - 8] += 1;
	if (public.bytes[last - 8])
		expect_refused(fd, &public);
	public = filled(p.length, 0xff);
	expect_refused(fd, &public);
	/* One byte too many, if it is 0; none. */
	public = filled(p.length + 1, 0);
	public.bytes[p.length] = 2;
	expect_refused(fd, &public);
	public.length = 0;
	expect_refused(fd, &public);
	/* 2 and p - 2 are in range. */
	EXPECT_EQ(0, share(fd, &two, &secret));
	public = p;
	public.bytes[last] -= 2;
	EXPECT_EQ(0, share(fd, &public, &secret));
	EXPECT_EQ(p.length, secret.length);
}

TEST(public_keys_of_dh)
{
	check_dh_public_keys(context_dh(MODP1536_P, DH_X), MODP1536_P);
}

TEST(public_keys_of_ffdhe)
{
	check_dh_public_keys(context_key("ffdhe2048(dh)", DH_X), FFDHE2048_P);
	check_dh_public_keys(context_generated("ffdhe2048(dh)"), FFDHE2048_P);
}

/* p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (FIPS 186-4 appendix D.1.2.3). */
#define P256_P "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"

TEST(public_keys_of_ecdh)
{
	int fd = context_key("ecdh-nist-p256", ECDH_D);
	const struct number p = number_of(P256_P), good = number_of(ECDH_PEER);
	struct number public = filled(64, 0);
	size_t at;

	/* Infinity, as some write it; not on the curve. */
	expect_refused(fd, &public);
	for (at = 0; at < 64; at += 7) {
		public = good;
		public.bytes[at] ^= 1;
		expect_refused(fd, &public);
	}
	/* Coordinates that are no residues. */
	public = good;
	memcpy(public.bytes, p.bytes, 32);
	expect_refused(fd, &public);
	public = good;
	memcpy(public.bytes + 32, p.bytes, 32);
	expect_refused(fd, &public);
	public = filled(64, 0xff);
	expect_refused(fd, &public);
	/* With the 04 of SEC 1; one coordinate only. */
	public = number_of("04" ECDH_PEER);
	expect_refused(fd, &public);
	public = good;
	for (public.length = 0; public.length < 64; public.length += 8)
		expect_refused(fd, &public);
}

/* X = p + x is the same point to who forgets to compare; 5 is the least x but 0. */
TEST(coordinate_not_reduced)
{
	int fd = context_key("ecdh-nist-p256", ECDH_D);
	struct number public = number_of(
		"0000000000000000000000000000000000000000000000000000000000000005"
		"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
	const struct number unreduced = number_of(
		"ffffffff00000001000000000000000000000001000000000000000000000004");
	struct number secret;

	EXPECT_EQ(0, share(fd, &public, &secret));
	memcpy(public.bytes, unreduced.bytes, 32);
	expect_refused(fd, &public);
}

/* Points of small order: the secret would be 0 (RFC 7748 section 6.1). */
static const struct small_order {
	const char *name;
	const char *hex;
} small_orders[] = {
	{ "0", "0000000000000000000000000000000000000000000000000000000000000000" },
	{ "1", "0100000000000000000000000000000000000000000000000000000000000000" },
	{ "order_8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" },
	{ "other_order_8", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157" },
	{ "p-1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
	{ "p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
	{ "p+1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" },
};

TEST_EACH(small_order, small_orders)
{
	const struct number public = number_of(row->hex);

	expect_refused(context_generated("curve25519"), &public);
}

TEST(public_key_of_another_length)
{
	int fd = context_generated("curve25519");
	struct number public = public_key(fd), secret;

	for (public.length = 0; public.length < 40; public.length++)
		if (public.length != 32)
			expect_refused(fd, &public);
	public.length = 32;
	EXPECT_EQ(0, share(fd, &public, &secret));
}

/* --- flags --- */

TEST(flags_of_others)
{
	const struct number key = number_of(ECDH_D);

	EXPECT_EQ(-EOPNOTSUPP, configure("ecdh-nist-p256", &key, NULL, NULL,
					 DEVCRYPTO_CONFIG_PRIVATE));
	EXPECT_EQ(-EOPNOTSUPP, configure("ecdh-nist-p256", &key, NULL, NULL,
					 DEVCRYPTO_CONFIG_LAYOUT));
}
