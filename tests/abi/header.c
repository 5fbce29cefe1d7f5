/* SPDX-License-Identifier: MIT */
/*
 * The ABI header, by itself: everything in it has to compile in every dialect
 * of C and C++, and the structures have the layout that was first published,
 * without holes, for 64- and for 32-bit programs. Compiled only, never run.
 */
#include <linux/devcrypto.h>

#include <stddef.h>

/* Works in C90, too: an array of a negative size does not compile. */
#define CHECK(name, condition) typedef char check_##name[(condition) ? 1 : -1]

#define SIZE(type, bytes) \
	CHECK(size_of_##type, sizeof(struct type) >= (bytes) && sizeof(struct type) % 8 == 0)
#define FIELD(type, field, offset) \
	CHECK(type##_##field, offsetof(struct type, field) == (offset))
#define NUMBER(command, type, number) \
	CHECK(number_of_##command, (command) == (3UL << 30 | 0xd5 << 8 | (number) | \
						 (unsigned long)sizeof(struct type) << 16))

SIZE(devcrypto_info, 120);
FIELD(devcrypto_info, abi_version, 0);
FIELD(devcrypto_info, fips_enabled, 4);
FIELD(devcrypto_info, features, 8);
FIELD(devcrypto_info, classes, 16);
FIELD(devcrypto_info, max_batch, 20);
FIELD(devcrypto_info, max_request_bytes, 24);
FIELD(devcrypto_info, max_segments, 28);
FIELD(devcrypto_info, max_key_bytes, 32);
FIELD(devcrypto_info, max_layout_bytes, 36);
FIELD(devcrypto_info, max_assoc_bytes, 40);
FIELD(devcrypto_info, max_contexts_per_user, 44);
FIELD(devcrypto_info, contexts_of_user, 48);
FIELD(devcrypto_info, max_layout_entries, 52);
FIELD(devcrypto_info, max_memory_per_user, 56);
FIELD(devcrypto_info, memory_of_user, 64);
FIELD(devcrypto_info, version, 72);
FIELD(devcrypto_info, max_comp_bytes, 104);
FIELD(devcrypto_info, max_in_flight, 108);
FIELD(devcrypto_info, inline_bytes, 112);
FIELD(devcrypto_info, out_reserved, 116);

SIZE(devcrypto_config, 528);
FIELD(devcrypto_config, alg_class, 0);
FIELD(devcrypto_config, flags, 4);
FIELD(devcrypto_config, name, 8);
FIELD(devcrypto_config, key, 136);
FIELD(devcrypto_config, auth_key, 144);
FIELD(devcrypto_config, key_bytes, 152);
FIELD(devcrypto_config, auth_key_bytes, 156);
FIELD(devcrypto_config, tag_bytes, 160);
FIELD(devcrypto_config, reserved, 164);
FIELD(devcrypto_config, out_name, 168);
FIELD(devcrypto_config, out_driver, 296);
FIELD(devcrypto_config, out_priority, 424);
FIELD(devcrypto_config, out_properties, 428);
FIELD(devcrypto_config, out_block_bytes, 432);
FIELD(devcrypto_config, out_chunk_bytes, 436);
FIELD(devcrypto_config, out_iv_bytes, 440);
FIELD(devcrypto_config, out_tag_bytes, 444);
FIELD(devcrypto_config, out_tag_max_bytes, 448);
FIELD(devcrypto_config, out_digest_bytes, 452);
FIELD(devcrypto_config, out_state_bytes, 456);
FIELD(devcrypto_config, out_key_min_bytes, 460);
FIELD(devcrypto_config, out_key_max_bytes, 464);
FIELD(devcrypto_config, out_seed_bytes, 468);
FIELD(devcrypto_config, source, 472);
FIELD(devcrypto_config, key_serial, 476);
FIELD(devcrypto_config, key_params, 480);
FIELD(devcrypto_config, dh_p, 488);
FIELD(devcrypto_config, dh_g, 496);
FIELD(devcrypto_config, key_params_bytes, 504);
FIELD(devcrypto_config, dh_p_bytes, 508);
FIELD(devcrypto_config, dh_g_bytes, 512);
FIELD(devcrypto_config, reserved2, 516);
FIELD(devcrypto_config, out_output_bytes, 520);
FIELD(devcrypto_config, out_saved_bytes, 524);

SIZE(devcrypto_segment, 16);
FIELD(devcrypto_segment, addr, 0);
FIELD(devcrypto_segment, bytes, 8);
FIELD(devcrypto_segment, reserved, 12);

SIZE(devcrypto_request, 104);
FIELD(devcrypto_request, op, 0);
FIELD(devcrypto_request, flags, 4);
FIELD(devcrypto_request, user_data, 8);
FIELD(devcrypto_request, out_result, 16);
FIELD(devcrypto_request, out_bytes, 20);
FIELD(devcrypto_request, src, 24);
FIELD(devcrypto_request, dst, 32);
FIELD(devcrypto_request, src_bytes, 40);
FIELD(devcrypto_request, dst_bytes, 44);
FIELD(devcrypto_request, src_segments, 48);
FIELD(devcrypto_request, dst_segments, 52);
FIELD(devcrypto_request, iv, 56);
FIELD(devcrypto_request, assoc, 64);
FIELD(devcrypto_request, entropy, 64);
FIELD(devcrypto_request, tag, 72);
FIELD(devcrypto_request, signature, 72);
FIELD(devcrypto_request, iv_bytes, 80);
FIELD(devcrypto_request, assoc_bytes, 84);
FIELD(devcrypto_request, entropy_bytes, 84);
FIELD(devcrypto_request, tag_bytes, 88);
FIELD(devcrypto_request, signature_bytes, 88);
FIELD(devcrypto_request, reserved, 92);
FIELD(devcrypto_request, out_flags, 96);
FIELD(devcrypto_request, reserved2, 100);

SIZE(devcrypto_run, 24);
FIELD(devcrypto_run, requests, 0);
FIELD(devcrypto_run, count, 8);
FIELD(devcrypto_run, request_bytes, 12);
FIELD(devcrypto_run, flags, 16);
FIELD(devcrypto_run, segment_bytes, 20);

SIZE(devcrypto_completion, 24);
FIELD(devcrypto_completion, user_data, 0);
FIELD(devcrypto_completion, result, 8);
FIELD(devcrypto_completion, out_bytes, 12);
FIELD(devcrypto_completion, flags, 16);
FIELD(devcrypto_completion, reserved, 20);

SIZE(devcrypto_submit, 64);
FIELD(devcrypto_submit, requests, 0);
FIELD(devcrypto_submit, count, 8);
FIELD(devcrypto_submit, request_bytes, 12);
FIELD(devcrypto_submit, flags, 16);
FIELD(devcrypto_submit, segment_bytes, 20);
FIELD(devcrypto_submit, completions, 24);
FIELD(devcrypto_submit, max_completions, 32);
FIELD(devcrypto_submit, completion_bytes, 36);
FIELD(devcrypto_submit, min_completions, 40);
FIELD(devcrypto_submit, reserved, 44);
FIELD(devcrypto_submit, timeout_ns, 48);
FIELD(devcrypto_submit, out_submitted, 56);
FIELD(devcrypto_submit, out_completed, 60);

SIZE(devcrypto_cancel, 24);
FIELD(devcrypto_cancel, user_data, 0);
FIELD(devcrypto_cancel, flags, 8);
FIELD(devcrypto_cancel, reserved, 12);
FIELD(devcrypto_cancel, out_cancelled, 16);
FIELD(devcrypto_cancel, out_running, 20);

SIZE(devcrypto_eventfd, 8);
FIELD(devcrypto_eventfd, fd, 0);
FIELD(devcrypto_eventfd, reserved, 4);

NUMBER(DEVCRYPTO_IOC_INFO, devcrypto_info, 0);
NUMBER(DEVCRYPTO_IOC_CONFIG, devcrypto_config, 1);
NUMBER(DEVCRYPTO_IOC_RUN, devcrypto_run, 2);
NUMBER(DEVCRYPTO_IOC_SUBMIT, devcrypto_submit, 3);
NUMBER(DEVCRYPTO_IOC_CANCEL, devcrypto_cancel, 4);
NUMBER(DEVCRYPTO_IOC_EVENTFD, devcrypto_eventfd, 5);

/* Every constant as a program would use it. */
const __u32 classes[] = {
	DEVCRYPTO_CLASS_SKCIPHER, DEVCRYPTO_CLASS_AEAD, DEVCRYPTO_CLASS_HASH, DEVCRYPTO_CLASS_RNG,
	DEVCRYPTO_CLASS_COMP, DEVCRYPTO_CLASS_AKCIPHER, DEVCRYPTO_CLASS_SIG, DEVCRYPTO_CLASS_KPP,
};
const __u32 operations[] = {
	DEVCRYPTO_OP_ENCRYPT, DEVCRYPTO_OP_DECRYPT, DEVCRYPTO_OP_DIGEST,
	DEVCRYPTO_OP_STREAM_INIT, DEVCRYPTO_OP_STREAM_UPDATE, DEVCRYPTO_OP_STREAM_FINAL,
	DEVCRYPTO_OP_GENERATE, DEVCRYPTO_OP_RESEED,
	DEVCRYPTO_OP_STREAM_SAVE, DEVCRYPTO_OP_STREAM_RESTORE,
	DEVCRYPTO_OP_COMPRESS, DEVCRYPTO_OP_DECOMPRESS, DEVCRYPTO_OP_SIGN, DEVCRYPTO_OP_VERIFY,
	DEVCRYPTO_OP_PUBLIC_KEY, DEVCRYPTO_OP_SHARED_SECRET,
};
const __u32 config_flags = DEVCRYPTO_CONFIG_QUERY | DEVCRYPTO_CONFIG_LAYOUT |
			   DEVCRYPTO_CONFIG_SOURCE | DEVCRYPTO_CONFIG_STREAM |
			   DEVCRYPTO_CONFIG_KEYRING | DEVCRYPTO_CONFIG_PRIVATE |
			   DEVCRYPTO_CONFIG_GENERATE | DEVCRYPTO_CONFIG_ENTROPY |
			   DEVCRYPTO_CONFIG_ZEROCOPY;
const __u32 request_flags = DEVCRYPTO_REQUEST_IV_OUT | DEVCRYPTO_REQUEST_CHAIN |
			    DEVCRYPTO_REQUEST_ZEROCOPY;
const __u32 out_flags = DEVCRYPTO_OUT_ZEROCOPY;
const __u32 cancel_flags = DEVCRYPTO_CANCEL_ALL;
const __u32 properties = DEVCRYPTO_ALG_ASYNC | DEVCRYPTO_ALG_HARDWARE | DEVCRYPTO_ALG_TESTED |
			 DEVCRYPTO_ALG_CHAINS | DEVCRYPTO_ALG_NEEDS_KEY;
__extension__ const __u64 features =
	DEVCRYPTO_FEATURE_QUERY | DEVCRYPTO_FEATURE_LAYOUT | DEVCRYPTO_FEATURE_IV_OUT |
	DEVCRYPTO_FEATURE_SOURCE | DEVCRYPTO_FEATURE_STREAM | DEVCRYPTO_FEATURE_KEYRING |
	DEVCRYPTO_FEATURE_PRIVATE | DEVCRYPTO_FEATURE_GENERATE | DEVCRYPTO_FEATURE_ENTROPY |
	DEVCRYPTO_FEATURE_SUBMIT | DEVCRYPTO_FEATURE_CHAIN | DEVCRYPTO_FEATURE_ZEROCOPY;
const __u32 version = DEVCRYPTO_ABI_VERSION;
