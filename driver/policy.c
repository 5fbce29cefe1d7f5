// SPDX-License-Identifier: GPL-2.0-only
/*
 * The administrator's policy: which names of the crypto API may be used.
 *
 * The policy is a list of whole names, one a line, that is loaded as the
 * firmware file "devcrypto/policy" with the module and again on request. A
 * name that is not on the list is refused before anything is looked up, so no
 * module is loaded and no template instantiated for it; what the crypto API
 * chose for an allowed name is checked again. CAP_SYS_ADMIN of both the opener
 * of the file and the caller overrides the list.
 */
#include <linux/bsearch.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/firmware.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "private.h"

#define DC_POLICY_FILE	"devcrypto/policy"
#define DC_POLICY_MAX	SZ_1M

/**
 * struct dc_policy - a list of names
 * @text: the list as it is shown, one name a line
 * @bytes: length of @text
 * @split: the file in pieces, each a string
 * @names: the names in @split, sorted
 * @nr: how many
 */
struct dc_policy {
	char *text;
	size_t bytes;
	char *split;
	const char **names;
	unsigned int nr;
};

/* Guards policy. */
static DECLARE_RWSEM(policy_lock);
static struct dc_policy policy;

/**
 * dc_name_check() - is this the form of a name of the crypto API?
 * @name: NUL-terminated
 *
 * Return: 0 or -EINVAL.
 */
int dc_name_check(const char *name)
{
	int depth = 0;
	const char *c;

	for (c = name; *c; c++) {
		if (*c == '(')
			depth++;
		else if (*c == ')' && --depth < 0)
			return -EINVAL;
		else if (!isascii(*c) ||
			 (!isalnum(*c) && !strchr("_-()./,", *c)))
			return -EINVAL;
	}
	return depth || c == name ? -EINVAL : 0;
}

static int dc_name_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool dc_policy_lists(const char *name)
{
	bool found;

	down_read(&policy_lock);
	found = policy.nr && bsearch(&name, policy.names, policy.nr,
				     sizeof(*policy.names), dc_name_cmp);
	up_read(&policy_lock);
	return found;
}

/**
 * dc_policy_overridden() - is the administrator at work?
 * @file: the open file of the context
 *
 * Return: true if its opener and the caller both have CAP_SYS_ADMIN.
 */
bool dc_policy_overridden(const struct file *file)
{
	/* A member's vain attempts are no matter for the audit log. */
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN) &&
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * dc_policy_check() - may this name be looked up?
 * @name: of the right form
 * @file: the open file of the context
 *
 * Return: 0 or -EPERM.
 */
int dc_policy_check(const char *name, const struct file *file)
{
	return dc_policy_lists(name) || dc_policy_overridden(file) ? 0 : -EPERM;
}

/* Does a part of the name stand for what only a listed driver name allows? */
static bool dc_name_is_special(const char *name)
{
	static const char * const special[] = {
		"seqiv", "echainiv", "authencesn", "cryptd", "pcrypt",
	};

	while (*name) {
		size_t len = strcspn(name, "(),");
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(special); i++)
			if (len == strlen(special[i]) &&
			    !strncmp(name, special[i], len))
				return true;
		if (len > 5 && !strncmp(name + len - 5, "_null", 5))
			return true;
		name += len;
		name += strspn(name, "(),");
	}
	return false;
}

/**
 * dc_policy_check_chosen() - may what the crypto API chose be used?
 * @tfm: described by dc_tfm_describe()
 * @file: the open file of the context
 *
 * The generic name may have been taken over by a driver that nobody allowed.
 *
 * Return: 0 or -EPERM.
 */
int dc_policy_check_chosen(const struct dc_tfm *tfm, const struct file *file)
{
	const char *driver = tfm->alg.out_driver;

	if (dc_policy_lists(driver))
		return 0;
	if (dc_policy_lists(tfm->alg.out_name) && !dc_name_is_special(driver))
		return 0;
	return dc_policy_overridden(file) ? 0 : -EPERM;
}

static void dc_policy_free(struct dc_policy *old)
{
	kvfree(old->text);
	kvfree(old->split);
	kvfree(old->names);
}

/* Strips comments and blanks; what is left of @line is a name or empty. */
static char *dc_policy_line(char *line)
{
	line[strcspn(line, "#")] = '\0';
	return strim(line);
}

static int dc_policy_parse(struct dc_policy *new, const char *data, size_t bytes)
{
	char *rest, *line, *to;
	unsigned int lines = 1;
	size_t i;

	for (i = 0; i < bytes; i++)
		lines += data[i] == '\n';
	new->text = kvmalloc(bytes + 1, GFP_KERNEL);
	new->split = kvmalloc(bytes + 1, GFP_KERNEL);
	new->names = kvmalloc_array(lines, sizeof(*new->names), GFP_KERNEL);
	if (!new->text || !new->split || !new->names)
		return -ENOMEM;

	memcpy(new->split, data, bytes);
	new->split[bytes] = '\0';
	to = new->text;
	rest = new->split;
	while ((line = strsep(&rest, "\n"))) {
		size_t len;

		line = dc_policy_line(line);
		if (!*line)
			continue;
		len = strlen(line);
		if (len >= DEVCRYPTO_NAME_BYTES || dc_name_check(line)) {
			pr_err("policy: \"%.*s\" is no name of an algorithm\n",
			       DEVCRYPTO_NAME_BYTES, line);
			return -EINVAL;
		}
		new->names[new->nr++] = line;
		memcpy(to, line, len);
		to[len] = '\n';
		to += len + 1;
	}
	new->bytes = to - new->text;
	sort(new->names, new->nr, sizeof(*new->names), dc_name_cmp, NULL);
	return 0;
}

/* Stands for the driver in the firmware loader's messages. */
static struct device *policy_device;

/**
 * dc_policy_load() - load the administrator's file and put it in force
 *
 * On error the list in force stays.
 *
 * Return: 0 or an error.
 */
static int dc_policy_load(void)
{
	const struct firmware *file;
	struct dc_policy new = {};
	int err;

	err = request_firmware_direct(&file, DC_POLICY_FILE, policy_device);
	if (err)
		return err;
	err = file->size > DC_POLICY_MAX ?
	      -EFBIG : dc_policy_parse(&new, file->data, file->size);
	release_firmware(file);
	if (err) {
		dc_policy_free(&new);
		return err;
	}
	down_write(&policy_lock);
	swap(policy, new);
	up_write(&policy_lock);
	dc_policy_free(&new);
	return 0;
}

int dc_policy_init(void)
{
	int err;

	policy_device = root_device_register("devcrypto");
	if (IS_ERR(policy_device))
		return PTR_ERR(policy_device);
	err = dc_policy_load();
	if (err)
		pr_warn("no policy (%d): only CAP_SYS_ADMIN may use algorithms\n",
			err);
	return 0;
}

void dc_policy_exit(void)
{
	root_device_unregister(policy_device);
	dc_policy_free(&policy);
}

static ssize_t policy_read(struct file *file, struct kobject *kobj,
			   dc_bin_attribute *attr, char *buf, loff_t off,
			   size_t count)
{
	ssize_t ret;

	down_read(&policy_lock);
	ret = memory_read_from_buffer(buf, count, &off, policy.text,
				      policy.bytes);
	up_read(&policy_lock);
	return ret;
}

static BIN_ATTR_RO(policy, 0);

static ssize_t policy_reload_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	bool reload;
	int err;

	err = kstrtobool(buf, &reload);
	if (!err && reload)
		err = dc_policy_load();
	return err ?: count;
}

static DEVICE_ATTR_WO(policy_reload);

static struct attribute *dc_policy_attrs[] = {
	&dev_attr_policy_reload.attr,
	NULL,
};

static dc_bin_attribute *dc_policy_bin_attrs[] = {
	&bin_attr_policy,
	NULL,
};

static const struct attribute_group dc_policy_group = {
	.attrs = dc_policy_attrs,
	.bin_attrs = dc_policy_bin_attrs,
};

const struct attribute_group *dc_policy_groups[] = {
	&dc_policy_group,
	NULL,
};
