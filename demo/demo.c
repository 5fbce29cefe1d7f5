// SPDX-License-Identifier: MIT
/*
 * The demonstration's C half: puts a file through algorithms of the kernel and
 * checks each result against OpenSSL.
 *
 *	demo FILE WAY ALGORITHM...
 *
 * The way is "run", for the file as a whole and a caller that waits, or "submit"
 * or "uring", for pieces of it at the same time.
 *
 * One line a job, separated by tabs: operation, algorithm, driver, bytes,
 * seconds in the device, "OpenSSL", and "ok" or what is wrong.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "device.h"
#include "job.h"
#include "judge.h"
#include "pieces.h"

/* Exit status: a result is wrong. Anything else that is not 0: there is none. */
#define WRONG_RESULT 3

static const struct algorithm algorithms[] = {
	{ "cbc(aes)", "AES-256-CBC", 32, DEVCRYPTO_CLASS_SKCIPHER, true },
	{ "ctr(aes)", "AES-256-CTR", 32, DEVCRYPTO_CLASS_SKCIPHER, false },
	{ "xts(aes)", "AES-256-XTS", 64, DEVCRYPTO_CLASS_SKCIPHER, false },
	{ "gcm(aes)", "AES-256-GCM", 32, DEVCRYPTO_CLASS_AEAD, false },
	{ "rfc7539(chacha20,poly1305)", "ChaCha20-Poly1305", 32, DEVCRYPTO_CLASS_AEAD, false },
	{ "sha256", "SHA256", 0, DEVCRYPTO_CLASS_HASH, false },
	{ "sha512", "SHA512", 0, DEVCRYPTO_CLASS_HASH, false },
	{ "hmac(sha256)", "SHA256", 32, DEVCRYPTO_CLASS_HASH, false },
};

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static struct file read_file(const char *name)
{
	FILE *stream = fopen(name, "rb");
	struct file file;

	if (!stream || fseek(stream, 0, SEEK_END))
		err(1, "%s", name);
	file.bytes = ftell(stream);
	rewind(stream);
	file.data = malloc(file.bytes + BLOCK);
	if (!file.data || fread(file.data, 1, file.bytes, stream) != file.bytes)
		err(1, "%s", name);
	fclose(stream);
	return file;
}

void report(struct job *job, const char *operation, double seconds, int result, bool right)
{
	const char *verdict = result ? strerror(-result) : right ? "ok" : "differs";

	printf("%s\t%s\t%s\t%zu\t%.6f\tOpenSSL\t%s\n", operation, job->algorithm->name,
	       job->device.config.out_driver, job->bytes, seconds, verdict);
	fflush(stdout);
	job->failed += result || !right;
}

static void run_cipher(struct job *job)
{
	const struct algorithm *algorithm = job->algorithm;
	double begin = now(), seconds;
	int result;

	result = device_crypt(&job->device, true, job->iv, job->file->data, job->ours, job->bytes);
	seconds = now() - begin;
	judge_encrypt(algorithm->openssl, job->key, job->iv, job->file->data, job->file->bytes,
		      job->theirs);
	report(job, "encrypt", seconds, result, !memcmp(job->ours, job->theirs, job->bytes));

	/* What OpenSSL encrypted becomes the file again. */
	begin = now();
	result = device_crypt(&job->device, false, job->iv, job->theirs, job->ours, job->bytes);
	report(job, "decrypt", now() - begin, result,
	       !memcmp(job->ours, job->file->data, job->bytes));
}

static void run_aead(struct job *job)
{
	static const unsigned char assoc[] = "a file of this machine";
	const struct algorithm *algorithm = job->algorithm;
	unsigned char tag[BLOCK], their_tag[BLOCK];
	struct sealed sealed = { assoc, sizeof(assoc), tag };
	double begin = now(), seconds;
	bool untouched;
	int result;

	result = device_seal(&job->device, true, job->iv, &sealed, job->file->data, job->ours,
			     job->bytes);
	seconds = now() - begin;
	judge_seal(algorithm->openssl, job->key, job->iv, assoc, sizeof(assoc), job->file->data,
		   job->bytes, job->theirs, their_tag);
	report(job, "seal", seconds, result, !memcmp(job->ours, job->theirs, job->bytes) &&
	       !memcmp(tag, their_tag, BLOCK));

	sealed.tag = their_tag;
	begin = now();
	result = device_seal(&job->device, false, job->iv, &sealed, job->theirs, job->ours,
			     job->bytes);
	report(job, "open", now() - begin, result,
	       !memcmp(job->ours, job->file->data, job->bytes));

	/* A wrong tag is refused, and nothing of the text comes out. */
	their_tag[0] ^= 1;
	memset(job->ours, 0, job->bytes);
	begin = now();
	result = device_seal(&job->device, false, job->iv, &sealed, job->theirs, job->ours,
			     job->bytes);
	seconds = now() - begin;
	untouched = !job->bytes || (!job->ours[0] &&
				    !memcmp(job->ours, job->ours + 1, job->bytes - 1));
	report(job, "refuse", seconds, 0, result == -EBADMSG && untouched &&
	       !judge_accepts(algorithm->openssl, job->key, job->iv, assoc, sizeof(assoc),
			      job->theirs, job->bytes, job->ours, their_tag));
}

static void run_hash(struct job *job)
{
	const struct algorithm *algorithm = job->algorithm;
	unsigned char ours[64], theirs[64];
	double begin = now(), seconds;
	size_t bytes;
	int result;

	result = device_hash(&job->device, job->file->data, job->bytes, ours);
	seconds = now() - begin;
	if (algorithm->key_bytes)
		bytes = judge_hmac(algorithm->openssl, job->key, algorithm->key_bytes,
				   job->file->data, job->bytes, theirs);
	else
		bytes = judge_hash(algorithm->openssl, job->file->data, job->bytes, theirs);
	report(job, algorithm->key_bytes ? "hmac" : "hash", seconds, result,
	       bytes == job->device.config.out_digest_bytes && !memcmp(ours, theirs, bytes));
}

static int run_job(const struct algorithm *algorithm, const struct file *file, flight_way *way)
{
	struct job job = { .algorithm = algorithm, .file = file, .bytes = file->bytes };

	if (getentropy(job.key, sizeof(job.key)) || getentropy(job.iv, sizeof(job.iv)))
		err(1, "getentropy");
	job.device = device_open(algorithm->alg_class, algorithm->name,
				 algorithm->key_bytes ? job.key : NULL, algorithm->key_bytes);
	if (algorithm->padded) {
		/* PKCS #7, as OpenSSL does by itself. */
		job.bytes += BLOCK - file->bytes % BLOCK;
		memset(file->data + file->bytes, job.bytes - file->bytes, job.bytes - file->bytes);
	}
	job.ours = malloc(job.bytes + BLOCK);
	job.theirs = malloc(job.bytes + BLOCK);
	if (!job.ours || !job.theirs)
		err(1, "%zu bytes", job.bytes);
	if (way)
		run_pieces(&job, way);
	else if (algorithm->alg_class == DEVCRYPTO_CLASS_SKCIPHER)
		run_cipher(&job);
	else if (algorithm->alg_class == DEVCRYPTO_CLASS_AEAD)
		run_aead(&job);
	else
		run_hash(&job);
	device_close(&job.device);
	free(job.ours);
	free(job.theirs);
	return job.failed;
}

/* NULL is the one that waits for each request. */
static flight_way *way_of(const char *name)
{
	if (!strcmp(name, "submit"))
		return flight_submit;
	if (!strcmp(name, "uring"))
		return flight_uring;
	if (strcmp(name, "run"))
		errx(2, "%s: no such way", name);
	return NULL;
}

int main(int argc, char **argv)
{
	const size_t known = sizeof(algorithms) / sizeof(algorithms[0]);
	struct file file;
	flight_way *way;
	int failed = 0, i;
	size_t at;

	if (argc < 4)
		errx(2, "usage: demo FILE WAY ALGORITHM...");
	file = read_file(argv[1]);
	way = way_of(argv[2]);
	for (i = 3; i < argc; i++) {
		for (at = 0; at < known && strcmp(algorithms[at].name, argv[i]); at++)
			;
		if (at == known)
			errx(2, "%s: no judge knows it", argv[i]);
		failed += run_job(&algorithms[at], &file, way);
	}
	return failed ? WRONG_RESULT : 0;
}
