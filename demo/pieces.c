// SPDX-License-Identifier: MIT
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "pieces.h"

/* What a request has beside the text. */
struct beside {
	unsigned char iv[BLOCK];
	/* A tag or a digest. */
	unsigned char out[64];
};

struct pieces {
	struct job *job;
	size_t count;
	struct devcrypto_request *requests;
	struct beside *beside;
};

/* To the IV as a number, the most significant byte first, another one is added. */
static void add_to_iv(unsigned char *iv, const unsigned char *first, size_t iv_bytes, size_t number)
{
	while (iv_bytes--) {
		number += first[iv_bytes];
		iv[iv_bytes] = number;
		number >>= 8;
	}
}

/* The pieces of one message: each begins where the mode would be in one go. */
static void cut_cipher(struct devcrypto_request *request, const struct job *job, size_t at,
		       unsigned char *iv)
{
	request->iv = (uintptr_t)iv;
	request->iv_bytes = BLOCK;
	if (!job->algorithm->padded) {
		request->op = DEVCRYPTO_OP_ENCRYPT;
		add_to_iv(iv, job->iv, BLOCK, at / BLOCK);
		return;
	}
	/* CBC can be cut where it is decrypted only. */
	request->op = DEVCRYPTO_OP_DECRYPT;
	request->src = (uintptr_t)(job->theirs + at);
	memcpy(iv, at ? job->theirs + at - BLOCK : job->iv, BLOCK);
}

/* Messages of their own, with their nonces as associated data, too. */
static void cut_aead(struct devcrypto_request *request, const struct job *job, size_t number,
		     struct beside *beside)
{
	const struct devcrypto_config *config = &job->device.config;

	add_to_iv(beside->iv, job->iv, config->out_iv_bytes, number);
	request->op = DEVCRYPTO_OP_ENCRYPT;
	request->iv = (uintptr_t)beside->iv;
	request->iv_bytes = config->out_iv_bytes;
	request->assoc = request->iv;
	request->assoc_bytes = request->iv_bytes;
	request->tag = (uintptr_t)beside->out;
	request->tag_bytes = config->out_tag_bytes;
}

static void cut_hash(struct devcrypto_request *request, const struct job *job,
		     struct beside *beside)
{
	request->op = DEVCRYPTO_OP_DIGEST;
	request->dst = (uintptr_t)beside->out;
	request->dst_bytes = job->device.config.out_digest_bytes;
}

static struct pieces cut(struct job *job)
{
	struct pieces pieces = {
		.job = job,
		.count = (job->bytes + FLIGHT_PIECE - 1) / FLIGHT_PIECE,
	};
	size_t i, at, left;

	pieces.requests = calloc(pieces.count, sizeof(*pieces.requests));
	pieces.beside = calloc(pieces.count, sizeof(*pieces.beside));
	if (!pieces.requests || !pieces.beside)
		err(1, "%zu pieces", pieces.count);
	for (i = 0; i < pieces.count; i++) {
		struct devcrypto_request *request = &pieces.requests[i];

		at = i * FLIGHT_PIECE;
		left = job->bytes - at;
		request->flags = DEVCRYPTO_REQUEST_ZEROCOPY;
		request->src = (uintptr_t)(job->file->data + at);
		request->dst = (uintptr_t)(job->ours + at);
		request->src_bytes = left < FLIGHT_PIECE ? left : FLIGHT_PIECE;
		request->dst_bytes = request->src_bytes;
		if (job->algorithm->alg_class == DEVCRYPTO_CLASS_SKCIPHER)
			cut_cipher(request, job, at, pieces.beside[i].iv);
		else if (job->algorithm->alg_class == DEVCRYPTO_CLASS_AEAD)
			cut_aead(request, job, i, &pieces.beside[i]);
		else
			cut_hash(request, job, &pieces.beside[i]);
	}
	return pieces;
}

/* The first error. */
static int result_of(const struct pieces *pieces)
{
	size_t i;

	for (i = 0; i < pieces->count; i++)
		if (pieces->requests[i].out_result)
			return pieces->requests[i].out_result;
	return 0;
}

/*
 * Zero copy is a permission: that it was not used is no fault, but to be known.
 * The first request of a context may be copied: how the algorithm answers, and
 * with that what it takes, is not known before it.
 */
static void tell_copied(const struct pieces *pieces)
{
	size_t copied = 0, i;

	for (i = 0; i < pieces->count; i++)
		copied += !(pieces->requests[i].out_flags & DEVCRYPTO_OUT_ZEROCOPY);
	if (copied > 1)
		warnx("%zu of %zu pieces were copied", copied, pieces->count);
}

static bool cipher_is_right(const struct job *job)
{
	const unsigned char *right = job->algorithm->padded ? job->file->data : job->theirs;

	return !memcmp(job->ours, right, job->bytes);
}

static bool aead_is_right(const struct pieces *pieces)
{
	const struct job *job = pieces->job;
	unsigned char tag[BLOCK];
	size_t i;

	for (i = 0; i < pieces->count; i++) {
		const struct devcrypto_request *request = &pieces->requests[i];
		const struct beside *beside = &pieces->beside[i];
		const size_t at = i * FLIGHT_PIECE;

		judge_seal(job->algorithm->openssl, job->key, beside->iv, beside->iv,
			   request->assoc_bytes, job->file->data + at, request->src_bytes,
			   job->theirs, tag);
		if (memcmp(job->ours + at, job->theirs, request->src_bytes) ||
		    memcmp(beside->out, tag, BLOCK))
			return false;
	}
	return true;
}

static bool hash_is_right(const struct pieces *pieces)
{
	const struct job *job = pieces->job;
	unsigned char digest[64];
	size_t i;

	for (i = 0; i < pieces->count; i++) {
		const struct devcrypto_request *request = &pieces->requests[i];

		judge_hash(job->algorithm->openssl, job->file->data + i * FLIGHT_PIECE,
			   request->src_bytes, digest);
		if (memcmp(pieces->beside[i].out, digest, request->dst_bytes))
			return false;
	}
	return true;
}

static bool is_cuttable(const struct job *job)
{
	switch (job->algorithm->alg_class) {
	case DEVCRYPTO_CLASS_SKCIPHER:
		return job->device.config.out_properties & DEVCRYPTO_ALG_CHAINS;
	case DEVCRYPTO_CLASS_HASH:
		return !job->algorithm->key_bytes;
	default:
		return true;
	}
}

void run_pieces(struct job *job, flight_way *way)
{
	const struct algorithm *algorithm = job->algorithm;
	const __u32 alg_class = algorithm->alg_class;
	const char *operation = "encrypt";
	struct pieces pieces;
	double begin, seconds;
	bool right;

	if (!is_cuttable(job))
		errx(2, "%s: not in pieces", algorithm->name);
	if (alg_class == DEVCRYPTO_CLASS_SKCIPHER)
		judge_encrypt(algorithm->openssl, job->key, job->iv, job->file->data,
			      job->file->bytes, job->theirs);
	pieces = cut(job);
	begin = now();
	way(&job->device, pieces.requests, pieces.count);
	seconds = now() - begin;
	if (alg_class == DEVCRYPTO_CLASS_SKCIPHER) {
		right = cipher_is_right(job);
		if (algorithm->padded)
			operation = "decrypt";
	} else if (alg_class == DEVCRYPTO_CLASS_AEAD) {
		right = aead_is_right(&pieces);
		operation = "seal";
	} else {
		right = hash_is_right(&pieces);
		operation = "hash";
	}
	report(job, operation, seconds, result_of(&pieces), right);
	tell_copied(&pieces);
	free(pieces.requests);
	free(pieces.beside);
}
