// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits that the administrator sets, and what each user has of them.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "private.h"

#define DC_REQUEST_BYTES_MIN	SZ_64K
#define DC_REQUEST_BYTES_MAX	SZ_64M
#define DC_IN_FLIGHT_MAX	SZ_64K

unsigned int dc_max_request_bytes = SZ_16M;
unsigned int dc_max_contexts_per_user = 1024;
unsigned long dc_max_memory_per_user = SZ_256M;
unsigned int dc_max_in_flight = 8192;
unsigned int dc_max_workers_per_user;
/* Up to here queueing takes more instructions than AES: docs/performance.md. */
unsigned int dc_inline_bytes = 1024;

static int dc_set_max_request_bytes(const char *val,
				    const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, DC_REQUEST_BYTES_MIN,
				     DC_REQUEST_BYTES_MAX);
}

static const struct kernel_param_ops dc_max_request_bytes_ops = {
	.set = dc_set_max_request_bytes,
	.get = param_get_uint,
};

/* The longest chain has to fit. */
static int dc_set_max_in_flight(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, DC_MAX_BATCH,
				     DC_IN_FLIGHT_MAX);
}

static const struct kernel_param_ops dc_max_in_flight_ops = {
	.set = dc_set_max_in_flight,
	.get = param_get_uint,
};

module_param_cb(max_request_bytes, &dc_max_request_bytes_ops,
		&dc_max_request_bytes, 0644);
MODULE_PARM_DESC(max_request_bytes,
		 "Most bytes of one request, 64 KiB to 64 MiB (default 16 MiB)");
module_param_named(max_contexts_per_user, dc_max_contexts_per_user, uint, 0644);
MODULE_PARM_DESC(max_contexts_per_user,
		 "Most configured contexts of one user (default 1024)");

module_param_named(max_memory_per_user, dc_max_memory_per_user, ulong, 0644);
MODULE_PARM_DESC(max_memory_per_user,
		 "Most bytes of payload in the driver for one user (default 256 MiB)");

module_param_cb(max_in_flight, &dc_max_in_flight_ops, &dc_max_in_flight, 0644);
MODULE_PARM_DESC(max_in_flight,
		 "Most submitted requests of one context, 4096 to 65536 (default 8192)");

module_param_named(max_workers_per_user, dc_max_workers_per_user, uint, 0644);
MODULE_PARM_DESC(max_workers_per_user,
		 "Most kernel threads that execute one user's requests, up to 64 (default 0: one for each CPU)");

module_param_named(inline_bytes, dc_inline_bytes, uint, 0644);
MODULE_PARM_DESC(inline_bytes,
		 "Submitted requests of at most so many bytes are executed at once (default 1024)");

/**
 * struct dc_user - what one user has of the limited things
 * @list: entry in users
 * @uid: the user
 * @contexts: configured contexts; the entry goes with the last one
 * @memory: bytes of payload memory that requests of the contexts have
 * @workers: execute requests of the contexts
 *
 * users_lock guards @list and @contexts. A context holds its user as long
 * as it has requests.
 */
struct dc_user {
	struct list_head list;
	kuid_t uid;
	unsigned int contexts;
	atomic_long_t memory;
	struct dc_workers *workers;
};

static DEFINE_MUTEX(users_lock);
static LIST_HEAD(users);

static struct dc_user *dc_user_find(kuid_t uid)
{
	struct dc_user *user;

	lockdep_assert_held(&users_lock);
	list_for_each_entry(user, &users, list)
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

static struct dc_user *dc_user_add(kuid_t uid)
{
	struct dc_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&users_lock);
	if (!user)
		return ERR_PTR(-ENOMEM);
	user->workers = dc_workers_new();
	if (!user->workers) {
		kfree(user);
		return ERR_PTR(-ENOMEM);
	}
	user->uid = uid;
	list_add(&user->list, &users);
	return user;
}

/**
 * dc_user_charge_context() - count a context for the calling user
 *
 * Return: the user, for dc_user_uncharge_context(); -EDQUOT or -ENOMEM.
 */
struct dc_user *dc_user_charge_context(void)
{
	const kuid_t uid = current_uid();
	struct dc_user *user;

	mutex_lock(&users_lock);
	user = dc_user_find(uid);
	if ((user ? user->contexts : 0) >= READ_ONCE(dc_max_contexts_per_user))
		user = ERR_PTR(-EDQUOT);
	else if (!user)
		user = dc_user_add(uid);
	if (!IS_ERR(user))
		user->contexts++;
	mutex_unlock(&users_lock);
	return user;
}

void dc_user_uncharge_context(struct dc_user *user)
{
	mutex_lock(&users_lock);
	if (!--user->contexts) {
		list_del(&user->list);
		dc_workers_put(user->workers);
		kfree(user);
	}
	mutex_unlock(&users_lock);
}

/**
 * dc_user_charge_memory() - count payload memory for a user
 * @user: the user of the context
 * @bytes: what is about to be allocated
 *
 * Return: 0 or -EDQUOT.
 */
int dc_user_charge_memory(struct dc_user *user, u32 bytes)
{
	long memory = atomic_long_add_return(bytes, &user->memory);

	if (memory <= READ_ONCE(dc_max_memory_per_user))
		return 0;
	atomic_long_sub(bytes, &user->memory);
	return -EDQUOT;
}

void dc_user_uncharge_memory(struct dc_user *user, u32 bytes)
{
	atomic_long_sub(bytes, &user->memory);
}

struct dc_workers *dc_user_workers(const struct dc_user *user)
{
	return user->workers;
}

/* What the calling user has now. */
void dc_user_describe(struct devcrypto_info *info)
{
	struct dc_user *user;

	mutex_lock(&users_lock);
	user = dc_user_find(current_uid());
	if (user) {
		info->contexts_of_user = user->contexts;
		info->memory_of_user = atomic_long_read(&user->memory);
	}
	mutex_unlock(&users_lock);
}
