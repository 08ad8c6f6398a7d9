/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public contract between the program that runs CNI delegates, the
 * multus-delegate-exec helper and the delegates themselves: paths, codes and
 * limits. What stands here does not change without a new report version.
 */
#ifndef DELEGATE_CREDENTIALS_H
#define DELEGATE_CREDENTIALS_H

/*
 * Where a delegate finds its credential, seen from inside the root it runs in.
 * The names are those that client-go's in-cluster configuration uses.
 */
#define DC_VAR_RUN "var/run"
#define DC_SECRETS_NAMES "secrets", "kubernetes.io"
#define DC_SECRETS_DIR "secrets/kubernetes.io"
#define DC_SERVICE_ACCOUNT_NAME "serviceaccount"
#define DC_TOKEN_NAME "token"
#define DC_SERVICE_ACCOUNT_DIR                                                 \
	"/" DC_VAR_RUN "/" DC_SECRETS_DIR "/" DC_SERVICE_ACCOUNT_NAME

/* The helper's own folder: its locks live here, never a credential. */
#define DC_STATE_DIR "/run/multus-delegate-exec"
#define DC_LOCK_NAME "lock"

/* The descriptor on which the caller reads the report, if it is open. */
#define DC_REPORT_FD 3
#define DC_REPORT_MAX 4096 /* bytes, the newline included */
#define DC_REPORT_VERSION 1

/* The tmpfs that carries one delegate's credential. */
#define DC_TMPFS_SIZE "1m"
#define DC_TMPFS_INODES "1024"

/*
 * CNI error codes of the helper. 11 and 50 are the specification's (CNI spec
 * 1.1.0, section 5, "Error"); 100 and up are a plugin's own.
 */
enum dc_code {
	DC_CODE_TRY_AGAIN = 11,	       /* no credential now, try again */
	DC_CODE_NOT_AVAILABLE = 50,    /* the same, for STATUS */
	DC_CODE_INTERNAL = 100,	       /* a call failed that should not */
	DC_CODE_COMMAND_LINE = 101,    /* the helper's own arguments */
	DC_CODE_CONFIG = 102,	       /* the administrator's configuration */
	DC_CODE_FORBIDDEN = 103,       /* refused by the API server */
	DC_CODE_KERNEL = 104,	       /* the kernel lacks a feature */
	DC_CODE_UNSAFE_HOST_PATH = 105, /* the host's paths cannot carry it */
	DC_CODE_UNSAFE_REQUEST = 106,  /* type, root or netconf */
	DC_CODE_NOT_STARTED = 107,     /* the delegate does not start */
};

#endif
