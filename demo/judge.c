// SPDX-License-Identifier: MIT
#include <err.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "judge.h"

static void check(bool good)
{
	if (good)
		return;
	ERR_print_errors_fp(stderr);
	errx(1, "OpenSSL fails");
}

static EVP_CIPHER_CTX *begin(const char *name, bool encrypt, const unsigned char *key,
			     const unsigned char *iv)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	check(cipher && context);
	check(EVP_CipherInit_ex2(context, cipher, key, iv, encrypt, NULL));
	EVP_CIPHER_free(cipher);
	return context;
}

static size_t update(EVP_CIPHER_CTX *context, const unsigned char *in, size_t bytes,
		     unsigned char *out)
{
	int done;

	check(EVP_CipherUpdate(context, out, &done, in, bytes));
	return done;
}

static size_t finish(EVP_CIPHER_CTX *context, unsigned char *out)
{
	int done;

	check(EVP_CipherFinal_ex(context, out, &done));
	return done;
}

size_t judge_encrypt(const char *cipher, const unsigned char *key, const unsigned char *iv,
		     const unsigned char *in, size_t bytes, unsigned char *out)
{
	EVP_CIPHER_CTX *context = begin(cipher, true, key, iv);
	size_t done = update(context, in, bytes, out);

	done += finish(context, out + done);
	EVP_CIPHER_CTX_free(context);
	return done;
}

size_t judge_seal(const char *cipher, const unsigned char *key, const unsigned char *iv,
		  const unsigned char *assoc, size_t assoc_bytes, const unsigned char *in,
		  size_t bytes, unsigned char *out, unsigned char tag[16])
{
	EVP_CIPHER_CTX *context = begin(cipher, true, key, iv);
	size_t done;

	update(context, assoc, assoc_bytes, NULL);
	done = update(context, in, bytes, out);
	done += finish(context, out + done);
	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag));
	EVP_CIPHER_CTX_free(context);
	return done;
}

bool judge_accepts(const char *cipher, const unsigned char *key, const unsigned char *iv,
		   const unsigned char *assoc, size_t assoc_bytes, const unsigned char *in,
		   size_t bytes, unsigned char *out, unsigned char tag[16])
{
	EVP_CIPHER_CTX *context = begin(cipher, false, key, iv);
	int done;
	bool good;

	check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, tag));
	update(context, assoc, assoc_bytes, NULL);
	update(context, in, bytes, out);
	good = EVP_CipherFinal_ex(context, out, &done);
	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	return good;
}

size_t judge_hash(const char *digest, const unsigned char *in, size_t bytes, unsigned char *out)
{
	size_t done;

	check(EVP_Q_digest(NULL, digest, NULL, in, bytes, out, &done));
	return done;
}

size_t judge_hmac(const char *digest, const unsigned char *key, size_t key_bytes,
		  const unsigned char *in, size_t bytes, unsigned char *out)
{
	size_t done;

	check(EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key, key_bytes, in, bytes, out,
			EVP_MAX_MD_SIZE, &done));
	return done;
}
