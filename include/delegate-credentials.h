/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public contract between the program that runs CNI delegates, the
 * multus-delegate-exec helper, the program that keeps its store of credentials
 * and the delegates themselves: paths, names, codes and limits. What stands
 * here does not change without a new report version.
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
#define DC_CA_NAME "ca.crt"
#define DC_NAMESPACE_NAME "namespace"
#define DC_SERVICE_ACCOUNT_DIR                                                 \
	"/" DC_VAR_RUN "/" DC_SECRETS_DIR "/" DC_SERVICE_ACCOUNT_NAME

/*
 * The same for a rule of the configuration that does not ask for the
 * service-account directory: beside it, so that nothing that looks there finds
 * anything. The kubeconfig that a rule asks for lies next to either.
 */
#define DC_CREDENTIALS_NAME "credentials"
#define DC_CREDENTIALS_DIR                                                     \
	"/" DC_VAR_RUN "/" DC_SECRETS_DIR "/" DC_CREDENTIALS_NAME
#define DC_KUBECONFIG_NAME "kubeconfig"
#define DC_KUBECONFIG_PATH                                                     \
	"/" DC_VAR_RUN "/" DC_SECRETS_DIR "/" DC_KUBECONFIG_NAME

/*
 * What a rule that delivers sets in a delegate's environment: the directory
 * above, always; and the kubeconfig's path, where there is one. (Where there
 * is none, a KUBECONFIG of the caller's is taken out.)
 */
#define DC_ENV_CREDENTIALS_DIRECTORY "CNI_CREDENTIALS_DIRECTORY"
#define DC_ENV_KUBECONFIG "KUBECONFIG"

/* Where every container of a cluster is told of the API server. */
#define DC_ENV_API_HOST "KUBERNETES_SERVICE_HOST"
#define DC_ENV_API_PORT "KUBERNETES_SERVICE_PORT"

/*
 * The helper's own folder, never the store: its lock, and the last
 * configuration that it could use. Never a credential. The sidecar keeps its
 * last one in the store, which the helper does not read.
 */
#define DC_STATE_DIR "/run/multus-delegate-exec"
#define DC_LOCK_NAME "lock"
#define DC_LAST_GOOD_NAME "config.json"

/* The descriptor on which the caller reads the report, if it is open. */
#define DC_REPORT_FD 3
#define DC_REPORT_MAX 4096 /* bytes, the newline included */
#define DC_REPORT_VERSION 1

/* The tmpfs that carries one delegate's credential. */
#define DC_TMPFS_SIZE "1m"
#define DC_TMPFS_INODES "1024"

/*
 * The store: a tmpfs with one directory a rule, named as the rule, written by
 * one program that runs as DC_STORE_UID and read by the helper, which trusts
 * it for nothing. Everything in it is that user's, and nobody else's to write.
 *
 *	STORE/RULE/data/		as kubelet lays out a projected volume:
 *		..data			a link to the current generation
 *		..GENERATION/NAME	its regular files, mode 0400
 *		NAME			a link to ..data/NAME
 *	STORE/RULE/meta/		what is known of them, never a secret:
 *		..GENERATION.json	{"v":1, "issued", "expires", "jti",
 *					"audience", "account"}
 *		error.json		{"v":1, "code", "msg", "at"}: the last
 *					attempt failed
 *	STORE/RULE/lock			flock(2), around a request
 *	STORE/config.json		the sidecar's own, DC_LAST_GOOD_NAME
 *
 * Times are Unix seconds. Without a token expires, jti, audience and account
 * are null. account is "NAMESPACE/NAME". A generation has its metadata before
 * ..data leads to it, and ..data is renamed into place. With a token, a file
 * DC_NAMESPACE_NAME holds the account's namespace.
 */
#define DC_STORE_UID 65532
#define DC_STORE_DATA_NAME "data"
#define DC_STORE_CURRENT_NAME "..data"
#define DC_STORE_NEXT_NAME "..data_tmp" /* becomes DC_STORE_CURRENT_NAME */
#define DC_STORE_META_NAME "meta"
#define DC_STORE_META_SUFFIX ".json"
#define DC_STORE_ERROR_NAME "error.json"
#define DC_STORE_LOCK_NAME "lock"
#define DC_STORE_META_VERSION 1

/* A generation's name: "..", then letters, digits, '.', '_' and '-'. */
#define DC_STORE_GENERATION_MAX 64
#define DC_STORE_NAME_MAX 253 /* a file's name: [-._a-zA-Z0-9], no ".." first */
#define DC_STORE_FILES_MAX 8192 /* entries of one directory */
#define DC_STORE_FILE_MAX 1048576
#define DC_STORE_TOKEN_MAX 65536
#define DC_STORE_META_MAX 4096
#define DC_STORE_JTI_MAX 128
#define DC_STORE_AUDIENCE_MAX 1024
#define DC_STORE_ACCOUNT_MAX (253 + 1 + 253)
#define DC_STORE_MESSAGE_MAX 400 /* of error.json, printable ASCII */

/* A credential with less than this to live, in seconds, counts as none. */
#define DC_STORE_MIN_LIFE 60

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
	DC_CODE_KERNEL = 104,	       /* a call is missing or forbidden */
	DC_CODE_UNSAFE_HOST_PATH = 105, /* the host's paths cannot carry it */
	DC_CODE_UNSAFE_REQUEST = 106,  /* type, root or netconf */
	DC_CODE_NOT_STARTED = 107,     /* the delegate does not start */
};

#endif
