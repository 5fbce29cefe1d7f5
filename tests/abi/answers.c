// SPDX-License-Identifier: MIT
/* Short published vectors, in every direction and shape. */
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "harness.h"

#define LONGEST 128

/* Hexadecimal; a hash has no ciphertext and its digest is the tag. */
struct vector {
	const char *name;
	const char *algorithm;
	uint32_t alg_class;
	const char *key, *iv, *assoc, *plaintext, *ciphertext, *tag;
};

#define SKCIPHER	DEVCRYPTO_CLASS_SKCIPHER
#define AEAD		DEVCRYPTO_CLASS_AEAD
#define HASH		DEVCRYPTO_CLASS_HASH

#define SP800_38A_TEXT						\
	"6bc1bee22e409f96e93d7e117393172a"			\
	"ae2d8a571e03ac9c9eb76fac45af8e51"			\
	"30c81c46a35ce411e5fbc1191a0a52ef"			\
	"f69f2445df4f9b17ad2b417be66c3710"

static const struct vector ciphers[] = {
	{ "FIPS-197-C.1", "ecb(aes)", SKCIPHER,
	  "000102030405060708090a0b0c0d0e0f", "", "",
	  "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a", "" },
	{ "FIPS-197-C.2", "ecb(aes)", SKCIPHER,
	  "000102030405060708090a0b0c0d0e0f1011121314151617", "", "",
	  "00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191", "" },
	{ "FIPS-197-C.3", "ecb(aes)", SKCIPHER,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "", "",
	  "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089", "" },
	{ "SP800-38A-F.2.1", "cbc(aes)", SKCIPHER,
	  "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f", "",
	  SP800_38A_TEXT,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
	  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7", "" },
	{ "SP800-38A-F.5.1", "ctr(aes)", SKCIPHER,
	  "2b7e151628aed2a6abf7158809cf4f3c", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "",
	  SP800_38A_TEXT,
	  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
	  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee", "" },
	{ "IEEE-1619-vector-2", "xts(aes)", SKCIPHER,
	  "1111111111111111111111111111111122222222222222222222222222222222",
	  "33333333330000000000000000000000", "",
	  "4444444444444444444444444444444444444444444444444444444444444444",
	  "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0", "" },
	/* The GCM specification of McGrew and Viega, appendix B. */
	{ "GCM-test-case-1", "gcm(aes)", AEAD,
	  "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
	  "58e2fccefa7e3061367f1d57a4e7455a" },
	{ "GCM-test-case-4", "gcm(aes)", AEAD,
	  "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	  "5bc94fbc3221a5db94fae95ae7121a47" },
	{ "RFC-8439-2.8.2", "rfc7539(chacha20,poly1305)", AEAD,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	  "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
	  "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
	  "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	  "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
	  "637265656e20776f756c642062652069742e",
	  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	  "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	  "3ff4def08e4b7a9de576d26586cec64b6116",
	  "1ae10b594f09e26a7e902ecbd0600691" },
};

static const struct vector hashes[] = {
	{ "FIPS-180-SHA-1-one-block", "sha1", HASH, "", "", "", "616263", "",
	  "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "FIPS-180-SHA-256-one-block", "sha256", HASH, "", "", "", "616263", "",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "FIPS-180-SHA-256-two-blocks", "sha256", HASH, "", "", "",
	  "6162636462636465636465666465666765666768666768696768696a68696a6b"
	  "696a6b6c6a6b6c6d6b6c6d6e6c6d6e6f6d6e6f706e6f7071", "",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "FIPS-180-SHA-512-one-block", "sha512", HASH, "", "", "", "616263", "",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "FIPS-202-SHA3-256-24-bit", "sha3-256", HASH, "", "", "", "616263", "",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "RFC-4231-4.3", "hmac(sha256)", HASH, "4a656665", "", "",
	  "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "RFC-4493-example-1", "cmac(aes)", HASH, "2b7e151628aed2a6abf7158809cf4f3c", "", "",
	  "", "", "bb1d6929e95937287fa37d129b756746" },
	{ "RFC-4493-example-2", "cmac(aes)", HASH, "2b7e151628aed2a6abf7158809cf4f3c", "", "",
	  "6bc1bee22e409f96e93d7e117393172a", "", "070a16b46b4d4144f79bdd9dd04a287c" },
	{ "RFC-3720-B.4-zeros", "crc32c", HASH, "", "", "",
	  "0000000000000000000000000000000000000000000000000000000000000000", "", "aa36918a" },
};

/* A vector in bytes, with the context that it is for. */
struct loaded {
	int fd;
	uint32_t flags;
	unsigned char key[LONGEST], iv[LONGEST], assoc[LONGEST], tag[LONGEST];
	unsigned char plaintext[LONGEST], ciphertext[LONGEST];
	uint32_t key_bytes, iv_bytes, assoc_bytes, tag_bytes, text_bytes;
};

static struct loaded load(const struct vector *vector, uint32_t flags)
{
	struct devcrypto_config config = config_of(vector->alg_class, vector->algorithm, 0);
	struct loaded loaded = { .flags = flags };

	loaded.key_bytes = from_hex(vector->key, loaded.key);
	loaded.iv_bytes = from_hex(vector->iv, loaded.iv);
	loaded.assoc_bytes = from_hex(vector->assoc, loaded.assoc);
	loaded.tag_bytes = from_hex(vector->tag, loaded.tag);
	loaded.text_bytes = from_hex(vector->plaintext, loaded.plaintext);
	from_hex(vector->ciphertext, loaded.ciphertext);
	config.flags = flags;
	config.key = loaded.key_bytes ? address_of(loaded.key) : 0;
	config.key_bytes = loaded.key_bytes;
	loaded.fd = context_of(&config);
	return loaded;
}

/* Where source and destination are. */
enum shape { APART, IN_PLACE, CUT_IN, CUT_OUT, CUT_BOTH, SHAPES };

/* With associated data and tag as many as a LAYOUT context takes. */
#define LAYOUT_PIECES 14

/* Cuts @bytes at @data into as many pieces as the context takes; how many. */
static uint32_t cut(const struct loaded *loaded, struct devcrypto_segment *segments,
		    unsigned char *data, uint32_t bytes)
{
	const uint32_t piece = loaded->flags & DEVCRYPTO_CONFIG_LAYOUT ?
			       bytes / LAYOUT_PIECES + 1 : 1;
	uint32_t count = 0, at;

	for (at = 0; at < bytes; at += piece)
		segments[count++] = (struct devcrypto_segment){
			address_of(data + at), bytes - at < piece ? bytes - at : piece, 0
		};
	return count;
}

static void check_cipher(struct loaded *loaded, uint32_t op, enum shape shape)
{
	static struct devcrypto_segment in[LONGEST], out[LONGEST];
	const bool encrypt = op == DEVCRYPTO_OP_ENCRYPT;
	const unsigned char *from = encrypt ? loaded->plaintext : loaded->ciphertext;
	const unsigned char *expected = encrypt ? loaded->ciphertext : loaded->plaintext;
	unsigned char src[LONGEST], room[LONGEST], tag[LONGEST];
	unsigned char *dst = shape == IN_PLACE ? src : room;
	struct devcrypto_request request = {
		.op = op,
		.src = address_of(src), .src_bytes = loaded->text_bytes,
		.dst = address_of(dst), .dst_bytes = loaded->text_bytes,
		.iv = loaded->iv_bytes ? address_of(loaded->iv) : 0,
		.iv_bytes = loaded->iv_bytes,
		.assoc = loaded->assoc_bytes ? address_of(loaded->assoc) : 0,
		.assoc_bytes = loaded->assoc_bytes,
		.tag = loaded->tag_bytes ? address_of(tag) : 0,
		.tag_bytes = loaded->tag_bytes,
	};

	memcpy(src, from, LONGEST);
	memset(room, UNTOUCHED, LONGEST);
	memset(tag, UNTOUCHED, LONGEST);
	if (!encrypt)
		memcpy(tag, loaded->tag, loaded->tag_bytes);
	if (shape == CUT_IN || shape == CUT_BOTH) {
		request.src = address_of(in);
		request.src_segments = cut(loaded, in, src, loaded->text_bytes);
	}
	if (shape == CUT_OUT || shape == CUT_BOTH) {
		request.dst = address_of(out);
		request.dst_segments = cut(loaded, out, dst, loaded->text_bytes);
	}
	EXPECT_EQ(0, run_request(loaded->fd, &request));
	EXPECT_EQ(loaded->text_bytes, request.out_bytes);
	EXPECT_MEM(expected, dst, loaded->text_bytes);
	EXPECT_MEM(loaded->tag, tag, loaded->tag_bytes);
}

static void check_every_shape(const struct vector *vector, uint32_t flags)
{
	struct loaded loaded = load(vector, flags);
	enum shape shape;

	for (shape = 0; shape < SHAPES; shape++) {
		check_cipher(&loaded, DEVCRYPTO_OP_ENCRYPT, shape);
		check_cipher(&loaded, DEVCRYPTO_OP_DECRYPT, shape);
	}
}

TEST_EACH(cipher, ciphers)
{
	check_every_shape(row, 0);
}

TEST_EACH(cipher_in_layout, ciphers)
{
	check_every_shape(row, DEVCRYPTO_CONFIG_LAYOUT);
}

static void check_digest(struct loaded *loaded, struct devcrypto_request *request)
{
	unsigned char digest[LONGEST];

	memset(digest, UNTOUCHED, sizeof(digest));
	request->dst = address_of(digest);
	request->dst_bytes = sizeof(digest);
	EXPECT_EQ(0, run_request(loaded->fd, request));
	EXPECT_EQ(loaded->tag_bytes, request->out_bytes);
	EXPECT_MEM(loaded->tag, digest, loaded->tag_bytes);
	EXPECT_EQ(UNTOUCHED, digest[loaded->tag_bytes]);
}

static void check_hash(const struct vector *vector, uint32_t flags)
{
	static struct devcrypto_segment pieces[LONGEST];
	struct loaded loaded = load(vector, flags);
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_DIGEST,
		.src = address_of(loaded.plaintext), .src_bytes = loaded.text_bytes,
	};
	uint32_t at;

	check_digest(&loaded, &request);
	request.src = address_of(pieces);
	request.src_segments = cut(&loaded, pieces, loaded.plaintext, loaded.text_bytes);
	check_digest(&loaded, &request);
	for (at = 0; at < loaded.text_bytes; at++) {
		struct devcrypto_request update = {
			.op = DEVCRYPTO_OP_STREAM_UPDATE,
			.src = address_of(loaded.plaintext + at), .src_bytes = 1,
		};

		EXPECT_EQ(0, run_request(loaded.fd, &update));
	}
	request = (struct devcrypto_request){ .op = DEVCRYPTO_OP_STREAM_FINAL };
	check_digest(&loaded, &request);
}

TEST_EACH(hash, hashes)
{
	check_hash(row, 0);
}

TEST_EACH(hash_in_layout, hashes)
{
	check_hash(row, DEVCRYPTO_CONFIG_LAYOUT);
}

static const struct {
	const char *name;
} generators[] = { { "stdrng" }, { "jitterentropy_rng" } };

/* There is no right answer; but it is never the same, and its length is kept to. */
TEST_EACH(generator, generators)
{
	unsigned char out[2][200], untouched[200];
	struct devcrypto_request request = { .op = DEVCRYPTO_OP_GENERATE };
	int fd = context_new(DEVCRYPTO_CLASS_RNG, row->name, 0), other;
	uint32_t bytes;

	memset(untouched, UNTOUCHED, sizeof(untouched));
	for (bytes = 16; bytes < 200; bytes += 23) {
		memset(out, UNTOUCHED, sizeof(out));
		request.dst_bytes = bytes;
		request.dst = address_of(out[0]);
		ASSERT_EQ(0, run_request(fd, &request));
		EXPECT_EQ(bytes, request.out_bytes);
		request.dst = address_of(out[1]);
		ASSERT_EQ(0, run_request(fd, &request));
		EXPECT_TRUE(memcmp(out[0], out[1], bytes));
		EXPECT_TRUE(memcmp(out[0], untouched, bytes));
		EXPECT_MEM(untouched, out[0] + bytes, 200 - bytes);
	}
	/* Another context is another generator. */
	other = context_new(DEVCRYPTO_CLASS_RNG, row->name, 0);
	ASSERT_EQ(0, run_request(other, &request));
	EXPECT_TRUE(memcmp(out[0], out[1], bytes - 23));
	request = (struct devcrypto_request){ .op = DEVCRYPTO_OP_RESEED };
	EXPECT_EQ(0, run_request(fd, &request));
}

/* SP 800-90A generators take additional input and seeds of any length. */
TEST(seeds_and_additional_input)
{
	unsigned char out[32], seed[48];
	struct devcrypto_request request = {
		.op = DEVCRYPTO_OP_GENERATE,
		.src = address_of(seed), .src_bytes = sizeof(seed),
		.dst = address_of(out), .dst_bytes = sizeof(out),
	};
	int fd = context_new(DEVCRYPTO_CLASS_RNG, "drbg_nopr_hmac_sha256", 0);

	fill_pattern(seed, sizeof(seed), 12);
	EXPECT_EQ(0, run_request(fd, &request));
	request.op = DEVCRYPTO_OP_RESEED;
	request.dst = request.dst_bytes = 0;
	EXPECT_EQ(0, run_request(fd, &request));
	request.op = DEVCRYPTO_OP_GENERATE;
	request.dst = address_of(out);
	request.dst_bytes = sizeof(out);
	EXPECT_EQ(0, run_request(fd, &request));
}
