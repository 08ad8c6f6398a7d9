/* SPDX-License-Identifier: Apache-2.0 */
#include "exec_credential.h"

#include <jansson.h>

#include "../common/utc.h"
#include "delegate-credentials.h"

char *exec_credential_format(const char *token, int64_t expires, struct err *e)
{
	char when[UTC_SIZE];
	json_t *credential;
	char *text = NULL;

	utc_format(expires, when);
	credential = json_pack("{s:s,s:s,s:{s:s,s:s}}", "kind",
			       "ExecCredential", "apiVersion",
			       "client.authentication.k8s.io/v1", "status",
			       "expirationTimestamp", when, "token", token);
	if (credential != NULL)
		text = json_dumps(credential, JSON_COMPACT);
	json_decref(credential);
	if (text == NULL)
		err_set(e, DC_CODE_INTERNAL,
			"fetch it anew: the token in the store is no text");
	return text;
}
