/* A random name, for telling processes apart; it is part of no record. */
#ifndef CDR_BASE_TOKEN_H
#define CDR_BASE_TOKEN_H

enum { CDR_TOKEN_LEN = 32 };

/* Lower-case hex digits, and a zero byte. */
void cdr_make_token(char token[CDR_TOKEN_LEN + 1]);

#endif
