/* SPDX-License-Identifier: MIT */
/*
 * The file of packed test vectors: written by pack.py, read by run.c.
 *
 * struct vec_file, then the algorithms, then the records, then the bytes that
 * both refer to. All numbers are little-endian. The records of an algorithm
 * stand together, in the order of their keys and tag lengths, so that
 * neighbours can share a context.
 *
 * Python lays the structures out from this very text, therefore it holds
 * nothing but comments, enums and structures of fixed-width fields without
 * padding.
 */
#ifndef VECTORS_PACKED_H
#define VECTORS_PACKED_H

#include <stdint.h>

enum {
	VEC_VERSION = 3,
};

/* What a record is for. */
enum vec_expect {
	/* The published result. */
	VEC_SAME = 0,
	/* Any digest or secret but the published one, which is a forgery. */
	VEC_DIFFERENT = 1,
	/* Every request fails with the record's error. */
	VEC_REFUSED = 2,
	/* The configuration fails with the record's error. */
	VEC_NOT_CONFIGURED = 3,
	/* The configuration succeeds; there is nothing to run. */
	VEC_CONFIGURED = 4,
};

/* How the published result comes about. */
enum vec_form {
	/* By one operation. */
	VEC_PLAIN = 0,
	/*
	 * A Monte Carlo round of SHA-1 and SHA-2: a thousand digests, each of
	 * the three before it, which at the start are the seed.
	 */
	VEC_ROUND_OF_THREE = 1,
	/* A Monte Carlo round of SHA-3: a thousand digests of the one before. */
	VEC_ROUND_OF_ONE = 2,
	/*
	 * A Monte Carlo round of a block cipher's mode: a thousand blocks of
	 * one chain. The first two inputs are the text and the IV, each
	 * later one is the output of two operations before.
	 */
	VEC_ROUND_OF_CIPHER = 3,
};

enum {
	VEC_ROUND_OPERATIONS = 1000,
};

/* The directions in which a record is run. */
enum vec_direction {
	VEC_ENCRYPT = 1,
	VEC_DECRYPT = 2,
	/* SIG */
	VEC_SIGN = 1,
	VEC_VERIFY = 2,
	/* KPP */
	VEC_PUBLIC_KEY = 1,
	VEC_SHARED_SECRET = 2,
};

/* Some of the bytes at the end of the file; offset counts from their start. */
struct vec_bytes {
	uint32_t offset;
	uint32_t bytes;
};

/*
 * What is not said here of a class is as in devcrypto.h.
 *
 * id		file and line (or number) of the published vector
 * key		RNG: entropy and nonce of the instantiation
 * iv		KPP: the prime of "dh"; RNG: personalisation string
 * assoc	KPP: the generator of "dh"; RNG: the additional inputs of both
 *		requests, which are of one length
 * plain	plaintext; the message of a hash; the seed of a round; SIG: the
 *		digest; KPP: the public key of the other side
 * cipher	ciphertext without the tag; KPP: the shared secret; RNG: the
 *		entropies of both requests, which are of one length
 * tag		tag; digest, of which longer ones may have this much compared;
 *		SIG: the signature; KPP: the public key of @key, if it is
 *		published; RNG: what the second request gives
 * cases	published vectors that the record stands for: 0 for the second
 *		and later records of one vector, 2 where a file has it for
 *		encryption and once more for decryption
 * error	errno for VEC_REFUSED and VEC_NOT_CONFIGURED
 * private_key	DEVCRYPTO_CONFIG_PRIVATE belongs to the key
 */
struct vec_record {
	struct vec_bytes id;
	struct vec_bytes key;
	struct vec_bytes iv;
	struct vec_bytes assoc;
	struct vec_bytes plain;
	struct vec_bytes cipher;
	struct vec_bytes tag;
	uint32_t algorithm;
	uint16_t cases;
	uint16_t error;
	uint8_t expect;
	uint8_t form;
	uint8_t directions;
	uint8_t private_key;
	uint32_t tag_bytes;
};

/*
 * name		generic name
 * cases	sum of the records' cases
 */
struct vec_algorithm {
	struct vec_bytes name;
	uint32_t alg_class;
	uint32_t first_record;
	uint32_t records;
	uint32_t cases;
};

struct vec_file {
	char magic[8];
	uint32_t version;
	uint32_t algorithms;
	uint32_t records;
	uint32_t bytes;
};

#endif
