/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_H
#define COMMAND_H

/*
 * The sub-commands; main.c has the table. argv[0] is the command's name. Each
 * returns the program's exit status: 0, COMMAND_FAILED or COMMAND_USAGE.
 */
#define COMMAND_FAILED 1 /* the answer is no, or a call failed */
#define COMMAND_USAGE 2	 /* the command line is wrong */

int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_fetch(int argc, char **argv);
int command_get(int argc, char **argv);
int command_rbac(int argc, char **argv);
int command_refresh(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
