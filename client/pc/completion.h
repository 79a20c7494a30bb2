/* Completion for shells, made of the tables of commands and options: `certrelay help --completion SHELL`. */
#ifndef PC_COMPLETION_H
#define PC_COMPLETION_H

/* Prints what the shell (bash, zsh, fish) is to read. 0, or -1 for another shell. */
int completion_print(const char *shell);

#endif
