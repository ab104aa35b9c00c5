// Package signing says what an operator's signature covers, and what follows from one: the statement
// that is signed, in a form that people can read and that has one reading only; who is found to have
// signed it; why a signature does not count; and how many signatures by whom a plan and the worker's
// configuration demand.
//
// It has no cryptography and reads no file: internal/signers verifies signatures against OpenSSH's
// allowed_signers files, and signs. Decision 25 has the reasons. Start at Statement and Rule.
package signing
