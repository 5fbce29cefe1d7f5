/* SPDX-License-Identifier: MIT */
/* The judge of the demonstration: the same work by OpenSSL's libcrypto, in this process. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Names are OpenSSL's. A cipher pads its output where its mode needs that.
 * Each function returns the bytes of output, and ends the program if OpenSSL
 * fails.
 */
size_t judge_encrypt(const char *cipher, const unsigned char *key, const unsigned char *iv,
		     const unsigned char *in, size_t bytes, unsigned char *out);
size_t judge_seal(const char *cipher, const unsigned char *key, const unsigned char *iv,
		  const unsigned char *assoc, size_t assoc_bytes, const unsigned char *in,
		  size_t bytes, unsigned char *out, unsigned char tag[16]);
size_t judge_hash(const char *digest, const unsigned char *in, size_t bytes, unsigned char *out);
size_t judge_hmac(const char *digest, const unsigned char *key, size_t key_bytes,
		  const unsigned char *in, size_t bytes, unsigned char *out);

/* Does OpenSSL take this tag to be right? */
bool judge_accepts(const char *cipher, const unsigned char *key, const unsigned char *iv,
		   const unsigned char *assoc, size_t assoc_bytes, const unsigned char *in,
		   size_t bytes, unsigned char *out, unsigned char tag[16]);

#endif /* JUDGE_H */
