/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/crypto: the kernel's crypto API for user space.
 *
 * This header is the interface and its manual.
 */
#ifndef _UAPI_LINUX_DEVCRYPTO_H
#define _UAPI_LINUX_DEVCRYPTO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Contexts and requests
 *
 * Every open() of /dev/crypto is a context. One ioctl, DEVCRYPTO_IOC_CONFIG,
 * gives it an algorithm and a key; from then on it is immutable, and another
 * key means another open(). DEVCRYPTO_IOC_RUN executes requests on it. A
 * request (struct devcrypto_request) is self-contained: it names every buffer
 * it reads or writes, and nothing is carried over from one request to the next
 * except by the hash stream, which a program has to use by name. Threads may
 * run requests on one context at the same time.
 *
 * DEVCRYPTO_IOC_SUBMIT hands requests over without waiting for them and takes
 * the completions of such requests back: see "Asynchronous requests".
 *
 * Algorithms go by the names of the kernel's crypto API as /proc/crypto lists
 * them: a generic name such as "cbc(aes)" takes the implementation with the
 * highest priority, a driver name such as "cbc-aes-aesni" takes that one.
 *
 * A context may also be made from another one, of which it then shares algorithm
 * and key, without anybody seeing the key again: see DEVCRYPTO_CONFIG_SOURCE.
 *
 * Data are copied between the caller and memory of the driver, unless the caller
 * asks for zero copy: see DEVCRYPTO_REQUEST_ZEROCOPY. All input that is copied is
 * read before any output is written, and once, so source and destination may be
 * the same or overlap in any way, and need no alignment. The plaintext of an AEAD
 * decryption whose tag is wrong never reaches the caller.
 */

/**
 * DOC: Growth of the interface
 *
 * The size of a structure travels in its ioctl number, or, for an array, beside
 * the array. Structures only grow, at their end, and zero means what the
 * shorter structure meant. The driver therefore accepts
 *
 * - a shorter structure that is at least as long as the first published
 *   version: what is missing counts as zero,
 * - a longer structure whose unknown tail is zero; otherwise E2BIG.
 *
 * Unknown flags and reserved fields that are not zero get EINVAL, as does a
 * field that the class or operation at hand does not use and that is not zero.
 * Every flag has a feature bit in devcrypto_info.features. Pointers are 64-bit
 * integers, so the layout is the same for 32-bit programs. Where the length of
 * a buffer is 0 its address is not looked at.
 *
 * Fields named out_ are written by the driver and ignored as input. A driver
 * that knows fewer fields than the caller leaves those it does not know alone.
 */

/**
 * DOC: Errors
 *
 * ioctl() and devcrypto_request.out_result (negated) use one set of errors:
 *
 * ================  =========================================================
 * EPERM             the administrator's policy refuses the algorithm, or what was
 *                   asked for takes CAP_SYS_ADMIN
 * ENOENT            no such algorithm, or it did not pass its self-test
 * ENOTCONN          the context has not been configured
 * EBUSY             the context has been configured already, or another
 *                   operation on its hash stream is under way
 * EALREADY          every request that was to be cancelled is running
 * ECANCELED         the request was cancelled, or one that it is chained to
 *                   failed, or it is not of the address space that reaps it
 * EAGAIN            the call would have to wait, and the descriptor is
 *                   O_NONBLOCK
 * ETIME             the time to wait ran out
 * ENOTTY            no such ioctl
 * EINVAL            understood and wrong: a length that the algorithm does not
 *                   take, an unknown flag, a field that must be zero
 * E2BIG             the structure is longer than the driver knows, and what it
 *                   does not know is not zero
 * EOPNOTSUPP        not offered by this algorithm or this kernel
 * EFAULT            an address cannot be read or written
 * EMSGSIZE          the output does not fit; out_bytes has the size that would,
 *                   or 0 where it cannot be known
 * EOVERFLOW         lengths that do not add up in 32 bits
 * EBADMSG           the authentication tag is wrong, or what "kw(aes)" has for
 *                   one; the padding of an RSA decryption; the seal of a saved
 *                   hash state
 * EKEYREJECTED      the signature does not verify; of a key of the keyring: it
 *                   is a negative one
 * EILSEQ            the compressed input is corrupt; see DEVCRYPTO_CLASS_COMP
 * ENOKEY            the algorithm needs a key and was given none, or the keyring
 *                   has no key of that serial
 * EKEYEXPIRED,      what the keyring says of a key
 * EKEYREVOKED,
 * EACCES
 * EDQUOT            a limit of devcrypto_info has been reached
 * ESTALE            an earlier operation on the hash stream failed or was
 *                   killed; it has to be initialised anew
 * EINTR             a signal ended the call before it had an effect; a request
 *                   of DEVCRYPTO_IOC_RUN that has begun is ended by a fatal
 *                   signal only
 * ENOMEM            out of memory
 * ENODEV            the engine is gone
 * EIO               any other error of an algorithm's driver
 * ================  =========================================================
 */

/** DEVCRYPTO_ABI_VERSION - version of this interface, in devcrypto_info */
#define DEVCRYPTO_ABI_VERSION	1

/** DEVCRYPTO_IOC_TYPE - the type byte of every ioctl of the device */
#define DEVCRYPTO_IOC_TYPE	0xD5

/**
 * DEVCRYPTO_NAME_BYTES - size of an algorithm's name with its final NUL
 *
 * The kernel's CRYPTO_MAX_ALG_NAME; a multiple of 8.
 */
#define DEVCRYPTO_NAME_BYTES	128

/**
 * DOC: Classes
 *
 * A context has one class; which of them the driver offers is in
 * devcrypto_info.classes, bit (1 << class).
 *
 * DEVCRYPTO_CLASS_SKCIPHER
 *	Symmetric ciphers: "cbc(aes)", "ctr(aes)", "xts(aes)", "adiantum(…)".
 *	Operations ENCRYPT and DECRYPT.
 * DEVCRYPTO_CLASS_AEAD
 *	Authenticated encryption with associated data: "gcm(aes)", "ccm(aes)",
 *	"rfc7539(chacha20,poly1305)", "authenc(hmac(sha256),cbc(aes))".
 *	Operations ENCRYPT and DECRYPT.
 * DEVCRYPTO_CLASS_HASH
 *	Hashes and keyed hashes: "sha256", "hmac(sha256)", "cmac(aes)",
 *	"crc32c". Operations DIGEST and the STREAM ones.
 * DEVCRYPTO_CLASS_RNG
 *	Random number generators: "stdrng", "drbg_nopr_hmac_sha256",
 *	"jitterentropy_rng". Operations GENERATE and RESEED. A generator is
 *	seeded by the kernel when the context is configured. "stdrng" is the
 *	kernel's default, and one without it has "jitterentropy_rng".
 * DEVCRYPTO_CLASS_COMP
 *	Compression: "deflate", "lz4", "lz4hc", "lzo", "lzo-rle", "zstd", "842".
 *	Operations COMPRESS and DECOMPRESS on blocks of at most
 *	max_comp_bytes, with no framing but the codec's own: "deflate" is a raw
 *	deflate stream (RFC 1951), "zstd" a frame (RFC 8878), "lz4" and "lz4hc" an
 *	LZ4 block, "lzo" and "lzo-rle" an LZO1X block. On 6.1 the module of
 *	"deflate" also has "zlib-deflate" (RFC 1950), once it is loaded.
 *	Output that does not fit is EMSGSIZE, with out_bytes 0, when they
 *	compress; a codec may want some more room than it then uses. When they
 *	decompress, "842" and the "deflate" of 7.x tell it from corrupt input; of
 *	the others EILSEQ says "corrupt, or does not fit". What was cut off of an
 *	LZ4 block, or of "deflate" before 7, may pass as a shorter one: of
 *	integrity only the codec's own checks are made.
 * DEVCRYPTO_CLASS_AKCIPHER
 *	Asymmetric encryption: "rsa" (the bare operation of RFC 8017 section 5.1)
 *	and "pkcs1pad(rsa)" (RSAES-PKCS1-v1_5, section 7.2). Operations ENCRYPT
 *	and, with a private key, DECRYPT.
 * DEVCRYPTO_CLASS_SIG
 *	Signatures. Operations VERIFY and, with a private key, SIGN. The input is
 *	the digest of the message, which the caller makes, not the message:
 *	"pkcs1pad(rsa,sha256)" and its like (from 6.13 on "pkcs1(rsa,sha256)";
 *	RSASSA-PKCS1-v1_5, RFC 8017 section 8.2), "ecdsa-nist-p256" (from 6.13 on
 *	"x962(ecdsa-nist-p256)") and "ecrdsa", which verify only.
 * DEVCRYPTO_CLASS_KPP
 *	Key agreement: "dh", "ffdhe2048(dh)" to "ffdhe8192(dh)" (RFC 7919),
 *	"ecdh-nist-p256" and its like, "curve25519" (RFC 7748). Operations
 *	PUBLIC_KEY and SHARED_SECRET.
 */
#define DEVCRYPTO_CLASS_SKCIPHER	1
#define DEVCRYPTO_CLASS_AEAD		2
#define DEVCRYPTO_CLASS_HASH		3
#define DEVCRYPTO_CLASS_RNG		4
#define DEVCRYPTO_CLASS_COMP		5
#define DEVCRYPTO_CLASS_AKCIPHER	6
#define DEVCRYPTO_CLASS_SIG		7
#define DEVCRYPTO_CLASS_KPP		8

/**
 * DOC: Features
 *
 * DEVCRYPTO_FEATURE_QUERY	DEVCRYPTO_CONFIG_QUERY is known
 * DEVCRYPTO_FEATURE_LAYOUT	DEVCRYPTO_CONFIG_LAYOUT is known
 * DEVCRYPTO_FEATURE_IV_OUT	DEVCRYPTO_REQUEST_IV_OUT is known
 * DEVCRYPTO_FEATURE_SOURCE	DEVCRYPTO_CONFIG_SOURCE is known
 * DEVCRYPTO_FEATURE_STREAM	DEVCRYPTO_CONFIG_STREAM is known
 * DEVCRYPTO_FEATURE_KEYRING	DEVCRYPTO_CONFIG_KEYRING is known
 * DEVCRYPTO_FEATURE_PRIVATE	DEVCRYPTO_CONFIG_PRIVATE is known
 * DEVCRYPTO_FEATURE_GENERATE	DEVCRYPTO_CONFIG_GENERATE is known
 * DEVCRYPTO_FEATURE_ENTROPY	DEVCRYPTO_CONFIG_ENTROPY is known
 * DEVCRYPTO_FEATURE_SUBMIT	DEVCRYPTO_IOC_SUBMIT, DEVCRYPTO_IOC_CANCEL and
 *				DEVCRYPTO_IOC_EVENTFD are known
 * DEVCRYPTO_FEATURE_CHAIN	DEVCRYPTO_REQUEST_CHAIN is known
 * DEVCRYPTO_FEATURE_ZEROCOPY	DEVCRYPTO_CONFIG_ZEROCOPY and
 *				DEVCRYPTO_REQUEST_ZEROCOPY are known
 * DEVCRYPTO_FEATURE_URING	DEVCRYPTO_URING_REQUEST is known; the kernel has
 *				io_uring
 */
#define DEVCRYPTO_FEATURE_QUERY		(1ULL << 0)
#define DEVCRYPTO_FEATURE_LAYOUT	(1ULL << 1)
#define DEVCRYPTO_FEATURE_IV_OUT	(1ULL << 2)
#define DEVCRYPTO_FEATURE_SOURCE	(1ULL << 3)
#define DEVCRYPTO_FEATURE_STREAM	(1ULL << 4)
#define DEVCRYPTO_FEATURE_KEYRING	(1ULL << 5)
#define DEVCRYPTO_FEATURE_PRIVATE	(1ULL << 6)
#define DEVCRYPTO_FEATURE_GENERATE	(1ULL << 7)
#define DEVCRYPTO_FEATURE_ENTROPY	(1ULL << 8)
#define DEVCRYPTO_FEATURE_SUBMIT	(1ULL << 9)
#define DEVCRYPTO_FEATURE_CHAIN		(1ULL << 10)
#define DEVCRYPTO_FEATURE_ZEROCOPY	(1ULL << 11)
#define DEVCRYPTO_FEATURE_URING		(1ULL << 12)

/**
 * struct devcrypto_info - DEVCRYPTO_IOC_INFO: what the driver is and allows
 * @abi_version: DEVCRYPTO_ABI_VERSION of the running driver
 * @fips_enabled: 1 if the kernel runs in FIPS mode, else 0
 * @features: DEVCRYPTO_FEATURE_* bits
 * @classes: bit (1 << DEVCRYPTO_CLASS_*) for each class offered
 * @max_batch: most requests in one DEVCRYPTO_IOC_RUN or DEVCRYPTO_IOC_SUBMIT
 * @max_request_bytes: most bytes of source and of random output in one request
 * @max_segments: most entries of a scatter/gather array
 * @max_key_bytes: most bytes of a key
 * @max_layout_bytes: most bytes of one request, source, associated data and
 *	tag together, in a context configured with DEVCRYPTO_CONFIG_LAYOUT
 * @max_assoc_bytes: most bytes of associated data in one request
 * @max_contexts_per_user: most configured contexts of one user
 * @contexts_of_user: configured contexts that the caller's user has now
 * @max_layout_entries: most segments of one request, of source or destination
 *	together with associated data and tag, which count one each, in a context
 *	configured with DEVCRYPTO_CONFIG_LAYOUT
 * @max_memory_per_user: most bytes of driver memory for the payload of one
 *	user's requests and, on kernels where a request has some, for the working
 *	memory of a codec; between requests a context keeps some of it
 * @memory_of_user: bytes of it that the caller's user has now
 * @version: version of the driver, NUL-terminated
 * @max_comp_bytes: DEVCRYPTO_CLASS_COMP: most bytes of source in one request;
 *	of a larger destination no more than this is used
 * @max_in_flight: most requests of one context that were submitted and whose
 *	completions have not been reaped
 * @inline_bytes: a submitted request of a cipher, AEAD or hash with no more
 *	bytes of source and associated data than this is executed at once
 * @out_reserved: 0
 *
 * May be used at any time, before the context is configured too. Every field
 * is written by the driver. Beyond a limit a call or request gets EDQUOT.
 */
struct devcrypto_info {
	__u32 abi_version;
	__u32 fips_enabled;
	__aligned_u64 features;
	__u32 classes;
	__u32 max_batch;
	__u32 max_request_bytes;
	__u32 max_segments;
	__u32 max_key_bytes;
	__u32 max_layout_bytes;
	__u32 max_assoc_bytes;
	__u32 max_contexts_per_user;
	__u32 contexts_of_user;
	__u32 max_layout_entries;
	__aligned_u64 max_memory_per_user;
	__aligned_u64 memory_of_user;
	char version[32];
	__u32 max_comp_bytes;
	__u32 max_in_flight;
	__u32 inline_bytes;
	__u32 out_reserved;
};

/**
 * DOC: Flags of struct devcrypto_config
 *
 * DEVCRYPTO_CONFIG_QUERY
 *	Look the algorithm up, write the out_ fields, and leave the context
 *	unconfigured. Takes no key: key_bytes and auth_key_bytes must be zero.
 * DEVCRYPTO_CONFIG_LAYOUT
 *	For the validation of an algorithm's driver: the driver's copies keep
 *	the shape of the caller's buffers. There is one scatterlist entry per
 *	segment that is not empty; each buffer, the IV and the key (but not the
 *	two keys of "authenc(…)", which the crypto API wants in one blob) keep
 *	the caller's address modulo 64; and the algorithm works in place only
 *	where source and destination are the same range or array. Without the
 *	flag it works in place on one aligned buffer. Requests are limited to
 *	max_layout_bytes and max_layout_entries. For ciphers, AEADs and hashes;
 *	other classes have one run of bytes anyway (EOPNOTSUPP).
 * DEVCRYPTO_CONFIG_SOURCE
 *	Share algorithm and key with the context that @source is a descriptor of:
 *	the new context has its own requests, stream and limits, and stays when
 *	the source is closed. Every other field but @flags is zero, and of the
 *	flags STREAM is the only other one; LAYOUT and ZEROCOPY of the source go
 *	along.
 *	The policy is asked again. EINVAL if @source is no descriptor of this
 *	device, ENOTCONN if it has not been configured, EOPNOTSUPP with ENTROPY.
 * DEVCRYPTO_CONFIG_STREAM
 *	With SOURCE, of a hash: the new context's stream begins as a copy of the
 *	source's. EBUSY while an operation on that is under way, ESTALE if it is
 *	unusable, EOPNOTSUPP if the algorithm cannot export its state.
 * DEVCRYPTO_CONFIG_KEYRING
 *	The key is the payload of the key @key_serial of the kernel's keyring, of
 *	type "user", "logon", "encrypted" or "trusted" (else EOPNOTSUPP), for
 *	which the caller needs search permission; @key and @key_bytes are zero.
 *	Numbers below 1, which stand for keyrings, are EINVAL. A negative key has
 *	the error that its maker chose, EKEYREJECTED where that is no other of
 *	ENOKEY, EKEYEXPIRED, EKEYREVOKED and EACCES.
 *	RNG and COMP take none (EOPNOTSUPP), and no algorithm whose output would
 *	give the key away to who may only use it (EOPNOTSUPP): of the hashes those
 *	built with hmac, cmac or xcbc, and BLAKE2, take one; "dh" does not, whose
 *	group the caller chooses. For the same reason a private value of
 *	"ecdh-nist-…" is exactly as long as the order of the group, and one of
 *	"ffdhe…(dh)" has 32 bytes at least (else EINVAL). RSA takes the DER as in
 *	@key, private with PRIVATE. Not together with GENERATE (EINVAL).
 * DEVCRYPTO_CONFIG_PRIVATE
 *	AKCIPHER and SIG: @key, or the key of the keyring, is a private key.
 * DEVCRYPTO_CONFIG_GENERATE
 *	KPP: the kernel makes the private value, which never leaves it; @key is
 *	zero. Not for "dh" (EOPNOTSUPP), whose parameters may be anybody's, nor,
 *	on kernels later than 6.1, for "ecdh-nist-p192" (EOPNOTSUPP).
 * DEVCRYPTO_CONFIG_ENTROPY
 *	RNG: the caller gives the generator its entropy in every request, for
 *	tests with published vectors. Takes CAP_SYS_ADMIN as names do that the
 *	policy does not list (EPERM); only for the kernel's DRBGs (EOPNOTSUPP).
 * DEVCRYPTO_CONFIG_ZEROCOPY
 *	Every request is as if it had DEVCRYPTO_REQUEST_ZEROCOPY. For ciphers,
 *	AEADs and hashes; other classes copy anyway (EOPNOTSUPP).
 */
#define DEVCRYPTO_CONFIG_QUERY		(1U << 0)
#define DEVCRYPTO_CONFIG_LAYOUT		(1U << 1)
#define DEVCRYPTO_CONFIG_SOURCE		(1U << 2)
#define DEVCRYPTO_CONFIG_STREAM		(1U << 3)
#define DEVCRYPTO_CONFIG_KEYRING	(1U << 4)
#define DEVCRYPTO_CONFIG_PRIVATE	(1U << 5)
#define DEVCRYPTO_CONFIG_GENERATE	(1U << 6)
#define DEVCRYPTO_CONFIG_ENTROPY	(1U << 7)
#define DEVCRYPTO_CONFIG_ZEROCOPY	(1U << 8)

/**
 * DOC: Keys of the asymmetric classes
 *
 * "rsa", "pkcs1pad(…)", "pkcs1(…)"
 *	DER of RSAPublicKey or, with DEVCRYPTO_CONFIG_PRIVATE, RSAPrivateKey (RFC
 *	8017 appendix A.1) of two primes; of which lengths, the kernel says: 512,
 *	1024, 1536, 2048, 3072 and 4096 bits, in FIPS mode from 2048 on.
 * "ecdsa-nist-…", "x962(ecdsa-nist-…)"
 *	The public point, uncompressed: 04, X, Y (SEC 1 section 2.3.3).
 * "ecrdsa"
 *	The DER of the OCTET STRING that holds the public key (RFC 9215), and in
 *	@key_params the DER of GostR3410-2012-PublicKeyParameters.
 * "dh"
 *	The private value, and in @dh_p and @dh_g prime and generator: unsigned,
 *	the most significant byte first, like every public key and secret of DH,
 *	which are as long as the prime. That has 1536 (in FIPS mode 2048) to 8192
 *	bits, a multiple of 64. Generator, private value and public keys are more
 *	than 1 and less than p - 1.
 * "ffdhe…(dh)"
 *	The same, with the group's own prime and generator.
 * "ecdh-nist-…"
 *	The private value, the most significant byte first, as long as the order n
 *	of the group at most: 2 to n - 3. Public keys are X, Y without the 04 of
 *	SEC 1, the shared secret is X.
 * "curve25519"
 *	Private and public values, secrets: 32 bytes as RFC 7748 has them.
 */

/**
 * DOC: Properties in devcrypto_config.out_properties
 *
 * DEVCRYPTO_ALG_ASYNC
 *	The implementation may complete requests asynchronously
 *	(CRYPTO_ALG_ASYNC).
 * DEVCRYPTO_ALG_HARDWARE
 *	It can only be reached through a kernel driver
 *	(CRYPTO_ALG_KERN_DRIVER_ONLY): an engine, not instructions of the CPU.
 * DEVCRYPTO_ALG_TESTED
 *	It passed the kernel's self-test, or the kernel has none for it
 *	(CRYPTO_ALG_TESTED).
 * DEVCRYPTO_ALG_CHAINS
 *	DEVCRYPTO_REQUEST_IV_OUT gives the IV with which the message goes on,
 *	so that a long message may be split between requests at multiples of
 *	out_chunk_bytes.
 * DEVCRYPTO_ALG_NEEDS_KEY
 *	It cannot be configured without a key.
 */
#define DEVCRYPTO_ALG_ASYNC	(1U << 0)
#define DEVCRYPTO_ALG_HARDWARE	(1U << 1)
#define DEVCRYPTO_ALG_TESTED	(1U << 2)
#define DEVCRYPTO_ALG_CHAINS	(1U << 3)
#define DEVCRYPTO_ALG_NEEDS_KEY	(1U << 4)

/**
 * struct devcrypto_config - DEVCRYPTO_IOC_CONFIG: give the context its algorithm
 * @alg_class: DEVCRYPTO_CLASS_*
 * @flags: DEVCRYPTO_CONFIG_*
 * @name: generic or driver name, NUL-terminated, zero behind the NUL
 * @key: address of the key in the encoding of the crypto API: the plain key
 *	bytes (both keys of "xts(aes)" one after the other; the salt of
 *	"rfc4106(…)" behind the key). For "authenc(…)" the key of the cipher.
 * @auth_key: address of the key of the authentication half of "authenc(…)";
 *	zero for any other algorithm
 * @key_bytes: length of @key, at most max_key_bytes; 0 = no key, so that no
 *	algorithm can be given an empty one. What a cipher takes is
 *	out_key_min_bytes to out_key_max_bytes, other lengths get EINVAL. Hashes
 *	with an optional key ("crc32c", "blake2b-512") take it here.
 * @auth_key_bytes: length of @auth_key, at most max_key_bytes
 * @tag_bytes: AEAD: length of the tag; 0 = out_tag_max_bytes. Zero for other
 *	classes.
 * @reserved: must be zero
 * @out_name: generic name of the algorithm that was chosen
 * @out_driver: its driver name
 * @out_priority: its priority among the implementations of @out_name
 * @out_properties: DEVCRYPTO_ALG_*
 * @out_block_bytes: block size; 1 for stream ciphers and most hashes' input
 * @out_chunk_bytes: ciphers: a message may be split at multiples of this
 * @out_iv_bytes: length of the IV of a request; 0 = takes none
 * @out_tag_bytes: AEAD: length of the tag of every request
 * @out_tag_max_bytes: AEAD: longest tag
 * @out_digest_bytes: hash: length of the digest; SIG: that of the digest which is
 *	signed or verified, 0 = any
 * @out_state_bytes: hash: length of the exported state of a stream
 * @out_key_min_bytes: ciphers: shortest key; 0 where the crypto API cannot tell
 * @out_key_max_bytes: ciphers: longest key; 0 where the crypto API cannot tell
 * @out_seed_bytes: rng: length of a seed of the caller's; 0 = any
 * @source: with DEVCRYPTO_CONFIG_SOURCE a descriptor, else zero
 * @key_serial: with DEVCRYPTO_CONFIG_KEYRING the serial number of a key, else zero
 * @key_params: "ecrdsa": address of the key's parameters; else zero
 * @dh_p: "dh": address of the prime; else zero
 * @dh_g: "dh": address of the generator; else zero
 * @key_params_bytes: length of @key_params
 * @dh_p_bytes: length of @dh_p
 * @dh_g_bytes: length of @dh_g
 * @reserved2: must be zero
 * @out_output_bytes: AKCIPHER, SIG, KPP: the longest output of a request with
 *	this key: ciphertext, signature, public key. 0 from a mere query, and with
 *	a public key of SIG, which has none.
 * @out_saved_bytes: hash: length of a saved state of the stream; 0 = this
 *	algorithm's state cannot be saved
 *
 * A context is configured once; a second call gets EBUSY. A call that fails
 * leaves the context unconfigured. An out_ field that does not apply to the
 * class is 0.
 *
 * An engine may have room for so many keys only: QEMU's for 256, of which a cipher
 * takes two. It does not tell that from a key that it does not take, so both are
 * EINVAL.
 *
 * Errors: EPERM, ENOENT, EBUSY, EINVAL, E2BIG, EOPNOTSUPP (unknown class),
 * EFAULT, ENOKEY, EDQUOT, ENOMEM, ENODEV, EIO, EINTR; with SOURCE also ENOTCONN
 * and ESTALE, with KEYRING EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED and EACCES.
 */
struct devcrypto_config {
	__u32 alg_class;
	__u32 flags;
	char name[DEVCRYPTO_NAME_BYTES];
	__aligned_u64 key;
	__aligned_u64 auth_key;
	__u32 key_bytes;
	__u32 auth_key_bytes;
	__u32 tag_bytes;
	__u32 reserved;
	char out_name[DEVCRYPTO_NAME_BYTES];
	char out_driver[DEVCRYPTO_NAME_BYTES];
	__s32 out_priority;
	__u32 out_properties;
	__u32 out_block_bytes;
	__u32 out_chunk_bytes;
	__u32 out_iv_bytes;
	__u32 out_tag_bytes;
	__u32 out_tag_max_bytes;
	__u32 out_digest_bytes;
	__u32 out_state_bytes;
	__u32 out_key_min_bytes;
	__u32 out_key_max_bytes;
	__u32 out_seed_bytes;
	__s32 source;
	__s32 key_serial;
	__aligned_u64 key_params;
	__aligned_u64 dh_p;
	__aligned_u64 dh_g;
	__u32 key_params_bytes;
	__u32 dh_p_bytes;
	__u32 dh_g_bytes;
	__u32 reserved2;
	__u32 out_output_bytes;
	__u32 out_saved_bytes;
};

/**
 * struct devcrypto_segment - one piece of a scatter/gather buffer
 * @addr: address of the piece
 * @bytes: its length; may be 0
 * @reserved: must be zero
 */
struct devcrypto_segment {
	__aligned_u64 addr;
	__u32 bytes;
	__u32 reserved;
};

/**
 * DOC: Operations
 *
 * DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT (skcipher)
 *	@src_bytes are turned into as many at @dst. @iv is required where
 *	out_iv_bytes is not 0. "kw(aes)" takes max_key_bytes at most (else
 *	EDQUOT), and serves to unwrap keys only: of what it wraps it keeps the
 *	first 8 bytes back.
 * DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT (AEAD)
 *	The same, authenticated together with @assoc_bytes at @assoc.
 *	Encryption writes @tag, decryption reads it; @tag_bytes is always
 *	out_tag_bytes. The tag is no part of @src or @dst. A wrong tag is EBADMSG
 *	and writes nothing.
 * DEVCRYPTO_OP_DIGEST (hash)
 *	The digest of @src_bytes is written to @dst.
 * DEVCRYPTO_OP_STREAM_INIT (hash)
 *	Begins the context's stream anew, whatever its state. Takes no buffers.
 *	A configured context has an initialised stream.
 * DEVCRYPTO_OP_STREAM_UPDATE (hash)
 *	Appends @src_bytes to the stream. Takes no @dst.
 * DEVCRYPTO_OP_STREAM_FINAL (hash)
 *	Appends @src_bytes, writes the digest to @dst, and begins anew.
 *	One operation on a stream at a time: a second gets EBUSY, if the first has
 *	begun and not ended when it would begin itself; submitted ones have an
 *	order only in a chain. After one that failed once it had begun the stream
 *	answers ESTALE until STREAM_INIT. A digest that a submitted STREAM_FINAL
 *	cannot write is lost, and the stream has begun anew.
 * DEVCRYPTO_OP_GENERATE (rng)
 *	Fills @dst_bytes at @dst. @src_bytes at @src, at most max_key_bytes, are
 *	mixed in as additional input where the generator takes any. Output of
 *	more than a page (of more than 128 bytes from "jitterentropy_rng") is
 *	made in several calls of the generator, each with the additional input.
 * DEVCRYPTO_OP_RESEED (rng)
 *	Seeds the generator with @src_bytes at @src, at most max_key_bytes; with
 *	0 bytes from the kernel's entropy. A DRBG takes the bytes in addition to
 *	the kernel's entropy, "jitterentropy_rng" does without. Takes no @dst.
 *	With DEVCRYPTO_CONFIG_ENTROPY both take @entropy_bytes at @entropy in
 *	place of the kernel's. A first RESEED instantiates the DRBG, with entropy
 *	and nonce at @entropy and the personalisation string at @src, and has to
 *	succeed before GENERATE (else ENOKEY); a later one reseeds it. GENERATE
 *	takes entropy where the DRBG has prediction resistance ("drbg_pr_…");
 *	"drbg_nopr_…" uses it only when it has to reseed itself, after so many
 *	requests that one with none then takes 64 zero bytes. Where there has to
 *	be some, none is EINVAL.
 * DEVCRYPTO_OP_STREAM_SAVE (hash)
 *	Writes the state of the stream to @dst, sealed, and leaves the stream as
 *	it is. out_saved_bytes are needed; 0 is EOPNOTSUPP.
 * DEVCRYPTO_OP_STREAM_RESTORE (hash)
 *	Gives the stream the state that STREAM_SAVE wrote, whatever state it is
 *	in. What is not a whole state that this load of the driver saved of the
 *	same implementation with the same key is EBADMSG and changes nothing.
 * DEVCRYPTO_OP_COMPRESS, DEVCRYPTO_OP_DECOMPRESS (comp)
 *	@src_bytes, at least 1, are turned into out_bytes at @dst, which may be
 *	more or fewer, and 0 for a block that holds nothing.
 * DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT (akcipher)
 *	@src_bytes, from 1 to out_output_bytes, are turned into out_bytes at @dst,
 *	which has room for out_output_bytes. To "rsa" they are a number, the most
 *	significant byte first, from 2 to the modulus less 2 (some kernels take 0
 *	and 1, too), and so is what comes of it; "pkcs1pad(rsa)" encrypts 11 bytes
 *	less than out_output_bytes at most and decrypts exactly those. Wrong
 *	padding is EBADMSG: who may try that often with messages of others learns
 *	what their plaintext is (RFC 8017 section 7.2). DECRYPT with a public key
 *	is EINVAL.
 * DEVCRYPTO_OP_SIGN (sig)
 *	The signature of the digest at @src is written to @dst, which has room for
 *	out_output_bytes. EINVAL with a public key.
 * DEVCRYPTO_OP_VERIFY (sig)
 *	@signature_bytes at @signature are held against the digest at @src.
 *	EKEYREJECTED if they do not match, whatever is wrong with them. Takes no
 *	@dst.
 * DEVCRYPTO_OP_PUBLIC_KEY (kpp)
 *	The public key of the context's private value is written to @dst, which
 *	has room for out_output_bytes. Takes no @src.
 * DEVCRYPTO_OP_SHARED_SECRET (kpp)
 *	The secret shared with the owner of the public key at @src is written to
 *	@dst, which has room for out_output_bytes, of ECDH for half of them. A
 *	public key that is out of range, not on the curve or of small order is
 *	EINVAL.
 */
#define DEVCRYPTO_OP_ENCRYPT		1
#define DEVCRYPTO_OP_DECRYPT		2
#define DEVCRYPTO_OP_DIGEST		3
#define DEVCRYPTO_OP_STREAM_INIT	4
#define DEVCRYPTO_OP_STREAM_UPDATE	5
#define DEVCRYPTO_OP_STREAM_FINAL	6
#define DEVCRYPTO_OP_GENERATE		7
#define DEVCRYPTO_OP_RESEED		8
#define DEVCRYPTO_OP_STREAM_SAVE	9
#define DEVCRYPTO_OP_STREAM_RESTORE	10
#define DEVCRYPTO_OP_COMPRESS		11
#define DEVCRYPTO_OP_DECOMPRESS		12
#define DEVCRYPTO_OP_SIGN		13
#define DEVCRYPTO_OP_VERIFY		14
#define DEVCRYPTO_OP_PUBLIC_KEY		15
#define DEVCRYPTO_OP_SHARED_SECRET	16

/**
 * DOC: Flags of struct devcrypto_request
 *
 * DEVCRYPTO_REQUEST_IV_OUT
 *	Write the IV with which the message goes on back to @iv. Only with
 *	DEVCRYPTO_ALG_CHAINS, otherwise EOPNOTSUPP.
 * DEVCRYPTO_REQUEST_CHAIN
 *	The next request of the same call begins after this one has succeeded; if
 *	it fails, all that are chained behind it get ECANCELED. Of the last request
 *	of a call it means nothing. DEVCRYPTO_IOC_SUBMIT accepts a chain when there
 *	is room for all that is left of the call; one of its requests that cannot
 *	be read cuts it off there. A submitted request has succeeded when the
 *	algorithm has, whether or not its output can then be written.
 * DEVCRYPTO_REQUEST_ZEROCOPY
 *	The algorithm may read @src and write @dst where they are, in the caller's
 *	pages, which are pinned and count against RLIMIT_MEMLOCK as long as the
 *	request is neither executed nor reaped. It is a permission: out_flags says
 *	whether it was used. Copied are, whatever is asked for: AEAD decryption,
 *	unwrapping with "kw(…)", every class but ciphers, AEADs and hashes, every
 *	IV, associated data, tag and digest; buffers that overlap without being the
 *	same, or whose segments interleave; a source that the caller may not write;
 *	memory that is mapped from a file of a file system; what goes beyond the
 *	limit; every request of a context with DEVCRYPTO_CONFIG_LAYOUT;
 *	for an engine what takes more than 16 entries of a scatterlist, pages
 *	that adjoin being one.
 *	Until the request completes the caller must not change the source; if it
 *	does, the output is anything. What is written may be written before the
 *	completion is reaped, and of a request that fails @dst may be anything.
 *	In software it takes fewer instructions than copies from about 64 KiB on,
 *	in place or on huge pages from 8 KiB, in registered buffers from 2 KiB.
 */
#define DEVCRYPTO_REQUEST_IV_OUT	(1U << 0)
#define DEVCRYPTO_REQUEST_CHAIN		(1U << 1)
#define DEVCRYPTO_REQUEST_ZEROCOPY	(1U << 2)

/**
 * DOC: Flags of devcrypto_request.out_flags and devcrypto_completion.flags
 *
 * DEVCRYPTO_OUT_ZEROCOPY
 *	The text was not copied.
 */
#define DEVCRYPTO_OUT_ZEROCOPY	(1U << 0)

/**
 * struct devcrypto_request - one operation
 * @op: DEVCRYPTO_OP_*, one of those of the context's class (else EOPNOTSUPP)
 * @flags: DEVCRYPTO_REQUEST_*
 * @user_data: the caller's; appears in completions and traces, and names the
 *	request for DEVCRYPTO_IOC_CANCEL
 * @out_result: 0, or the negated error
 * @out_bytes: bytes written to @dst; with EMSGSIZE the bytes needed, else 0
 * @src: address of the input, or of an array of struct devcrypto_segment
 * @dst: address of the output, or of an array of struct devcrypto_segment
 * @src_bytes: length of the input
 * @dst_bytes: room at @dst; what is not needed is not touched
 * @src_segments: entries in the array at @src; 0 = @src is the input itself
 * @dst_segments: entries in the array at @dst; 0 = @dst is the output itself
 * @iv: address of the initialisation vector or nonce
 * @assoc: AEAD: address of the associated data
 * @entropy: RNG with DEVCRYPTO_CONFIG_ENTROPY: address of the entropy
 * @tag: AEAD: address of the authentication tag
 * @signature: SIG: address of the signature that VERIFY reads
 * @iv_bytes: exactly out_iv_bytes
 * @assoc_bytes: length of the associated data
 * @entropy_bytes: length of the entropy, at most max_key_bytes
 * @tag_bytes: AEAD: exactly out_tag_bytes
 * @signature_bytes: length of the signature, at most max_key_bytes
 * @reserved: must be zero
 * @out_flags: DEVCRYPTO_OUT_*
 * @reserved2: must be zero
 *
 * Segments are used in their order and must hold at least @src_bytes or
 * @dst_bytes (else EINVAL). An array is read whenever it has entries. Lengths of
 * 0 are valid as far as the algorithm takes an empty message.
 */
struct devcrypto_request {
	__u32 op;
	__u32 flags;
	__aligned_u64 user_data;
	__s32 out_result;
	__u32 out_bytes;
	__aligned_u64 src;
	__aligned_u64 dst;
	__u32 src_bytes;
	__u32 dst_bytes;
	__u32 src_segments;
	__u32 dst_segments;
	__aligned_u64 iv;
	__extension__ union {
		__aligned_u64 assoc;
		__aligned_u64 entropy;
	};
	__extension__ union {
		__aligned_u64 tag;
		__aligned_u64 signature;
	};
	__u32 iv_bytes;
	__extension__ union {
		__u32 assoc_bytes;
		__u32 entropy_bytes;
	};
	__extension__ union {
		__u32 tag_bytes;
		__u32 signature_bytes;
	};
	__u32 reserved;
	__u32 out_flags;
	__u32 reserved2;
};

/**
 * struct devcrypto_run - DEVCRYPTO_IOC_RUN: execute requests and wait for them
 * @requests: address of an array of struct devcrypto_request
 * @count: entries in the array, at most max_batch
 * @request_bytes: sizeof(struct devcrypto_request), the distance of two
 *	entries: a multiple of 8; more than 4096 is E2BIG
 * @flags: must be zero
 * @segment_bytes: sizeof(struct devcrypto_segment), the distance of two entries
 *	of the requests' scatter/gather arrays: a multiple of 8; 0 = 16; more than
 *	4096 is E2BIG
 *
 * Requests are executed in their order, and out_result and out_bytes are
 * written to each, also when an earlier one failed. The ioctl returns the
 * number of requests executed: fewer than @count if an entry could not be read
 * or had an unknown tail, and that one was not executed, or if its result could
 * not be written, and then it was executed but does not count. If that is the
 * first one, the ioctl returns the error. A signal ends a request only if it is
 * fatal, between two calls of the algorithm or while an engine works; nothing
 * is ever executed twice.
 *
 * Errors: ENOTCONN, EINVAL, E2BIG, EFAULT, EDQUOT (@count), ENOMEM, EINTR.
 */
struct devcrypto_run {
	__aligned_u64 requests;
	__u32 count;
	__u32 request_bytes;
	__u32 flags;
	__u32 segment_bytes;
};

/**
 * DOC: Asynchronous requests
 *
 * DEVCRYPTO_IOC_SUBMIT reads requests and copies all that they read: when it
 * returns, the caller may change everything but what they write to. An engine
 * that works asynchronously gets them at once, as many as it takes; for other
 * algorithms threads of the kernel execute them, of one context on all CPUs,
 * and small ones (inline_bytes) are executed at once. They complete in any
 * order, but for those that DEVCRYPTO_REQUEST_CHAIN binds.
 *
 * Every request has exactly one completion, which the same ioctl takes out, in
 * the same call or a later one. What a request writes is written then, by the
 * thread that takes its completion: it has to be one of the address space that
 * submitted the request. Anybody else who has the descriptor, after fork() or
 * exec() or because it was passed on, gets ECANCELED for it and nothing is
 * written. The out_ fields of struct devcrypto_request are not used.
 *
 * poll(): readable when there is a completion, writable when there is room for
 * a request, error while the context is not configured. close() and exit() wait
 * for nothing; requests that an engine works on are thrown away when it
 * answers.
 */

/**
 * struct devcrypto_completion - the end of a submitted request
 * @user_data: the request's
 * @result: 0, or the negated error
 * @out_bytes: bytes written to the request's @dst; with EMSGSIZE the bytes
 *	needed, else 0
 * @flags: DEVCRYPTO_OUT_*
 * @reserved: 0
 */
struct devcrypto_completion {
	__aligned_u64 user_data;
	__s32 result;
	__u32 out_bytes;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct devcrypto_submit - DEVCRYPTO_IOC_SUBMIT: submit requests, take completions
 * @requests: address of an array of struct devcrypto_request
 * @count: entries in the array, at most max_batch; 0 = submit none
 * @request_bytes: as in struct devcrypto_run
 * @flags: must be zero
 * @segment_bytes: as in struct devcrypto_run
 * @completions: address of an array of struct devcrypto_completion
 * @max_completions: entries in the array; 0 = take none
 * @completion_bytes: sizeof(struct devcrypto_completion), the distance of two
 *	entries: a multiple of 8, at least 24; more than 4096 is E2BIG; what an
 *	entry has more is not touched
 * @min_completions: wait until the call has taken so many, at most
 *	@max_completions
 * @reserved: must be zero
 * @timeout_ns: wait no longer than this; 0 = as long as it takes
 * @out_submitted: requests accepted, from the front of the array
 * @out_completed: completions written
 *
 * Requests are accepted first. What is wrong with one of them is told by its
 * completion; one that cannot be read, or that has an unknown tail, ends the
 * submission in front of it. Where the context has max_in_flight requests the
 * call takes completions out to make room, as far as @max_completions goes, and
 * then waits for room; an O_NONBLOCK descriptor does not wait.
 *
 * Then the call takes completions and waits for @min_completions of them, while
 * requests are in flight from which they could come. The wait ends at a signal;
 * if there is a timeout or a completion has been taken, also when a command of
 * io_uring ends that the thread has issued, as if by a signal. An O_NONBLOCK
 * descriptor does not wait.
 *
 * Returns 0 if a request was accepted, a completion was taken, or nothing was
 * to be waited for; the numbers are in the out_ fields. Otherwise an error, and
 * nothing has happened.
 *
 * Errors: ENOTCONN, EINVAL, E2BIG, EFAULT, EDQUOT (@count), ENOMEM, EAGAIN,
 * EINTR, ETIME.
 */
struct devcrypto_submit {
	__aligned_u64 requests;
	__u32 count;
	__u32 request_bytes;
	__u32 flags;
	__u32 segment_bytes;
	__aligned_u64 completions;
	__u32 max_completions;
	__u32 completion_bytes;
	__u32 min_completions;
	__u32 reserved;
	__aligned_u64 timeout_ns;
	__u32 out_submitted;
	__u32 out_completed;
};

/**
 * DOC: Flags of struct devcrypto_cancel
 *
 * DEVCRYPTO_CANCEL_ALL
 *	Every request of the context; @user_data must be zero.
 */
#define DEVCRYPTO_CANCEL_ALL	(1U << 0)

/**
 * struct devcrypto_cancel - DEVCRYPTO_IOC_CANCEL: cancel submitted requests
 * @user_data: of the requests to cancel; there may be several
 * @flags: DEVCRYPTO_CANCEL_*
 * @reserved: must be zero
 * @out_cancelled: requests that were cancelled; each completes with ECANCELED, as
 *	do those that are chained behind it, which count too
 * @out_running: requests that the algorithm has; they complete as if nothing
 *	had been said
 *
 * Only requests of the caller's address space are looked at, and of those only
 * the ones that have not completed. Returns 0, also where there are none, or
 * EALREADY, with both numbers written, if there are some and all are running.
 *
 * Errors: ENOTCONN, EINVAL, E2BIG, EFAULT, EALREADY.
 */
struct devcrypto_cancel {
	__aligned_u64 user_data;
	__u32 flags;
	__u32 reserved;
	__u32 out_cancelled;
	__u32 out_running;
};

/**
 * struct devcrypto_eventfd - DEVCRYPTO_IOC_EVENTFD: signal completions
 * @fd: an eventfd to which 1 is added whenever a request completes; -1 = none
 * @reserved: must be zero
 *
 * A context has one eventfd; the last call holds.
 *
 * Errors: ENOTCONN, EINVAL (also where @fd is no eventfd), E2BIG, EFAULT.
 */
struct devcrypto_eventfd {
	__s32 fd;
	__u32 reserved;
};

/**
 * struct devcrypto_uring - DEVCRYPTO_URING_REQUEST: a request by io_uring
 * @request: address of a struct devcrypto_request
 * @request_bytes: as in struct devcrypto_run
 * @segment_bytes: as in struct devcrypto_run
 *
 * The payload of an SQE of IORING_OP_URING_CMD on a configured context, with
 * cmd_op DEVCRYPTO_URING_REQUEST. The request is read when the SQE is issued,
 * and so is what it reads; what it writes, and its out_ fields, are written
 * before the CQE is posted. The CQE's res is out_bytes or the negated error.
 * DEVCRYPTO_REQUEST_CHAIN means nothing: an SQE has IOSQE_IO_LINK.
 *
 * With IORING_URING_CMD_FIXED @src and @dst are used without a copy as if by
 * DEVCRYPTO_REQUEST_ZEROCOPY, and where they lie in the registered buffer
 * without pinning anything.
 *
 * These requests share max_in_flight with submitted ones; an SQE waits for room.
 * poll() and the eventfd know nothing of them, DEVCRYPTO_IOC_CANCEL does;
 * IORING_OP_ASYNC_CANCEL finds only an SQE that waits for room. Context and ring
 * are kept until all requests have ended, so as long as their engine takes to
 * answer, and execve() waits for that. Of a task that exits or has been killed
 * what has not begun is cancelled; the task waits for the rest only in execve(),
 * or if a ring of its has IORING_SETUP_SQPOLL.
 *
 * Errors in res besides those of the request: ENOTCONN, EINVAL, E2BIG, EFAULT,
 * ENOMEM, EINTR, and EOPNOTSUPP for an unknown cmd_op or a ring that polls for
 * completions.
 */
struct devcrypto_uring {
	__aligned_u64 request;
	__u32 request_bytes;
	__u32 segment_bytes;
};

#define DEVCRYPTO_IOC_INFO	_IOWR(DEVCRYPTO_IOC_TYPE, 0x00, struct devcrypto_info)
#define DEVCRYPTO_IOC_CONFIG	_IOWR(DEVCRYPTO_IOC_TYPE, 0x01, struct devcrypto_config)
#define DEVCRYPTO_IOC_RUN	_IOWR(DEVCRYPTO_IOC_TYPE, 0x02, struct devcrypto_run)
#define DEVCRYPTO_IOC_SUBMIT	_IOWR(DEVCRYPTO_IOC_TYPE, 0x03, struct devcrypto_submit)
#define DEVCRYPTO_IOC_CANCEL	_IOWR(DEVCRYPTO_IOC_TYPE, 0x04, struct devcrypto_cancel)
#define DEVCRYPTO_IOC_EVENTFD	_IOWR(DEVCRYPTO_IOC_TYPE, 0x05, struct devcrypto_eventfd)

#define DEVCRYPTO_URING_REQUEST	_IOWR(DEVCRYPTO_IOC_TYPE, 0x10, struct devcrypto_uring)

#endif /* _UAPI_LINUX_DEVCRYPTO_H */
