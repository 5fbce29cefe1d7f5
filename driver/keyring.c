// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys of the kernel's keyring.
 *
 * The caller needs search permission for a key, and never sees its payload. The
 * types are told by their names, so that a kernel may have some of them in
 * modules, or not at all.
 */
#include <linux/err.h>
#include <linux/key.h>
#include <linux/key-type.h>
#include <linux/string.h>

#include <keys/encrypted-type.h>
#include <keys/trusted-type.h>
#include <keys/user-type.h>

#include "private.h"

/* The whole payload of a key; its memory stays as long as the key's lock is held. */
struct dc_payload {
	const u8 *data;
	u32 bytes;
};

static void dc_payload_of_user(const struct key *key, struct dc_payload *payload)
{
	const struct user_key_payload *user = user_key_payload_locked(key);

	if (user)
		*payload = (struct dc_payload) { user->data, user->datalen };
}

static void dc_payload_of_encrypted(const struct key *key,
				    struct dc_payload *payload)
{
	const struct encrypted_key_payload *encrypted = key->payload.data[0];

	if (encrypted)
		*payload = (struct dc_payload) {
			encrypted->decrypted_data, encrypted->decrypted_datalen,
		};
}

static void dc_payload_of_trusted(const struct key *key,
				  struct dc_payload *payload)
{
	const struct trusted_key_payload *trusted = key->payload.data[0];

	if (trusted)
		*payload = (struct dc_payload) { trusted->key, trusted->key_len };
}

static const struct dc_key_type {
	const char *name;
	void (*payload)(const struct key *key, struct dc_payload *payload);
} dc_key_types[] = {
	{ "user", dc_payload_of_user },
	{ "logon", dc_payload_of_user },
	{ "encrypted", dc_payload_of_encrypted },
	{ "trusted", dc_payload_of_trusted },
};

static const struct dc_key_type *dc_key_type_find(const struct key *key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dc_key_types); i++)
		if (!strcmp(key->type->name, dc_key_types[i].name))
			return &dc_key_types[i];
	return NULL;
}

/* What the keyring says of a key, as the header's table has it. */
static int dc_keyring_error(int err)
{
	switch (err) {
	case -EACCES:
	case -EINVAL:
	case -EKEYEXPIRED:
	case -EKEYREJECTED:
	case -EKEYREVOKED:
	case -ENOKEY:
	case -ENOMEM:
		return err;
	case -ERESTARTSYS:
		return -EINTR;
	default:
		/* Whoever made the key a negative one chose the error. */
		return -EKEYREJECTED;
	}
}

static int dc_keyring_copy(struct dc_key *to, const struct key *key,
			   const struct dc_key_type *type)
{
	struct dc_payload payload = {};
	int err;

	/* It may have gone while the lock was waited for. */
	err = key_validate(key);
	if (err)
		return dc_keyring_error(err);
	type->payload(key, &payload);
	if (!payload.data || !payload.bytes)
		return -ENOKEY;
	err = dc_key_alloc(to, payload.bytes, 0);
	if (!err)
		memcpy(to->data, payload.data, payload.bytes);
	return err;
}

/**
 * dc_keyring_get() - copy a key of the keyring
 * @to: the copy; wiped and freed by the caller, also after an error
 * @serial: serial number of the key
 *
 * Return: 0 or an error of the header's table.
 */
int dc_keyring_get(struct dc_key *to, s32 serial)
{
	const struct dc_key_type *type;
	struct key *key;
	key_ref_t ref;
	int err;

	/* Lower numbers stand for keyrings of the caller's. */
	if (serial <= 0)
		return -EINVAL;
	ref = lookup_user_key(serial, 0, KEY_NEED_SEARCH);
	if (IS_ERR(ref))
		return dc_keyring_error(PTR_ERR(ref));
	key = key_ref_to_ptr(ref);
	type = dc_key_type_find(key);
	err = -EOPNOTSUPP;
	if (!type)
		goto put;
	err = -EINTR;
	if (down_read_killable(&key->sem))
		goto put;
	err = dc_keyring_copy(to, key, type);
	up_read(&key->sem);
put:
	key_ref_put(ref);
	return err;
}
