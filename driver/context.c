// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: one open file, its algorithm and its key.
 *
 * Key material is copied once, given to the crypto API, and wiped; no part of
 * the driver keeps it.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "private.h"
#include "trace.h"

static const struct dc_class * const dc_classes[] = {
	&dc_skcipher_class,
	&dc_aead_class,
	&dc_hash_class,
	&dc_rng_class,
	&dc_comp_class,
	&dc_akcipher_class,
	&dc_sig_class,
	&dc_kpp_class,
};

static const struct dc_class *dc_class_find(u32 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dc_classes); i++)
		if (dc_classes[i]->id == id)
			return dc_classes[i];
	return NULL;
}

struct dc_context *dc_context_new(void)
{
	static atomic64_t next_id = ATOMIC64_INIT(0);
	struct dc_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	kref_init(&ctx->ref);
	ctx->id = atomic64_inc_return(&next_id);
	mutex_init(&ctx->config_lock);
	mutex_init(&ctx->entropy_lock);
	spin_lock_init(&ctx->idle_lock);
	INIT_LIST_HEAD(&ctx->idle);
	dc_queue_init(&ctx->queue);
	return ctx;
}

static void dc_tfm_free(struct kref *ref)
{
	struct dc_tfm *tfm = container_of(ref, struct dc_tfm, ref);

	tfm->class->close(tfm);
	kfree(tfm);
}

static void dc_tfm_put(struct dc_tfm *tfm)
{
	kref_put(&tfm->ref, dc_tfm_free);
}

/* Undoes dc_context_attach(). */
static void dc_context_detach(struct dc_context *ctx, struct dc_tfm *tfm)
{
	if (tfm->class->detach)
		tfm->class->detach(ctx);
	dc_user_uncharge_context(ctx->user);
}

static void dc_context_free(struct kref *ref)
{
	struct dc_context *ctx = container_of(ref, struct dc_context, ref);
	struct dc_request *rq, *next;

	list_for_each_entry_safe(rq, next, &ctx->idle, list)
		dc_request_free(rq);
	if (ctx->tfm) {
		dc_queue_exit(&ctx->queue);
		dc_context_detach(ctx, ctx->tfm);
		dc_tfm_put(ctx->tfm);
	}
	kfree(ctx);
}

void dc_context_get(struct dc_context *ctx)
{
	kref_get(&ctx->ref);
}

/* False if the context is being freed. */
bool dc_context_get_live(struct dc_context *ctx)
{
	return kref_get_unless_zero(&ctx->ref);
}

void dc_context_put(struct dc_context *ctx)
{
	kref_put(&ctx->ref, dc_context_free);
}

/**
 * dc_tfm_describe() - what every tfm of the crypto API tells of itself
 * @tfm: filled in
 * @base: the crypto API's tfm
 */
void dc_tfm_describe(struct dc_tfm *tfm, struct crypto_tfm *base)
{
	const struct crypto_alg *alg = base->__crt_alg;
	struct devcrypto_config *out = &tfm->alg;

	strscpy(out->out_name, alg->cra_name, sizeof(out->out_name));
	strscpy(out->out_driver, alg->cra_driver_name, sizeof(out->out_driver));
	out->out_priority = alg->cra_priority;
	out->out_block_bytes = alg->cra_blocksize;
	if (alg->cra_flags & CRYPTO_ALG_ASYNC)
		out->out_properties |= DEVCRYPTO_ALG_ASYNC;
	if (alg->cra_flags & CRYPTO_ALG_KERN_DRIVER_ONLY)
		out->out_properties |= DEVCRYPTO_ALG_HARDWARE;
	if (alg->cra_flags & CRYPTO_ALG_TESTED)
		out->out_properties |= DEVCRYPTO_ALG_TESTED;
	if (crypto_tfm_get_flags(base) & CRYPTO_TFM_NEED_KEY)
		out->out_properties |= DEVCRYPTO_ALG_NEEDS_KEY;
}

static void dc_keys_free(struct dc_keys *keys)
{
	kfree_sensitive(keys->key.base);
	kfree_sensitive(keys->auth_key.base);
	kfree_sensitive(keys->params.base);
	kfree_sensitive(keys->dh_p.base);
	kfree_sensitive(keys->dh_g.base);
}

/**
 * dc_key_alloc() - make room for a key
 * @key: to be wiped and freed by dc_keys_free()
 * @bytes: length of the key
 * @shift: its address modulo DC_LAYOUT_ALIGN
 *
 * Return: 0, -EDQUOT or -ENOMEM.
 */
int dc_key_alloc(struct dc_key *key, u32 bytes, u32 shift)
{
	if (bytes > DC_MAX_KEY_BYTES)
		return -EDQUOT;
	key->base = kmalloc(bytes + 2 * DC_LAYOUT_ALIGN, GFP_KERNEL_ACCOUNT);
	if (!key->base)
		return -ENOMEM;
	key->data = PTR_ALIGN((u8 *)key->base, DC_LAYOUT_ALIGN) + shift;
	key->bytes = bytes;
	return 0;
}

static int dc_key_get(struct dc_key *key, u64 addr, u32 bytes, u32 flags)
{
	u32 shift = 0;
	int err;

	if (!bytes)
		return 0;
	if (flags & DEVCRYPTO_CONFIG_LAYOUT)
		shift = addr & (DC_LAYOUT_ALIGN - 1);
	err = dc_key_alloc(key, bytes, shift);
	return err ?: dc_get_bytes(key->data, addr, bytes);
}

static int dc_keys_get(struct dc_keys *keys,
		       const struct devcrypto_config *config)
{
	const u32 flags = config->flags;
	int err;

	keys->tag_bytes = config->tag_bytes;
	if (flags & DEVCRYPTO_CONFIG_KEYRING)
		err = dc_keyring_get(&keys->key, config->key_serial);
	else
		err = dc_key_get(&keys->key, config->key, config->key_bytes,
				 flags);
	if (!err)
		err = dc_key_get(&keys->auth_key, config->auth_key,
				 config->auth_key_bytes, flags);
	if (!err)
		err = dc_key_get(&keys->params, config->key_params,
				 config->key_params_bytes, flags);
	if (!err)
		err = dc_key_get(&keys->dh_p, config->dh_p, config->dh_p_bytes,
				 flags);
	if (!err)
		err = dc_key_get(&keys->dh_g, config->dh_g, config->dh_g_bytes,
				 flags);
	return err;
}

/* Errors of looking an algorithm up, as the header's table has them. */
static int dc_config_error(int err)
{
	switch (err) {
	case 0:
	case -EPERM:
	case -ENOENT:
	case -EINVAL:
	case -EDQUOT:
	case -EFAULT:
	case -ENOKEY:
	case -ENOMEM:
	case -ENODEV:
	case -EINTR:
	case -EOPNOTSUPP:
	/* What the keyring says of a key. */
	case -EACCES:
	case -EKEYEXPIRED:
	case -EKEYREJECTED:
	case -EKEYREVOKED:
		return err;
	case -ELIBBAD:
		return -ENOENT;
	case -ENAMETOOLONG:
		return -EINVAL;
	case -ERESTARTSYS:
		return -EINTR;
	default:
		return -EIO;
	}
}

/* A driver's refusal of a key, whatever its error, means a wrong key. */
static int dc_key_error(int err)
{
	switch (err) {
	case 0:
	case -EINTR:
	case -EIO:
	case -ENODEV:
	case -ENOKEY:
	case -ENOMEM:
	case -EOPNOTSUPP:
		return err;
	default:
		return -EINVAL;
	}
}

/* Who shares says from whom and nothing else. */
static int dc_config_check_source(const struct devcrypto_config *config)
{
	const u32 allowed = DEVCRYPTO_CONFIG_SOURCE | DEVCRYPTO_CONFIG_STREAM;
	const size_t name = offsetof(struct devcrypto_config, name);
	const size_t out = offsetof(struct devcrypto_config, out_name);
	const size_t rest = offsetof(struct devcrypto_config, key_serial);
	const size_t end = offsetof(struct devcrypto_config, out_output_bytes);
	const u8 *bytes = (const u8 *)config;

	if (config->flags & ~allowed || config->alg_class ||
	    memchr_inv(bytes + name, 0, out - name) ||
	    memchr_inv(bytes + rest, 0, end - rest))
		return -EINVAL;
	return 0;
}

/* What holds for every class. */
static int dc_config_check(const struct devcrypto_config *config)
{
	const u32 known = DEVCRYPTO_CONFIG_QUERY | DEVCRYPTO_CONFIG_LAYOUT |
			  DEVCRYPTO_CONFIG_KEYRING | DEVCRYPTO_CONFIG_PRIVATE |
			  DEVCRYPTO_CONFIG_GENERATE | DEVCRYPTO_CONFIG_ENTROPY |
			  DEVCRYPTO_CONFIG_ZEROCOPY;
	size_t bytes = strnlen(config->name, sizeof(config->name));

	if (config->flags & DEVCRYPTO_CONFIG_SOURCE)
		return dc_config_check_source(config);
	if (config->flags & ~known || config->reserved || config->reserved2 ||
	    config->source)
		return -EINVAL;
	if (!(config->flags & DEVCRYPTO_CONFIG_KEYRING) && config->key_serial)
		return -EINVAL;
	if (memchr_inv(config->name + bytes, 0, sizeof(config->name) - bytes) ||
	    bytes == sizeof(config->name))
		return -EINVAL;
	return dc_name_check(config->name);
}

/* What a class does not use has to be zero; a mere query uses nothing. */
static int dc_config_check_class(const struct devcrypto_config *config,
				 const struct dc_class *class)
{
	u32 fields = class->config_fields;

	if (config->flags & ~(class->config_flags | DEVCRYPTO_CONFIG_QUERY))
		return -EOPNOTSUPP;
	if (config->flags & DEVCRYPTO_CONFIG_QUERY)
		fields = 0;
	if (config->flags & DEVCRYPTO_CONFIG_KEYRING) {
		if (!(fields & DC_USES_KEY) ||
		    config->flags & DEVCRYPTO_CONFIG_GENERATE)
			return -EINVAL;
		fields &= ~DC_USES_KEY;
	}
	if (!(fields & DC_USES_KEY) && (config->key || config->key_bytes))
		return -EINVAL;
	if (!(fields & DC_USES_AUTH_KEY) &&
	    (config->auth_key || config->auth_key_bytes))
		return -EINVAL;
	if (!(fields & DC_USES_TAG_BYTES) && config->tag_bytes)
		return -EINVAL;
	if (!(fields & DC_USES_KEY_PARAMS) &&
	    (config->key_params || config->key_params_bytes))
		return -EINVAL;
	if (!(fields & DC_USES_DH) && (config->dh_p || config->dh_p_bytes ||
				       config->dh_g || config->dh_g_bytes))
		return -EINVAL;
	return 0;
}

/* Looks the algorithm up and gives it its key, if it is not a mere query. */
static struct dc_tfm *dc_tfm_make(const struct dc_class *class,
				  const struct devcrypto_config *config,
				  const struct file *file)
{
	struct dc_keys keys = {};
	struct dc_tfm *tfm;
	int err;

	tfm = kzalloc(sizeof(*tfm), GFP_KERNEL_ACCOUNT);
	if (!tfm)
		return ERR_PTR(-ENOMEM);
	kref_init(&tfm->ref);
	tfm->class = class;
	tfm->flags = config->flags;
	strscpy(tfm->alg.name, config->name, sizeof(tfm->alg.name));

	err = class->open(tfm, config->name);
	if (err) {
		/*
		 * The name has been checked, so a template refuses what stands
		 * in it; some kernels say -ENOENT to that.
		 */
		if (err == -EINVAL || err == -ELOOP)
			err = -ENOENT;
		kfree(tfm);
		return ERR_PTR(err);
	}
	err = dc_policy_check_chosen(tfm, file);
	if (err || config->flags & DEVCRYPTO_CONFIG_QUERY)
		goto out;
	err = dc_keys_get(&keys, config);
	if (!err && !keys.key.bytes &&
	    !(config->flags & DEVCRYPTO_CONFIG_GENERATE) &&
	    tfm->alg.out_properties & DEVCRYPTO_ALG_NEEDS_KEY)
		err = -ENOKEY;
	if (!err)
		err = dc_key_error(class->setkey(tfm, &keys));
	dc_keys_free(&keys);
out:
	if (err) {
		dc_tfm_put(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

/* Makes what a context needs besides the algorithm. */
static int dc_context_attach(struct dc_context *ctx, struct dc_tfm *tfm)
{
	struct dc_user *user = dc_user_charge_context();
	int err = 0;

	if (IS_ERR(user))
		return PTR_ERR(user);
	if (tfm->class->attach)
		err = tfm->class->attach(ctx, tfm);
	if (err) {
		dc_user_uncharge_context(user);
		return err;
	}
	ctx->user = user;
	return 0;
}

static void dc_config_answer(struct devcrypto_config *config,
			     const struct devcrypto_config *alg)
{
	const size_t from = offsetof(struct devcrypto_config, out_name);
	const size_t to = offsetofend(struct devcrypto_config, out_seed_bytes);

	memcpy((u8 *)config + from, (const u8 *)alg + from, to - from);
	config->out_output_bytes = alg->out_output_bytes;
	config->out_saved_bytes = alg->out_saved_bytes;
}

/**
 * dc_context_configure() - give a context its algorithm
 * @call: the call, whose context it is
 * @config: to be answered
 * @tfm: taken over, unless there is an error
 * @from: where the stream comes from with DEVCRYPTO_CONFIG_STREAM
 *
 * The context is complete and the caller has the answer before it takes the
 * algorithm: a call that fails leaves no trace.
 *
 * Return: 0 or an error.
 */
static int dc_context_configure(const struct dc_call *call,
				struct devcrypto_config *config,
				struct dc_tfm *tfm, struct dc_context *from)
{
	struct dc_context *ctx = call->file->private_data;
	int err;

	lockdep_assert_held(&ctx->config_lock);
	err = dc_context_attach(ctx, tfm);
	if (err)
		return err;
	if (config->flags & DEVCRYPTO_CONFIG_STREAM)
		err = tfm->class->copy(ctx, tfm, from);
	if (!err) {
		dc_config_answer(config, &tfm->alg);
		err = dc_call_answer(call, config, sizeof(*config));
	}
	if (err) {
		dc_context_detach(ctx, tfm);
		return err;
	}
	/* Pairs with the acquire in dc_context_tfm(): who sees it sees all. */
	smp_store_release(&ctx->tfm, tfm);
	/* Who polls an unconfigured context gets to know that there is room. */
	wake_up(&ctx->queue.wait);
	return 0;
}

static int dc_config_locked(const struct dc_call *call,
			    const struct dc_class *class,
			    struct devcrypto_config *config)
{
	struct dc_context *ctx = call->file->private_data;
	const bool query = config->flags & DEVCRYPTO_CONFIG_QUERY;
	struct dc_tfm *tfm;
	int err;

	lockdep_assert_held(&ctx->config_lock);
	if (ctx->tfm && !query)
		return -EBUSY;
	tfm = dc_tfm_make(class, config, call->file);
	if (IS_ERR(tfm))
		return dc_config_error(PTR_ERR(tfm));
	if (query) {
		dc_config_answer(config, &tfm->alg);
		err = dc_call_answer(call, config, sizeof(*config));
	} else {
		err = dc_context_configure(call, config, tfm, NULL);
	}
	if (err || query)
		dc_tfm_put(tfm);
	return err;
}

static int dc_config(const struct dc_call *call, struct devcrypto_config *config)
{
	struct dc_context *ctx = call->file->private_data;
	const struct dc_class *class = dc_class_find(config->alg_class);
	int err;

	if (!class)
		return -EOPNOTSUPP;
	err = dc_config_check_class(config, class);
	if (err)
		return err;
	err = dc_policy_check(config->name, call->file);
	if (err)
		return err;
	if (config->flags & DEVCRYPTO_CONFIG_ENTROPY &&
	    !dc_policy_overridden(call->file))
		return -EPERM;
	if (mutex_lock_killable(&ctx->config_lock))
		return -EINTR;
	err = dc_config_locked(call, class, config);
	mutex_unlock(&ctx->config_lock);
	return err;
}

static int dc_share_locked(const struct dc_call *call,
			   struct devcrypto_config *config,
			   struct dc_context *from)
{
	struct dc_context *ctx = call->file->private_data;
	struct dc_tfm *tfm;
	int err;

	lockdep_assert_held(&ctx->config_lock);
	if (ctx->tfm)
		return -EBUSY;
	tfm = dc_context_tfm(from);
	if (!tfm)
		return -ENOTCONN;
	/* The entropy is of one context. */
	if (tfm->flags & DEVCRYPTO_CONFIG_ENTROPY)
		return -EOPNOTSUPP;
	if (config->flags & DEVCRYPTO_CONFIG_STREAM &&
	    !(tfm->class->config_flags & DEVCRYPTO_CONFIG_STREAM))
		return -EOPNOTSUPP;
	/* The rights of whoever configured the source are not handed on. */
	err = dc_policy_check(tfm->alg.name, call->file);
	if (!err)
		err = dc_policy_check_chosen(tfm, call->file);
	if (err)
		return err;
	/* The source has its own count, and its file is held. */
	kref_get(&tfm->ref);
	err = dc_context_configure(call, config, tfm, from);
	if (err)
		dc_tfm_put(tfm);
	return err;
}

/*
 * Of the source no lock is taken: its algorithm is published once, so contexts
 * that name each other as source cannot wait for each other.
 */
static int dc_share(const struct dc_call *call, struct devcrypto_config *config)
{
	struct dc_context *ctx = call->file->private_data;
	struct file *source = fget(config->source);
	int err = -EINVAL;

	if (!source)
		return -EINVAL;
	if (!dc_file_is_ours(source))
		goto put;
	err = -EINTR;
	if (mutex_lock_killable(&ctx->config_lock))
		goto put;
	err = dc_share_locked(call, config, source->private_data);
	mutex_unlock(&ctx->config_lock);
put:
	fput(source);
	return err;
}

/**
 * dc_ioctl_config() - DEVCRYPTO_IOC_CONFIG
 * @call: the call
 * @arg: the caller's wishes, and the answer
 *
 * Return: 0 or an error.
 */
long dc_ioctl_config(const struct dc_call *call, union dc_argument *arg)
{
	struct devcrypto_config *config = &arg->config;
	int err = dc_config_check(config);

	if (err)
		return err;
	if (config->flags & DEVCRYPTO_CONFIG_SOURCE)
		err = dc_share(call, config);
	else
		err = dc_config(call, config);
	trace_devcrypto_config(call->file->private_data, config->name,
			       err ? "" : config->out_driver, err);
	return err;
}
